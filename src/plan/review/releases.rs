//! What one release would change of another, wherever the head gives their project a slot.
//!
//! No gate, no pin and no past is looked at: both releases are rendered for every slot, and compared as a review compares.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::cfn::{Document, Given};
use crate::compare::ecs::Tags;
use crate::model::journal::{Content, ParameterValue};
use crate::model::{Catalog, EnvironmentName, Names, Place, Project, Release, ReleaseName};
use crate::promote::Seat;

use super::super::Render;
use super::super::expected::{Values, place_values};
use super::super::wanted::{self, Source, Wanted};
use super::accepts::{self, Acceptance};
use super::effects::Effects;
use super::tags::tags;
use super::types::{Fate, Shown, StackReview};
use super::world::Key;

/// Two releases of one project, compared in every slot that the head gives it.
#[derive(Clone, Debug)]
pub struct BetweenReleases {
    /// The release before.
    pub from: ReleaseName,
    /// The release after.
    pub to: ReleaseName,
    /// The environments in which stacks differ, in promotion order.
    pub environments: Vec<EnvironmentName>,
    /// The stacks that differ: in promotion order, the slot without a tenant before those of tenants, then in step order.
    pub stacks: Vec<StackReview>,
    /// What cannot be rendered, in sentences.
    pub problems: BTreeSet<String>,
}

/// Compares what two releases deploy. Costs a rendering of every stack of both. `now` decides which acceptances are over.
pub fn between_releases(
    catalog: &Catalog,
    project: &Arc<Project>,
    before: &Release,
    after: &Release,
    now: Timestamp,
    renderer: &mut dyn Render,
) -> BetweenReleases {
    let (from, to) = (before.name.clone(), after.name.clone());
    let (environments, stacks, problems) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut between = BetweenReleases { from, to, environments, stacks, problems };
    let accepts = accepts::in_force(catalog, catalog, now);
    let (targets, names) = (wanted::targets(catalog), Names::of(catalog));
    let everybody = || std::iter::once(None).chain(catalog.tenants.values().map(Some));
    for environment in catalog.environments_in_order() {
        let here = targets.get(&environment.name).map_or(&[][..], Vec::as_slice);
        for seat in everybody().map(|tenant| Seat::new(catalog, project, environment, tenant)) {
            if !seat.connected {
                continue;
            }
            let Some(repository) = &catalog.repository else { continue };
            let mut render = |release| {
                let (environment, tenant) = (&**environment, seat.tenant);
                let source =
                    Source { repository, project, environment, tenant, release, targets: here, names: &names, catalog };
                let (stacks, problems) = wanted::rendered(&source, renderer);
                let name = &release.name;
                between.problems.extend(problems.into_iter().map(|problem| format!("{name}: {problem}")));
                stacks
            };
            let (old, new) = (render(before), render(after));
            let differ = differing(&seat, (&old, before), (&new, after), &accepts);
            if !differ.is_empty() && !between.environments.contains(&environment.name) {
                between.environments.push(environment.name.clone());
            }
            between.stacks.extend(differ);
        }
    }
    between
}

/// The stacks of a slot that differ.
fn differing(
    seat: &Seat<'_>,
    (old, before): (&[Wanted<'_>], &Release),
    (new, after): (&[Wanted<'_>], &Release),
    accepts: &[Acceptance],
) -> Vec<StackReview> {
    let key = |wanted: &Wanted<'_>| -> Key { (wanted.target.place.clone(), wanted.stack.clone()) };
    let was: BTreeMap<Key, &Wanted<'_>> = old.iter().map(|wanted| (key(wanted), wanted)).collect();
    let is: BTreeSet<Key> = new.iter().map(key).collect();
    let changed = new.iter().map(|wanted| (was.get(&key(wanted)).copied(), Some(wanted)));
    let gone = old.iter().filter(|wanted| !is.contains(&key(wanted))).map(|wanted| (Some(wanted), None));
    let same = |(old, new): &(Option<&Wanted<'_>>, Option<&Wanted<'_>>)| {
        old.zip(*new).is_some_and(|(old, new)| old.content.hash == new.content.hash)
    };
    let (old_tags, new_tags) = (tags(before), tags(after));
    let review = |(old, new): (Option<&Wanted<'_>>, Option<&Wanted<'_>>)| {
        let of = new.or(old)?;
        let fate = match (old, new) {
            (None, _) => Fate::Create,
            (_, None) => Fate::Delete,
            _ => Fate::Update,
        };
        Some(StackReview {
            slot: seat.slot.clone(),
            project: seat.project.name.clone(),
            environment: seat.environment.name.clone(),
            tenant: seat.tenant.map(|tenant| tenant.name.clone()),
            step: Some(of.step.name.clone()),
            target: Some(of.target.name.clone()),
            cluster: Some(of.target.cluster.clone()),
            stack: of.stack.clone(),
            place: of.target.place.clone(),
            fate,
            moved_from: None,
            effects: effects(old, new, [&old_tags, &new_tags]),
            accepts: accepts::for_stack(accepts, &seat.project.name, &seat.environment.name),
            stops: Vec::new(),
            refused: Vec::new(),
            drift: Vec::new(),
            before: old.map(|wanted| Shown::of(&wanted.content, &before.name)),
            after: new.map(|wanted| Shown::of(&wanted.content, &after.name)),
        })
    };
    changed.chain(gone).filter(|pair| !same(pair)).filter_map(review).collect()
}

/// What leads from one content to another. Outputs of other stacks are not known, and count as the same.
fn effects(old: Option<&Wanted<'_>>, new: Option<&Wanted<'_>>, tags: [&Tags; 2]) -> Effects {
    let parts = |wanted: &Wanted<'_>| {
        let document = Document::parse(&wanted.content.template).ok()?;
        Some((document, values(&wanted.target.place, &wanted.content)))
    };
    let (before, after) = (old.and_then(parts), new.and_then(parts));
    let given = |(document, values)| Given { document, values };
    Effects::between(
        before.as_ref().map(|(document, values)| given((document, values))),
        after.as_ref().map(|(document, values)| given((document, values))),
        tags,
    )
}

/// The values that a content's parameters have. An output of another stack counts as its name.
pub(super) fn values(place: &Place, content: &Content) -> Values {
    let mut values = place_values(place);
    values.extend(content.parameters.iter().map(|(name, value)| {
        let value = match value {
            ParameterValue::Value(value) => Some(value.clone()),
            ParameterValue::Output { stack, output, .. } => Some(format!("{stack}.{output}")),
        };
        (name.clone(), value)
    }));
    values
}
