//! Drift: where a stack differs from what landfall last put there, although landfall did not change it.
//!
//! The engine compares and journals, facts hold what was found, the planner tells it and, where an environment says so, plans a
//! repair. Three sources see drift, each with its own pace: see [`DriftSource`]. Deliberately absent: reading AWS.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{Place, StackName};

/// The longest text that is kept of a value, in characters: drift tells what changed, and is not a copy of it.
const LONGEST: usize = 400;

/// What an environment does about drift.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriftMode {
    /// It is reported.
    #[default]
    Report,
    /// It is reported, and the same release is deployed again in a way that puts it right.
    Repair,
    /// It is not looked for.
    Ignore,
}

/// `drift`, `drift_every` and `drift_ignore` of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriftPolicy {
    /// What is done about drift.
    pub mode: DriftMode,
    /// How often CloudFormation's own drift detection runs on a stack.
    pub every: SignedDuration,
    /// What is not drift here.
    pub ignore: Vec<DriftPath>,
}

impl DriftPolicy {
    /// The default of `drift_every`.
    pub const EVERY: SignedDuration = SignedDuration::from_hours(24);
}

impl Default for DriftPolicy {
    fn default() -> Self {
        Self { mode: DriftMode::default(), every: Self::EVERY, ignore: Vec::new() }
    }
}

/// What is not drift: properties of a resource, by its type or its logical id, like `AWS::ECS::Service/DesiredCount`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriftPath {
    /// A type, or a logical id.
    resource: Arc<str>,
    /// The property and, separated by `/`, what is in it; empty for the whole resource.
    path: Arc<str>,
}

/// A path that names no resource.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` does not name a property: write a resource's type or logical id, `/`, and the property")]
pub struct DriftPathError(String);

impl DriftPath {
    /// Reads `AWS::ECS::Service/DesiredCount` or `Service/LoadBalancers/0`.
    ///
    /// # Errors
    /// If there is no resource, or a name is empty.
    pub fn parse(text: &str) -> Result<Self, DriftPathError> {
        let (resource, path) = text.split_once('/').unwrap_or((text, ""));
        let is_name = |name: &str| !name.is_empty() && !name.contains(char::is_whitespace);
        let named = is_name(resource) && (!text.contains('/') || path.split('/').all(is_name));
        if !named {
            return Err(DriftPathError(text.to_owned()));
        }
        Ok(Self { resource: resource.into(), path: path.into() })
    }

    /// Whether it is about this difference.
    pub fn covers(&self, drifted: &Drifted) -> bool {
        let of_it = *self.resource == *drifted.resource || *self.resource == *drifted.kind;
        let within = drifted.path.strip_prefix(&*self.path);
        of_it && (self.path.is_empty() || within.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }
}

impl fmt::Display for DriftPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.path {
            "" => f.pad(&self.resource),
            path => write!(f, "{}/{path}", self.resource),
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Drifted {
    /// Logical id of the resource; empty for the stack itself.
    pub resource: Arc<str>,
    /// Its type.
    pub kind: Arc<str>,
    /// The property and what is in it, separated by `/`; empty if the resource as a whole is gone or new.
    pub path: String,
    /// What landfall put there: text as it is, anything else as JSON. None if it put nothing there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<String>,
    /// What is there; none if it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<String>,
}

impl Drifted {
    /// The resource and the path in it, as a [`DriftPath`] is written.
    pub fn place(&self) -> String {
        match (&*self.resource, self.path.as_str()) {
            ("", path) => path.to_owned(),
            (resource, "") => resource.to_owned(),
            (resource, path) => format!("{resource}/{path}"),
        }
    }
}

/// A value as it is kept: text as it is, anything else as JSON, and no more of it than anybody reads.
pub fn shown(value: &serde_json::Value) -> String {
    let text = match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Adds where two values differ. Objects and lists are followed into; a list whose lengths differ is one difference.
pub fn differences(
    of: (&Arc<str>, &Arc<str>),
    path: &str,
    was: Option<&serde_json::Value>,
    is: Option<&serde_json::Value>,
    found: &mut Vec<Drifted>,
) {
    use serde_json::Value;
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
    match (was, is) {
        (Some(was), Some(is)) if was == is => {}
        (None, None) => {}
        (Some(Value::Object(was)), Some(Value::Object(is))) => {
            for (name, value) in was {
                differences(of, &below(name), Some(value), is.get(name), found);
            }
            for (name, value) in is.iter().filter(|(name, _)| !was.contains_key(*name)) {
                differences(of, &below(name), None, Some(value), found);
            }
        }
        (Some(Value::Array(was)), Some(Value::Array(is))) if was.len() == is.len() => {
            for (at, (was, is)) in was.iter().zip(is).enumerate() {
                differences(of, &below(&at.to_string()), Some(was), Some(is), found);
            }
        }
        (was, is) => found.push(Drifted {
            resource: of.0.clone(),
            kind: of.1.clone(),
            path: path.to_owned(),
            was: was.map(shown),
            is: is.map(shown),
        }),
    }
}

/// What sees drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriftSource {
    /// The stack's own template, read if the stack was changed since landfall changed it.
    Template,
    /// Services as ECS describes them, compared with what they were when the deployment was proved.
    Services,
    /// CloudFormation's drift detection.
    Detection,
}

impl DriftSource {
    /// Who noticed, for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Template => "template",
            Self::Services => "services",
            Self::Detection => "detection",
        }
    }
}

/// A record: everything in which one source sees a stack differ now. It takes the place of what the source saw before.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DriftSeen {
    /// AWS account and region.
    pub place: Place,
    /// Name of the stack in its account and region.
    pub stack: StackName,
    /// What saw it.
    pub source: DriftSource,
    /// The differences; empty if there are none any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Drifted>,
    /// Who changed it, in a few words; none if AWS does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When CloudFormation's detection ran that this is from; none for the other sources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<Timestamp>,
    /// The version of landfall that compared.
    pub version: Arc<str>,
}

impl DriftSeen {
    /// In a sentence without values: where the stack differs.
    pub fn sentence(&self) -> String {
        let Some(first) = self.items.first() else {
            return format!("stack {} no longer differs from what landfall put there", self.stack);
        };
        let place = first.place().replace(char::is_control, "\u{fffd}");
        let place = if place.is_empty() { "the stack itself".to_owned() } else { place };
        let more = match self.items.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        format!("stack {} differs from what landfall put there: {place}{more}", self.stack)
    }
}

/// What one source sees of a stack.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StackDrift {
    /// AWS account and region.
    pub place: Place,
    /// Name of the stack in its account and region.
    pub stack: StackName,
    /// What saw it.
    pub source: DriftSource,
    /// When it was recorded last. A repair begins only later than that, so that nothing is repaired at the first sight.
    pub noted: Timestamp,
    /// The version of landfall that compared.
    pub version: Arc<str>,
    /// Who changed it, in a few words; none if AWS does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When CloudFormation's detection ran that this is from; none for the other sources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<Timestamp>,
    /// The stack was deployed since: what of this is still true shows when it is looked at again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
    /// The differences, each with the time since when landfall knows it.
    pub items: Vec<(Drifted, Timestamp)>,
}

/// A service of a stack as a proved deployment left it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ServiceLeft {
    /// Logical id of the resource in the template.
    pub resource: Arc<str>,
    /// Its settings.
    pub settings: ServiceSettings,
}

/// What can be set of a service, by the property's name in CloudFormation; values as JSON. Only what ECS always tells, without
/// what AWS changes by itself.
pub type ServiceSettings = BTreeMap<String, serde_json::Value>;
