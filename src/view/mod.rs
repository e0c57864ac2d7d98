//! Any report as terminal text or JSON. Presentation only: nothing is decided here, and nothing is printed.
//!
//! One file per report: [`plan`] (what would be done and why not), [`status`] (what is where), [`history`] (what
//! happened), [`merged`] (what became of a change), [`runs`] (what ran where, from facts), [`health`] (what does not answer). [`reasons`] has the words for
//! every reason to hold a slot, [`time`] the words for durations; [`wrap`] breaks lines for a terminal.

pub mod alike;
pub mod doctor;
mod drift;
pub mod health;
pub mod history;
pub mod merged;
mod moving;
pub mod plan;
pub mod problems;
pub mod reasons;
pub mod remedy;
pub mod review;
pub mod runs;
pub mod status;
pub mod style;
pub mod table;
pub mod time;
pub mod wrap;

pub use reasons::hold;
pub use style::Style;
