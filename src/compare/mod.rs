//! Compares two documents: what happens to each resource, what CloudFormation will announce, and a difference for people.
//!
//! A review shows [`resources()`], what happens to each resource and why; the engine compares [`changes`], a view of it, with a
//! change set before it executes it. [`documents`] is what `plan --diff` and `diff` show, parameters [`with_values`]. [`hide`],
//! [`hide_named`] and [`Shown`] decide what is secret for everything that prints a value, and [`visible`] writes out what nobody
//! sees. Deliberately absent: what is deployed (the caller has it), and any rendering but text.

mod declared;
mod difference;
mod escape;
mod follow;
mod parts;
mod resources;
mod secret;
mod unified;
mod values;

pub use crate::cfn::{Recreates, recreates};
pub use difference::{Hunk, Line, Sign, documents, hunks, unmangled};
pub use escape::visible;
pub use resources::{Action, Cause, ResourceChange, Why, changes, resources};
pub use secret::{Shown, hide, hide_named, hide_text, is_secret, names_secret, secrets_of};
pub use unified::{Paint, unified};
pub use values::with_values;
