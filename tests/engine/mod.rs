//! The store, the facts folded from its journal, and the engine.

mod stores;
