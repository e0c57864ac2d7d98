//! Templates as people write them: JSON, or YAML with CloudFormation's short functions, as one tree with places.
//!
//! [`read`] is the only reader of templates: a step's raw template comes through it, and so do the bodies that the
//! simulated account is given. It judges form, never meaning: it does not check resources, and keeps an unknown function
//! (`!Rain::Module`).
//!
//! The YAML is that of CloudFormation: version 1.1, so `yes` is a boolean, `0755` an octal number and `1:30` a number to
//! the base of 60, while dates such as `2012-10-17` stay text; the types binary, omap, pairs, set and timestamp do not
//! exist \[doc: "CloudFormation template format", "AWS CloudFormation YAML 1.1 support"\]. The service itself refuses
//! aliases and ignores merge keys. `aws cloudformation package` and SAM resolve both before they send anything, and so does
//! this reader, because what landfall sends is JSON; [`Source::beyond_the_service`] says where the first one is. If readers
//! of YAML 1.1 disagree about a plain word (`12e4` is a number to some), the template is rejected with the advice to quote
//! it. So is a key that is not the text that it looks like (`on:`, `010:`), because a key is always text in JSON.
//!
//! Size, depth and what aliases expand to are bounded before the tree is built.

mod error;
mod json;
mod node;
mod places;
mod scalar;
mod yaml;

use std::ops::Range;

use serde_json::Value;

pub use error::{ReadError, ReadProblem};
pub use places::{Places, push_key};

/// The longest text that is read, in bytes: twice what CloudFormation takes, since comments and indentation are not sent.
pub const MAX_TEXT: usize = 2 << 20;
/// How deep a template may be nested. Below the 128 that the JSON reader takes, so that what was written can be read back.
pub const MAX_DEPTH: usize = 100;
/// The most bytes of JSON that a template may be, aliases expanded: what CloudFormation takes through a bucket
/// \[doc: "CloudFormation quotas"\].
pub const MAX_EXPANDED: usize = 1 << 20;

/// A text that was read: what it means, and where everything stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    value: Value,
    places: Places,
    beyond: Option<Range<usize>>,
    short: Option<Range<usize>>,
    comments: Vec<Range<usize>>,
}

impl Source {
    /// The tree: functions in their long form, anchors and merges expanded.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Takes the tree out.
    pub fn into_value(self) -> Value {
        self.value
    }

    /// Where everything stands in the text.
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// The bytes of the first alias or merge key, which landfall expands and CloudFormation itself does not take.
    pub fn beyond_the_service(&self) -> Option<&Range<usize>> {
        self.beyond.as_ref()
    }

    /// The bytes of the first function in its short form, `!Ref`.
    pub fn short_form(&self) -> Option<&Range<usize>> {
        self.short.as_ref()
    }

    /// The bytes of each comment, its `#` among them.
    pub fn comments(&self) -> &[Range<usize>] {
        &self.comments
    }
}

/// Reads a template. A text that begins with a brace is JSON, or a YAML map in flow style; any other is YAML.
///
/// # Errors
/// Fails if the text is too long, nested too deep or expands to too much, is neither JSON nor YAML, is empty or several
/// documents, has a key twice, or contains something that readers understand differently.
pub fn read(text: &str) -> Result<Source, ReadError> {
    if text.len() > MAX_TEXT {
        return Err(ReadError::new(text, 0..0, ReadProblem::TooLong));
    }
    let begin = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let body = text.get(begin..).unwrap_or(text);
    let tree = if body.trim_start().starts_with('{') {
        json::read(body).or_else(|error| match error.problem {
            // A comma too many, a comment, a key without quotes: YAML in flow style has all of these. What is wrong
            // otherwise would be read differently there, or is wrong there too.
            ReadProblem::NotJson(_) => yaml::read(body).map_err(|other| match other.problem {
                ReadProblem::NotYaml(_) => error,
                _ => other,
            }),
            _ => Err(error),
        })
    } else {
        yaml::read(body)
    };
    let tree = tree.map_err(|error| error.located(text, begin))?;
    let (value, places) = node::split(tree.root, begin);
    let moved = |bytes: Range<usize>| bytes.start + begin..bytes.end + begin;
    let (beyond, short) = (tree.beyond.map(moved), tree.short.map(moved));
    Ok(Source { value, places, beyond, short, comments: tree.comments.into_iter().map(moved).collect() })
}
