//! Two documents in words: what happens to each resource, what is secret, what differs.

mod differences;
mod ecs;
mod exposure;
mod names;
mod resources;
mod rights;
mod risks;
mod secrets;
