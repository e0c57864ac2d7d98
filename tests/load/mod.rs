//! Tests of reading repositories.

mod broken;
mod example;
mod history;
mod hostile;
mod landings;
mod support;
