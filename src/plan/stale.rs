//! Allowances that no longer open a gate, so that a maintainer deletes them.
//!
//! An allowance is stale only where that is certain: what cannot be judged now may still ask for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::catalog::{Allowance, Subject};
use crate::model::{Decision, Deploy, EnvironmentName, ProjectName, ReleaseName, StackName};
use crate::promote::Index;

use super::draft::Draft;
use super::types::{Input, StaleAllowance};

/// The stale allowances of every deploy file, in the order of the files.
pub(super) fn stale(input: &Input<'_>, index: &Index<'_>, drafts: &[Draft<'_>]) -> Vec<StaleAllowance> {
    let files = input.catalog.projects.values().flat_map(|project| {
        project.deploy.iter().filter(|(_, file)| !file.allow.is_empty()).map(move |(name, file)| (project, name, file))
    });
    let files: Vec<(&ProjectName, &EnvironmentName, &Arc<Deploy>)> =
        files.map(|(project, environment, file)| (&project.name, environment, file)).collect();
    if files.is_empty() {
        return Vec::new();
    }
    let mut slots: BTreeMap<(&ProjectName, &EnvironmentName), Vec<&Draft<'_>>> = BTreeMap::new();
    for draft in drafts {
        let project = input.catalog.project_by_id(&draft.slot.project).map(|project| &project.name);
        let environment = input.catalog.environment_by_id(&draft.slot.environment).map(|found| &found.name);
        if let (Some(project), Some(environment)) = (project, environment) {
            slots.entry((project, environment)).or_default().push(draft);
        }
    }
    let mut stale = Vec::new();
    for (project, environment, file) in files {
        let drafts = slots.get(&(project, environment)).map_or(&[][..], Vec::as_slice);
        let of = Of { input, index, drafts };
        stale.extend(file.allow.iter().filter_map(|allowance| {
            let why = of.why(allowance)?;
            Some(StaleAllowance { at: allowance.at.clone(), gate: allowance.what, why })
        }));
    }
    stale.sort_by(|a, b| a.at.cmp(&b.at));
    stale
}

/// What an allowance is judged by: the slots of its project and environment.
struct Of<'s, 'a> {
    input: &'s Input<'a>,
    index: &'s Index<'s>,
    drafts: &'s [&'s Draft<'a>],
}

impl Of<'_, '_> {
    /// Why the allowance opens nothing; none if it may.
    fn why(&self, allowance: &Allowance) -> Option<String> {
        let id = allowance.id();
        if let (true, Some(until)) = (allowance.is_over(self.input.now), allowance.until) {
            return Some(format!("its last day was {until}"));
        }
        let concerned: Vec<&&Draft<'_>> = self.drafts.iter().filter(|draft| self.concerns(draft, allowance)).collect();
        if let Some(tenant) = allowance.tenant.as_ref().filter(|_| concerned.is_empty()) {
            let broken = Subject::Tenant(tenant.clone());
            let hidden = self.input.catalog.broken.iter().any(|broken_file| broken_file.subject == broken);
            return match self.input.catalog.tenants.contains_key(tenant) {
                _ if hidden => None,
                true => Some(format!("tenant {tenant} has nothing here")),
                false => Some(format!("there is no tenant {tenant}")),
            };
        }
        if let Some(release) = &allowance.release {
            return self.why_foreseen(allowance, release, &concerned);
        }
        let used = concerned.iter().filter(|draft| self.index.used(&draft.slot, id)).count();
        // Without a plan it opens its gate once in every slot that it is for; with one, in the slot of that plan.
        if used > 0 && (allowance.plan.is_some() || used == concerned.len()) {
            return Some("it was used".to_owned());
        }
        let known: Option<Vec<&BTreeSet<Arc<str>>>> = concerned.iter().map(|draft| draft.plans.as_ref()).collect();
        let known = known?;
        if let Some(stack) = allowance.stack.as_ref().filter(|stack| !concerned.iter().any(|d| self.has(d, stack))) {
            return Some(format!("there is no stack {stack} here"));
        }
        let plan = allowance.plan.as_ref().filter(|plan| !known.iter().any(|plans| plans.contains(*plan)))?;
        Some(format!("plan {plan} no longer exists"))
    }

    /// One that names a release is for one deployment of it in each slot. It has had its time where that deployment used it
    /// and ended, and where the release runs and nothing of it is to be deployed.
    fn why_foreseen(&self, allowance: &Allowance, release: &ReleaseName, concerned: &[&&Draft<'_>]) -> Option<String> {
        if let Some(stack) = &allowance.stack
            && concerned.iter().all(|draft| draft.plans.is_some() && !self.has(draft, stack))
        {
            return Some(format!("there is no stack {stack} here"));
        }
        let used = |draft: &&&Draft<'_>| {
            let by = self.index.used_by(&draft.slot, allowance.id());
            let going_on = self.index.in_flight(&draft.slot).map(|going_on| going_on.deployment);
            by.is_some() && by != going_on
        };
        let runs = |draft: &&&Draft<'_>| {
            let decision = draft.row.as_ref().map(|row| &row.decision);
            matches!(decision, Some(Decision::UpToDate { release: runs, .. }) if runs == release)
        };
        let used_once = concerned.iter().any(used);
        let over = !concerned.is_empty() && concerned.iter().all(|draft| used(draft) || runs(draft));
        match (over, used_once) {
            (false, _) => None,
            (true, true) => Some("it was used".to_owned()),
            (true, false) => Some(format!("{release} runs here, and nothing waits for it")),
        }
    }

    fn concerns(&self, draft: &Draft<'_>, allowance: &Allowance) -> bool {
        let Some(named) = &allowance.tenant else { return true };
        let tenant = draft.row.as_ref().and_then(|row| row.tenant.as_ref());
        tenant == Some(named) || draft.slot.tenant.as_ref().is_some_and(|id| id.as_str() == named.as_str())
    }

    /// Whether the slot has a stack of that name, wanted or there.
    fn has(&self, draft: &Draft<'_>, stack: &StackName) -> bool {
        let rows = draft.row.iter().flat_map(|row| &row.stacks);
        rows.map(|row| &row.stack)
            .chain(self.index.stacks(&draft.slot).iter().map(|ours| &ours.seen.name))
            .any(|name| name == stack)
    }
}
