//! The daemon at the forge: it keeps the reviews of open pull requests, and says what becomes of merged ones.
//!
//! One pass after the other, on a thread of its own; a forge that is slow or down delays no deployment. A pass looks at what the
//! daemon published last and at what is at the forge. What a pass could not do, the next one does: nothing has to be
//! remembered, so nothing is lost with the process.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::super::config::Labels;
use super::super::diff::Deny;
use super::super::exit::{Failure, chain};
use super::super::facts::Known;
use super::merged::Followed;
use super::pages::{Required, ReviewPages};
use super::reviewed::{Reviewed, Say, Subject, review};
use crate::daemon::Published;
use crate::forge::keep::{REVIEW, carry_out, look, missing, unset};
use crate::forge::{Forge, ForgeError, PullRequest, State, Status, Writer};
use crate::git::{GitError, Mirror, Reader};
use crate::model::{CommitId, Facts};

/// Facts change with every step of a deployment; reviews follow them so often.
const FACTS: SignedDuration = SignedDuration::from_mins(1);

/// So often a review is compared with what is at the forge, although nothing changed: somebody may have deleted it.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// What the operator says.
pub struct Settings {
    pub deny: Option<Deny>,
    pub labels: Labels,
    /// Where people reach the daemon.
    pub url: Option<String>,
}

/// Keeps pull requests.
pub struct Keeper {
    pub(super) forge: Arc<dyn Forge>,
    pub(super) mirror: Arc<Mirror>,
    pub(super) settings: Settings,
    pub(super) pages: Arc<ReviewPages>,
    kept: BTreeMap<u64, Kept>,
    queued: BTreeSet<CommitId>,
    /// When the forge was last asked what it requires.
    required: Option<Timestamp>,
    pub(super) followed: Followed,
}

/// A pull request as it was last kept.
struct Kept {
    head: CommitId,
    base: CommitId,
    facts: Arc<Facts>,
    at: Timestamp,
}

/// Why a pass did not do everything.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error(transparent)]
    Forge(#[from] ForgeError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error("cannot review {named}: {why}")]
    Review { named: String, why: String },
}

impl Trouble {
    /// Nothing else will work now either.
    fn ends_the_pass(&self) -> bool {
        matches!(self, Self::Forge(error) if error.passes())
    }
}

/// What a pass works with.
pub(super) struct Pass<'a> {
    pub(super) published: &'a Published,
    pub(super) reader: &'a Reader,
    pub(super) branch: &'a str,
    pub(super) now: Timestamp,
    known: Known,
}

impl Keeper {
    /// A keeper that has done nothing yet.
    pub fn new(forge: Arc<dyn Forge>, mirror: Arc<Mirror>, settings: Settings, pages: Arc<ReviewPages>) -> Self {
        let (kept, queued, followed) = (BTreeMap::new(), BTreeSet::new(), Followed::default());
        Self { forge, mirror, settings, pages, kept, queued, required: None, followed }
    }

    /// One look at everything.
    ///
    /// # Errors
    /// The first thing that went wrong. The rest was done, unless the forge does not answer at all.
    pub fn pass(&mut self, published: &Published, now: Timestamp) -> Result<(), Trouble> {
        let Some(branch) = self.mirror.branch()? else { return Ok(()) };
        let reader = self.mirror.read_again()?;
        // The journal tells everything up to now.
        let known = Known::new(Facts { as_of: Some(now), ..Facts::clone(&published.facts) }, "the daemon");
        let pass = Pass { published, reader: &reader, branch: &branch, now, known };
        let mut first = None;
        for work in [Self::required_ones, Self::open_ones, Self::queued_ones, Self::merged_ones] {
            if let Err(trouble) = work(self, &pass) {
                if trouble.ends_the_pass() {
                    return Err(trouble);
                }
                first = first.or(Some(trouble));
            }
        }
        first.map_or(Ok(()), Err)
    }

    /// What the forge requires of a merge. A token that may not see it is not an error: nothing depends on it.
    fn required_ones(&mut self, pass: &Pass<'_>) -> Result<(), Trouble> {
        if self.required.is_some_and(|at| pass.now.duration_since(at) < AGAIN) {
            return Ok(());
        }
        match self.forge.required(pass.branch) {
            Ok(checks) => self.pages.require(Required { branch: pass.branch.to_owned(), checks }),
            Err(error) if error.passes() => return Err(error.into()),
            Err(error) => tracing::info!(error = chain(&error), "cannot see what the forge requires"),
        }
        self.required = Some(pass.now);
        Ok(())
    }

