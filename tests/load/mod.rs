//! Tests of reading repositories.

mod example;
mod support;
