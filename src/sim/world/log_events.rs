//! How CloudWatch Logs is read: pages of one stream, a search in all streams of a group, and listings.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::World;
use super::logs::{LOG_GROUP, missing};
use crate::model::Place;
use crate::sim::error::{Answer, ApiError};

/// A range of time in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default)]
pub struct Range {
    /// The first that counts.
    pub start: Option<i64>,
    /// The first that does not count any more.
    pub end: Option<i64>,
}

impl Range {
    fn has(self, at: Timestamp) -> bool {
        let at = at.as_millisecond();
        self.start.is_none_or(|start| at >= start) && self.end.is_none_or(|end| at < end)
    }
}

/// Where a page of a stream begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// With the oldest line.
    Head,
    /// It ends with the newest.
    Tail,
    /// With this line.
    Forward(usize),
    /// It ends before this line.
    Backward(usize),
}

/// A page of a stream.
#[derive(Clone, Debug)]
pub struct StreamPage {
    pub lines: Vec<(Timestamp, String)>,
    /// The line before which the page began, and the one after its last.
    pub bounds: (usize, usize),
}

/// What FilterLogEvents is asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Only these streams.
    pub streams: Option<BTreeSet<String>>,
    /// Only streams whose names begin with this.
    pub prefix: String,
    pub range: Range,
    pub pattern: Pattern,
    /// Only what comes after this event.
    pub after: Option<Position>,
}

/// The place of an event among all of its group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub at: Timestamp,
    pub stream: String,
    pub line: usize,
}

/// An event that FilterLogEvents finds.
#[derive(Clone, Debug)]
pub struct Found {
    pub position: Position,
    pub message: String,
}

/// A log group as it is listed.
#[derive(Clone, Debug)]
pub struct GroupRow {
    pub name: String,
    pub created: Timestamp,
    /// Bytes of its lines.
    pub stored: u64,
    /// As CloudFormation writes them.
    pub properties: Map<String, Value>,
}

/// A log stream as it is listed.
#[derive(Clone, Debug)]
pub struct StreamRow {
    pub name: String,
    pub created: Timestamp,
    /// Times of its first and last line.
    pub events: Option<(Timestamp, Timestamp)>,
}

/// Terms that a line has or has not. \[doc: filter pattern syntax, unstructured log events\]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pattern {
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
}

impl Pattern {
    /// Reads a pattern of terms.
    ///
    /// # Errors
    /// A term with characters that need quotes; patterns for JSON, columns and regular expressions are not modelled.
    pub fn parse(text: &str) -> Answer<Self> {
        let mut rest = text.trim_start();
        if rest.starts_with(['{', '[']) {
            return Err(ApiError::not_modelled("filter patterns for JSON and for columns"));
        }
        let mut pattern = Self::default();
        while let Some(first) = rest.chars().next() {
            let body = rest.strip_prefix(['-', '?']).unwrap_or(rest);
            let (term, after) = match body.strip_prefix('"') {
                Some(quoted) => quoted_term(quoted)?,
                None => bare_term(body)?,
            };
            rest = after.trim_start();
            match first {
                '-' => pattern.none.push(term),
                '?' => pattern.any.push(term),
                _ => pattern.all.push(term),
            }
        }
        if !pattern.any.is_empty() && (!pattern.all.is_empty() || !pattern.none.is_empty()) {
            return Err(ApiError::not_modelled("filter patterns that mix ?terms with others"));
        }
        Ok(pattern)
    }

    /// \[?\] A term is found within a longer word too.
    fn matches(&self, line: &str) -> bool {
        let has = |term: &String| line.contains(term.as_str());
        self.all.iter().all(has) && !self.none.iter().any(has) && (self.any.is_empty() || self.any.iter().any(has))
    }
}

/// A term up to its closing quote, and what follows it.
fn quoted_term(text: &str) -> Answer<(String, &str)> {
    let (mut term, mut escaped) = (String::new(), false);
    for (at, letter) in text.char_indices() {
        match letter {
            '"' if !escaped => return Ok((term, text.get(at + 1..).unwrap_or_default())),
            '\\' if !escaped => escaped = true,
            other => {
                term.push(other);
                escaped = false;
            }
        }
    }
    Err(ApiError::new("InvalidParameterException", "Invalid filter pattern: a quote is not closed"))
}

