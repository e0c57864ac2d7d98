//! CloudFormation's operations on stacks: what is checked before anything begins, and what begins.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;

use super::drift::Drift;
use super::imports::Importing;
use super::stack::{Monitoring, Operation, Phase, Shape, Stack};
use super::template::Parameter;
use super::transform::check_expansion;
use super::{Work, World};
use crate::model::{Place, StackStatus};
use crate::sim::error::{Answer, ApiError};
use crate::sim::ledger::Effect;

/// The token of a call.
pub type Token = Option<String>;

/// What CreateStack, UpdateStack and CreateChangeSet have in common.
#[derive(Clone, Debug, Default)]
pub struct StackInput {
    /// The stack's name.
    pub name: String,
    /// The template; none with `UsePreviousTemplate`.
    pub template: Option<String>,
    /// Parameter values; none with `UsePreviousValue`.
    pub parameters: BTreeMap<String, Option<String>>,
    /// Stack tags; none leaves them as they are.
    pub tags: Option<BTreeMap<String, String>>,
    pub capabilities: Vec<String>,
    /// The role for CloudFormation.
    pub role: Option<String>,
    /// Topics that should hear of events; none leaves them as they are.
    pub notifications: Option<Vec<String>>,
    /// Alarms that roll an operation back; none leaves them as they are.
    pub monitoring: Option<Monitoring>,
    pub token: Token,
    /// `DisableValidation`.
    pub skips_validation: bool,
}

/// What only CreateStack and UpdateStack take.
#[derive(Clone, Debug, Default)]
pub struct StackOptions {
    /// A failure is left as it is.
    pub keep_failed: bool,
    /// A failed creation deletes the stack.
    pub delete_failed: bool,
    /// Termination protection.
    pub protected: bool,
    /// After how many minutes a creation fails.
    pub timeout: Option<u32>,
    /// The stack policy, as JSON.
    pub policy: Option<String>,
    /// A stack policy for one update.
    pub policy_of_update: Option<String>,
}

pub(super) fn check_name(member: &str, name: &str) -> Answer<()> {
    let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) && letters && name.len() <= 128 {
        return Ok(());
    }
    Err(ApiError::validation(format!(
        "1 validation error detected: Value '{name}' at '{member}' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: [a-zA-Z][-a-zA-Z0-9]* and have length less than or equal to 128"
    )))
}

pub(super) fn no_stack(name: &str) -> ApiError {
    ApiError::validation(format!("Stack [{name}] does not exist"))
}

pub(super) fn token_reused(token: &str) -> ApiError {
    ApiError::new("TokenAlreadyExistsException", format!("A client request token already exists: {token}"))
}

pub(super) fn wrong_state(stack: &Stack) -> ApiError {
    ApiError::validation(format!("Stack:{} is in {} state and can not be updated.", stack.id, stack.status))
}

