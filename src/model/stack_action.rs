//! What is done with a stack that is found in each status: a table without a wildcard, for the planner, the engine and
//! `landfall doctor` alike.

use super::StackStatus;
use super::catalog::Gate;

/// What is done with a stack that is found in a status, before anything of this deployment was executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateAction {
    /// A change set that creates it.
    Create,
    /// A change set that updates it.
    Update,
    /// An operation that landfall did not begin is going on: landfall waits for its end.
    Wait,
    /// It is what a failed first create left: it is deleted, then created.
    Clear,
    /// A human opens this gate first; then it is deleted and created.
    ClearBehind(Gate),
    /// A human opens this gate first; then its rollback is continued.
    ContinueBehind(Gate),
    /// A human opens this gate first; then it is rolled back.
    RollbackBehind(Gate),
    /// Only a human can repair it, outside of landfall.
    ByHand,
}

/// The table. \[aws-facts: stack states, and what a deployer should do in each\]
pub fn action(status: StackStatus) -> StateAction {
    match status {
        StackStatus::ReviewInProgress | StackStatus::DeleteComplete => StateAction::Create,
        StackStatus::CreateComplete
        | StackStatus::UpdateComplete
        | StackStatus::UpdateRollbackComplete
        | StackStatus::ImportComplete
        | StackStatus::ImportRollbackComplete => StateAction::Update,
        StackStatus::CreateInProgress
        | StackStatus::RollbackInProgress
        | StackStatus::DeleteInProgress
        | StackStatus::UpdateInProgress
        | StackStatus::UpdateCompleteCleanupInProgress
        | StackStatus::UpdateRollbackInProgress
        | StackStatus::UpdateRollbackCompleteCleanupInProgress
        | StackStatus::ImportInProgress
        | StackStatus::ImportRollbackInProgress => StateAction::Wait,
        StackStatus::RollbackComplete => StateAction::Clear,
        StackStatus::RollbackFailed | StackStatus::DeleteFailed => StateAction::ClearBehind(Gate::Remove),
        StackStatus::CreateFailed | StackStatus::UpdateFailed => StateAction::RollbackBehind(Gate::Rollback),
        StackStatus::UpdateRollbackFailed => StateAction::ContinueBehind(Gate::Continue),
        StackStatus::ImportRollbackFailed => StateAction::ByHand,
    }
}
