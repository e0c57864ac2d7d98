//! Drift: what a stack's resources are like, compared with what CloudFormation made of them.
//!
//! \[doc: Detect unmanaged configuration changes\] Only properties that the template gives are looked at, and not those that
//! no read returns. A drift-aware change set compares the template with what is there instead of with the last deployment; its
//! execution brings back what was deleted, writes what differs, and takes note of what is already as the template wants it.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::change_set::{Change, Detail};
use super::changes::{plain, removed};
use super::eval::same;
use super::hands::Hand;
use super::stack::{Resource, Shape, Stack};
use super::{Work, World};
use crate::model::{Place, StackStatus};
use crate::sim::error::{Answer, ApiError};

/// Properties that no read returns. \[api: `writeOnlyProperties` of the schemas\]
const WRITE_ONLY: [(&str, &str); 6] = [
    ("AWS::ECS::Service", "ForceNewDeployment"),
    ("AWS::ECS::Service", "ServiceConnectConfiguration"),
    ("AWS::ECS::Service", "VolumeConfigurations"),
    ("AWS::ElasticLoadBalancingV2::ListenerRule", "ListenerArn"),
    ("AWS::ApplicationAutoScaling::ScalableTarget", "RoleARN"),
    ("AWS::ApplicationAutoScaling::ScalingPolicy", "ScalingTargetId"),
];

/// What the last deployment made of a stack's resources, by logical id.
pub type Records = IndexMap<String, Resource>;

/// What is known of the drift of a stack.
#[derive(Clone, Debug, Default)]
pub struct Drift {
    /// Whether any resource has drifted; none while nothing was checked since the last operation.
    pub drifted: Option<bool>,
    /// When something was checked last.
    pub checked: Option<Timestamp>,
    /// What was found, by logical id.
    pub resources: BTreeMap<String, ResourceDrift>,
    /// The detections, oldest first.
    pub detections: Vec<Detection>,
}

impl Drift {
    /// The status of the stack, in AWS's words.
    pub fn status(&self) -> &'static str {
        match self.drifted {
            None => "NOT_CHECKED",
            Some(true) => "DRIFTED",
            Some(false) => "IN_SYNC",
        }
    }
}

/// A run of drift detection.
#[derive(Clone, Debug)]
pub struct Detection {
    pub id: String,
    /// When it was asked for.
    pub at: Timestamp,
    /// The resources that it is limited to; all if it names none.
    pub only: Vec<String>,
    /// How many resources have drifted; none while it goes on.
    pub drifted: Option<usize>,
}

/// What was found of one resource.
#[derive(Clone, Debug)]
pub struct ResourceDrift {
    /// Logical id.
    pub logical: String,
    pub physical_id: Option<String>,
    /// Its type.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// `IN_SYNC`, `MODIFIED` or `DELETED`.
    pub status: &'static str,
    /// What the template says.
    pub expected: Map<String, Value>,
    /// The same properties as they are.
    pub actual: Map<String, Value>,
    /// Where they differ.
    pub differences: Vec<Difference>,
}

/// One place at which a resource differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// JSON pointer within the properties.
    pub path: String,
    /// What the template says; none for what was added.
    pub expected: Option<Value>,
    /// What is there; none for what was taken away.
    pub actual: Option<Value>,
}

impl Difference {
    /// `ADD`, `REMOVE` or `NOT_EQUAL`.
    pub fn kind(&self) -> &'static str {
        match (&self.expected, &self.actual) {
            (None, _) => "ADD",
            (_, None) => "REMOVE",
            _ => "NOT_EQUAL",
        }
    }
}

