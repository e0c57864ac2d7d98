//! Reading answers: a field that AWS always sends and that is missing is an error that names it.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_smithy_types::DateTime;
use jiff::{Timestamp, Unit};

use super::operation::Operation;
use crate::cloud::{CloudError, Result};

/// Reads the answer of one operation.
#[derive(Clone, Copy)]
pub(super) struct Reader(pub(super) Operation);

impl Reader {
    /// The answer makes no sense.
    pub(super) fn wrong(self, message: impl Into<String>) -> CloudError {
        CloudError::Lost { operation: self.0.as_str(), message: message.into() }
    }

    /// A field that has to be there.
    pub(super) fn field<T>(self, name: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| self.wrong(format!("the answer has no {name}")))
    }

    /// A text that has to be there and not be empty.
    pub(super) fn text(self, name: &str, value: Option<&str>) -> Result<Arc<str>> {
        self.field(name, value.filter(|text| !text.is_empty())).map(Arc::from)
    }

    /// A word of an enumeration that has to be there. Where it is missing the SDK makes one up.
    pub(super) fn word<'a>(self, name: &str, value: Option<&'a str>) -> Result<&'a str> {
        self.field(name, value.filter(|word| *word != "no value was set"))
    }

    /// A time that has to be there, to the millisecond: ECS writes times as numbers of seconds, whose fractions are not exact.
    pub(super) fn time(self, name: &str, value: Option<&DateTime>) -> Result<Timestamp> {
        let time = self.field(name, value)?;
        let nanos = i32::try_from(time.subsec_nanos()).unwrap_or(0);
        let exact = Timestamp::new(time.secs(), nanos).and_then(|time| time.round(Unit::Millisecond));
        exact.map_err(|source| self.wrong(format!("{name} is not a time: {source}")))
    }

    /// The only element of a list of one.
    pub(super) fn only<T>(self, name: &str, list: Option<Vec<T>>) -> Result<T> {
        let mut list = self.field(name, list)?;
        match (list.pop(), list.len()) {
            (Some(one), 0) => Ok(one),
            (one, more) => Err(self.wrong(format!("asked for one, got {} {name}", more + usize::from(one.is_some())))),
        }
    }
}

/// The longest sentence of AWS that is taken, in bytes: its own are shorter, and everything is journalled.
const MAX_SAID: usize = 4_096;

/// A sentence of AWS, in which others have a say (a container's output, an image's name): bounded, and on its way to a
/// journal and a terminal without control characters.
pub(super) fn said(text: &str) -> String {
    let mut end = text.len().min(MAX_SAID);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let begin = text.get(..end).unwrap_or_default();
    let mut said: String = begin.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if end < text.len() {
        said.push('…');
    }
    said
}

/// Follows the pages of a list.
pub(super) struct Pages {
    read: Reader,
    token: Option<String>,
    seen: BTreeSet<String>,
}

impl Pages {
    /// Before the first page.
    pub(super) fn of(operation: Operation) -> Self {
        Self { read: Reader(operation), token: None, seen: BTreeSet::new() }
    }

    /// What to ask the next page with.
    pub(super) fn token(&self) -> Option<String> {
        self.token.clone()
    }

    /// Takes what a page says about the next one; whether there is one. A token that comes again would never end.
    pub(super) fn turn(&mut self, next: Option<&str>) -> Result<bool> {
        let Some(next) = next.filter(|token| !token.is_empty()) else { return Ok(false) };
        if !self.seen.insert(next.to_owned()) {
            return Err(self.read.wrong("the same page comes again and again"));
        }
        self.token = Some(next.to_owned());
        Ok(true)
    }
}
