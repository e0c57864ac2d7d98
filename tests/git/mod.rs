//! Tests of git: real repositories, made by the `git` program and by the writer.

mod history;
mod mirror;
mod repository;
mod watching;
mod writing;
