//! A page for a terminal: as wide as it is, readable without colour, and with what is long folded.
//!
//! Colour repeats what signs and words say. Lines break between words; a table whose columns are too wide for the terminal
//! gets narrower ones, and one that has too many is written row by row. Only lines to copy are never broken, because a broken
//! one could not be copied.

mod flow;
mod grid;

use super::blocks::{Block, Line, Page, Span, Weight};
use super::text::{EMPTY, Mark, code_lines, marked, tidy};
use crate::view::style::{Style, Tone};
use flow::{Piece, lines, width_of};

/// How a page is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Columns of the terminal. Fewer than [`NARROWEST`] count as that many.
    pub width: usize,
    /// With colours or without.
    pub style: Style,
    /// Whether folded parts are shown open.
    pub unfold: bool,
}

/// The narrowest terminal that a page is fitted to.
pub const NARROWEST: usize = 20;

/// The option that opens what is folded, as the fold says.
pub const UNFOLD: &str = "--unfold";

/// Columns between tabs.
const TAB: usize = 4;

/// Draws a page. No line is wider than the screen, but those of `toml` and `text` blocks, which are there to be copied.
pub fn terminal(page: &Page, screen: Screen) -> String {
    let mut out = String::new();
    for line in blocks(&page.blocks, Screen { width: screen.width.max(NARROWEST), ..screen }) {
        out.push_str(line.trim_end_matches(' '));
        out.push('\n');
    }
    out
}

/// Blocks with an empty line between each two; none below the heading of a part or a group.
fn blocks(all: &[Block], screen: Screen) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut headed = true;
    for block in all {
        let drawn = drawn(block, screen);
        if drawn.is_empty() {
            continue;
        }
        if !headed {
            out.push(String::new());
        }
        headed = matches!(block, Block::Heading { level: 2.., .. });
        out.extend(drawn);
    }
    out
}

fn drawn(block: &Block, screen: Screen) -> Vec<String> {
    match block {
        Block::Heading { level, text } => heading(*level, text, screen),
        Block::Paragraph(text) => flowed("", text, Tone::Name, screen),
        Block::Table { head, rows } => grid::table(head, rows, screen),
        Block::List(items) => items
            .iter()
            .map(|item| flowed("- ", item, Tone::Name, screen))
            .flat_map(|lines| if lines.is_empty() { vec!["-".to_owned()] } else { lines })
            .collect(),
        Block::Callout { weight, title, body } => {
            let sign = match weight {
                Weight::Danger => "! ",
                Weight::Note => "> ",
            };
            let mut lines = headline(sign, title, *weight, screen);
            lines.extend(indented(&blocks(body, narrower(screen))));
            lines
        }
        Block::Fold { title, body } => fold(title, body, screen),
        Block::Code { language, text } => code(language, text, screen),
        Block::Footer(text) => lines(&pieces(text, |_| Some(Tone::Faint), true), screen.width, screen.style),
    }
}

/// A line with its tones: `strong` is that of what stands out.
fn flowed(sign: &str, text: &Line, strong: Tone, screen: Screen) -> Vec<String> {
    let tone = |span: &Span| match span {
        Span::Text(_) => None,
        Span::Strong(_) => Some(strong),
        Span::Code(_) => Some(Tone::Moves),
    };
    hung(sign, None, &pieces(text, tone, true), screen)
}

/// Lines behind a sign, and below its end.
fn hung(sign: &str, tone: Option<Tone>, pieces: &[Piece], screen: Screen) -> Vec<String> {
    let indent = width_of(sign);
    let lines = lines(pieces, screen.width.saturating_sub(indent), screen.style);
    let sign = match tone {
        Some(tone) => screen.style.paint(tone, sign),
        None => sign.to_owned(),
    };
    let put = |(index, line): (usize, String)| {
        if index == 0 { format!("{sign}{line}") } else { format!("{}{line}", " ".repeat(indent)) }
    };
    lines.into_iter().enumerate().map(put).collect()
}

fn headline(sign: &str, title: &Line, weight: Weight, screen: Screen) -> Vec<String> {
    let tone = if weight == Weight::Danger { Tone::Bad } else { Tone::Name };
    let all = pieces(title, |span| if matches!(span, Span::Code(_)) { Some(Tone::Moves) } else { Some(tone) }, true);
    hung(sign, Some(tone), &all, screen)
}

