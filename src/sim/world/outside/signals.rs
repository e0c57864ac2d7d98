//! Wait conditions: signals that are put to a handle, and resources that wait for a number of them.
//!
//! \[doc: "Create wait conditions in a CloudFormation template"\] A signal with the id of an earlier one is that one, sent
//! again. What came to a handle stays as long as the handle, so that a condition that uses an old handle sees old signals.

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::{MOST, address, key_at};
use crate::model::Place;
use crate::sim::world::World;
use crate::sim::world::eval::as_text;
use crate::sim::world::stack::{Operation, Resource, Stack, Until};

/// The longest time that a condition waits. \[doc: 12 hours\]
const LONGEST: i64 = 43_200;

/// What came to a handle.
#[derive(Clone, Debug)]
pub(super) struct Signals {
    place: Place,
    /// By `UniqueId`, oldest first.
    came: IndexMap<String, Signal>,
    /// Something came that is not a signal.
    unparsable: bool,
}

#[derive(Clone, Debug)]
struct Signal {
    fails: bool,
    reason: String,
    data: Value,
}

/// The key of a handle.
pub(super) fn key(stack: &Stack, logical: &str) -> String {
    format!("{}/{logical}", stack.id)
}

/// Reads a signal: its id, and what it says.
fn read(body: &[u8]) -> Option<(String, Signal)> {
    if body.len() > MOST {
        return None;
    }
    let words: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let text = |name: &str| words.get(name).and_then(Value::as_str);
    let fails = match text("Status")? {
        "SUCCESS" => false,
        "FAILURE" => true,
        _ => return None,
    };
    let id = text("UniqueId").filter(|id| !id.is_empty())?.to_owned();
    let data = words.get("Data").cloned().unwrap_or_else(|| Value::String(String::new()));
    Some((id, Signal { fails, reason: text("Reason").unwrap_or_default().to_owned(), data }))
}

impl World {
    pub(super) fn make_handle(&mut self, place: &Place, stack: &Stack, next: &mut Resource) {
        let key = key(stack, &next.logical);
        let bucket = format!("cloudformation-waitcondition-{}", place.region);
        next.physical_id = Some(address(place, &bucket, &key));
        let none = Signals { place: place.clone(), came: IndexMap::new(), unparsable: false };
        self.outside.handles.insert(key, none);
    }

    /// A condition waits for signals to a handle, or for those that its creation policy wants. \[doc: `WaitCondition`\]
    pub(super) fn make_condition(
        &mut self,
        place: &Place,
        stack: &Stack,
        operation: &Operation,
        next: &mut Resource,
    ) -> Result<Until, String> {
        match self.created_by_signals(place, stack, operation, next)? {
            Some(until) => {
                next.physical_id = Some(format!("{}/{}", stack.id, next.logical));
                next.attributes.insert("Data".to_owned(), "{}".to_owned());
                Ok(until)
            }
            None => self.wait_for_signals(stack, next),
        }
    }

    fn wait_for_signals(&mut self, stack: &Stack, next: &mut Resource) -> Result<Until, String> {
        // \[?\] The words of these.
        let missing = |name: &str| format!("Property {name} cannot be empty.");
        let property = |name: &str| next.properties.get(name).and_then(as_text);
        let handle = property("Handle").ok_or_else(|| missing("Handle"))?;
        let timeout = property("Timeout").ok_or_else(|| missing("Timeout"))?;
        let seconds = timeout.parse::<i64>().ok().filter(|seconds| (0..=LONGEST).contains(seconds));
        let seconds = seconds.ok_or_else(|| {
            format!("Value of property Timeout must be a number of seconds from 0 to {LONGEST}, and is {timeout}")
        })?;
        let count = property("Count").map_or(Some(1), |count| count.parse::<usize>().ok().filter(|count| *count > 0));
        let count = count.ok_or("Value of property Count must be a number of at least 1")?;
        let key = key_at(&handle).filter(|key| self.outside.handles.contains_key(key));
        let key = key.ok_or_else(|| format!("The wait condition handle {handle} does not exist."))?;
        // \[iss: Accenture/adop-doa-materials#10\] Its id is that of the stack, with the handle's name.
        let name = key.rsplit_once('/').map_or(key.as_str(), |(_, name)| name);
        next.physical_id = Some(format!("{}/{name}", stack.id));
        Ok(Until::Signals { key, count, deadline: self.now + SignedDuration::from_secs(seconds) })
    }

    /// Takes a signal; gives the place of its handle.
    pub(super) fn signal(&mut self, key: &str, body: &[u8]) -> Option<Place> {
        let signals = self.outside.handles.get_mut(key)?;
        match read(body) {
            Some((id, signal)) => {
                signals.came.entry(id).or_insert(signal);
            }
            None => signals.unparsable = true,
        }
        Some(signals.place.clone())
    }

    pub(super) fn signalled(&self, key: &str, count: usize, deadline: Timestamp) -> Option<Result<(), String>> {
        let signals = self.outside.handles.get(key);
        if signals.is_some_and(|signals| signals.unparsable) {
            return Some(Err("Unparsable WaitCondition data".to_owned()));
        }
        let mut came = signals.into_iter().flat_map(|signals| &signals.came);
        if let Some((id, signal)) = came.clone().find(|(_, signal)| signal.fails) {
            let reason = &signal.reason;
            return Some(Err(format!("WaitCondition received failed message: '{reason}' for uniqueId: {id}")));
        }
        if came.clone().nth(count.saturating_sub(1)).is_some() {
            return Some(Ok(()));
        }
        let received = came.by_ref().count();
        let words = || format!("WaitCondition timed out. Received {received} conditions when expecting {count}");
        (deadline <= self.now).then(|| Err(words()))
    }

    /// `Data` is what every signal brought, by id. \[doc\]
    pub(super) fn take_signals(&self, key: &str, next: &mut Resource) {
        let came = self.outside.handles.get(key).into_iter().flat_map(|signals| &signals.came);
        let data: Map<String, Value> = came.map(|(id, signal)| (id.clone(), signal.data.clone())).collect();
        next.attributes.insert("Data".to_owned(), Value::Object(data).to_string());
    }
}
