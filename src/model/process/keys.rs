//! How the keys of steps are declared: once.
//!
//! `table!` declares a table of keys. Each line gives a key with its documentation, the type of its value, and the property that it
//! becomes: its name in Pascal case, another one after `=`, or after `as own` none, where code in `template/` says what comes of it.
//! From the same line come the place in the JSON Schema for editors and in the reference, the texts in which placeholders are looked
//! for, what an ARN must be of, and the rendering. `words!` declares the words that a key can have.
//!
//! Deliberately absent: what AWS accepts, which the rules over resources say (`cfn/rules`), and everything that decides which
//! resources there are.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::{ArnOf, Given, IdOf, Literal, Place, Text, TextError, Wanted, Within};
use crate::model::Location;

/// What the text of a key must become in every slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Plain,
    /// An ARN of this, or, if it can be known by other texts, one of those.
    Arn(&'static ArnOf),
    /// The id of something.
    Id(IdOf),
    /// A key of KMS: its id, its alias, or the ARN of either.
    Key,
    /// A whole number from this one to this one.
    Number(i64, i64),
    /// A number, perhaps with a fraction.
    Decimal,
    /// `true` or `false`.
    Flag,
    /// One of these words: as the file says them, and as AWS does.
    Word(&'static [(&'static str, &'static str)]),
}

/// What a part of a step renders to, before a slot's values are filled in.
#[derive(Clone, Debug)]
pub enum Node<'a> {
    /// A value that no slot decides.
    Written(serde_json::Value, &'a Place),
    /// A text that becomes something in each slot.
    Text(&'a Text, Kind),
    /// Texts, of which each may stand for several.
    Texts(&'a [Text]),
    /// A list.
    List(Vec<Node<'a>>),
    /// A map with its keys in order.
    Map(Vec<(Cow<'a, str>, Node<'a>)>),
}

/// What knows the file that values were read from.
pub trait Settler {
    /// Where a byte of the file is.
    fn at(&self, byte: usize) -> Location;
    /// The placeholders of a text cannot be read.
    fn unreadable(&mut self, text: &Text, error: TextError);
    /// A text that no slot decides looks as if one did.
    fn literal(&mut self, text: &Literal);
    /// A text without placeholders stands where something else is needed: `quoted` says that it is that in quotes.
    fn unwanted(&mut self, text: &Text, needs: &'static str, quoted: bool);
}

/// What a key can hold.
pub trait Value: Sized {
    /// Gives values that were read from a file their places, and reads their placeholders.
    fn settle(&mut self, settler: &mut dyn Settler);
    /// Every text in it that may have placeholders, with what it must become.
    fn each_text<'a>(&'a self, each: &mut dyn FnMut(&'a Text, Kind));
    /// What it renders to; none if nothing.
    fn node(&self) -> Option<Node<'_>>;
    /// What a list of them renders to; none if it is empty.
    fn list(items: &[Self]) -> Option<Node<'_>> {
        (!items.is_empty()).then(|| Node::List(items.iter().filter_map(Value::node).collect()))
    }
}

impl Value for Text {
    fn settle(&mut self, settler: &mut dyn Settler) {
        Text::settle(self, settler);
    }
    fn each_text<'a>(&'a self, each: &mut dyn FnMut(&'a Text, Kind)) {
        each(self, Kind::Plain);
    }
    fn node(&self) -> Option<Node<'_>> {
        Some(Node::Text(self, Kind::Plain))
    }
    fn list(items: &[Self]) -> Option<Node<'_>> {
        (!items.is_empty()).then_some(Node::Texts(items))
    }
}

impl<T: Wanted> Value for Given<T> {
    fn settle(&mut self, settler: &mut dyn Settler) {
        Given::settle(self, settler);
    }
    fn each_text<'a>(&'a self, each: &mut dyn FnMut(&'a Text, Kind)) {
        self.text().into_iter().for_each(|text| each(text, T::KIND));
    }
    fn node(&self) -> Option<Node<'_>> {
        Some(match self {
            Given::Written(value, place) => Node::Written(value.rendered(), place),
            Given::Filled(text) => Node::Text(text, T::KIND),
        })
    }
}

impl<V: Value> Value for Option<V> {
    fn settle(&mut self, settler: &mut dyn Settler) {
        self.iter_mut().for_each(|value| value.settle(settler));
    }
    fn each_text<'a>(&'a self, each: &mut dyn FnMut(&'a Text, Kind)) {
        self.iter().for_each(|value| value.each_text(each));
    }
    fn node(&self) -> Option<Node<'_>> {
        self.as_ref().and_then(Value::node)
    }
}

impl<V: Value> Value for Vec<V> {
    fn settle(&mut self, settler: &mut dyn Settler) {
        self.iter_mut().for_each(|value| value.settle(settler));
    }
    fn each_text<'a>(&'a self, each: &mut dyn FnMut(&'a Text, Kind)) {
        self.iter().for_each(|value| value.each_text(each));
    }
    fn node(&self) -> Option<Node<'_>> {
        V::list(self)
    }
}

impl<V: Value> Value for BTreeMap<String, V> {
    fn settle(&mut self, settler: &mut dyn Settler) {
        self.values_mut().for_each(|value| value.settle(settler));
    }
    fn each_text<'a>(&'a self, each: &mut dyn FnMut(&'a Text, Kind)) {
        self.values().for_each(|value| value.each_text(each));
    }
    fn node(&self) -> Option<Node<'_>> {
        let pairs = self.iter().filter_map(|(key, value)| Some((Cow::from(key.as_str()), value.node()?)));
        (!self.is_empty()).then(|| Node::Map(pairs.collect()))
    }
}