/// A term up to the next space, and what follows it.
fn bare_term(text: &str) -> Answer<(String, &str)> {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (term, after) = text.split_at_checked(end).unwrap_or((text, ""));
    if term.starts_with('%') {
        return Err(ApiError::not_modelled("regular expressions in filter patterns"));
    }
    if term.is_empty() || !term.chars().all(|letter| letter.is_alphanumeric() || letter == '_') {
        return Err(ApiError::new("InvalidParameterException", format!("Invalid character(s) in term '{term}'")));
    }
    Ok((term.to_owned(), after))
}

impl World {
    /// GetLogEvents.
    pub fn page_of_stream(
        &self,
        place: &Place,
        group: &str,
        stream: &str,
        range: Range,
        limit: usize,
        from: From,
    ) -> Answer<StreamPage> {
        let stream = self.log_streams(place, group)?.get(stream).ok_or_else(|| missing("stream"))?;
        let lines = self.readable(stream).iter().enumerate().filter(|(_, (at, _))| range.has(*at));
        let mut page: Vec<_> = match from {
            From::Head => lines.take(limit).collect(),
            From::Forward(first) => lines.skip_while(|(index, _)| *index < first).take(limit).collect(),
            From::Tail => lines.rev().take(limit).collect(),
            From::Backward(end) => lines.rev().skip_while(|(index, _)| *index >= end).take(limit).collect(),
        };
        if matches!(from, From::Tail | From::Backward(_)) {
            page.reverse();
        }
        let bounds = match (page.first(), page.last(), from) {
            (Some((first, _)), Some((last, _)), _) => (*first, *last + 1),
            (.., From::Forward(at) | From::Backward(at)) => (at, at),
            (.., From::Head) => (0, 0),
            (.., From::Tail) => (self.readable(stream).len(), self.readable(stream).len()),
        };
        Ok(StreamPage { lines: page.into_iter().map(|(_, line)| line.clone()).collect(), bounds })
    }

    /// FilterLogEvents: the first events in the order of time, and whether there are more. Looks at every line of the group.
    pub fn filter_log_events(
        &self,
        place: &Place,
        group: &str,
        search: &Search,
        limit: usize,
    ) -> Answer<(Vec<Found>, bool)> {
        let streams = self.log_streams(place, group)?;
        if search.streams.iter().flatten().any(|name| !streams.contains_key(name)) {
            return Err(missing("stream"));
        }
        let wanted = |name: &String| {
            name.starts_with(&search.prefix) && search.streams.as_ref().is_none_or(|named| named.contains(name))
        };
        let mut found: Vec<(Timestamp, &String, usize, &String)> = Vec::new();
        for (name, stream) in streams.iter().filter(|(name, _)| wanted(name)) {
            let lines = self.readable(stream).iter().enumerate();
            let lines = lines.filter(|(_, (at, line))| search.range.has(*at) && search.pattern.matches(line));
            found.extend(lines.map(|(index, (at, line))| (*at, name, index, line)));
        }
        if let Some(Position { at, stream, line }) = &search.after {
            found.retain(|(own, name, index, _)| (own, *name, index) > (at, stream, line));
        }
        found.sort_unstable();
        let more = found.len() > limit;
        let events = found.into_iter().take(limit).map(|(at, stream, line, message)| Found {
            position: Position { at, stream: stream.clone(), line },
            message: message.clone(),
        });
        Ok((events.collect(), more))
    }

    /// DescribeLogGroups, by name.
    pub fn describe_log_groups(&self, place: &Place) -> Vec<GroupRow> {
        let resources = self.standing(place, None, LOG_GROUP);
        let live = resources.filter_map(|one| Some((one.physical_id.clone()?, self.live(place, one)?)));
        let mut live: std::collections::BTreeMap<String, Map<String, Value>> = live.collect();
        let rows = self.log_groups(place).map(|(name, group)| {
            let streams = self.log_streams(place, name).into_iter().flat_map(|streams| streams.values());
            let lines = streams.flat_map(|stream| self.readable(stream));
            // \[doc: CloudWatch Logs quotas: 26 bytes for each event\]
            let stored = lines.map(|(_, line)| u64::try_from(line.len() + 26).unwrap_or(u64::MAX)).sum();
            let properties = live.remove(name).unwrap_or_default();
            GroupRow { name: name.clone(), created: group.created, stored, properties }
        });
        rows.collect()
    }

    /// DescribeLogStreams, by name.
    pub fn describe_log_streams(&self, place: &Place, group: &str) -> Answer<Vec<StreamRow>> {
        let rows = self.log_streams(place, group)?.iter().map(|(name, stream)| {
            let lines = self.readable(stream);
            let events = lines.first().zip(lines.last()).map(|(first, last)| (first.0, last.0));
            StreamRow { name: name.clone(), created: stream.created, events }
        });
        Ok(rows.collect())
    }
}
