//! Drift in the plan: what is told of each slot's stacks, what is put right now, and why the rest is not.
//!
//! Whatever an environment ignores is left out here and nowhere else. A repair deploys the same release once more, so that
//! freezes, waves and guards hold for it as for any deployment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::cfn::Document;
use crate::compare::{hide_text, names_secret, unmangled};
use crate::model::catalog::Gate;
use crate::model::drift::{
    DriftMode, DriftPolicy, DriftSource, Drifted, ServiceLeft, ServiceSettings, StackDrift, differences, shown,
};
use crate::model::journal::{Content, ParameterValue};
use crate::model::{Place, Slot, StackName};
use crate::promote::{Desired, deploy_file};

use super::Planner;
use super::allow::Key;
use super::stacks::Verdict;
use super::types::{DriftRow, Input, PutRight, SlotDrift, SlotRow, StackChange};
use super::wanted::Wanted;

/// The type of a stack.
const STACK: &str = "AWS::CloudFormation::Stack";

/// What stands for a value that may be secret.
const HIDDEN: &str = "(not shown)";

/// Settings of services that CloudFormation writes and never reads: it sees no drift of them, and ECS is asked to put them right.
/// \[api: `writeOnlyProperties` of AWS::ECS::Service\]
const UNSEEN: [&str; 2] = ["ServiceConnectConfiguration", "VolumeConfigurations"];

/// Where the template and the parameters of a stack differ from those that it was given.
pub fn template_drift(content: &Content, deployed: &str, parameters: &BTreeMap<String, String>) -> Vec<Drifted> {
    let Ok(was) = Document::parse(&content.template) else { return Vec::new() };
    // What is no JSON document is another template in any case.
    let is = serde_json::from_str::<Value>(deployed).ok().and_then(|value| Document::from_value(value).ok());
    let mut found = Vec::new();
    let (nothing, stack): (Arc<str>, Arc<str>) = (Arc::from(""), Arc::from(STACK));
    let Some(is) = is.map(|is| unmangled(&is, &was)) else {
        let is = Some(shown(&Value::String(deployed.to_owned())));
        return vec![Drifted { resource: nothing, kind: stack, path: "Template".to_owned(), was: None, is }];
    };
    let ids: BTreeSet<&str> = was.resources().chain(is.resources()).map(|resource| resource.id).collect();
    for id in ids {
        resource(id, was.resource(id), is.resource(id), &mut found);
    }
    let sections: BTreeSet<&String> = was.as_map().keys().chain(is.as_map().keys()).collect();
    let rest = |name: &&String| !matches!(name.as_str(), "Resources" | "Description" | "AWSTemplateFormatVersion");
    for name in sections.into_iter().filter(rest) {
        differences((&nothing, &stack), name, was.section(name), is.section(name), &mut found);
    }
    for (name, value) in &content.parameters {
        let ParameterValue::Value(was) = value else { continue };
        let is = parameters.get(name).filter(|is| *is != was && !is.starts_with("****"));
        found.extend(is.map(|is| Drifted {
            resource: nothing.clone(),
            kind: stack.clone(),
            path: format!("Parameters/{name}"),
            was: Some(was.clone()),
            is: Some(is.clone()),
        }));
    }
    found
}

/// The same differences without secrets, by the names of properties and by what values look like: neither the journal nor a reader
/// gets them.
pub fn without_secrets(mut items: Vec<Drifted>) -> Vec<Drifted> {
    for Drifted { path, was, is, .. } in &mut items {
        [was, is].into_iter().flatten().for_each(|value| *value = without_secret(path, value));
    }
    items
}

/// Whether a value that is kept of drift is all of it: not hidden, not even in part, and not cut.
pub fn is_whole(value: &str) -> bool {
    value != HIDDEN && hide_text(value) == value && !value.contains("(hidden)") && !value.ends_with('…')
}

/// The value at a path without its secrets.
pub(super) fn without_secret(path: &str, value: &str) -> String {
    if path.split('/').any(names_secret) { HIDDEN.to_owned() } else { hide_text(value) }
}

type Resource<'a> = Option<crate::cfn::Resource<'a>>;

