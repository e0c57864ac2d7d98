//! Turn after turn, until a signal says stop.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::mpsc;

use super::turn::{later, until};
use super::{Daemon, DaemonError, Next};

/// The longest wait after a turn that failed.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How many turns in a row may fail where the daemon is to end by itself.
const FAILURES: u32 = 3;

/// Why a daemon ended without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was told to stop.
    Stopped,
    /// Nothing moves any more, and it was to end then.
    Settled,
    /// What is left to do waits for git or AWS to be seen, or for others, for longer than the patience.
    Impatient,
}

impl Daemon {
    /// Takes turns until `stop` returns. `wakes` says "look again"; how often does not matter. A turn that fails is tried
    /// again, later each time; only another landfall on the same store or repository ends the daemon with an error.
    ///
    /// With `once`, it also ends when nothing moves any more, when what is left has waited for longer than the patience, or
    /// when turns keep failing.
    pub async fn run(
        mut self,
        mut wakes: mpsc::Receiver<()>,
        stop: impl Future<Output = ()>,
        once: bool,
    ) -> Result<Ending, DaemonError> {
        let mut stop = pin!(stop);
        let ending = self.turns(&mut wakes, stop.as_mut(), once).await;
        // Dropping a turn half-way is safe: what it did is in the journal. Then the lease is given back.
        if let Some(working) = &self.held
            && !ending.as_ref().is_err_and(DaemonError::is_final)
            && let Err(error) = working.store.release(&working.lease).await
        {
            tracing::warn!(%error, "cannot give the lease back");
        }
        ending
    }

    async fn turns(
        &mut self,
        wakes: &mut mpsc::Receiver<()>,
        mut stop: std::pin::Pin<&mut impl Future<Output = ()>>,
        once: bool,
    ) -> Result<Ending, DaemonError> {
        let (mut failures, mut wakeable, mut woken) = (0, true, false);
        let mut waits_since = None;
        loop {
            let taken = tokio::select! {
                biased;
                () = stop.as_mut() => return Ok(Ending::Stopped),
                taken = self.turn() => taken,
            };
            let wait = match taken {
                Ok(Next { settled: true, waits: false, .. }) if once => return Ok(Ending::Settled),
                Ok(next) => {
                    failures = 0;
                    let now = self.ports.clock.now();
                    let since = if next.waits { *waits_since.get_or_insert(now) } else { now };
                    waits_since = next.waits.then_some(since);
                    let end = later(since, self.options.patience);
                    if once && next.waits && now >= end {
                        return Ok(Ending::Impatient);
                    }
                    if once && next.waits { next.after.min(until(now, end)) } else { next.after }
                }
                Err(error) => {
                    // What a wake finds says nothing of how long the cause lasts: many files change in a moment.
                    if failures == 0 || !woken {
                        failures += 1;
                    }
                    if error.is_final() || (once && failures >= FAILURES) {
                        return Err(error);
                    }
                    self.failed(&error, failures)
                }
            };
            let clock = self.ports.clock.clone();
            woken = tokio::select! {
                biased;
                () = stop.as_mut() => return Ok(Ending::Stopped),
                heard = wakes.recv(), if wakeable => {
                    wakeable = heard.is_some();
                    wakeable
                }
                () = clock.sleep(wait) => false,
            };
            while wakes.try_recv().is_ok() {}
            if woken {
                self.woken();
            }
        }
    }

    fn failed(&self, error: &DaemonError, failures: u32) -> Duration {
        let again = Duration::from_secs(1).saturating_mul(1 << failures.min(6)).min(LONGEST_WAIT);
        tracing::warn!(error = error as &dyn std::error::Error, failures, "a turn failed");
        self.ports.events.failed(error, again);
        again
    }
}
