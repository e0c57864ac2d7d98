//! Desired releases and gates: one pure function of catalog, facts, what is observed, and the time.
//!
//! [`desired`] says for every slot which release it should carry now, and why not a newer one. `plan/` then works out what
//! that means for stacks. The same answer is given in the daemon, in `landfall plan` and in a pull request.
//!
//! The rules, in their order: a pin; where the lifecycle of a followed channel enters the environment by itself, the
//! highest release that the gates let through; otherwise what it runs. [`Gates`] are those of the lifecycle of the
//! release's own channel, judged for the slot's tenant. What comes by itself never goes below a release that ever ran in
//! the slot and whose file exists. A release that once ran in a slot may always go back to it, by a pin, and a later
//! failure never revokes an earlier success, because facts are only ever added. Time alone only opens gates here;
//! [`frozen`] says what closes with time, and the planner asks it for whatever would begin.
//!
//! Deliberately absent: stacks, templates, attempts (they belong to a content, which only the planner knows), waves (they
//! look at all slots of an environment together), I/O, clocks.

mod broken;
mod chooser;
mod desired;
mod frozen;
mod gates;
mod index;
mod lines;
mod settle;
mod slots;

pub use broken::{BrokenIndex, because_of};
pub use desired::{Desired, Want, deploy_file, desired};
pub use frozen::{Frozen, frozen, thaws};
pub use gates::{Gates, position};
pub use index::{Index, Longest, Ours};
pub use settle::{Settled, past, settled, unreadable};
pub use slots::{Seat, judging, slots};
