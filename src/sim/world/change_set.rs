//! Change sets: made from a template, read, executed once, obsolete as soon as the stack changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::calls::{StackInput, Token};
use super::drift::RowDrift;
use super::imports::{Importing, Imports, REVIEW, check_request};
use super::stack::{Monitoring, Operation, Phase, Previous, Shape, Stack};
use super::{Work, World};
use crate::model::{Place, StackStatus};
use crate::sim::error::{Answer, ApiError};
use crate::sim::ledger::Effect;

/// CloudFormation's reason for a change set without changes. \[doc\]
pub(super) const NO_CHANGES: &str =
    "The submitted information didn't contain changes. Submit different information to create a change set.";

/// The same of a template with a transform. \[iss: Sceptre#1096\]
pub(super) const NO_UPDATES: &str = "No updates are to be performed.";

#[derive(Clone, Debug)]
pub struct ChangeSet {
    pub name: String,
    /// Its ARN.
    pub id: String,
    /// `CREATE_IN_PROGRESS`, `CREATE_COMPLETE` or `FAILED`.
    pub status: &'static str,
    /// `UNAVAILABLE`, `AVAILABLE`, `EXECUTE_COMPLETE` or `OBSOLETE`.
    pub execution: &'static str,
    /// Why.
    pub reason: Option<String>,
    /// When it was asked for.
    pub created: Timestamp,
    /// The template and parameters that the stack would get.
    pub shape: Shape,
    /// Its own description.
    pub description: Option<String>,
    /// What would change.
    pub changes: Vec<Change>,
    /// What a failed execution does to a new stack: `DO_NOTHING`, `ROLLBACK` or `DELETE`.
    pub on_failure: Option<String>,
    /// Whether it compares with what is there, and brings back what drifted.
    pub reverts: bool,
    /// Whether nested stacks have change sets of their own with it.
    pub nested: bool,
    /// What it imports.
    pub imports: Imports,
    /// Whether it is validated.
    pub validates: bool,
    /// For that of a nested stack, the ids of those of its parent and of its root.
    pub nest: Option<(String, String)>,
    pub(super) token: Option<String>,
    pub(super) fingerprint: String,
}

/// One row of a change set, in AWS's words.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// `Add`, `Modify`, `Remove` or `Import`; in a drift-aware change set also `SyncWithActual`.
    pub action: &'static str,
    /// Logical id of the resource in the template.
    pub logical: String,
    /// Physical id, for what exists.
    pub physical_id: Option<String>,
    /// Its type.
    pub kind: String,
    /// `True`, `False` or `Conditional`, for a modification.
    pub replacement: Option<&'static str>,
    /// Which attributes change: `Properties`, `Tags`.
    pub scope: Vec<&'static str>,
    /// What becomes of the resource that is there: `Delete`, `Retain` or `Snapshot`, and `ReplaceAnd…` of them where it is
    /// certainly replaced.
    pub policy: Option<&'static str>,
    /// What causes it.
    pub details: Vec<Detail>,
    /// All properties before, as JSON.
    pub before: Option<String>,
    /// All properties after, as JSON.
    pub after: Option<String>,
    /// What a drift-aware change set says besides.
    pub drift: Option<RowDrift>,
    /// The id of the change set of a nested stack.
    pub change_set: Option<String>,
}

/// What causes a change, in AWS's words.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// `Properties` or `Tags`.
    pub attribute: &'static str,
    /// The property.
    pub name: Option<String>,
    /// `Never`, `Conditionally` or `Always`.
    pub recreates: &'static str,
    /// `Static` or `Dynamic`.
    pub evaluation: &'static str,
    /// `DirectModification`, `ParameterReference`, `ResourceReference`, `ResourceAttribute`, or `NoModification` where only drift
    /// is undone.
    pub source: &'static str,
    /// The parameter, the resource, or the resource and its attribute.
    pub cause: Option<String>,
    /// The value before.
    pub before: Option<String>,
    /// The value after.
    pub after: Option<String>,
    /// Where it drifted, in a drift-aware change set: the value of the last deployment, and the one that is there.
    pub deployed: Option<(Option<String>, Option<String>)>,
}

