//! From what a file says to what it means: model types, with a finding for every invalid value.
//!
//! Each function returns as much as it can and reports the rest. Only `assemble` decides whether something is in the
//! catalog: it is, if its file has no error.

use std::collections::BTreeSet;
use std::ops::Range;
use std::str::FromStr;

use jiff::SignedDuration;

use super::codes;
use super::finding::{File, Finding};
use super::schema::At;
use crate::model::name::NameError;
use crate::model::process::{Literal, Place, Settler, Text, TextError, Value};
use crate::model::tenant::Tag;
use crate::model::{Id, Location};

pub(crate) mod accept;
pub(crate) mod allowance;
pub(crate) mod assemble;
pub(crate) mod channel;
pub(crate) mod container;
pub(crate) mod freeze;
pub(crate) mod patch;
pub(crate) mod place;
pub(crate) mod process;
pub(crate) mod project;
pub(crate) mod raw;
pub(crate) mod release;
pub(crate) mod run;
pub(crate) mod tenant;
pub(crate) mod variables;

/// A file and where its findings go.
pub(crate) struct Maker<'a> {
    pub(crate) file: &'a File,
    pub(crate) findings: &'a mut Vec<Finding>,
}

impl Maker<'_> {
    /// A value of the right type that is not one.
    pub(crate) fn invalid(&mut self, span: Range<usize>, title: impl Into<String>) {
        self.findings
            .push(Finding::new(codes::INVALID_VALUE, self.file, span, title).label("not allowed for this key"));
    }

    /// The same, with how to fix it.
    pub(crate) fn invalid_but(&mut self, span: Range<usize>, title: impl Into<String>, help: &str) {
        let finding = Finding::new(codes::INVALID_VALUE, self.file, span, title).label("not allowed for this key");
        self.findings.push(finding.help(help));
    }

    /// A name or an id.
    pub(crate) fn name<N: FromStr<Err = NameError>>(&mut self, written: &At<String>) -> Option<N> {
        self.name_at(written, written.span())
    }

    /// A name that is written as a key.
    pub(crate) fn name_at<N: FromStr<Err = NameError>>(&mut self, written: &str, span: Range<usize>) -> Option<N> {
        match written.parse() {
            Ok(name) => Some(name),
            Err(error) => {
                let finding = Finding::new(codes::INVALID_NAME, self.file, span, error.to_string());
                self.findings.push(finding.label("not a name"));
                None
            }
        }
    }

    /// The id that a file gives, or the one that its name is.
    pub(crate) fn id(&mut self, written: Option<&At<String>>, otherwise: Id) -> Option<Id> {
        match written {
            Some(written) => self.name(written),
            None => Some(otherwise),
        }
    }

    /// A text with placeholders.
    pub(crate) fn text(&mut self, written: &At<String>) -> Option<Text> {
        self.text_at(written, written.span())
    }

    /// A text with placeholders that is part of a larger value.
    pub(crate) fn text_at(&mut self, written: &str, span: Range<usize>) -> Option<Text> {
        let place = Place::new(self.file.at(span.start), span.clone());
        Text::read(written, place).map_err(|error| self.no_placeholder(span, error)).ok()
    }

    fn no_placeholder(&mut self, span: Range<usize>, error: TextError) {
        let finding = Finding::new(codes::PLACEHOLDER, self.file, span, error.to_string())
            .label("not a placeholder")
            .help("write `#{name}` for a variable, or `##{` for the characters `#{`");
        self.findings.push(finding);
    }

    /// A part of a step as the file has it: with the places of its values, and with the placeholders of its texts read.
    pub(crate) fn settled<V: Value + Clone>(&mut self, written: &V) -> V {
        let mut value = written.clone();
        value.settle(self);
        value
    }

    /// Names in a list.
    pub(crate) fn names<N: FromStr<Err = NameError> + Ord>(&mut self, written: &[At<String>]) -> BTreeSet<N> {
        written.iter().filter_map(|name| self.name(name)).collect()
    }

    /// A tag with its set. Whether the set has it is checked elsewhere.
    pub(crate) fn tag(&mut self, written: &str, span: Range<usize>) -> Option<Tag> {
        let tag = Tag::parse(written);
        if tag.is_none() {
            let title = format!("`{written}` is not a tag: write the tag set and the tag, such as `ring/early`");
            self.invalid(span, title);
        }
        tag
    }

    /// Tags in a list.
    pub(crate) fn tags(&mut self, written: &[At<String>]) -> BTreeSet<Tag> {
        written.iter().filter_map(|tag| self.tag(tag, tag.span())).collect()
    }

    /// A duration like `30m`, `1h30m`, `2d`.
    pub(crate) fn duration(&mut self, written: &At<String>) -> Option<SignedDuration> {
        let duration = duration(written);
        if duration.is_none() {
            let title = format!("`{}` is not a duration: write it like `30m`, `1h30m` or `2d`", **written);
            self.invalid(written.span(), title);
        }
        duration
    }
}

impl Settler for Maker<'_> {
    fn at(&self, byte: usize) -> Location {
        self.file.at(byte)
    }

    fn unreadable(&mut self, text: &Text, error: TextError) {
        self.no_placeholder(text.span(), error);
    }

    fn literal(&mut self, text: &Literal) {
        let title = format!("`{text}` has a placeholder, and this key is a name that no variable decides");
        let finding = Finding::new(codes::PLACEHOLDER, self.file, text.span(), title);
        self.findings.push(finding.label("must be literal"));
    }

    fn unwanted(&mut self, text: &Text, needs: &'static str, quoted: bool) {
        let title = format!("`\"{}\"` is text, and this key needs {needs}", text.raw());
        let variable = format!("write {needs}, or `#{{name}}` for a variable that is {needs}");
        self.invalid_but(text.span(), title, if quoted { "remove the quotes" } else { &variable });
    }
}

/// Numbers, each followed by `s`, `m`, `h` or `d`; at most a year.
pub(crate) fn duration(text: &str) -> Option<SignedDuration> {
    let mut total: i64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest.get(..end)?.parse().ok()?;
        let unit = rest.get(end..)?.chars().next()?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(seconds)?)?;
        rest = rest.get(end + unit.len_utf8()..)?;
    }
    (total <= 366 * 86_400).then(|| SignedDuration::from_secs(total))
}

/// A message on one line.
pub(crate) fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
