//! What happens to each resource between two documents.

mod resources;