impl Value for Literal {
    fn settle(&mut self, settler: &mut dyn Settler) {
        Literal::settle(self, settler);
    }
    fn each_text<'a>(&'a self, _: &mut dyn FnMut(&'a Text, Kind)) {}
    fn node(&self) -> Option<Node<'_>> {
        Some(Node::Written((**self).into(), self.place()))
    }
}

/// Where what is written without a place is written: nowhere.
static NOWHERE: LazyLock<Place> = LazyLock::new(Place::default);

/// What a value that no slot decides renders to, if its place is not known.
pub(super) fn bare<'a>(value: impl Wanted) -> Option<Node<'a>> {
    Some(Node::Written(value.rendered(), &NOWHERE))
}

/// Values that no slot decides; with their place as [`Located`](super::Located).
macro_rules! literals {
    ($($literal:ty)*) => {
        $(impl $crate::model::process::Value for $literal {
            fn settle(&mut self, _: &mut dyn $crate::model::process::Settler) {}
            fn each_text<'a>(
                &'a self,
                _: &mut dyn FnMut(&'a $crate::model::process::Text, $crate::model::process::Kind),
            ) {
            }
            fn node(&self) -> Option<$crate::model::process::Node<'_>> {
                $crate::model::process::keys::bare(*self)
            }
        })*
    };
}

literals!(bool u32);

impl<const LEAST: u32, const MOST: u32> Value for Within<LEAST, MOST> {
    fn settle(&mut self, _: &mut dyn Settler) {}
    fn each_text<'a>(&'a self, _: &mut dyn FnMut(&'a Text, Kind)) {}
    fn node(&self) -> Option<Node<'_>> {
        bare(*self)
    }
}

/// A property's name: that of the key in Pascal case.
pub fn pascal(key: &str) -> String {
    let mut name = String::with_capacity(key.len());
    for part in key.split('_') {
        let mut letters = part.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

/// Lets a schema describe a type as another one, which its values are written as.
macro_rules! written_as {
    ($own:ty => $other:ty $(, $of:ident $(: $bound:path)?)?) => {
        impl$(<$of $(: $bound)?>)? schemars::JsonSchema for $own {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                <$other as schemars::JsonSchema>::schema_name()
            }
            fn schema_id() -> std::borrow::Cow<'static, str> {
                <$other as schemars::JsonSchema>::schema_id()
            }
            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                <$other as schemars::JsonSchema>::json_schema(generator)
            }
        }
    };
}

/// Declares a table of keys; see [the module](self).
macro_rules! table {
    (@node $table:tt $key:ident as own) => { None };
    (@node $table:tt $key:ident = $name:literal) => {
        $crate::model::process::Value::node(&$table.$key).map(|node| (std::borrow::Cow::from($name), node))
    };
    (@node $table:tt $key:ident) => {
        $crate::model::process::Value::node(&$table.$key)
            .map(|node| (std::borrow::Cow::from($crate::model::process::pascal(stringify!($key))), node))
    };
    ($(#[$of_table:meta])* pub struct $table:ident {
        $($(#[$of_key:meta])* $key:ident: $value:ty $(= $name:literal)? $(as $own:ident)?,)*
    }) => {
        #[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
        $(#[$of_table])*
        #[serde(deny_unknown_fields)]
        pub struct $table {
            $($(#[$of_key])* pub $key: $value,)*
        }

        impl $crate::model::process::Value for $table {
            fn settle(&mut self, settler: &mut dyn $crate::model::process::Settler) {
                $($crate::model::process::Value::settle(&mut self.$key, settler);)*
            }
            fn each_text<'a>(
                &'a self,
                each: &mut dyn FnMut(&'a $crate::model::process::Text, $crate::model::process::Kind),
            ) {
                $($crate::model::process::Value::each_text(&self.$key, each);)*
            }
            fn node(&self) -> Option<$crate::model::process::Node<'_>> {
                let keys = [$($crate::model::process::table!(@node self $key $(= $name)? $(as $own)?)),*];
                Some($crate::model::process::Node::Map(keys.into_iter().flatten().collect()))
            }
        }
    };
}

/// Declares the words of a key: as a file says each, and as AWS does.
macro_rules! words {
    ($(#[$of_words:meta])* pub enum $words:ident {
        $($(#[$of_word:meta])* $word:ident = $file:literal $aws:literal,)*
    }) => {
        $(#[$of_words])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, schemars::JsonSchema)]
        pub enum $words {
            $($(#[$of_word])* #[serde(rename = $file)] $word,)*
        }

        impl $crate::model::process::Wanted for $words {
            const NEEDS: &'static str = concat!("one of", $(" `", $file, "`",)*);
            const KIND: $crate::model::process::Kind = $crate::model::process::Kind::Word(&[$(($file, $aws)),*]);

            fn of_word(word: &str) -> Option<Self> {
                match word {
                    $($file => Some(Self::$word),)*
                    _ => None,
                }
            }
            fn rendered(self) -> serde_json::Value {
                match self {
                    $(Self::$word => $aws.into(),)*
                }
            }
        }

        $crate::model::process::literals!($words);
    };
}

pub(crate) use {literals, table, words, written_as};
