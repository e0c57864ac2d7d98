//! Imports: resources that exist already become part of a stack, by a change set of type `IMPORT` or because their names are taken.
//!
//! \[doc: "Import AWS resources into a CloudFormation stack", "Import AWS resources into a CloudFormation stack automatically"\]
//! An import changes no resource, except that it gives the stack's tags to what it imports. The refusals are in AWS's words and
//! in its order. \[reports\]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::change_set::{Change, ChangeSet};
use super::stack::{Operation, Resource, Running, Shape, Stack, Until};
use super::template::ResourceDef;
use super::types::{self, TypeInfo};
use super::unmanaged::{Identifier, is_identified, is_importable};
use super::{World, nested};
use crate::model::{Place, StackStatus};
use crate::sim::error::{Answer, ApiError};
use crate::sim::fault::During;

/// The reason of a change set that imports what it lists. \[reports\]
pub(super) const REVIEW: &str = "Verify that resources and their properties defined in the template match the intended \
                                 configuration of the resource import to avoid unexpected changes.";

/// What a change set imports.
#[derive(Clone, Debug, Default)]
pub struct Imports {
    /// `ResourcesToImport`.
    pub listed: Vec<ToImport>,
    /// `ImportExistingResources`.
    pub existing: bool,
}

/// One of `ResourcesToImport`.
#[derive(Clone, Debug)]
pub struct ToImport {
    /// Its type.
    pub kind: String,
    pub logical: String,
    /// The values of the properties that identify it.
    pub identifier: BTreeMap<String, String>,
}

/// What an operation imports.
#[derive(Clone, Debug, Default)]
pub struct Importing {
    /// Physical ids, by logical id.
    pub ids: BTreeMap<String, String>,
    /// It does nothing else.
    pub only: bool,
}

impl Importing {
    /// What the execution of a change set imports.
    pub(super) fn of(set: &ChangeSet) -> Self {
        let imports = set.changes.iter().filter(|row| row.action == "Import");
        let ids = imports.filter_map(|row| Some((row.logical.clone(), row.physical_id.clone()?))).collect();
        Self { ids, only: !set.imports.listed.is_empty() }
    }

    /// A status as it is called in an import; none if an import does not come to it. \[api: `StackStatus`\]
    pub(super) fn shown(&self, status: StackStatus) -> Option<StackStatus> {
        if !self.only {
            return Some(status);
        }
        Some(match status {
            StackStatus::UpdateInProgress => StackStatus::ImportInProgress,
            StackStatus::UpdateComplete => StackStatus::ImportComplete,
            StackStatus::UpdateRollbackInProgress => StackStatus::ImportRollbackInProgress,
            StackStatus::UpdateRollbackComplete => StackStatus::ImportRollbackComplete,
            StackStatus::UpdateRollbackFailed => StackStatus::ImportRollbackFailed,
            StackStatus::UpdateCompleteCleanupInProgress | StackStatus::UpdateRollbackCompleteCleanupInProgress => {
                return None;
            }
            other => other,
        })
    }
}

/// Refuses a list of imports that cannot be, before anything is known of the stack.
pub(super) fn check_request(kind: &str, imports: &Imports, shape: &Shape) -> Answer<()> {
    let listed = &imports.listed;
    if kind != "IMPORT" {
        // \[?\] The words.
        let words = "ResourcesToImport can only be specified for a change set of type IMPORT";
        return if listed.is_empty() { Ok(()) } else { Err(ApiError::validation(words)) };
    }
    if listed.is_empty() {
        return Err(ApiError::validation("Must Provide at least one resource to import"));
    }
    let names: BTreeSet<&String> = listed.iter().map(|one| &one.logical).collect();
    if names.len() < listed.len() {
        return Err(ApiError::validation("Every resource to import must have unique LogicalResourceId"));
    }
    // \[?\] The words.
    let ids: BTreeSet<(&String, &Identifier)> = listed.iter().map(|one| (&one.kind, &one.identifier)).collect();
    if ids.len() < listed.len() {
        return Err(ApiError::validation("Every resource to import must have unique ResourceIdentifier"));
    }
    let absent = listed.iter().map(|one| &one.logical).filter(|name| !shape.template.resources.contains_key(*name));
    refuse(absent, |names| {
        format!("The logical resource ids [{names}] provided in ResourceToImport do not exist in the template.")
    })?;
    listed.iter().try_for_each(|one| check_entry(one, shape.template.resources.get(&one.logical)))
}

fn check_entry(one: &ToImport, definition: Option<&ResourceDef>) -> Answer<()> {
    let (kind, logical) = (&one.kind, &one.logical);
    let info = types::find(kind)
        .filter(|info| is_importable(info))
        .ok_or_else(|| ApiError::validation(format!("ResourceTypes [{kind}] are not supported for Import")))?;
    let given: BTreeSet<&String> = one.identifier.keys().collect();
    if given != info.id.iter().collect() {
        let words = format!("Invalid resource identifier for resource type {kind}. Expected [{}]", info.id.join(", "));
        return Err(ApiError::validation(words));
    }
    match definition {
        Some(definition) if definition.kind != *kind => Err(ApiError::validation(format!(
            "Resource type of [{logical}] passed in ResourceToImport does not match with resource type defined in the \
             template. Resource type in ResourceToImport: {kind}; Resource type in Template: {}.",
            definition.kind
        ))),
        _ => Ok(()),
    }
}

