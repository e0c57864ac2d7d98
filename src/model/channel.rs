//! Channels: lines of releases of a project, each with its own lifecycle and its own rules for image tags.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::tenant::TagFilter;
use super::{ChannelName, ImageName, Lifecycle, Location, Version};

/// `[channels.<name>]` in `project.toml`; a project that says none has one, `default`.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// Name of the channel in `project.toml`.
    pub name: ChannelName,
    /// What its releases go through: its own lifecycle, or else the project's.
    pub lifecycle: Arc<Lifecycle>,
    /// The tenants that its releases may go to, by tag; empty for all. It does not limit untenanted slots.
    pub tenants: TagFilter,
    /// Which tags `release new` takes, by image; an image without a rule takes the highest version of all.
    pub images: BTreeMap<ImageName, ImageRule>,
    /// Where it is written: its key, or `project.toml`.
    pub at: Location,
}

impl Channel {
    /// The one channel of a project that says none.
    pub fn implied(lifecycle: Arc<Lifecycle>, at: Location) -> Self {
        let (name, tenants) = (ChannelName::default(), TagFilter::default());
        Self { name, lifecycle, tenants, images: BTreeMap::new(), at }
    }
}

/// Which tags of an image a channel admits, and which of those is the newest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImageRule {
    /// `versions`: a range. None admits every version.
    pub versions: Option<VersionRange>,
    /// `pre_release`: what the pre-release part must be like. None admits every one, and none at all.
    pub pre_release: Option<PreRelease>,
    /// `order`.
    pub order: TagOrder,
}

/// What makes a tag newer than another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TagOrder {
    /// Tags are versions. `latest` and bare commit ids are none and are refused.
    #[default]
    Version,
    /// The date at which the registry received the image.
    Pushed,
    /// The number that the tag ends in.
    Number,
    /// The text, by its bytes.
    Lexical,
}

/// A pattern that has to be found in the pre-release part of a tag: a regular expression that ignores case, anchored where
/// it says so itself. `^hotfix` admits `hotfix.2`, `^$` only tags without a pre-release.
#[derive(Clone, Debug)]
pub struct PreRelease {
    text: Arc<str>,
    pattern: regex_lite::Regex,
}

impl PreRelease {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let around = ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|begin| text.contains(begin));
        let pattern = regex_lite::RegexBuilder::new(text).case_insensitive(true).size_limit(1 << 20).build();
        pattern.map(|pattern| Self { text: Arc::from(text), pattern }).map_err(|error| match around {
            true => "it looks ahead or behind (`(?=`, `(?!`, `(?<=`, `(?<!`), which is not possible here; say what the part \
                     may be: `^$` for none, `^(beta|rc)` for some beginnings, `^[^b]` for a first letter other than `b`"
                .to_owned(),
            false => error.to_string(),
        })
    }

    /// Whether the pre-release part (empty if there is none) fits.
    pub fn admits(&self, pre_release: &str) -> bool {
        self.pattern.is_match(pre_release)
    }
}

impl PartialEq for PreRelease {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Display for PreRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A range of versions as NuGet and Maven write it: `[1.0,2.0)`, `(,1.0]`, `[1.0]`, `1.0` (that or higher), and several
/// joined by commas; or `1.x`, as npm writes it. It goes by the order of versions alone, so `[1.0,2.0)` has `2.0-rc1`; a pre-release pattern says no.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionRange {
    text: Arc<str>,
    intervals: Vec<Interval>,
}

#[derive(Clone, Debug, PartialEq)]
struct Interval {
    low: Option<Bound>,
    high: Option<Bound>,
}

#[derive(Clone, Debug, PartialEq)]
struct Bound {
    version: Version,
    inclusive: bool,
}

