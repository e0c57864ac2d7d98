//! How an operation on a stack goes on: resources in dependency order, failures, rollbacks, cleanup.
//!
//! One step looks at what is due, starts what can be started, and passes to the next phase when nothing is left. Rules from
//! the CloudFormation user guide: what is ready runs in parallel; the first failure cancels the rest; an update is undone by
//! putting back what was there before, and what is not needed any more is deleted last.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::ecs::DeploymentStatus;
use super::ids::uuid_of;
use super::stack::{Event, Operation, Output, Phase, Resource, Running, Stack, Until};
use super::{Work, World};
use super::{masking, nested};
use crate::model::{Place, StackStatus};

enum Next {
    Again,
    Wait,
    End,
}

impl World {
    /// One look at a stack.
    pub(super) fn step_stack(&mut self, place: &Place, id: &str) {
        let Some(mut stack) = self.region(place).stacks.remove(id) else { return };
        let before = stack.status;
        while let Some(mut operation) = stack.operation.take() {
            match self.step(place, &mut stack, &mut operation) {
                Next::Again => stack.operation = Some(operation),
                Next::End => {
                    stack.leftover = operation.cleanup;
                    std::mem::take(&mut stack.reviewed).values().for_each(|id| self.drop_review(place, id));
                }
                Next::Wait => {
                    if let Some(at) = operation.running.values().filter_map(|running| due(&running.until)).min() {
                        self.schedule(at.max(self.now), Work::Stack { place: place.clone(), id: stack.id.clone() });
                    }
                    stack.operation = Some(operation);
                    break;
                }
            }
        }
        let parent = stack.nest.as_ref().map(|nest| nest.parent.to_string()).filter(|_| stack.status != before);
        self.put_stack(place, stack);
        self.wake(place, parent);
    }

    /// Something that a stack may wait for has ended.
    pub(super) fn wake(&mut self, place: &Place, stack: Option<String>) {
        if let Some(id) = stack {
            self.schedule(self.now, Work::Stack { place: place.clone(), id: id.as_str().into() });
        }
    }

    /// Puts a stack that was taken out for a change back into its region.
    pub(super) fn put_stack(&mut self, place: &Place, stack: Stack) {
        let region = self.region(place);
        if stack.lives() {
            region.names.insert(stack.name.clone(), stack.id.clone());
        } else if region.names.get(&stack.name) == Some(&stack.id) {
            region.names.remove(&stack.name);
        }
        region.stacks.insert(stack.id.clone(), stack);
    }

    /// Begins an operation: the status changes at once, the first resources start at once.
    pub(super) fn begin(
        &mut self,
        place: &Place,
        mut stack: Stack,
        mut operation: Operation,
        status: StackStatus,
        reason: Option<&str>,
    ) {
        operation.cleanup.append(&mut stack.leftover);
        let importing = std::mem::take(&mut stack.importing);
        if stack.nest.is_some() && matches!(operation.phase, Phase::Create | Phase::Update) {
            operation.imports = importing;
        }
        self.set_status(&mut stack, &operation, status, reason.map(str::to_owned));
        operation.invalid = self.guard_stack(place, &mut stack, &operation);
        stack.operation = Some(operation);
        let id = stack.id.clone();
        self.put_stack(place, stack);
        self.schedule(self.now, Work::Stack { place: place.clone(), id: id.clone() });
    }

    fn step(&mut self, place: &Place, stack: &mut Stack, operation: &mut Operation) -> Next {
        if operation.holds && matches!(operation.phase, Phase::UpdateCleanup | Phase::UpdateRollbackCleanup) {
            return Next::Wait;
        }
        if let Some(reason) = operation.invalid.take_if(|_| operation.phase == Phase::Delete) {
            return self.refuse_deletion(stack, operation, reason);
        }
        let nested = self.nested_clean_up(place, stack, operation);
        let finished = self.finish_due(place, stack, operation);
        if operation.phase.forward() {
            let beside = self.failure_beside_resources(stack, operation);
            if !operation.failed.is_empty() || beside.is_some() {
                return self.fail(stack, operation, beside);
            }
            let started = self.start_ready(place, stack, operation);
            if finished || started {
                return Next::Again;
            }
        } else if self.delete_ready(place, stack, operation) || finished {
            return Next::Again;
        }
        if operation.running.is_empty() && !nested && !self.watches(place, stack, operation) {
            return self.complete(place, stack, operation);
        }
        Next::Wait
    }

