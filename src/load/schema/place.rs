//! `environments/*.toml` and `targets/*.toml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::At;
use crate::model::catalog::Queue;

/// `environments/<name>.toml`: a named place in the promotion order.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentFile {
    /// What goes into stack names; by default the file's name. With it the file can be renamed.
    pub id: Option<At<String>>,
    /// Position among the environments: lower comes first; 0 by default, then by name.
    #[serde(default)]
    pub order: i64,
    /// Switches termination protection on for its stacks.
    #[serde(default)]
    pub protected: bool,
    /// Deletes stacks whose cause is gone, instead of only reporting them.
    #[serde(default)]
    pub prune: bool,
    /// What a newer commit does to a deployment that has not finished.
    #[serde(default)]
    pub queue: QueueEntry,
}

/// `queue`.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum QueueEntry {
    /// The newer one takes over as soon as it safely can.
    #[default]
    Latest,
    /// Each is finished before the next begins.
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
    /// What it is: `ecs-cluster`.
    pub kind: TargetKind,
    /// What goes into stack names; by default the file's name.
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
    /// A bucket in the same account and region, through which templates above 51,200 bytes go.
    pub template_bucket: Option<At<String>>,
    /// Tenants that it is for. With neither this nor `tenant_tags`, it is for deployments without a tenant only.
    #[serde(default)]
    pub tenants: Vec<At<String>>,
    /// Tenants that it is for, by tag: alternatives inside a tag set, all sets together.
    #[serde(default)]
    pub tenant_tags: Vec<At<String>>,
    /// Its own tags, by which waves of targets are grouped.
    #[serde(default)]
    pub tags: Vec<At<String>>,
    /// Where tasks are put, unless a step says otherwise.
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
