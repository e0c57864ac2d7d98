//! One turn.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::announce::Announcing;
use super::{Daemon, DaemonError, Looked, Next, Published, Working, look};
use crate::cloud::CloudError;
use crate::engine::{Engine, Meeting, Progress};
use crate::model::facts::InFlight;
use crate::model::health::Sight;
use crate::model::journal::DeploymentId;
use crate::model::moving::Moving;
use crate::model::observed::PlaceSeen;
use crate::model::place::Access;
use crate::model::{CommitId, Observed, Place, StackName};
use crate::plan::{self, Input, Planned};
use crate::store::{Lease, Store};

/// How soon the next turn follows one that moved something.
const AT_ONCE: Duration = Duration::from_millis(10);

/// How soon AWS is looked at again for operations of another store that an adoption waits for.
const ANSWERED: Duration = Duration::from_secs(5);

impl Daemon {
    /// Takes one turn. What cannot be seen holds up only what depends on it: deployments in flight are carried on, and a
    /// branch that does not answer is taken to be where it was.
    pub async fn turn(&mut self) -> Result<Next, DaemonError> {
        let now = self.ports.clock.now();
        self.ask_head(now).await;
        let git = self.health.borrow().git.unseen.as_ref().and_then(|unseen| unseen.again);
        let git = git.map(|again| until(now, again).max(AT_ONCE));
        let commit = self.known_commit();
        if let (Some(looked), Some(commit)) = (&self.looked, &commit)
            && looked.settled
            && looked.commit == *commit
            && !looked.is_old(now)
        {
            let after = until(now, looked.again).min(self.options.poll);
            if !looked.asks || !self.is_answered().await? {
                let after = git.map_or(after, |git| git.min(after));
                return Ok(Next { after, settled: true, waits: self.is_blind() });
            }
            self.looked = None;
        }
        let before = self.written();
        let next = self.work(commit, now).await;
        match &next {
            Err(error) => {
                self.looked = None;
                if error.is_of_the_store() {
                    self.note(|health| health.store.fails(now, error.to_string(), |_| now));
                }
            }
            Ok(_) if self.written() != before => self.note(|health| health.store.answers(now)),
            Ok(_) => {}
        }
        let next = next?;
        let after = git.map_or(next.after, |git| git.min(next.after));
        Ok(Next { after, waits: next.waits || self.is_blind(), ..next })
    }

    /// What the store was last seen to take: the journal's end, and the end of the lease.
    fn written(&self) -> Option<(u64, Timestamp)> {
        self.held.as_ref().map(|working| (working.engine.position(), working.lease.until))
    }

    async fn work(&mut self, commit: Option<CommitId>, now: Timestamp) -> Result<Next, DaemonError> {
        let mut working = self.hold(now).await?;
        let next = self.work_with(&mut working, commit, now).await?;
        // Only after a turn without an error: otherwise what is in memory may be behind the journal.
        self.held = Some(working);
        Ok(next)
    }

    async fn work_with(
        &mut self,
        working: &mut Working,
        commit: Option<CommitId>,
        now: Timestamp,
    ) -> Result<Next, DaemonError> {
        let is_news = |commit: &CommitId| {
            self.looked.as_ref().is_none_or(|looked| looked.commit != *commit || looked.is_old(now))
        };
        // What landed meanwhile may say that a deployment in flight is not wanted any more: it is planned first.
        if let Some(news) = commit.clone().filter(is_news) {
            let next = self.look_and_plan(working, news, now).await;
            if next.as_ref().is_err_and(|error| !matches!(error, DaemonError::Engine(_) | DaemonError::Store(_))) {
                working.engine.advance(now).await?;
            }
            return next;
        }
        let (ended, tries) = (ended(&working.engine), tries(&working.engine));
        let progress = working.engine.advance(now).await?;
        let Some(commit) = commit else { return Ok(self.soon(&progress, now)) };
        if ended != self::ended(&working.engine) || progress.in_flight == 0 {
            return self.look_and_plan(working, commit, now).await;
        }
        if tries != self::tries(&working.engine) {
            self.publish_again(&working.engine, now);
        }
        self.publish_moving(&working.engine);
        Ok(self.soon(&progress, now))
    }

    /// Whether the operator wrote an answer into the journal from another process. Costs one read of the store.
    async fn is_answered(&mut self) -> Result<bool, DaemonError> {
        match &mut self.held {
            Some(working) => Ok(working.engine.catch_up().await?),
            None => Ok(true),
        }
    }

    /// The usual wait: until the engine wants to look again, at most until the next look at the branch.
    fn soon(&self, progress: &Progress, now: Timestamp) -> Next {
        let poll = self.options.poll;
        let after = progress.look_again.map_or(poll, |then| until(now, then).clamp(AT_ONCE, poll.max(AT_ONCE)));
        Next { after, settled: false, waits: progress.waits }
    }

