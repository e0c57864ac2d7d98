//! Where the output of containers goes, and references to secrets.

use std::collections::BTreeMap;

use super::{Given, Known, Literal, Located, ParameterArn, SecretArn, Text, table, words};

table! {
    /// `log` of a container.
    pub struct Log {
        /// A log driver: `awslogs`, `splunk` or `awsfirelens`; on instances also `json-file`; on instances that ECS does not
        /// manage also `fluentd`, `gelf`, `journald` and `syslog`. With `none`, Fargate discards the output, and an instance
        /// does what its own Docker does.
        driver: Literal = "LogDriver",
        /// Options of the driver; values may contain `#{…}`.
        #[serde(default)]
        options: BTreeMap<String, Text>,
        /// Options whose values are secrets.
        #[serde(default)]
        secrets: BTreeMap<String, Located<Secret>> as own,
    }
}

impl Log {
    /// Whether it says that ECS sends the output nowhere.
    pub fn is_off(&self) -> bool {
        &*self.driver == "none"
    }

    /// Whether it asks for the step's own log group.
    pub fn is_own(&self) -> bool {
        &*self.driver == "awslogs" && self.options.is_empty() && self.secrets.is_empty()
    }
}

table! {
    /// A reference to a secret value: `{ secret = "<arn>", key = "password" }` or `{ parameter = "<arn or name>" }`.
    pub struct Secret {
        /// ARN of a secret in Secrets Manager, with or without its six random characters; may contain `#{…}`. If the whole
        /// value is an output of a stack, the output must be the whole ARN. If the secret's own name ends in `-` and six
        /// letters or digits, write the whole ARN.
        secret: Option<Known<SecretArn>> as own,
        /// One key of the secret's JSON value; may contain `#{…}`.
        key: Option<Text> as own,
        /// Which version of the secret: its label, such as `AWSPREVIOUS`; the current one by default; may contain `#{…}`.
        version_stage: Option<Text> as own,
        /// Which version of the secret: its id; not with `version_stage`; may contain `#{…}`.
        version_id: Option<Text> as own,
        /// ARN of an SSM parameter, or its name in the target's account and region; may contain `#{…}`. If it begins with an
        /// output of a stack, the output must be the name, not the ARN.
        parameter: Option<Known<ParameterArn>> as own,
    }
}

impl Secret {
    /// What of a secret in Secrets Manager is read.
    pub fn part(&self) -> SecretPart {
        let [key, stage, version] = [&self.key, &self.version_stage, &self.version_id].map(Clone::clone);
        SecretPart { key, stage, version }
    }
}

/// What of a secret in Secrets Manager is read; all of its current version unless said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretPart {
    /// One key of its JSON value.
    pub key: Option<Text>,
    /// The label of a version.
    pub stage: Option<Text>,
    /// The id of a version, where no label is given.
    pub version: Option<Text>,
}

impl SecretPart {
    /// Key, label and id, in the order in which ECS takes them; none if nothing is said.
    pub fn texts(&self) -> Option<[Option<&Text>; 3]> {
        let all = [&self.key, &self.stage, &self.version].map(Option::as_ref);
        all.iter().any(Option::is_some).then_some(all)
    }
}

table! {
    /// `firelens_configuration` of the log router, which receives the logs of containers with the driver `awsfirelens`.
    pub struct Firelens {
        /// Which router it is; may be `#{…}`.
        #[serde(rename = "type")]
        kind: Given<FirelensKind> = "Type",
        /// Options: `enable-ecs-log-metadata`, `config-file-type` (`file` or, except on Fargate, `s3`) and
        /// `config-file-value` (a path in the container, or the ARN of an S3 object); values may contain `#{…}`. The
        /// execution role that landfall makes may read the object.
        #[serde(default)]
        options: BTreeMap<String, Text>,
    }
}

words! {
    /// `type` of a log router.
    #[expect(missing_docs, reason = "the names are those of the programs")]
    pub enum FirelensKind {
        Fluentbit = "fluentbit" "fluentbit",
        Fluentd = "fluentd" "fluentd",
    }
}

impl Firelens {
    /// The ARN of the object in S3 that holds its configuration, if one does.
    pub fn object(&self) -> Option<&Text> {
        let kind = self.options.get(Self::FILE_TYPE)?;
        (kind.raw() == "s3").then(|| self.options.get(Self::FILE_VALUE)).flatten()
    }

    /// The option that says where its configuration is: `file` or `s3`.
    pub const FILE_TYPE: &str = "config-file-type";
    /// The option that says which file or object holds its configuration.
    pub const FILE_VALUE: &str = "config-file-value";
}
