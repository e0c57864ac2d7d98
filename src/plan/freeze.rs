//! Freezes, where something would begin: a release, a live change, a retry, a removal. What is in flight goes on.
//!
//! Going back to a release that once ran in the slot goes through, unless the freeze stops even that.

use crate::model::catalog::Gate;
use crate::model::decision::{Because, Cause};
use crate::model::freeze::Whom;
use crate::model::{Decision, EnvironmentName, Hold, ProjectName};
use crate::promote::{Index, deploy_file, frozen};

use super::draft::{At, Draft, Kind};
use super::types::Input;

/// Stops what would begin in slots that are frozen now and for which nothing allows it.
pub(super) fn apply(input: &Input<'_>, index: &Index<'_>, drafts: &mut [Draft<'_>]) {
    if input.catalog.freezes.is_empty() {
        return;
    }
    for draft in drafts.iter_mut().filter(|draft| draft.begin.is_some() || draft.supersede.is_some()) {
        let holds = holds(input, draft, goes_back(index, draft));
        if holds.is_empty() {
            continue;
        }
        if draft.opens(index, input.now, Gate::Freeze) {
            say_allowed(draft);
            continue;
        }
        draft.supersede = None;
        for hold in holds {
            let why = why(draft, &hold);
            draft.stop(hold, why, Some(Gate::Freeze));
        }
    }
}

/// Whether the slot goes back to a release that it ran before.
fn goes_back(index: &Index<'_>, draft: &Draft<'_>) -> bool {
    let release = match (&draft.begin, &draft.supersede) {
        (Some(begin), _) if draft.kind == Kind::Release => &begin.release,
        (None, Some(supersede)) => match &supersede.by {
            Some(release) => release,
            None => return false,
        },
        _ => return false,
    };
    let runs = draft.row.as_ref().and_then(|row| row.runs.as_ref());
    // What takes the place of a deployment in flight goes back even to what runs still.
    (runs != Some(release) || draft.begin.is_none()) && index.ever_ran(&draft.slot, release)
}

/// The freezes that hold for the slot of a draft.
fn holds(input: &Input<'_>, draft: &Draft<'_>, back: bool) -> Vec<Hold> {
    let catalog = input.catalog;
    let plan = draft.plan.clone().unwrap_or_else(|| "".into());
    if let Some(At { project, environment, tenant }) = draft.at {
        let file = deploy_file(project, &environment.name);
        let tenant = tenant.map(|tenant| &**tenant);
        let found = frozen(catalog, &project.name, &environment.name, tenant, back, input.now);
        return found.iter().map(|frozen| frozen.hold(&plan, &file)).collect();
    }
    // A slot that is gone: its ids tell what it was called, where the commit does not.
    let project = catalog.project_by_id(&draft.slot.project).map(|project| project.name.clone());
    let environment = catalog.environment_by_id(&draft.slot.environment).map(|environment| environment.name.clone());
    let project = project.or_else(|| ProjectName::new(draft.slot.project.as_str()).ok());
    let environment = environment.or_else(|| EnvironmentName::new(draft.slot.environment.as_str()).ok());
    let (Some(project), Some(environment)) = (project, environment) else { return Vec::new() };
    let tenant = draft.slot.tenant.as_ref();
    let known = tenant.and_then(|tenant| catalog.tenant_by_id(tenant));
    let whom = match (tenant, known) {
        (None, _) => Whom::Nobody,
        (Some(_), Some(tenant)) => Whom::Tenant(tenant),
        (Some(_), None) => Whom::Gone,
    };
    let found = frozen(catalog, &project, &environment, whom, back, input.now);
    found.iter().map(|frozen| frozen.hold(&plan, &"".into())).collect()
}

fn say_allowed(draft: &mut Draft<'_>) {
    let because = Because::Allowed(Gate::Freeze);
    if let Some(begin) = &mut draft.begin {
        begin.because = because.clone();
    }
    if let Some(Decision::Deploy { because: said, .. }) = draft.row.as_mut().map(|row| &mut row.decision) {
        *said = because;
    }
}

/// The sentence for stacks that would be removed.
fn why(draft: &Draft<'_>, hold: &Hold) -> String {
    let Cause::Frozen { freeze, at, plan, .. } = &hold.cause else { return String::new() };
    let frozen = format!("frozen by {freeze} ({})", at.file);
    match draft.file.is_some() {
        true => format!("{frozen}: plan {plan} waits for an [[allow]] of what = \"freeze\""),
        false => frozen,
    }
}
