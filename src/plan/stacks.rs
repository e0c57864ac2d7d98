//! One wanted stack against what AWS shows: what is done to it, or why nothing can be.
//!
//! Which state allows what is CloudFormation's; see "Stack states" in its documentation of StackStatus.

use crate::model::catalog::Gate;
use crate::model::decision::Cause;
use crate::model::facts::StackPut;
use crate::model::observed::PlaceSeen;
use crate::model::slot::TAG_PREFIX;
use crate::model::stack_action::{StateAction, action};
use crate::model::{Hold, Observed, Place, StackOwner, StackSeen, StackStatus};

use super::types::StackChange;
use super::wanted::Wanted;

/// What becomes of a wanted stack.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// It is what it should be.
    Current,
    /// It is made or changed.
    Put(StackChange),
    /// Its place could not be listed.
    Unseen(Hold),
    /// Of another owner.
    Foreign(Foreign),
    /// Its state does not allow a change set; a gate may.
    State(State),
}

/// A stack of the wanted name that is not the one that is wanted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Foreign {
    /// Whose, as far as its tags say.
    pub(super) owner: Option<String>,
    /// A change set that is not landfall's waits in it, and it has no resources yet.
    pub(super) review: bool,
    /// It has no tags of landfall, and its state accepts a change set: an allowance lets landfall take it over.
    pub(super) adoptable: bool,
}

/// A state that landfall does not interfere with by itself.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    pub(super) status: StackStatus,
    pub(super) gate: Option<Gate>,
    pub(super) way_out: String,
}

/// What a stack's state allows.
enum Allows {
    /// A change set of type CREATE, or a new creation after the remains were deleted.
    Create,
    /// A change set of type UPDATE.
    Update,
    Nothing(State),
}

/// Compares one wanted stack with what is there. `made` says that we made a change set for it that is not executed. It is
/// current if its stamp says so, or if AWS confirmed the content when this store put it there (`put`): an endpoint may drop
/// descriptions. What others changed in it since is drift, which is told and put right in its own way.
pub(super) fn judge(observed: &Observed, wanted: &Wanted<'_>, made: bool, put: Option<&StackPut>) -> Verdict {
    let place = &wanted.target.place;
    if let Some(hold) = unseen(observed, place) {
        return Verdict::Unseen(hold);
    }
    let Some(seen) = observed.stack(place, &wanted.stack).filter(|seen| seen.status != StackStatus::DeleteComplete)
    else {
        return Verdict::Put(StackChange::Create);
    };
    // A stack has no tags before its first change set is executed: then only the journal says whose it is.
    let untold = seen.status == StackStatus::ReviewInProgress && seen.owner().is_none();
    if let Some(foreign) = foreign(seen, &wanted.owner).filter(|_| !untold || !made) {
        return Verdict::Foreign(foreign);
    }
    match allows(seen) {
        Allows::Create => Verdict::Put(StackChange::Create),
        Allows::Update if seen.stamp().is_some_and(|stamp| stamp.content == wanted.content.hash) => Verdict::Current,
        Allows::Update if put.is_some_and(|put| put.content == wanted.content.hash) => Verdict::Current,
        Allows::Update => Verdict::Put(StackChange::Update),
        Allows::Nothing(state) => Verdict::State(state),
    }
}

/// Why a place cannot be judged; none if it was listed.
pub(super) fn unseen(observed: &Observed, place: &Place) -> Option<Hold> {
    let (error, since, until) = match observed.places.get(place) {
        Some(PlaceSeen::Seen { .. }) => return None,
        Some(PlaceSeen::Unseen { at, error, again }) => (error.clone(), Some(*at), *again),
        None => ("landfall has not listed its stacks yet".to_owned(), None, None),
    };
    Some(Hold { cause: Cause::PlaceUnseen { place: place.clone(), error }, since, until })
}

/// Whose the stack is, if it is not the one that is wanted, whatever its name.
fn foreign(seen: &StackSeen, wanted: &StackOwner) -> Option<Foreign> {
    let owner = seen.owner();
    if owner.as_ref() == Some(wanted) {
        return None;
    }
    let untagged = !seen.tags.keys().any(|key| key.starts_with(TAG_PREFIX));
    let adoptable = untagged && matches!(allows(seen), Allows::Update);
    let owner = owner.map(|owner| format!("repository {}, {}", owner.repository, owner.slot()));
    Some(Foreign { owner, review: seen.status == StackStatus::ReviewInProgress, adoptable })
}

/// What may be done to a stack of ours by its state.
fn allows(seen: &StackSeen) -> Allows {
    let status = seen.status;
    let nothing = |gate, way_out: &str| Allows::Nothing(State { status, gate, way_out: way_out.to_owned() });
    match action(status) {
        StateAction::Create | StateAction::Clear => Allows::Create,
        StateAction::Update => Allows::Update,
        StateAction::Wait => nothing(None, "an operation that is not landfall's is in progress and must end first"),
        StateAction::ContinueBehind(gate) => nothing(
            Some(gate),
            "fix what stopped the rollback, then let it continue; `skip-resource` leaves a resource out",
        ),
        StateAction::RollbackBehind(gate) => nothing(Some(gate), "it failed without a rollback: let it roll back"),
        StateAction::ClearBehind(gate) if status == StackStatus::DeleteFailed => {
            nothing(Some(gate), "fix what stopped its deletion, then let it be deleted")
        }
        StateAction::ClearBehind(gate) => {
            nothing(Some(gate), "its first creation could not be undone: let it be deleted")
        }
        StateAction::ByHand => nothing(None, "repair it by hand: CloudFormation offers no call for this state"),
    }
}

/// Why a stack of ours cannot be deleted now; none if it can.
pub(super) fn not_deletable(seen: &StackSeen) -> Option<State> {
    match allows(seen) {
        Allows::Nothing(state) if seen.status.in_progress() || state.gate == Some(Gate::Remove) => Some(state),
        _ => None,
    }
}
