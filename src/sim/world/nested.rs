//! Nested stacks: `AWS::CloudFormation::Stack`, a stack of its own whose operations belong to those of its parent.
//!
//! \[doc: "Split a template into reusable pieces using nested stacks"; "Troubleshooting CloudFormation", nested stacks stuck
//! in `UPDATE_COMPLETE_CLEANUP_IN_PROGRESS`\] No nested stack begins its cleanup before its root has been updated or rolled
//! back, so that each can still go back. An update of the parent updates every nested stack: its template may be another one
//! under the same URL.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::calls::{StackInput, Token};
use super::eval::as_text;
use super::stack::{Goal, Monitoring, Nest, Operation, Phase, Resource, Shape, Stack, Until};
use super::transform::check_expansion;
use super::{Work, World};
use crate::model::{Place, StackStatus};
use crate::sim::error::{Answer, ApiError};
use crate::sim::fault::During;

/// The type.
pub(super) const KIND: &str = "AWS::CloudFormation::Stack";

/// How deep stacks may nest here. \[?\] AWS documents no limit, and a template that names itself must come to an end.
const DEEPEST: usize = 16;

/// The most resources of a root with all that is nested in it. \[doc: quotas, "Nested stacks"\]
const MOST: usize = 2500;

/// What an address calls this server, if that is on this machine: a template that a client packaged names its endpoint.
fn own_host(url: &str) -> Option<&str> {
    let host = url.strip_prefix("http://")?.split('/').next()?;
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let loopback = name == "localhost" || name.ends_with(".localhost") || name == "[::1]" || name.starts_with("127.");
    loopback.then_some(host)
}

/// `PARENT-LOGICAL-RANDOM`, cut where it would be too long.
pub(super) fn name_in(parent: &str, logical: &str, random: &str) -> String {
    let stem: String = format!("{parent}-{logical}").chars().take(127 - random.len()).collect();
    format!("{stem}-{random}")
}

/// Whether a nested stack would begin next to one that is about to fail: templates that name themselves many times would
/// otherwise be read once for each.
pub(super) fn is_futile(kind: &str, operation: &Operation) -> bool {
    kind == KIND && operation.running.values().any(|running| running.next.kind == KIND && running.fails.is_some())
}

/// The token of the operation that goes on in a stack.
fn token(stack: &Stack) -> Option<Arc<str>> {
    stack.events.last().and_then(|event| event.token.clone())
}

fn list<'a>(properties: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a Value> {
    properties.get(name).and_then(Value::as_array).into_iter().flatten()
}

impl World {
    /// What a nested stack is asked to be.
    pub(super) fn nested_input(
        &mut self,
        place: &Place,
        parent: (&Shape, &str),
        properties: &Map<String, Value>,
    ) -> Result<StackInput, String> {
        let url = properties.get("TemplateURL").and_then(Value::as_str).unwrap_or_default();
        let template = self.template_at(place, url, own_host(url)).map_err(|error| error.message)?;
        // \[reports\]
        let wrong =
            || "Value of property Parameters must be an object with String (or simple type) properties".to_owned();
        let parameters = match properties.get("Parameters") {
            None => BTreeMap::new(),
            Some(Value::Object(map)) => {
                let one = |(name, value): (&String, &Value)| Some((name.clone(), Some(as_text(value)?)));
                map.iter().map(one).collect::<Option<_>>().ok_or_else(wrong)?
            }
            Some(_) => return Err(wrong()),
        };
        let (shape, name) = parent;
        let word = |tag: &Value, key: &str| tag.get(key).and_then(as_text).unwrap_or_default();
        let own = list(properties, "Tags").map(|tag| (word(tag, "Key"), word(tag, "Value")));
        Ok(StackInput {
            name: name.to_owned(),
            template: Some(template),
            parameters,
            tags: Some(shape.tags.clone().into_iter().chain(own).collect()),
            capabilities: shape.capabilities.clone(),
            role: shape.role.clone(),
            notifications: Some(list(properties, "NotificationARNs").filter_map(as_text).collect()),
            monitoring: Some(Monitoring::default()),
            token: None,
            skips_validation: false,
        })
    }

    /// The nest of a new stack in a stack.
    pub(super) fn nest_in(&self, parent: &Stack) -> Result<Nest, String> {
        let depth = parent.nest.as_ref().map_or(1, |nest| nest.depth + 1);
        if depth > DEEPEST {
            return Err(format!("Stacks are nested deeper than the maximum, {DEEPEST}"));
        }
        let root = parent.nest.as_ref().map_or_else(|| parent.id.clone(), |nest| nest.root.clone());
        Ok(Nest { parent: parent.id.clone(), root, depth })
    }

