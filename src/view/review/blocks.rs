//! What a review says, free of any format: blocks of text that terminal, Markdown and HTML each draw in their own way.
//!
//! [`super::content`] makes them from a review. Escaping, width, colour and folding belong to the formats. Whatever comes
//! from a repository, a template or AWS is in here as it is, and every format has to treat it as text.

/// A run of text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Span {
    Text(String),
    /// Text that a reader must not miss.
    Strong(String),
    /// A name, a value, a path or a line to copy, exactly as it is.
    Code(String),
}

/// A line of text.
pub type Line = Vec<Span>;

/// How much a callout matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Worth knowing.
    Note,
    /// Something is lost, interrupted or opened: read before you merge.
    Danger,
}

/// A part of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// The first sentence of the page, or the head of a part of it.
    Heading {
        /// 1 for the page, 2 for a part, 3 for a group of stacks.
        level: u8,
        text: Line,
    },
    /// Sentences.
    Paragraph(Line),
    /// A table. Every row has as many cells as the head; a cell may be empty.
    Table {
        /// The columns.
        head: Vec<Line>,
        rows: Vec<Vec<Line>>,
    },
    /// A list without an order.
    List(Vec<Line>),
    /// Something set apart.
    Callout {
        /// How much it matters.
        weight: Weight,
        /// The first line.
        title: Line,
        /// What follows.
        body: Vec<Block>,
    },
    /// Something long, closed until a reader opens it.
    Fold {
        /// What is in it.
        title: Line,
        /// It.
        body: Vec<Block>,
    },
    /// A unified difference, or lines to copy. Newlines divide its lines.
    Code {
        /// `diff`, `toml`, `text`.
        language: &'static str,
        text: String,
    },
    /// The last line: what the page was made from.
    Footer(Line),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Its parts, in their order.
    pub blocks: Vec<Block>,
}

impl Page {
    /// Adds parts below the first sentence.
    pub fn insert(&mut self, parts: Vec<Block>) {
        let below = self.blocks.len().min(1);
        self.blocks.splice(below..below, parts);
    }
}

/// Text as a span.
pub fn text(text: impl Into<String>) -> Span {
    Span::Text(text.into())
}

/// Text that must not be missed.
pub fn strong(text: impl Into<String>) -> Span {
    Span::Strong(text.into())
}

/// Exactly this.
pub fn code(text: impl Into<String>) -> Span {
    Span::Code(text.into())
}