/// What CreateChangeSet is given.
#[derive(Clone, Debug)]
pub struct ChangeSetInput {
    /// The change set's name.
    pub name: String,
    /// `CREATE`, `UPDATE` or `IMPORT`.
    pub kind: String,
    /// The rest is as for CreateStack and UpdateStack; the token is `ClientToken`.
    pub stack: StackInput,
    /// Its own description.
    pub description: Option<String>,
    /// `OnStackFailure`.
    pub on_failure: Option<String>,
    /// `DeploymentMode` is `REVERT_DRIFT`.
    pub reverts: bool,
    /// `IncludeNestedStacks`.
    pub nested: bool,
    /// What it imports.
    pub imports: Imports,
}

impl World {
    /// CreateChangeSet. Gives the ids of the change set and of the stack.
    pub fn create_change_set(&mut self, place: &Place, input: &ChangeSetInput) -> Answer<(String, Arc<str>)> {
        super::calls::check_name("changeSetName", &input.name)?;
        // \[src: the CDK\] \[?\] The words.
        if input.nested && input.reverts {
            return Err(ApiError::validation(
                "IncludeNestedStacks is not supported with the deployment mode REVERT_DRIFT",
            ));
        }
        check_options(input)?;
        let fingerprint = format!("{input:?}");
        let found =
            self.find_stack(place, &input.stack.name).filter(|stack| stack.lives()).map(|stack| stack.id.clone());
        if let Some(stack) = found.as_ref().and_then(|id| self.stack_by_id(place, id))
            && let Some(known) = stack.change_sets.get(&input.name)
        {
            let same_token = known.token.is_some() && known.token.as_deref() == input.stack.token.as_deref();
            let answer = (known.id.clone(), stack.id.clone());
            return match (same_token, known.fingerprint == fingerprint) {
                (true, true) => {
                    let subject = format!("{}/{}", input.stack.name, input.name);
                    self.record(place, "CreateChangeSet", subject, input.stack.token.as_deref(), Effect::Replayed);
                    Ok(answer)
                }
                (true, false) => Err(super::calls::token_reused(input.stack.token.as_deref().unwrap_or(""))),
                _ => Err(ApiError::new(
                    "AlreadyExistsException",
                    format!("ChangeSet {} already exists for stack [{}]", input.name, input.stack.name),
                )),
            };
        }
        let mut stack = match (input.kind.as_str(), found) {
            ("CREATE" | "IMPORT", None) => {
                let shape = self.shape(place, &input.stack, None)?;
                check_request(&input.kind, &input.imports, &shape)?;
                let mut stack = self.new_stack(place, &input.stack.name, empty(&shape))?;
                let review = Operation::new(Phase::Create, None);
                self.set_status(&mut stack, &review, StackStatus::ReviewInProgress, Some("User Initiated".to_owned()));
                stack
            }
            ("CREATE", Some(id)) => self.reviewed(place, &input.stack.name, &id)?,
            ("IMPORT", Some(id)) if self.stack_by_id(place, &id).is_some_and(is_reviewed) => {
                self.reviewed(place, &input.stack.name, &id)?
            }
            ("UPDATE" | "IMPORT", Some(id)) => self.updatable(place, &id)?,
            ("UPDATE", None) => return Err(super::calls::no_stack(&input.stack.name)),
            (other, _) => return Err(ApiError::not_modelled(format_args!("change sets of type {other}"))),
        };
        let shape = self.shape(place, &input.stack, Some(&stack.shape)).inspect_err(|_| {
            self.put_stack(place, stack.clone());
        })?;
        check_request(&input.kind, &input.imports, &shape)?;
        if input.kind == "IMPORT" {
            self.check_import(place, &stack, &shape, &input.imports)?;
        }
        let id = self.change_set_id(place, &input.name);
        stack.change_sets.insert(
            input.name.clone(),
            ChangeSet {
                name: input.name.clone(),
                id: id.clone(),
                status: "CREATE_IN_PROGRESS",
                execution: "UNAVAILABLE",
                reason: None,
                created: self.now,
                shape,
                description: input.description.clone(),
                changes: Vec::new(),
                on_failure: input.on_failure.clone(),
                reverts: input.reverts,
                nested: input.nested,
                imports: input.imports.clone(),
                validates: !input.stack.skips_validation,
                nest: None,
                token: input.stack.token.clone(),
                fingerprint,
            },
        );
        let stack_id = stack.id.clone();
        self.put_stack(place, stack);
        let subject = format!("{}/{}", input.stack.name, input.name);
        self.record(place, "CreateChangeSet", subject, input.stack.token.as_deref(), Effect::Effective);
        let work = Work::ChangeSet { place: place.clone(), stack: stack_id.clone(), name: input.name.clone() };
        self.schedule(self.now + self.config.pace.change_set, work);
        Ok((id, stack_id))
    }

