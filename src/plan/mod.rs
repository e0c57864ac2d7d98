//! The planner: catalog, facts, observed stacks and the time go in; a plan and a report come out.
//!
//! Deliberately absent: I/O, clocks and random numbers. The same input gives the same bytes.

pub mod types;

pub use types::{Begin, Input, Opening, Orphan, Plan, Planned, Report, SlotRow, StackChange, StackRow, Supersede};
