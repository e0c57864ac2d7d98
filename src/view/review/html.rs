//! A page as one file of HTML that needs nothing else: no script, no font, no image, nothing fetched.
//!
//! Its content security policy lets the browser use the one style sheet in it and nothing more, so even text that came through as
//! an element could not run, load or send anything. The style is light or dark as the reader's system is. Below 40 em, tables
//! of more than three columns become one card for each row.
//!
//! maud escapes what is put into the template; [`super::text`] makes invisible characters visible.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::blocks::{Block, Line, Page, Span, Weight};
use super::text::{Mark, code_lines, columns, is_blank, marked, plain, tidy, title};

/// The style sheet. The policy names its hash, so it stands in the page byte by byte.
const STYLE: &str = include_str!("html/page.css");

/// The title of a page that no heading begins.
const UNTITLED: &str = "Review";

/// A table of more columns than this becomes cards if there is little room.
const NARROW_COLUMNS: usize = 3;

/// Draws a page.
pub fn html(page: &Page) -> String {
    let title = title(page);
    let mut levels = Levels::default();
    let (footers, parts): (Vec<&Block>, Vec<&Block>) =
        page.blocks.iter().partition(|block| matches!(block, Block::Footer(_)));
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (title.as_deref().unwrap_or(UNTITLED)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    @if title.is_none() { h1 { (UNTITLED) } }
                    @for block in parts { (drawn(block, &mut levels)) }
                }
                @for block in footers { (drawn(block, &mut levels)) }
            }
        }
    };
    let mut out = markup.into_string();
    out.push('\n');
    out
}

/// Only the page's own style sheet, by its hash.
fn policy() -> String {
    let hash = ring::digest::digest(&ring::digest::SHA256, STYLE.as_bytes());
    format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        STANDARD.encode(hash.as_ref())
    )
}

/// The levels of headings: none is more than one below the one before it, which readers of screens rely on.
#[derive(Default)]
struct Levels(u8);

impl Levels {
    fn next(&mut self, level: u8) -> u8 {
        self.0 = level.clamp(1, 3).min(self.0.max(1) + 1);
        self.0
    }
}

fn blocks(all: &[Block], levels: &mut Levels) -> Markup {
    html! { @for block in all { (drawn(block, levels)) } }
}

fn drawn(block: &Block, levels: &mut Levels) -> Markup {
    match block {
        Block::Heading { text, .. } | Block::Paragraph(text) | Block::Footer(text) if is_blank(text) => html! {},
        Block::List(items) if items.is_empty() => html! {},
        Block::Heading { level, text } => match levels.next(*level) {
            1 => html! { h1 { (line(text)) } },
            2 => html! { h2 { (line(text)) } },
            _ => html! { h3 { (line(text)) } },
        },
        Block::Paragraph(text) => html! { p { (line(text)) } },
        Block::Table { head, rows } => table(head, rows),
        Block::List(items) => html! { ul { @for item in items { li { (line(item)) } } } },
        Block::Callout { weight: Weight::Danger, title, body } => html! {
            div.callout.danger role="note" {
                p.title { span.sign role="img" aria-label="Danger" { "!" } " " (line(title)) }
                (blocks(body, levels))
            }
        },
        Block::Callout { weight: Weight::Note, title, body } => html! {
            div.callout role="note" { p.title { (line(title)) } (blocks(body, levels)) }
        },
        Block::Fold { title, body } => html! {
            details { summary { (line(title)) } div.body { (blocks(body, levels)) } }
        },
        Block::Code { language, text } => code(language, text),
        Block::Footer(text) => html! { footer { p { (line(text)) } } },
    }
}

fn line(line: &Line) -> Markup {
    html! {
        @for span in tidy(line) {
            @match span {
                Span::Text(text) => (text),
                Span::Strong(text) => strong { (text) },
                Span::Code(text) => code { (text) },
            }
        }
    }
}

/// A table. The first cell of a row names it; a cell of a card says which column it is from.
fn table(head: &[Line], rows: &[Vec<Line>]) -> Markup {
    let count = columns(head, rows);
    let nothing = Line::new();
    let cell = |row: &'_ [Line], column: usize| row.get(column).unwrap_or(&nothing).clone();
    let names: Vec<Line> = (0..count).map(|column| cell(head, column)).collect();
    html! {
        @if count > 0 {
            table class=[(count > NARROW_COLUMNS).then_some("cards")] {
                @if !names.iter().all(is_blank) {
                    thead { tr {
                        @for name in &names {
                            // A head without a name is a cell: it heads nothing.
                            @if is_blank(name) { td {} } @else { th scope="col" { (line(name)) } }
                        }
                    } }
                }
                tbody {
                    @for row in rows {
                        tr {
                            @for (column, name) in names.iter().enumerate() {
                                @let text = cell(row, column);
                                @if column == 0 && !is_blank(&text) {
                                    th scope="row" { (line(&text)) }
                                } @else {
                                    td class=[is_blank(&text).then_some("empty")] data-column=[(!is_blank(name)).then(|| plain(name))] { (line(&text)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A block of code. The lines of a difference have signs besides colours.
fn code(language: &str, text: &str) -> Markup {
    html! {
        pre {
            @if language == "diff" {
                code.diff {
                    @for (mark, line) in marked(text) {
                        @match mark {
                            Mark::New => ins { (line) "\n" },
                            Mark::Old => del { (line) "\n" },
                            Mark::Name | Mark::Place => span.place { (line) "\n" },
                            Mark::Same => span { (line) "\n" },
                        }
                    }
                }
            } @else {
                code { @for line in code_lines(text) { (line) "\n" } }
            }
        }
    }
}
