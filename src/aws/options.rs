//! What the operator decides about reaching AWS. None of it can be said in the repository.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// How AWS is reached.
#[derive(Clone, Debug)]
pub struct AwsOptions {
    /// Profile in the AWS configuration files; none uses `AWS_PROFILE` or the default one.
    pub profile: Option<String>,
    /// Where all services are, instead of AWS: a simulated account or an emulator. None leaves it to the SDK, which also
    /// reads `AWS_ENDPOINT_URL`.
    pub endpoint_url: Option<String>,
    /// The credentials to begin with.
    pub credentials: BaseCredentials,
    /// Name of the sessions of assumed roles, as CloudTrail shows it: `landfall-<store id>`.
    pub session_name: Arc<str>,
    /// The roles that may be assumed at all, whatever the repository says; none allows every role.
    pub allowed_roles: Option<Vec<RolePattern>>,
    /// How long making a connection may take.
    pub connect_timeout: Duration,
    /// How long an answer may take once the request is sent.
    pub read_timeout: Duration,
    /// Calls per second to each CloudFormation API, per account and region. AWS publishes no limit; users report about five
    /// for DescribeStacks. ECS's limits are documented and built in.
    pub cloudformation_rate: NonZeroU32,
}

impl Default for AwsOptions {
    fn default() -> Self {
        Self {
            profile: None,
            endpoint_url: None,
            credentials: BaseCredentials::Chain,
            session_name: Arc::from("landfall"),
            allowed_roles: None,
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(30),
            cloudformation_rate: NonZeroU32::MIN.saturating_add(4),
        }
    }
}

/// The credentials that landfall begins with, before it assumes any role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseCredentials {
    /// The SDK's standard chain: environment, profile, SSO, web identity, container, instance.
    Chain,
    /// The account's twelve digits are the access key id. No key of AWS looks like that; simulated accounts and emulators
    /// tell accounts apart by it.
    AccountIsKey,
}

/// A role ARN in which `*` stands for any run of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolePattern(Arc<str>);

impl RolePattern {
    /// Takes any text: one without `*` allows exactly that role.
    pub fn new(text: &str) -> Self {
        Self(Arc::from(text))
    }

    /// Whether it allows this role.
    pub fn allows(&self, role: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = parts.next().and_then(|first| role.strip_prefix(first)) else { return false };
        let mut last = None;
        for part in parts {
            if let Some(middle) = last.replace(part) {
                match rest.find(middle) {
                    Some(at) => rest = &rest[at + middle.len()..],
                    None => return false,
                }
            }
        }
        match last {
            Some(end) => rest.ends_with(end),
            None => rest.is_empty(),
        }
    }
}
