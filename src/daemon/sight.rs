//! What the daemon sees of the outside, and how soon it looks again at what did not answer.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::turn::later;
use super::{Daemon, DaemonError};
use crate::cloud::CloudError;
use crate::engine::{Engine, Inspection};
use crate::model::health::Health;
use crate::model::observed::PlaceSeen;
use crate::model::place::Access;
use crate::model::{Catalog, CommitId, Observed, Place, StackName};

/// The longest pause before AWS is looked at again, if waiting is all that helps.
const LONGEST: Duration = Duration::from_secs(60);
/// The longest pause if a person has to do something first.
const LONGEST_FOR_A_PERSON: Duration = Duration::from_secs(300);
/// The first and the longest pause after the branch's home refused the credentials: a wrong password that is shown again
/// and again locks accounts.
const REFUSED: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(600));

/// Twice as long each time, up to the longest.
fn pause(first: Duration, longest: Duration, times: u32) -> Duration {
    first.saturating_mul(1 << times.saturating_sub(1).min(16)).min(longest)
}

/// How soon AWS is looked at again after so many errors in a row.
pub(super) fn after(error: &CloudError, times: u32) -> Duration {
    let longest = if error.needs_a_person() { LONGEST_FOR_A_PERSON } else { LONGEST };
    pause(Duration::from_secs(1), longest, times)
}

impl Daemon {
    /// Changes what is said of the outside, and tells readers if it is news.
    pub(super) fn note(&self, change: impl FnOnce(&mut Health)) {
        self.health.send_if_modified(|health| {
            let before = health.clone();
            change(health);
            *health != before
        });
    }

    /// Asks where the branch is, unless the last question failed a moment ago. Without an answer the daemon goes on with the
    /// commit that it knows.
    pub(super) async fn ask_head(&mut self, now: Timestamp) {
        let waits = self.health.borrow().git.unseen.as_ref().and_then(|unseen| unseen.again);
        // A pause longer than the longest means that the clock was set back.
        if waits.is_some_and(|again| again > now && again <= later(now, REFUSED.1)) {
            return;
        }
        match self.ports.upstream.head().await {
            Ok(commit) => {
                self.note(|health| health.git.answers(now));
                self.commit = Some(commit);
            }
            Err(error) => {
                let refused = self.ports.upstream.refuses(&error);
                let error = DaemonError::Upstream(error);
                let longest = self.options.poll.max(Duration::from_secs(1));
                let wait = |times| match refused {
                    true => pause(REFUSED.0, REFUSED.1, times),
                    false => pause(Duration::from_secs(1), longest, times),
                };
                self.note(|health| health.git.fails(now, chain(&error), |times| later(now, wait(times))));
                let times = self.health.borrow().git.unseen.as_ref().map_or(1, |unseen| unseen.times);
                tracing::warn!(error = &error as &dyn std::error::Error, times, "cannot see the branch");
                self.ports.events.failed(&error, wait(times));
            }
        }
    }

    /// News was announced: the daemon reads the branch at once, unless it refused the credentials.
    pub(super) fn woken(&self) {
        let now = self.ports.clock.now();
        self.note(|health| {
            if let Some(unseen) = &mut health.git.unseen
                && unseen.again.is_some_and(|again| again <= later(now, self.options.poll))
            {
                unseen.again = Some(now);
            }
        });
    }

    /// The places to look at: all, or, where nothing happened since the last look, those that did not answer.
    pub(super) fn places_to_ask(
        &self,
        all: BTreeMap<Place, Access>,
        same: Option<&Observed>,
    ) -> (BTreeMap<Place, Access>, Observed) {
        let Some(seen) = same else { return (all, Observed::default()) };
        let kept = |place: &Place| seen.can_see(place);
        let known = all.keys().filter(|place| kept(place));
        let known = known.filter_map(|place| Some((place.clone(), seen.places.get(place)?.clone()))).collect();
        (all.into_iter().filter(|(place, _)| !kept(place)).collect(), Observed { places: known })
    }

