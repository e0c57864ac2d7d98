//! Documents, variables, rendering, expected changes and differences.

mod announced;
mod comparison;
mod documents;
mod example;
mod golden;
mod problems;
mod rendering;
mod variables;
mod world;