    /// Logical ids of this phase, in order.
    fn targets(&self, stack: &Stack, operation: &Operation) -> Vec<String> {
        match (operation.phase, &stack.previous) {
            (Phase::UpdateRollback, Some(previous)) => {
                let order = previous.shape.template.order().unwrap_or_default();
                // What was never made has nothing to go back to.
                let made = |name: &String| previous.resources.get(name).is_some_and(|old| old.physical_id.is_some());
                order.into_iter().filter(made).collect()
            }
            _ => stack.shape.template.order().unwrap_or_default(),
        }
    }

    fn start_ready(&mut self, place: &Place, stack: &mut Stack, operation: &mut Operation) -> bool {
        let template = match (operation.phase, &stack.previous) {
            (Phase::UpdateRollback, Some(previous)) => previous.shape.template.clone(),
            _ => stack.shape.template.clone(),
        };
        let targets: Vec<String> = self.targets(stack, operation);
        let names: BTreeSet<&str> = targets.iter().map(String::as_str).collect();
        let mut started = false;
        for name in &targets {
            if operation.done.contains(name) || operation.running.contains_key(name) || !operation.failed.is_empty() {
                continue;
            }
            let Some(definition) = template.resources.get(name) else { continue };
            let waits =
                definition.needs.iter().any(|need| names.contains(need.as_str()) && !operation.done.contains(need));
            if waits || nested::is_futile(&definition.kind, operation) {
                continue;
            }
            started = true;
            if operation.phase == Phase::UpdateRollback {
                self.put_back(place, stack, operation, name);
            } else {
                self.bring(place, stack, operation, name, definition);
            }
        }
        started
    }

    fn finish_due(&mut self, place: &Place, stack: &mut Stack, operation: &mut Operation) -> bool {
        let mut ended: Vec<(String, Option<String>)> = Vec::new();
        for (key, running) in &operation.running {
            match self.outcome(place, running) {
                None => {}
                Some(Ok(())) => ended.push((key.clone(), running.fails.clone())),
                Some(Err(reason)) => ended.push((key.clone(), Some(reason))),
            }
        }
        let any = !ended.is_empty();
        for (key, failure) in ended {
            let Some(mut running) = operation.running.remove(&key) else { continue };
            self.take_answer(place, stack, operation, &mut running);
            match (running.verb, failure) {
                ("IMPORT", None) => self.end_import(place, stack, operation, running),
                ("DELETE", failure) => self.end_deletion(place, stack, operation, running, failure),
                (_, Some(reason)) => self.end_failed(stack, operation, running, reason),
                (_, None) => self.end_well(stack, operation, running),
            }
        }
        any
    }

