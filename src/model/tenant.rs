//! Tenants: customers, regions or sites that get their own deployments, and the tags by which they are chosen.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::catalog::Value;
use super::process::ValueKind;
use super::{EnvironmentName, Id, Location, ProjectName, TenantName};

/// One tag of a tag set, written `set/tag`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag {
    /// The tag set: a key of `[tag_sets]` in `landfall.toml`.
    pub set: Arc<str>,
    /// The tag in it.
    pub tag: Arc<str>,
}

impl Tag {
    /// Reads `set/tag`; none if the text is not two names joined by one `/`. Whether the set has the tag is checked
    /// elsewhere.
    pub fn parse(text: &str) -> Option<Self> {
        let (set, tag) = text.split_once('/')?;
        let (set, tag) = (Id::new(set).ok()?, Id::new(tag).ok()?);
        Some(Self { set: Arc::from(set.as_str()), tag: Arc::from(tag.as_str()) })
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.set, self.tag)
    }
}

/// Tags that are asked for: tags of one set are alternatives, and every set that is named must fit. Empty fits all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagFilter(pub BTreeSet<Tag>);

impl TagFilter {
    /// Whether something with these tags is meant.
    pub fn fits(&self, tags: &BTreeSet<Tag>) -> bool {
        let sets: BTreeSet<&Arc<str>> = self.0.iter().map(|tag| &tag.set).collect();
        sets.into_iter().all(|set| self.0.iter().any(|tag| &tag.set == set && tags.contains(tag)))
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Tenants that something is limited to: those that are named, and those whose tags fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TenantFilter {
    /// Tenants by name.
    pub names: BTreeSet<TenantName>,
    /// Tenants by tag; an empty one means no tenants beyond the named ones.
    pub tags: TagFilter,
}

impl TenantFilter {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.tags.is_empty()
    }

    /// Whether the tenant is named, or its tags fit.
    pub fn takes(&self, tenant: &Tenant) -> bool {
        self.names.contains(&tenant.name) || (!self.tags.is_empty() && self.tags.fits(&tenant.tags))
    }
}

/// `tenants/<name>.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Stem of its file.
    pub name: TenantName,
    /// What goes into stack names.
    pub id: Id,
    pub tags: BTreeSet<Tag>,
    /// The environments that it is connected to, by project.
    pub projects: BTreeMap<ProjectName, BTreeSet<EnvironmentName>>,
    /// Values of declared tenant variables. They are live: a change reaches what runs.
    pub variables: Vec<TenantValue>,
    /// Its file.
    pub at: Location,
}

impl Tenant {
    /// Whether it gets deployments of the project in the environment.
    pub fn is_connected(&self, project: &ProjectName, environment: &EnvironmentName) -> bool {
        self.projects.get(project).is_some_and(|environments| environments.contains(environment))
    }
}

/// `[[variable]]` in a tenant's file. It ranks as a value with the scope tenant, or tenant and environment; of two such
/// values one that names the project beats one that does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantValue {
    /// The declared variable.
    pub name: Arc<str>,
    /// Its value; may refer to variables.
    pub value: Value,
    /// What kind of value it is.
    pub kind: ValueKind,
    /// For this project only.
    pub project: Option<ProjectName>,
    /// For these environments only; empty for all.
    pub environments: BTreeSet<EnvironmentName>,
    /// Where it is written.
    pub at: Location,
}

/// `[[tenant_variable]]`: a variable whose value each tenant brings. Part of a project's *what*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantVariable {
    /// Its name; no dot.
    pub name: Arc<str>,
    /// What kind of value tenants must give.
    pub kind: ValueKind,
    /// What tenants have that give none. It ranks as a value without a scope.
    pub default: Option<Value>,
    /// A connected tenant without a value is a problem. Without it and without a default, only using the variable is one.
    pub required: bool,
    /// What it is for.
    pub description: Option<Arc<str>>,
    /// Declared by a variable set that the project includes, rather than by the project.
    pub from_set: bool,
    /// Where it is written.
    pub at: Location,
}

/// Whether a project is deployed for tenants: `tenancy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tenancy {
    /// Only without a tenant.
    #[default]
    Untenanted,
    /// Only for tenants.
    Tenanted,
    Both,
}

impl Tenancy {
    /// Whether the project has slots without a tenant.
    pub fn untenanted(self) -> bool {
        self != Tenancy::Tenanted
    }

    /// Whether the project has slots of tenants.
    pub fn tenanted(self) -> bool {
        self != Tenancy::Untenanted
    }
}
