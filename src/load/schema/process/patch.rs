//! `[[step.patch]]`: what a step renders, with something else in it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::load::schema::At;

/// Changes to the template that a step renders.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-flat" = true))]
pub struct OverlayEntry {
    /// For properties that no key sets: changes a resource of the rendered template, or adds one.
    #[serde(default)]
    pub patch: Vec<At<PatchEntry>>,
}

/// `[[step.patch]]`: changes a resource of the template, or adds one.
///
/// A path names a property: keys joined by `.`, in double quotes if a key contains a dot; an item of a list by its index
/// from 0, or by its `Name`, `Key` or `Id`. `remove` comes first, then `set`, then `append`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchEntry {
    /// Logical id of a resource that the step renders, or of a resource to add.
    pub resource: At<String>,
    /// Type of a resource to add, such as `AWS::SNS::Topic`.
    #[serde(rename = "type")]
    pub kind: Option<At<String>>,
    /// Properties by path. A table is merged into the existing table; any other value replaces the existing one. Texts may
    /// contain `#{…}`; functions are tables like `{ Ref = "Topic" }`.
    #[serde(default)]
    pub set: Pairs<At<PatchValueEntry>>,
    /// Like `set`, but without a check against the resource schemas: for properties that are newer than this landfall
    /// version.
    #[serde(default)]
    pub set_unchecked: Pairs<At<PatchValueEntry>>,
    /// Items to add to the end of lists, by path.
    #[serde(default)]
    pub append: Pairs<At<Vec<At<PatchValueEntry>>>>,
    /// Paths of properties and items to remove.
    #[serde(default)]
    pub remove: Vec<At<String>>,
    /// What happens to the resource when it is removed from the template.
    pub deletion_policy: Option<PolicyEntry>,
    /// What happens to the resource when it is replaced.
    pub update_replace_policy: Option<PolicyEntry>,
    /// Logical ids of resources that must come first, in addition to the existing dependencies.
    #[serde(default)]
    pub depends_on: Vec<At<String>>,
    /// `Metadata` of the resource, merged into the existing metadata; texts may contain `#{…}`.
    #[serde(default)]
    pub metadata: Pairs<At<PatchValueEntry>>,
    /// Outputs to add to the template: values by name; texts may contain `#{…}`.
    #[serde(default)]
    pub outputs: Pairs<At<PatchValueEntry>>,
}

/// `deletion_policy` and `update_replace_policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyEntry {
    /// It is deleted.
    Delete,
    /// It stays.
    Retain,
    /// It stays, unless its creation is rolled back; only for `deletion_policy`.
    RetainExceptOnCreate,
    /// A snapshot stays.
    Snapshot,
}

/// The keys of a table with their places, and what they have.
#[derive(Clone, Debug)]
pub struct Pairs<V>(Vec<(At<String>, V)>);

impl<V> Default for Pairs<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> Pairs<V> {
    /// Each key with what it has.
    pub fn iter(&self) -> impl Iterator<Item = (&At<String>, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// What the keys have.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }
}

struct PairsVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for PairsVisitor<V> {
    type Value = Pairs<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Pairs<V>, A::Error> {
        let mut pairs = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            pairs.push(entry);
        }
        Ok(Pairs(pairs))
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Pairs<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor(PhantomData))
    }
}

impl<V: JsonSchema> JsonSchema for Pairs<V> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Pairs".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, V>::json_schema(generator)
    }
}

/// A value of a property: whatever TOML writes but days and times.
#[derive(Clone, Debug)]
pub enum PatchValueEntry {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number.
    Decimal(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A list.
    List(Vec<At<PatchValueEntry>>),
    /// A table, in the order in which it is written.
    Map(Vec<(At<String>, At<PatchValueEntry>)>),
}

impl At<PatchValueEntry> {
    /// Every text in it, with its place.
    pub fn each_text(&self, each: &mut impl FnMut(&At<String>)) {
        match &**self {
            PatchValueEntry::Text(text) => each(&At::new(self.span(), text.clone())),
            PatchValueEntry::List(items) => items.iter().for_each(|item| item.each_text(each)),
            PatchValueEntry::Map(pairs) => pairs.iter().for_each(|(_, value)| value.each_text(each)),
            PatchValueEntry::Integer(_) | PatchValueEntry::Decimal(_) | PatchValueEntry::Boolean(_) => {}
        }
    }
}

struct AnyVisitor;

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = PatchValueEntry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number, a boolean, a list or a table")
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<PatchValueEntry, E> {
        Ok(PatchValueEntry::Text(text.to_owned()))
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<PatchValueEntry, E> {
        Ok(PatchValueEntry::Boolean(value))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<PatchValueEntry, E> {
        Ok(PatchValueEntry::Integer(value))
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<PatchValueEntry, E> {
        i64::try_from(value).map(PatchValueEntry::Integer).map_err(E::custom)
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<PatchValueEntry, E> {
        if value.is_finite() { Ok(PatchValueEntry::Decimal(value)) } else { Err(E::custom("this is not a number")) }
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<PatchValueEntry, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(PatchValueEntry::List(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<PatchValueEntry, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(PatchValueEntry::Map(map))
    }
}

impl<'de> Deserialize<'de> for PatchValueEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyVisitor)
    }
}

impl JsonSchema for PatchValueEntry {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "PropertyValue".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let types = ["string", "integer", "number", "boolean", "array", "object"];
        json_schema!({ "type": types, "additionalProperties": true })
    }
}