/// What a drift-aware change set says of a row besides.
#[derive(Clone, Debug, PartialEq)]
pub struct RowDrift {
    /// `IN_SYNC`, `MODIFIED`, `DELETED` or `UNSUPPORTED`.
    pub status: &'static str,
    /// Properties whose drift is left alone, with the reason in AWS's word.
    pub ignored: Vec<(String, &'static str)>,
    /// Properties as the last deployment left them, as JSON.
    pub deployed: Option<String>,
    /// When it was looked at.
    pub at: Timestamp,
}

impl World {
    /// DetectStackDrift. Gives the id of the detection.
    pub fn detect_drift(&mut self, place: &Place, name: &str, only: &[String]) -> Answer<String> {
        let stack = self.find_stack(place, name).filter(|stack| stack.lives());
        let stack = stack.ok_or_else(|| super::calls::no_stack(name))?;
        checkable(stack)?;
        if stack.drift.detections.iter().any(|detection| detection.drifted.is_none()) {
            let words = format!("Drift detection is already in progress for stack [{}]", stack.id);
            return Err(ApiError::validation(words));
        }
        if let Some(unknown) = only.iter().find(|logical| !stack.resources.contains_key(*logical)) {
            return Err(missing_resource(unknown, stack));
        }
        let (stack_id, id, at) = (stack.id.clone(), self.ids.uuid(), self.now);
        let detection = Detection { id: id.clone(), at, only: only.to_vec(), drifted: None };
        if let Some(stack) = self.region(place).stacks.get_mut(&stack_id) {
            stack.drift.detections.push(detection);
        }
        let work = Work::Drift { place: place.clone(), stack: stack_id };
        self.schedule(self.now + self.config.pace.change_set, work);
        Ok(id)
    }

    /// Ends a detection when its time has come.
    pub(super) fn finish_detection(&mut self, place: &Place, stack_id: &str) {
        let Some(stack) = self.stack_by_id(place, stack_id) else { return };
        let running = stack.drift.detections.iter().rfind(|detection| detection.drifted.is_none());
        let Some(only) = running.map(|detection| detection.only.clone()) else { return };
        let wanted = |resource: &&Resource| only.is_empty() || only.contains(&resource.logical);
        let found: Vec<ResourceDrift> =
            stack.resources.values().filter(wanted).filter_map(|resource| self.drift_of(place, resource)).collect();
        let drifted = found.iter().filter(|drift| drift.status != "IN_SYNC").count();
        let now = self.now;
        let Some(stack) = self.region(place).stacks.get_mut(stack_id) else { return };
        for detection in stack.drift.detections.iter_mut().filter(|detection| detection.drifted.is_none()) {
            detection.drifted = Some(drifted);
        }
        for drift in found {
            learn(stack, drift, now);
        }
        stack.drift.drifted.get_or_insert(false);
        stack.drift.checked = Some(now);
    }

    /// DetectStackResourceDrift.
    pub fn detect_resource_drift(&mut self, place: &Place, name: &str, logical: &str) -> Answer<ResourceDrift> {
        let stack = self.find_stack(place, name).filter(|stack| stack.lives());
        let stack = stack.ok_or_else(|| super::calls::no_stack(name))?;
        checkable(stack)?;
        let resource = stack.resources.get(logical).ok_or_else(|| missing_resource(logical, stack))?;
        let unsupported = || ApiError::validation(format!("Drift detection is not supported for {}", resource.kind));
        let drift = self.drift_of(place, resource).ok_or_else(unsupported)?;
        let (id, now) = (stack.id.clone(), self.now);
        if let Some(stack) = self.region(place).stacks.get_mut(&id) {
            learn(stack, drift.clone(), now);
        }
        Ok(drift)
    }

    /// DescribeStackDriftDetectionStatus: the detection and its stack.
    pub fn find_detection(&self, place: &Place, id: &str) -> Answer<(&Stack, &Detection)> {
        let stacks = self.regions.get(place).into_iter().flat_map(|region| region.stacks.values());
        let with = |stack| Some((stack, Stack::detection(stack, id)?));
        let found = stacks.filter_map(with).next();
        found.ok_or_else(|| ApiError::validation(format!("Drift detection [{id}] does not exist")))
    }

