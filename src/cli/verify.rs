//! `verify`: whether what the targets need is there, live and read-only.
//!
//! For each target: that the credentials are for its account, that its stacks can be listed, that its cluster is active, and
//! that its bucket for templates is there, where it names one. It holds nothing but the readers' half of the port, so it cannot change anything. What it does not look at is
//! [`NOT_CHECKED`]; the command prints that too.

use std::collections::BTreeMap;

use crate::cloud::{At, CloudError, Consequence, Identity, Observe};
use crate::model::{AccountId, BucketName, Catalog, Target, TargetName};

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// Who the credentials are.
    Identity,
    /// Listing the stacks of the account and region.
    Stacks,
    /// The ECS cluster.
    Cluster,
    /// The bucket for templates.
    Bucket,
}

/// One thing that was looked at, on behalf of one target.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// Name of the target's file, without `.toml`.
    pub target: TargetName,
    /// What was looked at.
    pub subject: Subject,
    /// What was found, in one sentence.
    pub sentence: String,
    /// How to fix it; none if all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way_out: Option<String>,
    /// landfall could not look: nothing is known to be wrong.
    pub unseen: bool,
}

impl Finding {
    /// Whether all is well.
    pub fn is_fine(&self) -> bool {
        self.way_out.is_none()
    }

    /// Whether something was seen, and is wrong.
    pub fn is_wrong(&self) -> bool {
        !self.is_fine() && !self.unseen
    }
}

/// What `verify` does not look at, a sentence each.
pub const NOT_CHECKED: &[&str] = &[
    "Whether images can be pulled, secrets can be read, and subnets and security groups exist is not checked.",
    "Permissions to change anything are not checked: they show only when something is changed. `landfall iam` prints them.",
];

/// Looks at every target, or at `only` that one, in order of name. Costs one identity and one listing per account and
/// region, and one call per cluster and bucket.
pub async fn verify(observe: &dyn Observe, catalog: &Catalog, only: Option<&TargetName>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut places: BTreeMap<At, Seen> = BTreeMap::new();
    for target in catalog.targets.values().filter(|target| only.is_none_or(|only| *only == target.name)) {
        let at = At { place: target.place.clone(), access: target.access.clone() };
        if !places.contains_key(&at) {
            places.insert(at.clone(), Seen::look(observe, &at).await);
        }
        if let Some(seen) = places.get(&at) {
            findings.extend(seen.findings(target));
            if seen.can_go_on() {
                findings.push(cluster(observe, &at, target).await);
                if let Some(name) = &target.template_bucket {
                    findings.push(bucket(observe, &at, target, name).await);
                }
            }
        }
    }
    findings
}

/// What was seen of one place.
struct Seen {
    account: AccountId,
    identity: Result<Identity, CloudError>,
    /// Number of stacks; not asked where the credentials are wrong.
    stacks: Option<Result<usize, CloudError>>,
}

impl Seen {
    async fn look(observe: &dyn Observe, at: &At) -> Self {
        let mut seen = Self { account: at.place.account.clone(), identity: observe.identity(at).await, stacks: None };
        if seen.can_go_on() {
            seen.stacks = Some(observe.stacks(at).await.map(|stacks| stacks.len()));
        }
        seen
    }

    fn can_go_on(&self) -> bool {
        self.identity.as_ref().is_ok_and(|identity| identity.account == self.account)
    }

    fn findings(&self, target: &Target) -> Vec<Finding> {
        let mut findings = vec![identity(target, &self.identity)];
        if let Some(stacks) = &self.stacks {
            findings.push(listing(target, stacks));
        }
        findings
    }
}

fn finding(target: &Target, subject: Subject, sentence: String, way_out: Option<String>) -> Finding {
    Finding { target: target.name.clone(), subject, sentence, way_out, unseen: false }
}

/// Whether an error is an outage: AWS does not answer, or not to landfall.
fn is_outage(error: &CloudError) -> bool {
    matches!(error.consequence(), Consequence::Outage | Consequence::Unknown)
}

/// The same of something of a place that was seen: there, a missing right is wrong by itself.
fn is_outage_of_a_part(error: &CloudError) -> bool {
    is_outage(error) && !matches!(error, CloudError::Denied { .. })
}

