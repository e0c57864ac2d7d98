//! The order of live changes: what changed outside the release reaches an environment only after the earlier phases of the
//! lifecycle have nothing left that differs.
//!
//! A change of a target, a tenant or an environment reaches every slot at once, because it lives at the head. Without an
//! order a wrong subnet would be in production before anybody has seen it fail in test. An optional phase never blocks.

use std::collections::BTreeSet;

use crate::model::catalog::{Gate, Progress};
use crate::model::decision::{Because, Cause};
use crate::model::{EnvironmentName, Hold, Slot};
use crate::promote::{Index, deploy_file, judging};

use super::draft::{Draft, Kind};
use super::types::Input;

/// The slots in which something differs.
type Unsettled = BTreeSet<Slot>;

/// Stops live changes that earlier phases do not have yet.
pub(super) fn apply(input: &Input<'_>, index: &Index<'_>, drafts: &mut [Draft<'_>]) {
    let live = |draft: &Draft<'_>| draft.kind == Kind::Live && draft.begin.is_some();
    if !drafts.iter().any(live) {
        return;
    }
    let unsettled: Unsettled = drafts.iter().filter(|draft| draft.unsettled).map(|draft| draft.slot.clone()).collect();
    for draft in drafts.iter_mut().filter(|draft| live(draft)) {
        let Some(first) = before(input, draft, &unsettled) else { continue };
        if draft.opens(index, input.now, Gate::Redeploy) {
            continue;
        }
        let (Some(at), Some(begin)) = (draft.at, &draft.begin) else { continue };
        let parts = match &begin.because {
            Because::Differs { parts, .. } => parts.clone(),
            _ => Vec::new(),
        };
        let file = deploy_file(at.project, &at.environment.name);
        let cause = Cause::LiveOrder { parts, environment: first, plan: begin.plan.clone(), file };
        draft.stop(Hold::new(cause), "", None);
    }
}

/// The first environment of an earlier phase in which something differs.
fn before(input: &Input<'_>, draft: &Draft<'_>, unsettled: &Unsettled) -> Option<EnvironmentName> {
    let (at, begin) = (draft.at?, draft.begin.as_ref()?);
    let release = at.project.releases.get(&begin.release)?;
    let phases = &at.project.lifecycle_of(release).phases;
    let own = phases.iter().position(|phase| phase.environments().any(|name| *name == at.environment.name))?;
    let earlier = phases.iter().take(own).filter(|phase| phase.progress != Progress::Optional);
    let tenant = at.tenant.map(|tenant| &**tenant);
    let differs = |environment: &&EnvironmentName| {
        judging(input.catalog, at.project, environment, tenant).is_some_and(|slot| unsettled.contains(&slot))
    };
    earlier.flat_map(|phase| phase.environments()).find(differs).cloned()
}