    /// Keeps what a look at AWS showed, and notes for each place that did not answer since when, and when landfall asks again.
    pub(super) fn note_places(&self, now: Timestamp, errors: &BTreeMap<Place, CloudError>, observed: &mut Observed) {
        self.note(|health| {
            health.places.retain(|place, _| observed.places.contains_key(place));
            for (place, seen) in &mut observed.places {
                let sight = health.places.entry(place.clone()).or_default();
                match (seen, errors.get(place)) {
                    (PlaceSeen::Seen { at, .. }, _) => sight.answers(*at),
                    (PlaceSeen::Unseen { at, again, error }, failed) => {
                        let wait = |times| failed.map_or(LONGEST, |failed| after(failed, times));
                        sight.fails(now, error.clone(), |times| later(now, wait(times)));
                        if let Some(unseen) = &sight.unseen {
                            *at = unseen.since;
                            *again = unseen.again;
                        }
                    }
                }
            }
        });
    }

    /// Looks for drift, unless that was done a moment ago, and notes where it cannot be looked for.
    pub(super) async fn look_for_drift(
        &mut self,
        engine: &mut Engine,
        catalog: &Catalog,
        observed: &Observed,
        places: &BTreeMap<Place, Access>,
        now: Timestamp,
    ) -> Result<(), DaemonError> {
        let Some(repository) = &catalog.repository else { return Ok(()) };
        let pause = self.options.sweep / 2;
        if self.inspected.is_some_and(|at| at <= now && now < later(at, pause)) || engine.facts().question.is_some() {
            return Ok(());
        }
        let environments = catalog.environments.values();
        let policies = environments.map(|one| (one.id.clone(), one.drift.clone())).collect();
        let inspection = Inspection { repository, observed, places, policies: &policies };
        let errors = engine.inspect(&inspection, now).await?;
        self.inspected = Some(now);
        let again = later(now, self.options.sweep);
        self.note(|health| {
            health.drift.retain(|place, _| places.contains_key(place));
            for place in places.keys().filter(|place| observed.can_see(place)) {
                let sight = health.drift.entry(place.clone()).or_default();
                match errors.get(place) {
                    Some(error) => sight.fails(now, error.with_cure(), |_| again),
                    None => sight.answers(now),
                }
            }
        });
        Ok(())
    }

    /// Since when a deployed template cannot be read, and when it is tried again; forgets that where all were read.
    pub(super) fn note_templates(&mut self, now: Timestamp, unread: &BTreeMap<(Place, StackName), CloudError>) {
        let Some(error) = unread.values().next() else {
            self.templates = crate::model::health::Sight::default();
            return;
        };
        let wait = |times| later(now, after(error, times));
        self.templates.fails(now, error.with_cure(), wait);
    }

    /// The commit that the daemon goes by.
    pub(super) fn known_commit(&self) -> Option<CommitId> {
        self.commit.clone()
    }

    /// When AWS is looked at again for what did not answer.
    pub(super) fn sees_again(&self) -> Option<Timestamp> {
        let health = self.health.borrow();
        let places = health.places.values().chain([&self.templates]);
        places.filter_map(|sight| sight.unseen.as_ref()?.again).min()
    }

    /// Whether git, AWS or a template could not be seen.
    pub(super) fn is_blind(&self) -> bool {
        let health = self.health.borrow();
        let places = health.places.values().any(|sight| sight.unseen.is_some());
        health.git.unseen.is_some() || places || self.templates.unseen.is_some()
    }
}

/// An error and what led to it, in one line.
fn chain(error: &DaemonError) -> String {
    let parts = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    let mut text = String::new();
    for part in parts.map(ToString::to_string) {
        // The git library ends what it says with numbers of its own: `; class=Os (2); code=NotFound (-3)`.
        let part = part.split("; class=").next().unwrap_or_default().trim_end();
        if text.is_empty() {
            text = part.to_owned();
        } else if !text.ends_with(part) {
            text = format!("{text}: {part}");
        }
    }
    text
}
