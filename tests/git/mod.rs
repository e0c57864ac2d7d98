//! Tests of git: real repositories, made by the `git` program and by the writer, and real servers.

mod facts;
mod hanging;
mod history;
mod https;
mod leftovers;
mod merging;
mod mirror;
pub(crate) mod repository;
pub(crate) mod servers;
mod slow;
mod ssh;
mod stretches;
mod watching;
mod writing;
