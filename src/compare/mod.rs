//! Compares two documents: what happens to each resource, what CloudFormation will announce, and a difference for people.
//!
//! A review shows [`resources()`], what happens to each resource and why; the engine compares [`changes`], a view of it, with a
//! change set before it executes it. [`documents`] is what `plan --diff` and `diff` show, parameters [`with_values`]. [`hide`],
//! [`hide_named`] and [`Shown`] decide what is secret for everything that prints a value, and [`visible`] writes out what a reader does not
//! sees. [`ecs::words`] says in rows what changes in ECS and how tasks will be exchanged, [`size()`] how large a stack is;
//! [`rights()`] and [`exposure()`] what a change allows and opens, and
//! [`risks()`] names what a reviewer must not overlook.
//! Deliberately absent: what is deployed (the caller has it), and any rendering but text.

mod declared;
mod difference;
pub mod ecs;
mod escape;
mod exposure;
mod follow;
mod known;
mod names;
mod parts;
mod resources;
mod rights;
mod risks;
mod secret;
mod size;
mod unified;
mod values;

pub use crate::cfn::{Recreates, recreates, type_name};
pub use difference::{Hunk, Line, Sign, documents, hunks, unmangled};
pub use escape::visible;
pub use exposure::{Exposed, Exposure, exposure};
pub use names::{Named, named};
pub use resources::{Action, Cause, ResourceChange, Why, changes, resources};
pub use rights::{Access, Grant, RightsChange, rights};
pub use risks::{Findings, Level, Risk, risks};
pub use secret::{Shown, hide, hide_named, hide_text, is_secret, names_secret, secrets_of};
pub use size::{Amount, Size, size};
pub use unified::{Paint, unified};
pub use values::with_values;
