//! Desired releases and gates: the rules as tables that a newcomer can read, and the laws as properties.

mod laws;
mod oracle;
mod random;
mod rules;
mod sketch;
mod world;

use std::sync::Arc;

use landfall::model::Location;

/// A place in a file.
pub(crate) fn at(file: &str, line: u32) -> Location {
    Location { file: Arc::from(file), line, column: 1 }
}
