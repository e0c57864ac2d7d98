//! The AWS adapter: one set of checks against several servers.

mod checks;
mod conformance;
mod server;
