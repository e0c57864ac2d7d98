//! Values that are more than what is written: switches that are off by default, and tables with their place.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::{Given, Kind, Node, Place, Settler, Text, Value, Wanted, written_as};

/// What is off unless a step says otherwise, and then renders to nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OptIn<T = bool>(Given<T>);

impl<T: Wanted + Default + PartialEq> OptIn<T> {
    /// Whether it is certainly off, in every slot.
    pub fn is_off(&self) -> bool {
        self.0.written() == Some(T::default())
    }

    /// Whether it is certainly on, in every slot.
    pub fn is_on(&self) -> bool {
        self.0.written().is_some_and(|written| written != T::default())
    }
}

impl<T> std::ops::Deref for OptIn<T> {
    type Target = Given<T>;
    fn deref(&self) -> &Given<T> {
        &self.0
    }
}

impl<T> From<Given<T>> for OptIn<T> {
    fn from(given: Given<T>) -> Self {
        Self(given)
    }
}

impl From<bool> for OptIn {
    fn from(on: bool) -> Self {
        Self(on.into())
    }
}

impl<'de, T: Wanted> Deserialize<'de> for OptIn<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Given::deserialize(deserializer).map(Self)
    }
}

written_as!(OptIn<T> => Given<T>, T: JsonSchema);

impl<T: Wanted + Default + PartialEq> Value for OptIn<T> {
    fn settle(&mut self, settler: &mut dyn Settler) {
        self.0.settle(settler);
    }
    fn each_text<'a>(&'a self, each: &mut dyn FnMut(&'a Text, Kind)) {
        self.0.each_text(each);
    }
    fn node(&self) -> Option<Node<'_>> {
        if self.is_off() { None } else { self.0.node() }
    }
}

/// A table, or a value that no slot decides, with its place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<V> {
    value: V,
    place: Place,
}

impl<V> Located<V> {
    /// The bytes of the file that it is written in; empty if it is of no file.
    pub fn span(&self) -> Range<usize> {
        self.place.span()
    }
}

impl<V> std::ops::Deref for Located<V> {
    type Target = V;
    fn deref(&self) -> &V {
        &self.value
    }
}

impl<V> std::ops::DerefMut for Located<V> {
    fn deref_mut(&mut self) -> &mut V {
        &mut self.value
    }
}

impl<V> From<V> for Located<V> {
    fn from(value: V) -> Self {
        Self { value, place: Place::default() }
    }
}

impl<V: Default> Default for Located<V> {
    fn default() -> Self {
        V::default().into()
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Located<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = toml::Spanned::<V>::deserialize(deserializer)?;
        let place = Place::unsettled(spanned.span());
        Ok(Self { value: spanned.into_inner(), place })
    }
}

written_as!(Located<V> => V, V: JsonSchema);

impl<V: Value> Value for Located<V> {
    fn settle(&mut self, settler: &mut dyn Settler) {
        self.place.settle(settler);
        self.value.settle(settler);
    }
    fn each_text<'a>(&'a self, each: &mut dyn FnMut(&'a Text, Kind)) {
        self.value.each_text(each);
    }
    fn node(&self) -> Option<Node<'_>> {
        self.value.node().map(|node| match node {
            Node::Written(value, _) => Node::Written(value, &self.place),
            other => other,
        })
    }
}