fn heading(level: u8, text: &Line, screen: Screen) -> Vec<String> {
    let tone = |_: &Span| Some(Tone::Name);
    let mut lines = hung(if level > 2 { "── " } else { "" }, Some(Tone::Name), &pieces(text, tone, true), screen);
    if level == 2 {
        let plain = self::lines(&pieces(text, |_| None, true), screen.width, Style::PLAIN);
        let longest = plain.iter().map(|line| width_of(line)).max().unwrap_or(0);
        if longest > 0 {
            lines.push(screen.style.paint(Tone::Faint, &"─".repeat(longest)));
        }
    }
    lines
}

fn fold(title: &Line, body: &[Block], screen: Screen) -> Vec<String> {
    let inside = blocks(body, Screen { unfold: true, ..narrower(screen) });
    let mut all = pieces(title, |span| matches!(span, Span::Code(_)).then_some(Tone::Moves), true);
    if screen.unfold {
        let mut lines = hung("▾ ", None, &all, screen);
        lines.extend(indented(&inside));
        return lines;
    }
    let count = match inside.len() {
        1 => "1 line".to_owned(),
        count => format!("{count} lines"),
    };
    all.push(Piece::new(Some(Tone::Faint), format!(" ({count}; {UNFOLD} shows them)")));
    hung("▸ ", None, &all, screen)
}

/// The lines of a block of code. Those of a difference are broken, with their sign again, because they are there to be read.
fn code(language: &str, text: &str, screen: Screen) -> Vec<String> {
    if language != "diff" {
        return indented(&code_lines(text).iter().map(|line| untabbed(line)).collect::<Vec<_>>());
    }
    let screen = narrower(screen);
    let mut out = Vec::new();
    for (mark, line) in marked(text) {
        let (tone, sign) = match mark {
            Mark::New => (Some(Tone::Good), "+ "),
            Mark::Old => (Some(Tone::Bad), "- "),
            Mark::Place => (Some(Tone::Moves), "  "),
            Mark::Name => (Some(Tone::Name), "  "),
            Mark::Same => (None, "  "),
        };
        let parts = flow::cut(&untabbed(&line), screen.width, screen.width.saturating_sub(sign.len()));
        for (index, part) in parts.into_iter().enumerate() {
            let part = if index == 0 { part } else { format!("{sign}{part}") };
            out.push(match tone {
                Some(tone) => screen.style.paint(tone, &part),
                None => part,
            });
        }
    }
    indented(&out)
}

/// The room inside something indented.
fn narrower(screen: Screen) -> Screen {
    Screen { width: screen.width.saturating_sub(2).max(NARROWEST - 2), ..screen }
}

fn indented(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| if line.is_empty() { String::new() } else { format!("  {line}") }).collect()
}

/// A line with spaces for its tabs.
fn untabbed(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for (index, part) in line.split('\t').enumerate() {
        if index > 0 {
            out.push_str(&" ".repeat(TAB - width_of(&out) % TAB));
        }
        out.push_str(part);
    }
    out
}

/// A line as pieces. In sentences, code whose end a reader could not see is put between backticks.
fn pieces(line: &Line, tone: impl Fn(&Span) -> Option<Tone>, sentence: bool) -> Vec<Piece> {
    let spans = tidy(line);
    let alone = spans.len() == 1 && !sentence;
    let piece = |span: &Span| match span {
        Span::Text(text) | Span::Strong(text) => Piece::new(tone(span), text.clone()),
        Span::Code(text) if alone || ends_are_seen(text) => Piece::whole(tone(span), text.clone()),
        Span::Code(text) => Piece::whole(tone(span), format!("`{text}`")),
    };
    spans.iter().map(piece).collect()
}

/// Whether a reader of a sentence sees where a name begins and where it ends.
fn ends_are_seen(text: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || "-_./:@#+=$*%&~{}".contains(c);
    let ends = |c: char| c.is_alphanumeric() || "/*".contains(c);
    text.chars().all(inside) && text.starts_with(ends) && text.ends_with(ends) && text != EMPTY
}
