//! Tests of the daemon, of the JSON API, and of what the commands read and write.

pub(crate) mod commands;
mod config;
mod crash;
mod hooks;
mod hostile;
mod idle;
mod outages;
mod seeds;
mod web;
