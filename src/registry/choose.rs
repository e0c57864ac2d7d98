//! Chooses the newest tag that a channel's rule allows, and says why it rejects the others.
//!
//! With order `version`, `latest` and bare commit ids are rejected, because neither shows what is newer. A commit id is 7
//! to 40 hexadecimal digits with at least one letter. Digits alone cannot be distinguished from a number like `20260115`.
//! They count as a commit id if the repository has other commit ids of the same length and they are not a date: one short
//! id in 27 has digits only, and as a version it would rank above everything.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::TagSeen;
use crate::model::Version;
use crate::model::channel::{ImageRule, TagOrder};

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The newest tag that the rule allows; none if it allows none.
    pub tag: Option<Arc<str>>,
    /// The tags that it does not admit, by name.
    pub refused: Vec<Refused>,
}

/// A tag that is not admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub tag: Arc<str>,
    pub why: Why,
}

/// Why a tag is not admitted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// `latest` says nothing about what is newer.
    Latest,
    /// A commit id says nothing about what is newer.
    CommitId,
    /// It is not a version.
    NoVersion,
    /// It is outside of the range.
    Range(String),
    /// Its pre-release part does not fit the pattern.
    PreRelease(String),
    /// It does not end in a number.
    NoNumber,
    /// The registry does not tell when it was pushed.
    NoDate,
    /// It belongs to a signature or another statement about an image.
    Attached,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let orders = "`order = \"pushed\"`, `\"number\"` or `\"lexical\"` would take it";
        match self {
            Why::Latest => write!(f, "`latest` is not a version, so it does not show what is newer; {orders}"),
            Why::CommitId => write!(f, "a commit id is not a version, so it does not show what is newer; {orders}"),
            Why::NoVersion => f.write_str("no version"),
            Why::Range(range) => write!(f, "not in {range}"),
            Why::PreRelease(pattern) => write!(f, "its pre-release part does not match `{pattern}`"),
            Why::NoNumber => f.write_str("does not end in a number"),
            Why::NoDate => f.write_str("the registry does not report when it was pushed"),
            Why::Attached => f.write_str("a signature or another statement about an image, not an image"),
        }
    }
}

/// Chooses the newest tag that a rule admits. Of equally new tags (`1.4` and `1.4.0`) it takes the most specific one, and
/// `latest` only if there is no other.
pub fn choose(rule: &ImageRule, tags: &[TagSeen]) -> Chosen {
    let ids: BTreeSet<usize> = tags.iter().filter(|tag| is_commit_id(&tag.name)).map(|tag| tag.name.len()).collect();
    let (mut best, mut refused) = (None, Vec::new());
    for tag in tags {
        match newness(rule, tag, &ids) {
            Ok(newness) => {
                let candidate = (newness, tie_break(&tag.name), tag);
                if best.as_ref().is_none_or(|(best, tie, _)| (best, tie) < (&candidate.0, &candidate.1)) {
                    best = Some(candidate);
                }
            }
            Err(why) => refused.push(Refused { tag: tag.name.clone(), why }),
        }
    }
    refused.sort_by(|a, b| a.tag.cmp(&b.tag));
    Chosen { tag: best.map(|(_, _, tag)| tag.name.clone()), refused }
}

/// How new a tag is; only those of one order are compared.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Newness {
    Version(Version),
    Pushed(Timestamp),
    /// Length and digits, without leading zeros.
    Number(usize, String),
    Text(Arc<str>),
}

/// Of equally new tags: rather not `latest`, rather more numbers, then the text.
fn tie_break(tag: &Arc<str>) -> (bool, usize, Reverse<usize>, Arc<str>) {
    (&**tag != "latest", tag.matches('.').count(), Reverse(tag.len()), tag.clone())
}

fn newness(rule: &ImageRule, tag: &TagSeen, ids: &BTreeSet<usize>) -> Result<Newness, Why> {
    let name = &tag.name;
    if is_attached(name) {
        return Err(Why::Attached);
    }
    let version = version(name, ids);
    let asked = rule.versions.is_some() || rule.pre_release.is_some();
    if rule.order == TagOrder::Version {
        admitted(rule, &version)?;
    } else if asked {
        admitted(rule, &version.clone().map_err(|_| Why::NoVersion))?;
    }
    Ok(match rule.order {
        TagOrder::Version => Newness::Version(version?),
        TagOrder::Pushed => Newness::Pushed(tag.pushed.ok_or(Why::NoDate)?),
        TagOrder::Number => {
            let digits = name.rfind(|c: char| !c.is_ascii_digit()).map_or(&**name, |last| &name[last + 1..]);
            if digits.is_empty() {
                return Err(Why::NoNumber);
            }
            let digits = digits.trim_start_matches('0');
            Newness::Number(digits.len(), digits.to_owned())
        }
        TagOrder::Lexical => Newness::Text(name.clone()),
    })
}

/// The tag as a version.
fn version(tag: &str, ids: &BTreeSet<usize>) -> Result<Version, Why> {
    if tag == "latest" {
        return Err(Why::Latest);
    }
    let digits_alone = tag.bytes().all(|b| b.is_ascii_digit());
    if is_commit_id(tag) || (digits_alone && ids.contains(&tag.len()) && !is_date(tag)) {
        return Err(Why::CommitId);
    }
    Version::parse(tag).ok_or(Why::NoVersion)
}

/// Whether the rule's range and pattern take it.
fn admitted(rule: &ImageRule, version: &Result<Version, Why>) -> Result<(), Why> {
    let version = version.as_ref().map_err(Clone::clone)?;
    if let Some(range) = rule.versions.as_ref().filter(|range| !range.contains(version)) {
        return Err(Why::Range(range.to_string()));
    }
    match rule.pre_release.as_ref().filter(|pattern| !pattern.admits(version.pre_release())) {
        Some(pattern) => Err(Why::PreRelease(pattern.to_string())),
        None => Ok(()),
    }
}

/// 7 to 40 hexadecimal digits, one of them a letter at least.
fn is_commit_id(tag: &str) -> bool {
    let hexadecimal = (7..=40).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_hexdigit());
    hexadecimal && !tag.bytes().all(|b| b.is_ascii_digit())
}

/// `20260115`, with hours, minutes and seconds or without.
fn is_date(tag: &str) -> bool {
    let number = |from: usize, to: usize| tag.get(from..to).and_then(|part| part.parse::<i16>().ok());
    let (Some(year), Some(month), Some(day)) = (number(0, 4), number(4, 6), number(6, 8)) else { return false };
    let (Ok(month), Ok(day)) = (i8::try_from(month), i8::try_from(day)) else { return false };
    let time = match tag.len() {
        8 => true,
        10 | 12 | 14 => {
            let below =
                |from: usize, limit: i16| tag.len() <= from || number(from, from + 2).is_some_and(|n| n < limit);
            below(8, 24) && below(10, 60) && below(12, 60)
        }
        _ => false,
    };
    time && (1970..2200).contains(&year) && jiff::civil::Date::new(year, month, day).is_ok()
}

/// Tags under which signatures and the like are kept: `sha256-<64 digits>`, with `.sig`, `.att` or `.sbom` (cosign), or
/// without (the OCI referrers tag schema).
fn is_attached(tag: &str) -> bool {
    tag.strip_prefix("sha256-").is_some_and(|rest| {
        let digits = rest.get(..64).unwrap_or_default();
        digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit())
    })
}