    /// The drift of a resource; none for a type whose drift is never detected.
    fn drift_of(&self, place: &Place, resource: &Resource) -> Option<ResourceDrift> {
        if !is_detected(&resource.kind) || resource.physical_id.is_none() {
            return None;
        }
        let mut drift = ResourceDrift {
            logical: resource.logical.clone(),
            physical_id: resource.physical_id.clone(),
            kind: resource.kind.clone(),
            at: self.now,
            status: "IN_SYNC",
            expected: visible(&resource.kind, &resource.properties),
            actual: Map::new(),
            differences: Vec::new(),
        };
        let Some(live) = self.live(place, resource) else {
            return Some(ResourceDrift { status: "DELETED", expected: Map::new(), ..drift });
        };
        drift.actual = live.into_iter().filter(|(name, _)| drift.expected.contains_key(name)).collect();
        for (name, expected) in &drift.expected {
            compare(&format!("/{name}"), expected, drift.actual.get(name), &mut drift.differences);
        }
        if !drift.differences.is_empty() {
            drift.status = "MODIFIED";
        }
        Some(drift)
    }

    /// The stack with its resources as they are: deleted ones missing, the others with the properties that they have, as far as the
    /// last deployment or the shape name them. Properties that no read returns, and counts that scaling sets, stay as deployed.
    pub(super) fn as_it_is(&self, place: &Place, stack: &Stack, shape: &Shape) -> Stack {
        let mut actual = stack.clone();
        let scaled = is_scaled(stack);
        for (logical, resource) in stack.resources.iter().filter(|(_, resource)| resource.physical_id.is_some()) {
            let Some(live) = self.live(place, resource) else {
                actual.resources.shift_remove(logical);
                continue;
            };
            let Some(own) = actual.resources.get_mut(logical) else { continue };
            let wanted = shape.template.resources.get(logical);
            let named = |name: &String| {
                resource.properties.contains_key(name) || wanted.is_some_and(|w| w.properties.contains_key(name))
            };
            let kept = |name: &str| left_alone(&resource.kind, name, scaled).is_some();
            let as_deployed = |name: &str, value: Value| match resource.properties.get(name) {
                Some(before) if is_as(before, &value) => before.clone(),
                _ => value,
            };
            let read = live.into_iter().filter(|(name, _)| named(name) && !kept(name));
            own.properties = read.map(|(name, value)| (name.clone(), as_deployed(&name, value))).collect();
            let deployed = resource.properties.iter().filter(|(name, _)| kept(name));
            own.properties.extend(deployed.map(|(name, value)| (name.clone(), value.clone())));
        }
        actual
    }

    /// After the rollback of a drift-aware change set: the resources are what they were before it, and the stack remembers again
    /// what the last deployment made of them, so that their drift is still there.
    pub(super) fn restore_records(&mut self, place: &Place, stack: &mut Stack, records: Option<Records>) {
        for (logical, record) in records.into_iter().flatten() {
            let key = (record.kind.clone(), record.physical_id.clone().unwrap_or_default());
            match stack.resources.get_mut(&logical) {
                None => {
                    self.region(place).hands.insert(key, Hand::Gone);
                    stack.resources.insert(logical, record);
                }
                Some(now) if now.physical_id == record.physical_id && now.properties != record.properties => {
                    let is = std::mem::replace(&mut now.properties, record.properties);
                    self.region(place).hands.insert(key, Hand::Changed(is));
                }
                Some(_) => {}
            }
        }
    }

