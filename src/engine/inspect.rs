//! Drift: looks for what changed in stacks although landfall did not change it, and journals it.
//!
//! Three looks, each as cheap as it can be. The template is read only of a stack that was changed since this store changed it,
//! and only if its last operation has no token of landfall's. Services are compared with what ECS told when the deployment was
//! proved, ten to a call. Everything else CloudFormation's drift detection compares: it runs once in a while for each stack, and the
//! listing of the stacks tells when it has run and whether it found anything, so that no call asks for that. What a landfall did is
//! no drift: [`Engine::meet`] deals with it.
//!
//! Deliberately absent: what is done about drift, and `drift_ignore`. Both are the planner's (`plan/drift.rs`), so that a change of
//! them needs no new look.

mod services;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::driver::{Engine, EngineError};
use super::whose::Whose;
use crate::cloud::{At, CloudError, Consequence, deployable};
use crate::model::drift::{DriftMode, DriftPolicy, DriftSeen, DriftSource, Drifted, StackDrift};
use crate::model::facts::StackPut;
use crate::model::journal::{Action, Content, Entry, Order};
use crate::model::place::Access;
use crate::model::{Id, Observed, Place, StackName, StackSeen};
use crate::plan;

/// So many detections are begun in an account and region with one look: CloudFormation's limit is not published.
const DETECTIONS: usize = 20;

/// A detection that was asked for is not asked for again so soon: AWS may still be at it, or reject it once more.
const DETECTING: SignedDuration = SignedDuration::from_mins(15);

/// What is inspected.
#[derive(Clone, Copy, Debug)]
pub struct Inspection<'a> {
    /// The repository whose stacks are looked at.
    pub repository: &'a Id,
    /// What AWS shows.
    pub observed: &'a Observed,
    /// How each place is reached.
    pub places: &'a BTreeMap<Place, Access>,
    /// What each environment wants, by its id; another one has the defaults.
    pub policies: &'a BTreeMap<Id, DriftPolicy>,
}

/// What the looks before have read, so that they read it once.
#[derive(Debug, Default)]
pub(super) struct Inspected {
    /// Stacks that others changed, with the time of the change that was compared.
    templates: BTreeMap<Key, Timestamp>,
    /// The detections whose results were read.
    detections: BTreeMap<Key, Timestamp>,
    /// When a detection was asked for.
    asked: BTreeMap<Key, Timestamp>,
}

type Key = (Place, StackName);

/// One stack.
#[derive(Clone, Copy)]
struct Subject<'a> {
    seen: &'a Arc<StackSeen>,
    every: SignedDuration,
    put: Option<&'a StackPut>,
}

/// What one source sees now.
struct Found {
    key: Key,
    source: DriftSource,
    items: Vec<Drifted>,
    by: Option<String>,
    checked: Option<Timestamp>,
}

impl Found {
    fn nothing(key: Key, source: DriftSource) -> Self {
        Self { key, source, items: Vec::new(), by: None, checked: None }
    }
}

/// What a look at one place came to.
#[derive(Default)]
struct Looked {
    found: Vec<Found>,
    read: Inspected,
    /// The first error.
    error: Option<CloudError>,
}

impl Looked {
    fn failed(&mut self, error: CloudError) {
        self.error.get_or_insert(error);
    }
}

/// A look at one place.
#[derive(Clone, Copy)]
struct Look<'a> {
    engine: &'a Engine,
    at: &'a At,
    rows: &'a BTreeMap<(&'a Place, &'a StackName, DriftSource), &'a StackDrift>,
    now: Timestamp,
}

impl Engine {
    /// Looks for drift and journals what is new of it. Gives the places in which something could not be read, with why: the rest was
    /// looked at all the same.
    ///
    /// # Errors
    /// Where the store refuses.
    pub async fn inspect(
        &mut self,
        inspection: &Inspection<'_>,
        now: Timestamp,
    ) -> Result<BTreeMap<Place, CloudError>, EngineError> {
        let rows = self.facts().drift.iter().map(|row| ((&row.place, &row.stack, row.source), row)).collect();
        let looks = self.subjects(inspection).into_iter().map(|(place, subjects)| {
            let access = inspection.places.get(place).cloned().unwrap_or_default();
            let (at, engine, rows) = (At { place: place.clone(), access }, &*self, &rows);
            async move { (place, Look { engine, at: &at, rows, now }.look(&subjects).await) }
        });
        let (mut errors, mut entries, mut read) = (BTreeMap::new(), Vec::new(), Vec::new());
        for (place, looked) in join_all(looks).await {
            let looked = looked?;
            entries.extend(looked.found.into_iter().filter_map(|found| news(&rows, found)));
            read.push(looked.read);
            errors.extend(looked.error.map(|error| (place.clone(), error)));
        }
        for one in read {
            self.inspected.templates.extend(one.templates);
            self.inspected.detections.extend(one.detections);
            self.inspected.asked.extend(one.asked);
        }
        self.record(now, entries).await?;
        Ok(errors)
    }

