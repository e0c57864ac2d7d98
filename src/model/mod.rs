//! The nouns of landfall, valid once built.
//!
//! Everything else talks in these types: the loader builds a [`Catalog`] from files, the planner reads it together with
//! [`Facts`] and [`Observed`] stacks, the engine writes [`journal`] records, and facts are derived from those again.
//!
//! Deliberately absent: I/O, clocks, randomness, serde types that mirror files (see `load/schema`), and any knowledge of
//! AWS beyond the names of its states. This module uses no other module of the crate.

pub mod accept;
pub mod account;
pub mod allowance;
pub mod catalog;
pub mod channel;
pub mod decision;
pub mod drift;
pub mod ecr;
pub mod edition;
pub mod facts;
pub mod facts_fold;
pub mod freeze;
pub mod hash;
pub mod health;
pub mod journal;
pub mod moving;
pub mod name;
pub mod names;
pub mod observed;
pub mod place;
pub mod process;
pub mod remedy;
pub mod risk;
pub mod slot;
pub mod stack_action;
pub mod standing;
pub mod task;
pub mod tenant;
pub mod version;
pub mod wave;

pub use accept::Accept;
pub use catalog::{Catalog, Deploy, Environment, Lifecycle, Project, Release, Target};
pub use channel::Channel;
pub use decision::{Decision, Hold};
pub use drift::{DriftMode, DriftPolicy};
pub use ecr::EcrRepository;
pub use facts::{Facts, Run};
pub use facts_fold::FactsFold;
pub use freeze::Freeze;
pub use hash::Hash;
pub use name::{
    AccountName, ChannelName, EnvironmentName, FreezeName, Id, ImageName, LifecycleName, ProjectName, ReleaseName,
    RoleLabel, StepName, TargetName, TenantName,
};
pub use names::Names;
pub use observed::{Observed, StackSeen, StackStatus};
pub use place::{AccountId, BucketName, PARTITIONS, Place, Region};
pub use process::{Step, What};
pub use remedy::Remedy;
pub use slot::{Slot, StackName, StackOwner};
pub use standing::Standing;
pub use task::TaskRun;
pub use tenant::{Tag, Tenant};
pub use version::Version;

/// A git commit id, as 40 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct CommitId(pub String);

impl CommitId {
    /// The first seven digits, as people write commits.
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }
}

impl std::fmt::Display for CommitId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where in the repository something is written: for messages, never for identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Location {
    /// Path from the root of the repository, with `/`.
    pub file: std::sync::Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