    /// Whether an operation on a resource has come to its end, and how.
    fn outcome(&self, place: &Place, running: &Running) -> Option<Result<(), String>> {
        let (service, deployment, deadline) = match &running.until {
            Until::Time(at) => return (*at <= self.now).then_some(Ok(())),
            Until::Deployment { service, deployment, deadline } => (service, deployment, deadline),
            other => return self.awaited(place, other),
        };
        let found = self
            .regions
            .get(place)
            .and_then(|region| region.ecs.services.get(service))
            .and_then(|service| service.deployments.iter().find(|d| d.arn == *deployment));
        let handler = |words: &str, code: &str| {
            format!(
                "Resource handler returned message: \"{words}\" (RequestToken: {}, HandlerErrorCode: {code})",
                stack_token(deployment)
            )
        };
        // \[?\] The words for a deployment that was rolled back for another reason than the circuit breaker's.
        let reason = found.and_then(|deployment| deployment.reason.as_ref());
        let reason = reason.filter(|reason| !reason.contains("circuit breaker")).map_or_else(
            || "ECS Deployment Circuit Breaker was triggered".to_owned(),
            |reason| format!("ECS Deployment: {}", reason.trim_end_matches('.')),
        );
        match found.map(|deployment| deployment.status) {
            Some(DeploymentStatus::Successful) => Some(Ok(())),
            Some(status) if status.active() => (*deadline <= self.now).then(|| {
                Err(handler(
                    &format!("Exceeded attempts to wait: service {service} did not stabilize"),
                    "NotStabilized",
                ))
            }),
            _ => Some(Err(handler(&format!("Error occurred during operation '{reason}'."), "GeneralServiceException"))),
        }
    }

    fn end_well(&mut self, stack: &mut Stack, operation: &mut Operation, running: Running) {
        let mut resource = running.next;
        resource.status = format!("{}_COMPLETE", running.verb);
        resource.reason = None;
        resource.at = self.now;
        self.tell(stack, operation, &resource, None);
        operation.done.insert(resource.logical.clone());
        operation.cleanup.extend(running.replaces);
        stack.forget_drift(&resource.logical);
        stack.resources.insert(resource.logical.clone(), resource);
    }

    pub(super) fn end_failed(
        &mut self,
        stack: &mut Stack,
        operation: &mut Operation,
        running: Running,
        reason: String,
    ) {
        let mut resource = running.next;
        resource.status = format!("{}_FAILED", running.verb);
        resource.reason = Some(reason);
        resource.at = self.now;
        self.tell(stack, operation, &resource, None);
        operation.failed.push(resource.logical.clone());
        if running.verb == "IMPORT" {
            resource.physical_id = None;
        }
        // What failed to become another thing is still to be made it: the next update finds the difference.
        let before =
            stack.resources.get(&resource.logical).filter(|_| running.verb == "UPDATE" && running.replaces.is_none());
        if let Some(before) = before.cloned() {
            let Resource { status, reason, at, .. } = resource;
            resource = Resource { status, reason, at, ..before };
        }
        operation.cleanup.extend(running.replaces);
        stack.resources.insert(resource.logical.clone(), resource);
    }

    /// Why an operation fails although its resources do not: its time is over, or an alarm went off. \[?\] The words of the latter.
    fn failure_beside_resources(&self, stack: &Stack, operation: &Operation) -> Option<String> {
        if operation.phase == Phase::Create && stack.deadline().is_some_and(|at| at <= self.now) {
            return Some("Stack creation time exceeded the specified timeout. ".to_owned());
        }
        let watches = matches!(operation.phase, Phase::Create | Phase::Update);
        if let Some(error) = stack.shape.not_expanded().filter(|_| watches) {
            return Some(format!("{}. ", error.message));
        }
        if let Some(reason) = operation.invalid.as_ref().filter(|_| watches) {
            return Some(format!("{reason} "));
        }
        let off = self.gone_off(&stack.shape.monitoring.alarms());
        let first = off.first().filter(|_| watches)?;
        Some(format!("The rollback trigger {first} is in the ALARM state. "))
    }

    /// Whether alarms are still watched after the last resource.
    fn watches(&mut self, place: &Place, stack: &Stack, operation: &mut Operation) -> bool {
        let minutes = stack.shape.monitoring.minutes;
        if minutes == 0 || !matches!(operation.phase, Phase::Create | Phase::Update) {
            return false;
        }
        let after = self.now + jiff::SignedDuration::from_mins(i64::from(minutes));
        let until = *operation.watched_until.get_or_insert(after);
        if until > self.now {
            self.schedule(until, Work::Stack { place: place.clone(), id: stack.id.clone() });
        }
        until > self.now
    }