fn resource(id: &str, was: Resource<'_>, is: Resource<'_>, found: &mut Vec<Drifted>) {
    let kind: Arc<str> = Arc::from(was.or(is).map_or("", |one| one.kind()));
    let id: Arc<str> = Arc::from(id);
    match (was, is) {
        (Some(was), Some(is)) if was.kind() == is.kind() => {
            let (was, is) = (was.body, is.body);
            for name in was.keys().chain(is.keys()).collect::<BTreeSet<_>>() {
                // The properties are what people know a resource by: their names stand alone.
                let path = if name == "Properties" { "" } else { name.as_str() };
                differences((&id, &kind), path, was.get(name), is.get(name), found);
            }
        }
        (was, is) => {
            let kind_of = |one: Resource<'_>| one.map(|one| one.kind().to_owned());
            found.push(Drifted { resource: id, kind, path: String::new(), was: kind_of(was), is: kind_of(is) });
        }
    }
}

impl Planner<'_> {
    /// Whether a stack that is as ordered is deployed again because of drift, and why not. `plan` is the slot's.
    pub(super) fn put_right(&self, desired: &Desired<'_>, wanted: &Wanted<'_>, plan: &Arc<str>) -> PutRight {
        let policy = &desired.environment.drift;
        let rows = self.drift.get(&(&wanted.target.place, &wanted.stack)).map_or(&[][..], Vec::as_slice);
        let right = rows.iter().map(|row| put_right(policy, row, self.input.now)).max();
        let right = right.unwrap_or(PutRight::Reported);
        if right != PutRight::Now || !desired.environment.protected {
            return right;
        }
        let key = Key { gate: Gate::Redeploy, plan, stack: Some(&wanted.stack) };
        if self.allowance(desired, key).is_some() { PutRight::Now } else { PutRight::NeedsAllowance }
    }
}

impl Planner<'_> {
    /// The settings of services that a repair of the stack puts back by asking ECS, by ARN: those that drifted and that
    /// CloudFormation does not see, null where there was none.
    pub(super) fn restored(
        &self,
        desired: &Desired<'_>,
        wanted: &Wanted<'_>,
        verdict: &Verdict,
    ) -> BTreeMap<Arc<str>, ServiceSettings> {
        let key = (&wanted.target.place, &wanted.stack);
        let put = self.puts.get(&key).filter(|_| *verdict == Verdict::Put(StackChange::Repair));
        let rows = self.drift.get(&key).into_iter().flatten().filter(|row| row.source == DriftSource::Services);
        let items = rows.flat_map(|row| &row.items).map(|(item, _)| item);
        let items = items.filter(|item| !is_ignored(&desired.environment.drift, item));
        let drifted: BTreeSet<(&str, &str)> = items.filter_map(|item| Some((&*item.resource, unseen(item)?))).collect();
        let of = |left: &ServiceLeft| -> ServiceSettings {
            let names = drifted.iter().filter(|(resource, _)| **resource == *left.resource);
            names.map(|(_, name)| ((*name).to_owned(), left.settings.get(*name).cloned().unwrap_or_default())).collect()
        };
        let services = put.into_iter().flat_map(|put| &put.services);
        services.map(|(arn, left)| (arn.clone(), of(left))).filter(|(_, settings)| !settings.is_empty()).collect()
    }
}

/// The setting that a difference is in, if CloudFormation does not see it.
fn unseen(item: &Drifted) -> Option<&'static str> {
    let name = item.path.split('/').next()?;
    UNSEEN.into_iter().find(|unseen| *unseen == name)
}

/// What is done about what one source sees of a stack.
fn put_right(policy: &DriftPolicy, row: &StackDrift, now: Timestamp) -> PutRight {
    let told = row.items.iter().any(|(item, _)| !is_ignored(policy, item));
    if policy.mode != DriftMode::Repair || !told {
        return PutRight::Reported;
    }
    match row.stale || row.noted >= now {
        true => PutRight::NextLook,
        false => PutRight::Now,
    }
}

