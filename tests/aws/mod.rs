//! The AWS adapter: one set of checks against several servers, and answers that make no sense.

mod answers;
mod canned;
mod checks;
mod conformance;
mod server;
