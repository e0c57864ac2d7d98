//! Tests of the daemon, of the JSON API, and of what the commands read and write.

mod commands;
mod config;
mod edit;
mod seeds;
mod web;
