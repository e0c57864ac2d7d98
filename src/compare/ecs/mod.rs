//! What changes in ECS, in rows that a reviewer reads: images, variables, sizes, ports, checks, traffic, scaling, and how the
//! tasks will be exchanged.
//!
//! Each resource becomes a set of facts ([`facts`]), and a row is a fact that differs. Covered are the properties that decide
//! what runs and how it is reached ([`covers`]); everything else is in the list of resources and in the difference.

mod facts;
mod image;
mod rollout;
mod what;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::known::Known;
use super::secret::Shown;
use crate::cfn::Given;
use facts::Fact;

pub(super) use rollout::tasks;

pub use image::{Image, Tags};
pub use rollout::{Breaker, Moves, Rollout, Shift, Tasks};
pub use what::What;

/// What an ECS resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    Service,
    TaskDefinition,
    /// Tasks at set times.
    Schedule,
    /// How the number of a service's tasks follows the load.
    Scaling,
}

/// What changes in one ECS resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Words {
    /// Its logical id.
    pub resource: Arc<str>,
    /// What it is.
    pub subject: Subject,
    /// What differs, in the order in which it is read. All of its facts if only one document has it.
    pub rows: Vec<Row>,
    /// Of a service: what ECS will do; none if it will exchange no tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
}

/// A fact that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Row {
    /// What it is about.
    pub what: What,
    /// What it was; none if it was not there.
    pub before: Option<Shown>,
    /// What it becomes; none if it is gone.
    pub after: Option<Shown>,
}

/// What changes in the ECS resources of a stack, services first; resources in which nothing differs are left out, but for services
/// that exchange their tasks.
pub fn words(before: Option<Given<'_>>, after: Option<Given<'_>>) -> Vec<Words> {
    tagged_words(before, after, [&Tags::new(), &Tags::new()])
}

/// As [`words`], with the tags that the releases before and after record for their images.
pub fn tagged_words(before: Option<Given<'_>>, after: Option<Given<'_>>, tags: [&Tags; 2]) -> Vec<Words> {
    let (old, new) = (Known::of(before), Known::of(after));
    let subjects = |known: &Known| -> BTreeSet<(Subject, String)> {
        known.iter().filter_map(|(id, thing)| Some((facts::subject(thing)?, id.to_owned()))).collect()
    };
    let all: BTreeSet<(Subject, String)> = subjects(&old).union(&subjects(&new)).cloned().collect();
    let one = |(subject, id): (Subject, String)| {
        let [was, is] =
            [&old, &new].map(|known| known.get(&id).map(|thing| facts::of(subject, thing)).unwrap_or_default());
        let rows = rows(&was, &is, tags);
        let rollout = (subject == Subject::Service).then(|| rollout::between(&id, &old, &new)).flatten();
        (!rows.is_empty() || rollout.is_some()).then(|| Words { resource: Arc::from(id), subject, rows, rollout })
    };
    all.into_iter().filter_map(one).collect()
}

/// Whether rows say what a property of a type is. What is not covered is only in the difference.
pub fn covers(kind: &str, property: &str) -> bool {
    facts::COVERED.iter().any(|(covered, properties)| *covered == kind && properties.contains(&property))
}

fn rows(was: &BTreeMap<What, Fact>, is: &BTreeMap<What, Fact>, [old_tags, new_tags]: [&Tags; 2]) -> Vec<Row> {
    let all: BTreeSet<&What> = was.keys().chain(is.keys()).collect();
    let row = |what: &What| {
        let (old, new) = (was.get(what), is.get(what));
        if old == new {
            return None;
        }
        let (before, after) = match (old, new) {
            (Some(Fact::Image(old)), Some(Fact::Image(new))) => {
                let (old, new) = Image::both(&old.tagged(old_tags), &new.tagged(new_tags));
                (Some(Shown::plain(old)), Some(Shown::plain(new)))
            }
            (old, new) => {
                let [old, new] =
                    [(old, old_tags), (new, new_tags)].map(|(fact, tags)| fact.map(|fact| fact.text(tags)));
                Shown::pair(what.name(), old.as_deref(), new.as_deref())
            }
        };
        Some(Row { what: what.clone(), before, after })
    };
    all.into_iter().filter_map(row).collect()
}
