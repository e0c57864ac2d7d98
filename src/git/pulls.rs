//! Commits of pull requests in the mirror, and the newest commits of the branch.
//!
//! `refs/landfall/pulls/<name>` keeps what was fetched of an open pull request; it goes when the pull request is closed, and the
//! objects go with the next repacking. Nothing of a pull request is deployed: the daemon reads it to say what merging it does.

use std::collections::BTreeSet;

use git2::{AutotagOption, Direction, FetchOptions, Oid};
use jiff::Timestamp;

use super::mirror::{Mirror, Visiting, failed, if_there};
use super::remote::Address;
use super::visit::Visit;
use super::{GitError, Reader, branch, commit_id, copy, leftovers, oid};
use crate::crash;
use crate::model::CommitId;

const PULLS: &str = "refs/landfall/pulls/";

/// A commit of the branch, as its first parents lead to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnBranch {
    pub commit: CommitId,
    /// The commit that the branch was at before.
    pub before: CommitId,
    /// When it was committed.
    pub at: Timestamp,
}

impl Mirror {
    /// The branch that is followed; none before the first poll.
    pub fn branch(&self) -> Result<Option<String>, GitError> {
        if let Some(named) = &self.remote.branch {
            return Ok(Some(named.clone()));
        }
        branch::recorded(&self.lock().repository)
            .map_err(|error| failed(&self.path, "read the branch that is followed", error))
    }

    /// A reader of what the mirror has now.
    pub fn read_again(&self) -> Result<Reader, GitError> {
        Reader::open_local(&self.path)
    }

    /// Fetches the newest commit of a pull request by its ref at the remote, unless it is there, and keeps it under a name.
    pub fn fetch_pull_request(&self, name: &str, reference: &str, head: &CommitId) -> Result<(), GitError> {
        let name = format!("{PULLS}{name}");
        let wanted = oid(head).map_err(|error| failed(&self.path, "name a commit", error))?;
        let known = || -> Result<bool, git2::Error> {
            let home = self.lock();
            if if_there(home.repository.find_commit(wanted))?.is_none() {
                return Ok(false);
            }
            leftovers::set_ref(&home.repository, &name, wanted, "a pull request")?;
            Ok(true)
        };
        if known().map_err(|error| failed(&self.path, "keep a pull request", error))? {
            return Ok(());
        }
        let visiting = Visiting::begin(&self.home);
        match &*self.address {
            Address::Local(path) => {
                let source = copy::open(path, &self.remote.shown())?;
                let home = self.lock();
                let copied = || -> Result<(), git2::Error> {
                    let there = source.refname_to_id(reference)?;
                    copy::copy(&source, &home.repository, there, false)?;
                    leftovers::set_ref(&home.repository, &name, there, "a pull request")
                };
                let done = copied().map_err(|error| failed(&self.path, "copy a pull request", error));
                drop(home);
                drop(visiting);
                done
            }
            _ => {
                let reference = reference.to_owned();
                self.visit(visiting, move |visit| fetch(visit, &reference, &name))
            }
        }
    }

    /// Keeps only what has these names.
    pub fn keep_pull_requests(&self, names: &BTreeSet<String>) -> Result<(), GitError> {
        let home = self.lock();
        let forget = || -> Result<(), git2::Error> {
            for found in home.repository.references_glob(&format!("{PULLS}*"))? {
                let mut found = found?;
                let name = found.name().ok().and_then(|name| name.strip_prefix(PULLS));
                if name.is_none_or(|name| !names.contains(name)) {
                    found.delete()?;
                }
            }
            Ok(())
        };
        forget().map_err(|error| failed(&self.path, "forget pull requests", error))
    }

    /// The newest commits behind a head along first parents, newest first: at most so many, and none from before a time.
    pub fn newest(&self, head: &CommitId, most: usize, since: Timestamp) -> Result<Vec<OnBranch>, GitError> {
        let home = self.lock();
        let read = || -> Result<Vec<OnBranch>, git2::Error> {
            let mut commit = home.repository.find_commit(oid(head)?)?;
            let mut found = Vec::new();
            while found.len() < most {
                let at = Timestamp::from_second(commit.time().seconds()).unwrap_or(Timestamp::UNIX_EPOCH);
                let Some(parent) = commit.parents().next().filter(|_| at >= since) else { break };
                found.push(OnBranch { commit: commit_id(commit.id()), before: commit_id(parent.id()), at });
                commit = parent;
            }
            Ok(found)
        };
        read().map_err(|error| failed(&self.path, "list the newest commits", error))
    }
}

fn fetch(visit: &Visit, reference: &str, name: &str) -> Result<(), GitError> {
    let mirror = visit.repository()?;
    let asking = visit.attempt();
    let address = visit.address.bare(&visit.remote.url);
    let mut remote = mirror.remote_anonymous(&address).map_err(|error| asking.failed("reading the address", error))?;
    let during = "asking for a pull request";
    let mut connected = remote
        .connect_auth(Direction::Fetch, Some(asking.callbacks()), Some(asking.proxy()))
        .map_err(|error| asking.failed(during, error))?;
    asking.hear();
    let there: Option<Oid> = connected
        .list()
        .map_err(|error| asking.failed(during, error))?
        .iter()
        .find(|head| head.name() == reference)
        .map(git2::RemoteHead::oid);
    let Some(there) = there else {
        let missing = git2::Error::from_str(&format!("the remote has no {reference}"));
        return Err(asking.failed(during, missing));
    };
    let mut options = FetchOptions::new();
    options.remote_callbacks(asking.callbacks()).proxy_options(asking.proxy()).download_tags(AutotagOption::None);
    let spec = format!("+{reference}:{name}");
    let fetched = crash::around("fetch", || connected.remote().download(&[spec.as_str()], Some(&mut options)));
    fetched.map_err(|error| asking.failed("fetching", error))?;
    visit.goes_on()?;
    let kept = leftovers::set_ref(&mirror, name, there, "a pull request");
    kept.map_err(|error| failed(&visit.path, "keep a pull request", error))
}
