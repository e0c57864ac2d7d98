//! Change sets that include nested stacks: one for each of them, made, executed and deleted with that of the root.
//!
//! \[doc: "Change sets for nested stacks"\] A stack that the change set of its root would create exists from then on, in review.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::change_set::{Change, ChangeSet};
use super::early::is_early;
use super::imports::Importing;
use super::nested::{KIND, name_in};
use super::stack::{Operation, Phase, Shape, Stack};
use super::transform::check_expansion;
use super::{World, change_set};
use crate::model::{Place, StackStatus};
use crate::sim::error::{Answer, ApiError};

/// That a change set is not one of a nested stack, which goes with that of its root. \[doc\] \[?\] The words.
pub(super) fn check_root(set: &ChangeSet, verb: &str) -> Answer<()> {
    let Some(root) = set.nest.as_ref().map(|(_, root)| root) else { return Ok(()) };
    let words = format!("ChangeSet [{}] cannot be {verb} by itself: use the root change set [{root}]", set.id);
    Err(ApiError::new("InvalidChangeSetStatus", words))
}

/// What a row says that the properties will be.
pub(super) fn after(row: &Change) -> Map<String, Value> {
    let all = row.after.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let own = all.as_ref().and_then(|all| all.get("Properties")).and_then(Value::as_object);
    own.cloned().unwrap_or_default()
}

impl World {
    /// Makes the change sets of the stacks that are nested in a stack, from the rows of its own. Rows of stacks in which nothing
    /// changes go. The error is the reason of a failed change set.
    pub(super) fn include_nested(
        &mut self,
        place: &Place,
        parent: &Stack,
        set: &ChangeSet,
        rows: &mut Vec<Change>,
    ) -> Result<(), String> {
        if !set.nested {
            return Ok(());
        }
        let mut kept = Vec::new();
        let mut outcome = Ok(());
        for mut row in std::mem::take(rows) {
            let counts = row.kind == KIND && row.action != "Remove" && outcome.is_ok();
            if counts {
                match self.nested_set(place, parent, set, &row) {
                    Ok(id) => row.change_set = id,
                    Err(reason) => outcome = Err(reason),
                }
            }
            let only_perhaps = row.details.iter().all(|detail| detail.source == "Automatic");
            if !counts || row.change_set.is_some() || row.action == "Add" || !only_perhaps {
                kept.push(row);
            }
        }
        *rows = kept;
        outcome
    }

    /// Makes the change set of one nested stack; gives its id, or none if nothing changes there.
    fn nested_set(
        &mut self,
        place: &Place,
        parent: &Stack,
        set: &ChangeSet,
        row: &Change,
    ) -> Result<Option<String>, String> {
        let properties = after(row);
        let (mut stack, shape) = match row.physical_id.as_deref().filter(|_| row.action == "Modify") {
            Some(id) => {
                let stack =
                    self.stack_by_id(place, id).cloned().ok_or_else(|| format!("Stack [{id}] does not exist"))?;
                let input = self.nested_input(place, (&set.shape, &stack.name), &properties)?;
                let shape = self.shape(place, &input, Some(&stack.shape)).map_err(|error| error.message)?;
                (stack, shape)
            }
            None => self.review_nested(place, parent, set, row, &properties)?,
        };
        check_expansion(&shape).map_err(|error| error.message)?;
        let name = name_in(&set.name, &row.logical, &self.ids.letters(12));
        let id = self.change_set_id(place, &name);
        let root = set.nest.as_ref().map_or_else(|| set.id.clone(), |(_, root)| root.clone());
        let mut own = ChangeSet {
            name,
            id: id.clone(),
            changes: Vec::new(),
            nest: Some((set.id.clone(), root)),
            status: "CREATE_COMPLETE",
            execution: "AVAILABLE",
            created: self.now,
            shape,
            ..set.clone()
        };
        let mut failure = None;
        let rows = match own.shape.not_expanded() {
            Some(error) => Err(error.message.clone()),
            None => self.changes(place, &stack, &own.shape),
        };
        // What is nested in it has to find it.
        self.put_stack(place, stack.clone());
        match rows {
            Ok(mut rows) => {
                failure = self.import_rows(place, &own, &mut rows).err();
                failure = failure.or(self.include_nested(place, &stack, &own, &mut rows).err());
                failure = failure.or(self.validate_set(place, &mut stack, &own, &rows).err());
                own.changes = rows;
            }
            Err(reason) => failure = failure.or(Some(reason)),
        }
        let nothing = own.changes.is_empty() && stack.shape.is_same_beside_resources(&own.shape);
        if failure.is_none() && nothing && row.action == "Modify" {
            return Ok(None);
        }
        if failure.is_some() {
            (own.status, own.execution) = ("FAILED", "UNAVAILABLE");
            own.reason.clone_from(&failure);
        }
        let ended = own.ended(&stack, self.now);
        stack.findings.push(ended);
        stack.change_sets.insert(own.name.clone(), own);
        self.put_stack(place, stack);
        match failure {
            // \[reports\] What a validation found is said of the nested change set alone.
            Some(reason) => {
                let why = if is_early(&reason) { "" } else { reason.trim_end() };
                let words = format!("Nested change set {id} was not successfully created: Currently in FAILED. {why}");
                Err(words.trim_end().to_owned())
            }
            None => Ok(Some(id)),
        }
    }

