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

/// A log group: its streams by name, each with its lines, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    streams: BTreeMap<String, Vec<(Timestamp, String)>>,
}

impl World {
    /// The containers of a task have started: each has its stream, with what it writes.
    pub(super) fn write_logs(&mut self, place: &Place, task_definition: &str, task: &str) {
        let Some(definition) = self.find_task_definition(place, task_definition) else { return };
        let containers = definition.properties.get("ContainerDefinitions").and_then(Value::as_array);
        let streams: Vec<_> = containers.into_iter().flatten().filter_map(|one| stream_of(one, task)).collect();
        for (group, stream, image) in streams {
            let lines = self.said_by(&image);
            let exists = self.is_log_group(place, &group);
            if exists {
                let group = self.region(place).logs.entry(group).or_default();
                group.streams.entry(stream).or_default().extend(lines);
            }
        }
    }

    fn said_by(&self, image: &str) -> Vec<(Timestamp, String)> {
        let digest = Self::digest_of(image);
        let said = self.faults.iter().filter_map(|fault| match fault {
            Fault::ImageSays { image: part, lines } if image.contains(part) || digest.contains(part) => Some(lines),
            _ => None,
        });
        said.flatten().map(|line| (self.now, line.clone())).collect()
    }

    fn is_log_group(&self, place: &Place, name: &str) -> bool {
        let key = ("AWS::Logs::LogGroup".to_owned(), name.to_owned());
        self.regions.get(place).is_some_and(|region| region.taken.contains(&key))
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
        let missing = |what: &str| {
            ApiError::new("ResourceNotFoundException", format!("The specified log {what} does not exist."))
        };
        if !self.is_log_group(place, group) {
            return Err(missing("group"));
        }
        let groups = self.regions.get(place).map(|region| &region.logs);
        let lines =
            groups.and_then(|groups| groups.get(group)?.streams.get(stream)).ok_or_else(|| missing("stream"))?;
        let seen = |(at, _): &&(Timestamp, String)| *at + self.config.pace.lines <= self.now;
        let lines: Vec<_> = lines.iter().filter(seen).cloned().collect();
        let skip = if from_head { 0 } else { lines.len().saturating_sub(limit) };
        Ok(lines.into_iter().skip(skip).take(limit).collect())
    }
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
