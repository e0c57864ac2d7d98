//! Every test of landfall, in one binary: one build, one link.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test may fail loudly"
)]

mod architecture;
mod aws;
mod cfn;
mod cli;
mod compare;
mod costs;
mod daemon;
mod docs;
mod edit;
mod engine;
mod forge;
mod formats;
mod git;
mod load;
mod model;
mod plan;
mod promote;
mod registry;
mod sim;
mod store;
mod stories;
mod support;
mod template;