    /// Adds to the rows of a change set, worked out from the stack as it is, what drift has to do with them, and rows for what
    /// is already as the template wants it.
    pub(super) fn tell_drift(&self, place: &Place, stack: &Stack, actual: &Stack, rows: &mut Vec<Change>) {
        let scaled = is_scaled(stack);
        for (logical, deployed) in stack.resources.iter().filter(|(_, resource)| resource.physical_id.is_some()) {
            let live = self.live(place, deployed);
            let mut ignored: Vec<(String, &'static str)> = Vec::new();
            for (name, value) in &deployed.properties {
                let Some(reason) = left_alone(&deployed.kind, name, scaled) else { continue };
                let differs = live.as_ref().is_some_and(|live| live.get(name).is_none_or(|own| !same(own, value)));
                if differs || reason == "WRITE_ONLY_PROPERTY" {
                    ignored.push((format!("/Properties/{name}"), reason));
                }
            }
            let own = actual.resources.get(logical);
            let changed = own.map(|own| super::provision::changed_properties(&deployed.properties, &own.properties));
            let status = match &changed {
                _ if !is_detected(&deployed.kind) => "UNSUPPORTED",
                None => "DELETED",
                Some(names) if names.is_empty() => "IN_SYNC",
                Some(_) => "MODIFIED",
            };
            let json = serde_json::to_string(&serde_json::json!({ "Properties": deployed.properties })).ok();
            let drift = RowDrift { status, ignored, deployed: json, at: self.now };
            let known = rows.iter().position(|row| row.logical == *logical);
            match (known.and_then(|at| rows.get_mut(at)), own) {
                (Some(row), _) => {
                    row.details.iter_mut().for_each(|detail| against(detail, deployed, own));
                    row.drift = Some(drift);
                }
                (None, Some(own)) if status == "MODIFIED" => {
                    let names = changed.unwrap_or_default();
                    rows.push(in_step(deployed, own, &names, drift));
                }
                // It leaves the template, and is gone.
                (None, None) => rows.push(Change { drift: Some(drift), ..removed(deployed) }),
                _ => {}
            }
        }
        rows.sort_by(|left, right| left.logical.cmp(&right.logical));
    }
}

impl Stack {
    fn detection(&self, id: &str) -> Option<&Detection> {
        self.drift.detections.iter().find(|detection| detection.id == id)
    }

    /// What left the stack has no drift.
    pub(super) fn forget_absent(&mut self) {
        let known = self.drift.resources.keys();
        let absent: Vec<String> = known.filter(|logical| !self.resources.contains_key(*logical)).cloned().collect();
        absent.iter().for_each(|logical| self.forget_drift(logical));
    }

