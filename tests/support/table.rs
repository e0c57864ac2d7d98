//! Tables of keys, written as a process has them.

use std::sync::Arc;

use landfall::model::Location;
use landfall::model::process::{Literal, Settler, Text, TextError, Value};
use serde::de::DeserializeOwned;

/// A file in which every value is right.
struct Right;

impl Settler for Right {
    fn at(&self, _: usize) -> Location {
        Location { file: Arc::from("projects/storefront/process.toml"), line: 1, column: 1 }
    }
    fn unreadable(&mut self, text: &Text, error: TextError) {
        panic!("{text}: {error}");
    }
    fn literal(&mut self, text: &Literal) {
        panic!("{text} has a placeholder");
    }
    fn unwanted(&mut self, text: &Text, needs: &'static str, _: bool) {
        panic!("{text}: {needs}");
    }
}

/// A table as the loader reads it.
pub(crate) fn table<T: Value + DeserializeOwned>(toml: &str) -> T {
    let mut table: T = toml::from_str(toml).unwrap();
    table.settle(&mut Right);
    table
}
