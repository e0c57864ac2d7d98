//! The last lines of containers that ended, as evidence: where they were written, and which are still to be read.
//!
//! Where a container writes is in the template: the `awslogs` driver makes a stream prefix/container/taskId in the group that
//! its options name \[doc: awslogs log driver\]. A container that logs elsewhere leaves no lines here.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::{Effect, Look, Seen, Subject, task};
use crate::cloud::{LogStream, StackResource, TaskEnd};
use crate::engine::cause;
use crate::model::journal::{ContainerEnd, Content, Evidence};
use crate::model::task::last_lines;

/// Lines are kept of at most so many containers of a stack.
const CONTAINERS: usize = 6;

/// The stream of a container of any task.
struct Written {
    container: String,
    group: Arc<str>,
    prefix: String,
}

/// For so long after a container failed, in seconds, nothing may only mean that its lines have not arrived. \[doc: CloudWatch
/// Logs is eventually consistent; lines of the awslogs driver come seconds late\]
const LATE: i64 = 5;

/// The lines of a container that are wanted.
struct Wanted {
    task: String,
    container: String,
    /// When it failed, if it did.
    failed: Option<Timestamp>,
}

/// Reads and journals what the containers of a task wrote. None when that has been done.
pub(super) fn of_task(s: &Subject<'_>, content: &Content, seen: &Seen, task: &str, end: &TaskEnd) -> Option<Effect> {
    let Some(stack) = &seen.stack else { return Some(Effect::Look(Look::Stack(s.stack().as_str().into()))) };
    if let (Some(stack), None) = (stack, &seen.resources) {
        return Some(Effect::Look(Look::Resources(stack.id.clone())));
    }
    let written = streams(s, content, seen.resources.as_deref().unwrap_or_default());
    let failed = |name: &str| end.containers.iter().any(|end| end.name == name && failed(end));
    let wanted = written.iter().map(|written| Wanted {
        task: task.to_owned(),
        container: written.container.clone(),
        failed: failed(&written.container).then_some(end.at),
    });
    let wanted: Vec<Wanted> = wanted.collect();
    read(s, seen, &wanted, &written)
}

/// Reads and journals what containers of services wrote that exited by themselves, one task of each. None when that has been
/// done.
pub(super) fn of_services(s: &Subject<'_>, seen: &Seen) -> Option<Effect> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for item in &s.state.evidence {
        let Evidence::TaskStopped { task, code, containers, at, .. } = item else { continue };
        for end in containers.iter().filter(|end| cause::BY_THEMSELVES.contains(&code.as_str()) && failed(end)) {
            if !wanted.iter().any(|wanted| wanted.container == end.name) {
                wanted.push(Wanted { task: task.clone(), container: end.name.clone(), failed: Some(*at) });
            }
        }
    }
    if wanted.is_empty() {
        return None;
    }
    let written = streams(s, s.content()?, seen.resources.as_deref().unwrap_or_default());
    read(s, seen, &wanted, &written)
}

fn failed(end: &ContainerEnd) -> bool {
    end.exit_code.is_some_and(|code| code != 0)
}

fn read(s: &Subject<'_>, seen: &Seen, wanted: &[Wanted], written: &[Written]) -> Option<Effect> {
    for Wanted { task, container, failed } in wanted.iter().take(CONTAINERS) {
        if is_known(s, task, container) {
            continue;
        }
        for written in written.iter().filter(|written| written.container == *container) {
            let stream = format!("{}/{container}/{}", written.prefix, task::id_of(task));
            let stream = LogStream { group: written.group.clone(), stream: stream.into() };
            let (task, container) = (task.clone(), container.clone());
            let item = match seen.logs.get(&stream) {
                None => return Some(Effect::Look(Look::Log(stream))),
                Some(Ok(lines)) if lines.is_empty() => {
                    if let Some(at) = failed.filter(|at| !s.older_than(*at, LATE)) {
                        return Some(s.poll(at));
                    }
                    continue;
                }
                Some(Ok(lines)) => {
                    let lines = last_lines(lines.iter().map(String::as_str));
                    Evidence::LogLines { task, container, lines }
                }
                Some(Err(error)) => Evidence::LogUnread { task, container, error: error.clone() },
            };
            return Some(Effect::Note(vec![s.evidence(item)]));
        }
    }
    None
}

