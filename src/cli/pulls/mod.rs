//! Pull requests at a forge: where they are, what their review comes to there, and how the daemon keeps them.

mod keeper;
mod merged;
mod pages;
mod place;
mod reviewed;
mod watch;

pub use keeper::Keeper;
pub use pages::{Required, ReviewPages};
pub use place::{At, Named, Place, Queued, of_daemon, open, open_pull_request};
pub use reviewed::{Reviewed, Say, Subject, review};
pub use watch::keep;
