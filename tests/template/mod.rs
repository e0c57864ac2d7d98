//! Documents, variables, rendering, expected changes and differences.

mod comparison;
mod documents;
mod golden;
mod rendering;
mod variables;
mod world;
