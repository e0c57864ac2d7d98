//! Compares two documents: what happens to each resource, what CloudFormation will announce, and a difference for people.
//!
//! A review shows [`resources()`], what happens to each resource and why; the engine compares [`changes`], a view of it, with a
//! change set before it executes it. [`documents`] is what `plan --diff` and `diff`
//! show, parameters [`with_values`]. Deliberately absent: what is deployed (the caller has it), and any rendering but text.

mod declared;
mod follow;
mod hide;
mod parts;
mod resources;
mod unified;
mod values;

pub use crate::cfn::{Recreates, recreates};
pub use hide::{hide, hide_named};
pub use resources::{Action, Cause, ResourceChange, Why, changes, resources};
pub use unified::{Paint, documents, unified};
pub use values::with_values;
