//! CloudFormation's nouns as XML.

use super::query::Xml;
use crate::sim::world::stack::{Event, Resource, Stack};
use crate::sim::world::template::Template;
use crate::sim::world::{Change, ChangeSet, StackView};

fn pairs<'a>(xml: &mut Xml, tag: &str, names: (&str, &str), items: impl IntoIterator<Item = (&'a String, &'a String)>) {
    xml.list(tag, items, |xml, (key, value)| {
        xml.text(names.0, key);
        xml.text(names.1, value);
    });
}

/// The same; nothing if there are no pairs.
fn some_pairs<'a>(
    xml: &mut Xml,
    tag: &str,
    names: (&str, &str),
    items: impl IntoIterator<Item = (&'a String, &'a String)>,
) {
    let mut items = items.into_iter().peekable();
    if items.peek().is_some() {
        pairs(xml, tag, names, items);
    }
}

/// A stack, as in DescribeStacks. What AWS leaves out where there is none of it is left out: capabilities, outputs, parameters.
pub(super) fn stack(xml: &mut Xml, view: &StackView) {
    xml.text("StackId", &view.id);
    xml.text("StackName", &view.name);
    xml.some("Description", view.description.as_ref());
    some_pairs(xml, "Parameters", ("ParameterKey", "ParameterValue"), &view.parameters);
    xml.time("CreationTime", Some(view.created));
    xml.time("LastUpdatedTime", view.updated);
    xml.time("DeletionTime", view.deleted);
    xml.text("StackStatus", view.status.as_str());
    xml.some("StackStatusReason", view.reason.as_ref());
    xml.text("RollbackConfiguration", "");
    xml.flag("DisableRollback", view.keep_failed);
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
    drift(xml, "DriftInformation", "StackDriftStatus");
}

/// Drift is not detected here, and says so in AWS's word.
fn drift(xml: &mut Xml, tag: &str, status: &str) {
    xml.open(tag);
    xml.text(status, "NOT_CHECKED");
    xml.close(tag);
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
    drift(xml, "DriftInformation", "StackDriftStatus");
}

pub(super) fn event(xml: &mut Xml, stack: &Stack, event: &Event) {
    xml.text("StackId", &stack.id);
    xml.text("EventId", &event.id);
    xml.text("StackName", &stack.name);
    xml.text("LogicalResourceId", &event.logical);
    xml.some("PhysicalResourceId", event.physical_id.as_ref());
    xml.text("ResourceType", &event.kind);
    xml.time("Timestamp", Some(event.at));
    xml.text("ResourceStatus", &event.status);
    xml.some("ResourceStatusReason", event.reason.as_ref());
    xml.some("ResourceProperties", event.properties.as_ref());
    xml.some("ClientRequestToken", event.token.as_ref());
}

/// A resource; with its stack where the answer repeats it.
pub(super) fn resource(xml: &mut Xml, stack: Option<&Stack>, resource: &Resource, time: &str) {
    if let Some(stack) = stack {
        xml.text("StackName", &stack.name);
        xml.text("StackId", &stack.id);
    }
    xml.text("LogicalResourceId", &resource.logical);
    xml.some("PhysicalResourceId", resource.physical_id.as_ref());
    xml.text("ResourceType", &resource.kind);
    xml.time(time, Some(resource.at));
    xml.text("ResourceStatus", &resource.status);
    xml.some("ResourceStatusReason", resource.reason.as_ref());
    drift(xml, "DriftInformation", "StackResourceDriftStatus");
}

/// A change set, as in DescribeChangeSet, with one page of its rows.
pub(super) fn change_set(xml: &mut Xml, stack: &Stack, set: &ChangeSet, changes: &[&Change], values: bool) {
    change_set_summary(xml, stack, set);
    some_pairs(xml, "Parameters", ("ParameterKey", "ParameterValue"), &masked(set));
    xml.texts("NotificationARNs", &set.shape.notifications);
    xml.text("RollbackConfiguration", "");
    xml.texts("Capabilities", &set.shape.capabilities);
    pairs(xml, "Tags", ("Key", "Value"), &set.shape.tags);
    xml.some("OnStackFailure", set.on_failure.as_ref());
    xml.list("Changes", changes, |xml, row| {
        xml.text("Type", "Resource");
        xml.open("ResourceChange");
        change(xml, row, values);
        xml.close("ResourceChange");
    });
}

fn masked(set: &ChangeSet) -> std::collections::BTreeMap<String, String> {
    let secret = |name: &String| set.shape.template.parameters.get(name).is_some_and(|declared| declared.no_echo);
    let shown = |(name, value): (&String, &String)| {
        (name.clone(), if secret(name) { "****".to_owned() } else { value.clone() })
    };
    set.shape.parameters.iter().map(shown).collect()
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
    xml.flag("IncludeNestedStacks", false);
    xml.flag("ImportExistingResources", false);
}

fn change(xml: &mut Xml, row: &Change, values: bool) {
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
        xml.close("Target");
        xml.text("Evaluation", detail.evaluation);
        xml.text("ChangeSource", detail.source);
        xml.some("CausingEntity", detail.cause.as_ref());
    });
    if values {
        xml.some("BeforeContext", row.before.as_ref());
        xml.some("AfterContext", row.after.as_ref());
    }
}

/// What a template declares, as in GetTemplateSummary or, without `whole`, in ValidateTemplate.
pub(super) fn template_summary(xml: &mut Xml, template: &Template, whole: bool) {
    xml.list("Parameters", &template.parameters, |xml, (name, declared)| {
        xml.text("ParameterKey", name);
        xml.some("DefaultValue", declared.default.as_ref());
        if whole {
            xml.text("ParameterType", &declared.kind);
        }
        xml.flag("NoEcho", declared.no_echo);
        xml.some("Description", declared.description.as_ref());
    });
    xml.some("Description", template.description.as_ref());
    xml.texts("Capabilities", template.capability());
    if whole {
        let kinds: std::collections::BTreeSet<&str> =
            template.resources.values().map(|resource| resource.kind.as_str()).collect();
        xml.texts("ResourceTypes", kinds);
    }
}