/// Refuses what some names stand for, if there are any.
fn refuse<'a>(names: impl Iterator<Item = &'a String>, words: impl FnOnce(&str) -> String) -> Answer<()> {
    let names: Vec<&str> = names.map(String::as_str).collect();
    if names.is_empty() { Ok(()) } else { Err(ApiError::validation(words(&names.join(", ")))) }
}

/// Refuses an import that would change something else of the stack. \[reports\] \[?\] The order of the names.
fn check_beside(stack: &Stack, shape: &Shape) -> Answer<()> {
    let fresh = stack.status == StackStatus::ReviewInProgress;
    let before = &stack.shape;
    let outputs =
        if fresh { !shape.template.outputs.is_empty() } else { shape.template.outputs != before.template.outputs };
    let role = if fresh { shape.role.is_some() } else { shape.role != before.role };
    let all = [("Outputs", outputs), ("RoleArn", role), ("Tags", shape.tags != before.tags)];
    let changed: Vec<&str> = all.iter().filter(|(_, changed)| *changed).map(|(name, _)| *name).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let words = format!("As part of the import operation, you cannot modify or add [{}]", changed.join(", "));
    Err(ApiError::validation(words))
}

impl World {
    /// Refuses an import that is not only an import, or not a safe one.
    pub(super) fn check_import(&self, place: &Place, stack: &Stack, shape: &Shape, imports: &Imports) -> Answer<()> {
        let rows = self.changes(place, stack, shape).map_err(ApiError::validation)?;
        let new: Vec<&String> = rows.iter().filter(|row| row.action == "Add").map(|row| &row.logical).collect();
        if new.is_empty() {
            return Err(ApiError::validation("The template should contain at least one new resource to import."));
        }
        let listed: Vec<&String> = imports.listed.iter().map(|one| &one.logical).collect();
        refuse(listed.iter().copied().filter(|name| !new.contains(name)), |names| {
            format!("Resources [{names}] passed in ResourceToImport are already in a stack and cannot be imported.")
        })?;
        refuse(new.iter().copied().filter(|name| !listed.contains(name)), |names| {
            format!("Resources [{names}] is missing from ResourceToImport list")
        })?;
        // The template of a nested stack may have changed, and an import leaves it as it is.
        let perhaps =
            |row: &&Change| !row.details.is_empty() && row.details.iter().all(|one| one.source == "Automatic");
        let others = rows.iter().filter(|row| row.action != "Add" && !perhaps(row));
        refuse(others.map(|row| &row.logical), |names| {
            format!(
                "You have modified resources [{names}] in your template that are not being imported. Update, create or delete \
                 operations cannot be executed during import operations."
            )
        })?;
        let unsafe_ones = listed.into_iter().filter(|name| {
            shape.template.resources.get(*name).is_some_and(|definition| !definition.says_deletion_policy)
        });
        refuse(unsafe_ones, |names| {
            format!(
                "The following resources to import [{names}] must have DeletionPolicy attribute specified in the template."
            )
        })?;
        check_beside(stack, shape)
    }

    /// Makes imports of those rows of a change set that import something. The error is the reason of a failed change set.
    pub(super) fn import_rows(&self, place: &Place, set: &ChangeSet, rows: &mut Vec<Change>) -> Result<(), String> {
        for one in &set.imports.listed {
            let Some(info) = types::find(&one.kind) else { continue };
            let words: Vec<&str> =
                info.id.iter().filter_map(|name| one.identifier.get(name)).map(String::as_str).collect();
            let words = words.join("|");
            let found = self.existing(place, info, |resource| is_identified(info, resource, &one.identifier));
            let (resource, owner) = found.ok_or_else(|| missing(&one.kind, &words))?;
            if let Some(owner) = owner {
                return Err(format!("{words} already exists in stack {owner}"));
            }
            rows.iter_mut().filter(|row| row.logical == one.logical).for_each(|row| import(row, &resource));
        }
        if !set.imports.listed.is_empty() {
            rows.retain(|row| row.action == "Import");
        }
        if set.imports.existing { self.import_existing(place, &set.shape, rows) } else { Ok(()) }
    }