pub(super) fn is_ignored(policy: &DriftPolicy, item: &Drifted) -> bool {
    policy.mode == DriftMode::Ignore || policy.ignore.iter().any(|path| path.covers(item))
}

/// Tells each slot what drifted in its stacks.
pub(super) fn tell(input: &Input<'_>, plans: &BTreeMap<Slot, Arc<str>>, slots: &mut [SlotRow]) {
    let mut by_slot: BTreeMap<Slot, Vec<&StackDrift>> = BTreeMap::new();
    for row in &input.facts.drift {
        let owner = input.observed.stack(&row.place, &row.stack).and_then(|seen| seen.owner());
        if let Some(owner) = owner {
            by_slot.entry(owner.slot()).or_default().push(row);
        }
    }
    let puts: BTreeSet<(&Place, &StackName)> = input.facts.puts.iter().map(|put| (&put.place, &put.stack)).collect();
    for slot in slots {
        let environment = input.catalog.environments.get(&slot.environment);
        let (policy, protected) = environment.map_or((None, false), |one| (Some(&one.drift), one.protected));
        let default = DriftPolicy::default();
        let policy = policy.unwrap_or(&default);
        let mut rows = gone(slot, &puts);
        for row in by_slot.get(&slot.slot).into_iter().flatten() {
            rows.extend(told(slot, policy, protected, row, input.now));
        }
        rows.sort_by(|a, b| (&a.stack, a.item.place(), a.source).cmp(&(&b.stack, b.item.place(), b.source)));
        rows.dedup_by(|b, a| a.stack == b.stack && a.place == b.place && a.item.place() == b.item.place());
        if rows.is_empty() {
            continue;
        }
        let waits = rows.iter().any(|row| row.right == PutRight::NeedsAllowance);
        let project = input.catalog.projects.get(&slot.project).filter(|_| waits);
        let file = project.map(|project| deploy_file(project, &slot.environment));
        let key = file.zip(plans.get(&slot.slot)).map(|(file, plan)| crate::model::remedy::Key {
            file,
            what: Gate::Redeploy,
            stack: None,
            tenant: slot.tenant.clone(),
            plan: plan.clone(),
            or: None,
        });
        slot.drift = Some(Box::new(SlotDrift { rows, key }));
    }
}

/// Stacks that this store deployed and that are gone: the plan makes them again.
fn gone(slot: &SlotRow, puts: &BTreeSet<(&Place, &StackName)>) -> Vec<DriftRow> {
    let missing = |stack: &&super::types::StackRow| {
        stack.change == StackChange::Create && puts.contains(&(&stack.place, &stack.stack))
    };
    let row = |stack: &super::types::StackRow| DriftRow {
        stack: stack.stack.clone(),
        place: stack.place.clone(),
        source: DriftSource::Template,
        item: Drifted {
            resource: Arc::from(""),
            kind: Arc::from(STACK),
            path: String::new(),
            was: Some(stack.stack.to_string()),
            is: None,
        },
        since: None,
        by: None,
        right: PutRight::Now,
    };
    slot.stacks.iter().filter(missing).map(row).collect()
}

fn told<'r>(
    slot: &'r SlotRow,
    policy: &'r DriftPolicy,
    protected: bool,
    row: &'r StackDrift,
    now: Timestamp,
) -> impl Iterator<Item = DriftRow> + 'r {
    let change = slot.stacks.iter().find(|stack| stack.stack == row.stack && stack.place == row.place);
    let right = match (put_right(policy, row, now), change.map(|stack| stack.change)) {
        // Whatever stops the deployment says so itself.
        (PutRight::Now, Some(StackChange::Waits)) => PutRight::Held,
        (PutRight::Now, Some(StackChange::Current)) if protected => PutRight::NeedsAllowance,
        (PutRight::Now, change) if change != Some(StackChange::Repair) => PutRight::Held,
        (right, _) => right,
    };
    let items = row.items.iter().filter(|(item, _)| !is_ignored(policy, item));
    items.map(move |(item, since)| DriftRow {
        stack: row.stack.clone(),
        place: row.place.clone(),
        source: row.source,
        item: item.clone(),
        since: Some(*since),
        by: row.by.clone(),
        right,
    })
}