    /// An operation touched a resource: what was found of it is out of date. \[?\] AWS does not say when it forgets.
    pub(super) fn forget_drift(&mut self, logical: &str) {
        self.drift.resources.remove(logical);
        if self.drift.drifted.is_some() {
            let any = self.drift.resources.values().any(|drift| drift.status != "IN_SYNC");
            self.drift.drifted = if any { Some(true) } else { None };
        }
    }
}

fn learn(stack: &mut Stack, drift: ResourceDrift, now: Timestamp) {
    stack.drift.resources.insert(drift.logical.clone(), drift);
    stack.drift.drifted = Some(stack.drift.resources.values().any(|drift| drift.status != "IN_SYNC"));
    stack.drift.checked = Some(now);
}

/// \[doc: Considerations when detecting drift\]
fn checkable(stack: &Stack) -> Answer<()> {
    match stack.status {
        StackStatus::CreateComplete
        | StackStatus::UpdateComplete
        | StackStatus::UpdateRollbackComplete
        | StackStatus::ImportComplete
        | StackStatus::ImportRollbackComplete
        | StackStatus::UpdateRollbackFailed => Ok(()),
        status => Err(ApiError::validation(format!(
            "Drift detection cannot be performed on stack [{}] while it is in {status} state.",
            stack.id
        ))),
    }
}

fn missing_resource(logical: &str, stack: &Stack) -> ApiError {
    ApiError::validation(format!("Resource {logical} does not exist for stack {}", stack.name))
}

/// The properties that a read returns.
fn visible(kind: &str, properties: &Map<String, Value>) -> Map<String, Value> {
    let shown = |name: &String| !WRITE_ONLY.contains(&(kind, name.as_str()));
    properties.iter().filter(|(name, _)| shown(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Why a drift-aware change set leaves a property alone.
fn left_alone(kind: &str, name: &str, scaled: bool) -> Option<&'static str> {
    if WRITE_ONLY.contains(&(kind, name)) {
        return Some("WRITE_ONLY_PROPERTY");
    }
    (scaled && (kind, name) == ("AWS::ECS::Service", "DesiredCount")).then_some("MANAGED_BY_AWS")
}

/// Where a value differs from the expected one. An object may have more members than are expected.
fn compare(path: &str, expected: &Value, actual: Option<&Value>, found: &mut Vec<Difference>) {
    match (expected, actual) {
        (Value::Object(expected), Some(Value::Object(actual))) => {
            for (name, value) in expected {
                compare(&format!("{path}/{name}"), value, actual.get(name), found);
            }
        }
        (Value::Array(expected), Some(Value::Array(actual))) => {
            let (expected, actual) = (in_order(expected), in_order(actual));
            for at in 0..expected.len().max(actual.len()) {
                let path = format!("{path}/{at}");
                match (expected.get(at), actual.get(at).copied()) {
                    (Some(expected), actual) => compare(&path, expected, actual, found),
                    (None, actual) => found.push(Difference { path, expected: None, actual: actual.cloned() }),
                }
            }
        }
        (expected, Some(actual)) if same(expected, actual) => {}
        _ => {
            found.push(Difference { path: path.to_owned(), expected: Some(expected.clone()), actual: actual.cloned() })
        }
    }
}

/// The items of a list; tags by their keys, because their order means nothing.
fn in_order(items: &[Value]) -> Vec<&Value> {
    let mut order: Vec<&Value> = items.iter().collect();
    let key = |item: &&Value| item.get("Key").and_then(Value::as_str).map(str::to_owned);
    if order.iter().all(|item| key(item).is_some()) {
        order.sort_by_key(key);
    }
    order
}

/// Whether a value is the expected one.
fn is_as(expected: &Value, actual: &Value) -> bool {
    let mut found = Vec::new();
    compare("", expected, Some(actual), &mut found);
    found.is_empty()
}

/// Whether scaling sets the counts of a stack's services.
fn is_scaled(stack: &Stack) -> bool {
    stack.resources.values().any(|resource| resource.kind == "AWS::ApplicationAutoScaling::ScalableTarget")
}

/// What drift has to do with a detail: the value before is what is there, and a property that only drift changed has not changed
/// in the template.
fn against(detail: &mut Detail, deployed: &Resource, actual: Option<&Resource>) {
    let Some(name) = detail.name.clone().or_else(|| (detail.attribute == "Tags").then(|| "Tags".to_owned())) else {
        return;
    };
    let before = deployed.properties.get(&name);
    let is = actual.and_then(|actual| actual.properties.get(&name));
    let equal = |left: Option<&Value>, right: Option<&Value>| match (left, right) {
        (Some(left), Some(right)) => same(left, right),
        (left, right) => left == right,
    };
    if equal(before, is) {
        return;
    }
    detail.deployed = Some((before.map(plain), is.map(plain)));
    if detail.after == before.map(plain) {
        detail.source = "NoModification";
        detail.cause = None;
    }
}

/// Whether drift is detected of a type at all.
fn is_detected(kind: &str) -> bool {
    !kind.starts_with("AWS::CloudFormation::") && !kind.starts_with("Custom::")
}

/// The row of a resource that is already as the template wants it.
fn in_step(deployed: &Resource, own: &Resource, names: &[String], drift: RowDrift) -> Change {
    let json =
        |resource: &Resource| serde_json::to_string(&serde_json::json!({ "Properties": resource.properties })).ok();
    let detail = |name: &String| {
        let is = own.properties.get(name).map(plain);
        Detail {
            attribute: "Properties",
            name: Some(name.clone()),
            recreates: "Never",
            evaluation: "Static",
            source: "DirectModification",
            cause: None,
            before: is.clone(),
            after: is.clone(),
            deployed: Some((deployed.properties.get(name).map(plain), is)),
        }
    };
    Change {
        action: "SyncWithActual",
        logical: deployed.logical.clone(),
        physical_id: deployed.physical_id.clone(),
        kind: deployed.kind.clone(),
        replacement: None,
        scope: vec!["Properties"],
        policy: None,
        details: names.iter().map(detail).collect(),
        before: json(own),
        after: json(own),
        drift: Some(drift),
        change_set: None,
    }
}
