//! CloudWatch Logs over JSON 1.1: reading what containers wrote.

use serde_json::{Value, json};

use super::caller::Caller;
use super::ecs_view::compact;
use super::query::page;
use crate::model::Place;
use crate::sim::error::{Answer, ApiError};
use crate::sim::world::World;
use crate::sim::world::log_events::{Found, From, GroupRow, Pattern, Position, Range, Search, StreamRow};

/// The most events of one answer. \[api: GetLogEvents, FilterLogEvents\]
const MOST: usize = 10_000;
/// The most groups or streams of one answer. \[api: DescribeLogGroups, DescribeLogStreams\]
const MOST_LISTED: usize = 50;

pub(super) fn call(world: &mut World, caller: &Caller, operation: &str, input: &Value) -> Answer<String> {
    let request = Request { world, place: &caller.place, operation, input };
    let answer = match operation {
        "GetLogEvents" => request.get_log_events(),
        "FilterLogEvents" => request.filter_log_events(),
        "DescribeLogGroups" => request.describe_log_groups(),
        "DescribeLogStreams" => request.describe_log_streams(),
        other => Err(ApiError::not_modelled(format_args!("the operation {other} of CloudWatch Logs"))),
    }?;
    Ok(answer.to_string())
}

fn invalid(words: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", words)
}

struct Request<'a> {
    world: &'a World,
    place: &'a Place,
    operation: &'a str,
    input: &'a Value,
}