    /// Takes the lease, or keeps it; opens the engine with it.
    async fn hold(&mut self, now: Timestamp) -> Result<Working, DaemonError> {
        let span = self.options.lease();
        let end = later(now, span);
        if let Some(mut working) = self.held.take() {
            // A lease that lasts longer than one is ever taken for is one of a clock that was set back.
            let left = until(now, working.lease.until);
            if left < span / 2 || left > span {
                working.lease = working.store.renew(&working.lease, end).await?;
            }
            return Ok(working);
        }
        let ports = &self.ports;
        let announcing = Arc::new(Announcing::new(ports.store.clone(), ports.events.clone()));
        let lease = announcing.acquire(&self.options.owner, now, end).await?;
        let mut engine = self.engine(announcing.clone(), &lease).await?;
        engine.arrive(&self.options.incarnation(engine.position()), now).await?;
        announcing.resume(engine.facts());
        ports.events.resumed(&engine.facts().in_flight);
        tracing::info!(fence = lease.fence.0, owner = %lease.owner, "took the lease");
        Ok(Working { lease, store: announcing, engine })
    }

    async fn engine(&self, store: Arc<dyn Store>, lease: &Lease) -> Result<Engine, DaemonError> {
        let single = self.options.single;
        #[cfg(feature = "planted-mistakes")]
        if let Some(mistake) = self.mistake {
            let engine = Engine::open_with_mistake(store, self.ports.cloud.clone(), lease, mistake).await?;
            return Ok(engine.single(single));
        }
        Ok(Engine::open(store, self.ports.cloud.clone(), lease).await?.single(single))
    }

    async fn look_and_plan(
        &mut self,
        working: &mut Working,
        commit: CommitId,
        now: Timestamp,
    ) -> Result<Next, DaemonError> {
        let ports = self.ports.clone();
        let engine = &mut working.engine;
        let reading = self.reader.read(&commit, &*ports.upstream, engine, now).await?;
        let problems = reading.problems_at(now);
        ports.events.read(&commit, &reading.catalog, &problems);
        let places = look::places(&reading.catalog, engine.facts());
        let observed = self.observe(places.clone(), engine, &commit, now).await;
        if let Some(repository) = &reading.catalog.repository {
            let (fresh, adopt) = (self.options.incarnation(engine.position()), self.options.adopt);
            let meeting = Meeting { repository, observed: &observed, places: &places, fresh: &fresh, adopt };
            engine.meet(&meeting, now).await?;
        }
        self.look_for_drift(engine, &reading.catalog, &observed, &places, now).await?;
        let asks = engine.facts().question.as_ref().map(|open| open.agreed);
        // An answer on the command line is for what the start meets, and for nothing that comes later.
        let blind = observed.places.values().any(|seen| matches!(seen, PlaceSeen::Unseen { .. }));
        self.options.adopt &= asks.is_some() || blind;
        let input = Input { catalog: &reading.catalog, facts: engine.facts(), observed: &observed, now };
        let mut planned = plan::plan(&input, &mut self.renderer);
        let (mut deployed, unread) = look::templates(&*ports.cloud, plan::needs_templates(&planned)).await;
        deployed.extend(look::templates(&*ports.cloud, plan::shows_templates(&planned)).await.0);
        self.note_templates(now, &unread);
        // What cannot be compared now begins a little later; everything else goes on.
        plan::hold_unread(&mut planned, &unread_holds(&unread, &self.templates));
        plan::with_deployed(&mut planned, &deployed, &observed);
        let nothing = planned.plan.is_empty() && unread.is_empty();
        ports.events.planned(&planned.report);
        // Also an empty plan: it takes back what an earlier one superseded.
        engine.carry_out(&planned.plan, now).await?;
        let before = ended(engine);
        let progress = engine.advance(now).await?;
        if !planned.plan.is_empty() {
            // Readers see what goes on now, next to the plan that began it.
            let input = Input { catalog: &reading.catalog, facts: engine.facts(), observed: &observed, now };
            let mut now_going = plan::plan(&input, &mut self.renderer);
            plan::hold_unread(&mut now_going, &unread_holds(&unread, &self.templates));
            plan::with_deployed(&mut now_going, &deployed, &observed);
            planned = Planned { plan: planned.plan, ..now_going };
        }
        #[cfg(feature = "planted-mistakes")]
        if self.mistake == Some(crate::engine::Mistake::Silent) {
            for row in &mut planned.report.slots {
                if let crate::model::Decision::Held { reasons, .. } = &mut row.decision {
                    reasons.clear();
                }
            }
        }
        self.renderer.next_round();
        let gates = engine.facts().in_flight.iter().all(|flight| flight.stopped.is_some());
        let waits = asks == Some(true);
        let quiet = progress.look_again.is_none() && before == ended(engine) && !waits;
        let settled = nothing && (gates || asks.is_some()) && quiet;
        let sweep = later(now, self.options.sweep);
        let sweep = match planned.report.due(now) {
            _ if waits => later(now, ANSWERED),
            _ if before != ended(engine) => now,
            due => due.map_or(sweep, |due| due.min(sweep)),
        };
        let again = self.sees_again().map_or(sweep, |again| again.min(sweep));
        let (position, asks) = (engine.position(), asks.is_some());
        self.looked = Some(Looked { commit: commit.clone(), position, settled, asks, at: now, again, sweep });
        let facts = Arc::new(engine.facts().clone());
        self.publish.send_replace(Some(Arc::new(Published {
            commit,
            at: now,
            catalog: reading.catalog,
            problems,
            facts,
            observed: Arc::new(observed),
            planned: Arc::new(planned),
            deployed: Arc::new(deployed),
            moving: engine.moving().cloned().collect(),
            settled,
        })));
        let soon = self.soon(&progress, now);
        let again_after = until(now, again).max(AT_ONCE);
        Ok(if settled {
            Next { after: again_after.min(self.options.poll), settled, waits: false }
        } else if waits {
            Next { after: soon.after.min(again_after), waits, ..soon }
        } else if again <= now || (progress.in_flight == 0 && unread.is_empty()) {
            Next { after: AT_ONCE, ..soon }
        } else {
            Next { after: soon.after.min(again_after), ..soon }
        })
    }

