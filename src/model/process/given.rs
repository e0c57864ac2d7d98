//! Values that a slot can decide, although they are not texts.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Kind, Place, Settler, Text, written_as};

/// A value of a step: as it is written, or a text that becomes one in each slot. It only fills a property: what decides which
/// resources exist is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given<T> {
    /// As it is written, and where.
    Written(T, Place),
    /// With placeholders.
    Filled(Text),
}

/// A whole number.
pub type Number = Given<u32>;

/// A port.
pub type PortNumber = Given<Within<1, 65_535>>;

/// `true` or `false`.
pub type Flag = Given<bool>;

/// `true` or `false`, where AWS says `ENABLED` or `DISABLED`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switch(pub bool);

/// What a [`Given`] can be of.
pub trait Wanted: Copy {
    /// What a key of this kind needs, to stand behind "needs".
    const NEEDS: &'static str;
    /// What a text must become.
    const KIND: Kind;

    /// From a boolean; none if that is another kind.
    fn of_flag(_: bool) -> Option<Self> {
        None
    }

    /// From a whole number; none if that is another kind.
    fn of_number(_: i64) -> Option<Result<Self, String>> {
        None
    }

    /// From a number with a fraction; none if that is another kind.
    fn of_decimal(_: f64) -> Option<Result<Self, String>> {
        None
    }

    /// From a word; none if it is not one of them.
    fn of_word(_: &str) -> Option<Self> {
        None
    }

    /// As a template says it.
    fn rendered(self) -> serde_json::Value;
}

impl Wanted for u32 {
    const NEEDS: &'static str = "a whole number";
    const KIND: Kind = Kind::Number(0, u32::MAX as i64);

    fn of_number(value: i64) -> Option<Result<Self, String>> {
        Some(u32::try_from(value).map_err(|_| format!("{value} is out of range: expected 0 to {}", u32::MAX)))
    }
    fn rendered(self) -> serde_json::Value {
        self.into()
    }
}

/// A whole number within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Within<const LEAST: u32, const MOST: u32>(pub u32);

impl<const LEAST: u32, const MOST: u32> Wanted for Within<LEAST, MOST> {
    const NEEDS: &'static str = "a whole number";
    const KIND: Kind = Kind::Number(LEAST as i64, MOST as i64);

    fn of_number(value: i64) -> Option<Result<Self, String>> {
        let number = u32::try_from(value).ok().filter(|number| (LEAST..=MOST).contains(number));
        Some(number.map(Self).ok_or_else(|| match MOST {
            u32::MAX => format!("{value} is out of range: expected {LEAST} or more"),
            _ => format!("{value} is out of range: expected {LEAST} to {MOST}"),
        }))
    }
    fn rendered(self) -> serde_json::Value {
        self.0.into()
    }
}

impl<'de, const LEAST: u32, const MOST: u32> Deserialize<'de> for Within<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        let wanted = Self::of_number(number).ok_or_else(|| D::Error::custom("a whole number is needed"))?;
        wanted.map_err(D::Error::custom)
    }
}

impl<const LEAST: u32, const MOST: u32> Given<Within<LEAST, MOST>> {
    /// The number, if no slot decides it.
    pub fn number(&self) -> Option<u32> {
        self.written().map(|Within(number)| number)
    }
}

impl<const LEAST: u32, const MOST: u32> From<u32> for Given<Within<LEAST, MOST>> {
    fn from(number: u32) -> Self {
        Within(number).into()
    }
}

impl<const LEAST: u32, const MOST: u32> JsonSchema for Within<LEAST, MOST> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        u32::schema_name()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        match MOST {
            u32::MAX => json_schema!({ "type": "integer", "minimum": LEAST }),
            _ => json_schema!({ "type": "integer", "minimum": LEAST, "maximum": MOST }),
        }
    }
}

impl Wanted for i32 {
    const NEEDS: &'static str = "a whole number";
    const KIND: Kind = Kind::Number(i32::MIN as i64, i32::MAX as i64);

    fn of_number(value: i64) -> Option<Result<Self, String>> {
        Some(
            i32::try_from(value).map_err(|_| format!("{value} is out of range: expected {} to {}", i32::MIN, i32::MAX)),
        )
    }
    fn rendered(self) -> serde_json::Value {
        self.into()
    }
}

