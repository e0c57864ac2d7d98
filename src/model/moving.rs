//! What goes on in a stack while an operation of landfall runs: for people who watch, and never journaled.
//!
//! It is taken from what the engine reads anyway. After a restart nobody knows it until the engine has looked again.

use std::sync::Arc;

use jiff::Timestamp;

use super::journal::DeploymentId;
use super::{Place, StackName, StackStatus};

/// A stack that an operation of landfall changes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Moving {
    /// The deployment that it is part of.
    pub deployment: DeploymentId,
    /// The stack.
    pub stack: StackName,
    /// AWS account and region.
    pub place: Place,
    /// Its status.
    pub status: StackStatus,
    /// When the operation began, by its first event.
    pub since: Timestamp,
    /// When this was read.
    pub seen: Timestamp,
    /// Resources that have come to their end in this operation.
    pub done: usize,
    /// Resources that are being changed, the one that began last first.
    pub resources: Vec<MovingResource>,
}

/// A resource that is being changed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct MovingResource {
    /// Logical id in the template.
    pub resource: Arc<str>,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Arc<str>,
    /// Its status, as AWS writes it.
    pub status: Arc<str>,
    /// Since when it has this status.
    pub since: Timestamp,
}
