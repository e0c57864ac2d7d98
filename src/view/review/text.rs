//! What every format does to text before it draws it.

use super::blocks::{Block, Line, Page, Span};
use crate::compare::visible;

/// What is written for a name or a value that is empty: with nothing, a reader would not see that there is one.
pub(super) const EMPTY: &str = "(empty)";

/// A line with everything visible and on one line, without spans of nothing, and with neighbours of one kind joined. Spans of
/// code are names and values of their own, and stay apart.
pub(super) fn tidy(line: &Line) -> Line {
    let mut out: Line = Vec::new();
    for span in line {
        let span = match span {
            Span::Text(text) | Span::Strong(text) if text.is_empty() => continue,
            Span::Strong(text) if text.trim_matches(' ').is_empty() => Span::Text(text.clone()),
            Span::Code(text) if text.is_empty() => Span::Text(EMPTY.to_owned()),
            Span::Text(text) => Span::Text(visible(text)),
            Span::Strong(text) => Span::Strong(visible(text)),
            Span::Code(text) => Span::Code(visible(text)),
        };
        match (out.last_mut(), span) {
            (Some(Span::Text(before)), Span::Text(text)) | (Some(Span::Strong(before)), Span::Strong(text)) => {
                before.push_str(&text);
            }
            (_, span) => out.push(span),
        }
    }
    out
}

/// The lines of a block of code, each made visible. A line end at the end begins no line. Tabs are left to the formats.
pub(super) fn code_lines(text: &str) -> Vec<String> {
    let parts = text.strip_suffix('\n').unwrap_or(text).split('\n');
    parts.map(|line| line.split('\t').map(visible).collect::<Vec<_>>().join("\t")).collect()
}

/// What a line of a difference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// The name of one side, above everything.
    Name,
    /// Where the lines below it are.
    Place,
    /// Only the side before has it.
    Old,
    /// Only the side after has it.
    New,
    /// Both have it.
    Same,
}

/// The lines of a difference with what each is: a sign and a text, which begins behind a space if it says where the next ones are.
pub(super) fn marked(text: &str) -> Vec<(Mark, String)> {
    let lines = code_lines(text);
    let named = matches!(lines.as_slice(), [from, to, ..] if from.starts_with("--- ") && to.starts_with("+++ "));
    let mark = |(index, line): (usize, String)| {
        let mut start = line.chars();
        let mark = match (start.next(), start.next(), start.next()) {
            (Some('-' | '+'), ..) if named && index < 2 => Mark::Name,
            (Some('-'), ..) => Mark::Old,
            (Some('+'), ..) => Mark::New,
            (Some('@'), Some('@'), _) => Mark::Place,
            (Some(' '), Some(' '), Some(first)) if first != ' ' => Mark::Place,
            _ => Mark::Same,
        };
        (mark, line)
    };
    lines.into_iter().enumerate().map(mark).collect()
}

/// A line without its kinds.
pub(super) fn plain(line: &Line) -> String {
    let text = |span: Span| match span {
        Span::Text(text) | Span::Strong(text) | Span::Code(text) => text,
    };
    tidy(line).into_iter().map(text).collect()
}

/// Whether a line says nothing. Code says something, even if it is only spaces.
pub(super) fn is_blank(line: &Line) -> bool {
    tidy(line).iter().all(|span| matches!(span, Span::Text(text) if text.trim_matches(' ').is_empty()))
}

/// How many columns a table has: those of its head, or of a row that has more.
pub(super) fn columns(head: &[Line], rows: &[Vec<Line>]) -> usize {
    rows.iter().map(Vec::len).chain([head.len()]).max().unwrap_or(0)
}

/// The first sentence of a page, for the title of a window; none if no heading begins it.
pub(super) fn title(page: &Page) -> Option<String> {
    page.blocks.iter().find_map(|block| match block {
        Block::Heading { level: 1, text } if !is_blank(text) => Some(plain(text)),
        _ => None,
    })
}
