//! Stacks that the journal does not expect: met before each plan, and learned, asked about, or taken over.
//!
//! A stack of the repository is doubtful if its stamp is none that this journal put there, if the open question is about it,
//! or, for a store that never deployed anything, in any case. Of a doubtful stack one page of events is read: the token of
//! its last operation says whose that was. What was read is kept until the stack changes, so that a look without news reads
//! no event.
//!
//! Deliberately absent: changing AWS, and drawing ids at random: the id of a new incarnation comes in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::driver::{Engine, EngineError};
use super::whose::Whose;
use crate::cloud::At;
use crate::model::journal::{Agreed, Entry, Found, Learned, Question, StoreId};
use crate::model::place::Access;
use crate::model::{Id, Observed, Place, Slot, StackName, StackSeen, StackStatus};

/// For so long after the last operation of another daemon stacks are not taken over: it may be between two of them.
const QUIET: SignedDuration = SignedDuration::from_mins(10);

/// An operation that is in progress for so long holds the answer up no longer: it may hang for days. Its own stack is still waited
/// for, because nothing is changed in a stack that AWS changes.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);

/// What is met with.
#[derive(Clone, Copy, Debug)]
pub struct Meeting<'a> {
    /// The repository whose stacks are looked at.
    pub repository: &'a Id,
    /// What AWS shows.
    pub observed: &'a Observed,
    /// How each place is reached.
    pub places: &'a BTreeMap<Place, Access>,
    /// The id of the incarnation that begins if the store is found to be behind, or takes stacks over.
    pub fresh: &'a StoreId,
    /// The operator agrees to whatever is asked now.
    pub adopt: bool,
}

/// The tokens of last operations as they were read, each for the stack as it was then.
#[derive(Debug, Default)]
pub(super) struct Tokens(BTreeMap<(Place, StackName), Read>);

/// A stack as it was when its events were read, with the token of its last operation.
type Read = (Version, Option<Arc<str>>);

/// What changes when something is done to a stack.
type Version = (Arc<str>, Option<Timestamp>, StackStatus);

/// A doubtful stack.
struct Doubtful<'a> {
    place: &'a Place,
    seen: &'a Arc<StackSeen>,
    slot: Slot,
    token: Option<Arc<str>>,
    whose: Whose,
}

impl Doubtful<'_> {
    fn found(&self) -> Found {
        Found {
            place: self.place.clone(),
            stack: self.seen.name.clone(),
            token: self.token.clone(),
            content: self.seen.stamp().map(|stamp| stamp.content),
        }
    }
}

impl Engine {
    /// Looks at the stacks of the repository and journals what this store did not expect: what it learns, what it asks, and
    /// what it takes over.
    ///
    /// # Errors
    /// Where the store refuses. A stack whose events cannot be read is looked at again next time; before it is changed its
    /// events are read in any case.
    pub async fn meet(&mut self, meeting: &Meeting<'_>, now: Timestamp) -> Result<(), EngineError> {
        let new = self.log.is_new();
        let (doubtful, unread) = self.doubtful(meeting, new).await;
        let (others, rest): (Vec<_>, Vec<_>) =
            doubtful.into_iter().partition(|one| new || matches!(one.whose, Whose::Anothers { .. }));
        // What is in progress is learned when it has come to its end.
        let ended = |one: &Doubtful<'_>| one.whose == Whose::Lost && !one.seen.status.in_progress();
        let lost: Vec<Doubtful<'_>> = rest.into_iter().filter(ended).collect();
        let mut entries = Vec::new();
        if !lost.is_empty() {
            entries.extend(self.renewed(meeting, "AWS shows operations that are not in this store's journal"));
            entries.extend(self.learned(&lost, meeting));
        }
        entries.extend(self.asked(&others, unread, meeting, now));
        self.record(now, entries).await
    }

    /// What is asked, answered or taken over now.
    fn asked(&self, others: &[Doubtful<'_>], unread: bool, meeting: &Meeting<'_>, now: Timestamp) -> Vec<Entry> {
        let open = self.facts().question.as_ref();
        if others.is_empty() {
            // What could not be read may still be another store's.
            let over = open.is_some() && !unread;
            return over.then_some(Entry::Asks { question: None, agreed: false }).into_iter().collect();
        }
        let question = question(others, meeting.repository, now);
        let agreed = meeting.adopt || open.is_some_and(|open| open.agreed && open.question.stores == question.stores);
        let mut entries = Vec::new();
        if agreed && !unread && question.busy.is_none() && question.until.is_none() {
            if !self.log.is_new() {
                entries.extend(self.renewed(meeting, "stacks that another store deployed are taken over"));
            }
            entries.extend(self.learned(others, meeting));
            entries.push(Entry::Adopted { repository: question.repository.clone(), stacks: question.count() });
            return entries;
        }
        if open.is_none_or(|open| open.question != question) {
            entries.push(Entry::Asks { question: Some(question), agreed });
        } else if meeting.adopt && open.is_some_and(|open| !open.agreed) {
            let Question { repository, stores, .. } = question;
            entries.push(Entry::Agreed(Agreed { repository, stores }));
        }
        entries
    }

    /// A new incarnation, unless one has just begun.
    fn renewed(&self, meeting: &Meeting<'_>, because: &str) -> Option<Entry> {
        let entry = Entry::Incarnation { id: meeting.fresh.clone(), because: because.to_owned() };
        (!self.log.has_just_begun()).then_some(entry)
    }

    /// The stacks whose last operation has to be known, with it; and whether some could not be read.
    async fn doubtful<'a>(&mut self, meeting: &Meeting<'a>, new: bool) -> (Vec<Doubtful<'a>>, bool) {
        let ours = meeting.observed.stacks().filter_map(|(place, seen)| {
            let owner = seen.owner().filter(|owner| owner.repository == *meeting.repository)?;
            (seen.status != StackStatus::DeleteComplete).then(|| (place, seen, owner.slot()))
        });
        let doubtful: Vec<_> = ours.filter(|(place, seen, _)| new || self.doubts(place, seen)).collect();
        let tokens = join_all(doubtful.iter().map(|(place, seen, _)| self.last_token(meeting, place, seen))).await;
        let mut unread = false;
        let mut found = Vec::with_capacity(doubtful.len());
        let mut read = BTreeMap::new();
        for ((place, seen, slot), token) in doubtful.into_iter().zip(tokens) {
            let Ok(token) = token else {
                unread = true;
                continue;
            };
            read.insert((place.clone(), seen.name.clone()), (version(seen), token.clone()));
            let whose = self.log.known(place, &seen.name).whose(token.as_deref());
            found.push(Doubtful { place, seen, slot, token, whose });
        }
        self.tokens = Tokens(read);
        (found, unread)
    }

