//! The cloud port, and the port to registries, over the AWS SDK: the only user of `aws_sdk_*`.
//!
//! [`AwsCloud`] implements [`Observe`](crate::cloud::Observe) and [`Change`](crate::cloud::Change), and for ECR
//! [`Registry`](crate::registry::Registry). A call goes this way:
//!
//! ```text
//! observe, services, settings, definition, drift,
//! tasks, change, buckets, ecr ─► calls (retry, count) ─► budget (wait) ─► clients (account, role, region) ─► SDK
//!          ▲                                                                                    │
//!          └────────── answer (fields that must be there) ◄──── error (AWS's codes sorted) ◄────┘
//! ```
//!
//! - [`operation`] is the one list of API operations that landfall calls, with what each method of the port uses: the
//!   budget, the counters and `landfall iam` read it.
//! - Settings and task definitions get CloudFormation's names in `properties`.
//! - A read is tried again when AWS throttles, fails or cannot be reached, or when its answer makes no sense. A change is
//!   tried again only when AWS throttled it or no connection was made; a lost reply is the engine's business.
//! - The SDK's own retries are switched off for all but assuming a role, so that a change is never repeated behind our back.
//! - Before the first call for an account, the credentials are asked which account they are for.
//!
//! Deliberately absent: decisions, waiting for an outcome, and any leniency towards one emulator. A field that AWS always
//! sends and that is missing is an error, never an empty list.

mod answer;
mod buckets;
pub mod budget;
mod calls;
mod change;
mod clients;
mod definition;
mod drift;
mod ecr;
mod error;
mod findings;
mod observe;
pub mod operation;
pub mod options;
mod properties;
mod restore;
mod services;
mod settings;
mod tasks;

pub use budget::QueueLine;
pub use clients::AwsCloud;
pub use operation::Operation;
pub use options::{AwsOptions, BaseCredentials, RolePattern};
