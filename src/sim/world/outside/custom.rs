//! Custom resources: what CloudFormation asks of the function or topic of a `ServiceToken`, and what is answered.
//!
//! \[doc: "Custom resource request types", "Custom resource request and response objects"\] Nothing is sent here: whoever plays the
//! provider reads the requests and puts the responses.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{MOST, address};
use crate::model::Place;
use crate::sim::fault::During;
use crate::sim::world::World;
use crate::sim::world::eval::as_text;
use crate::sim::world::stack::{Operation, Resource, Running, Stack, Until};

/// How long an answer may take at most, and by default; seconds. \[doc: `ServiceTimeout`\]
const LONGEST: i64 = 3600;
/// The longest physical id, in bytes. \[doc\]
const LONGEST_ID: usize = 1024;

/// A request that waits for its end.
#[derive(Clone, Debug)]
pub(super) struct Request {
    place: Place,
    /// As the provider gets it.
    body: Value,
    /// The id of the request.
    id: String,
    /// The physical id of a resource whose creation failed without one, so that it can still be deleted.
    pub(super) stand_in: String,
    /// What was sent is kept under this, with the physical id.
    name: String,
    response: Option<Response>,
}

/// What a provider answered.
#[derive(Clone, Debug, Default)]
struct Response {
    physical_id: Option<String>,
    data: Map<String, Value>,
    no_echo: bool,
    /// Why the operation fails.
    failure: Option<String>,
}

/// A value whose numbers and flags are text, as providers get it.
fn as_texts(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(as_texts).collect(),
        Value::Object(map) => Value::Object(all_texts(map)),
        other => as_text(other).map_or_else(|| other.clone(), Value::String),
    }
}

fn all_texts(map: &Map<String, Value>) -> Map<String, Value> {
    map.iter().map(|(name, value)| (name.clone(), as_texts(value))).collect()
}

fn name_of(stack: &Stack, logical: &str) -> String {
    format!("{}|{logical}", stack.id)
}

/// Where a provider is, and how long it has: `ServiceToken` and `ServiceTimeout`.
fn service(place: &Place, properties: &Map<String, Value>) -> Result<(String, SignedDuration), String> {
    let token = properties.get("ServiceToken").and_then(Value::as_str).unwrap_or_default();
    let mut parts = token.split(':');
    let begins = [parts.next(), parts.next()] == [Some("arn"), Some(place.region.partition())];
    let service = matches!(parts.next(), Some("lambda" | "sns"));
    if !begins || !service || parts.next() != Some(place.region.as_str()) {
        return Err("Invalid service token.".to_owned());
    }
    let seconds = properties.get("ServiceTimeout").map_or(Some(LONGEST), |value| as_text(value)?.parse().ok());
    let seconds = seconds.filter(|seconds| (1..=LONGEST).contains(seconds));
    // \[?\] The words.
    let seconds = seconds.ok_or_else(|| format!("ServiceTimeout must be a number of seconds from 1 to {LONGEST}"))?;
    Ok((token.to_owned(), SignedDuration::from_secs(seconds)))
}

/// Reads a response to a request. What is wrong with it is the failure. \[?\] The words but of a bad status and a bad id.
fn read(request: &Request, body: &[u8]) -> Response {
    let fails = |words: String| Response { failure: Some(words), ..Response::default() };
    if body.len() > MOST {
        return fails("Response object is too long.".to_owned());
    }
    let Ok(words) = serde_json::from_slice::<Map<String, Value>>(body) else {
        return fails("Response is not valid JSON".to_owned());
    };
    let text = |name: &str| words.get(name).and_then(Value::as_str);
    let asked = |name: &str| request.body.get(name).and_then(Value::as_str);
    let other = ["StackId", "RequestId", "LogicalResourceId"].into_iter().find(|name| text(name) != asked(name));
    if let Some(name) = other {
        return fails(format!("Invalid Response object: {name} is not that of the request"));
    }
    let physical_id =
        text("PhysicalResourceId").filter(|id| !id.is_empty() && id.len() <= LONGEST_ID).map(str::to_owned);
    let invalid_id = || "Invalid PhysicalResourceId".to_owned();
    let failure = match text("Status") {
        Some("SUCCESS") => physical_id.is_none().then(invalid_id),
        Some("FAILED") => Some(format!(
            "Received response status [FAILED] from custom resource. Message returned: {} (RequestId: {})",
            text("Reason").unwrap_or_default(),
            request.id
        )),
        other => {
            let status = other.unwrap_or("null");
            return fails(format!("Invalid Response object: '{status}' is not a valid ResponseStatus"));
        }
    };
    let no_echo = words.get("NoEcho").and_then(as_text).as_deref() == Some("true");
    match data(&words) {
        Ok(data) => Response { physical_id, data, no_echo, failure },
        Err(words) => Response { physical_id, data: Map::new(), no_echo, failure: failure.or(Some(words)) },
    }
}

/// What `Fn::GetAtt` gives of a response: texts, and lists. \[?\] It gives nothing of what is in a map.
fn data(words: &Map<String, Value>) -> Result<Map<String, Value>, String> {
    match words.get("Data") {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(data)) => Ok(data.clone()),
        Some(_) => Err("Invalid Response object: Data is not an object".to_owned()),
    }
}

impl World {
    /// The requests of custom resources that wait for a response, oldest first, as their providers would get them.
    pub fn custom_requests(&self) -> impl Iterator<Item = &Value> {
        self.outside.requests.values().filter(|request| request.response.is_none()).map(|request| &request.body)
    }

