//! While the operator is asked whether this store takes over the stacks of another one, nothing begins, nothing is taken back
//! and no gate opens: every slot is held, with that one reason.

use crate::model::decision::Cause;
use crate::model::{Decision, Hold};

use super::draft::Draft;
use super::types::{Input, StackChange};

/// Holds every slot while the question is open.
pub(super) fn apply(input: &Input<'_>, drafts: &mut [Draft<'_>]) {
    let Some(open) = &input.facts.question else { return };
    let until = open.question.until.filter(|_| open.agreed && open.question.busy.is_none());
    let cause = Cause::Unadopted { question: open.question.clone(), agreed: open.agreed };
    let hold = Hold { cause, since: Some(open.since), until };
    for draft in drafts {
        let wanted = draft.begin.take().filter(|begin| !begin.removal).map(|begin| begin.release);
        draft.supersede = None;
        draft.open.clear();
        for orphan in draft.orphans.iter_mut().filter(|orphan| orphan.removed) {
            orphan.removed = false;
            orphan.why = format!("{}; nothing is removed before `landfall store adopt`", orphan.why);
        }
        let Some(row) = &mut draft.row else { continue };
        let wanted = wanted.or_else(|| wanted_of(&row.decision));
        row.decision = Decision::Held { wanted, runs: row.runs.clone(), reasons: vec![hold.clone()] };
        row.earliest = until;
        for stack in &mut row.stacks {
            if !matches!(stack.change, StackChange::Current | StackChange::Unknown) {
                stack.change = StackChange::Waits;
            }
        }
    }
}

/// The release that a decision is about.
fn wanted_of(decision: &Decision) -> Option<crate::model::ReleaseName> {
    match decision {
        Decision::Deploy { release, .. } | Decision::Deploying { release, .. } | Decision::UpToDate { release, .. } => {
            Some(release.clone())
        }
        Decision::Held { wanted, .. } => wanted.clone(),
        Decision::Empty { .. } | Decision::Remove { .. } => None,
    }
}
