//! What a change will do: one value, made from two commits and what is known, that every surface reads.
//!
//! ```text
//! base ─► past: the world before ─┬─► rehearse(base): what happens anyway ──┐
//!                                 └─► rehearse(head): what happens then ────┴─► compose ─► Review
//! ```
//!
//! A rehearsal runs the planner on a world in which everything that it orders succeeds, until nothing happens any more. So
//! the order of environments, gates, guards, waves, orphans and outputs in a review are those of the daemon: there is one
//! planner. What a rehearsal cannot know is said: without facts, nothing of the past; without AWS, whether an operation
//! succeeds.
//!
//! `view/` prints a [`Review`]. Deliberately absent: I/O, the clock (the time comes in), words for people.

mod accepts;
mod announced;
mod begins;
mod compose;
mod drift;
mod effects;
mod holds;
mod notes;
mod outputs;
mod past;
mod rehearse;
mod releases;
mod tags;
mod taken;
mod types;
mod world;

use std::sync::Arc;

use jiff::Timestamp;

use crate::model::{Catalog, Facts, Observed};

use super::types::Input;
use super::{Render, plan};
use tags::TagsOf;

pub use accepts::{Acceptance, place_of, standing};
pub use announced::{Answers, answers};
pub use begins::begins;
pub use drift::{DriftFate, DriftReview};
pub use effects::Effects;
pub use releases::{BetweenReleases, between_releases};
pub use taken::priorities;
pub use types::{Basis, Fate, How, Note, Refused, Review, Shown, SlotReview, StackReview, Stop, Unique};

/// What a review is made from.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The catalog before.
    pub base: &'a Catalog,
    /// The catalog after.
    pub head: &'a Catalog,
    /// What is known of the past.
    pub facts: Option<&'a Facts>,
    /// With facts: what AWS shows. Without it, what the facts say of stacks is taken to be so.
    pub observed: Option<&'a Observed>,
    /// The time: of the facts, or of the head's commit, so that every reader gets the same answer.
    pub now: Timestamp,
}

/// Works out what a change does.
///
/// The cost is a few plans of the base and of the head: one for each round in which something happens.
pub fn review(change: &Change<'_>, renderer: &mut dyn Render) -> Review {
    let tags = Arc::new(TagsOf::new([change.base, change.head]));
    let before = match change.facts {
        Some(facts) => past::told(change.base, facts, change.observed, change.now, tags, renderer),
        None => past::settled(change.base, change.now, tags, renderer),
    };
    let anyway = rehearse::rehearse(before.clone(), change.base, renderer);
    let then = rehearse::rehearse(before.clone(), change.head, renderer);
    let bare = change.facts.is_none().then(|| {
        let nothing = Facts::default();
        let input = Input { catalog: change.head, facts: &nothing, observed: &Observed::default(), now: change.now };
        plan(&input, renderer).report
    });
    compose::compose(change, &before, &anyway, &then, bare.as_ref())
}
