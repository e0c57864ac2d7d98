//! The gates at which an operation stops in a rehearsal.

use super::types::Stop;
use crate::compare::ResourceChange;
use crate::model::journal::Order;

/// What stops an operation that does this to its stack's resources.
pub(super) fn stops(_order: &Order, _changes: &[ResourceChange]) -> Vec<Stop> {
    Vec::new()
}
