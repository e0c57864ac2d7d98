//! Pull requests at a forge: where they are, and what their review comes to there.

mod place;
mod reviewed;

pub use place::{At, Named, Place, Queued, open};
pub use reviewed::{Reviewed, Say, Subject, review};
