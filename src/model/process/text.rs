//! Texts with placeholders, and where values are written.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Deserializer};

use super::{OutputRef, Settler, written_as};
use crate::model::Location;

/// Where in the repository a value is written: for messages, never for identity. Two values are equal wherever they are written.
#[derive(Clone, Debug, Default)]
pub struct Place {
    at: Option<Location>,
    bytes: Range<usize>,
}

impl Place {
    /// Where these bytes are; none of them if they are not known.
    pub fn new(at: Location, bytes: Range<usize>) -> Self {
        Self { at: Some(at), bytes }
    }

    /// A place in a file that is being read.
    pub(super) fn unsettled(bytes: Range<usize>) -> Self {
        Self { at: None, bytes }
    }

    pub(super) fn settle(&mut self, settler: &dyn Settler) {
        // What is not written has no bytes.
        if !self.bytes.is_empty() {
            self.at = Some(settler.at(self.bytes.start));
        }
    }

    /// File, line and column; without a file if it is written nowhere.
    pub fn location(&self) -> &Location {
        static NOWHERE: std::sync::LazyLock<Location> =
            std::sync::LazyLock::new(|| Location { file: Arc::from(""), line: 1, column: 1 });
        self.at.as_ref().unwrap_or(&NOWHERE)
    }

    /// Whether it is written anywhere.
    pub fn is_known(&self) -> bool {
        self.at.is_some()
    }

    /// The bytes of the file.
    pub fn span(&self) -> Range<usize> {
        self.bytes.clone()
    }
}

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}

/// Text that may hold `#{name}` placeholders. `##{` stands for `#{` itself.
#[derive(Clone, Debug)]
pub struct Text {
    raw: Arc<str>,
    pieces: Arc<[Piece]>,
    place: Place,
}

/// A part of a [`Text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// As it is.
    Literal(Arc<str>),
    /// The name between `#{` and `}`.
    Placeholder(Arc<str>),
}

/// Why a text cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// No `}` follows a `#{`.
    #[error("`#{{` at position {0} is never closed")]
    Unclosed(usize),
    /// A name that cannot be one.
    #[error("`{0}` is not the name of a variable: letters, digits, `_`, `-` and, for built-in names, `.`")]
    Name(String),
    /// More than a text of any template can need.
    #[error("the text has more than {MAX_PLACEHOLDERS} placeholders")]
    TooMany,
}

/// The most placeholders of one text: what is kept of each takes far more memory than the four bytes that it is written in.
pub const MAX_PLACEHOLDERS: usize = 4_096;
/// The most characters that a message shows of an invalid name.
const LONGEST_NAME: usize = 100;

impl Text {
    /// Reads the placeholders of a text.
    pub fn parse(raw: &str, at: Location) -> Result<Self, TextError> {
        Self::read(raw, Place::new(at, 0..0))
    }

    /// Reads the placeholders of a text that is written at a place.
    pub fn read(raw: &str, place: Place) -> Result<Self, TextError> {
        Ok(Self { raw: Arc::from(raw), pieces: pieces(raw)?, place })
    }

    /// A text of a file whose placeholders are not read yet.
    pub(super) fn unread(raw: &str, bytes: Range<usize>) -> Self {
        let pieces: Vec<Piece> = (!raw.is_empty()).then(|| Piece::Literal(Arc::from(raw))).into_iter().collect();
        Self { raw: Arc::from(raw), pieces: Arc::from(pieces), place: Place::unsettled(bytes) }
    }

    /// Reads the placeholders of a text that was read from a file; it stays as it is if it cannot be read.
    pub(super) fn settle(&mut self, settler: &mut dyn Settler) {
        self.place.settle(settler);
        match pieces(&self.raw) {
            Ok(pieces) => self.pieces = pieces,
            Err(error) => settler.unreadable(self, error),
        }
    }

    /// The text as it is written.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Its parts.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Where it is written.
    pub fn at(&self) -> &Location {
        self.place.location()
    }

    /// Where it is written, with its bytes.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The bytes of the file that it is written in; empty if it is of no file.
    pub fn span(&self) -> Range<usize> {
        self.place.span()
    }

    /// The references to outputs in it, in order.
    pub fn outputs(&self) -> impl Iterator<Item = OutputRef> {
        self.placeholders().filter_map(|name| OutputRef::parse(name)?.ok())
    }

    /// The names of its placeholders, in order.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Placeholder(name) => Some(&**name),
            Piece::Literal(_) => None,
        })
    }
}

/// The literal parts and the placeholders of a text.
fn pieces(raw: &str) -> Result<Arc<[Piece]>, TextError> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = raw;
    let mut placeholders = 0;
    while let Some(found) = rest.find("#{") {
        if rest[..found].ends_with('#') {
            literal.push_str(&rest[..found - 1]);
            literal.push_str("#{");
            rest = &rest[found + 2..];
            continue;
        }
        literal.push_str(&rest[..found]);
        let inside = &rest[found + 2..];
        let position = raw.len() - rest.len() + found + 1;
        let end = inside.find('}').ok_or(TextError::Unclosed(position))?;
        let name = inside[..end].trim();
        let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if name.is_empty() || !name.chars().all(fine) {
            return Err(TextError::Name(name.chars().take(LONGEST_NAME).collect()));
        }
        placeholders += 1;
        if placeholders > MAX_PLACEHOLDERS {
            return Err(TextError::TooMany);
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(Arc::from(std::mem::take(&mut literal))));
        }
        pieces.push(Piece::Placeholder(Arc::from(name)));
        rest = &inside[end + 1..];
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Literal(Arc::from(literal)));
    }
    Ok(Arc::from(pieces))
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl Eq for Text {}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.raw)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = toml::Spanned::<String>::deserialize(deserializer)?;
        Ok(Self::unread(written.get_ref(), written.span()))
    }
}

written_as!(Text => String);

/// A text that no slot decides: a name by which parts of a step find each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    text: Arc<str>,
    place: Place,
}

impl Literal {
    /// The text, to be shared.
    pub fn shared(&self) -> &Arc<str> {
        &self.text
    }

    /// Where it is written.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The bytes of the file that it is written in; empty if it is of no file.
    pub fn span(&self) -> Range<usize> {
        self.place.span()
    }

    pub(super) fn settle(&mut self, settler: &mut dyn Settler) {
        self.place.settle(settler);
        if self.text.contains("#{") {
            settler.literal(self);
        }
    }
}

impl std::ops::Deref for Literal {
    type Target = str;
    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<&str> for Literal {
    fn from(text: &str) -> Self {
        Self { text: Arc::from(text), place: Place::default() }
    }
}

impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = toml::Spanned::<String>::deserialize(deserializer)?;
        Ok(Self { text: Arc::from(written.get_ref().as_str()), place: Place::unsettled(written.span()) })
    }
}

written_as!(Literal => String);
