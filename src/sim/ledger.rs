//! The ledger: every mutation that the account accepted, the oracle for "nothing twice".

use jiff::Timestamp;

use crate::model::Place;

/// A mutation that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Accepted {
    /// When.
    pub at: Timestamp,
    /// Account and region.
    pub place: Place,
    /// The operation: `CreateChangeSet`, …
    pub operation: String,
    /// What it was about: a stack's name, a stack and a change set, a cluster.
    pub subject: String,
    /// The token that the call carried.
    pub token: Option<String>,
    /// Whether it began something, or only repeated the answer of an earlier call with the same token.
    pub effect: Effect,
}

/// Whether an accepted mutation did anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It began something.
    Effective,
    /// It had been done before, under the same token or by its nature: nothing happened.
    Replayed,
}
