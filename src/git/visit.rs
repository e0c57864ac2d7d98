//! Visits to a remote over the network, each on a thread of its own, so that one that never ends can be left behind.
//!
//! libgit2 gives up a remote that is silent. One that drips a byte now and then is never silent, and while it drips the
//! library does not ask whether to go on. So the caller waits no longer than the remote's limit; a visit that takes longer
//! breaks off at the next occasion, and changes nothing any more.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};

use git2::Repository;

use super::GitError;
use super::access::{Attempt, connection};
use super::mirror::{Mirror, Visiting, failed};
use super::remote::{Address, Remote};

/// How many visits may go on at a time, those that were left behind included: each is a thread and a connection.
const VISITS: usize = 6;

/// What a visit works with.
pub(super) struct Visit {
    pub(super) path: PathBuf,
    pub(super) remote: Arc<Remote>,
    pub(super) address: Arc<Address>,
    given_up: Arc<AtomicBool>,
}

impl Visit {
    /// The mirror, opened for this visit alone.
    pub(super) fn repository(&self) -> Result<Repository, GitError> {
        Repository::open_bare(&self.path).map_err(|error| failed(&self.path, "open", error))
    }

    /// An attempt to get in.
    pub(super) fn attempt(&self) -> Attempt<'_> {
        Attempt::new(&self.remote, &self.address, &self.given_up)
    }

    /// That the caller still waits for the visit.
    pub(super) fn goes_on(&self) -> Result<(), GitError> {
        if self.given_up.load(Ordering::Relaxed) { Err(too_slow(&self.remote)) } else { Ok(()) }
    }
}

impl Mirror {
    /// Visits the remote: `work` runs with its timeouts in force, and is waited for up to its limit.
    pub(super) fn visit<T: Send + 'static>(
        &self,
        visiting: Visiting,
        work: impl FnOnce(&Visit) -> Result<T, GitError> + Send + 'static,
    ) -> Result<T, GitError> {
        if self.lock().visits > VISITS {
            return Err(too_slow(&self.remote));
        }
        let given_up = Arc::new(AtomicBool::new(false));
        let visit = Visit {
            path: self.path.clone(),
            remote: self.remote.clone(),
            address: self.address.clone(),
            given_up: given_up.clone(),
        };
        let (tell, told) = channel();
        let thread = std::thread::Builder::new().name("git".to_owned()).spawn(move || {
            let done = connection(&visit.remote, || work(&visit));
            drop(visiting);
            // If the caller no longer waits, the result is of no use.
            let _ = tell.send(done);
        });
        let broken = |what: &str| failed(&self.path, "visit the remote", git2::Error::from_str(what));
        thread.map_err(|error| broken(&error.to_string()))?;
        match told.recv_timeout(self.remote.limit) {
            Ok(done) => done,
            Err(RecvTimeoutError::Timeout) => {
                given_up.store(true, Ordering::Relaxed);
                Err(too_slow(&self.remote))
            }
            Err(RecvTimeoutError::Disconnected) => Err(broken("it broke off, which is a mistake in landfall")),
        }
    }
}

pub(super) fn too_slow(remote: &Remote) -> GitError {
    GitError::TooSlow { remote: remote.shown(), seconds: remote.limit.as_secs().max(1) }
}
