//! The formats of a review: whatever names, values and messages say, each shows them and nothing else.

mod dom;
mod html;
pub(crate) mod json;
mod markdown;
mod pages;
mod samples;
pub(crate) mod screens;
mod terminal;
mod tree;

use landfall::compare::visible;
use landfall::plan::review::Review;
use landfall::view::review::content::{self, About};
use landfall::view::review::{Block, Line, Page, Span};

/// Text that is read as something else where it is not escaped.
pub(crate) fn texts() -> impl Iterator<Item = &'static str> {
    pages::texts()
}

/// A review in every format.
pub(crate) fn draw(name: &str, review: &Review) {
    let about = About { base: "main".to_owned(), head: name.to_owned(), ..About::default() };
    let made = pages::Made { from: name.to_owned(), page: content::page(review, &about) };
    markdown::check(&made);
    html::check(&made);
    terminal::check(&made);
}

/// Everything that a page says, made visible.
fn said_by(page: &Page) -> String {
    let mut out = String::new();
    said(&page.blocks, &mut out);
    out
}

fn said(blocks: &[Block], out: &mut String) {
    let line = |line: &Line, out: &mut String| {
        for span in line {
            let (Span::Text(text) | Span::Strong(text) | Span::Code(text)) = span;
            out.push_str(&visible(text));
            out.push('\n');
        }
    };
    for block in blocks {
        match block {
            Block::Heading { text, .. } | Block::Paragraph(text) | Block::Footer(text) => line(text, out),
            Block::Table { head, rows } => head.iter().chain(rows.iter().flatten()).for_each(|cell| line(cell, out)),
            Block::List(items) => items.iter().for_each(|item| line(item, out)),
            Block::Callout { title, body, .. } | Block::Fold { title, body } => {
                line(title, out);
                said(body, out);
            }
            Block::Code { text, .. } => {
                for line in text.split('\n') {
                    out.extend(line.split('\t').map(visible));
                    out.push('\n');
                }
            }
        }
    }
}

/// What the size of a drawing is measured by: the text of a page, and a little for each of its parts.
fn size_of(page: &Page) -> usize {
    let mut parts = 0;
    count(&page.blocks, &mut parts);
    said_by(page).len() + 12 * parts
}

fn count(blocks: &[Block], parts: &mut usize) {
    for block in blocks {
        *parts += 1;
        match block {
            Block::Table { head, rows } => *parts += (rows.len() + 1) * (head.len() + 1),
            Block::List(items) => *parts += items.len(),
            Block::Callout { body, .. } | Block::Fold { body, .. } => count(body, parts),
            Block::Code { text, .. } => *parts += text.split('\n').count(),
            Block::Heading { .. } | Block::Paragraph(_) | Block::Footer(_) => {}
        }
    }
}