/// Whether what a container wrote, or that it cannot be read, is in the journal.
fn is_known(s: &Subject<'_>, of_task: &str, of_container: &str) -> bool {
    s.state.evidence.iter().any(|item| match item {
        Evidence::LogLines { task, container, .. } | Evidence::LogUnread { task, container, .. } => {
            task == of_task && container == of_container
        }
        _ => false,
    })
}

/// Where the containers of a template write, as far as that is CloudWatch Logs in the stack's own region.
fn streams(s: &Subject<'_>, content: &Content, resources: &[StackResource]) -> Vec<Written> {
    let Some(template) = parsed(content) else { return Vec::new() };
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(map) => {
            let logical = map.get("Ref")?.as_str()?;
            let found = resources.iter().find(|resource| resource.logical_id == logical);
            found.and_then(|resource| resource.physical_id.clone())
        }
        _ => None,
    };
    let here = |region: Option<&Value>| match region {
        None => true,
        Some(Value::String(region)) => region == s.order.place.region.as_str(),
        Some(region) => region.get("Ref").and_then(Value::as_str) == Some("AWS::Region"),
    };
    let mut written = Vec::new();
    for container in definitions(&template).flat_map(|(_, definition)| containers(definition)) {
        let Some(name) = container.get("Name").and_then(Value::as_str) else { continue };
        let Some(log) = container.get("LogConfiguration") else { continue };
        let options = log.get("Options");
        let option = |key: &str| options.and_then(|options| options.get(key));
        if log.get("LogDriver").and_then(Value::as_str) != Some("awslogs") || !here(option("awslogs-region")) {
            continue;
        }
        let group = option("awslogs-group").and_then(text);
        if let (Some(group), Some(prefix)) = (group, option("awslogs-stream-prefix").and_then(text)) {
            written.push(Written { container: name.to_owned(), group: group.into(), prefix });
        }
    }
    written
}

/// The essential containers of a task definition; none if the template does not say.
pub(super) fn essential(content: &Content, definition: &str) -> Option<Vec<String>> {
    let template = parsed(content)?;
    let (_, found) = definitions(&template).find(|(logical, _)| *logical == definition)?;
    let essential = |container: &&Value| match container.get("Essential") {
        Some(Value::Bool(essential)) => *essential,
        Some(Value::String(text)) => text != "false",
        _ => true,
    };
    let names = containers(found).filter(essential).filter_map(|container| container.get("Name")?.as_str());
    Some(names.map(str::to_owned).collect())
}

/// The family of a task definition, where the template gives it one.
pub(super) fn family(content: &Content, definition: &str) -> Option<Arc<str>> {
    let template = parsed(content)?;
    let (_, found) = definitions(&template).find(|(logical, _)| *logical == definition)?;
    found.get("Properties")?.get("Family")?.as_str().map(Arc::from)
}

fn parsed(content: &Content) -> Option<Value> {
    serde_json::from_str(&content.template).ok()
}

/// The task definitions of a template, by logical id.
fn definitions(template: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let resources = template.get("Resources").and_then(Value::as_object);
    let all = resources.into_iter().flatten().map(|(logical, resource)| (logical.as_str(), resource));
    all.filter(|(_, resource)| resource.get("Type").and_then(Value::as_str) == Some("AWS::ECS::TaskDefinition"))
}

fn containers(definition: &Value) -> impl Iterator<Item = &Value> {
    let list = definition.get("Properties").and_then(|properties| properties.get("ContainerDefinitions"));
    list.and_then(Value::as_array).into_iter().flatten()
}
