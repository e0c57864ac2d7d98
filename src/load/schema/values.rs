//! Values that can be written in several forms.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::model::process::ValueKind;

/// A variable's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueEntry {
    /// Text; a number or a boolean as it would be written, and which of them it is.
    One(String, ValueKind),
    /// A list of those.
    List(Vec<String>),
}

impl ValueEntry {
    /// What kind of value it is.
    pub fn kind(&self) -> ValueKind {
        match self {
            ValueEntry::One(_, kind) => *kind,
            ValueEntry::List(_) => ValueKind::List,
        }
    }

    /// Its text, or the texts of the list.
    pub fn texts(&self) -> &[String] {
        match self {
            ValueEntry::One(text, _) => std::slice::from_ref(text),
            ValueEntry::List(items) => items,
        }
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = ValueEntry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number, a boolean, or a list of these")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<ValueEntry, E> {
        Ok(ValueEntry::One(text.to_owned(), ValueKind::String))
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<ValueEntry, E> {
        Ok(ValueEntry::One(value.to_string(), ValueKind::Boolean))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<ValueEntry, E> {
        Ok(ValueEntry::One(value.to_string(), ValueKind::Number))
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<ValueEntry, E> {
        Ok(ValueEntry::One(value.to_string(), ValueKind::Number))
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<ValueEntry, E> {
        // With its fraction, even if that is zero.
        let text = format!("{value:?}");
        if value.is_finite() {
            Ok(ValueEntry::One(text, ValueKind::Number))
        } else {
            Err(E::custom("this is not a number"))
        }
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<ValueEntry, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<ValueEntry>()? {
            match item {
                ValueEntry::One(text, _) => list.push(text),
                ValueEntry::List(_) => return Err(A::Error::custom("a list in a list is not a value")),
            }
        }
        Ok(ValueEntry::List(list))
    }
}

impl<'de> Deserialize<'de> for ValueEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

impl JsonSchema for ValueEntry {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Value".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = ["string", "integer", "number", "boolean"];
        json_schema!({ "anyOf": [{ "type": one }, { "type": "array", "items": { "type": one } }] })
    }
}

/// One name or a list of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(pub Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor).map(|value| match value {
            ValueEntry::One(name, _) => Names(vec![name]),
            ValueEntry::List(names) => Names(names),
        })
    }
}

impl JsonSchema for Names {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Names".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "minItems": 1 }]
        })
    }
}

/// A day, as TOML writes it: `2026-12-01`, without quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateEntry(pub jiff::civil::Date);

impl<'de> Deserialize<'de> for DateEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = toml::value::Datetime::deserialize(deserializer)?;
        let (Some(date), None) = (value.date, value.time) else {
            return Err(D::Error::custom("expected a day like 2026-12-01, without a time"));
        };
        let number = |value: u8| i8::try_from(value).map_err(D::Error::custom);
        let year = i16::try_from(date.year).map_err(D::Error::custom)?;
        let date = jiff::civil::Date::new(year, number(date.month)?, number(date.day)?);
        date.map(DateEntry).map_err(D::Error::custom)
    }
}

impl JsonSchema for DateEntry {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Date".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date" })
    }
}

/// A local day and time, as TOML writes it: `2026-11-27T00:00:00`, without quotes and without an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTimeEntry(pub jiff::civil::DateTime);

impl<'de> Deserialize<'de> for DateTimeEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = toml::value::Datetime::deserialize(deserializer)?;
        let (Some(date), Some(time), None) = (value.date, value.time, value.offset) else {
            return Err(D::Error::custom("expected a local day and time like 2026-12-01T08:00:00, without an offset"));
        };
        let number = |value: u8| i8::try_from(value).map_err(D::Error::custom);
        let year = i16::try_from(date.year).map_err(D::Error::custom)?;
        let date = jiff::civil::Date::new(year, number(date.month)?, number(date.day)?).map_err(D::Error::custom)?;
        let second = number(time.second.unwrap_or(0))?;
        let time = jiff::civil::Time::new(number(time.hour)?, number(time.minute)?, second, 0);
        time.map(|time| DateTimeEntry(date.to_datetime(time))).map_err(D::Error::custom)
    }
}

impl JsonSchema for DateTimeEntry {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "LocalDateTime".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time-local" })
    }
}
