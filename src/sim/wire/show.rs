//! CloudFormation's nouns as XML.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::query::Xml;
use crate::sim::world::drift::{Detection, ResourceDrift, RowDrift};
use crate::sim::world::masking::MASK;
use crate::sim::world::stack::{Event, Monitoring, Nest, Resource, Stack};
use crate::sim::world::template::Template;
use crate::sim::world::{Change, ChangeSet, Detail, StackView, plain};

fn pairs<'a>(xml: &mut Xml, tag: &str, names: (&str, &str), items: impl IntoIterator<Item = (&'a String, &'a String)>) {
    xml.list(tag, items, |xml, (key, value)| {
        xml.text(names.0, key);
        xml.text(names.1, value);
    });
}

/// Parameters and the values that SSM keeps of them; nothing if there are none.
fn parameters(xml: &mut Xml, given: &BTreeMap<String, String>, resolved: &BTreeMap<String, String>) {
    if given.is_empty() {
        return;
    }
    xml.list("Parameters", given, |xml, (name, value)| {
        xml.text("ParameterKey", name);
        xml.text("ParameterValue", value);
        xml.some("ResolvedValue", resolved.get(name));
    });
}

/// A stack, as in DescribeStacks. Like AWS, it leaves out empty capabilities, outputs and parameters.
pub(super) fn stack(xml: &mut Xml, view: &StackView) {
    xml.text("StackId", &view.id);
    xml.text("StackName", &view.name);
    xml.some("Description", view.description.as_ref());
    parameters(xml, &view.parameters, &view.resolved);
    xml.time("CreationTime", Some(view.created));
    xml.time("LastUpdatedTime", view.updated);
    xml.time("DeletionTime", view.deleted);
    xml.text("StackStatus", view.status.as_str());
    xml.some("StackStatusReason", view.reason.as_ref());
    rollback_configuration(xml, &view.monitoring);
    xml.flag("DisableRollback", view.keep_failed);
    xml.some("TimeoutInMinutes", view.timeout.map(|minutes| minutes.to_string()));
    xml.texts("NotificationARNs", &view.notifications);
    if !view.capabilities.is_empty() {
        xml.texts("Capabilities", &view.capabilities);
    }
    xml.some("RoleARN", view.role.as_ref());
    if !view.outputs.is_empty() {
        xml.list("Outputs", &view.outputs, |xml, output| {
            xml.text("OutputKey", &output.key);
            xml.text("OutputValue", &output.value);
            xml.some("Description", output.description.as_ref());
            xml.some("ExportName", output.export.as_ref());
        });
    }
    pairs(xml, "Tags", ("Key", "Value"), &view.tags);
    xml.flag("EnableTerminationProtection", view.protected);
    nest(xml, view.nest.as_ref());
    stack_drift(xml, view.drift.0, view.drift.1);
    operations(xml, &view.operations);
}

/// \[api: `StackResourceDriftStatus`\]
pub(super) const DRIFT_STATUSES: [&str; 6] =
    ["IN_SYNC", "MODIFIED", "DELETED", "NOT_CHECKED", "UNKNOWN", "UNSUPPORTED"];

fn rollback_configuration(xml: &mut Xml, monitoring: &Monitoring) {
    xml.open("RollbackConfiguration");
    if *monitoring != Monitoring::default() {
        xml.list("RollbackTriggers", &monitoring.triggers, |xml, (arn, kind)| {
            xml.text("Arn", arn);
            xml.text("Type", kind);
        });
        xml.text("MonitoringTimeInMinutes", monitoring.minutes.to_string());
    }
    xml.close("RollbackConfiguration");
}

fn stack_drift(xml: &mut Xml, status: &str, checked: Option<Timestamp>) {
    xml.open("DriftInformation");
    xml.text("StackDriftStatus", status);
    xml.time("LastCheckTimestamp", checked);
    xml.close("DriftInformation");
}

fn nest(xml: &mut Xml, nest: Option<&Nest>) {
    xml.some("ParentId", nest.map(|nest| &nest.parent));
    xml.some("RootId", nest.map(|nest| &nest.root));
}

