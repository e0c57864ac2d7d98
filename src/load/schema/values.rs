//! Values that can be written in several forms.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
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

/// A value that a key wants, or a text with placeholders that becomes one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GivenEntry<T> {
    /// As it is written.
    Written(T),
    /// A text, which must have placeholders.
    Text(String),
}

/// A whole number.
pub type NumberEntry = GivenEntry<u32>;

/// `true` or `false`.
pub type FlagEntry = GivenEntry<bool>;

/// What a [`GivenEntry`] can be of.
pub trait Wanted: Sized {
    /// What a key of this kind needs, to stand behind "needs".
    const NEEDS: &'static str;
    /// What is expected, if something else is written.
    const EXPECTED: &'static str;

    /// From a boolean; none if that is another kind.
    fn of_flag(_: bool) -> Option<Self> {
        None
    }

    /// From a whole number; none if that is another kind.
    fn of_number(_: i64) -> Option<Result<Self, String>> {
        None
    }
}

impl Wanted for u32 {
    const NEEDS: &'static str = "a whole number";
    const EXPECTED: &'static str = "a whole number, or text with placeholders";

    fn of_number(value: i64) -> Option<Result<Self, String>> {
        Some(u32::try_from(value).map_err(|_| format!("{value} is out of range: expected 0 to {}", u32::MAX)))
    }
}

impl Wanted for bool {
    const NEEDS: &'static str = "`true` or `false`";
    const EXPECTED: &'static str = "true or false, or text with placeholders";

    fn of_flag(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl<T: Copy> GivenEntry<T> {
    /// The value, if it is written as one.
    pub fn written(&self) -> Option<T> {
        match self {
            GivenEntry::Written(value) => Some(*value),
            GivenEntry::Text(_) => None,
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            GivenEntry::Written(_) => None,
            GivenEntry::Text(text) => Some(text),
        }
    }
}

impl FlagEntry {
    /// Whether it is certainly `true`, in every slot.
    pub fn is_on(&self) -> bool {
        self.written() == Some(true)
    }

    /// Whether it is certainly `false`, in every slot.
    pub fn is_off(&self) -> bool {
        self.written() == Some(false)
    }
}

impl<T: Default> Default for GivenEntry<T> {
    fn default() -> Self {
        GivenEntry::Written(T::default())
    }
}

struct GivenVisitor<T>(PhantomData<T>);

impl<T: Wanted> Visitor<'_> for GivenVisitor<T> {
    type Value = GivenEntry<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<GivenEntry<T>, E> {
        Ok(GivenEntry::Text(text.to_owned()))
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<GivenEntry<T>, E> {
        let wrong = || E::invalid_type(Unexpected::Bool(value), &self);
        T::of_flag(value).map(GivenEntry::Written).ok_or_else(wrong)
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<GivenEntry<T>, E> {
        let number = T::of_number(value).ok_or_else(|| E::invalid_type(Unexpected::Signed(value), &self))?;
        number.map(GivenEntry::Written).map_err(E::custom)
    }
}

impl<'de, T: Wanted> Deserialize<'de> for GivenEntry<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GivenVisitor(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for GivenEntry<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Given".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let written = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [written, { "type": "string", "pattern": "#\\{" }] })
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
