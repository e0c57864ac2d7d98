//! Resources whose end something outside of the account says, by a PUT to an address that CloudFormation gives it: wait
//! conditions and custom resources. The hooks for nested stacks, which are more than records too, are here as well.
//!
//! At AWS the address is a presigned URL of S3, and its object's key says for what the answer is: `STACK-ID/HANDLE` for a signal,
//! `STACK-ID|LOGICAL-ID|REQUEST-ID` for a custom resource. Here it has the same host and key, without the query that signs it,
//! because no signature is checked. A PUT to the same path of this server is the answer.

mod custom;
pub(super) mod policies;
mod signals;

use std::collections::BTreeMap;

use indexmap::IndexMap;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};

use self::custom::Request;
use self::policies::Came;
use self::signals::Signals;
use super::stack::{Goal, Operation, Resource, Running, Stack, Until};
use super::{Work, World, nested, types};
use crate::model::Place;
use crate::sim::error::{Answer, ApiError};
use crate::sim::fault::During;
use crate::sim::ledger::Effect;

pub(super) const WAIT_CONDITION: &str = "AWS::CloudFormation::WaitCondition";

/// What AWS escapes in a key, of what stack ids and logical ids have.
const ESCAPED: AsciiSet = CONTROLS.add(b':').add(b'|').add(b' ').add(b'%');

/// The longest answer, in bytes. \[doc: "Custom resource response objects"\] \[?\] The same for signals.
const MOST: usize = 4096;

/// What the account waits for from outside, and what came.
#[derive(Clone, Debug, Default)]
pub(super) struct Outside {
    /// What came to each handle of a wait condition, by key.
    handles: BTreeMap<String, Signals>,
    /// What came to each resource that waits for signals, by key.
    to_resources: BTreeMap<String, Came>,
    /// Requests of custom resources that still wait for their end, by key, oldest first.
    requests: IndexMap<String, Request>,
    /// The properties that were sent last for each custom resource, by stack, logical and physical id.
    sent: BTreeMap<String, Map<String, Value>>,
}

/// The address of a key in one of AWS's buckets.
fn address(place: &Place, bucket: &str, key: &str) -> String {
    let region = place.region.as_str();
    format!("https://{bucket}.s3.{region}.{}/{}", place.region.domain(), utf8_percent_encode(key, &ESCAPED))
}

/// The key at an address or at its path; none if it has not the form of one.
fn key_at(address: &str) -> Option<String> {
    let path = address.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or(address, |(_, path)| path);
    let key = percent_decode_str(path.trim_start_matches('/')).decode_utf8().ok()?;
    let is_stack = key.starts_with("arn:") && key.contains(":cloudformation:") && key.contains(":stack/");
    is_stack.then(|| key.into_owned())
}

impl World {
    /// Whether the path of a request is one to which answers are put.
    pub fn is_answer(path: &str) -> bool {
        key_at(path).is_some()
    }

    /// Takes the answer of something outside: a signal to the handle of a wait condition, or the response to the request of a
    /// custom resource. `address` is what CloudFormation gave for it, or the path of that.
    ///
    /// # Errors
    /// Nothing waits for an answer there.
    pub fn answer(&mut self, address: &str, body: &[u8]) -> Answer<()> {
        let missing = || ApiError {
            code: "NoSuchKey",
            message: "no wait condition handle and no request of a custom resource has this address".to_owned(),
            status: 404,
        };
        let key = key_at(address).ok_or_else(missing)?;
        let place = if key.contains('|') { self.respond(&key, body) } else { self.signal(&key, body) };
        let place = place.ok_or_else(missing)?;
        self.record(&place, "PutObject", key.clone(), None, Effect::Effective);
        let waits = |stack: &&Stack| {
            let running = stack.operation.iter().flat_map(|operation| operation.running.values());
            running.into_iter().any(|running| running.until.key() == Some(&key))
        };
        let waiting: Vec<_> = self
            .regions
            .get(&place)
            .into_iter()
            .flat_map(|r| r.stacks.values())
            .filter(waits)
            .map(|s| s.id.clone())
            .collect();
        waiting.into_iter().for_each(|id| self.schedule(self.now, Work::Stack { place: place.clone(), id }));
        Ok(())
    }

