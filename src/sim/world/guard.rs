//! Hooks of CloudFormation. Each is a fault: it looks at stacks, resources or change sets, and finds something wrong with all of
//! them that it is told to look at.
//!
//! \[doc: "AWS CloudFormation Hooks concepts"\] A hook is invoked before a stack or a resource is created, updated or deleted,
//! before a resource is imported, and when a change set is created. In mode `FAIL` that fails, in mode `WARN` it goes on. \[?\]
//! Rollbacks invoke none.

use std::sync::Arc;

use super::World;
use super::change_set::ChangeSet;
use super::stack::{Event, Operation, Phase, Resource, Stack};
use crate::model::Place;
use crate::sim::error::{Answer, ApiError};
use crate::sim::fault::{Fault, HookMode, HookTarget};

/// What an event says about a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The id of its result.
    pub id: String,
    /// The name of the hook's type.
    pub hook: String,
    pub mode: HookMode,
    /// What it found; none while it looks.
    pub reason: Option<String>,
}

/// The result of a hook.
#[derive(Clone, Debug)]
pub struct HookResult {
    pub invocation: Invocation,
    /// When it was invoked.
    pub at: jiff::Timestamp,
    pub target: HookTarget,
    /// The ARN of a change set or stack, or the logical id of a resource.
    pub target_id: String,
    /// The type of the target, if it is a resource.
    pub kind: Option<String>,
    /// `CREATE`, `UPDATE`, `DELETE` or `IMPORT`.
    pub action: &'static str,
    /// The id of the stack.
    pub stack: Arc<str>,
}

/// Which results ListHookResults gives.
#[derive(Clone, Debug)]
pub enum HookResults {
    All,
    /// Those of a change set, by its ARN.
    ChangeSet(String),
    /// Those of a hook, by its ARN, and perhaps with this status.
    Hook(String, Option<String>),
}

/// The status of the result of every hook: it looked, and found something.
pub const FOUND: &str = "HOOK_COMPLETE_FAILED";

impl Invocation {
    /// The ARN of the hook's type.
    pub fn arn(&self, place: &Place) -> String {
        let (partition, Place { account, region }) = (place.region.partition(), place);
        format!("arn:{partition}:cloudformation:{region}:{account}:type/hook/{}", self.hook.replace("::", "-"))
    }
}

/// What fails because of these hooks; none if all of them only warn.
fn failure(ran: &[Invocation]) -> Option<String> {
    let failing: Vec<&str> = ran.iter().filter(|one| one.mode == HookMode::Fail).map(|one| one.hook.as_str()).collect();
    (!failing.is_empty()).then(|| format!("The following hook(s) failed: [{}]", failing.join(", ")))
}

impl World {
    /// Invokes the hooks that look at a resource; gives the reason for which it fails.
    pub(super) fn guard_resource(
        &mut self,
        place: &Place,
        stack: &mut Stack,
        operation: &Operation,
        resource: &Resource,
        action: &'static str,
    ) -> Option<String> {
        if !matches!(operation.phase, Phase::Create | Phase::Update | Phase::Delete | Phase::UpdateCleanup) {
            return None;
        }
        let ran = self.invocations(HookTarget::Resource, &stack.name, Some((&resource.logical, &resource.kind)));
        for one in &ran {
            self.remember(place, one, HookTarget::Resource, &resource.logical, Some(&resource.kind), action, &stack.id);
            for reason in [None, one.reason.clone()] {
                self.tell(stack, operation, resource, Some(""));
                note(stack, Invocation { reason, ..one.clone() });
            }
        }
        let failed = failure(&ran);
        if !ran.is_empty() && failed.is_none() {
            let verb = match action {
                "CREATE" => "creation",
                "UPDATE" => "update",
                "IMPORT" => "import",
                _ => "deletion",
            };
            let words = format!("Hook invocations complete.  Resource {verb} initiated");
            self.tell(stack, operation, resource, Some(&words));
        }
        failed
    }