/// A resource's drift as it was found last.
fn known_drift(xml: &mut Xml, drift: Option<&ResourceDrift>) {
    xml.open("DriftInformation");
    xml.text("StackResourceDriftStatus", drift.map_or("NOT_CHECKED", |drift| drift.status));
    xml.time("LastCheckTimestamp", drift.map(|drift| drift.at));
    xml.close("DriftInformation");
}

/// A detection, as in DescribeStackDriftDetectionStatus.
pub(super) fn detection(xml: &mut Xml, stack: &Stack, detection: &Detection) {
    xml.text("StackId", &stack.id);
    xml.text("StackDriftDetectionId", &detection.id);
    xml.some("StackDriftStatus", detection.drifted.map(|_| stack.drift.status()));
    let status = if detection.drifted.is_some() { "DETECTION_COMPLETE" } else { "DETECTION_IN_PROGRESS" };
    xml.text("DetectionStatus", status);
    xml.some("DriftedStackResourceCount", detection.drifted.map(|count| count.to_string()));
    xml.time("Timestamp", Some(detection.at));
}

/// A resource's drift, as in DescribeStackResourceDrifts.
pub(super) fn resource_drift(xml: &mut Xml, stack: &str, drift: &ResourceDrift) {
    let json = |properties: &serde_json::Map<String, serde_json::Value>| serde_json::to_string(properties).ok();
    let there = drift.status != "DELETED";
    xml.text("StackId", stack);
    xml.text("LogicalResourceId", &drift.logical);
    xml.some("PhysicalResourceId", drift.physical_id.as_ref());
    xml.text("ResourceType", &drift.kind);
    xml.some("ExpectedProperties", there.then(|| json(&drift.expected)).flatten());
    xml.some("ActualProperties", there.then(|| json(&drift.actual)).flatten());
    if there {
        xml.list("PropertyDifferences", &drift.differences, |xml, difference| {
            let words = |value: &Option<serde_json::Value>| value.as_ref().map_or_else(|| "null".to_owned(), plain);
            xml.text("PropertyPath", &difference.path);
            xml.text("ExpectedValue", words(&difference.expected));
            xml.text("ActualValue", words(&difference.actual));
            xml.text("DifferenceType", difference.kind());
        });
    }
    xml.text("StackResourceDriftStatus", drift.status);
    xml.time("Timestamp", Some(drift.at));
}

