//! A review for people and programs: one content, in every format.
//!
//! [`content`] makes a [`Page`] from a review. [`terminal()`], [`markdown()`] and [`html()`] draw the page, so that all say the
//! same in the same order. [`json()`] is the review itself, with a published schema. Deliberately absent: judgement, which
//! `plan/review/` and `compare/` do, and any byte that depends on the machine.

mod blocks;
pub mod content;
mod html;
pub mod json;
mod markdown;
mod terminal;
mod text;

pub use blocks::{Block, Line, Page, Span, Weight, code, strong, text};
pub use html::html;
pub use json::{json, schema};
pub use markdown::markdown;
pub use terminal::{NARROWEST, Screen, UNFOLD, terminal};
