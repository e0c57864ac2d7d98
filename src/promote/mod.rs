//! Desired releases and gates: one pure function of catalog, facts, what is observed, and the time.
//!
//! [`desired`] says for every slot which release it should carry now, and why not a newer one. `plan/` then works out what
//! that means for stacks. The same answer is given in the daemon, in `landfall plan` and in a pull request.
//!
//! The rules, in their order: a pin; where the lifecycle enters the environment by itself, the highest release that the
//! gates let through, never below what the slot runs while that release's file exists; otherwise what it runs. A release
//! that once ran in a slot may always go back to it, and a later failure never revokes an earlier success, because facts
//! are only ever added.
//!
//! Deliberately absent: stacks, templates, attempts (they belong to a content, which only the planner knows), I/O, clocks.

mod broken;
mod desired;
mod frozen;
mod gates;
mod index;
mod settle;

pub use broken::{BrokenIndex, because_of};
pub use desired::{Desired, Want, deploy_file, desired};
pub use frozen::{Frozen, frozen, thaws};
pub use gates::Gates;
pub use index::{Index, Ours};
pub use settle::{Settled, settled};
