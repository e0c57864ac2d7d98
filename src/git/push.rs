//! Branches that a person asked to be made and pushed. Never by force: what the remote has and we have not stays there.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;

use git2::{ErrorCode, PushOptions, Repository};

use super::access::{Attempt, connection};
use super::remote::{Address, Remote};
use super::visit::too_slow;
use super::write::Writer;
use super::{GitError, copy, oid};
use crate::crash;
use crate::model::CommitId;

const BRANCHES: &str = "refs/heads/";

impl Writer {
    /// Where git would push to for a remote of this name.
    pub fn remote_url(&self, name: &str) -> Result<String, GitError> {
        let missing = |source| GitError::NoRemote { name: name.to_owned(), path: self.path().to_owned(), source };
        let remote = self.repository.find_remote(name).map_err(missing)?;
        match remote.pushurl() {
            Ok(Some(url)) => Ok(url.to_owned()),
            _ => remote.url().map(str::to_owned).map_err(missing),
        }
    }

    /// The default branch of a remote, as far as the last fetch or clone noted it.
    pub fn remote_default(&self, name: &str) -> Option<String> {
        let head = self.repository.find_reference(&format!("refs/remotes/{name}/HEAD")).ok()?;
        head.symbolic_target().ok()??.strip_prefix(&format!("refs/remotes/{name}/")).map(str::to_owned)
    }

    /// Makes a branch that begins at a commit; one that is there stays where it is.
    pub fn begin_branch(&self, branch: &str, at: &CommitId) -> Result<(), GitError> {
        if !git2::Branch::name_is_valid(branch).unwrap_or(false) {
            return Err(GitError::Name { name: branch.to_owned(), what: "branch" });
        }
        let failed = |source| self.failed(&format!("begin the branch `{branch}`"), source);
        let name = format!("{BRANCHES}{branch}");
        match self.repository.refname_to_id(&name) {
            Ok(_) => Ok(()),
            Err(error) if error.code() == ErrorCode::NotFound => {
                let id = oid(at).map_err(failed)?;
                let begin = || self.repository.reference(&name, id, false, "begun by landfall");
                crash::around("begin a branch", begin).map(drop).map_err(failed)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Pushes a branch to the branch of the same name. Waits no longer than the remote's limit.
    ///
    /// # Errors
    /// The remote cannot be reached, does not let us in, or does not take it: it has commits there that are not in ours, or
    /// guards the branch.
    pub fn push(&self, remote: &Remote, branch: &str) -> Result<(), GitError> {
        let (path, remote, branch) = (self.repository.path().to_owned(), remote.clone(), branch.to_owned());
        let (given_up, limit) = (Arc::new(AtomicBool::new(false)), remote.limit);
        let slow = too_slow(&remote);
        let (tell, told) = channel();
        let gave_up = given_up.clone();
        std::thread::spawn(move || {
            // If the caller no longer waits, the result is of no use.
            let _ = tell.send(push(&path, &remote, &branch, &gave_up));
        });
        told.recv_timeout(limit).unwrap_or_else(|_| {
            given_up.store(true, Ordering::Relaxed);
            Err(slow)
        })
    }
}

fn push(path: &Path, remote: &Remote, branch: &str, given_up: &AtomicBool) -> Result<(), GitError> {
    let repository = Repository::open(path).map_err(|source| copy::unopened(path, source))?;
    match remote.address()? {
        address @ Address::Local(_) => push_to(&repository, remote, &address, branch, given_up),
        address => connection(remote, || push_to(&repository, remote, &address, branch, given_up)),
    }
}

fn push_to(
    repository: &Repository,
    remote: &Remote,
    address: &Address,
    branch: &str,
    given_up: &AtomicBool,
) -> Result<(), GitError> {
    let asking = Attempt::new(remote, address, given_up);
    let during = "pushing";
    let mut there = repository.remote_anonymous(&address.bare(&remote.url)).map_err(|e| asking.failed(during, e))?;
    let said = RefCell::new(None);
    let mut callbacks = asking.callbacks();
    callbacks.push_update_reference(|_, status| {
        *said.borrow_mut() = status.map(str::to_owned);
        Ok(())
    });
    let mut options = PushOptions::new();
    options.remote_callbacks(callbacks).proxy_options(asking.proxy());
    let refs = [format!("{BRANCHES}{branch}:{BRANCHES}{branch}")];
    let pushed = crash::around("push a branch", || there.push(&refs, Some(&mut options)));
    drop(options);
    let refused = |why: String| {
        // What a hook or the host has to say of it.
        let words = asking.words().into_iter().map(|line| format!("\n    remote: {line}")).collect::<String>();
        let reference = format!("the branch {branch}");
        GitError::Refused { remote: remote.shown(), reference, why: format!("{why}{words}") }
    };
    if let Some(why) = said.into_inner() {
        return Err(refused(why));
    }
    pushed.map_err(|error| match error.code() {
        ErrorCode::NotFastForward => {
            refused("it has commits there that are not in yours; fetch and rebase, then push again".to_owned())
        }
        _ => asking.failed(during, error),
    })
}