    /// That a root has not too many resources with one more stack. \[?\] The words.
    pub(super) fn check_size(
        &self,
        place: &Place,
        root: &str,
        more: &Shape,
        instead_of: Option<&str>,
    ) -> Result<(), String> {
        let in_root = |stack: &&Stack| {
            stack.lives()
                && Some(&*stack.id) != instead_of
                && (&*stack.id == root || stack.nest.as_ref().is_some_and(|nest| &*nest.root == root))
        };
        let others = self.regions.get(place).into_iter().flat_map(|region| region.stacks.values()).filter(in_root);
        let count: usize = others.map(|stack| stack.shape.template.resources.len()).sum();
        if count + more.template.resources.len() > MOST {
            return Err(format!("Number of resources of nested stacks is greater than maximum allowed, {MOST}"));
        }
        Ok(())
    }

    /// Creates a nested stack.
    pub(super) fn make_nested(&mut self, place: &Place, parent: &Stack, next: &mut Resource) -> Result<Until, String> {
        let nest = self.nest_in(parent)?;
        let reviewed = parent.reviewed.get(&next.logical).and_then(|id| self.stack_by_id(place, id));
        let reviewed = reviewed.filter(|stack| stack.status == StackStatus::ReviewInProgress).cloned();
        let name = match &reviewed {
            Some(stack) => stack.name.clone(),
            None => name_in(&parent.name, &next.logical, &self.ids.letters(12)),
        };
        let input = self.nested_input(place, (&parent.shape, &name), &next.properties)?;
        let shape = self.shape(place, &input, None).map_err(|error| error.message)?;
        check_expansion(&shape).map_err(|error| error.message)?;
        self.check_size(place, &nest.root, &shape, reviewed.as_ref().map(|stack| &*stack.id))?;
        let mut stack = self.new_stack(place, &name, shape.clone()).map_err(|error| error.message)?;
        if let Some(reviewed) = reviewed {
            stack = Stack { shape: shape.clone(), ..reviewed };
        }
        let minutes = next.properties.get("TimeoutInMinutes").and_then(as_text).and_then(|text| text.parse().ok());
        stack.timeout = minutes;
        stack.protected = parent.protected;
        stack.nest = Some(nest);
        let (id, deadline) = (stack.id.clone(), stack.deadline());
        self.start(place, stack, shape, true, &token(parent).map(|token| token.to_string()));
        self.tell_expansion(place, &id);
        if let Some(deadline) = deadline {
            self.schedule(deadline, Work::Stack { place: place.clone(), id: id.clone() });
        }
        next.physical_id = Some(id.to_string());
        Ok(Until::Stack { id, goal: Goal::Create })
    }

    /// Updates a nested stack, or takes its update back. None if there is nothing to do in it.
    pub(super) fn update_nested(
        &mut self,
        place: &Place,
        parent: &Stack,
        next: &Resource,
        properties: &Map<String, Value>,
        during: During,
    ) -> Result<Option<Until>, String> {
        let id = next.physical_id.clone().unwrap_or_default();
        let nested = self.stack_by_id(place, &id).filter(|stack| stack.lives()).cloned();
        let nested = nested.ok_or_else(|| format!("Stack [{id}] does not exist"))?;
        if during == During::Rollback {
            return Ok(self.take_nested_back(place, parent, nested));
        }
        let mut nested = nested;
        let held = |operation: &mut Operation| operation.holds && operation.phase == Phase::UpdateCleanup;
        if let Some(operation) = nested.operation.take_if(held) {
            nested.leftover.extend(operation.cleanup);
        } else {
            self.updatable(place, &id).map_err(|error| error.message)?;
        }
        let input = self.nested_input(place, (&parent.shape, &nested.name), properties)?;
        let shape = self.shape(place, &input, Some(&nested.shape)).map_err(|error| error.message)?;
        check_expansion(&shape).map_err(|error| error.message)?;
        let root = nested.nest.as_ref().map_or_else(|| parent.id.clone(), |nest| nest.root.clone());
        self.check_size(place, &root, &shape, Some(&id))?;
        let same = shape.not_expanded().is_none()
            && shape.is_same_beside_resources(&nested.shape)
            && nested.status != StackStatus::UpdateFailed
            && self.changes(place, &nested, &shape)?.is_empty();
        if same {
            return Ok(None);
        }
        nested.keep_failed = parent.keep_failed;
        let id = nested.id.clone();
        self.start(place, nested, shape, false, &token(parent).map(|token| token.to_string()));
        self.tell_expansion(place, &id);
        self.hold(place, &id, true);
        Ok(Some(Until::Stack { id, goal: Goal::Update }))
    }

