//! Drift: looks for what changed in stacks although landfall did not change it, and journals it.
//!
//! Three looks, each as cheap as it can be. The template is read only of a stack that was changed since this store changed it,
//! and only if its last operation has no token of landfall's. Services are compared with what ECS told when the deployment was
//! proved, ten to a call. Everything else CloudFormation's drift detection compares: it runs once in a while for each stack, and the
//! listing of the stacks tells when it has run and whether it found anything, so that no call asks for that. What a landfall did is
//! no drift: [`Engine::meet`] deals with it.
//!
//! Deliberately absent: what is done about drift (`plan/`), and what an environment does not want to hear of, which is left out when
//! drift is told, so that a change of that needs no new look.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::driver::{Engine, EngineError};
use super::whose::Whose;
use crate::cloud::{At, CloudError, deployable};
use crate::model::drift::{
    DriftMode, DriftPolicy, DriftSeen, DriftSource, Drifted, ServiceLeft, ServiceSettings, StackDrift, differences,
};
use crate::model::facts::StackPut;
use crate::model::journal::{Action, Content, Entry};
use crate::model::place::Access;
use crate::model::{Id, Observed, Place, StackName, StackSeen};
use crate::plan;

/// So many detections are begun in an account and region with one look: CloudFormation's limit is not published.
const DETECTIONS: usize = 20;

/// A detection that was asked for is not asked for again so soon: AWS may still be at it.
const DETECTING: SignedDuration = SignedDuration::from_mins(15);

/// The type of what ECS is asked about.
const SERVICE: &str = "AWS::ECS::Service";

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
    /// Stacks that others changed, as they were when their templates were compared.
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
    place: &'a Place,
    seen: &'a Arc<StackSeen>,
    every: SignedDuration,
}

impl Subject<'_> {
    fn key(&self) -> Key {
        (self.place.clone(), self.seen.name.clone())
    }
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

/// The places in which something could not be read.
type Errors = BTreeMap<Place, CloudError>;

impl Engine {
    /// Looks for drift and journals what is new of it. Gives the places in which something could not be read, with why: the rest was
    /// looked at all the same.
    ///
    /// # Errors
    /// Where the store refuses.
    pub async fn inspect(&mut self, inspection: &Inspection<'_>, now: Timestamp) -> Result<Errors, EngineError> {
        let subjects = self.subjects(inspection);
        let mut errors = Errors::new();
        let mut found = self.templates(inspection, &subjects, &mut errors).await?;
        found.extend(self.services(inspection, &subjects, &mut errors).await);
        found.extend(self.detected(inspection, &subjects, now, &mut errors).await);
        let entries = found.into_iter().filter_map(|found| self.news(found)).collect();
        self.record(now, entries).await?;
        Ok(errors)
    }

