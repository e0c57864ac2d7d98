//! Unified differences of texts, plain or coloured.

use std::fmt::Write as _;

use similar::{ChangeTag, TextDiff};

/// Whether a difference carries colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Text alone.
    Plain,
    /// ANSI colours, for a terminal.
    Ansi,
}

/// Lines around a change that are shown.
const CONTEXT: usize = 3;

/// The unified difference of two texts, under the names `from` and `to`; empty if they are equal.
pub fn unified(before: Option<&str>, after: &str, from: &str, to: &str, paint: Paint) -> String {
    let before = before.unwrap_or("");
    if before == after {
        return String::new();
    }
    let diff = TextDiff::from_lines(before, after);
    let mut out = String::new();
    line(&mut out, paint, Style::Head, &format!("--- {from}"));
    line(&mut out, paint, Style::Head, &format!("+++ {to}"));
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        line(&mut out, paint, Style::Place, &hunk.header().to_string());
        for change in hunk.iter_changes() {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ('-', Style::Old),
                ChangeTag::Insert => ('+', Style::New),
                ChangeTag::Equal => (' ', Style::Same),
            };
            let text = change.value();
            line(&mut out, paint, style, &format!("{sign}{}", text.strip_suffix('\n').unwrap_or(text)));
            if change.missing_newline() {
                line(&mut out, paint, Style::Same, "\\ No newline at end of file");
            }
        }
    }
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Head,
    Place,
    Old,
    New,
    Same,
}

pub(super) fn line(out: &mut String, paint: Paint, style: Style, text: &str) {
    let colour = match style {
        Style::Head => anstyle::Style::new().bold(),
        Style::Place => anstyle::AnsiColor::Cyan.on_default(),
        Style::Old => anstyle::AnsiColor::Red.on_default(),
        Style::New => anstyle::AnsiColor::Green.on_default(),
        Style::Same => anstyle::Style::new(),
    };
    // Writing into a String cannot fail.
    let _ = match paint {
        Paint::Ansi if style != Style::Same => writeln!(out, "{colour}{text}{colour:#}"),
        _ => writeln!(out, "{text}"),
    };
}
