//! The AWS adapter: one set of checks against several servers, answers that make no sense, and what rights it asks for.

mod answers;
mod canned;
mod checks;
mod conformance;
mod drift;
mod ecr;
mod faults;
mod iam;
mod server;
mod steps;
mod tasks;
mod verify;