    /// Turns a phase that makes things into the one that undoes them.
    fn fail(&mut self, stack: &mut Stack, operation: &mut Operation, beside: Option<String>) -> Next {
        let causes = beside.unwrap_or_default() + &failure_sentence(stack, &operation.failed);
        for (_, mut running) in std::mem::take(&mut operation.running) {
            self.give_up(&mut running);
            let words = match running.verb {
                "CREATE" => "Resource creation cancelled",
                "IMPORT" => "Resource import cancelled",
                _ => "Resource update cancelled",
            };
            self.end_failed(stack, operation, running, words.to_owned());
        }
        operation.failed.clear();
        operation.done.clear();
        match operation.phase {
            Phase::Create if stack.keep_failed || stack.nest.is_some() => {
                self.end(stack, operation, StackStatus::CreateFailed, Some(causes))
            }
            Phase::Create => {
                operation.cleanup.extend(stack.resources.values().cloned());
                let (phase, status) = if stack.delete_failed {
                    (Phase::Delete, StackStatus::DeleteInProgress)
                } else {
                    (Phase::Rollback, StackStatus::RollbackInProgress)
                };
                operation.phase = phase;
                self.set_status(stack, operation, status, Some(format!("{causes}Rollback requested by user.")));
                Next::Again
            }
            Phase::Update if stack.keep_failed => self.end(stack, operation, StackStatus::UpdateFailed, Some(causes)),
            Phase::Update => {
                self.begin_update_rollback(stack, operation, causes);
                Next::Again
            }
            _ => self.end(stack, operation, StackStatus::UpdateRollbackFailed, Some(causes)),
        }
    }

    /// Turns a running update round.
    pub(super) fn begin_update_rollback(&mut self, stack: &mut Stack, operation: &mut Operation, reason: String) {
        for (_, mut running) in std::mem::take(&mut operation.running) {
            self.give_up(&mut running);
            self.end_failed(stack, operation, running, "Resource update cancelled".to_owned());
        }
        operation.failed.clear();
        operation.done.clear();
        operation.phase = Phase::UpdateRollback;
        if let Some(previous) = &stack.previous {
            operation
                .cleanup
                .retain(|resource| !previous.resources.values().any(|kept| kept.physical_id == resource.physical_id));
        }
        self.set_status(stack, operation, StackStatus::UpdateRollbackInProgress, Some(reason));
    }

    fn complete(&mut self, place: &Place, stack: &mut Stack, operation: &mut Operation) -> Next {
        match operation.phase {
            Phase::Create | Phase::Update => match self.new_outputs(place, stack, &operation.done) {
                Err(reason) => {
                    operation.done.clear();
                    if operation.phase == Phase::Update {
                        self.begin_update_rollback(stack, operation, reason);
                    } else if stack.nest.is_some() {
                        return self.end(stack, operation, StackStatus::CreateFailed, Some(reason));
                    } else {
                        operation.cleanup.extend(stack.resources.values().cloned());
                        operation.phase = Phase::Rollback;
                        self.set_status(stack, operation, StackStatus::RollbackInProgress, Some(reason));
                    }
                    Next::Again
                }
                Ok(outputs) => {
                    stack.outputs = outputs;
                    if operation.phase == Phase::Create {
                        return self.end(stack, operation, StackStatus::CreateComplete, None);
                    }
                    let wanted: BTreeSet<String> = operation.done.clone();
                    drop_others(stack, operation, &wanted);
                    operation.phase = Phase::UpdateCleanup;
                    self.set_status(stack, operation, StackStatus::UpdateCompleteCleanupInProgress, None);
                    Next::Again
                }
            },
            Phase::UpdateRollback => {
                if let Some(previous) = &stack.previous {
                    stack.shape = previous.shape.clone();
                    stack.outputs = previous.outputs.clone();
                }
                let wanted: BTreeSet<String> = operation.done.clone();
                drop_others(stack, operation, &wanted);
                operation.records = stack.previous.as_mut().and_then(|previous| previous.deployed.take());
                operation.phase = Phase::UpdateRollbackCleanup;
                self.set_status(stack, operation, StackStatus::UpdateRollbackCompleteCleanupInProgress, None);
                Next::Again
            }
            Phase::UpdateCleanup => self.end(stack, operation, StackStatus::UpdateComplete, None),
            Phase::UpdateRollbackCleanup => {
                self.restore_records(place, stack, operation.records.take());
                self.end(stack, operation, StackStatus::UpdateRollbackComplete, None)
            }
            Phase::Rollback if operation.failed.is_empty() => {
                self.end(stack, operation, StackStatus::RollbackComplete, None)
            }
            Phase::Rollback => {
                let words = format!("The following resource(s) failed to delete: [{}]. ", operation.failed.join(", "));
                self.end(stack, operation, StackStatus::RollbackFailed, Some(words))
            }
            Phase::Delete if operation.failed.is_empty() => {
                stack.deleted = Some(self.now);
                stack.outputs.clear();
                self.end(stack, operation, StackStatus::DeleteComplete, None)
            }
            Phase::Delete => {
                let words = format!("The following resource(s) failed to delete: [{}]. ", operation.failed.join(", "));
                self.end(stack, operation, StackStatus::DeleteFailed, Some(words))
            }
        }
    }

