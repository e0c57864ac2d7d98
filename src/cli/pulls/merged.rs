//! Merged pull requests: a status per environment, and a comment on what a person has to know.
//!
//! What a merge moves is worked out again from its two commits, so that a daemon that was down when it happened says the same.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::super::compared::compare;
use super::keeper::{Keeper, Pass, Trouble, trouble};
use super::pages::address;
use crate::forge::keep::{carry_out, is_reviewed, unset, untold};
use crate::forge::{PullRequest, State, Status};
use crate::git::range::{How, Range};
use crate::git::{Ends, OnBranch};
use crate::model::{CommitId, ReleaseName, Slot};
use crate::view::merged::{Course, InEnvironment, Merged, Move, merged, moves};

/// So many commits of the branch are followed, and none that is older.
const COMMITS: usize = 50;
const AGE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A merged pull request that landfall did not review is followed if it was merged so recently.
const RECENT: SignedDuration = SignedDuration::from_hours(24);

/// A forge may not know at once which pull request a commit is of.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// What is known of the newest commits.
#[derive(Default)]
pub(super) struct Followed {
    commits: BTreeMap<CommitId, Landed>,
    pulls: BTreeMap<u64, Told>,
}

/// A commit of the branch.
struct Landed {
    moves: Vec<Move>,
    /// The pull requests that brought it; none if that was not asked yet.
    pulls: Option<Vec<PullRequest>>,
}

/// What was told at a pull request.
#[derive(Default)]
struct Told {
    /// Whether it is followed; none if that is not known yet.
    follow: Option<bool>,
    statuses: BTreeMap<String, Status>,
    merged: Option<Merged>,
    /// Everything is there, and was told.
    over: bool,
}

impl Keeper {
    pub(super) fn merged_ones(&mut self, pass: &Pass<'_>) -> Result<(), Trouble> {
        let since = pass.now.checked_sub(AGE).unwrap_or(Timestamp::UNIX_EPOCH);
        let newest = self.mirror.newest(&pass.published.commit, COMMITS, since)?;
        let there: BTreeSet<&CommitId> = newest.iter().map(|on| &on.commit).collect();
        self.followed.commits.retain(|commit, _| there.contains(commit));
        let mut all: Vec<(PullRequest, Timestamp, Vec<Move>)> = Vec::new();
        for on in &newest {
            self.learn(on, pass)?;
            let Some(landed) = self.followed.commits.get(&on.commit) else { continue };
            for pull in landed.pulls.iter().flatten() {
                let found = all.iter_mut().find(|(known, ..)| known.number == pull.number);
                match found {
                    // Of a pull request that landed commit by commit, the newest says what a slot is to run.
                    Some((_, _, known)) => {
                        let more = landed.moves.iter().filter(|one| known.iter().all(|other| other.slot != one.slot));
                        let more: Vec<Move> = more.cloned().collect();
                        known.extend(more);
                    }
                    None => all.push((pull.clone(), on.at, landed.moves.clone())),
                }
            }
        }
        self.followed.pulls.retain(|number, _| all.iter().any(|(pull, ..)| pull.number == *number));
        let mut taken: BTreeSet<(Slot, ReleaseName)> = BTreeSet::new();
        for (pull, at, moves) in all {
            let speaks = |one: &Move| !taken.contains(&(one.slot.clone(), one.to.clone()));
            let merged = merged(&moves, &pass.published.planned.report, &speaks, pass.now);
            self.tell(&pull, at, merged, pass)?;
            taken.extend(moves.into_iter().map(|one| (one.slot, one.to)));
        }
        Ok(())
    }

    /// Finds out what a commit moves, and which pull request brought it.
    fn learn(&mut self, on: &OnBranch, pass: &Pass<'_>) -> Result<(), Trouble> {
        if !self.followed.commits.contains_key(&on.commit) {
            let ends = Ends {
                base: on.before.clone(),
                head: on.commit.clone(),
                tip: on.commit.clone(),
                merge_base: None,
                moved: false,
                merged: false,
            };
            let range = Range { base: on.before.0.clone(), head: on.commit.0.clone(), how: How::Tips };
            let compared = compare(pass.reader, &range, &ends, None, on.at);
            let compared = compared.map_err(|failure| trouble(on.commit.short().to_owned(), &failure))?;
            let landed = Landed { moves: moves(&compared.review), pulls: None };
            self.followed.commits.insert(on.commit.clone(), landed);
        }
        let Some(landed) = self.followed.commits.get_mut(&on.commit) else { return Ok(()) };
        if landed.moves.is_empty() || landed.pulls.is_some() {
            return Ok(());
        }
        let pulls = self.forge.pull_requests_of(&on.commit)?;
        let of_branch = |pull: &PullRequest| pull.merged.is_some() && pull.base == pass.branch;
        let pulls: Vec<PullRequest> = pulls.into_iter().filter(of_branch).collect();
        if !pulls.is_empty() || pass.now.duration_since(on.at) > PATIENCE {
            landed.pulls = Some(pulls);
        }
        Ok(())
    }

    fn tell(&mut self, pull: &PullRequest, at: Timestamp, merged: Merged, pass: &Pass<'_>) -> Result<(), Trouble> {
        let told = self.followed.pulls.entry(pull.number).or_default();
        if told.over || told.follow == Some(false) || told.merged.as_ref() == Some(&merged) {
            return Ok(());
        }
        let catalog = &pass.published.catalog;
        let repository = catalog.repository.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string);
        let speaks = !merged.alarms.is_empty() || merged.done.is_some();
        let comments = match told.follow {
            Some(true) if !speaks => None,
            _ => Some(self.forge.comments(pull.number)?),
        };
        if told.follow.is_none() {
            let reviewed = comments.as_ref().is_some_and(|comments| is_reviewed(&repository, comments));
            let follow = reviewed || pass.now.duration_since(at) < RECENT;
            told.follow = Some(follow);
            if !follow {
                return Ok(());
            }
        }
        let url = address(pull.number, self.settings.url.as_deref());
        for status in merged.environments.iter().map(|environment| status(environment, url.clone())) {
            if told.statuses.get(&status.context) == Some(&status) {
                continue;
            }
            let known = self.forge.statuses(&pull.head)?;
            if let Some(status) = unset(&status, &known, self.forge.most_of_a_description()) {
                self.forge.set_status(&pull.head, &status)?;
            }
            told.statuses.insert(status.context.clone(), status);
        }
        if let Some(comments) = comments {
            carry_out(&*self.forge, pull, &untold(&repository, &comments, &merged))?;
        }
        told.over = merged.over;
        told.merged = Some(merged);
        Ok(())
    }
}

fn status(environment: &InEnvironment, url: Option<String>) -> Status {
    let state = match environment.course {
        Course::Done => State::Success,
        Course::GoesOn => State::Pending,
        Course::Failed => State::Failure,
    };
    let context = format!("landfall/{}", environment.environment);
    Status { context, state, description: environment.sentence.clone(), url }
}