fn check_token(token: &Token) -> Answer<()> {
    let fits = |text: &String| {
        text.len() <= 128
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    match token {
        Some(text) if !fits(text) => Err(ApiError::validation(format!(
            "1 validation error detected: Value '{text}' at 'clientRequestToken' failed to satisfy constraint: Member must \
             satisfy regular expression pattern: [a-zA-Z0-9][-a-zA-Z0-9]*"
        ))),
        _ => Ok(()),
    }
}

impl World {
    /// The stack of that name, or of that id, deleted ones by id only.
    pub fn find_stack(&self, place: &Place, name_or_id: &str) -> Option<&Stack> {
        let region = self.regions.get(place)?;
        match region.stacks.get(name_or_id) {
            Some(stack) => Some(stack),
            None => region.stacks.get(region.names.get(name_or_id)?),
        }
    }

    pub(super) fn stack_by_id(&self, place: &Place, id: &str) -> Option<&Stack> {
        self.regions.get(place)?.stacks.get(id)
    }

    /// Every stack of a region, deleted ones included, in the order of their creation.
    pub fn stacks(&self, place: &Place) -> Vec<&Stack> {
        let mut stacks: Vec<&Stack> = self.regions.get(place).into_iter().flat_map(|r| r.stacks.values()).collect();
        stacks.sort_by(|a, b| (a.created, &a.name).cmp(&(b.created, &b.name)));
        stacks
    }

    pub(super) fn living(&self, place: &Place, name: &str) -> Answer<Stack> {
        self.find_stack(place, name).filter(|stack| stack.lives()).cloned().ok_or_else(|| no_stack(name))
    }

    pub(super) fn updatable(&self, place: &Place, name: &str) -> Answer<Stack> {
        let stack = self.living(place, name)?;
        match stack.status {
            StackStatus::CreateComplete
            | StackStatus::UpdateComplete
            | StackStatus::UpdateRollbackComplete
            | StackStatus::ImportComplete
            | StackStatus::ImportRollbackComplete
            | StackStatus::UpdateFailed
            | StackStatus::CreateFailed => Ok(stack),
            _ => Err(wrong_state(&stack)),
        }
    }

    /// Whether a call with this token was accepted before; an error if that was another request.
    pub(super) fn replayed(&self, place: &Place, id: &str, token: &Token, request: &str) -> Answer<bool> {
        check_token(token)?;
        let Some(token) = token else { return Ok(false) };
        match self.stack_by_id(place, id).and_then(|stack| stack.tokens.get(token)) {
            None => Ok(false),
            Some(known) if known == request => Ok(true),
            Some(_) => Err(token_reused(token)),
        }
    }

    /// Reads and checks what a stack should be. `before` is what it is, for what a request leaves as it is.
    pub(super) fn shape(&self, place: &Place, input: &StackInput, before: Option<&Shape>) -> Answer<Shape> {
        let missing = || ApiError::validation("Either Template URL or Template Body must be specified.");
        let (body, expansion, template) = match (&input.template, before) {
            (Some(body), _) => self.read_template(place, input, Arc::from(body.as_str()), before)?,
            // \[?\] What was written is expanded again, with the new values of parameters.
            (None, Some(before)) if before.expansion.is_some() => {
                self.read_template(place, input, before.body.clone(), Some(before))?
            }
            (None, Some(before)) => (before.body.clone(), None, before.template.clone()),
            (None, None) => return Err(missing()),
        };
        let tags = input.tags.clone().or_else(|| before.map(|before| before.tags.clone())).unwrap_or_default();
        check_tags(&tags)?;
        if let Some(word) = template.capability() {
            let given = |name: &str| input.capabilities.iter().any(|capability| capability == name);
            if !(given("CAPABILITY_NAMED_IAM") || word == "CAPABILITY_IAM" && given("CAPABILITY_IAM")) {
                return Err(lacks_capability(word));
            }
        }
        let parameters = parameters(&template.parameters, input, before)?;
        let values = self.values(place, &template.parameters, &parameters)?;
        self.check_references(place, &template)?;
        if !template.conditions.is_empty() {
            let deployed = expansion.as_ref().map_or(&body, |expansion| &expansion.processed);
            super::written::check_conditions(deployed, &with_pseudo(place, &input.name, &values))?;
        }
        let role = input.role.clone().or_else(|| before.and_then(|before| before.role.clone()));
        self.check_role(place, role.as_deref())?;
        let notifications = input.notifications.clone().or_else(|| before.map(|before| before.notifications.clone()));
        let monitoring = input.monitoring.clone().or_else(|| before.map(|before| before.monitoring.clone()));
        let (notifications, monitoring) = (notifications.unwrap_or_default(), monitoring.unwrap_or_default());
        let capabilities = input.capabilities.clone();
        Ok(Shape { body, expansion, template, parameters, values, tags, capabilities, role, notifications, monitoring })
    }

    pub(super) fn new_stack(&mut self, place: &Place, name: &str, shape: Shape) -> Answer<Stack> {
        check_name("stackName", name)?;
        let id = format!(
            "arn:{}:cloudformation:{}:{}:stack/{name}/{}",
            place.region.partition(),
            place.region,
            place.account,
            self.ids.uuid()
        );
        Ok(Stack {
            id: Arc::from(id),
            name: name.to_owned(),
            status: StackStatus::ReviewInProgress,
            reason: None,
            shape,
            previous: None,
            created: self.now,
            updated: None,
            deleted: None,
            protected: false,
            policy: None,
            policy_of_update: None,
            timeout: None,
            keep_failed: false,
            delete_failed: false,
            resources: IndexMap::new(),
            outputs: Vec::new(),
            events: Vec::new(),
            findings: Vec::new(),
            change_sets: IndexMap::new(),
            operation: None,
            leftover: Vec::new(),
            tokens: BTreeMap::new(),
            operations: Vec::new(),
            drift: Drift::default(),
            stale: None,
            nest: None,
            importing: Importing::default(),
            reviewed: BTreeMap::new(),
        })
    }

    /// CreateStack. Gives the stack's id.
    pub fn create_stack(&mut self, place: &Place, input: &StackInput, options: &StackOptions) -> Answer<Arc<str>> {
        check_token(&input.token)?;
        let request = format!("CreateStack {input:?} {options:?}");
        if let Some(stack) = self.find_stack(place, &input.name).filter(|stack| stack.lives()) {
            let id = stack.id.clone();
            if self.replayed(place, &id, &input.token, &request)? {
                self.record(place, "CreateStack", input.name.clone(), input.token.as_deref(), Effect::Replayed);
                return Ok(id);
            }
            return Err(ApiError::new("AlreadyExistsException", format!("Stack [{}] already exists", input.name)));
        }
        let shape = self.shape(place, input, None)?;
        check_expansion(&shape)?;
        let mut stack = self.new_stack(place, &input.name, shape.clone())?;
        stack.protected = options.protected;
        stack.keep_failed = options.keep_failed;
        stack.delete_failed = options.delete_failed;
        stack.timeout = options.timeout;
        stack.policy = options.policy.as_deref().map(super::policy::read).transpose()?;
        remember(&mut stack, &input.token, request);
        let id = stack.id.clone();
        self.record(place, "CreateStack", input.name.clone(), input.token.as_deref(), Effect::Effective);
        let deadline = stack.deadline();
        self.start(place, stack, shape, true, &input.token);
        self.tell_expansion(place, &id);
        self.validate_operation(place, &id, input.skips_validation);
        if let Some(deadline) = deadline {
            self.schedule(deadline, Work::Stack { place: place.clone(), id: id.clone() });
        }
        Ok(id)
    }

    /// UpdateStack. Gives the stack's id.
    pub fn update_stack(&mut self, place: &Place, input: &StackInput, options: &StackOptions) -> Answer<Arc<str>> {
        let found = self.living(place, &input.name)?;
        let request = format!("UpdateStack {input:?} {options:?}");
        if self.replayed(place, &found.id, &input.token, &request)? {
            self.record(place, "UpdateStack", found.name.clone(), input.token.as_deref(), Effect::Replayed);
            return Ok(found.id);
        }
        let mut stack = self.updatable(place, &input.name)?;
        let shape = self.shape(place, input, Some(&stack.shape))?;
        check_expansion(&shape)?;
        let nothing = shape.not_expanded().is_none()
            && self.changes(place, &stack, &shape).map_err(ApiError::validation)?.is_empty()
            && shape.is_same_beside_resources(&stack.shape);
        if nothing {
            return Err(ApiError::validation("No updates are to be performed."));
        }
        stack.keep_failed = options.keep_failed;
        stack.policy_of_update = options.policy_of_update.as_deref().map(super::policy::read).transpose()?;
        if let Some(policy) = &options.policy {
            stack.policy = Some(super::policy::read(policy)?);
        }
        remember(&mut stack, &input.token, request);
        let id = stack.id.clone();
        self.record(place, "UpdateStack", stack.name.clone(), input.token.as_deref(), Effect::Effective);
        self.start(place, stack, shape, false, &input.token);
        self.tell_expansion(place, &id);
        self.validate_operation(place, &id, input.skips_validation);
        Ok(id)
    }

    /// DeleteStack. A stack that does not exist is fine.
    pub fn delete_stack(
        &mut self,
        place: &Place,
        name: &str,
        retain: &[String],
        force: bool,
        token: &Token,
    ) -> Answer<()> {
        check_token(token)?;
        let Some(stack) = self.find_stack(place, name).filter(|stack| stack.lives()).cloned() else { return Ok(()) };
        let request = format!("DeleteStack {retain:?} {force}");
        if self.replayed(place, &stack.id, token, &request)? {
            self.record(place, "DeleteStack", stack.name.clone(), token.as_deref(), Effect::Replayed);
            return Ok(());
        }
        if stack.protected {
            return Err(ApiError::validation(format!(
                "Stack [{}] cannot be deleted while TerminationProtection is enabled",
                stack.name
            )));
        }
        if stack.status == StackStatus::DeleteInProgress {
            self.record(place, "DeleteStack", stack.name.clone(), token.as_deref(), Effect::Replayed);
            return Ok(());
        }
        if matches!(
            stack.status,
            StackStatus::UpdateInProgress
                | StackStatus::UpdateCompleteCleanupInProgress
                | StackStatus::UpdateRollbackInProgress
                | StackStatus::UpdateRollbackCompleteCleanupInProgress
                | StackStatus::ImportInProgress
                | StackStatus::ImportRollbackInProgress
        ) {
            // \[iss: aws-toolkit-azure-devops#317, amplify-backend#2366\]
            let words = format!("Stack [{}] cannot be deleted while in status {}", stack.id, stack.status);
            return Err(ApiError::validation(words));
        }
        if !retain.is_empty() && stack.status != StackStatus::DeleteFailed {
            return Err(ApiError::validation(format!(
                "Invalid operation on stack [{}]. Specify RetainResources only when the stack is in the DELETE_FAILED state",
                stack.name
            )));
        }
        let in_use = self.importer(place, &stack);
        let mut stack = stack;
        remember(&mut stack, token, request);
        self.record(place, "DeleteStack", stack.name.clone(), token.as_deref(), Effect::Effective);
        stack.stale = None;
        let mut operation = Operation::new(Phase::Delete, token.as_deref().map(Arc::from));
        if let Some((export, importers)) = in_use {
            // Users report that the stack returns to its status, with the reason in an event.
            let before = stack.status;
            let words = format!("Delete canceled. Cannot delete export {export} as it is in use by {importers}.");
            self.set_status(&mut stack, &operation, StackStatus::DeleteInProgress, Some("User Initiated".to_owned()));
            self.set_status(&mut stack, &operation, before, Some(words));
            self.put_stack(place, stack);
            return Ok(());
        }
        operation.retain = retain.iter().cloned().collect();
        if force {
            operation
                .retain
                .extend(stack.resources.values().filter(|r| r.status == "DELETE_FAILED").map(|r| r.logical.clone()));
        }
        self.delete_now(place, stack, operation);
        Ok(())
    }

    pub(super) fn delete_now(&mut self, place: &Place, mut stack: Stack, mut operation: Operation) {
        if let Some(mut running) = stack.operation.take() {
            self.give_up_all(&mut stack, &mut running);
            operation.cleanup.extend(running.cleanup);
            operation.cleanup.extend(running.running.into_values().filter_map(|running| running.replaces));
        }
        let living =
            stack.resources.values().filter(|r| !matches!(r.status.as_str(), "DELETE_COMPLETE" | "DELETE_SKIPPED"));
        operation.cleanup.extend(living.cloned());
        for set in stack.change_sets.values() {
            self.drop_nested_sets(place, set);
        }
        stack.previous = None;
        self.begin(place, stack, operation, StackStatus::DeleteInProgress, Some("User Initiated"));
    }

    /// CancelUpdateStack.
    pub fn cancel_update_stack(&mut self, place: &Place, name: &str, token: &Token) -> Answer<()> {
        let mut stack = self.living(place, name)?;
        if self.replayed(place, &stack.id, token, "CancelUpdateStack")? {
            self.record(place, "CancelUpdateStack", stack.name.clone(), token.as_deref(), Effect::Replayed);
            return Ok(());
        }
        let updates = |operation: &Operation| operation.phase == Phase::Update && !operation.imports.only;
        let operation = stack.operation.take().filter(updates);
        let Some(mut operation) = operation else {
            return Err(ApiError::validation(format!(
                "CancelUpdateStack cannot be called from current stack status {}",
                stack.status
            )));
        };
        remember(&mut stack, token, "CancelUpdateStack".to_owned());
        self.record(place, "CancelUpdateStack", stack.name.clone(), token.as_deref(), Effect::Effective);
        if let Some(token) = token {
            operation.token = Some(Arc::from(token.as_str()));
        }
        self.begin_update_rollback(&mut stack, &mut operation, "User Initiated".to_owned());
        let id = stack.id.clone();
        stack.operation = Some(operation);
        self.put_stack(place, stack);
        self.schedule(self.now, Work::Stack { place: place.clone(), id });
        Ok(())
    }

    /// ContinueUpdateRollback.
    pub fn continue_update_rollback(
        &mut self,
        place: &Place,
        name: &str,
        skip: &[String],
        token: &Token,
    ) -> Answer<()> {
        let mut stack = self.living(place, name)?;
        let request = format!("ContinueUpdateRollback {skip:?}");
        if self.replayed(place, &stack.id, token, &request)? {
            self.record(place, "ContinueUpdateRollback", stack.name.clone(), token.as_deref(), Effect::Replayed);
            return Ok(());
        }
        if stack.status != StackStatus::UpdateRollbackFailed {
            return Err(ApiError::validation(format!(
                "Stack:{} is in {} state and can not continue rollback.",
                stack.id, stack.status
            )));
        }
        let (nested, skip): (Vec<String>, Vec<String>) = skip.iter().cloned().partition(|name| name.contains('.'));
        if let Some(wrong) = skip.iter().find(|name| !stack.can_skip(name)) {
            return Err(ApiError::validation(format!(
                "Resource(s) [{wrong}] cannot be skipped: only resources in UPDATE_FAILED state can be skipped"
            )));
        }
        self.skip_in_nested(place, &stack, &nested, token)?;
        remember(&mut stack, token, request);
        self.record(place, "ContinueUpdateRollback", stack.name.clone(), token.as_deref(), Effect::Effective);
        let mut operation = Operation::new(Phase::UpdateRollback, token.as_deref().map(Arc::from));
        operation.skip = skip.into_iter().collect();
        self.begin(place, stack, operation, StackStatus::UpdateRollbackInProgress, Some("User Initiated"));
        Ok(())
    }

    /// RollbackStack. A stack without an earlier good state is deleted.
    pub fn rollback_stack(&mut self, place: &Place, name: &str, token: &Token) -> Answer<Arc<str>> {
        let mut stack = self.living(place, name)?;
        if self.replayed(place, &stack.id, token, "RollbackStack")? {
            self.record(place, "RollbackStack", stack.name.clone(), token.as_deref(), Effect::Replayed);
            return Ok(stack.id);
        }
        let id = stack.id.clone();
        let shared: Option<Arc<str>> = token.as_deref().map(Arc::from);
        if !matches!(stack.status, StackStatus::UpdateFailed | StackStatus::CreateFailed) {
            return Err(ApiError::validation(format!(
                "Stack:{} is in {} state and can not be rolled back.",
                stack.id, stack.status
            )));
        }
        remember(&mut stack, token, "RollbackStack".to_owned());
        self.record(place, "RollbackStack", stack.name.clone(), token.as_deref(), Effect::Effective);
        if stack.previous.is_some() {
            let mut operation = Operation::new(Phase::UpdateRollback, shared);
            operation.cleanup.append(&mut stack.leftover);
            self.begin_update_rollback(&mut stack, &mut operation, "User Initiated".to_owned());
            stack.operation = Some(operation);
            self.put_stack(place, stack);
            self.schedule(self.now, Work::Stack { place: place.clone(), id: id.clone() });
        } else {
            self.delete_now(place, stack, Operation::new(Phase::Delete, shared));
        }
        Ok(id)
    }

    /// UpdateTerminationProtection. Gives the stack's id.
    pub fn set_protection(&mut self, place: &Place, name: &str, on: bool) -> Answer<Arc<str>> {
        let mut stack = self.living(place, name)?;
        if stack.nest.is_some() {
            // \[doc: "Protect CloudFormation stacks from being deleted"\] \[?\] The words.
            let words = "Termination protection can not be changed on a nested stack; change it on the root stack";
            return Err(ApiError::validation(words));
        }
        let effect = if stack.protected == on { Effect::Replayed } else { Effect::Effective };
        stack.protected = on;
        let id = stack.id.clone();
        self.record(place, "UpdateTerminationProtection", stack.name.clone(), None, effect);
        self.put_stack(place, stack);
        Ok(id)
    }
}

pub(super) fn lacks_capability(word: &str) -> ApiError {
    ApiError::new("InsufficientCapabilitiesException", format!("Requires capabilities : [{word}]"))
}

fn remember(stack: &mut Stack, token: &Token, request: String) {
    if let Some(token) = token {
        stack.tokens.insert(token.clone(), request);
    }
}

/// The values of parameters, and of those that every template has.
fn with_pseudo(place: &Place, stack: &str, parameters: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let own = [
        ("AWS::AccountId", place.account.as_str()),
        ("AWS::Partition", place.region.partition()),
        ("AWS::Region", place.region.as_str()),
        ("AWS::StackName", stack),
        ("AWS::URLSuffix", place.region.domain()),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
    parameters.iter().map(|(name, value)| (name.clone(), value.clone())).chain(own).collect()
}

fn check_tags(tags: &BTreeMap<String, String>) -> Answer<()> {
    if tags.len() > 50 {
        return Err(ApiError::validation("Tags must have length less than or equal to 50"));
    }
    match tags.iter().find(|(key, value)| key.is_empty() || key.len() > 128 || value.len() > 256) {
        Some((key, _)) => {
            Err(ApiError::validation(format!("Tag `{key}`: a key has 1 to 128 characters, a value at most 256")))
        }
        None => Ok(()),
    }
}

pub(super) fn parameters(
    declared: &IndexMap<String, Parameter>,
    input: &StackInput,
    before: Option<&Shape>,
) -> Answer<BTreeMap<String, String>> {
    let unknown: Vec<&str> =
        input.parameters.keys().map(String::as_str).filter(|name| !declared.contains_key(*name)).collect();
    if !unknown.is_empty() {
        return Err(ApiError::validation(format!("Parameters: [{}] do not exist in the template", unknown.join(", "))));
    }
    let mut values = BTreeMap::new();
    let mut missing = Vec::new();
    for (name, declared) in declared {
        let kept = || before.and_then(|before| before.parameters.get(name)).cloned();
        let value = match input.parameters.get(name) {
            Some(Some(value)) => Some(value.clone()),
            Some(None) => kept(),
            None => declared.default.clone(),
        };
        let Some(value) = value else {
            missing.push(name.as_str());
            continue;
        };
        super::parameters::check(name, declared, &value)?;
        values.insert(name.clone(), value);
    }
    if missing.is_empty() {
        Ok(values)
    } else {
        Err(ApiError::validation(format!("Parameters: [{}] must have values", missing.join(", "))))
    }
}