    /// The outputs as they will be. An export that others use can neither change nor go \[doc: "Get exported outputs"\], and a
    /// policy may keep what the template has no more.
    fn new_outputs(&self, place: &Place, stack: &Stack, done: &BTreeSet<String>) -> Result<Vec<Output>, String> {
        let leaving = stack.resources.values().filter(|resource| !done.contains(&resource.logical));
        for resource in leaving {
            if let Some(reason) = stack.forbids("Delete", &resource.logical, &resource.kind) {
                return Err(reason);
            }
        }
        let outputs = self.evaluate_outputs(place, stack)?;
        for (name, value) in stack.exports() {
            let kept = outputs.iter().find(|output| output.export.as_deref() == Some(name));
            let verb = match kept {
                Some(output) if output.value == value => continue,
                Some(_) => "updated",
                None => "deleted",
            };
            if let Some(users) = self.importers(place, stack, name) {
                return Err(format!("Export {name} cannot be {verb} as it is in use by {users}"));
            }
        }
        Ok(outputs)
    }

    fn end(
        &mut self,
        stack: &mut Stack,
        operation: &mut Operation,
        status: StackStatus,
        reason: Option<String>,
    ) -> Next {
        if !matches!(status, StackStatus::UpdateFailed | StackStatus::UpdateRollbackFailed) {
            stack.previous = None;
            operation.cleanup.clear();
        }
        stack.forget_absent();
        self.set_status(stack, operation, status, reason);
        Next::End
    }

    /// Ends the deletion of a stack before it begins. What an earlier operation left to be deleted stays so.
    fn refuse_deletion(&mut self, stack: &mut Stack, operation: &mut Operation, reason: String) -> Next {
        let mut cleanup = std::mem::take(&mut operation.cleanup);
        cleanup.retain(|old| stack.resources.get(&old.logical).is_none_or(|own| own.physical_id != old.physical_id));
        let end = self.end(stack, operation, StackStatus::DeleteFailed, Some(reason));
        operation.cleanup = cleanup;
        end
    }

    /// Changes a stack's status and records an event.
    pub(super) fn set_status(
        &mut self,
        stack: &mut Stack,
        operation: &Operation,
        status: StackStatus,
        reason: Option<String>,
    ) {
        let Some(status) = operation.imports.shown(status) else { return };
        note_operation(stack, status);
        stack.status = status;
        stack.reason = reason.clone();
        let event = Event {
            id: self.ids.uuid(),
            at: self.now,
            logical: stack.name.clone(),
            physical_id: Some(stack.id.to_string()),
            kind: "AWS::CloudFormation::Stack".to_owned(),
            status: status.as_str().to_owned(),
            reason,
            properties: None,
            token: operation.token.clone(),
            operation: stack.operations.last().map(|(_, id)| id.clone()),
            set: None,
            validation: None,
            hook: None,
        };
        stack.events.push(event);
    }

