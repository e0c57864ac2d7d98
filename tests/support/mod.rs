//! What several areas of tests use: a branch in memory, virtual time, and golden steps.

pub(crate) mod answering;
pub(crate) mod branch;
pub(crate) mod clock;
pub(crate) mod convert;
pub(crate) mod dice;
pub(crate) mod experiment;
pub(crate) mod frozen;
pub(crate) mod keys;
pub(crate) mod origin;
pub(crate) mod random;
pub(crate) mod steps;
pub(crate) mod table;
