//! The store, the facts folded from its journal, and the engine.

mod buckets;
mod crashes;
mod folding;
mod found_tasks;
mod gates;
mod incarnations;
mod order;
mod outputs;
mod pauses;
mod proof;
mod stores;
mod stories;
mod support;
mod takeover;
mod tasks;
mod traffic;
mod waiting;
mod waves;
mod whose;
