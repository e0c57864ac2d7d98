//! The commands: one file each; the only place that chooses aws or sim, prints, and sets exit codes.
//!
//! Data goes to stdout, progress and errors to stderr. Exit codes are those of [`Exit`]. Deliberately absent: rules about
//! releases, stacks and AWS; a command reads its options, wires the other modules together and shows what they say.

pub mod config;
pub mod exit;
pub mod logging;
pub mod output;
pub mod server;

pub use exit::{Doing, Exit, Failure, Outcome};
