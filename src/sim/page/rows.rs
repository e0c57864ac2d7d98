//! What the page shows, newest first: collected here, drawn in the module above.

use jiff::Timestamp;
use serde_json::Value;

use super::MOST;
use crate::model::Place;
use crate::sim::scenario::Deed;
use crate::sim::world::World;
use crate::sim::world::ecs::{Service, TaskState};
use crate::sim::world::stack::Stack;

/// A stack, and when it last changed.
pub(super) struct Stacked<'w> {
    pub place: &'w Place,
    pub stack: &'w Stack,
    pub since: Timestamp,
}

/// What ECS does.
#[derive(Default)]
pub(super) struct Doing<'w> {
    pub services: Vec<(&'w Place, &'w Service)>,
    pub tasks: Vec<Doer<'w>>,
}

/// A task.
pub(super) struct Doer<'w> {
    pub id: &'w str,
    pub state: &'static str,
    pub stopped: bool,
    pub since: Timestamp,
    /// Its service, or its group.
    pub of: &'w str,
    pub images: Vec<&'w str>,
    pub reason: String,
}

/// An event of a stack or of a service.
pub(super) struct Happened<'w> {
    pub at: Timestamp,
    pub place: &'w Place,
    /// The stack or the service.
    pub of: &'w str,
    pub what: &'w str,
    pub status: Option<&'w str>,
    pub reason: &'w str,
}

pub(super) fn stacks(world: &World) -> Vec<Stacked<'_>> {
    let mut all: Vec<Stacked<'_>> = world
        .places()
        .flat_map(|(place, region)| region.stacks.values().map(move |stack| (place, stack)))
        .map(|(place, stack)| Stacked {
            place,
            stack,
            since: stack.events.last().map_or(stack.created, |event| event.at),
        })
        .collect();
    all.sort_by(|a, b| (b.since, &a.stack.name).cmp(&(a.since, &b.stack.name)));
    all
}

/// The stack of a name, or of the last part of an id. A deleted stack keeps its name until another one has it.
pub(super) fn find<'w>(world: &'w World, place: &Place, word: &str) -> Option<&'w Stack> {
    let (_, region) = world.places().find(|(own, _)| *own == place)?;
    let is_meant = |stack: &&Stack| stack.name == word || stack.id.rsplit('/').next() == Some(word);
    let living = region.names.get(word).and_then(|id| region.stacks.get(id));
    living.or_else(|| region.stacks.values().filter(is_meant).max_by_key(|stack| stack.created))
}

pub(super) fn doing(world: &World) -> Doing<'_> {
    let mut doing = Doing::default();
    for (place, region) in world.places() {
        let services = region.ecs.services.values().filter(|service| service.status == "ACTIVE");
        doing.services.extend(services.map(|service| (place, service)));
        doing.tasks.extend(region.ecs.tasks.values().map(|task| {
            let images = task.images.iter().map(|(_, image, _)| image.as_str()).collect();
            doer(&task.id, &task.state, task.started.unwrap_or(task.created), &task.group, images)
        }));
    }
    finish(doing)
}

pub(super) fn doing_of<'w>(world: &'w World, place: &Place, stack: &Stack) -> Doing<'w> {
    let Some((place, region)) = world.places().find(|(own, _)| *own == place) else { return Doing::default() };
    let ids = stack.resources.values().filter_map(|own| own.physical_id.as_deref());
    let services = ids.filter_map(|id| region.ecs.services.get(id)).map(|service| (place, service)).collect();
    finish(Doing { services, tasks: Vec::new() })
}