    /// The id of a new change set.
    pub(super) fn change_set_id(&mut self, place: &Place, name: &str) -> String {
        let (partition, Place { account, region }) = (place.region.partition(), place);
        format!("arn:{partition}:cloudformation:{region}:{account}:changeSet/{name}/{}", self.ids.uuid())
    }

    fn reviewed(&mut self, place: &Place, name: &str, id: &Arc<str>) -> Answer<Stack> {
        match self.region(place).stacks.get(id) {
            Some(stack) if stack.status == StackStatus::ReviewInProgress => Ok(stack.clone()),
            _ => Err(ApiError::validation(format!(
                "Stack [{name}] already exists and cannot be created again with the changeSet type CREATE"
            ))),
        }
    }

    /// Works out a change set when its time has come.
    pub(super) fn finish_change_set(&mut self, place: &Place, stack_id: &str, name: &str) {
        let Some(mut stack) = self.stack_by_id(place, stack_id).cloned() else { return };
        let pending = stack.change_sets.get(name).filter(|set| set.status == "CREATE_IN_PROGRESS").cloned();
        let Some(set) = pending else { return };
        let actual = set.reverts.then(|| self.as_it_is(place, &stack, &set.shape));
        let mut outcome = match set.shape.not_expanded() {
            Some(error) => Err(error.message.clone()),
            None => self.changes(place, actual.as_ref().unwrap_or(&stack), &set.shape),
        };
        let outcome_of_imports = |rows: &mut Vec<Change>| self.import_rows(place, &set, rows);
        outcome = outcome.and_then(|mut rows| outcome_of_imports(&mut rows).map(|()| rows));
        if let (Some(actual), Ok(rows)) = (&actual, &mut outcome) {
            self.tell_drift(place, &stack, actual, rows);
        }
        let outcome = outcome.and_then(|mut rows| {
            self.include_nested(place, &stack, &set, &mut rows)?;
            Ok(rows)
        });
        let outcome = outcome.and_then(|rows| {
            let valid = self.validate_set(place, &mut stack, &set, &rows);
            valid.map(|()| rows)
        });
        let outcome = outcome.and_then(|rows| self.guard_set(place, &stack, &set).map_or(Ok(rows), Err));
        let others_too = !stack.shape.is_same_beside_resources(&set.shape);
        let fresh = stack.status == StackStatus::ReviewInProgress;
        let (now, findings) = (self.now, stack.findings);
        let Some(stack) = self.region(place).stacks.get_mut(stack_id) else { return };
        stack.findings = findings;
        let Some(set) = stack.change_sets.get_mut(name) else { return };
        match outcome {
            Err(reason) => {
                set.status = "FAILED";
                set.reason = Some(reason);
            }
            Ok(changes) if changes.is_empty() && !others_too && !fresh => {
                set.status = "FAILED";
                let words = if set.shape.expansion.is_some() { NO_UPDATES } else { NO_CHANGES };
                set.reason = Some(words.to_owned());
            }
            Ok(changes) => {
                set.status = "CREATE_COMPLETE";
                set.execution = "AVAILABLE";
                set.reason = (!set.imports.listed.is_empty()).then(|| REVIEW.to_owned());
                set.changes = changes;
            }
        }
        let set = set.clone();
        let ended = set.ended(stack, now);
        stack.findings.push(ended);
    }