    fn ask(
        &mut self,
        place: &Place,
        stack: &Stack,
        resource: &Resource,
        properties: &Map<String, Value>,
        (request_type, more): (&str, Map<String, Value>),
    ) -> Result<Until, String> {
        let (token, patience) = service(place, properties)?;
        let id = self.ids.uuid();
        let name = name_of(stack, &resource.logical);
        let key = format!("{name}|{id}");
        let bucket = format!("cloudformation-custom-resource-response-{}", place.region.as_str().replace('-', ""));
        let mut body = json!({
            "RequestType": request_type,
            "ServiceToken": token,
            "ResponseURL": address(place, &bucket, &key),
            "StackId": stack.id,
            "RequestId": id,
            "LogicalResourceId": resource.logical,
            "ResourceType": resource.kind,
            "ResourceProperties": all_texts(properties),
        });
        if let Value::Object(body) = &mut body {
            body.extend(more);
        }
        let stand_in = format!("{}-{}-{}", stack.name, resource.logical, self.ids.letters(12));
        let request = Request { place: place.clone(), body, id, stand_in, name, response: None };
        self.outside.requests.insert(key.clone(), request);
        Ok(Until::Response { key, deadline: self.now + patience })
    }

    pub(super) fn ask_to_create(&mut self, place: &Place, stack: &Stack, next: &Resource) -> Result<Until, String> {
        self.ask(place, stack, next, &next.properties, ("Create", Map::new()))
    }

    pub(super) fn ask_to_update(
        &mut self,
        place: &Place,
        stack: &Stack,
        next: &Resource,
        properties: &Map<String, Value>,
        during: During,
    ) -> Result<Option<Until>, String> {
        let physical_id = next.physical_id.clone().unwrap_or_default();
        let sent = format!("{}|{physical_id}", name_of(stack, &next.logical));
        let old = self.outside.sent.get(&sent).cloned().unwrap_or_default();
        let new = all_texts(properties);
        // What was never asked for is not taken back.
        if during == During::Rollback && old == new {
            return Ok(None);
        }
        // \[reports\]
        if old.get("ServiceToken") != new.get("ServiceToken") {
            return Err("Modifying service token is not allowed.".to_owned());
        }
        let more = json!({ "PhysicalResourceId": physical_id, "OldResourceProperties": old });
        let Value::Object(more) = more else { return Ok(None) };
        let until = self.ask(place, stack, next, properties, ("Update", more))?;
        self.outside.sent.insert(sent, new);
        Ok(Some(until))
    }

    /// Asks for a deletion; none if the service token is wrong.
    pub(super) fn ask_to_delete(&mut self, place: &Place, stack: &Stack, resource: &Resource) -> Option<Until> {
        let properties = self.resolved(place, &resource.properties).unwrap_or_else(|_| resource.properties.clone());
        let physical_id = resource.physical_id.clone().unwrap_or_default();
        let more = [("PhysicalResourceId".to_owned(), Value::String(physical_id))].into_iter().collect();
        self.ask(place, stack, resource, &properties, ("Delete", more)).ok()
    }

    /// Takes a response; gives the place of its request. Only the first one counts.
    pub(super) fn respond(&mut self, key: &str, body: &[u8]) -> Option<Place> {
        let request = self.outside.requests.get_mut(key)?;
        if request.response.is_none() {
            request.response = Some(read(request, body));
        }
        Some(request.place.clone())
    }

    pub(super) fn responded(&self, key: &str, deadline: Timestamp) -> Option<Result<(), String>> {
        let request = self.outside.requests.get(key);
        let response = request.and_then(|request| request.response.as_ref());
        if let Some(response) = response {
            return Some(response.failure.clone().map_or(Ok(()), Err));
        }
        let id = request.map_or("", |request| request.id.as_str());
        let words = || {
            format!(
                "CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId \
                 [{id}]. If you are using the Python cfn-response module, you may need to update your Lambda function code so \
                 that CloudFormation can attach the updated version."
            )
        };
        (deadline <= self.now).then(|| Err(words()))
    }

    /// Gives a resource the id and the attributes of the response. An update with another id made another resource, and the
    /// one before is deleted in the end.
    pub(super) fn take_response(&mut self, key: &str, stack: &mut Stack, operation: &Operation, running: &mut Running) {
        let Some(request) = self.outside.requests.shift_remove(key) else { return };
        let sent = |physical_id: &str| format!("{}|{physical_id}", request.name);
        let properties = request.body.get("ResourceProperties").and_then(Value::as_object).cloned().unwrap_or_default();
        let succeeds = request.response.as_ref().is_some_and(|response| response.failure.is_none());
        let response = request.response.unwrap_or_default();
        if running.verb == "DELETE" {
            let id = running.next.physical_id.as_deref().unwrap_or_default();
            if succeeds {
                self.outside.sent.remove(&sent(id));
            }
            return;
        }
        let before = running.next.physical_id.take();
        let another = response.physical_id.filter(|_| succeeds || before.is_none());
        let id = another.or_else(|| before.clone()).unwrap_or(request.stand_in);
        if succeeds {
            running.next.no_echo = response.no_echo;
            let data = response.data.into_iter();
            let (lists, others): (BTreeMap<_, _>, BTreeMap<_, _>) = data.partition(|(_, value)| value.is_array());
            let text = |(name, value): (String, Value)| Some((name, as_text(&value)?));
            (running.next.lists, running.next.attributes) = (lists, others.into_iter().filter_map(text).collect());
        }
        self.outside.sent.insert(sent(&id), properties);
        running.next.physical_id = Some(id);
        if before.is_none() && succeeds {
            self.tell(stack, operation, &running.next, Some("Resource creation Initiated"));
        } else if before.is_some() && before != running.next.physical_id {
            let words = "Requested update required the provider to create a new physical resource";
            self.tell(stack, operation, &running.next, Some(words));
            running.replaces = stack.resources.get(&running.next.logical).cloned();
        }
    }
}
