//! Desired releases and gates: one pure function of catalog, facts, what is observed, and the time.
//!
//! [`desired`] decides for every slot which release it should carry now, and why not a newer one. `plan/` then works out
//! what that means for stacks. The daemon, `landfall plan` and a pull request get the same answer.
//!
//! The rules, in order:
//!
//! 1. A pin.
//! 2. If the lifecycle of a followed channel enters the environment automatically: the highest release that the gates let
//!    through, never below a release that ran in the slot and whose file exists.
//! 3. The release that the slot runs.
//!
//! [`Gates`] follow the lifecycle of the release's own channel, judged for the slot's tenant. A slot may always go back, by
//! a pin, to a release that it ran once. A later failure never revokes an earlier success, because facts are only added.
//! The passing of time can open these gates but never close them. [`frozen`] says what time closes; the planner asks it
//! about every deployment that would begin.
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