    /// The change set of that name or ARN, with its stack.
    pub fn describe_change_set(&self, place: &Place, stack: Option<&str>, name: &str) -> Answer<(&Stack, &ChangeSet)> {
        let missing = || ApiError {
            code: "ChangeSetNotFound",
            message: format!("ChangeSet [{name}] does not exist"),
            status: 404,
        };
        if name.starts_with("arn:") {
            let stacks = self.regions.get(place).into_iter().flat_map(|region| region.stacks.values());
            return stacks
                .filter(|stack| stack.lives())
                .filter_map(|stack| Some((stack, stack.change_sets.values().find(|set| set.id == name)?)))
                .next()
                .ok_or_else(missing);
        }
        let wanted = stack.ok_or_else(|| {
            ApiError::validation("StackName must be specified if ChangeSetName is not specified as an ARN.")
        })?;
        let stack = self.find_stack(place, wanted).filter(|stack| stack.lives()).ok_or_else(|| ApiError {
            code: "ChangeSetNotFound",
            message: format!("Stack [{wanted}] does not exist"),
            status: 404,
        })?;
        stack.change_sets.get(name).map(|set| (stack, set)).ok_or_else(missing)
    }

    /// DeleteChangeSet. One that does not exist is fine.
    pub fn delete_change_set(&mut self, place: &Place, stack: Option<&str>, name: &str) -> Answer<()> {
        let Ok((found, set)) = self.describe_change_set(place, stack, name) else { return Ok(()) };
        super::nested_sets::check_root(set, "deleted")?;
        let (id, name, subject) = (found.id.clone(), set.name.clone(), format!("{}/{}", found.name, set.name));
        let set = set.clone();
        self.drop_nested_sets(place, &set);
        if let Some(stack) = self.region(place).stacks.get_mut(&id) {
            stack.change_sets.shift_remove(&name);
        }
        self.record(place, "DeleteChangeSet", subject, None, Effect::Effective);
        Ok(())
    }

    /// ExecuteChangeSet.
    pub fn execute_change_set(
        &mut self,
        place: &Place,
        stack: Option<&str>,
        name: &str,
        keep_failed: Option<bool>,
        token: &Token,
    ) -> Answer<()> {
        let named = stack
            .and_then(|stack| self.find_stack(place, stack))
            .filter(|stack| stack.lives())
            .map(|stack| stack.id.clone());
        if let Some(id) = named {
            let request = format!("ExecuteChangeSet {name}");
            if self.replayed(place, &id, token, &request)? {
                self.record(
                    place,
                    "ExecuteChangeSet",
                    format!("{}/{name}", stack.unwrap_or("")),
                    token.as_deref(),
                    Effect::Replayed,
                );
                return Ok(());
            }
        }
        let (found, set) = self.describe_change_set(place, stack, name)?;
        super::nested_sets::check_root(set, "executed")?;
        if set.execution != "AVAILABLE" {
            return Err(ApiError::new(
                "InvalidChangeSetStatus",
                format!(
                    "ChangeSet [{}] cannot be executed in its current status of [{}]{}",
                    set.id,
                    set.status,
                    match set.execution {
                        "OBSOLETE" => "; its execution status is [OBSOLETE]",
                        _ => "",
                    }
                ),
            ));
        }
        let (set, mut stack) = (set.clone(), found.clone());
        let imports = Importing::of(&set);
        if imports.only && keep_failed == Some(true) {
            return Err(ApiError::not_modelled("DisableRollback of an import"));
        }
        let fresh = stack.status == StackStatus::ReviewInProgress;
        if stack.operation.is_some() {
            return Err(super::calls::wrong_state(&stack));
        }
        if !fresh {
            self.updatable(place, &stack.id)?;
        }
        let before = stack.clone();
        for (_, other) in std::mem::take(&mut stack.change_sets) {
            if other.id != set.id {
                self.drop_nested_sets(place, &other);
            }
        }
        stack.reviewed = self.execute_nested(place, &set);
        let mut kept = set.clone();
        kept.execution = "EXECUTE_COMPLETE";
        stack.change_sets.insert(kept.name.clone(), kept);
        stack.keep_failed = keep_failed.unwrap_or(set.on_failure.as_deref() == Some("DO_NOTHING"));
        stack.delete_failed = set.on_failure.as_deref() == Some("DELETE");
        stack.policy_of_update = None;
        if let Some(token) = token {
            stack.tokens.insert(token.clone(), format!("ExecuteChangeSet {name}"));
        }
        let deployed = set.reverts.then(|| stack.resources.clone());
        if set.reverts {
            stack.resources = self.as_it_is(place, &stack, &set.shape).resources;
        }
        if self.config.stale_reads > 0 {
            stack.stale = Some((self.config.stale_reads, Box::new(before)));
        }
        self.record(
            place,
            "ExecuteChangeSet",
            format!("{}/{}", stack.name, set.name),
            token.as_deref(),
            Effect::Effective,
        );
        if (!fresh || imports.only) && stack.previous.is_none() {
            stack.previous = Some(Box::new(Previous { deployed, ..Previous::of(&stack) }));
        }
        self.start_importing(place, stack, set.shape, fresh, token, imports);
        Ok(())
    }

