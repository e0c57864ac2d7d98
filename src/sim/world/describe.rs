//! What CloudFormation shows of a stack.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::World;
use super::stack::{Monitoring, Nest, Output, Stack};
use crate::model::{Place, StackStatus};
use crate::sim::error::{Answer, ApiError};

/// A stack as DescribeStacks shows it.
#[derive(Clone, Debug)]
pub struct StackView {
    pub id: Arc<str>,
    pub name: String,
    pub status: StackStatus,
    /// Why.
    pub reason: Option<String>,
    /// The template's description.
    pub description: Option<String>,
    pub tags: BTreeMap<String, String>,
    pub outputs: Vec<Output>,
    /// Its parameters, NoEcho ones masked.
    pub parameters: BTreeMap<String, String>,
    /// The values of those that SSM keeps.
    pub resolved: BTreeMap<String, String>,
    pub capabilities: Vec<String>,
    /// The role that CloudFormation uses.
    pub role: Option<String>,
    /// The topics that hear of its events.
    pub notifications: Vec<String>,
    /// What rolls its operations back.
    pub monitoring: Monitoring,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last updated.
    pub updated: Option<Timestamp>,
    /// When it was deleted.
    pub deleted: Option<Timestamp>,
    /// Whether it is protected from deletion.
    pub protected: bool,
    /// After how many minutes its creation fails.
    pub timeout: Option<u32>,
    /// Whether a failure is left as it is.
    pub keep_failed: bool,
    /// Its drift as it was found last, and when.
    pub drift: (&'static str, Option<Timestamp>),
    /// Type and id of its operations, oldest first.
    pub operations: Vec<(&'static str, Arc<str>)>,
    /// Where it is nested.
    pub nest: Option<Nest>,
}

impl StackView {
    fn of(stack: &Stack) -> Self {
        let review = stack.status == StackStatus::ReviewInProgress;
        let masked = |(name, value): (&String, &String)| {
            let secret = stack.shape.template.parameters.get(name).is_some_and(|declared| declared.no_echo);
            (name.clone(), if secret { super::masking::MASK.to_owned() } else { value.clone() })
        };
        Self {
            id: stack.id.clone(),
            name: stack.name.clone(),
            status: stack.status,
            reason: stack.reason.clone(),
            description: if review { None } else { stack.shape.template.description.clone() },
            tags: stack.shape.tags.clone(),
            outputs: stack.outputs.clone(),
            parameters: stack.shape.parameters.iter().map(masked).collect(),
            resolved: stack.shape.resolved().map(masked).collect(),
            capabilities: stack.shape.capabilities.clone(),
            role: stack.shape.role.clone(),
            notifications: stack.shape.notifications.clone(),
            monitoring: stack.shape.monitoring.clone(),
            created: stack.created,
            updated: stack.updated,
            deleted: stack.deleted,
            protected: stack.protected,
            timeout: stack.timeout,
            keep_failed: stack.keep_failed,
            drift: (stack.drift.status(), stack.drift.checked),
            operations: stack.operations.clone(),
            nest: stack.nest.clone(),
        }
    }
}

impl World {
    /// DescribeStacks of one stack, by name or id; counts as a read where stacks are shown late.
    pub fn describe_stack(&mut self, place: &Place, name_or_id: &str) -> Answer<StackView> {
        let id = self.find_stack(place, name_or_id).map(|stack| stack.id.clone());
        let missing = || ApiError::validation(format!("Stack with id {name_or_id} does not exist"));
        let id = id.ok_or_else(missing)?;
        self.view(place, &id).ok_or_else(missing)
    }

    /// DescribeStacks without a name: every stack but deleted ones, by name.
    pub fn describe_stacks(&mut self, place: &Place) -> Vec<StackView> {
        let ids: Vec<Arc<str>> = self.region(place).names.values().cloned().collect();
        ids.iter().filter_map(|id| self.view(place, id)).collect()
    }

    fn view(&mut self, place: &Place, id: &str) -> Option<StackView> {
        let stack = self.region(place).stacks.get_mut(id)?;
        if let Some((left, old)) = stack.stale.take() {
            let view = StackView::of(&old);
            stack.stale = (left > 1).then(|| (left - 1, old));
            return Some(view);
        }
        Some(StackView::of(stack))
    }

    /// GetTemplate: the body as it was given, or as it was deployed; none where nothing was deployed yet.
    pub fn deployed_template(&self, place: &Place, name_or_id: &str, original: bool) -> Answer<Option<Arc<str>>> {
        let missing = || ApiError::validation(format!("Stack with id {name_or_id} does not exist"));
        let stack = self.find_stack(place, name_or_id).ok_or_else(missing)?;
        Ok((stack.status != StackStatus::ReviewInProgress).then(|| stack.shape.shown(original)))
    }

    /// The same as it was deployed, where something was.
    pub fn template(&self, place: &Place, name_or_id: &str) -> Answer<Arc<str>> {
        let missing = || ApiError::validation(format!("Stack with id {name_or_id} does not exist"));
        self.deployed_template(place, name_or_id, false)?.ok_or_else(missing)
    }

    /// The body of a stack as it was given, for GetTemplateSummary.
    pub fn body(&self, place: &Place, name_or_id: &str) -> Answer<Arc<str>> {
        let missing = || ApiError::validation(format!("Stack with id {name_or_id} does not exist"));
        let stack = self.find_stack(place, name_or_id).filter(|stack| stack.status != StackStatus::ReviewInProgress);
        stack.map(|stack| stack.shape.body.clone()).ok_or_else(missing)
    }
}

/// A CloudFormation-style property map with keys in ECS's own style: `ContainerDefinitions` becomes `containerDefinitions`.
/// Keys of maps that users choose (environment, labels, tags) are values in lists there, or are listed here.
pub fn resource_view(properties: &Map<String, Value>) -> Map<String, Value> {
    properties.iter().map(|(key, value)| (lower_first(key), lower_value(key, value))).collect()
}

fn lower_value(key: &str, value: &Value) -> Value {
    match value {
        Value::Object(map) if matches!(key, "Options" | "DockerLabels" | "DriverOpts" | "Labels") => {
            Value::Object(map.clone())
        }
        Value::Object(map) => Value::Object(resource_view(map)),
        Value::Array(items) => Value::Array(items.iter().map(|item| lower_value("", item)).collect()),
        other => other.clone(),
    }
}

/// Members that ECS calls otherwise than CloudFormation calls the property. \[api: botocore's model of ECS\]
pub const OTHER_NAMES: [(&str, &str); 5] = [
    ("EFSVolumeConfiguration", "efsVolumeConfiguration"),
    ("FSxWindowsFileServerVolumeConfiguration", "fsxWindowsFileServerVolumeConfiguration"),
    ("FilesystemId", "fileSystemId"),
    ("IAM", "iam"),
    ("S3FilesVolumeConfiguration", "s3filesVolumeConfiguration"),
];

fn lower_first(key: &str) -> String {
    if let Some((_, other)) = OTHER_NAMES.iter().find(|(name, _)| *name == key) {
        return (*other).to_owned();
    }
    let mut letters = key.chars();
    letters.next().map(|first| first.to_ascii_lowercase().to_string() + letters.as_str()).unwrap_or_default()
}