fn identity(target: &Target, seen: &Result<Identity, CloudError>) -> Finding {
    let (sentence, way_out) = match seen {
        Ok(identity) if identity.account == target.place.account => {
            (format!("landfall is {} in account {}", identity.arn, identity.account), None)
        }
        Ok(identity) => (
            format!("the credentials are for account {}, not for {}", identity.account, target.place.account),
            Some(format!(
                "give [accounts.{}] in landfall.toml a role in account {}, or run landfall with that account's credentials",
                target.account, target.place.account
            )),
        ),
        Err(error) => (format!("AWS does not say who landfall is: {error}"), Some(way_in(target, error))),
    };
    let unseen = seen.as_ref().is_err_and(is_outage);
    Finding { unseen, ..finding(target, Subject::Identity, sentence, way_out) }
}

/// What to do when not even the identity can be learned.
fn way_in(target: &Target, error: &CloudError) -> String {
    match (error, &target.access.role) {
        (CloudError::Denied { .. }, Some(role)) => format!(
            "let the trust policy of {role} name landfall's identity and its external id, and let that identity call \
             sts:AssumeRole on it; `landfall iam` prints both"
        ),
        _ => later(error),
    }
}

fn listing(target: &Target, stacks: &Result<usize, CloudError>) -> Finding {
    let (sentence, way_out) = match stacks {
        Ok(1) => (format!("1 stack is listed in {}", target.place), None),
        Ok(count) => (format!("{count} stacks are listed in {}", target.place), None),
        Err(error) => (format!("stacks in {} cannot be listed: {error}", target.place), Some(rights(error))),
    };
    let unseen = stacks.as_ref().is_err_and(is_outage);
    Finding { unseen, ..finding(target, Subject::Stacks, sentence, way_out) }
}

async fn cluster(observe: &dyn Observe, at: &At, target: &Target) -> Finding {
    let name = &target.cluster;
    let answer = observe.cluster(at, name).await;
    let unseen = answer.as_ref().is_err_and(is_outage_of_a_part);
    let (sentence, way_out) = match answer {
        Ok(Some(cluster)) if cluster.status == "ACTIVE" => (format!("cluster {name} is active"), None),
        Ok(Some(cluster)) => (
            format!("cluster {name} is {}", cluster.status),
            Some(format!("create cluster {name} again in {}, or name another in the target's file", at.place)),
        ),
        Ok(None) => (
            format!("there is no cluster {name} in {}", at.place),
            Some(format!("create cluster {name} in {}, or correct `cluster` in the target's file", at.place)),
        ),
        Err(error) => (format!("cannot read cluster {name}: {error}"), Some(rights(&error))),
    };
    Finding { unseen, ..finding(target, Subject::Cluster, sentence, way_out) }
}

async fn bucket(observe: &dyn Observe, at: &At, target: &Target, name: &BucketName) -> Finding {
    let answer = observe.bucket(at, name).await;
    let unseen = answer.as_ref().is_err_and(is_outage_of_a_part);
    let (sentence, way_out) = match answer {
        Ok(true) => (format!("bucket {name} exists"), None),
        Ok(false) => (
            format!("there is no bucket {name}"),
            Some(format!("create bucket {name} in {}, or correct `template_bucket` in the target's file", at.place)),
        ),
        Err(error @ CloudError::Invalid { .. }) => (
            format!("bucket {name} cannot be used: {error}"),
            Some(format!("name a bucket in {} as `template_bucket` in the target's file", at.place)),
        ),
        Err(error @ CloudError::Denied { .. }) => (
            format!("cannot read bucket {name}: {error}"),
            Some(format!(
                "if it belongs to account {}, grant what `landfall iam` prints for this target; name another otherwise",
                at.place.account
            )),
        ),
        Err(error) => (format!("cannot read bucket {name}: {error}"), Some(later(&error))),
    };
    Finding { unseen, ..finding(target, Subject::Bucket, sentence, way_out) }
}

fn rights(error: &CloudError) -> String {
    match error {
        CloudError::Denied { .. } => "grant what `landfall iam` prints for this target".to_owned(),
        _ => later(error),
    }
}

fn later(error: &CloudError) -> String {
    match (error.cure(), error.consequence()) {
        (Some(cure), _) => cure.to_owned(),
        (None, Consequence::Outage | Consequence::Unknown) if error.needs_a_person() => {
            "give landfall credentials of the target's account: environment, profile, container or instance role"
                .to_owned()
        }
        (None, Consequence::Outage | Consequence::Unknown) => {
            "try again; if it stays, look at the network and the endpoint".to_owned()
        }
        (None, Consequence::Failed | Consequence::Never) => "fix what AWS says and try again".to_owned(),
    }
}
