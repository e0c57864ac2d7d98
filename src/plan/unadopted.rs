//! While the operator is asked whether this store takes over the stacks of another one, nothing begins, nothing is taken back
//! and no gate opens: every slot is held, with that one reason.

use std::collections::BTreeSet;

use crate::model::decision::Cause;
use crate::model::facts::OpenQuestion;
use crate::model::{Decision, Hold, StackName};

use super::draft::Draft;
use super::types::{Input, StackChange};

/// Holds every slot while the question is open.
pub(super) fn apply(input: &Input<'_>, drafts: &mut [Draft<'_>]) {
    let Some(open) = &input.facts.question else { return };
    let until = open.question.until.filter(|_| open.agreed && open.question.busy.is_none());
    let cause =
        Cause::Unadopted { question: open.question.clone(), agreed: open.agreed, differ: differing(open, drafts) };
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

/// The stacks that the question is about and that no slot of this commit would leave as they are.
fn differing(open: &OpenQuestion, drafts: &[Draft<'_>]) -> BTreeSet<StackName> {
    let rows = drafts.iter().filter_map(|draft| draft.row.as_ref()).flat_map(|row| &row.stacks);
    let current: BTreeSet<_> = rows
        .filter(|stack| stack.change == StackChange::Current)
        .map(|stack| (stack.place.clone(), stack.stack.clone()))
        .collect();
    let asked = open.question.stacks.iter().flat_map(|(place, names)| names.iter().map(move |name| (place, name)));
    asked
        .filter(|(place, name)| !current.contains(&((*place).clone(), (*name).clone())))
        .map(|(_, name)| name.clone())
        .collect()
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