    fn open_ones(&mut self, pass: &Pass<'_>) -> Result<(), Trouble> {
        let open = self.forge.open_pull_requests(pass.branch)?;
        let numbers: BTreeSet<u64> = open.iter().map(|pull_request| pull_request.number).collect();
        self.kept.retain(|number, _| numbers.contains(number));
        let mut first = None;
        for pull_request in open.into_iter().filter(|one| self.is_due(one, pass)).collect::<Vec<_>>() {
            if let Err(trouble) = self.keep(pull_request, pass) {
                if trouble.ends_the_pass() {
                    return Err(trouble);
                }
                first = first.or(Some(trouble));
            }
        }
        let names = numbers.iter().map(u64::to_string).chain(self.queued.iter().map(queue_name)).collect();
        self.mirror.keep_pull_requests(&names)?;
        first.map_or(Ok(()), Err)
    }

    fn is_due(&self, pull_request: &PullRequest, pass: &Pass<'_>) -> bool {
        let Some(kept) = self.kept.get(&pull_request.number) else { return true };
        let age = pass.now.duration_since(kept.at);
        let facts = !Arc::ptr_eq(&kept.facts, &pass.published.facts) && !pull_request.fork;
        kept.head != pull_request.head || kept.base != pass.published.commit || (facts && age >= FACTS) || age >= AGAIN
    }

    /// Reviews a pull request, and writes what is missing there.
    fn keep(&mut self, pull_request: PullRequest, pass: &Pass<'_>) -> Result<(), Trouble> {
        let (number, head) = (pull_request.number, pull_request.head.clone());
        let forge = self.forge.clone();
        self.mirror.fetch_pull_request(&number.to_string(), &forge.head_ref(number), &head)?;
        match self.review(&Subject::of(&pull_request, &*forge), pass) {
            Ok(reviewed) => {
                let whole = self.pages.put(number, &reviewed, self.settings.url.as_deref());
                let wanted = reviewed.wanted(&self.say(whole));
                let found = look(&*forge, pull_request, &wanted.repository)?;
                let acts = missing(&wanted, &found, forge.most_of_a_description(), pass.now);
                carry_out(&*forge, &found.pull_request, &acts)?;
            }
            Err(failure) => self.unreviewed(&head, &failure)?,
        }
        let (base, facts) = (pass.published.commit.clone(), pass.published.facts.clone());
        self.kept.insert(number, Kept { head, base, facts, at: pass.now });
        Ok(())
    }

    fn review(&self, subject: &Subject, pass: &Pass<'_>) -> Result<Reviewed, Failure> {
        let known = Some(&pass.known).filter(|_| !subject.fork);
        let mut reviewed = review(pass.reader, Path::new("the branch"), &pass.published.commit.0, subject, known)?;
        // They are the daemon's own, and so never old.
        reviewed.about.asked = None;
        Ok(reviewed)
    }

    fn say(&self, whole: Option<String>) -> Say<'_> {
        Say {
            forge: &*self.forge,
            writer: Writer::Daemon,
            deny: self.settings.deny,
            labels: Some(&self.settings.labels),
            whole,
        }
    }

    /// What cannot be merged cannot be reviewed.
    fn unreviewed(&self, head: &CommitId, failure: &Failure) -> Result<(), Trouble> {
        let description = format!("cannot be reviewed: {}", chain(failure));
        let status = Status { context: REVIEW.to_owned(), state: State::Failure, description, url: None };
        self.set(head, &status)
    }

    /// Sets a status, unless it is there.
    pub(super) fn set(&self, commit: &CommitId, status: &Status) -> Result<(), Trouble> {
        let known = self.forge.statuses(commit)?;
        if let Some(status) = unset(status, &known, self.forge.most_of_a_description()) {
            self.forge.set_status(commit, &status)?;
        }
        Ok(())
    }

    /// Merges that wait in a queue get the status without which they are not merged.
    fn queued_ones(&mut self, pass: &Pass<'_>) -> Result<(), Trouble> {
        let queued = self.forge.queued(pass.branch)?;
        let heads: BTreeSet<CommitId> = queued.iter().map(|(_, head)| head.clone()).collect();
        self.queued.retain(|head| heads.contains(head));
        for (reference, head) in queued {
            if self.queued.contains(&head) {
                continue;
            }
            self.mirror.fetch_pull_request(&queue_name(&head), &reference, &head)?;
            let named = format!("the merge queue at {}", head.short());
            let subject = Subject { base: pass.branch.to_owned(), head: head.clone(), named, fork: false };
            match self.review(&subject, pass) {
                Ok(reviewed) => self.set(&head, &reviewed.wanted(&self.say(None)).status)?,
                Err(failure) => self.unreviewed(&head, &failure)?,
            }
            self.queued.insert(head);
        }
        Ok(())
    }
}

/// What a commit of a queue is kept by in the mirror.
fn queue_name(head: &CommitId) -> String {
    format!("queue-{head}")
}

/// A review that failed.
pub(super) fn trouble(named: String, failure: &Failure) -> Trouble {
    Trouble::Review { named, why: chain(failure) }
}
