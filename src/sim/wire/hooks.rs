//! ListHookResults and GetHookResult.

use super::query::{Params, Xml, page};
use crate::model::Place;
use crate::sim::error::{Answer, ApiError};
use crate::sim::fault::HookTarget;
use crate::sim::world::World;
use crate::sim::world::guard::{FOUND, HookResult, HookResults, Invocation};

pub(super) fn list(world: &World, place: &Place, params: &Params, xml: &mut Xml) -> Answer<()> {
    let which = asked(params)?;
    let found = world.hook_results(place, &which)?;
    let by_target = matches!(which, HookResults::ChangeSet(_));
    if let HookResults::ChangeSet(id) = &which {
        xml.text("TargetType", HookTarget::ChangeSet.as_str());
        xml.text("TargetId", id);
    }
    let id = |result: &&HookResult| result.invocation.id.clone();
    let (found, next) = page(found, id, params.text("NextToken"), world.page_size())?;
    xml.list("HookResults", found, |xml, result| {
        common(xml, place, &result.invocation);
        // \[doc: examples of `list-hook-results`\]
        if by_target {
            xml.text("TargetType", result.target.as_str());
            xml.text("TargetId", &result.target_id);
        } else {
            xml.time("InvokedAt", Some(result.at));
            xml.text("HookExecutionTarget", &result.stack);
        }
    });
    xml.some("NextToken", next);
    Ok(())
}

/// \[api: `ListHookResultsInput`\] \[?\] The words.
fn asked(params: &Params) -> Answer<HookResults> {
    let text = |name: &str| params.text(name);
    match (text("TargetType"), text("TargetId"), text("TypeArn"), text("Status")) {
        (None, None, None, None) => Ok(HookResults::All),
        (Some(kind), Some(id), None, None) if matches!(kind.as_str(), "CHANGE_SET" | "CLOUD_CONTROL") => {
            Ok(HookResults::ChangeSet(id))
        }
        (Some(kind), Some(_), None, None) => {
            Err(ApiError::validation(format!("Filtering by the target type {kind} is not supported")))
        }
        (None, None, Some(arn), status) => Ok(HookResults::Hook(arn, status)),
        (None, None, None, Some(_)) => Err(ApiError::validation("Status can only be used in combination with TypeArn")),
        _ => Err(ApiError::validation(
            "TargetType and TargetId must be specified together, and without TypeArn and Status",
        )),
    }
}

pub(super) fn get(world: &World, place: &Place, params: &Params, xml: &mut Xml) -> Answer<()> {
    let result = world.hook_result(place, &params.required("HookResultId")?)?;
    common(xml, place, &result.invocation);
    xml.time("InvokedAt", Some(result.at));
    // \[api: `HookTarget`\] Only a resource has one.
    if let Some(kind) = &result.kind {
        xml.open("Target");
        xml.text("TargetType", result.target.as_str());
        xml.text("TargetTypeName", kind);
        xml.text("TargetId", &result.target_id);
        xml.text("Action", result.action);
        xml.close("Target");
    }
    Ok(())
}

fn common(xml: &mut Xml, place: &Place, invocation: &Invocation) {
    xml.text("HookResultId", &invocation.id);
    xml.text("InvocationPoint", "PRE_PROVISION");
    xml.text("FailureMode", invocation.mode.as_str());
    xml.text("TypeName", &invocation.hook);
    xml.text("TypeVersionId", "00000001");
    xml.text("TypeArn", invocation.arn(place));
    xml.text("Status", FOUND);
    xml.some("HookStatusReason", invocation.reason.as_ref());
}

/// What an event says about a hook.
pub(super) fn of_event(xml: &mut Xml, invocation: &Invocation) {
    xml.text("HookType", &invocation.hook);
    xml.text("HookStatus", if invocation.reason.is_some() { FOUND } else { "HOOK_IN_PROGRESS" });
    xml.some("HookStatusReason", invocation.reason.as_ref());
    xml.text("HookInvocationPoint", "PRE_PROVISION");
    xml.text("HookFailureMode", invocation.mode.as_str());
}
