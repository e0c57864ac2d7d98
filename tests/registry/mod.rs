//! Registries: which tag is chosen, what answers mean, and how we get in.

mod answers;
mod choosing;
pub(crate) mod served;
