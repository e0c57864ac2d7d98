//! How `landfall daemon --once` ends: one exit code for everything that a run left behind.
//!
//! Exit code 0 means that everything ordered is in place, or waits for time or for a pin, and nothing
//! else.

use super::exit::Exit;
use crate::model::decision::Cause;
use crate::model::health::Health;
use crate::model::{Decision, Hold, Standing};
use crate::plan::Report;

/// What a run of the daemon did and left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run<'a> {
    /// Deployments that failed in it.
    pub(super) failed: u32,
    /// Errors in the repository.
    pub(super) errors: u32,
    /// The last report; none if nothing was ever planned.
    pub(super) report: Option<&'a Report>,
    /// The operator is asked something: whether another store's stacks are taken over.
    pub(super) asks: bool,
    /// What was seen at the end.
    pub(super) health: &'a Health,
}

/// The exit code: 3 beats 1, 1 beats 6, 6 beats 5, 5 beats 0.
pub(super) fn exit(run: &Run<'_>) -> Exit {
    let slots = run.report.iter().flat_map(|report| &report.slots);
    let worst = slots.map(|row| of_slot(&row.decision)).max().unwrap_or_default();
    // Stacks that the environment lets be deleted, at a gate.
    let gated = run.report.is_some_and(|report| report.orphans.iter().any(|orphan| orphan.key.is_some()));
    let unseen = run.report.is_none() || worst == Standing::Unseen || !run.health.unseen().is_empty();
    match run {
        Run { errors: 1.., .. } => Exit::Problems,
        Run { failed: 1.., .. } => Exit::Failed,
        _ if unseen => Exit::Unseen,
        _ if worst == Standing::Stopped || gated || run.asks => Exit::Held,
        _ => Exit::Done,
    }
}

fn of_slot(decision: &Decision) -> Standing {
    let worst = |reasons: &[Hold], of: fn(&Cause) -> Standing| reasons.iter().map(|h| of(&h.cause)).max();
    match decision {
        Decision::Held { reasons, .. } => worst(reasons, Standing::of).unwrap_or_default(),
        // No commit orders what comes here next.
        Decision::Empty { reasons, .. } => worst(reasons, of_candidate).unwrap_or_default(),
        Decision::UpToDate { waiting, .. } => {
            waiting.iter().filter_map(|waiting| worst(&waiting.reasons, of_candidate)).max().unwrap_or_default()
        }
        Decision::Deploying { .. } | Decision::Deploy { .. } | Decision::Remove { .. } => Standing::Stopped,
    }
}

/// What holds a release that would come by itself: only what has failed or could not be seen is worth a word.
fn of_candidate(cause: &Cause) -> Standing {
    match cause {
        Cause::PlaceUnseen { .. } | Cause::Attempts { .. } | Cause::Guard { .. } | Cause::Stopped { .. } => {
            Standing::of(cause)
        }
        Cause::Waits { .. } => Standing::of(cause),
        _ => Standing::Fine,
    }
}
