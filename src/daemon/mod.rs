//! Wakes, turns, watches.