    /// Lists AWS. If nothing happened since the last look, only the places that did not answer then are asked.
    async fn observe(
        &self,
        places: BTreeMap<Place, Access>,
        engine: &Engine,
        commit: &CommitId,
        now: Timestamp,
    ) -> Observed {
        let last = self.looked.as_ref().filter(|looked| {
            looked.commit == *commit && looked.position == engine.position() && looked.at <= now && now < looked.sweep
        });
        let published = self.publish.borrow().clone().filter(|_| last.is_some() && self.is_blind());
        let same = published.as_ref().map(|published| &*published.observed);
        let (ask, mut observed) = self.places_to_ask(places, same);
        let (asked, errors) = look::observe(&*self.ports.cloud, ask, now).await;
        observed.places.extend(asked.places);
        self.note_places(now, &errors, &mut observed);
        observed
    }

    /// Readers see what goes on in stacks: it was read anyway.
    fn publish_moving(&self, engine: &Engine) {
        self.publish.send_if_modified(|published| {
            let Some(known) = published.as_ref() else { return false };
            let moving: Arc<[Moving]> = engine.moving().cloned().collect();
            let news = known.moving != moving;
            if news {
                *published = Some(Arc::new(Published { moving, ..(**known).clone() }));
            }
            news
        });
    }

    /// Readers see when landfall tries again; that costs no call to AWS.
    fn publish_again(&mut self, engine: &Engine, now: Timestamp) {
        let Some(published) = self.publish.borrow().clone() else { return };
        let input = Input { catalog: &published.catalog, facts: engine.facts(), observed: &published.observed, now };
        let report = plan::plan(&input, &mut self.renderer).report;
        let planned = Arc::new(Planned { report, ..(*published.planned).clone() });
        let facts = Arc::new(engine.facts().clone());
        self.publish.send_replace(Some(Arc::new(Published { planned, facts, ..(*published).clone() })));
    }
}

/// The templates that could not be read, with why.
fn unread_holds(unread: &BTreeMap<(Place, StackName), CloudError>, sight: &Sight) -> plan::Unread {
    let (since, again) = sight.unseen.as_ref().map_or((None, None), |unseen| (Some(unseen.since), unseen.again));
    unread.iter().map(|(key, error)| (key.clone(), (error.with_cure(), since, again))).collect()
}

/// When each stack that waits is tried again.
fn tries(engine: &Engine) -> Vec<Option<Timestamp>> {
    engine.facts().in_flight.iter().flat_map(|flight| flight.waits.values().map(|waits| waits.until)).collect()
}

/// What changes when a deployment comes to its end or to a gate, or waits for something: then the next plan can be another
/// one, or say another thing.
fn ended(engine: &Engine) -> Vec<(DeploymentId, usize, usize)> {
    let state = |flight: &InFlight| (flight.deployment, flight.gates.len(), flight.waits.len());
    engine.facts().in_flight.iter().map(state).collect()
}

pub(super) fn later(now: Timestamp, span: Duration) -> Timestamp {
    let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX);
    now.checked_add(span).unwrap_or(Timestamp::MAX)
}

pub(super) fn until(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(then.duration_since(now)).unwrap_or(Duration::ZERO)
}