    /// Whether what a resource waits for has come, and how it ended; none while it may still come.
    pub(super) fn awaited(&self, place: &Place, until: &Until) -> Option<Result<(), String>> {
        match until {
            Until::Stack { id, goal } => self.nested_outcome(place, id, *goal),
            Until::Signals { key, count, deadline } => self.signalled(key, *count, *deadline),
            Until::ResourceSignals { key, wanted, deadline } => {
                self.signalled_by_call(key, *wanted, *deadline <= self.now)
            }
            Until::Response { key, deadline } => self.responded(key, *deadline),
            _ => None,
        }
    }

    /// Gives a resource what came from outside at its end.
    pub(super) fn take_answer(
        &mut self,
        place: &Place,
        stack: &mut Stack,
        operation: &Operation,
        running: &mut Running,
    ) {
        match running.until.clone() {
            Until::Stack { id, goal } if goal != Goal::Delete => self.take_outputs(place, &id, &mut running.next),
            Until::Signals { key, .. } => self.take_signals(&key, &mut running.next),
            Until::ResourceSignals { key, .. } => {
                self.outside.to_resources.remove(&key);
            }
            Until::Response { key, .. } => self.take_response(&key, stack, operation, running),
            _ => {}
        }
    }

    /// Ends the wait for the answer of one resource.
    pub(super) fn give_up(&mut self, running: &mut Running) {
        if let Until::ResourceSignals { key, .. } = &running.until {
            self.outside.to_resources.remove(key);
        }
        if let Until::Response { key, .. } = &running.until
            && let Some(request) = self.outside.requests.shift_remove(key)
        {
            running.next.physical_id.get_or_insert(request.stand_in);
        }
    }

    /// Ends every wait of an operation whose stack is deleted instead.
    pub(super) fn give_up_all(&mut self, stack: &mut Stack, operation: &mut Operation) {
        for running in operation.running.values_mut() {
            self.give_up(running);
            let made = running.next.physical_id.as_ref().filter(|_| running.verb == "CREATE");
            if let (Some(id), Some(resource)) = (made, stack.resources.get_mut(&running.next.logical)) {
                resource.physical_id.get_or_insert_with(|| id.clone());
            }
        }
    }

    /// Makes a resource that is more than its record; none if it is not of these types.
    pub(super) fn make_outside(
        &mut self,
        place: &Place,
        stack: &Stack,
        operation: &Operation,
        next: &mut Resource,
    ) -> Option<Result<Option<Until>, String>> {
        Some(match next.kind.as_str() {
            "AWS::CloudFormation::WaitConditionHandle" => {
                self.make_handle(place, stack, next);
                Ok(None)
            }
            WAIT_CONDITION => self.make_condition(place, stack, operation, next).map(Some),
            nested::KIND => self.make_nested(place, stack, next).map(Some),
            kind if types::is_custom(kind) => self.ask_to_create(place, stack, next).map(Some),
            _ => return None,
        })
    }

    /// Updates a resource of these types, whose properties with resolved references these are.
    pub(super) fn update_outside(
        &mut self,
        place: &Place,
        stack: &Stack,
        next: &Resource,
        properties: &Map<String, Value>,
        during: During,
    ) -> Result<Option<Until>, String> {
        match next.kind.as_str() {
            // \[iss: cloudformation-coverage-roadmap#1097\] \[?\] The words.
            kind @ WAIT_CONDITION if during != During::Rollback => {
                Err(format!("Update to resource type {kind} is not supported."))
            }
            nested::KIND => self.update_nested(place, stack, next, properties, during),
            kind if types::is_custom(kind) => self.ask_to_update(place, stack, next, properties, during),
            _ => Ok(None),
        }
    }

    /// Deletes a resource of these types.
    pub(super) fn delete_outside(
        &mut self,
        place: &Place,
        stack: &Stack,
        resource: &Resource,
    ) -> Result<Option<Until>, String> {
        Ok(match resource.kind.as_str() {
            "AWS::CloudFormation::WaitConditionHandle" => {
                self.outside.handles.remove(&signals::key(stack, &resource.logical));
                None
            }
            nested::KIND => self.delete_nested(place, stack, resource)?,
            kind if types::is_custom(kind) => self.ask_to_delete(place, stack, resource),
            _ => None,
        })
    }
}
