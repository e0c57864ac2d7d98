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
    /// A log driver: `awslogs`, `splunk` or `awsfirelens`; on instances also `json-file`; on instances that ECS does not
    /// manage also `fluentd`, `gelf`, `journald` and `syslog`.
    pub driver: At<String>,
    /// Options of the driver; values may contain `#{…}`.
    #[serde(default)]
    pub options: BTreeMap<String, At<String>>,
    /// Options whose values are secrets.
    #[serde(default)]
    pub secrets: BTreeMap<String, At<SecretEntry>>,
}

/// `firelens_configuration` of the log router, which receives the logs of containers with the driver `awsfirelens`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirelensEntry {
    /// Which router it is.
    #[serde(rename = "type")]
    pub kind: FirelensKindEntry,
    /// Options: `enable-ecs-log-metadata`, `config-file-type` (`file` or, except on Fargate, `s3`) and
    /// `config-file-value` (a path in the container, or the ARN of an S3 object); values may contain `#{…}`. The
    /// execution role that landfall makes may read the object.
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
