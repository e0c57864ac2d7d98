//! What a reader of a page has to find: the page as a tree that both a format's text and the page itself can be turned into.

use landfall::compare::visible;
use landfall::view::review::{Block, Line, Page, Span, Weight};

/// What a piece of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Strong,
    Code,
    /// Any number of spaces outside of code.
    Space,
}

/// A line in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words(pub(super) Vec<(Kind, String)>);

impl Words {
    pub(super) fn text(&mut self, kind: Kind, text: &str) {
        for character in text.chars() {
            match (self.0.last_mut(), character) {
                (None | Some((Kind::Space, _)), ' ') => {}
                (_, ' ') => self.0.push((Kind::Space, " ".to_owned())),
                (Some((last, word)), _) if *last == kind => word.push(character),
                _ => self.0.push((kind, character.to_string())),
            }
        }
    }

    pub(super) fn code(&mut self, text: &str) {
        self.0.push((Kind::Code, text.to_owned()));
    }

    /// Without a space at the end.
    pub(super) fn end(mut self) -> Self {
        while self.0.last().is_some_and(|(kind, _)| *kind == Kind::Space) {
            self.0.pop();
        }
        self
    }
}

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Heading(u8, Words),
    Paragraph(Words),
    /// The head, then the rows.
    Table(Vec<Vec<Words>>),
    List(Vec<Words>),
    /// A callout.
    Quote(Vec<Node>),
    /// The title of a fold; what is in it follows.
    Fold(Words),
    FoldEnds,
    Code(String, String),
    Footer(Words),
}

/// Where formats differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Markdown,
    Html,
}

pub(super) fn words(line: &Line) -> Words {
    let mut out = Words::default();
    for span in line {
        match span {
            Span::Text(text) => out.text(Kind::Text, &visible(text)),
            Span::Strong(text) => out.text(Kind::Strong, &visible(text)),
            Span::Code(text) if text.is_empty() => out.text(Kind::Text, "(empty)"),
            Span::Code(text) => out.code(&visible(text)),
        }
    }
    out.end()
}

/// What is to be found in a page.
pub(super) fn wanted(page: &Page, dialect: Dialect) -> Vec<Node> {
    let mut out = Vec::new();
    blocks(&page.blocks, dialect, &mut out);
    out
}

fn blocks(all: &[Block], dialect: Dialect, out: &mut Vec<Node>) {
    for block in all {
        match block {
            Block::Heading { text, .. } | Block::Paragraph(text) | Block::Footer(text) if words(text).0.is_empty() => {}
            Block::Heading { level, text } => out.push(Node::Heading(*level, words(text))),
            Block::Paragraph(text) => out.push(Node::Paragraph(words(text))),
            Block::Footer(text) => out.push(Node::Footer(words(text))),
            Block::Table { head, rows } => {
                let rows: Vec<Vec<Words>> =
                    std::iter::once(head).chain(rows).map(|row| row.iter().map(words).collect()).collect();
                if !head.is_empty() {
                    out.push(Node::Table(rows));
                }
            }
            Block::List(items) if items.is_empty() => {}
            Block::List(items) => out.push(Node::List(items.iter().map(words).collect())),
            Block::Callout { weight, title, body } => {
                let mut inner = Vec::new();
                let title = headline(*weight, title, dialect);
                if !title.0.is_empty() {
                    inner.push(Node::Paragraph(title));
                }
                blocks(body, dialect, &mut inner);
                if !inner.is_empty() {
                    out.push(Node::Quote(inner));
                }
            }
            Block::Fold { title, body } => {
                out.push(Node::Fold(words(title)));
                blocks(body, dialect, out);
                out.push(Node::FoldEnds);
            }
            Block::Code { language, text } => {
                let lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
                let lines = lines.map(|line| line.split('\t').map(visible).collect::<Vec<_>>().join("\t") + "\n");
                out.push(Node::Code((*language).to_owned(), lines.collect()));
            }
        }
    }
}

/// In Markdown the whole title of a callout stands out; in HTML its style says so.
fn headline(weight: Weight, title: &Line, dialect: Dialect) -> Words {
    if dialect == Dialect::Html {
        return words(title);
    }
    let mut out = Words::default();
    if weight == Weight::Danger {
        out.text(Kind::Strong, "⚠ ");
    }
    for (kind, text) in words(title).0 {
        match kind {
            Kind::Code => out.code(&text),
            Kind::Text | Kind::Strong | Kind::Space => out.text(Kind::Strong, &text),
        }
    }
    out.end()
}

/// Fails with the first part in which what is found is not what is wanted.
pub(super) fn same(found: &[Node], wanted: &[Node], from: &str) {
    for index in 0..found.len().max(wanted.len()) {
        match (found.get(index), wanted.get(index)) {
            (Some(Node::Quote(found)), Some(Node::Quote(wanted))) => same(found, wanted, from),
            (found, wanted) => {
                assert!(found == wanted, "{from}, part {index}:\nfound  {found:?}\nwanted {wanted:?}");
            }
        }
    }
}
