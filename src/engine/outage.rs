//! What a turn does when AWS does not answer as it should.
//!
//! An outage (denied, expired, throttled, unreachable, a broken AWS, a stack in another operation) is not a failure: the
//! stack waits with growing pauses, says so in the journal with the time of the next try, and uses up no attempt. An answer
//! that cannot change, and a call that fails for what it asks, end the stack.

use std::sync::PoisonError;

use jiff::{SignedDuration, Timestamp};

use super::driver::EngineError;
use super::machine::{Ask, Effect};
use super::turn::Turn;
use crate::cloud::{CloudError, Consequence};
use crate::model::StackName;
use crate::model::catalog::Gate;
use crate::model::journal::{Call, Cause, DeploymentId, Entry, Order};

type Result<T> = std::result::Result<T, EngineError>;

/// When a stack is tried again after AWS did not answer as it should. Kept in memory only: a restart tries at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Later {
    at: Timestamp,
    times: u32,
}

/// The longest pause after outages in a row that end by themselves, in seconds.
const LONGEST: i64 = 60;

/// The longest pause after outages in a row that a person has to end, in seconds: rights, credentials, the clock.
const LONGEST_FOR_A_PERSON: i64 = 300;

/// After so many outages in a row that end by themselves the journal says that a stack waits for AWS.
const OFTEN: u32 = 4;

/// The code of waiting for a read.
pub(super) const UNREAD: &str = "aws-unread";

/// Codes that begin so are those of waiting for AWS.
const AWS: &str = "aws-";

/// What was answered again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answered {
    /// A read. A call that is still denied is waited for all the same.
    Read,
    Call,
}