    /// Begins to make a stack what a shape says.
    pub(super) fn start(&mut self, place: &Place, stack: Stack, shape: Shape, create: bool, token: &Token) {
        self.start_importing(place, stack, shape, create, token, Importing::default());
    }

    fn start_importing(
        &mut self,
        place: &Place,
        mut stack: Stack,
        shape: Shape,
        create: bool,
        token: &Token,
        imports: Importing,
    ) {
        let token = token.as_deref().map(Arc::from);
        if create && !imports.only {
            stack.shape = shape;
            let operation = Operation { imports, ..Operation::new(Phase::Create, token) };
            return self.begin(place, stack, operation, StackStatus::CreateInProgress, Some("User Initiated"));
        }
        if stack.previous.is_none() {
            stack.previous = Some(Box::new(Previous::of(&stack)));
        }
        stack.shape = shape;
        if !create {
            stack.updated = Some(self.now);
        }
        for set in stack.change_sets.values_mut().filter(|set| set.execution == "AVAILABLE") {
            set.execution = "OBSOLETE";
        }
        let operation = Operation { imports, ..Operation::new(Phase::Update, token) };
        self.begin(place, stack, operation, StackStatus::UpdateInProgress, Some("User Initiated"));
    }
}

fn is_reviewed(stack: &Stack) -> bool {
    stack.status == StackStatus::ReviewInProgress
}

/// Refuses options that do not go together.
fn check_options(input: &ChangeSetInput) -> Answer<()> {
    let import = input.kind == "IMPORT";
    // \[src: the CDK\] \[?\] The words.
    if import && input.nested {
        return Err(ApiError::validation("IncludeNestedStacks is not supported for a change set of type IMPORT"));
    }
    for (given, what) in [
        (import && input.on_failure.is_some(), "OnStackFailure of an import"),
        (import && input.reverts, "the deployment mode REVERT_DRIFT of an import"),
        (import && input.imports.existing, "ImportExistingResources of an import"),
        (input.reverts && input.imports.existing, "ImportExistingResources with the deployment mode REVERT_DRIFT"),
    ] {
        if given {
            return Err(ApiError::not_modelled(what));
        }
    }
    Ok(())
}

/// The shape of a stack that has nothing yet.
pub(super) fn empty(shape: &Shape) -> Shape {
    let (notifications, monitoring) = (Vec::new(), Monitoring::default());
    let (parameters, values) = (BTreeMap::new(), BTreeMap::new());
    Shape { tags: BTreeMap::new(), parameters, values, notifications, monitoring, ..shape.clone() }
}
