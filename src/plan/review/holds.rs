//! What holds slots, and when two reasons are the same one.

use crate::model::decision::Cause;
use crate::model::{Decision, Hold, ReleaseName};

use super::super::types::SlotRow;

/// Everything that holds a slot, with the release that waits.
pub(super) fn holds(row: &SlotRow) -> Vec<(Option<ReleaseName>, Hold)> {
    let of = |release: &Option<ReleaseName>, reasons: &[Hold]| {
        reasons.iter().map(|hold| (release.clone(), hold.clone())).collect()
    };
    match &row.decision {
        Decision::Held { wanted, reasons, .. } => of(wanted, reasons),
        Decision::Empty { next, reasons } => of(next, reasons),
        Decision::UpToDate { waiting, .. } => {
            waiting.iter().flat_map(|one| -> Vec<_> { of(&Some(one.release.clone()), &one.reasons) }).collect()
        }
        Decision::Deploying { .. } | Decision::Deploy { .. } | Decision::Remove { .. } => Vec::new(),
    }
}

/// Whether two causes say the same, wherever their lines are now and whatever their plans are called.
pub(super) fn like(a: &Cause, b: &Cause) -> bool {
    use Cause as C;
    match (a, b) {
        (C::Broken { code, at, title }, C::Broken { code: other, at: there, title: said }) => {
            (code, &at.file, title) == (other, &there.file, said)
        }
        (C::Frozen { freeze, .. }, C::Frozen { freeze: other, .. }) => freeze == other,
        (C::LiveOrder { environment, .. }, C::LiveOrder { environment: other, .. }) => environment == other,
        (C::Attempts { deployment, .. }, C::Attempts { deployment: other, .. }) => deployment == other,
        (C::Stopped { cause, .. }, C::Stopped { cause: other, .. }) => {
            (&cause.code, &cause.stack) == (&other.code, &other.stack)
        }
        (C::ForeignStack { stack, .. }, C::ForeignStack { stack: other, .. })
        | (C::StackState { stack, .. }, C::StackState { stack: other, .. }) => stack == other,
        (C::Guard { what, pending, limit, .. }, C::Guard { what: other, pending: p, limit: l, .. }) => {
            (what, pending, limit) == (other, p, l)
        }
        (C::Protected { stacks, .. }, C::Protected { stacks: other, .. }) => stacks == other,
        (C::Unless(finding), C::Unless(other)) => {
            (&finding.phase, &finding.conditions) == (&other.phase, &other.conditions)
        }
        (C::LosesData { losses, .. }, C::LosesData { losses: other, .. }) => losses == other,
        (C::PinHolds { .. }, C::PinHolds { .. })
        | (C::Refused { .. }, C::Refused { .. })
        | (C::PinnedNone { .. }, C::PinnedNone { .. })
        | (C::Soak { .. }, C::Soak { .. }) => true,
        (C::PinnedMissing { release, .. }, C::PinnedMissing { release: other, .. }) => release == other,
        (C::Edited { landed, .. }, C::Edited { landed: other, .. }) => landed == other,
        (a, b) => a == b,
    }
}