    /// A nested stack that does not exist yet, in review.
    fn review_nested(
        &mut self,
        place: &Place,
        parent: &Stack,
        set: &ChangeSet,
        row: &Change,
        properties: &Map<String, Value>,
    ) -> Result<(Stack, Shape), String> {
        let nest = self.nest_in(parent)?;
        let name = name_in(&parent.name, &row.logical, &self.ids.letters(12));
        let input = self.nested_input(place, (&set.shape, &name), properties)?;
        let shape = self.shape(place, &input, None).map_err(|error| error.message)?;
        self.check_size(place, &nest.root, &shape, None)?;
        let mut stack = self.new_stack(place, &name, change_set::empty(&shape)).map_err(|error| error.message)?;
        stack.nest = Some(nest);
        let review = Operation::new(Phase::Create, None);
        self.set_status(&mut stack, &review, StackStatus::ReviewInProgress, Some("User Initiated".to_owned()));
        Ok((stack, shape))
    }

    /// The change sets of nested stacks are executed with their root's; gives the stacks in review that it goes on to create, by
    /// logical id.
    pub(super) fn execute_nested(&mut self, place: &Place, set: &ChangeSet) -> BTreeMap<String, Arc<str>> {
        let mut reviewed = BTreeMap::new();
        for row in &set.changes {
            let Some(id) = &row.change_set else { continue };
            let Ok((stack, own)) = self.describe_change_set(place, None, id) else { continue };
            let (mut stack, mut own) = (stack.clone(), own.clone());
            stack.reviewed = self.execute_nested(place, &own);
            stack.importing = Importing::of(&own);
            own.execution = "EXECUTE_COMPLETE";
            stack.change_sets = [(own.name.clone(), own)].into_iter().collect();
            if row.action == "Add" {
                reviewed.insert(row.logical.clone(), stack.id.clone());
            }
            self.put_stack(place, stack);
        }
        reviewed
    }

    /// The change sets of nested stacks go with their root's, and the stacks in review with them.
    pub(super) fn drop_nested_sets(&mut self, place: &Place, set: &ChangeSet) {
        if !set.nested {
            return;
        }
        let nested = |(_, stack): (&Arc<str>, &Stack)| {
            let own =
                stack.change_sets.values().filter(|own| own.nest.as_ref().is_some_and(|(parent, _)| *parent == set.id));
            let own: Vec<ChangeSet> = own.cloned().collect();
            (!own.is_empty()).then(|| (stack.id.clone(), own))
        };
        let region = self.regions.get(place);
        let found: Vec<_> = region.into_iter().flat_map(|region| region.stacks.iter()).filter_map(nested).collect();
        for (id, sets) in found {
            for own in sets {
                self.drop_nested_sets(place, &own);
                if let Some(stack) = self.region(place).stacks.get_mut(&id) {
                    stack.change_sets.shift_remove(&own.name);
                }
            }
            self.drop_review(place, &id);
        }
    }

    /// A nested stack in review that nothing will create any more is gone.
    pub(super) fn drop_review(&mut self, place: &Place, id: &str) {
        let stack = self.stack_by_id(place, id).filter(|stack| stack.status == StackStatus::ReviewInProgress);
        let Some(mut stack) = stack.filter(|stack| stack.nest.is_some()).cloned() else { return };
        stack.deleted = Some(self.now);
        let deletion = Operation::new(Phase::Delete, None);
        self.set_status(&mut stack, &deletion, StackStatus::DeleteComplete, None);
        self.put_stack(place, stack);
    }
}
