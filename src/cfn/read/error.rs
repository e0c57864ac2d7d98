//! Why a text cannot be read as a template, and where.

use std::fmt;
use std::ops::Range;

use super::{MAX_DEPTH, MAX_EXPANDED, MAX_TEXT};

/// Why a text could not be read, with the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (line {line}, column {column})")]
pub struct ReadError {
    /// What is wrong.
    pub problem: ReadProblem,
    /// The bytes of the text that it is about; empty if it is about a point.
    pub bytes: Range<usize>,
    /// Its line, from 1.
    pub line: u32,
    /// Its column in characters, from 1.
    pub column: u32,
}

/// What is wrong with a text that is not a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadProblem {
    /// It is longer than [`MAX_TEXT`].
    TooLong,
    /// It is nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// With its aliases expanded it is more than [`MAX_EXPANDED`] bytes of JSON.
    TooLarge,
    /// It is not JSON: what the reader met.
    NotJson(String),
    /// A string or a number in JSON is not well-formed.
    NotAJsonValue(String),
    /// It is not YAML: what the reader met.
    NotYaml(String),
    /// There is nothing in it.
    Empty,
    /// There is more than one YAML document in it.
    SeveralDocuments,
    /// A key appears twice in one map.
    DuplicateKey(String),
    /// A key is a list, a map, nothing, or a function.
    NotAKey,
    /// A key looks like one text and is another value in YAML 1.1.
    AmbiguousKey(String),
    /// A plain word is a number to some readers and text to others.
    Ambiguous(String),
    /// A number that JSON has no exact form for.
    Inexact(String),
    /// A type of YAML that CloudFormation does not have.
    UnknownType(String),
    /// A value does not fit the type that is written before it.
    NotOfType(String),
    /// What a merge key holds is neither a map nor a list of maps.
    NotAMerge,
    /// An alias stands inside of what it stands for.
    Recursive,
    /// A character that ends a line to some readers of YAML only.
    LineBreak(char),
    /// A directive `%TAG`, by which `!Ref` could be something else.
    TagDirective,
}

impl fmt::Display for ReadProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the text is longer than {MAX_TEXT} bytes"),
            Self::TooDeep => write!(f, "it is nested more than {MAX_DEPTH} levels deep"),
            Self::TooLarge => {
                write!(
                    f,
                    "with its aliases expanded it is larger than {MAX_EXPANDED} bytes, the most that CloudFormation accepts"
                )
            }
            Self::NotJson(met) | Self::NotAJsonValue(met) => write!(f, "it is not JSON: {met}"),
            Self::NotYaml(met) => write!(f, "it is not YAML: {met}"),
            Self::Empty => f.write_str("it is empty"),
            Self::SeveralDocuments => f.write_str("it contains more than one YAML document"),
            Self::DuplicateKey(key) => write!(f, "the key `{key}` appears twice"),
            Self::NotAKey => f.write_str("a key must be text"),
            Self::AmbiguousKey(key) => {
                write!(f, "the key `{key}` is not this text in YAML 1.1, which CloudFormation reads: put it in quotes")
            }
            Self::Ambiguous(text) => {
                write!(
                    f,
                    "`{text}` is a number to some readers of YAML and text to others: put it in quotes, or write the number out"
                )
            }
            Self::Inexact(text) => write!(f, "the number `{text}` cannot be kept exactly: put it in quotes"),
            Self::UnknownType(tag) => write!(f, "CloudFormation does not have the YAML type `{tag}`"),
            Self::NotOfType(tag) => write!(f, "the value does not fit its type `{tag}`"),
            Self::NotAMerge => f.write_str("the merge key `<<` needs a map or a list of maps"),
            Self::LineBreak(found) => {
                let code = u32::from(*found);
                write!(
                    f,
                    "the character U+{code:04X} ends a line to some readers of YAML and not to others: write `\\u{code:04X}` in double quotes"
                )
            }
            Self::TagDirective => f.write_str("CloudFormation does not have the directive `%TAG`"),
            Self::Recursive => f.write_str("the alias refers to something that contains the alias"),
        }
    }
}

impl ReadProblem {
    /// A mistake that only JSON can have.
    pub(super) fn in_a_value(self) -> Self {
        match self {
            Self::NotJson(met) => Self::NotAJsonValue(met),
            other => other,
        }
    }
}

impl ReadError {
    /// An error at some bytes of a text.
    pub(super) fn new(text: &str, bytes: Range<usize>, problem: ReadProblem) -> Self {
        Self { problem, bytes, line: 1, column: 1 }.located(text, 0)
    }

    /// An error whose place in lines is not known yet.
    pub(super) fn at(bytes: Range<usize>, problem: ReadProblem) -> Self {
        Self { problem, bytes, line: 1, column: 1 }
    }

    /// The same error, its bytes moved and its line and column found.
    pub(super) fn located(mut self, text: &str, moved: usize) -> Self {
        self.bytes = self.bytes.start + moved..self.bytes.end + moved;
        let before = text.get(..self.bytes.start.min(text.len())).unwrap_or("");
        let line_begin = before.rfind('\n').map_or(0, |at| at + 1);
        let number = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
        self.line = number(before.matches('\n').count());
        self.column = number(before.get(line_begin..).unwrap_or("").trim_start_matches('\u{feff}').chars().count());
        self
    }
}
