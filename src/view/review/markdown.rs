//! A page as GitHub-flavoured Markdown.
//!
//! Names, values and messages come from whoever opened the pull request. So each text is escaped until a parser of CommonMark
//! finds in it exactly that text ([`escape`]): no heading, link, image, table or HTML element, no mention, nothing
//! referred to or closed. The structure that a reader sees is the page's alone. `tests/formats/markdown.rs` holds that against a parser
//! that is not ours.
//!
//! Headings begin at the third level, because the page stands inside the one of a forge.

mod escape;

use super::blocks::{Block, Line, Page, Span, Weight};
use super::text::{code_lines, columns, tidy};
use escape::Where;

/// How many levels a heading is below the page's.
const BELOW: u8 = 2;

/// Draws a page.
pub fn markdown(page: &Page) -> String {
    let mut out = blocks(&page.blocks);
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// Blocks with an empty line between each two.
fn blocks(all: &[Block]) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut before = None;
    for block in all {
        // Two lists that follow each other would be one, were it not for their bullets.
        let bullet = if before == Some('-') { '*' } else { '-' };
        let part = drawn(block, bullet);
        if !part.is_empty() {
            before = matches!(block, Block::List(_)).then_some(bullet);
            parts.push(part);
        }
    }
    parts.join("\n\n")
}

fn drawn(block: &Block, bullet: char) -> String {
    match block {
        Block::Heading { level, text } => {
            let text = line(text, Where::Block);
            let sign = "#".repeat(usize::from((*level).clamp(1, 3) + BELOW));
            if text.is_empty() { text } else { format!("{sign} {text}") }
        }
        Block::Paragraph(text) => line(text, Where::Block),
        Block::Table { head, rows } => table(head, rows),
        Block::List(items) => {
            let items = items
                .iter()
                .map(|item| format!("{bullet} {}", line(item, Where::Block)).trim_end_matches(' ').to_owned());
            items.collect::<Vec<_>>().join("\n")
        }
        Block::Callout { weight, title, body } => callout(*weight, title, body),
        Block::Fold { title, body } => {
            let parts = [format!("<details>\n<summary>{}</summary>", line(title, Where::Html)), blocks(body)];
            let parts = parts.into_iter().chain(["</details>".to_owned()]).filter(|part| !part.is_empty());
            parts.collect::<Vec<_>>().join("\n\n")
        }
        Block::Code { language, text } => fence(language, text),
        Block::Footer(text) => {
            let text = line(text, Where::Inside);
            if text.is_empty() { text } else { format!("<sub>{text}</sub>") }
        }
    }
}

/// A line as inline Markdown, without spaces at its ends.
fn line(line: &Line, place: Where) -> String {
    let spans = tidy(line);
    let mut out = String::new();
    for (index, span) in spans.iter().enumerate() {
        let next = spans.get(index + 1);
        let trimmed = |text: &str| {
            let text = if out.is_empty() { text.trim_start_matches(' ') } else { text };
            let text = if next.is_none() { text.trim_end_matches(' ') } else { text };
            text.to_owned()
        };
        match span {
            Span::Text(text) => {
                let start = if out.is_empty() { place } else { place.inside() };
                out.push_str(&escape::text(&trimmed(text), start));
            }
            Span::Strong(text) => {
                let text = trimmed(text);
                let inner = text.trim_start_matches(' ');
                out.push_str(text.strip_suffix(inner).unwrap_or_default());
                let (inner, tail) = inner.split_at(inner.trim_end_matches(' ').len());
                let before = out.is_empty() || out.ends_with(' ');
                let after = !tail.is_empty()
                    || next.is_none_or(|next| matches!(next, Span::Text(text) if text.starts_with(' ')));
                out.push_str(&escape::strong(inner, place, [before, after]));
                out.push_str(tail);
            }
            Span::Code(text) => {
                if index > 0 && matches!(spans.get(index - 1), Some(Span::Code(_))) {
                    // Their backticks would be one run.
                    out.push_str(escape::NOTHING);
                }
                out.push_str(&escape::code(text, place));
            }
        }
    }
    out
}

fn table(head: &[Line], rows: &[Vec<Line>]) -> String {
    let columns = columns(head, rows);
    if columns == 0 {
        return String::new();
    }
    let row = |cells: &[Line]| {
        let nothing = Line::new();
        let cells = (0..columns).map(|column| line(cells.get(column).unwrap_or(&nothing), Where::Cell));
        let cells = cells.map(|cell| if cell.is_empty() { " |".to_owned() } else { format!(" {cell} |") });
        format!("|{}", cells.collect::<String>())
    };
    let mut lines = vec![row(head), format!("|{}", " --- |".repeat(columns))];
    lines.extend(rows.iter().map(|cells| row(cells)));
    lines.join("\n")
}

fn callout(weight: Weight, title: &Line, body: &[Block]) -> String {
    // The title stands out as a whole; what is code in it stays code.
    let strong = |span: Span| match span {
        Span::Text(text) | Span::Strong(text) => Span::Strong(text),
        Span::Code(text) => Span::Code(text),
    };
    let sign = match weight {
        Weight::Danger => Some(Span::Strong("⚠ ".to_owned())),
        Weight::Note => None,
    };
    let title: Line = sign.into_iter().chain(tidy(title).into_iter().map(strong)).collect();
    let parts = [line(&title, Where::Block), blocks(body)];
    let inside = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n");
    let quoted = inside.lines().map(|line| if line.is_empty() { ">".to_owned() } else { format!("> {line}") });
    quoted.collect::<Vec<_>>().join("\n")
}

/// A block of code, between fences longer than any run of backticks in it.
fn fence(language: &str, text: &str) -> String {
    let lines = code_lines(text);
    let longest = lines.iter().map(|line| escape::longest_run(line)).max().unwrap_or(0);
    if longest > escape::MOST_BACKTICKS {
        let lines = lines.iter().map(|line| escape::preformatted(line) + "\n");
        return format!("<pre><code class=\"language-{language}\">{}</code></pre>", lines.collect::<String>());
    }
    let fence = "`".repeat((longest + 1).max(3));
    let mut parts = vec![format!("{fence}{language}")];
    parts.extend(lines);
    parts.push(fence);
    parts.join("\n")
}
