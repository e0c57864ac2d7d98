//! The store's file: its schemas, its chain of hashes, where it lives, and what happens to it under a running daemon.

mod chain;
mod home;
mod line;
mod schema;
mod support;