impl Wanted for bool {
    const NEEDS: &'static str = "`true` or `false`";
    const KIND: Kind = Kind::Flag;

    fn of_flag(value: bool) -> Option<Self> {
        Some(value)
    }
    fn rendered(self) -> serde_json::Value {
        self.into()
    }
}

impl Wanted for Switch {
    const NEEDS: &'static str = "`true` or `false`";
    const KIND: Kind = Kind::Word(&[("true", "ENABLED"), ("false", "DISABLED")]);

    fn of_flag(value: bool) -> Option<Self> {
        Some(Self(value))
    }
    fn rendered(self) -> serde_json::Value {
        if self.0 { "ENABLED" } else { "DISABLED" }.into()
    }
}

written_as!(Switch => bool);

impl<T: Copy> Given<T> {
    /// The value, if no slot decides it.
    pub fn written(&self) -> Option<T> {
        match self {
            Given::Written(value, _) => Some(*value),
            Given::Filled(_) => None,
        }
    }

    /// The text, if a slot decides it.
    pub fn text(&self) -> Option<&Text> {
        match self {
            Given::Written(..) => None,
            Given::Filled(text) => Some(text),
        }
    }

    /// Where it is written.
    pub fn place(&self) -> &Place {
        match self {
            Given::Written(_, place) => place,
            Given::Filled(text) => text.place(),
        }
    }

    /// The bytes of the file that it is written in; empty if it is of no file.
    pub fn span(&self) -> Range<usize> {
        self.place().span()
    }
}

impl<T: Wanted> Given<T> {
    pub(super) fn settle(&mut self, settler: &mut dyn Settler) {
        match self {
            Given::Written(_, place) => place.settle(settler),
            Given::Filled(text) => {
                text.settle(settler);
                if text.placeholders().next().is_none() {
                    let quoted = match T::KIND {
                        Kind::Flag | Kind::Word([("true", _), _]) => text.raw().parse::<bool>().is_ok(),
                        Kind::Decimal => text.raw().parse::<f64>().is_ok(),
                        _ => text.raw().parse::<i64>().is_ok(),
                    };
                    settler.unwanted(text, T::NEEDS, quoted);
                }
            }
        }
    }
}

impl<T> From<T> for Given<T> {
    fn from(value: T) -> Self {
        Given::Written(value, Place::default())
    }
}

impl<T: Default> Default for Given<T> {
    fn default() -> Self {
        T::default().into()
    }
}

impl Flag {
    /// Whether it is certainly `true`, in every slot.
    pub fn is_on(&self) -> bool {
        self.written() == Some(true)
    }

    /// Whether it is certainly `false`, in every slot.
    pub fn is_off(&self) -> bool {
        self.written() == Some(false)
    }
}

/// What a file has.
enum Found<T> {
    Value(T),
    Text(String),
}

struct Finder<T>(PhantomData<T>);

impl<T: Wanted> Visitor<'_> for Finder<T> {
    type Value = Found<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, or text with placeholders", T::NEEDS)
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Found<T>, E> {
        Ok(T::of_word(text).map_or_else(|| Found::Text(text.to_owned()), Found::Value))
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Found<T>, E> {
        let wrong = || E::invalid_type(Unexpected::Bool(value), &self);
        T::of_flag(value).map(Found::Value).ok_or_else(wrong)
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Found<T>, E> {
        let number = T::of_number(value).ok_or_else(|| E::invalid_type(Unexpected::Signed(value), &self))?;
        number.map(Found::Value).map_err(E::custom)
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Found<T>, E> {
        let number = T::of_decimal(value).ok_or_else(|| E::invalid_type(Unexpected::Float(value), &self))?;
        number.map(Found::Value).map_err(E::custom)
    }
}

impl<'de, T: Wanted> Deserialize<'de> for Found<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Finder(PhantomData))
    }
}

impl<'de, T: Wanted> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = toml::Spanned::<Found<T>>::deserialize(deserializer)?;
        let bytes = found.span();
        Ok(match found.into_inner() {
            Found::Value(value) => Given::Written(value, Place::unsettled(bytes)),
            Found::Text(raw) => Given::Filled(Text::unread(&raw, bytes)),
        })
    }
}

impl<T: JsonSchema> JsonSchema for Given<T> {
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