    /// Imports what would be created under a name that a resource outside of every stack has. \[doc\]
    fn import_existing(&self, place: &Place, shape: &Shape, rows: &mut [Change]) -> Result<(), String> {
        let (mut deletable, mut seen) = (Vec::new(), BTreeSet::new());
        for row in rows.iter_mut().filter(|row| row.action == "Add") {
            let Some(definition) = shape.template.resources.get(&row.logical) else { continue };
            let Some(info) = types::find(&row.kind).filter(|info| is_importable(info)) else { continue };
            let Some(identifier) = written_identifier(info, &definition.properties) else { continue };
            let is = |resource: &Resource| is_identified(info, resource, &identifier);
            let Some((resource, None)) = self.existing(place, info, is) else { continue };
            // Of two resources with one name, the second is still one too many.
            if !seen.insert((row.kind.clone(), resource.physical_id.clone())) {
                continue;
            }
            import(row, &resource);
            if !definition.deletion_policy.starts_with("Retain") {
                let pairs: Vec<String> = identifier.iter().map(|(name, value)| format!("{name}={value}")).collect();
                deletable.push(format!("{} ({{{}}})", row.logical, pairs.join(", ")));
            }
        }
        if deletable.is_empty() {
            return Ok(());
        }
        Err(format!(
            "CloudFormation is attempting to import some resources because they already exist in your account. The resources \
             must have the DeletionPolicy attribute set to 'Retain' or 'RetainExceptOnCreate' in the template for successful \
             import. The affected resources are {}",
            deletable.join(", ")
        ))
    }

    /// Begins to import a resource.
    pub(super) fn start_import(
        &mut self,
        place: &Place,
        stack: &mut Stack,
        operation: &mut Operation,
        mut next: Resource,
        id: &str,
    ) {
        next.status = "IMPORT_IN_PROGRESS".to_owned();
        next.at = self.now;
        let fault = self.resource_fault(&stack.name, &next.logical, &next.kind, During::Import);
        let found = self.importable_now(place, &next, id);
        let fails = fault.or_else(|| found.as_ref().err().cloned());
        let adopts = next.kind == nested::KIND && fails.is_none();
        let fails = if adopts { self.unfit(place, stack, &next, id).err() } else { fails };
        next.attributes = found.map(|existing| existing.attributes).unwrap_or_default();
        if adopts {
            self.take_outputs(place, id, &mut next);
        }
        next.physical_id = Some(id.to_owned());
        self.tell(stack, operation, &next, Some("Resource import started."));
        let fails = fails.or_else(|| self.guard_resource(place, stack, operation, &next, "IMPORT"));
        let until = Until::Time(self.now + self.config.pace.resource);
        stack.resources.insert(next.logical.clone(), Resource { physical_id: None, ..next.clone() });
        operation.running.insert(next.logical.clone(), Running { verb: "IMPORT", next, replaces: None, until, fails });
    }

    /// The resource that an import is about, if it exists and no other stack manages it.
    fn importable_now(&self, place: &Place, next: &Resource, id: &str) -> Result<Resource, String> {
        let is = |resource: &Resource| resource.physical_id.as_deref() == Some(id);
        match types::find(&next.kind).and_then(|info| self.existing(place, info, is)) {
            None => Err(missing(&next.kind, id)),
            Some((_, Some(owner))) => Err(format!("{id} already exists in stack {owner}")),
            Some((existing, None)) => Ok(existing),
        }
    }

    /// An import came to its end: the resource gets the tags of its stack. \[reports\]
    pub(super) fn end_import(&mut self, place: &Place, stack: &mut Stack, operation: &mut Operation, running: Running) {
        // Another stack may have been faster.
        let id = running.next.physical_id.clone().unwrap_or_default();
        if let Err(reason) = self.importable_now(place, &running.next, &id) {
            return self.end_failed(stack, operation, running, reason);
        }
        let mut next = running.next;
        next.status = "IMPORT_COMPLETE".to_owned();
        next.at = self.now;
        self.tell(stack, operation, &next, Some("Resource import completed."));
        self.take_over(place, stack, &next);
        next.status = "UPDATE_IN_PROGRESS".to_owned();
        self.tell(stack, operation, &next, Some("Apply stack-level tags to imported resource if applicable."));
        self.inherit_tags(place, stack, &next);
        stack.resources.insert(next.logical.clone(), next.clone());
        let until = Until::Time(self.now + self.config.pace.resource);
        let running = Running { verb: "UPDATE", next, replaces: None, until, fails: None };
        operation.running.insert(running.next.logical.clone(), running);
    }
}

fn missing(kind: &str, id: &str) -> String {
    format!("Resource of type '{kind}' with identifier '{id}' was not found.")
}

fn import(row: &mut Change, resource: &Resource) {
    row.action = "Import";
    row.physical_id.clone_from(&resource.physical_id);
}

/// The identifier that a template writes without functions; none if it does not write all of it. \[doc: the name is static, and the
/// primary identifier has no read-only property\]
pub(super) fn written_identifier(info: &TypeInfo, properties: &Map<String, Value>) -> Option<Identifier> {
    let part = |name: &String| {
        let value = properties.get(name).and_then(Value::as_str).filter(|_| !info.read_only.contains(name))?;
        Some((name.clone(), value.to_owned()))
    };
    info.id.iter().map(part).collect()
}
