//! Versions as people write them on releases and image tags, and their order.
//!
//! An optional `v`, up to four numbers of any size, then a separator and a pre-release. `1.0.0.1` is above `1.0.0-2`;
//! `1.0.0-x-1` equals `1.0.0-x.1`; numeric parts sort before words; words ignore case; no pre-release is above any.
//!
//! The separator (`-`, `.`, `_`) may be missing where at least two numbers came before, as in `1.4rc1`. After a single
//! number it may not: `4f2a91c` is a commit, not version 4.

use std::cmp::Ordering;
use std::fmt;

/// A parsed version. Equality and order are those of versions: `1.0` equals `1.0.0`, `v1` equals `1`.
#[derive(Clone, Debug)]
pub struct Version {
    text: String,
    numbers: Vec<String>,
    pre_release: String,
    pre: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// Digits without leading zeros, longer is larger.
    Number(usize, String),
    /// In lower case.
    Word(String),
}

/// What stands between the numbers and the pre-release, and between parts of the pre-release.
const SEPARATORS: [char; 3] = ['-', '.', '_'];

fn digits(text: &str) -> String {
    let stripped = text.trim_start_matches('0');
    if stripped.is_empty() { "0".to_owned() } else { stripped.to_owned() }
}

fn part(text: &str) -> Part {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        let digits = digits(text);
        Part::Number(digits.len(), digits)
    } else {
        Part::Word(text.to_ascii_lowercase())
    }
}

impl Version {
    /// Reads a version; none if the text does not begin with a number (after an optional `v`), if what follows the
    /// numbers is not a pre-release, or if it has a character that no tag has.
    pub fn parse(text: &str) -> Option<Self> {
        let body = text.strip_prefix(['v', 'V']).unwrap_or(text);
        // Build metadata names a build, not a version.
        let body = body.split('+').next().unwrap_or(body);
        let mut rest = body;
        let mut numbers = Vec::new();
        loop {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            if end == 0 {
                break;
            }
            numbers.push(digits(&rest[..end]));
            rest = &rest[end..];
            match rest.strip_prefix('.') {
                Some(next) if numbers.len() < 4 && next.starts_with(|c: char| c.is_ascii_digit()) => rest = next,
                _ => break,
            }
        }
        let pre_release = rest.strip_prefix(SEPARATORS);
        let fine = |pre: &str| pre.chars().all(|c| c.is_ascii_alphanumeric() || SEPARATORS.contains(&c));
        let pre_release = match pre_release {
            _ if numbers.is_empty() => return None,
            None if rest.is_empty() => "",
            None if numbers.len() > 1 && fine(rest) => rest,
            Some(pre) if !pre.is_empty() && fine(pre) => pre,
            _ => return None,
        };
        let pre = match pre_release {
            "" => Vec::new(),
            pre => pre.split(SEPARATORS).map(part).collect(),
        };
        while numbers.len() > 1 && numbers.last().is_some_and(|n| n == "0") {
            numbers.pop();
        }
        Some(Self { text: text.to_owned(), numbers, pre_release: pre_release.to_owned(), pre })
    }

    /// The pre-release part as it is written, without its separator; empty if there is none.
    pub fn pre_release(&self) -> &str {
        &self.pre_release
    }

    /// Whether the version has a pre-release part.
    pub fn is_pre_release(&self) -> bool {
        !self.pre.is_empty()
    }

    /// The text of the version that comes next: its last number plus one, with as many digits as it had at least. `1.4.0`
    /// gives `1.4.1`, `1.5.0-rc.1` gives `1.5.0-rc.2`, `2026.01.09` gives `2026.01.10`. Where that would not be higher, because
    /// the number is part of a word (`rc9`), `.1` is put after it.
    pub fn next(&self) -> String {
        let end = self.text.rfind(|c: char| c.is_ascii_digit()).map_or(0, |last| last + 1);
        let (head, tail) = self.text.split_at(end);
        let start = head.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |last| last + 1);
        let (before, number) = head.split_at(start);
        let next = format!("{before}{}{tail}", plus_one(number));
        if Self::parse(&next).is_some_and(|next| next > *self) { next } else { format!("{}.1", self.text) }
    }
}

/// A number of any size, one higher.
fn plus_one(digits: &str) -> String {
    let mut carry = true;
    let mut out: Vec<char> = Vec::with_capacity(digits.len() + 1);
    for digit in digits.chars().rev() {
        let (next, carried) = match (digit, carry) {
            ('9', true) => ('0', true),
            (digit, true) => (char::from_digit(digit.to_digit(10).unwrap_or(0) + 1, 10).unwrap_or('0'), false),
            (digit, false) => (digit, false),
        };
        out.push(next);
        carry = carried;
    }
    if carry {
        out.push('1');
    }
    out.into_iter().rev().collect()
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let number = |version: &Self, index: usize| {
            version.numbers.get(index).map_or((1, "0".to_owned()), |n| (n.len(), n.clone()))
        };
        for index in 0..self.numbers.len().max(other.numbers.len()) {
            let order = number(self, index).cmp(&number(other, index));
            if order.is_ne() {
                return order;
            }
        }
        match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => self.pre.cmp(&other.pre),
        }
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
