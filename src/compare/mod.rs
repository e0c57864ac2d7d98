//! Compares two documents: what CloudFormation will announce, and a difference for people.
//!
//! The engine compares [`changes`] with a change set before it executes it. [`documents`] is what `plan --diff` and `diff`
//! show, parameters [`with_values`]. Deliberately absent: what is deployed (the caller has it), and any rendering but text.

mod changes;
mod declared;
mod hide;
mod unified;
mod values;

pub use crate::cfn::{Recreates, recreates};
pub use changes::changes;
pub use hide::{hide, hide_named};
pub use unified::{Paint, documents, unified};
pub use values::with_values;
