//! What the daemon knows of the past, for others: written to a ref of its mirror whenever it changed, and pushed where the
//! operator wants it.
//!
//! It watches what the daemon publishes and is not part of a turn: a remote that rejects the push, or is slow, delays no
//! deployment. It logs what it cannot write or push, and tries again at growing intervals.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::daemon::{Events, Published};
use crate::git::{FACTS, GitError, Mirror};
use crate::model::Facts;

/// The first wait after a failure; each one after it is twice as long.
const WAIT: Duration = Duration::from_secs(5);

/// The longest wait after a failure.
const LONGEST: Duration = Duration::from_secs(600);

/// How soon a change follows another: facts of a deployment that goes on are of no use to anybody.
const PAUSE: Duration = Duration::from_millis(200);

/// The facts as readers get them: JSON.
///
/// # Errors
/// They cannot be written as JSON.
pub fn json(facts: &Facts) -> Result<String, serde_json::Error> {
    serde_json::to_value(facts).map(|value| format!("{value:#}\n"))
}

/// Writes and pushes facts.
struct Publisher {
    mirror: Arc<Mirror>,
    push: bool,
    /// Gets a line if it does not work.
    events: Arc<dyn Events>,
    /// What the ref has.
    written: Option<Arc<Facts>>,
    /// What has to be done yet, and not before when.
    due: Option<Due>,
}

/// The facts did not reach their ref.
#[derive(Debug, thiserror::Error)]
#[error("cannot publish the facts; deployments go on")]
struct Unpublished(#[source] Box<dyn std::error::Error + Send + Sync>);

#[derive(Clone, Copy)]
struct Due {
    at: Instant,
    failures: u32,
}

/// Publishes until the daemon ends, and what it left at its end once more.
pub async fn publish(
    mut published: watch::Receiver<Option<Arc<Published>>>,
    mirror: Arc<Mirror>,
    push: bool,
    events: Arc<dyn Events>,
) {
    let mut publisher = Publisher { mirror, push, events, written: None, due: None };
    loop {
        let due = publisher.due.map(|due| due.at);
        let goes_on = tokio::select! {
            changed = published.changed() => changed.is_ok(),
            () = until(due) => true,
        };
        let facts = published.borrow_and_update().as_ref().map(|published| published.facts.clone());
        publisher.notice(facts.as_ref());
        if !goes_on || publisher.due.is_some_and(|due| due.at <= Instant::now()) {
            publisher.work(facts).await;
        }
        if !goes_on {
            return;
        }
    }
}

/// Returns then; never without a time.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

impl Publisher {
    /// Plans to write facts that are others.
    fn notice(&mut self, facts: Option<&Arc<Facts>>) {
        if self.due.is_none() && facts.is_some_and(|facts| self.written.as_ref() != Some(facts)) {
            self.due = Some(Due { at: Instant::now() + PAUSE, failures: 0 });
        }
    }

    /// Does what is due.
    async fn work(&mut self, facts: Option<Arc<Facts>>) {
        let (Some(due), Some(facts)) = (self.due.take(), facts) else { return };
        if let Err(error) = self.give(&facts).await {
            let wait = WAIT.saturating_mul(1 << due.failures.min(7)).min(LONGEST);
            let error = Unpublished(error);
            let said = super::exit::chain(&error);
            tracing::warn!(error = said, again_in = wait.as_secs(), "cannot publish the facts");
            self.events.failed(&error, wait);
            self.due = Some(Due { at: Instant::now() + wait, failures: due.failures + 1 });
            return;
        }
        self.written = Some(facts);
    }

    async fn give(&self, facts: &Facts) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let text = json(facts)?;
        let at = facts.as_of.unwrap_or(Timestamp::UNIX_EPOCH);
        // Facts of a store that may not change anything must not replace those of the store that may.
        let (mirror, push) = (self.mirror.clone(), self.push && facts.question.is_none());
        let work = move || -> Result<bool, GitError> {
            let changed = mirror.write_facts(text.as_bytes(), at)?;
            if push {
                mirror.push_facts()?;
            }
            Ok(changed)
        };
        let changed = tokio::task::spawn_blocking(work).await??;
        tracing::debug!(changed, push, "facts at {FACTS}");
        Ok(())
    }
}
