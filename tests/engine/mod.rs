//! The store, the facts folded from its journal, and the engine.

mod crashes;
mod gates;
mod stores;
mod stories;
mod support;
