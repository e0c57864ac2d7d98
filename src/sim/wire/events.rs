//! DescribeEvents: the events of a stack, of one of its operations, or of the creation of a change set, newest first.

use super::query::{Params, Xml, page};
use super::show;
use crate::model::Place;
use crate::sim::error::{Answer, ApiError};
use crate::sim::world::World;
use crate::sim::world::stack::{Event, Stack};

/// Whose events are asked for.
enum Of {
    Stack,
    Operation(String),
    /// By the id of the operation that creates it.
    ChangeSet(String),
}

pub(super) fn describe(world: &World, place: &Place, params: &Params, xml: &mut Xml) -> Answer<()> {
    let (stack, of) = asked(world, place, params)?;
    let failed = params.flag("Filters.FailedEvents") == Some(true);
    let mut events: Vec<&Event> = stack.events.iter().chain(&stack.findings).filter(|event| of.has(event)).collect();
    events.retain(|event| !failed || has_failed(event));
    events.sort_by_key(|event| event.at);
    events.reverse();
    let (events, next) = page(events, |event| event.id.clone(), params.text("NextToken"), world.page_size())?;
    xml.list("OperationEvents", events, |xml, event| show_event(xml, stack, event));
    xml.some("NextToken", next);
    Ok(())
}

fn asked<'a>(world: &'a World, place: &Place, params: &Params) -> Answer<(&'a Stack, Of)> {
    let (name, set) = (params.text("StackName"), params.text("ChangeSetName"));
    // \[iss: aws-cloudformation/cloudformation-cli#1116\] The name of a change set alone is not enough.
    let set = set.filter(|set| name.is_some() || set.starts_with("arn:"));
    if let Some(set) = set {
        let (stack, set) = world.describe_change_set(place, name.as_deref(), &set)?;
        return Ok((stack, Of::ChangeSet(set.operation().to_string())));
    }
    let operation = params.text("OperationId");
    let has = |stack: &&Stack, id: &str| {
        stack.operation_of(id).is_some() || stack.findings.iter().any(|event| event.operation.as_deref() == Some(id))
    };
    let stack = match (&name, &operation) {
        (Some(name), _) => world.find_stack(place, name),
        (None, Some(id)) => world.stacks(place).into_iter().find(|stack| has(stack, id)),
        (None, None) => {
            return Err(ApiError::validation("One of ChangeSetName, OperationId or StackName must be specified"));
        }
    };
    let words = name.as_ref().or(operation.as_ref()).cloned().unwrap_or_default();
    let stack = stack.ok_or_else(|| ApiError::validation(format!("Stack [{words}] does not exist")))?;
    Ok((stack, operation.map_or(Of::Stack, Of::Operation)))
}

impl Of {
    fn has(&self, event: &Event) -> bool {
        match self {
            // \[?\] Of the creation of change sets, only what was found is an event of the stack.
            Of::Stack => event.set.as_ref().is_none_or(|set| set.failed.is_none()),
            Of::Operation(id) | Of::ChangeSet(id) => event.operation.as_deref() == Some(id),
        }
    }
}

/// \[src: the CDK\] That the creation of a change set failed is not among the failures: only what was found is.
fn has_failed(event: &Event) -> bool {
    let hook = event.hook.as_ref().is_some_and(|invocation| invocation.reason.is_some());
    hook || event.validation.is_some() || event.status.ends_with("_FAILED")
}

/// A stack's status is an event of the stack, a resource's a step on the way or an error.
fn show_event(xml: &mut Xml, stack: &Stack, event: &Event) {
    xml.text("EventId", &event.id);
    xml.text("StackId", &stack.id);
    xml.some("OperationId", event.operation.as_ref());
    let kind = stack.operations.iter().find(|(_, id)| Some(id) == event.operation.as_ref());
    let kind = event.set.as_ref().map(|_| "CREATE_CHANGESET").or(kind.map(|(kind, _)| *kind));
    xml.some("OperationType", kind);
    if let Some(set) = event.set.as_ref().filter(|set| set.failed.is_some()) {
        xml.text("OperationStatus", if set.failed == Some(true) { "FAILED" } else { "SUCCEEDED" });
        xml.text("EventType", "STACK_EVENT");
        xml.time("Timestamp", Some(event.at));
        xml.time("StartTime", Some(set.begun));
        xml.time("EndTime", Some(event.at));
        return;
    }
    if let Some(found) = &event.validation {
        xml.text("EventType", "VALIDATION_ERROR");
        xml.text("LogicalResourceId", &event.logical);
        xml.text("PhysicalResourceId", event.physical_id.as_deref().unwrap_or_default());
        xml.text("ResourceType", &event.kind);
        xml.time("Timestamp", Some(event.at));
        xml.text("ValidationFailureMode", if found.fails { "FAIL" } else { "WARN" });
        xml.text("ValidationName", found.name);
        xml.text("ValidationStatus", "FAILED");
        xml.text("ValidationStatusReason", &found.reason);
        xml.text("ValidationPath", &found.path);
        return;
    }
    of_progress(xml, stack, event);
}

fn of_progress(xml: &mut Xml, stack: &Stack, event: &Event) {
    let own = event.kind == "AWS::CloudFormation::Stack" && event.physical_id.as_deref() == Some(&*stack.id);
    let failed = event.status.ends_with("_FAILED");
    if own {
        let ended = event.status.ends_with("_COMPLETE") || failed;
        let rolled_back = event.status.contains("ROLLBACK");
        let status = match (ended, failed || rolled_back) {
            (false, _) => "IN_PROGRESS",
            (true, true) => "FAILED",
            (true, false) => "SUCCEEDED",
        };
        xml.text("OperationStatus", status);
    }
    let kind = match (own, failed) {
        _ if event.hook.is_some() && has_failed(event) => "HOOK_INVOCATION_ERROR",
        (true, _) => "STACK_EVENT",
        (false, true) => "PROVISIONING_ERROR",
        (false, false) => "PROGRESS_EVENT",
    };
    xml.text("EventType", kind);
    show::of_event(xml, event);
    if let Some(invocation) = &event.hook {
        super::hooks::of_event(xml, invocation);
    }
}
