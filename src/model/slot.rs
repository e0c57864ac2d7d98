//! Slots and stacks: the unit that has one desired release, and the CloudFormation stacks that carry it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Hash, Id};

/// Project × environment × tenant-or-none: the unit that has one desired release. Made of ids, so that a rename keeps facts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Slot {
    /// Id of the project.
    pub project: Id,
    /// Id of the environment.
    pub environment: Id,
    /// Id of the tenant, none for the untenanted slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Id>,
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.project, self.environment)?;
        match &self.tenant {
            Some(tenant) => write!(f, "/{tenant}"),
            None => Ok(()),
        }
    }
}

/// The longest stack name that CloudFormation takes, in characters.
pub const MAX_STACK_NAME: usize = 128;

/// The name of a CloudFormation stack: `[A-Za-z][-A-Za-z0-9]*`, at most 128.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct StackName(Arc<str>);

impl StackName {
    /// `<project>-<step>-<environment>-<target>[-<tenant>]`, cut at 128 characters with a hash of the whole.
    pub fn of(owner: &StackOwner) -> Self {
        let mut name = format!("{}-{}-{}-{}", owner.project, owner.step, owner.environment, owner.target);
        if let Some(tenant) = &owner.tenant {
            name.push('-');
            name.push_str(tenant.as_str());
        }
        if name.len() > MAX_STACK_NAME {
            let hash = Hash::of(name.as_bytes()).short();
            name.truncate(MAX_STACK_NAME - 1 - hash.len());
            name = format!("{}-{hash}", name.trim_end_matches('-'));
        }
        Self(Arc::from(name))
    }

    /// A name as AWS gave it; landfall makes its own by [`StackName::of`].
    pub fn seen(name: &str) -> Self {
        Self(Arc::from(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Whose stack it is: the identity that its name and its tags carry. All are ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct StackOwner {
    /// The `id` in `landfall.toml`.
    pub repository: Id,
    /// Id of the project.
    pub project: Id,
    /// Id of the step.
    pub step: Id,
    /// Id of the environment.
    pub environment: Id,
    /// Id of the target.
    pub target: Id,
    /// Id of the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Id>,
}

/// What every tag of ours begins with.
pub const TAG_PREFIX: &str = "landfall:";

impl StackOwner {
    /// The slot that the stack belongs to.
    pub fn slot(&self) -> Slot {
        Slot { project: self.project.clone(), environment: self.environment.clone(), tenant: self.tenant.clone() }
    }

    /// The stack's tags. Identity only: a changed stack tag is an update of every resource that takes tags.
    pub fn tags(&self) -> BTreeMap<String, String> {
        let mut tags = BTreeMap::new();
        let mut put = |key: &str, id: &Id| tags.insert(format!("{TAG_PREFIX}{key}"), id.to_string());
        put("repository", &self.repository);
        put("project", &self.project);
        put("step", &self.step);
        put("environment", &self.environment);
        put("target", &self.target);
        if let Some(tenant) = &self.tenant {
            put("tenant", tenant);
        }
        tags
    }

    /// Reads the tags back; none if one is missing or is not an id, so that the stack belongs to others.
    pub fn from_tags(tags: &BTreeMap<String, String>) -> Option<Self> {
        let get = |key: &str| tags.get(&format!("{TAG_PREFIX}{key}")).and_then(|text| Id::new(text).ok());
        Some(Self {
            repository: get("repository")?,
            project: get("project")?,
            step: get("step")?,
            environment: get("environment")?,
            target: get("target")?,
            tenant: match tags.get("landfall:tenant") {
                Some(text) => Some(Id::new(text).ok()?),
                None => None,
            },
        })
    }
}

/// What the end of a stack's description says: `[landfall/1 <release> <content hash>]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The release that last changed the stack.
    pub release: super::ReleaseName,
    /// Hash of what CloudFormation was given.
    pub content: Hash,
}

impl Stamp {
    /// Reads the stamp at the end of a description.
    pub fn read(description: &str) -> Option<Self> {
        let inside = description.trim_end().strip_suffix(']')?;
        let inside = &inside[inside.rfind("[landfall/1 ")? + "[landfall/1 ".len()..];
        let (release, content) = inside.split_once(' ')?;
        Some(Self { release: super::ReleaseName::new(release).ok()?, content: content.parse().ok()? })
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[landfall/1 {} {}]", self.release, self.content)
    }
}