/// The operations of a stack that were last, newest first. \[?\] AWS does not say how many it shows.
fn operations(xml: &mut Xml, operations: &[(&'static str, Arc<str>)]) {
    if operations.is_empty() {
        return;
    }
    xml.list("LastOperations", operations.iter().rev().take(10), |xml, (kind, id)| {
        xml.text("OperationType", kind);
        xml.text("OperationId", id);
    });
}

/// A stack, as in ListStacks.
pub(super) fn stack_summary(xml: &mut Xml, stack: &Stack) {
    xml.text("StackId", &stack.id);
    xml.text("StackName", &stack.name);
    xml.some("TemplateDescription", stack.shape.template.description.as_ref());
    xml.time("CreationTime", Some(stack.created));
    xml.time("LastUpdatedTime", stack.updated);
    xml.time("DeletionTime", stack.deleted);
    xml.text("StackStatus", stack.status.as_str());
    xml.some("StackStatusReason", stack.reason.as_ref());
    nest(xml, stack.nest.as_ref());
    stack_drift(xml, stack.drift.status(), stack.drift.checked);
    operations(xml, &stack.operations);
}

pub(super) fn event(xml: &mut Xml, stack: &Stack, event: &Event) {
    xml.text("StackId", &stack.id);
    xml.text("EventId", &event.id);
    xml.text("StackName", &stack.name);
    of_event(xml, event);
    if let Some(invocation) = &event.hook {
        super::hooks::of_event(xml, invocation);
        xml.text("HookInvocationId", &invocation.id);
    }
    xml.some("OperationId", event.operation.as_ref());
}

/// What both kinds of events say.
pub(super) fn of_event(xml: &mut Xml, event: &Event) {
    xml.text("LogicalResourceId", &event.logical);
    xml.some("PhysicalResourceId", event.physical_id.as_ref());
    xml.text("ResourceType", &event.kind);
    xml.time("Timestamp", Some(event.at));
    xml.text("ResourceStatus", &event.status);
    xml.some("ResourceStatusReason", event.reason.as_ref());
    xml.some("ResourceProperties", event.properties.as_ref());
    xml.some("ClientRequestToken", event.token.as_ref());
}

/// A resource; with the names of its stack where the answer repeats them.
pub(super) fn resource(xml: &mut Xml, stack: &Stack, repeats: bool, resource: &Resource, time: &str) {
    let drift = stack.drift.resources.get(&resource.logical);
    if repeats {
        xml.text("StackName", &stack.name);
        xml.text("StackId", &stack.id);
    }
    xml.text("LogicalResourceId", &resource.logical);
    xml.some("PhysicalResourceId", resource.physical_id.as_ref());
    xml.text("ResourceType", &resource.kind);
    xml.time(time, Some(resource.at));
    xml.text("ResourceStatus", &resource.status);
    xml.some("ResourceStatusReason", resource.reason.as_ref());
    known_drift(xml, drift);
}

/// A change set, as in DescribeChangeSet, with one page of its rows.
pub(super) fn change_set(xml: &mut Xml, stack: &Stack, set: &ChangeSet, changes: &[&Change], values: bool) {
    change_set_summary(xml, stack, set);
    parameters(xml, &masked(set, set.shape.parameters.iter()), &masked(set, set.shape.resolved()));
    xml.texts("NotificationARNs", &set.shape.notifications);
    rollback_configuration(xml, &set.shape.monitoring);
    xml.texts("Capabilities", &set.shape.capabilities);
    pairs(xml, "Tags", ("Key", "Value"), &set.shape.tags);
    xml.some("OnStackFailure", set.on_failure.as_ref());
    xml.some("DeploymentMode", set.reverts.then_some("REVERT_DRIFT"));
    if set.reverts && set.status == "CREATE_COMPLETE" {
        let drifted = set
            .changes
            .iter()
            .any(|row| row.drift.as_ref().is_some_and(|drift| matches!(drift.status, "MODIFIED" | "DELETED")));
        xml.text("StackDriftStatus", if drifted { "DRIFTED" } else { "IN_SYNC" });
    }
    xml.list("Changes", changes, |xml, row| {
        xml.text("Type", "Resource");
        xml.open("ResourceChange");
        change(xml, row, values);
        xml.close("ResourceChange");
    });
}

fn masked<'a>(set: &ChangeSet, parameters: impl Iterator<Item = (&'a String, &'a String)>) -> BTreeMap<String, String> {
    let secret = |name: &String| set.shape.template.parameters.get(name).is_some_and(|declared| declared.no_echo);
    let shown =
        |(name, value): (&String, &String)| (name.clone(), if secret(name) { MASK.to_owned() } else { value.clone() });
    parameters.map(shown).collect()
}

/// A change set, as in ListChangeSets.
pub(super) fn change_set_summary(xml: &mut Xml, stack: &Stack, set: &ChangeSet) {
    xml.text("StackId", &stack.id);
    xml.text("StackName", &stack.name);
    xml.text("ChangeSetId", &set.id);
    xml.text("ChangeSetName", &set.name);
    xml.text("ExecutionStatus", set.execution);
    xml.text("Status", set.status);
    xml.some("StatusReason", set.reason.as_ref());
    xml.time("CreationTime", Some(set.created));
    xml.some("Description", set.description.as_ref());
    xml.flag("IncludeNestedStacks", set.nested);
    xml.some("ParentChangeSetId", set.nest.as_ref().map(|(parent, _)| parent));
    xml.some("RootChangeSetId", set.nest.as_ref().map(|(_, root)| root));
    xml.flag("ImportExistingResources", set.imports.existing);
}

fn change(xml: &mut Xml, row: &Change, values: bool) {
    xml.some("ChangeSetId", row.change_set.as_ref());
    xml.some("PolicyAction", row.policy);
    xml.text("Action", row.action);
    xml.text("LogicalResourceId", &row.logical);
    xml.some("PhysicalResourceId", row.physical_id.as_ref());
    xml.text("ResourceType", &row.kind);
    xml.some("Replacement", row.replacement);
    xml.texts("Scope", &row.scope);
    xml.list("Details", &row.details, |xml, detail| {
        xml.open("Target");
        xml.text("Attribute", detail.attribute);
        xml.some("Name", detail.name.as_ref());
        xml.text("RequiresRecreation", detail.recreates);
        if values {
            xml.some("Path", detail.name.as_ref().map(|name| format!("/Properties/{name}")));
            xml.some("BeforeValue", detail.before.as_ref());
            xml.some("AfterValue", detail.after.as_ref());
        }
        if let Some(row) = &row.drift {
            drifted_detail(xml, row, detail);
        }
        xml.close("Target");
        xml.text("Evaluation", detail.evaluation);
        xml.text("ChangeSource", detail.source);
        xml.some("CausingEntity", detail.cause.as_ref());
    });
    if let Some(drift) = &row.drift {
        xml.text("ResourceDriftStatus", drift.status);
        xml.list("ResourceDriftIgnoredAttributes", &drift.ignored, |xml, (path, reason)| {
            xml.text("Path", path);
            xml.text("Reason", reason);
        });
    }
    if values {
        xml.some("BeforeContext", row.before.as_ref());
        xml.some("AfterContext", row.after.as_ref());
        xml.some("PreviousDeploymentContext", row.drift.as_ref().and_then(|drift| drift.deployed.as_ref()));
    }
}

/// What a drift-aware change set says of a property besides: \[api: `ResourceTargetDefinition`\]
fn drifted_detail(xml: &mut Xml, row: &RowDrift, detail: &Detail) {
    let drifted = detail.deployed.as_ref();
    xml.text("BeforeValueFrom", if drifted.is_some() { "ACTUAL_STATE" } else { "PREVIOUS_DEPLOYMENT_STATE" });
    xml.text("AfterValueFrom", "TEMPLATE");
    if let Some((before, actual)) = drifted {
        xml.open("Drift");
        xml.some("PreviousValue", before.as_ref());
        xml.some("ActualValue", actual.as_ref());
        xml.time("DriftDetectionTimestamp", Some(row.at));
        xml.close("Drift");
    }
    let kind = match (&detail.before, &detail.after) {
        (before, after) if before == after => "SyncWithActual",
        (None, _) => "Add",
        (_, None) => "Remove",
        _ => "Modify",
    };
    xml.text("AttributeChangeType", kind);
}

/// What a template declares, as in GetTemplateSummary or, without `whole`, in ValidateTemplate.
///
/// \[?\] That a transform is among the capabilities, as with CreateStack.
pub(super) fn template_summary(xml: &mut Xml, template: &Template, transforms: &[String], whole: bool) {
    let expand = (!transforms.is_empty()).then_some("CAPABILITY_AUTO_EXPAND");
    xml.list("Parameters", &template.parameters, |xml, (name, declared)| {
        xml.text("ParameterKey", name);
        xml.some("DefaultValue", declared.default.as_ref());
        if whole {
            xml.text("ParameterType", &declared.kind);
            xml.open("ParameterConstraints");
            if !declared.allowed.is_empty() {
                xml.texts("AllowedValues", &declared.allowed);
            }
            xml.close("ParameterConstraints");
        }
        xml.flag("NoEcho", declared.no_echo);
        xml.some("Description", declared.description.as_ref());
    });
    xml.some("Description", template.description.as_ref());
    xml.texts("Capabilities", template.capability().into_iter().chain(expand));
    xml.texts("DeclaredTransforms", transforms);
    if whole {
        let kinds: std::collections::BTreeSet<&str> =
            template.resources.values().map(|resource| resource.kind.as_str()).collect();
        xml.texts("ResourceTypes", kinds);
        super::imports::identifiers(xml, template);
        xml.text("Version", "2010-09-09");
    }
}
