//! Turns: look at the branch, the facts and the cloud, plan, and start what the plan says.

mod ports;

pub use ports::{Clock, Events, Silent, Upstream, UpstreamError};
