//! Where the parts of a template stand in its text.

use std::ops::Range;

use indexmap::IndexMap;

/// The places of a value and of everything inside of it, as ranges of bytes in the text.
///
/// A part is named by a JSON pointer (RFC 6901) into the tree that was read: `/Resources/Web/Properties/Tags/0`. What an
/// alias stands for has the place of what it was copied from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    pub(super) bytes: Range<usize>,
    pub(super) inside: Inside,
}

/// What is inside of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Inside {
    Nothing,
    Items(Vec<Places>),
    Entries(IndexMap<String, (Range<usize>, Places)>),
}

impl Places {
    /// The bytes of the value at a pointer; if there is none, of the nearest thing around it.
    pub fn value(&self, pointer: &str) -> Range<usize> {
        self.find(pointer).1.bytes.clone()
    }

    /// The bytes of the key of the entry at a pointer; of the value if it is in a list or is the whole document.
    pub fn key(&self, pointer: &str) -> Range<usize> {
        match self.find(pointer) {
            (Some(key), _) => key,
            (None, place) => place.bytes.clone(),
        }
    }

    /// The bytes of the scalar at a pointer; of the key of what is larger, and of what is around a place where nothing is.
    pub fn short(&self, pointer: &str) -> Range<usize> {
        match self.find(pointer) {
            (Some(key), place) if place.inside != Inside::Nothing => key,
            (_, place) => place.bytes.clone(),
        }
    }

    fn find(&self, pointer: &str) -> (Option<Range<usize>>, &Self) {
        let mut here = (None, self);
        for step in pointer.split('/').skip(1) {
            let next = match &here.1.inside {
                Inside::Nothing => None,
                Inside::Items(items) => {
                    step.parse::<usize>().ok().and_then(|at| items.get(at)).map(|place| (None, place))
                }
                Inside::Entries(entries) => {
                    let name = step.replace("~1", "/").replace("~0", "~");
                    entries.get(&name).map(|(key, place)| (Some(key.clone()), place))
                }
            };
            match next {
                Some(next) => here = next,
                None => break,
            }
        }
        here
    }
}

/// Appends a key to a JSON pointer, escaped as RFC 6901 asks.
pub fn push_key(pointer: &mut String, key: &str) {
    pointer.push('/');
    // Nearly every key; keys are written very often.
    if !key.bytes().any(|byte| matches!(byte, b'~' | b'/')) {
        return pointer.push_str(key);
    }
    for character in key.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}