    /// Invokes the hooks that look at a stack; gives the reason for which its operation fails. \[?\] Not those of nested stacks.
    pub(super) fn guard_stack(&mut self, place: &Place, stack: &mut Stack, operation: &Operation) -> Option<String> {
        let action = match operation.phase {
            _ if stack.nest.is_some() => return None,
            Phase::Create => "CREATE",
            Phase::Update => "UPDATE",
            Phase::Delete => "DELETE",
            _ => return None,
        };
        let ran = self.invocations(HookTarget::Stack, &stack.name, None);
        let id = stack.id.clone();
        for one in &ran {
            self.remember(place, one, HookTarget::Stack, &id, None, action, &id);
            for reason in [None, one.reason.clone()] {
                let again = stack.events.last().cloned();
                let uuid = self.ids.uuid();
                stack.events.extend(again.map(|last| Event { id: uuid, at: self.now, reason: None, ..last }));
                note(stack, Invocation { reason, ..one.clone() });
            }
        }
        failure(&ran).map(|words| format!("{words}."))
    }

    /// Invokes the hooks that look at a change set; gives the reason for which it fails. \[src: tests of the CDK\]
    pub(super) fn guard_set(&mut self, place: &Place, stack: &Stack, set: &ChangeSet) -> Option<String> {
        let ran = self.invocations(HookTarget::ChangeSet, &stack.name, None);
        let action = if stack.resources.is_empty() { "CREATE" } else { "UPDATE" };
        for one in &ran {
            self.remember(place, one, HookTarget::ChangeSet, &set.id, None, action, &stack.id);
        }
        failure(&ran).map(|words| format!("Change set creation failed. {words}"))
    }

    /// The hooks that look at something now, in the order of their faults.
    fn invocations(&mut self, at: HookTarget, name: &str, resource: Option<(&str, &str)>) -> Vec<Invocation> {
        let looks = |fault: &Fault| match fault {
            Fault::GuardHook { hook, target, mode, reason, stack, resource: only } => {
                let of_resource =
                    |only: &String| resource.is_some_and(|(logical, kind)| only == logical || only == kind);
                let here = *target == at
                    && stack.as_ref().is_none_or(|stack| stack == name)
                    && only.as_ref().is_none_or(of_resource);
                here.then(|| (hook.clone(), *mode, reason.clone()))
            }
            _ => None,
        };
        let found: Vec<_> = self.faults.iter().filter_map(looks).collect();
        let ran = found.into_iter().map(|(hook, mode, reason)| {
            let id = self.ids.uuid();
            Invocation { id, hook, mode, reason: Some(reason) }
        });
        ran.collect()
    }

    #[expect(clippy::too_many_arguments, reason = "they are the result")]
    fn remember(
        &mut self,
        place: &Place,
        invocation: &Invocation,
        target: HookTarget,
        target_id: &str,
        kind: Option<&str>,
        action: &'static str,
        stack: &Arc<str>,
    ) {
        let (target_id, kind) = (target_id.to_owned(), kind.map(str::to_owned));
        let (invocation, at, stack) = (invocation.clone(), self.now, stack.clone());
        self.region(place).hook_results.push(HookResult { invocation, at, target, target_id, kind, action, stack });
    }

    /// ListHookResults, newest first.
    pub fn hook_results(&self, place: &Place, which: &HookResults) -> Answer<Vec<&HookResult>> {
        let all = self.regions.get(place).into_iter().flat_map(|region| region.hook_results.iter().rev());
        let found: Vec<&HookResult> = all
            .filter(|result| match which {
                HookResults::All => true,
                HookResults::ChangeSet(id) => result.target_id == *id,
                HookResults::Hook(arn, status) => {
                    result.invocation.arn(place) == *arn && status.as_deref().is_none_or(|status| status == FOUND)
                }
            })
            .collect();
        match which {
            HookResults::ChangeSet(id) if found.is_empty() => Err(no_result(id)),
            _ => Ok(found),
        }
    }

    /// GetHookResult.
    pub fn hook_result(&self, place: &Place, id: &str) -> Answer<&HookResult> {
        let mut all = self.regions.get(place).into_iter().flat_map(|region| &region.hook_results);
        all.find(|result| result.invocation.id == id).ok_or_else(|| no_result(id))
    }
}

/// \[?\] The words.
fn no_result(target: &str) -> ApiError {
    let words = format!("There are no hook results for {target}");
    ApiError { code: "HookResultNotFound", message: words, status: 404 }
}

/// The newest event of a stack is one of a hook.
fn note(stack: &mut Stack, invocation: Invocation) {
    if let Some(event) = stack.events.last_mut() {
        event.hook = Some(invocation);
        event.reason = event.reason.take().filter(|words| !words.is_empty());
    }
}
