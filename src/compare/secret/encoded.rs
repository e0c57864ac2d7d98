//! Secrets inside of what is encoded: base64, compressed base64, percent-encoding.
//!
//! Where the decoded text has a secret, the whole encoded word is one: its place in the code cannot be cut out.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The shortest base64 that is looked into: 9 bytes.
const LEAST: usize = 12;

/// Adds the encoded words of a text whose meaning has secrets, as `has` says.
pub(super) fn find(text: &str, has: &mut dyn FnMut(&str) -> bool, found: &mut Vec<Range<usize>>) {
    let lines: String = text.split_whitespace().collect();
    if lines.len() < text.trim().len() && lines.len() >= 64 && decoded(&lines).is_some_and(|inside| has(&inside)) {
        found.push(0..text.len());
        return;
    }
    for range in runs(text, |c| c.is_ascii_alphanumeric() || "+/_-".contains(c), LEAST) {
        let padding = text.get(range.end..).map_or(0, |rest| rest.len() - rest.trim_start_matches('=').len());
        let range = range.start..range.end + padding.min(2);
        let word = text.get(range.clone()).unwrap_or("");
        // Text that was encoded has letters of both cases; a name or a hash has not.
        if !(word.contains(|c: char| c.is_ascii_uppercase()) && word.contains(|c: char| c.is_ascii_lowercase())) {
            continue;
        }
        // Compressed text cannot be read by a reviewer either: what is in it is not looked at, and not shown.
        let compressed = word.starts_with("H4sI") && word.len() >= 40;
        if compressed || decoded(word).is_some_and(|inside| has(&inside)) {
            found.push(range);
        }
    }
    if text.contains('%') {
        for range in runs(text, |c| !c.is_whitespace() && !"\"'`<>".contains(c), 4) {
            let word = text.get(range.clone()).unwrap_or("");
            if let Cow::Owned(inside) = percent(word)
                && has(&inside)
            {
                found.push(range);
            }
        }
    }
}

/// Whether a text is base64 of a user's name and a password, as headers and registries carry them.
pub(super) fn is_basic(word: &str) -> bool {
    decoded(word).is_some_and(|inside| {
        inside.split_once(':').is_some_and(|(user, password)| {
            !user.is_empty() && !password.is_empty() && !inside.contains("://") && !inside.contains('\n')
        })
    })
}

/// The text that base64 stands for, in either alphabet; none if it is not text.
fn decoded(word: &str) -> Option<String> {
    let bare = word.trim_end_matches('=');
    let bytes = STANDARD_NO_PAD.decode(bare).or_else(|_| URL_SAFE_NO_PAD.decode(bare)).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let fine = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    (!text.is_empty() && text.chars().all(fine)).then_some(text)
}

/// The text with `%XX` replaced; borrowed if it has none.
fn percent(word: &str) -> Cow<'_, str> {
    let encoded = word
        .as_bytes()
        .windows(3)
        .any(|three| three.first() == Some(&b'%') && three.iter().skip(1).all(u8::is_ascii_hexdigit));
    if !encoded {
        return Cow::Borrowed(word);
    }
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).filter(|_| *first == b'%').and_then(|two| std::str::from_utf8(two).ok());
        match code.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// The runs of characters that fit, of at least so many bytes.
fn runs(text: &str, fits: impl Fn(char) -> bool, least: usize) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut begin = None;
    for (at, character) in text.char_indices().chain([(text.len(), '\0')]) {
        let inside = at < text.len() && fits(character);
        match (inside, begin) {
            (true, None) => begin = Some(at),
            (false, Some(from)) => {
                if at - from >= least {
                    all.push(from..at);
                }
                begin = None;
            }
            _ => {}
        }
    }
    all
}
