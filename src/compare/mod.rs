//! Two documents become what CloudFormation will announce, and a difference that people read.
//!
//! [`changes`] is what the engine holds against a change set before it executes it. [`documents`] is what `plan --diff` and
//! `diff` show. Deliberately absent: what is deployed (the caller has it), parameter values, and any rendering but text.

mod changes;
mod hide;
mod unified;

pub use crate::cfn::{Recreates, recreates};
pub use changes::changes;
pub use hide::{hide, hide_named};
pub use unified::{Paint, documents, unified};