impl Turn<'_> {
    /// Until when a stack is left alone after an outage.
    pub(super) fn pause(&self, id: DeploymentId, stack: &StackName) -> Option<Timestamp> {
        // A pause longer than the longest means that the clock was set back.
        let longest = self.now + SignedDuration::from_secs(LONGEST_FOR_A_PERSON);
        let aside = self.aside.lock().unwrap_or_else(PoisonError::into_inner);
        aside.later.get(&(id, stack.clone())).map(|later| later.at).filter(|at| *at > self.now && *at <= longest)
    }

    /// The stack has what it needs: the next outage begins with the shortest pause.
    pub(super) fn forget(&self, id: DeploymentId, stack: &StackName) {
        self.aside.lock().unwrap_or_else(PoisonError::into_inner).later.remove(&(id, stack.clone()));
    }

    /// A read failed: it is repeated later. If the answer cannot change and nothing goes on in the stack, it ends.
    pub(super) async fn unread(
        &self,
        id: DeploymentId,
        index: usize,
        order: &Order,
        error: &CloudError,
    ) -> Result<Option<Timestamp>> {
        tracing::warn!(deployment = id.0, stack = %order.stack, %error, "cannot read");
        let changing = self.with(id, index, |subject| subject.state.changing()).await.unwrap_or(false);
        if matches!(error.consequence(), Consequence::Failed | Consequence::Never) && !changing {
            return self.fail(id, index, error).await;
        }
        self.waits(id, index, order, UNREAD, error).await
    }

    /// What follows if AWS did not accept a call, or if that is not known.
    pub(super) async fn refused(
        &self,
        id: DeploymentId,
        index: usize,
        order: &Order,
        ask: &Ask,
        error: &CloudError,
    ) -> Result<Option<Timestamp>> {
        tracing::warn!(deployment = id.0, stack = %order.stack, call = ?ask.call, %error, "AWS did not accept the call");
        if matches!(error.consequence(), Consequence::Outage | Consequence::Unknown) {
            return self.waits(id, index, order, error.code(), error).await;
        }
        let (unsure, changing) = self
            .with(id, index, |s| (s.state.call(&ask.token).is_some_and(|call| call.unsure), s.state.changing()))
            .await
            .unwrap_or_default();
        let goes_on = match (ask.call, error) {
            (Call::CreateChangeSet, CloudError::AlreadyExists { .. }) => true,
            (Call::ExecuteChangeSet, CloudError::NotFound { .. }) => true,
            (Call::ExecuteChangeSet | Call::DeleteStack | Call::RunTask, _) if unsure => true,
            // What goes on is followed, whether or not it can be stopped.
            (Call::CancelUpdate | Call::ContinueServiceDeployment | Call::StopTask, _) => true,
            (Call::DeleteStack, _) => changing,
            _ => false,
        };
        match ask.call {
            _ if goes_on => self.waits(id, index, order, error.code(), error).await,
            Call::ContinueRollback => self.stop_again(id, order, Gate::Continue, error).await,
            Call::RollbackStack => self.stop_again(id, order, Gate::Rollback, error).await,
            _ => self.fail(id, index, error).await,
        }
    }

    /// Lets the stack wait, longer each time, and says so in the journal unless it may be over in a moment.
    async fn waits(
        &self,
        id: DeploymentId,
        index: usize,
        order: &Order,
        code: &str,
        error: &CloudError,
    ) -> Result<Option<Timestamp>> {
        let (at, times) = self.back_off(id, &order.stack, error.needs_a_person());
        if !error.needs_a_person() && times < OFTEN {
            return Ok(Some(at));
        }
        let sentence = format!("{}; landfall waits and tries again", error.with_cure());
        let entry = self.with(id, index, |s| {
            let free =
                s.state.waits.as_ref().is_none_or(|(waits, _)| waits.starts_with(AWS) || &**waits == Cause::UNMADE);
            free.then(|| s.waits(Some((code, sentence)), Some(at)))
        });
        if let Some(entry) = entry.await.flatten() {
            self.append(vec![entry]).await?;
        }
        Ok(Some(at))
    }

    /// A second, then twice as long each time, up to the longest pause; with how many there were in a row.
    fn back_off(&self, id: DeploymentId, stack: &StackName, person: bool) -> (Timestamp, u32) {
        let longest = if person { LONGEST_FOR_A_PERSON } else { LONGEST };
        let mut aside = self.aside.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = aside.later.entry((id, stack.clone())).or_insert(Later { at: self.now, times: 0 });
        let pause = (1_i64 << entry.times.min(10)).min(longest);
        entry.times = entry.times.saturating_add(1);
        entry.at = self.now + SignedDuration::from_secs(pause);
        (entry.at, entry.times)
    }

    /// AWS answered again.
    pub(super) async fn answered(&self, id: DeploymentId, index: usize, what: Answered) -> Result<()> {
        let over = |code: &str| match what {
            Answered::Read => code == UNREAD,
            Answered::Call => code.starts_with(AWS),
        };
        let entry = self
            .with(id, index, |s| {
                s.state.waits.as_ref().is_some_and(|(code, _)| over(code)).then(|| s.waits(None, None))
            })
            .await;
        if let Some(entry) = entry.flatten() { self.append(vec![entry]).await } else { Ok(()) }
    }

    async fn fail(&self, id: DeploymentId, index: usize, error: &CloudError) -> Result<Option<Timestamp>> {
        let effect = self.with(id, index, |subject| subject.fail(error.code(), error.to_string())).await;
        if let Some(Effect::Note(entries)) = effect {
            self.append(entries).await?;
        }
        Ok(None)
    }

    async fn stop_again(
        &self,
        id: DeploymentId,
        order: &Order,
        gate: Gate,
        error: &CloudError,
    ) -> Result<Option<Timestamp>> {
        let cause = Cause {
            code: error.code().into(),
            sentence: error.to_string(),
            stack: Some(order.stack.clone()),
            gate: Some(gate),
            foreseen: Vec::new(),
        };
        self.append(vec![Entry::Stopped { deployment: id, stack: order.stack.clone(), cause, until: None }]).await?;
        Ok(None)
    }
}
