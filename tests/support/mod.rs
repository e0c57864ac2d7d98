//! What several areas of tests use: a branch in memory, and virtual time.

pub(crate) mod branch;
pub(crate) mod clock;