impl Request<'_> {
    /// Refuses fields that are not among `known`: nothing is taken and ignored.
    fn only(&self, known: &[&str]) -> Answer<()> {
        super::only(self.input, known, self.operation)
    }

    fn text(&self, key: &str) -> Answer<Option<&str>> {
        match self.input.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(invalid(format!("{key} must not be empty"))),
        }
    }

    fn flag(&self, key: &str) -> bool {
        self.input.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    fn limit(&self, most: usize) -> Answer<usize> {
        let Some(given) = self.input.get("limit").filter(|given| !given.is_null()) else { return Ok(most) };
        let limit =
            given.as_u64().and_then(|limit| usize::try_from(limit).ok()).filter(|limit| (1..=most).contains(limit));
        limit.ok_or_else(|| invalid(format!("limit must be between 1 and {most}")))
    }

    fn time(&self, key: &str) -> Answer<Option<i64>> {
        let Some(given) = self.input.get(key).filter(|given| !given.is_null()) else { return Ok(None) };
        let at = given.as_i64().filter(|at| *at >= 0);
        at.map(Some).ok_or_else(|| invalid(format!("{key} must be a number of milliseconds since 1970")))
    }

    /// The log group, by its name or its ARN. \[api: `LogGroupIdentifier`\]
    fn group(&self) -> Answer<String> {
        let name = match (self.text("logGroupName")?, self.text("logGroupIdentifier")?) {
            (Some(name), None) => return Ok(name.to_owned()),
            (None, Some(identifier)) => identifier,
            (None, None) => return Err(invalid("logGroupName must not be empty")),
            (Some(_), Some(_)) => {
                return Err(invalid("You must include either logGroupName or logGroupIdentifier, but not both."));
            }
        };
        if !name.starts_with("arn:") {
            return Ok(name.to_owned());
        }
        let own = name.strip_prefix(&group_arn(self.place, "")).filter(|name| !name.contains(':'));
        own.map(str::to_owned).ok_or_else(|| ApiError::not_modelled(format_args!("the log group {name}")))
    }

    fn get_log_events(&self) -> Answer<Value> {
        self.only(&[
            "logGroupName",
            "logGroupIdentifier",
            "logStreamName",
            "limit",
            "startFromHead",
            "startTime",
            "endTime",
            "nextToken",
        ])?;
        let stream = self.text("logStreamName")?.ok_or_else(|| invalid("logStreamName must not be empty"))?;
        let (group, limit) = (self.group()?, self.limit(MOST)?);
        let range = Range { start: self.time("startTime")?, end: self.time("endTime")? };
        let from = match self.text("nextToken")? {
            Some(token) => stream_token(token).ok_or_else(bad_token)?,
            None if self.flag("startFromHead") => From::Head,
            None => From::Tail,
        };
        let page = self.world.page_of_stream(self.place, &group, stream, range, limit, from)?;
        let event = |(at, line): &(jiff::Timestamp, String)| {
            let at = at.as_millisecond();
            json!({ "timestamp": at, "ingestionTime": at, "message": line })
        };
        // A page after the last has the same token and nothing new: that is how AWS marks the end.
        let (first, end) = page.bounds;
        Ok(json!({
            "events": page.lines.iter().map(event).collect::<Vec<_>>(),
            "nextForwardToken": format!("f/{end}/s"),
            "nextBackwardToken": format!("b/{first}/s"),
        }))
    }

    fn filter_log_events(&self) -> Answer<Value> {
        // `interleaved` has had no effect since 2019. \[api\]
        self.only(&[
            "logGroupName",
            "logGroupIdentifier",
            "logStreamNames",
            "logStreamNamePrefix",
            "startTime",
            "endTime",
            "filterPattern",
            "nextToken",
            "limit",
            "interleaved",
        ])?;
        let prefix = self.text("logStreamNamePrefix")?;
        let named = self.input.get("logStreamNames").filter(|names| !names.is_null());
        let named = named.map(|names| {
            let names = names.as_array().filter(|names| (1..=100).contains(&names.len()));
            names.ok_or_else(|| invalid("logStreamNames must have between 1 and 100 names"))
        });
        let named = named.transpose()?;
        if named.is_some() && prefix.is_some() {
            return Err(invalid("LogStreamNamePrefix and LogStreamNames cannot both be specified."));
        }
        // Here, unlike in GetLogEvents, the end counts. \[api\]
        let end = self.time("endTime")?.map(|end| end.saturating_add(1));
        let pattern = self.input.get("filterPattern").and_then(Value::as_str).unwrap_or_default();
        let search = Search {
            streams: named.map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
            prefix: prefix.unwrap_or_default().to_owned(),
            range: Range { start: self.time("startTime")?, end },
            pattern: Pattern::parse(pattern)?,
            after: self.text("nextToken")?.map(|token| search_token(token).ok_or_else(bad_token)).transpose()?,
        };
        let (group, limit) = (self.group()?, self.limit(MOST)?.min(self.world.page_size()));
        let (events, more) = self.world.filter_log_events(self.place, &group, &search, limit)?;
        let next = events.last().filter(|_| more).map(|last| {
            let Position { at, stream, line } = &last.position;
            format!("{}/{line}/{stream}", at.as_nanosecond())
        });
        let events: Vec<Value> = events.iter().map(|event| found(&group, event)).collect();
        // \[api: "This parameter returns an empty list"\]
        Ok(compact(json!({ "events": events, "searchedLogStreams": [], "nextToken": next })))
    }

    fn describe_log_groups(&self) -> Answer<Value> {
        self.only(&["logGroupNamePrefix", "logGroupNamePattern", "limit", "nextToken"])?;
        let (prefix, part) = (self.text("logGroupNamePrefix")?, self.text("logGroupNamePattern")?);
        if prefix.is_some() && part.is_some() {
            return Err(invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."));
        }
        let part = part.map(str::to_lowercase);
        let mut groups = self.world.describe_log_groups(self.place);
        groups.retain(|group| {
            prefix.is_none_or(|prefix| group.name.starts_with(prefix))
                && part.as_ref().is_none_or(|part| group.name.to_lowercase().contains(part))
        });
        let (groups, next) = self.listed(groups, |group| group.name.clone())?;
        let groups: Vec<Value> = groups.iter().map(|group| group_row(self.place, group)).collect();
        Ok(compact(json!({ "logGroups": groups, "nextToken": next })))
    }

    fn describe_log_streams(&self) -> Answer<Value> {
        self.only(&[
            "logGroupName",
            "logGroupIdentifier",
            "logStreamNamePrefix",
            "orderBy",
            "descending",
            "limit",
            "nextToken",
        ])?;
        let group = self.group()?;
        let prefix = self.text("logStreamNamePrefix")?;
        let by_time = match self.text("orderBy")? {
            None | Some("LogStreamName") => false,
            Some("LastEventTime") if prefix.is_some() => {
                return Err(invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
            }
            Some("LastEventTime") => true,
            Some(_) => return Err(invalid("orderBy must be LogStreamName or LastEventTime")),
        };
        let mut streams = self.world.describe_log_streams(self.place, &group)?;
        streams.retain(|stream| prefix.is_none_or(|prefix| stream.name.starts_with(prefix)));
        if by_time {
            streams.sort_by_key(|stream| stream.events.map(|(_, last)| last));
        }
        if self.flag("descending") {
            streams.reverse();
        }
        let (streams, next) = self.listed(streams, |stream| stream.name.clone())?;
        let streams: Vec<Value> = streams.iter().map(|stream| stream_row(self.place, &group, stream)).collect();
        Ok(compact(json!({ "logStreams": streams, "nextToken": next })))
    }

    fn listed<T>(&self, rows: Vec<T>, name: impl Fn(&T) -> String) -> Answer<(Vec<T>, Option<String>)> {
        let size = self.limit(MOST_LISTED)?.min(self.world.page_size());
        page(rows, name, self.text("nextToken")?.map(str::to_owned), size).map_err(|_| bad_token())
    }
}

fn bad_token() -> ApiError {
    invalid("The specified nextToken is invalid.")
}

/// Reads the token of a page of a stream: `f/12/s` or `b/12/s`.
fn stream_token(token: &str) -> Option<From> {
    let (direction, line) = token.strip_suffix("/s")?.split_once('/')?;
    let line = line.parse().ok()?;
    match direction {
        "f" => Some(From::Forward(line)),
        "b" => Some(From::Backward(line)),
        _ => None,
    }
}

/// Reads the token of a page of a search: the place of its last event.
fn search_token(token: &str) -> Option<Position> {
    let mut parts = token.splitn(3, '/');
    let at = jiff::Timestamp::from_nanosecond(parts.next()?.parse().ok()?).ok()?;
    Some(Position { at, line: parts.next()?.parse().ok()?, stream: parts.next()?.to_owned() })
}

fn group_arn(place: &Place, name: &str) -> String {
    format!("arn:{}:logs:{}:{}:log-group:{name}", place.region.partition(), place.region, place.account)
}

fn found(group: &str, event: &Found) -> Value {
    let Position { at, stream, line } = &event.position;
    let hash = blake3::hash(format!("{group}\n{stream}\n{line}").as_bytes());
    let digits: String = hash.as_bytes().iter().map(|byte| format!("{:02}", byte % 100)).take(28).collect();
    let at = at.as_millisecond();
    json!({
        "logStreamName": stream, "timestamp": at, "ingestionTime": at, "message": event.message, "eventId": digits,
    })
}

fn group_row(place: &Place, group: &GroupRow) -> Value {
    let own = |key: &str| group.properties.get(key);
    // A template may write the number as text.
    let days = own("RetentionInDays").and_then(|days| days.as_u64().or_else(|| days.as_str()?.parse().ok()));
    let arn = group_arn(place, &group.name);
    compact(json!({
        "logGroupName": group.name,
        "creationTime": group.created.as_millisecond(),
        "retentionInDays": days,
        "metricFilterCount": 0,
        "arn": format!("{arn}:*"),
        "logGroupArn": arn,
        "storedBytes": group.stored,
        "kmsKeyId": own("KmsKeyId"),
        "logGroupClass": own("LogGroupClass").and_then(Value::as_str).unwrap_or("STANDARD"),
    }))
}

fn stream_row(place: &Place, group: &str, stream: &StreamRow) -> Value {
    let (first, last) = stream.events.unzip();
    let last = last.map(jiff::Timestamp::as_millisecond);
    compact(json!({
        "logStreamName": stream.name,
        "creationTime": stream.created.as_millisecond(),
        "firstEventTimestamp": first.map(jiff::Timestamp::as_millisecond),
        "lastEventTimestamp": last,
        "lastIngestionTime": last,
        "arn": format!("{}:log-stream:{}", group_arn(place, group), stream.name),
        // \[api: "always 0"\]
        "storedBytes": 0,
    }))
}