impl VersionRange {
    /// Reads a range.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let body = text.trim();
        let mut intervals = Vec::new();
        if let Some(interval) = wildcard(body) {
            return Ok(Self { text: Arc::from(text), intervals: vec![interval] });
        }
        if !body.starts_with(['[', '(']) {
            let low = Bound { version: version(body)?, inclusive: true };
            intervals.push(Interval { low: Some(low), high: None });
            return Ok(Self { text: Arc::from(text), intervals });
        }
        let mut rest = body;
        loop {
            let open = rest.chars().next().filter(|c| matches!(c, '[' | '('));
            let open = open.ok_or_else(|| format!("expected `[` or `(` before `{rest}`"))?;
            let end = rest.find([']', ')']).ok_or_else(|| format!("`{rest}` is never closed by `]` or `)`"))?;
            let close = rest.as_bytes().get(end).copied().map_or(')', char::from);
            intervals.push(interval(open, rest.get(1..end).unwrap_or_default(), close)?);
            rest = rest.get(end + 1..).unwrap_or_default().trim_start();
            match rest.strip_prefix(',') {
                Some(more) => rest = more.trim_start(),
                None if rest.is_empty() => return Ok(Self { text: Arc::from(text), intervals }),
                None => return Err(format!("expected `,` before `{rest}`")),
            }
        }
    }

    /// Whether the version is in the range.
    pub fn contains(&self, version: &Version) -> bool {
        self.intervals.iter().any(|interval| {
            let above = interval.low.as_ref().is_none_or(|low| match version.cmp(&low.version) {
                Ordering::Greater => true,
                Ordering::Equal => low.inclusive,
                Ordering::Less => false,
            });
            let below = interval.high.as_ref().is_none_or(|high| match version.cmp(&high.version) {
                Ordering::Less => true,
                Ordering::Equal => high.inclusive,
                Ordering::Greater => false,
            });
            above && below
        })
    }
}

fn version(text: &str) -> Result<Version, String> {
    Version::parse(text.trim()).ok_or_else(|| format!("`{}` is not a version", text.trim()))
}

/// The versions that one with a wildcard means, as npm reads it: `1.2.x` and `1.2.*` are those from 1.2 up to, but not including, the
/// first pre-release of 1.3.
fn wildcard(text: &str) -> Option<Interval> {
    let parts: Vec<&str> = text.strip_prefix(['v', 'V']).unwrap_or(text).split('.').collect();
    let at = parts.iter().position(|part| matches!(*part, "x" | "X" | "*"))?;
    let numbers = parts.get(..at)?;
    if !numbers.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let low = Version::parse(&numbers.join("."))?;
    // Nothing is lower than a pre-release of 0.
    let high = Version::parse(&format!("{}-0", low.next()))?;
    let bound = |version, inclusive| Some(Bound { version, inclusive });
    Some(Interval { low: bound(low, true), high: bound(high, false) })
}

fn interval(open: char, inside: &str, close: char) -> Result<Interval, String> {
    let bound = |text: &str, inclusive| match text.trim() {
        "" => Ok(None),
        text => version(text).map(|version| Some(Bound { version, inclusive })),
    };
    let (low, high) = match inside.split_once(',') {
        Some((low, high)) => (bound(low, open == '[')?, bound(high, close == ']')?),
        None if open == '[' && close == ']' => (bound(inside, true)?, bound(inside, true)?),
        None => return Err(format!("`{open}{inside}{close}` needs a `,`, or `[{inside}]` for exactly that version")),
    };
    if low.is_none() && high.is_none() && !inside.contains(',') {
        return Err("an empty range admits nothing".to_owned());
    }
    if let (Some(low), Some(high)) = (&low, &high) {
        let empty = match low.version.cmp(&high.version) {
            Ordering::Greater => true,
            Ordering::Equal => !(low.inclusive && high.inclusive),
            Ordering::Less => false,
        };
        if empty {
            return Err(format!("`{open}{inside}{close}` admits nothing"));
        }
    }
    Ok(Interval { low, high })
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
