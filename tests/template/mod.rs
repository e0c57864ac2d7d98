//! Documents, variables, rendering, expected changes and differences.

mod golden;
mod world;
