//! A simulated account, in process and over the AWS wire protocols.
//!
//! ```text
//! clients over HTTP ─► wire/ ─┐
//!                             ├─► world/ (stacks, services, tasks, time) ─► ledger, page
//! landfall in process ─► cloud ┘        ▲ faults, scenario
//! ```
//!
//! It is an account, not a mock: any client can create, update, cancel and delete stacks here, in several accounts and
//! regions. If a call or setting is not modelled, the answer is an error that names it. [`World`] is pure and moves
//! only when its caller advances its clock. landfall reaches it through [`SimCloud`], other clients through `wire`. Its
//! facts about AWS come from AWS's documents, not from the tables that landfall plans with.

mod cloud;
mod config;
mod error;
mod fault;
mod ledger;
mod operations;
mod page;
pub mod scenario;
mod seen;
mod settings;
mod wire;
pub mod world;

pub use cloud::SimCloud;
pub use config::{Buckets, Clusters, Existing, Pace, Rate, SimConfig, documented_limits};
pub use error::{Answer, ApiError};
pub use fault::{CallEffect, During, Fault, HookMode, HookTarget};
pub use ledger::{Accepted, Effect};
pub use wire::{Clock, serve};
pub use world::World;
