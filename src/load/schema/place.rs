//! `environments/*.toml` and `targets/*.toml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::At;
use super::accept::AcceptEntry;
use crate::model::DriftMode;
use crate::model::catalog::Queue;

/// `environments/<name>.toml`: a stage that releases reach one after the other.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentFile {
    /// Used in stack names instead of the file's name. With an id, the file can be renamed.
    pub id: Option<At<String>>,
    /// Position among the environments: lower numbers come first; 0 by default. Equal numbers are sorted by name.
    #[serde(default)]
    pub order: i64,
    /// Turns on termination protection for its stacks.
    #[serde(default)]
    pub protected: bool,
    /// Deletes stacks that nothing asks for any more. Without it, landfall only reports them.
    #[serde(default)]
    pub prune: bool,
    /// What happens to an unfinished deployment when a newer commit lands.
    #[serde(default)]
    pub queue: QueueEntry,
    /// What happens when a stack is changed outside of landfall.
    #[serde(default)]
    pub drift: DriftEntry,
    /// How often CloudFormation's drift detection runs on each stack: `24h` by default, at least `1h`.
    pub drift_every: Option<At<String>>,
    /// Properties whose changes are not drift, like `AWS::ECS::Service/DesiredCount`: a resource's type or logical id, `/`, and the property.
    #[serde(default)]
    pub drift_ignore: Vec<At<String>>,
    /// Warnings about this file that are accepted.
    #[serde(default)]
    pub accept: Vec<At<AcceptEntry>>,
}

/// `drift`.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DriftEntry {
    /// It is reported.
    #[default]
    Report,
    /// It is reported, and the same release is deployed again to put it right. In a protected environment only after an `[[allow]]`.
    Repair,
    /// It is not looked for.
    Ignore,
}

impl From<DriftEntry> for DriftMode {
    fn from(entry: DriftEntry) -> Self {
        match entry {
            DriftEntry::Report => DriftMode::Report,
            DriftEntry::Repair => DriftMode::Repair,
            DriftEntry::Ignore => DriftMode::Ignore,
        }
    }
}

/// `queue`.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum QueueEntry {
    /// The newer commit takes over as soon as this is safe.
    #[default]
    Latest,
    /// Each deployment finishes before the next begins.
    All,
}

impl From<QueueEntry> for Queue {
    fn from(entry: QueueEntry) -> Self {
        match entry {
            QueueEntry::Latest => Queue::Latest,
            QueueEntry::All => Queue::All,
        }
    }
}

/// `targets/<name>.toml`: where stacks go.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetFile {
    /// The kind of target: `ecs-cluster`.
    pub kind: TargetKind,
    /// Used in stack names instead of the file's name.
    pub id: Option<At<String>>,
    /// The environments that it belongs to.
    pub environments: Vec<At<String>>,
    /// The roles that it offers to steps.
    pub roles: Vec<At<String>>,
    /// An account of `landfall.toml`.
    pub account: At<String>,
    /// The region, like `eu-west-1`.
    pub region: At<String>,
    /// Name of the ECS cluster.
    pub cluster: At<String>,
    /// A bucket in the same account and region for templates above 51,200 bytes, which CloudFormation reads only from S3.
    pub template_bucket: Option<At<String>>,
    /// Tenants that the target accepts. Without this key and `tenant_tags`, it accepts only deployments without a tenant.
    #[serde(default)]
    pub tenants: Vec<At<String>>,
    /// Tenants that the target accepts, by tag: one tag of each set must match.
    #[serde(default)]
    pub tenant_tags: Vec<At<String>>,
    /// The target's own tags. Waves of targets use them.
    #[serde(default)]
    pub tags: Vec<At<String>>,
    /// The network of tasks, unless a step sets its own.
    #[serde(default)]
    pub network: NetworkEntry,
}

/// `kind` of a target.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    /// An ECS cluster with Fargate.
    EcsCluster,
}

/// `[network]` of a target.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkEntry {
    /// Subnet ids, at most 16.
    pub subnets: Vec<At<String>>,
    /// Security group ids, at most 5.
    pub security_groups: Vec<At<String>>,
    /// Gives tasks a public address.
    pub public_ip: bool,
}
