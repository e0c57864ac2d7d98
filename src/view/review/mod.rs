//! A review for people and programs: one content, in every format.
//!
//! [`content`] makes a [`Page`] from a review. [`terminal()`], [`markdown()`] and [`html()`] draw the page, so that all say the
//! same in the same order. [`comment()`] is Markdown within the limit of a forge, [`outcome()`] what it comes to. [`json()`] is the review itself, with a published schema. Deliberately absent: judgement, which
//! `plan/review/` and `compare/` do, and any byte that depends on the machine.

mod blocks;
mod comment;
pub mod content;
mod html;
pub mod json;
mod markdown;
mod outcome;
mod terminal;
mod text;

pub use blocks::{Block, Line, Page, Span, Weight, code, strong, text};
pub use comment::comment;
pub use html::html;
pub use json::{json, schema};
pub use markdown::markdown;
pub use outcome::{Outcome, Sign, outcome};
pub use terminal::{NARROWEST, Screen, UNFOLD, terminal};
