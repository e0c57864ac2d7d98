//! The JSON API on loopback. Never changes AWS.