    /// The stacks that can be compared, by place: at rest, and not about to be changed by this store.
    fn subjects<'a>(&'a self, inspection: &Inspection<'a>) -> BTreeMap<&'a Place, Vec<Subject<'a>>> {
        let orders = self.log.deployments.values().flat_map(|deployment| &deployment.opened.orders);
        let busy: BTreeSet<(&Place, &StackName)> = orders.map(|order| (&order.place, &order.stack)).collect();
        let puts: BTreeMap<(&Place, &StackName), &StackPut> =
            self.facts().puts.iter().map(|put| ((&put.place, &put.stack), put)).collect();
        let default = DriftPolicy::default();
        let mut subjects: BTreeMap<&Place, Vec<Subject<'_>>> = BTreeMap::new();
        for (place, seen) in inspection.observed.stacks() {
            let owner = seen.owner().filter(|owner| owner.repository == *inspection.repository);
            let Some(owner) = owner.filter(|_| deployable(seen.status) && !seen.status.never_made()) else { continue };
            let policy = inspection.policies.get(&owner.environment).unwrap_or(&default);
            if policy.mode != DriftMode::Ignore && !busy.contains(&(place, &seen.name)) {
                let put = puts.get(&(place, &seen.name)).copied();
                subjects.entry(place).or_default().push(Subject { seen, every: policy.every, put });
            }
        }
        subjects
    }
}

/// The record of what a source sees; none if the facts say the same.
fn news(rows: &BTreeMap<(&Place, &StackName, DriftSource), &StackDrift>, found: Found) -> Option<Entry> {
    let Found { key: (place, stack), source, items, by, checked } = found;
    let (items, version): (Vec<Drifted>, Arc<str>) = (plan::without_secrets(items), env!("CARGO_PKG_VERSION").into());
    let same = |known: &&StackDrift| {
        let before = known.items.iter().map(|(item, _)| item);
        let alike = before.eq(items.iter()) && known.by == by && known.checked == checked;
        alike && known.version == version && !known.stale
    };
    let new = rows.get(&(&place, &stack, source)).map_or(!items.is_empty(), |known| !same(known));
    new.then(|| Entry::Drift(DriftSeen { place, stack, source, items, by, checked, version }))
}

