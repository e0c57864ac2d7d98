//! Where the output of containers goes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::SecretEntry;
use crate::load::schema::At;

/// `log` of a container.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    /// A log driver: `awslogs`, `splunk` or `awsfirelens`; on instances also `json-file`, and on those that ECS does not manage
    /// `fluentd`, `gelf`, `journald` and `syslog`.
    pub driver: At<String>,
    /// Options of the driver; values may hold `#{…}`.
    #[serde(default)]
    pub options: BTreeMap<String, At<String>>,
    /// Options whose values are secrets.
    #[serde(default)]
    pub secrets: BTreeMap<String, At<SecretEntry>>,
}

/// `firelens_configuration` of the container that routes the logs of those with the driver `awsfirelens`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirelensEntry {
    /// Which router it is.
    #[serde(rename = "type")]
    pub kind: FirelensKindEntry,
    /// Options: `enable-ecs-log-metadata`, `config-file-type` (`file`, or `s3`, which Fargate does not have) and
    /// `config-file-value` (a path in the container, or the ARN of an object that the execution role that is made may read);
    /// values may hold `#{…}`.
    #[serde(default)]
    pub options: BTreeMap<String, At<String>>,
}

/// `type` of a log router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are those of the programs")]
pub enum FirelensKindEntry {
    Fluentbit,
    Fluentd,
}
