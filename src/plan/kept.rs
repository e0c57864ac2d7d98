//! What is kept although nothing asks for it any more, and the lines that remove it and nothing else.
//!
//! A tenant's slot is removed by a line of its own. `release = "none"` is about every slot that no line of `[tenants]`
//! names: where other tenants have something there, the lines that remove the slot without a tenant name them too.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::catalog::Pin;
use crate::model::remedy::RemoveSlot;
use crate::model::{Decision, ReleaseName, Slot};
use crate::promote::{Desired, deploy_file};

use super::draft::{At, Draft};

/// The lines that remove what the slot has.
pub(super) fn lines(desired: &Desired<'_>) -> RemoveSlot {
    RemoveSlot {
        file: deploy_file(desired.project, &desired.environment.name),
        project: desired.project.name.clone(),
        environment: desired.environment.name.clone(),
        tenant: desired.tenant.map(|tenant| tenant.name.clone()),
        keep: BTreeMap::new(),
        also: BTreeSet::new(),
    }
}

/// Names the tenants that `release = "none"` would remove too, each with the release that keeps it.
pub(super) fn spare_others(drafts: &mut [Draft<'_>]) {
    let removes_all = |draft: &Draft<'_>| {
        draft.row.as_ref().is_some_and(|row| row.kept.as_ref().is_some_and(|kept| kept.tenant.is_none()))
    };
    let places: Vec<Slot> = drafts.iter().filter(|draft| removes_all(draft)).map(|draft| draft.slot.clone()).collect();
    for place in places {
        let others = || drafts.iter().filter(|draft| in_same_place(&draft.slot, &place) && draft.slot.tenant.is_some());
        let (mut keep, mut also) = (BTreeMap::new(), BTreeSet::new());
        for (name, fate) in others().filter_map(fate) {
            match fate {
                Some(release) => drop(keep.insert(name, release)),
                None => drop(also.insert(name)),
            }
        }
        let own = drafts.iter_mut().find(|draft| draft.slot == place).and_then(|draft| draft.row.as_mut());
        if let Some(kept) = own.and_then(|row| row.kept.as_mut()) {
            (kept.keep, kept.also) = (keep, also);
        }
    }
}

fn in_same_place(one: &Slot, other: &Slot) -> bool {
    one.project == other.project && one.environment == other.environment
}

/// What becomes of a tenant if the file says `release = "none"`: the release that a line of its own keeps, or none if
/// it is removed all the same. None for a tenant that has a line, or has nothing there.
fn fate(draft: &Draft<'_>) -> Option<(crate::model::TenantName, Option<ReleaseName>)> {
    let (row, At { project, environment, tenant }) = (draft.row.as_ref()?, draft.at?);
    let tenant = tenant?;
    let file = project.deploy.get(&environment.name);
    if file.is_some_and(|file| file.tenants.contains_key(&tenant.name)) {
        return None;
    }
    let pinned = file.and_then(|file| match &file.pin {
        Some(Pin::Release(release)) => Some(release.clone()),
        _ => None,
    });
    let coming = match &row.decision {
        Decision::Deploy { release, .. } | Decision::Deploying { release, .. } => Some(release.clone()),
        _ => row.runs.clone(),
    };
    let connected = project.tenancy.tenanted() && tenant.is_connected(&project.name, &environment.name);
    match (connected, pinned.filter(|_| connected).or(coming)) {
        (true, release) => release.map(|release| (tenant.name.clone(), Some(release))),
        (false, release) => release.map(|_| (tenant.name.clone(), None)),
    }
}
