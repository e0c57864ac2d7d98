//! What containers write: the streams of CloudWatch Logs that the `awslogs` driver makes.
//!
//! A stream is prefix/container/taskId \[doc: awslogs log driver\]. Its lines are those that a fault gives the image;
//! without one the container writes nothing, and the stream exists but is empty.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::World;
use super::eval::as_text;
use crate::model::Place;
use crate::sim::error::{Answer, ApiError};
use crate::sim::fault::Fault;

pub(super) const LOG_GROUP: &str = "AWS::Logs::LogGroup";

/// A log group: its streams by name.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) created: Timestamp,
    streams: BTreeMap<String, Stream>,
}

/// A log stream.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) created: Timestamp,
    /// Oldest first.
    lines: Vec<(Timestamp, String)>,
}

impl World {
    /// CloudFormation made a log group.
    pub(super) fn begin_log_group(&mut self, place: &Place, name: &str) {
        let group = Group { created: self.now, streams: BTreeMap::new() };
        self.region(place).logs.insert(name.to_owned(), group);
    }

    /// The containers of a task have started: each has its stream, with what it writes.
    pub(super) fn write_logs(&mut self, place: &Place, task_definition: &str, task: &str) {
        let Some(definition) = self.find_task_definition(place, task_definition) else { return };
        let containers = definition.properties.get("ContainerDefinitions").and_then(Value::as_array);
        let streams: Vec<_> = containers.into_iter().flatten().filter_map(|one| stream_of(one, task)).collect();
        let created = self.now;
        for (group, stream, image) in streams {
            let lines = self.said_by(place, &image);
            if let Some(group) = self.region(place).logs.get_mut(&group) {
                let stream = group.streams.entry(stream).or_insert_with(|| Stream { created, lines: Vec::new() });
                stream.lines.extend(lines);
            }
        }
    }

    fn said_by(&self, place: &Place, image: &str) -> Vec<(Timestamp, String)> {
        let digest = self.resolve_image(place, image);
        let said = self.faults.iter().filter_map(|fault| match fault {
            Fault::ImageSays { image: part, lines } if image.contains(part) || digest.contains(part) => Some(lines),
            _ => None,
        });
        said.flatten().map(|line| (self.now, line.clone())).collect()
    }

    /// The log groups of a region, by name.
    pub(super) fn log_groups(&self, place: &Place) -> impl Iterator<Item = (&String, &Group)> {
        self.regions.get(place).into_iter().flat_map(|region| &region.logs)
    }

    /// The streams of a log group, by name.
    pub(super) fn log_streams(&self, place: &Place, group: &str) -> Answer<&BTreeMap<String, Stream>> {
        let group = self.regions.get(place).and_then(|region| region.logs.get(group));
        group.map(|group| &group.streams).ok_or_else(|| missing("group"))
    }

    /// The lines of a stream that can be read by now.
    pub(super) fn readable<'a>(&self, stream: &'a Stream) -> &'a [(Timestamp, String)] {
        let seen = stream.lines.partition_point(|(at, _)| *at + self.config.pace.lines <= self.now);
        stream.lines.get(..seen).unwrap_or(&stream.lines)
    }

    /// GetLogEvents: the last events of a stream, at most so many, oldest first; the first ones with `from_head`.
    pub fn log_events(
        &self,
        place: &Place,
        group: &str,
        stream: &str,
        limit: usize,
        from_head: bool,
    ) -> Answer<Vec<(Timestamp, String)>> {
        let from = if from_head { super::log_events::From::Head } else { super::log_events::From::Tail };
        self.page_of_stream(place, group, stream, super::log_events::Range::default(), limit, from)
            .map(|page| page.lines)
    }
}

/// What AWS answers for a log group or a log stream that does not exist.
pub(super) fn missing(what: &str) -> ApiError {
    ApiError::new("ResourceNotFoundException", format!("The specified log {what} does not exist."))
}

/// Log group, stream and image of a container that logs by `awslogs`.
fn stream_of(container: &Value, task: &str) -> Option<(String, String, String)> {
    let log = container.get("LogConfiguration")?;
    if log.get("LogDriver").and_then(Value::as_str) != Some("awslogs") {
        return None;
    }
    let option = |key: &str| log.get("Options")?.get(key).and_then(as_text);
    let name = container.get("Name").and_then(Value::as_str)?;
    let image = container.get("Image").and_then(Value::as_str)?;
    Some((option("awslogs-group")?, format!("{}/{name}/{task}", option("awslogs-stream-prefix")?), image.to_owned()))
}
