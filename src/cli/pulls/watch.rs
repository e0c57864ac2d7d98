//! When the daemon looks at the forge: as soon as it knows something new, when a webhook comes, and every now and then.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::super::exit::chain;
use super::keeper::{Keeper, Trouble};
use crate::daemon::{Events, Published};
use crate::forge::ForgeError;

/// So soon after what the daemon published: several changes in a row are one look.
const PAUSE: Duration = Duration::from_secs(1);

/// The shortest time between two looks that the daemon's own work causes.
const BETWEEN: Duration = Duration::from_secs(10);

/// The first wait after a failure; each one after it is twice as long, up to the longest.
const WAIT: Duration = Duration::from_secs(15);
const LONGEST: Duration = Duration::from_secs(600);

/// Keeps pull requests until the daemon ends, and once more at its end.
pub async fn keep(
    mut keeper: Keeper,
    mut published: watch::Receiver<Option<Arc<Published>>>,
    mut wakes: mpsc::Receiver<()>,
    poll: Duration,
    events: Arc<dyn Events>,
) {
    let (mut due, mut earliest, mut failures, mut wakeable) = (Instant::now(), Instant::now(), 0_u32, true);
    loop {
        let goes_on = tokio::select! {
            changed = published.changed() => {
                due = due.min((Instant::now() + PAUSE).max(earliest));
                changed.is_ok()
            }
            woken = wakes.recv(), if wakeable => {
                wakeable = woken.is_some();
                if wakeable && failures == 0 {
                    due = Instant::now();
                }
                true
            }
            () = tokio::time::sleep_until(due) => true,
        };
        if goes_on && due > Instant::now() {
            continue;
        }
        let Some(known) = published.borrow_and_update().clone() else {
            if !goes_on {
                return;
            }
            due = Instant::now() + poll;
            continue;
        };
        let work = tokio::task::spawn_blocking(move || {
            let done = keeper.pass(&known, Timestamp::now());
            (keeper, done)
        });
        // A pass that panicked took the keeper with it.
        let Ok((back, done)) = work.await else { return };
        keeper = back;
        if !goes_on {
            return;
        }
        let wait = match done {
            Ok(()) => {
                failures = 0;
                poll
            }
            Err(trouble) => {
                let wait = until(&trouble, failures);
                failures += 1;
                tracing::warn!(error = chain(&trouble), again_in = wait.as_secs(), "cannot keep pull requests");
                events.failed(&Unkept(trouble), wait);
                wait
            }
        };
        due = Instant::now() + wait;
        earliest = if failures == 0 { Instant::now() + BETWEEN.min(poll) } else { due };
    }
}

/// How long to wait after a failure.
fn until(trouble: &Trouble, failures: u32) -> Duration {
    let grown = WAIT.saturating_mul(1 << failures.min(6)).min(LONGEST);
    match trouble {
        Trouble::Forge(ForgeError::Limited { until, .. }) => {
            let left = until.duration_since(Timestamp::now());
            grown.max(Duration::try_from(left).unwrap_or_default())
        }
        _ => grown,
    }
}

/// What people are told.
#[derive(Debug, thiserror::Error)]
#[error("cannot keep pull requests up to date; deployments go on")]
struct Unkept(#[source] Trouble);