    /// The stacks that can be compared: at rest, and not about to be changed by this store.
    fn subjects<'a>(&self, inspection: &Inspection<'a>) -> Vec<Subject<'a>> {
        let orders = self.log.deployments.values().flat_map(|deployment| &deployment.opened.orders);
        let busy: BTreeSet<(&Place, &StackName)> = orders.map(|order| (&order.place, &order.stack)).collect();
        let default = DriftPolicy::default();
        let subject = |(place, seen): (&'a Place, &'a Arc<StackSeen>)| {
            let owner = seen.owner().filter(|owner| owner.repository == *inspection.repository)?;
            let policy = inspection.policies.get(&owner.environment).unwrap_or(&default);
            let rests = deployable(seen.status) && !seen.status.never_made();
            let looks = rests && policy.mode != DriftMode::Ignore && !busy.contains(&(place, &seen.name));
            looks.then_some(Subject { place, seen, every: policy.every })
        };
        inspection.observed.stacks().filter_map(subject).collect()
    }

    /// The record of what a source sees; none if the facts say the same.
    fn news(&self, found: Found) -> Option<Entry> {
        let Found { key: (place, stack), source, items, by, checked } = found;
        let known = self.row(&place, &stack, source);
        let version: Arc<str> = Arc::from(env!("CARGO_PKG_VERSION"));
        let same = |known: &StackDrift| {
            let before = known.items.iter().map(|(item, _)| item);
            before.eq(items.iter())
                && known.by == by
                && known.checked == checked
                && known.version == version
                && !known.stale
        };
        let new = known.map_or(!items.is_empty(), |known| !same(known));
        new.then(|| Entry::Drift(DriftSeen { place, stack, source, items, by, checked, version }))
    }

    fn row(&self, place: &Place, stack: &StackName, source: DriftSource) -> Option<&StackDrift> {
        let is = |row: &&StackDrift| row.source == source && row.stack == *stack && row.place == *place;
        self.facts().drift.iter().find(is)
    }

    /// Compares the templates of stacks that others changed.
    async fn templates(
        &mut self,
        inspection: &Inspection<'_>,
        subjects: &[Subject<'_>],
        errors: &mut Errors,
    ) -> Result<Vec<Found>, EngineError> {
        let puts: BTreeMap<(&Place, &StackName), &StackPut> =
            self.facts().puts.iter().map(|put| ((&put.place, &put.stack), put)).collect();
        let (mut found, mut changed) = (Vec::new(), Vec::new());
        for subject in subjects {
            let Some(put) = puts.get(&(subject.place, &subject.seen.name)) else { continue };
            let key = subject.key();
            if put.changed == subject.seen.changed() {
                found.push(Found::nothing(key, DriftSource::Template));
            } else if self.inspected.templates.get(&key) != Some(&subject.seen.changed()) {
                changed.push((*subject, (*put).clone()));
            }
        }
        for (subject, put) in changed {
            match self.template(inspection, &subject, &put).await? {
                Ok(one) => {
                    self.inspected.templates.insert(subject.key(), subject.seen.changed());
                    found.extend(one);
                }
                Err(error) => drop(errors.entry(subject.place.clone()).or_insert(error)),
            }
        }
        Ok(found)
    }

    /// Compares the template of a stack that was changed with the one that this store put there; none if a landfall changed it.
    async fn template(
        &self,
        inspection: &Inspection<'_>,
        subject: &Subject<'_>,
        put: &StackPut,
    ) -> Result<Result<Option<Found>, CloudError>, EngineError> {
        let (at, seen) = (at(inspection, subject.place), subject.seen);
        let token = match self.cloud.last_token(&at, &seen.id).await {
            Ok(token) => token,
            Err(error) => return Ok(Err(error)),
        };
        if self.log.known(subject.place, &seen.name).whose(token.as_deref()) != Whose::Nobodys {
            return Ok(Ok(None));
        }
        let Some(content) = self.put(put).await? else { return Ok(Ok(None)) };
        let deployed = match self.cloud.template(&at, &seen.name).await {
            Ok(Some(deployed)) => deployed,
            Ok(None) => return Ok(Ok(None)),
            Err(error) => return Ok(Err(error)),
        };
        let token = token.map_or_else(String::new, |token| format!(" with token {token}"));
        Ok(Ok(Some(Found {
            key: subject.key(),
            source: DriftSource::Template,
            items: plan::template_drift(&content, &deployed, &seen.parameters),
            by: Some(format!(
                "an operation{token} at {}",
                seen.changed().round(jiff::Unit::Second).unwrap_or(seen.changed())
            )),
            checked: None,
        })))
    }

    /// What the journal says was put in a stack; none if it does not say where.
    async fn put(&self, put: &StackPut) -> Result<Option<Box<Content>>, EngineError> {
        let Some(before) = put.opened.and_then(|seq| seq.checked_sub(1)) else { return Ok(None) };
        let records = self.store.records(before, 1).await?;
        let Some(Entry::Opened(opened)) = records.into_iter().next().map(|record| record.entry) else {
            return Ok(None);
        };
        let of_it = |order: &crate::model::journal::Order| order.stack == put.stack && order.place == put.place;
        let order = opened.orders.into_iter().find(of_it);
        Ok(order.and_then(|order| match order.action {
            Action::Put(content) => Some(content),
            Action::Delete { .. } => None,
        }))
    }

    /// Compares services with what they were when their deployment was proved. Costs one call for ten services of a cluster.
    async fn services(&self, inspection: &Inspection<'_>, subjects: &[Subject<'_>], errors: &mut Errors) -> Vec<Found> {
        let rests: BTreeSet<(&Place, &StackName)> = subjects.iter().map(|s| (s.place, &s.seen.name)).collect();
        let mut by_place: BTreeMap<&Place, Vec<&StackPut>> = BTreeMap::new();
        for put in self.facts().puts.iter().filter(|put| rests.contains(&(&put.place, &put.stack))) {
            by_place.entry(&put.place).or_default().push(put);
        }
        let looks = by_place.into_iter().map(|(place, puts)| async move {
            let at = at(inspection, place);
            let arns: Vec<Arc<str>> = puts.iter().flat_map(|put| put.services.keys().cloned()).collect();
            let told = match arns.is_empty() {
                true => Ok(BTreeMap::new()),
                false => self.cloud.settings(&at, &arns).await,
            };
            let mut found = Vec::new();
            let told = told.map_err(|error| (place.clone(), error))?;
            for put in puts {
                found.push(self.service_drift(&at, put, &told).await);
            }
            Ok::<_, (Place, CloudError)>(found)
        });
        let mut found = Vec::new();
        for look in join_all(looks).await {
            match look {
                Ok(some) => found.extend(some),
                Err((place, error)) => drop(errors.entry(place).or_insert(error)),
            }
        }
        found
    }

    async fn service_drift(&self, at: &At, put: &StackPut, told: &BTreeMap<Arc<str>, ServiceSettings>) -> Found {
        let key = (put.place.clone(), put.stack.clone());
        let mut items = Vec::new();
        for (arn, left) in &put.services {
            let kind: Arc<str> = Arc::from(SERVICE);
            let Some(now) = told.get(arn) else {
                let (resource, was) = (left.resource.clone(), Some(arn.to_string()));
                items.push(Drifted { resource, kind, path: String::new(), was, is: None });
                continue;
            };
            let begin = items.len();
            settings_drift((&left.resource, &kind), left, now, &mut items);
            let definition = items.iter().skip(begin).find(|item| item.path == "TaskDefinition").cloned();
            if let Some(definition) = definition {
                items.extend(self.definition_drift(at, &key, definition).await);
            }
        }
        items.sort();
        Found { items, ..Found::nothing(key, DriftSource::Services) }
    }

    /// Where the task definition of a service differs from the one that it had: read once for each pair.
    async fn definition_drift(&self, at: &At, key: &Key, item: Drifted) -> Vec<Drifted> {
        let within = |known: &&Drifted| known.resource == item.resource && known.path.starts_with("TaskDefinition/");
        let known = self.row(&key.0, &key.1, DriftSource::Services);
        if let Some(row) = known.filter(|row| row.items.iter().any(|(known, _)| *known == item)) {
            return row.items.iter().map(|(known, _)| known).filter(within).cloned().collect();
        }
        let (Some(was), Some(is)) = (&item.was, &item.is) else { return Vec::new() };
        let read = join_all([was, is].map(|arn| self.cloud.task_definition(at, arn))).await;
        let mut read = read.into_iter().map(|read| read.ok().flatten());
        let (Some(Some(was)), Some(Some(is))) = (read.next(), read.next()) else { return Vec::new() };
        let mut found = Vec::new();
        differences((&item.resource, &item.kind), "TaskDefinition", Some(&was), Some(&is), &mut found);
        found
    }

    /// Reads what detections found, and begins those that are due.
    async fn detected(
        &mut self,
        inspection: &Inspection<'_>,
        subjects: &[Subject<'_>],
        now: Timestamp,
        errors: &mut Errors,
    ) -> Vec<Found> {
        let (mut found, mut begun) = (Vec::new(), BTreeMap::<&Place, usize>::new());
        for subject in subjects {
            let (key, at) = (subject.key(), at(inspection, subject.place));
            let row = self.row(subject.place, &subject.seen.name, DriftSource::Detection);
            let (known, stale) = (row.and_then(|row| row.checked), row.is_some_and(|row| row.stale));
            let checked = subject.seen.drift;
            match checked {
                Some(checked) if !checked.drifted => found.push(Found::nothing(key.clone(), DriftSource::Detection)),
                Some(checked)
                    if known != Some(checked.at) && self.inspected.detections.get(&key) != Some(&checked.at) =>
                {
                    match self.cloud.drift(&at, &subject.seen.id).await {
                        Ok(items) => {
                            self.inspected.detections.insert(key.clone(), checked.at);
                            let nothing = Found::nothing(key.clone(), DriftSource::Detection);
                            found.push(Found { items, checked: Some(checked.at), ..nothing });
                        }
                        Err(error) => drop(errors.entry(subject.place.clone()).or_insert(error)),
                    }
                }
                _ => {}
            }
            let last = checked.map_or(subject.seen.changed(), |checked| checked.at.max(subject.seen.changed()));
            let due = now.duration_since(last) >= subject.every
                || stale && checked.is_none_or(|checked| checked.at <= subject.seen.changed());
            let asked = self.inspected.asked.get(&key).is_some_and(|at| now.duration_since(*at) < DETECTING);
            let count = begun.entry(subject.place).or_default();
            if due && !asked && *count < DETECTIONS && !errors.contains_key(subject.place) {
                *count += 1;
                match self.cloud.detect_drift(&at, &subject.seen.id).await {
                    Ok(()) => drop(self.inspected.asked.insert(key, now)),
                    Err(error) => drop(errors.entry(subject.place.clone()).or_insert(error)),
                }
            }
        }
        found
    }
}

fn at(inspection: &Inspection<'_>, place: &Place) -> At {
    At { place: place.clone(), access: inspection.places.get(place).cloned().unwrap_or_default() }
}

/// Where the settings of a service differ. A count that was left out when it was proved is one that scaling sets.
fn settings_drift(of: (&Arc<str>, &Arc<str>), left: &ServiceLeft, now: &ServiceSettings, items: &mut Vec<Drifted>) {
    let names: BTreeSet<&String> = left.settings.keys().chain(now.keys()).collect();
    for name in names {
        let was: Option<&Value> = left.settings.get(name);
        if was.is_some() || name != "DesiredCount" {
            differences(of, name, was, now.get(name), items);
        }
    }
}