    fn take_nested_back(&mut self, place: &Place, parent: &Stack, mut nested: Stack) -> Option<Until> {
        let id = nested.id.clone();
        let until = Some(Until::Stack { id: id.clone(), goal: Goal::Rollback });
        let mut operation = match (nested.operation.take(), nested.status) {
            (Some(operation), _) if !matches!(operation.phase, Phase::Update | Phase::UpdateCleanup) => return until,
            (Some(operation), _) => operation,
            (None, StackStatus::UpdateFailed | StackStatus::UpdateRollbackFailed) if nested.previous.is_some() => {
                let mut operation = Operation::new(Phase::UpdateRollback, token(parent));
                operation.cleanup.append(&mut nested.leftover);
                operation
            }
            (None, _) => return None,
        };
        operation.holds = true;
        self.begin_update_rollback(&mut nested, &mut operation, "Rollback requested by the parent stack.".to_owned());
        nested.operation = Some(operation);
        self.put_stack(place, nested);
        self.schedule(self.now, Work::Stack { place: place.clone(), id });
        until
    }

    /// Goes on with the rollback of nested stacks, and leaves these of their resources as they are: `STACK-NAME.LOGICAL-ID`.
    /// \[doc: ContinueUpdateRollback, `ResourcesToSkip`\]
    pub(super) fn skip_in_nested(&mut self, place: &Place, root: &Stack, skip: &[String], token: &Token) -> Answer<()> {
        let mut found: BTreeMap<Arc<str>, BTreeSet<String>> = BTreeMap::new();
        for entry in skip {
            let (name, logical) = entry.split_once('.').unwrap_or_default();
            let in_root = |stack: &&Stack| stack.nest.as_ref().is_some_and(|nest| nest.root == root.id);
            let stack = self.find_stack(place, name).filter(in_root);
            let stack = stack.filter(|s| s.status == StackStatus::UpdateRollbackFailed && s.can_skip(logical));
            let wrong = || {
                ApiError::validation(format!(
                    "Resource(s) [{entry}] cannot be skipped: only resources in UPDATE_FAILED state can be skipped"
                ))
            };
            found.entry(stack.ok_or_else(wrong)?.id.clone()).or_default().insert(logical.to_owned());
        }
        for (id, skip) in found {
            let Some(stack) = self.stack_by_id(place, &id).cloned() else { continue };
            let mut operation = Operation::new(Phase::UpdateRollback, token.as_deref().map(Arc::from));
            (operation.skip, operation.holds) = (skip, true);
            let status = StackStatus::UpdateRollbackInProgress;
            self.begin(place, stack, operation, status, Some("Rollback requested by the parent stack."));
        }
        Ok(())
    }

    /// Why a stack cannot be nested in another one by an import. \[doc: "Nest an existing stack"\] \[?\] The words.
    pub(super) fn unfit(&mut self, place: &Place, parent: &Stack, next: &Resource, id: &str) -> Result<(), String> {
        if parent.nest.is_some() {
            return Err("A stack cannot be imported into a nested stack".to_owned());
        }
        let nested = self.stack_by_id(place, id).cloned();
        let nested = nested.ok_or_else(|| format!("Stack [{id}] does not exist"))?;
        if nested.operation.is_some() || nested.id == parent.id {
            return Err(format!("Stack {id} is in {} state and can not be imported", nested.status.as_str()));
        }
        if nested.resources.values().any(|resource| resource.kind == KIND) {
            return Err(format!("Stack {id} has nested stacks and cannot be imported"));
        }
        let input = self.nested_input(place, (&parent.shape, &nested.name), &next.properties)?;
        let shape = self.shape(place, &input, Some(&nested.shape)).map_err(|error| error.message)?;
        if shape.template != nested.shape.template {
            return Err(format!("The template of {} does not match the template of stack {id}", next.logical));
        }
        let word = |tag: &Value, key: &str| tag.get(key).and_then(as_text).unwrap_or_default();
        let tags: BTreeMap<String, String> =
            list(&next.properties, "Tags").map(|tag| (word(tag, "Key"), word(tag, "Value"))).collect();
        if tags != nested.shape.tags {
            return Err(format!("The tags of {} do not match the tags of stack {id}", next.logical));
        }
        self.check_size(place, &parent.id, &shape, Some(id))
    }

    /// A stack becomes one that is nested in another.
    pub(super) fn adopt(&mut self, place: &Place, parent: &Stack, id: &str) {
        let Ok(nest) = self.nest_in(parent) else { return };
        if let Some(stack) = self.region(place).stacks.get_mut(id) {
            stack.nest = Some(nest);
        }
    }

