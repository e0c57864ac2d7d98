//! Turns: look at the branch, the facts and the cloud, plan, and start what the plan says.

mod announce;
mod ports;

pub use announce::Announcing;
pub use ports::{Clock, Events, Silent, Upstream, UpstreamError};
