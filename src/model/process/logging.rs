//! Where the output of containers goes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Secret, Text};

/// `log`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfiguration {
    /// `awslogs`, `splunk`, …
    pub driver: Arc<str>,
    /// Options of the driver.
    pub options: BTreeMap<Arc<str>, Text>,
    /// Options whose values are secrets.
    pub secrets: BTreeMap<Arc<str>, Secret>,
}

/// `firelens_configuration`: the container routes the logs of those with the driver `awsfirelens`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firelens {
    /// `fluentbit` or `fluentd`.
    pub router: Arc<str>,
    /// Options of the router.
    pub options: BTreeMap<Arc<str>, Text>,
}

/// The name of a step's own log group, as a text of the step says it that sets options of its own for it.
pub const OWN_LOG_GROUP: &str = "/landfall/#{stack.name}";

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
