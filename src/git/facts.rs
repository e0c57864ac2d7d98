//! The daemon's facts on a ref: a commit without parents whose tree has `facts.json`, in the mirror, and where the operator
//! wants it in the remote.
//!
//! Each commit replaces the one before, so that the ref has no history to grow. What is in the file is the business of those
//! who write and read it.

use git2::{PushOptions, Repository, Signature, Time};
use jiff::Timestamp;

use super::mirror::{Mirror, Visiting, failed, if_there};
use super::reader::Reader;
use super::remote::Address;
use super::visit::Visit;
use super::{GitError, copy, leftovers};
use crate::crash;

/// The ref, in the mirror and in the remote.
pub const FACTS: &str = "refs/landfall/facts";

/// The file in its commit's tree.
const FILE: &str = "facts.json";

impl Mirror {
    /// Writes the facts; says whether they are others than before.
    pub fn write_facts(&self, json: &[u8], at: Timestamp) -> Result<bool, GitError> {
        let written = write(&self.lock().repository, json, at);
        let changed = written.map_err(|source| failed(&self.path, "write the facts", source))?;
        if changed {
            self.tidy();
        }
        Ok(changed)
    }

    /// Pushes the facts to [`FACTS`] of the remote, whatever is there. Nothing happens before they were written.
    ///
    /// # Errors
    /// Those of [`Mirror::poll`], and [`GitError::Refused`] where the remote does not take them.
    pub fn push_facts(&self) -> Result<(), GitError> {
        match &*self.address {
            Address::Local(path) => {
                let there = copy::open(path, &self.remote.shown())?;
                let pushed = give(&self.lock().repository, &there);
                pushed.map_err(|error| GitError::Refused {
                    remote: self.remote.shown(),
                    reference: FACTS.to_owned(),
                    why: error.message().to_owned(),
                })
            }
            _ => self.visit(Visiting::begin(&self.home), push),
        }
    }
}

fn write(repository: &Repository, json: &[u8], at: Timestamp) -> Result<bool, git2::Error> {
    let blob = repository.blob(json)?;
    let mut tree = repository.treebuilder(None)?;
    tree.insert(FILE, blob, 0o100_644)?;
    let tree = repository.find_tree(tree.write()?)?;
    let before = match if_there(repository.refname_to_id(FACTS))? {
        Some(id) => if_there(repository.find_commit(id))?.map(|commit| commit.tree_id()),
        None => None,
    };
    if before == Some(tree.id()) {
        return Ok(false);
    }
    let author = Signature::new("landfall", "landfall@localhost", &Time::new(at.as_second(), 0))?;
    let message = format!("Facts as of {at}\n");
    let commit = repository.commit(None, &author, &author, &message, &tree, &[])?;
    crash::around("write the facts", || leftovers::set_ref(repository, FACTS, commit, "facts"))?;
    Ok(true)
}

/// Copies the facts into a repository on this machine.
fn give(mirror: &Repository, there: &Repository) -> Result<(), git2::Error> {
    let Some(commit) = if_there(mirror.refname_to_id(FACTS))? else { return Ok(()) };
    copy::snapshot(mirror, there, commit)?;
    let give = || there.reference(FACTS, commit, true, "facts of landfall's daemon");
    crash::around("give the facts", give).map(drop)
}

fn push(visit: &Visit) -> Result<(), GitError> {
    let mirror = visit.repository()?;
    if if_there(mirror.refname_to_id(FACTS)).map_err(|error| failed(&visit.path, "read the facts", error))?.is_none() {
        return Ok(());
    }
    let asking = visit.attempt();
    let address = visit.address.bare(&visit.remote.url);
    let mut remote = mirror.remote_anonymous(&address).map_err(|error| asking.failed("reading the address", error))?;
    let refused = std::cell::RefCell::new(None);
    let mut callbacks = asking.callbacks();
    callbacks.push_update_reference(|_, status| {
        *refused.borrow_mut() = status.map(str::to_owned);
        Ok(())
    });
    let mut options = PushOptions::new();
    options.remote_callbacks(callbacks).proxy_options(asking.proxy());
    let pushed = crash::around("push the facts", || remote.push(&[format!("+{FACTS}:{FACTS}")], Some(&mut options)));
    drop(options);
    pushed.map_err(|error| asking.failed("pushing the facts", error))?;
    match refused.into_inner() {
        Some(why) => Err(GitError::Refused { remote: visit.remote.shown(), reference: FACTS.to_owned(), why }),
        None => Ok(()),
    }
}

impl Reader {
    /// The facts that a revision has: [`FACTS`] in a clone that fetched it.
    ///
    /// # Errors
    /// [`GitError::Revision`] if the commit does not exist, [`GitError::NoFacts`] if it has no facts.
    pub fn facts(&self, revision: &str) -> Result<Vec<u8>, GitError> {
        self.with(|repository| {
            let path = || repository.path().to_owned();
            let unknown = |source| GitError::Revision { revision: revision.to_owned(), path: path(), source };
            let commit = repository.revparse_single(revision).and_then(|object| object.peel_to_commit());
            let tree = commit.and_then(|commit| commit.tree()).map_err(unknown)?;
            let blob = tree.get_name(FILE).and_then(|entry| repository.find_blob(entry.id()).ok());
            blob.map(|blob| blob.content().to_vec())
                .ok_or_else(|| GitError::NoFacts { revision: revision.to_owned(), path: path() })
        })
    }
}
