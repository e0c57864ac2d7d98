//! Makes invisible characters visible.
//!
//! Whatever prints a name or a value that came from a repository or from AWS sends it through [`visible`]: a control character
//! would be obeyed by a terminal, a mark of direction reorders what a reviewer reads, and zero-width and tag characters carry
//! text that only programs read.

use std::fmt::Write as _;

/// The text on one line, with every character that is not seen written as `\u{200b}`, and line breaks and tabs as `\n`, `\r`,
/// `\t`. Everything else stays as it is, a backslash too: the result is for people and is not parsed.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other => written(other, &mut out),
        }
    }
    out
}

/// The same, with line breaks and tabs as they are.
pub(super) fn visible_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => out.push(character),
            other => written(other, &mut out),
        }
    }
    out
}

fn written(character: char, out: &mut String) {
    if is_unseen(character) {
        // Writing into a String cannot fail.
        let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
    } else {
        out.push(character);
    }
}

/// Controls, format characters, what Unicode lets programs ignore (`Default_Ignorable_Code_Point`), separators of lines,
/// variation selectors, private use and noncharacters (Unicode 16, `DerivedCoreProperties.txt` and `UnicodeData.txt`).
fn is_unseen(character: char) -> bool {
    let code = u32::from(character);
    character.is_control()
        || code & 0xfffe == 0xfffe
        || matches!(code,
            0xad | 0x34f | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x890..=0x891 | 0x8e2 | 0x115f..=0x1160 | 0x17b4..=0x17b5
            | 0x180b..=0x180f | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x2800 | 0x3164 | 0xe000..=0xf8ff
            | 0xfdd0..=0xfdef | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb | 0x110bd | 0x110cd | 0x13430..=0x1343f
            | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff | 0xf0000..=0x10ffff)
}
