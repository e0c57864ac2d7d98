//! Registries: which tag is chosen, what answers mean, and how we get in.

mod answers;
mod choosing;
mod served;