impl<'a> Look<'a> {
    async fn look(self, subjects: &[Subject<'_>]) -> Result<Looked, EngineError> {
        let mut looked = Looked::default();
        self.templates(subjects, &mut looked).await?;
        self.services(subjects, &mut looked).await;
        self.detections(subjects, &mut looked).await;
        Ok(looked)
    }

    fn key(self, seen: &StackSeen) -> Key {
        (self.at.place.clone(), seen.name.clone())
    }

    /// Compares the templates of stacks that were changed since this store put them there, each change once.
    async fn templates(self, subjects: &[Subject<'_>], looked: &mut Looked) -> Result<(), EngineError> {
        for Subject { seen, put, .. } in subjects {
            let (Some(put), key) = (put, self.key(seen)) else { continue };
            if put.changed == seen.changed() {
                looked.found.push(Found::nothing(key, DriftSource::Template));
            } else if self.engine.inspected.templates.get(&key) != Some(&seen.changed()) {
                match self.template(seen, put).await? {
                    Ok(found) => {
                        looked.found.extend(found);
                        looked.read.templates.insert(key, seen.changed());
                    }
                    Err(error) => looked.failed(error),
                }
            }
        }
        Ok(())
    }

    /// Compares the template of a stack with the one that this store put there; none if another landfall changed it. An operation
    /// of this store that was rolled back has left what was there before, which may be what others made of it.
    async fn template(
        self,
        seen: &StackSeen,
        put: &StackPut,
    ) -> Result<Result<Option<Found>, CloudError>, EngineError> {
        let cloud = &self.engine.cloud;
        let token = match cloud.last_token(self.at, &seen.id).await {
            Ok(token) => token,
            Err(error) => return Ok(Err(error)),
        };
        let by = match self.engine.log.known(&self.at.place, &seen.name).whose(token.as_deref()) {
            Whose::Nobodys => Some(operation(seen, token.as_deref())),
            Whose::Ours => None,
            Whose::Lost | Whose::Anothers { .. } => return Ok(Ok(None)),
        };
        let Some(content) = self.engine.content(put).await? else { return Ok(Ok(None)) };
        let deployed = match cloud.template(self.at, &seen.name).await {
            Ok(Some(deployed)) => deployed,
            Ok(None) => return Ok(Ok(None)),
            Err(error) => return Ok(Err(error)),
        };
        let items = plan::template_drift(&content, &deployed, &seen.parameters);
        Ok(Ok(Some(Found { items, by, ..Found::nothing(self.key(seen), DriftSource::Template) })))
    }

    /// Reads what detections found, and begins those that are due.
    async fn detections(self, subjects: &[Subject<'_>], looked: &mut Looked) {
        let mut begun = 0;
        for subject in subjects {
            self.detected(subject.seen, looked).await;
            if begun == DETECTIONS || !self.is_due(subject) {
                continue;
            }
            begun += 1;
            let asked = self.engine.cloud.detect_drift(self.at, &subject.seen.id).await;
            if let Err(error) = asked {
                tracing::warn!(place = %self.at.place, stack = %subject.seen.name, %error, "cannot detect drift");
                let outage = matches!(error.consequence(), Consequence::Outage | Consequence::Unknown);
                looked.failed(error);
                if outage {
                    return;
                }
            }
            looked.read.asked.insert(self.key(subject.seen), self.now);
        }
    }

    /// The result of the stack's last detection, if it was not read yet.
    async fn detected(self, seen: &StackSeen, looked: &mut Looked) {
        let (Some(checked), key) = (seen.drift, self.key(seen)) else { return };
        let nothing = Found::nothing(key.clone(), DriftSource::Detection);
        if !checked.drifted {
            return looked.found.push(nothing);
        }
        let row = self.rows.get(&(&key.0, &key.1, DriftSource::Detection));
        let known = row.is_some_and(|row| row.checked == Some(checked.at));
        if known || self.engine.inspected.detections.get(&key) == Some(&checked.at) {
            return;
        }
        match self.engine.cloud.drift(self.at, &seen.id).await {
            Ok(items) => {
                looked.found.push(Found { items, checked: Some(checked.at), ..nothing });
                looked.read.detections.insert(key, checked.at);
            }
            Err(error) => looked.failed(error),
        }
    }

    /// Whether a detection begins now: the last one, or the last change, is long ago, or the stack was deployed since it was found
    /// to have drifted.
    fn is_due(self, subject: &Subject<'_>) -> bool {
        let (seen, key) = (subject.seen, self.key(subject.seen));
        if self.engine.inspected.asked.get(&key).is_some_and(|at| self.now.duration_since(*at) < DETECTING) {
            return false;
        }
        let checked = seen.drift.map(|checked| checked.at);
        let last = checked.map_or(seen.changed(), |checked| checked.max(seen.changed()));
        let row = self.rows.get(&(&key.0, &key.1, DriftSource::Detection));
        let stale = row.is_some_and(|row| row.stale) && checked.is_none_or(|checked| checked <= seen.changed());
        stale || self.now.duration_since(last) >= subject.every
    }
}

/// Who changed a stack, and when.
fn operation(seen: &StackSeen, token: Option<&str>) -> String {
    let at = seen.changed().round(jiff::Unit::Second).unwrap_or(seen.changed());
    let token = token.map_or_else(String::new, |token| format!(" with token {token}"));
    format!("an operation{token} at {at}")
}

impl Engine {
    /// What the journal says was put in a stack; none if it does not say where.
    async fn content(&self, put: &StackPut) -> Result<Option<Box<Content>>, EngineError> {
        let Some(before) = put.opened.and_then(|seq| seq.checked_sub(1)) else { return Ok(None) };
        let records = self.store.records(before, 1).await?;
        let Some(Entry::Opened(opened)) = records.into_iter().next().map(|record| record.entry) else {
            return Ok(None);
        };
        let of_it = |order: &Order| order.stack == put.stack && order.place == put.place;
        Ok(opened.orders.into_iter().find(of_it).and_then(|order| match order.action {
            Action::Put(content) => Some(content),
            Action::Delete { .. } => None,
        }))
    }
}
