//! A review for people and programs: one content, in every format.
//!
//! [`content`] makes a [`Page`] from a review; the formats draw it, so that they all say the same in the same order.
//! Deliberately absent: judgement (that is in `plan/review/` and `compare/`), and any byte that depends on the machine.

mod blocks;
pub mod content;

pub use blocks::{Block, Line, Page, Span, Weight, code, strong, text};