    /// Records the state of a resource in an event.
    pub(super) fn tell(&mut self, stack: &mut Stack, operation: &Operation, resource: &Resource, reason: Option<&str>) {
        let event = Event {
            id: format!("{}-{}-{}", resource.logical, resource.status, self.ids.uuid()),
            at: self.now,
            logical: resource.logical.clone(),
            physical_id: resource.physical_id.clone(),
            kind: resource.kind.clone(),
            status: resource.status.clone(),
            reason: reason.map(str::to_owned).or_else(|| resource.reason.clone()),
            properties: serde_json::to_string(&*masking::in_event(stack, operation, resource)).ok(),
            token: operation.token.clone(),
            operation: stack.operations.last().map(|(_, id)| id.clone()),
            set: None,
            validation: None,
            hook: None,
        };
        stack.events.push(event);
    }
}

/// A status that begins an operation gives it its id. A rollback has another one than what it undoes. \[doc: `StackEvent`,
/// `LastOperations`\]
fn note_operation(stack: &mut Stack, status: StackStatus) {
    let kind = match status {
        StackStatus::CreateInProgress => "CREATE_STACK",
        StackStatus::UpdateInProgress => "UPDATE_STACK",
        // \[?\] An import has no type of its own.
        StackStatus::ImportInProgress if stack.operations.is_empty() => "CREATE_STACK",
        StackStatus::ImportInProgress => "UPDATE_STACK",
        StackStatus::DeleteInProgress => "DELETE_STACK",
        StackStatus::UpdateRollbackInProgress if stack.status == StackStatus::UpdateRollbackFailed => {
            "CONTINUE_ROLLBACK"
        }
        StackStatus::RollbackInProgress
        | StackStatus::UpdateRollbackInProgress
        | StackStatus::ImportRollbackInProgress => "ROLLBACK",
        _ => return,
    };
    let id = uuid_of(&format!("{}/{}", stack.id, stack.operations.len()));
    stack.operations.push((kind, id.into()));
}

/// When it is looked at again by itself; none for what wakes the stack.
fn due(until: &Until) -> Option<Timestamp> {
    match until {
        Until::Time(at) => Some(*at),
        Until::Deployment { deadline, .. }
        | Until::Signals { deadline, .. }
        | Until::ResourceSignals { deadline, .. }
        | Until::Response { deadline, .. } => Some(*deadline),
        Until::Stack { .. } => None,
    }
}

/// A shape like a request token, from what it belongs to.
fn stack_token(text: &str) -> String {
    let hex = blake3::hash(text.as_bytes()).to_hex().to_string();
    hex.get(..32).unwrap_or_default().to_owned()
}

/// Moves what the operation did not want to its cleanup.
fn drop_others(stack: &mut Stack, operation: &mut Operation, wanted: &BTreeSet<String>) {
    let others: Vec<String> = stack.resources.keys().filter(|name| !wanted.contains(*name)).cloned().collect();
    for name in others {
        operation.cleanup.extend(stack.resources.shift_remove(&name));
    }
    operation.done.clear();
}

fn failure_sentence(stack: &Stack, failed: &[String]) -> String {
    let mut words = String::new();
    for (verb, status) in [("create", "CREATE_FAILED"), ("update", "UPDATE_FAILED"), ("import", "IMPORT_FAILED")] {
        let of: Vec<&str> = failed
            .iter()
            .filter(|name| stack.resources.get(*name).is_some_and(|resource| resource.status == status))
            .map(String::as_str)
            .collect();
        if !of.is_empty() {
            words.push_str(&format!("The following resource(s) failed to {verb}: [{}]. ", of.join(", ")));
        }
    }
    words
}