    fn doubts(&self, place: &Place, seen: &StackSeen) -> bool {
        let asked = self.facts().question.as_ref();
        if asked.is_some_and(|open| open.question.stacks.get(place).is_some_and(|names| names.contains(&seen.name))) {
            return true;
        }
        match (self.log.trail(place, &seen.name).filter(|trail| trail.touched()), seen.stamp()) {
            (None, _) => true,
            (Some(trail), Some(stamp)) => !trail.expects(stamp.content),
            (Some(_), None) => false,
        }
    }

    async fn last_token(
        &self,
        meeting: &Meeting<'_>,
        place: &Place,
        seen: &StackSeen,
    ) -> crate::cloud::Result<Option<Arc<str>>> {
        if let Some((_, token)) =
            self.tokens.0.get(&(place.clone(), seen.name.clone())).filter(|(known, _)| *known == version(seen))
        {
            return Ok(token.clone());
        }
        let access = meeting.places.get(place).cloned().unwrap_or_default();
        let read = self.cloud.last_token(&At { place: place.clone(), access }, &seen.id).await;
        if let Err(error) = &read {
            tracing::warn!(%place, stack = %seen.name, %error, "cannot read whose the last operation was");
        }
        read
    }

    /// What the slots of these stacks run, as their newest stamps say.
    fn learned(&self, found: &[Doubtful<'_>], meeting: &Meeting<'_>) -> Vec<Entry> {
        let mut slots: BTreeMap<&Slot, Vec<&Doubtful<'_>>> = BTreeMap::new();
        for one in found {
            slots.entry(&one.slot).or_default().push(one);
        }
        let entries = slots.into_iter().map(|(slot, stacks)| {
            // An operation that put back what the journal knows anyway tells nothing new of the slot.
            let new = stacks.iter().any(|one| {
                let trail = self.log.trail(one.place, &one.seen.name);
                one.seen.stamp().is_some_and(|stamp| trail.is_none_or(|trail| !trail.expects(stamp.content)))
            });
            let release = if new { newest(meeting, slot) } else { None };
            let stacks = stacks.into_iter().map(Doubtful::found).collect();
            Entry::Learned(Learned { slot: slot.clone(), release, stacks })
        });
        entries.collect()
    }
}

/// The release in the stamp of the slot's stack that was changed last, among those that were made.
fn newest(meeting: &Meeting<'_>, slot: &Slot) -> Option<crate::model::ReleaseName> {
    let stacks = meeting.observed.stacks().filter(|(_, seen)| {
        let owner = seen.owner().filter(|owner| owner.repository == *meeting.repository);
        owner.is_some_and(|owner| owner.slot() == *slot) && !seen.status.never_made()
    });
    let stamps = stacks.filter_map(|(_, seen)| Some((changed(seen), seen.stamp()?.release)));
    stamps.max().map(|(_, release)| release)
}

fn question(others: &[Doubtful<'_>], repository: &Id, now: Timestamp) -> Question {
    let mut stacks: BTreeMap<Place, BTreeSet<StackName>> = BTreeMap::new();
    let (mut stores, mut until) = (BTreeSet::new(), None);
    for one in others {
        stacks.entry(one.place.clone()).or_default().insert(one.seen.name.clone());
        if let Whose::Anothers { store, single } = &one.whose {
            stores.insert(store.clone());
            // An account whose clock is ahead must not make the wait longer.
            let quiet = changed(one.seen).min(now).checked_add(QUIET).ok();
            until = until.max(quiet.filter(|quiet| !single && *quiet > now));
        }
    }
    let is_busy = |one: &&Doubtful<'_>| {
        one.seen.status.in_progress() && now.duration_since(changed(one.seen).min(now)) < PATIENCE
    };
    let busy = others.iter().find(is_busy).map(|one| one.seen.name.clone());
    Question { repository: repository.clone(), stores, stacks, until, busy }
}

fn changed(seen: &StackSeen) -> Timestamp {
    seen.updated.unwrap_or(seen.created)
}

fn version(seen: &StackSeen) -> Version {
    (seen.id.clone(), seen.updated, seen.status)
}