    /// Deletes a nested stack; none if it is gone.
    pub(super) fn delete_nested(
        &mut self,
        place: &Place,
        parent: &Stack,
        resource: &Resource,
    ) -> Result<Option<Until>, String> {
        let id = resource.physical_id.as_deref().unwrap_or_default();
        let Some(nested) = self.stack_by_id(place, id).filter(|stack| stack.lives()).cloned() else { return Ok(None) };
        let until = Some(Until::Stack { id: nested.id.clone(), goal: Goal::Delete });
        if nested.status == StackStatus::DeleteInProgress {
            return Ok(until);
        }
        if let Some((export, users)) = self.importer(place, &nested) {
            return Err(format!(
                "Embedded stack {id} was not successfully deleted: Export {export} cannot be deleted as it is in use by {users}"
            ));
        }
        self.delete_now(place, nested, Operation::new(Phase::Delete, token(parent)));
        Ok(until)
    }

    /// Whether the operation of a nested stack has come to where its parent goes on.
    pub(super) fn nested_outcome(&self, place: &Place, id: &str, goal: Goal) -> Option<Result<(), String>> {
        use StackStatus as S;
        let Some(stack) = self.stack_by_id(place, id) else { return Some(Ok(())) };
        let reason = || stack.reason.as_deref().unwrap_or_default().trim_end().to_owned();
        let failed = |what: &str| Some(Err(format!("Embedded stack {id} was not successfully {what}: {}", reason())));
        match (goal, stack.status) {
            (Goal::Create, S::CreateInProgress)
            | (Goal::Update, S::UpdateInProgress)
            | (Goal::Rollback, S::UpdateInProgress | S::UpdateRollbackInProgress)
            | (Goal::Delete, S::DeleteInProgress) => None,
            (Goal::Create, S::CreateComplete)
            | (Goal::Update, S::UpdateComplete | S::UpdateCompleteCleanupInProgress)
            | (Goal::Rollback, S::UpdateRollbackComplete | S::UpdateRollbackCompleteCleanupInProgress)
            | (Goal::Delete, S::DeleteComplete) => Some(Ok(())),
            (Goal::Create, _) => failed("created"),
            (Goal::Delete, _) => failed("deleted"),
            // \[reports\]
            (Goal::Update | Goal::Rollback, status) => {
                let reason = reason();
                let words = "was not successfully updated. Currently in";
                Some(Err(format!("Embedded stack {id} {words} {status} with reason: {reason}")))
            }
        }
    }

    /// Gives a resource the outputs of its stack.
    pub(super) fn take_outputs(&self, place: &Place, id: &str, next: &mut Resource) {
        let outputs = self.stack_by_id(place, id).into_iter().flat_map(|stack| &stack.outputs);
        next.attributes = outputs.map(|output| (format!("Outputs.{}", output.key), output.value.clone())).collect();
    }

    fn hold(&mut self, place: &Place, id: &str, holds: bool) {
        let operation = self.region(place).stacks.get_mut(id).and_then(|stack| stack.operation.as_mut());
        if let Some(operation) = operation {
            operation.holds = holds;
        }
    }

    /// The stacks that are nested directly in a stack and in which something goes on.
    fn open_nested(&self, place: &Place, stack: &Stack) -> Vec<Arc<str>> {
        let nested = stack.resources.values().filter(|resource| resource.kind == KIND);
        let stacks = nested.filter_map(|resource| self.stack_by_id(place, resource.physical_id.as_deref()?));
        stacks.filter(|stack| stack.operation.is_some()).map(|stack| stack.id.clone()).collect()
    }

    /// Whether something goes on in the stack of a resource.
    pub(super) fn is_open(&self, place: &Place, resource: &Resource) -> bool {
        let id = resource.physical_id.as_deref().filter(|_| resource.kind == KIND);
        id.and_then(|id| self.stack_by_id(place, id)).is_some_and(|stack| stack.operation.is_some())
    }

    /// Lets the stacks that are nested in a stack clean up with it; whether something goes on in any of them.
    pub(super) fn nested_clean_up(&mut self, place: &Place, stack: &Stack, operation: &Operation) -> bool {
        if !matches!(operation.phase, Phase::UpdateCleanup | Phase::UpdateRollbackCleanup) {
            return false;
        }
        let open = self.open_nested(place, stack);
        for id in &open {
            let held = self.stack_by_id(place, id).and_then(|stack| stack.operation.as_ref()).is_some_and(|o| o.holds);
            if held {
                self.hold(place, id, false);
                self.schedule(self.now, Work::Stack { place: place.clone(), id: id.clone() });
            }
        }
        !open.is_empty()
    }
}