/// Adds the tasks of the services, and puts everything in order.
fn finish(mut doing: Doing<'_>) -> Doing<'_> {
    for (_, service) in &doing.services {
        doing.tasks.extend(service.tasks.iter().map(|task| {
            let images = service.revision(&task.revision).map(|revision| &revision.images).into_iter().flatten();
            let images = images.map(|(_, image, _)| image.as_str()).collect();
            doer(&task.id, &task.state, task.started.unwrap_or(task.created), &service.name, images)
        }));
    }
    let begun = |service: &Service| service.newest().map(|deployment| deployment.created);
    doing.services.sort_by(|(_, a), (_, b)| (begun(b), &a.arn).cmp(&(begun(a), &b.arn)));
    doing.tasks.sort_by(|a, b| (a.stopped, b.since, a.id).cmp(&(b.stopped, a.since, b.id)));
    doing
}

fn doer<'w>(id: &'w str, state: &'w TaskState, begun: Timestamp, of: &'w str, images: Vec<&'w str>) -> Doer<'w> {
    let (word, since, reason) = match state {
        TaskState::Pending(_) => ("PENDING", begun, String::new()),
        TaskState::Running => ("RUNNING", begun, String::new()),
        TaskState::Stopped(end) => {
            let codes = end.containers.iter().filter_map(|(name, code, why)| {
                let why = why.as_ref().map(|why| format!(", {why}")).unwrap_or_default();
                code.map(|code| format!("; {name}: exit code {code}{why}"))
            });
            ("STOPPED", end.at, format!("{}{}", end.reason, codes.collect::<String>()))
        }
    };
    Doer { id, state: word, stopped: matches!(state, TaskState::Stopped(_)), since, of, images, reason }
}

/// The newest events of all stacks and services, and whether there are more.
pub(super) fn happened<'w>(world: &'w World, doing: &Doing<'w>) -> (Vec<Happened<'w>>, bool) {
    let stacks = world.places().flat_map(|(place, region)| region.stacks.values().flat_map(|own| of_stack(place, own)));
    let services = doing.services.iter().flat_map(|(place, service)| of_service(place, service));
    newest(stacks.chain(services).collect())
}

/// The newest events of one stack and its services.
pub(super) fn happened_to<'w>(
    world: &'w World,
    place: &Place,
    stack: &'w Stack,
    doing: &Doing<'w>,
) -> (Vec<Happened<'w>>, bool) {
    let Some((place, _)) = world.places().find(|(own, _)| *own == place) else { return (Vec::new(), false) };
    let services = doing.services.iter().flat_map(|(at, service)| of_service(at, service));
    newest(of_stack(place, stack).chain(services).collect())
}

/// No more than can be shown, and one that says whether there are more.
fn of_stack<'w>(place: &'w Place, stack: &'w Stack) -> impl Iterator<Item = Happened<'w>> {
    stack.events.iter().rev().take(MOST + 1).map(move |event| Happened {
        at: event.at,
        place,
        of: &stack.name,
        what: &event.logical,
        status: Some(&event.status),
        reason: event.said().unwrap_or_default(),
    })
}

fn of_service<'w>(place: &'w Place, service: &'w Service) -> impl Iterator<Item = Happened<'w>> {
    service.events.iter().map(move |said| Happened {
        at: said.at,
        place,
        of: &service.name,
        what: "service",
        status: None,
        reason: &said.message,
    })
}

fn newest(mut all: Vec<Happened<'_>>) -> (Vec<Happened<'_>>, bool) {
    // Stable: of two at one time, the one that came later in its stack stays first.
    all.sort_by_key(|event| std::cmp::Reverse(event.at));
    let more = all.len() > MOST;
    all.truncate(MOST);
    (all, more)
}

/// What comes after the last `/` of an ARN.
pub(super) fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// As JSON, without what is not given.
pub(super) fn json<T: serde::Serialize>(value: &T) -> String {
    let mut value = serde_json::to_value(value).unwrap_or_default();
    if let Value::Object(members) = &mut value {
        members.retain(|_, value| !matches!(value, Value::Null | Value::Bool(false)));
    }
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

pub(super) fn deed(deed: &Deed) -> String {
    match deed {
        Deed::Begin(fault) => json(fault),
        Deed::End(fault) => format!("ends {}", json(fault)),
        Deed::Hand(hand) => json(hand),
    }
}
