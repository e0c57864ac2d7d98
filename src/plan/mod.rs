//! The planner: catalog, facts, observed stacks and the time go in; a plan and a report come out.
//!
//! ```text
//! promote::desired ─► slot: wanted stacks ─► stacks: against observed ─► guard ─► Plan + Report
//!                       (render)               orphans: what nothing wants
//! ```
//!
//! The plan has nothing left to choose: the engine carries it out as it is. The report has a row for every slot, so that
//! "nothing happened" always has a typed reason. An order's `expected` changes need the deployed templates, which only
//! somebody with a cloud can fetch: [`needs_templates`] says which, [`with_deployed`] fills them in.
//!
//! Deliberately absent: I/O, clocks and random numbers. The same input gives the same bytes. The cost is one pass over
//! facts and observed stacks, and for each slot a few look-ups per stack.

mod allow;
mod draft;
mod expected;
mod guard;
mod in_flight;
mod orphans;
mod removal;
pub mod render;
mod slot;
mod stacks;
pub mod types;
mod wanted;

use crate::promote::{BrokenIndex, Index, desired};

pub use expected::{needs_templates, with_deployed};
pub use render::Render;
pub use types::{
    Begin, Input, Opening, Orphan, Plan, Planned, Report, SlotRow, StackChange, StackRow, StaleAllowance, Supersede,
    Unreached,
};

use draft::Draft;

/// Works out what to do now, and why everything else is not done.
pub fn plan(input: &Input<'_>, renderer: &mut dyn Render) -> Planned {
    let index = Index::new(input.facts, input.observed, input.catalog.repository.as_ref());
    let broken = BrokenIndex::new(input.catalog);
    let planner = Planner::new(*input, &index, &broken);
    let slots = desired(input.catalog, &index, &broken, input.now);
    let mut drafts: Vec<Draft<'_>> = slots.into_iter().map(|desired| planner.slot(desired, renderer)).collect();
    drafts.extend(planner.gone(&drafts));
    guard::apply(input, &index, &mut drafts);
    assemble(input, drafts)
}

/// Sorts the drafts of all slots into one plan and one report.
fn assemble(input: &Input<'_>, drafts: Vec<Draft<'_>>) -> Planned {
    let commit = input.catalog.commit.clone();
    let mut plan = Plan { commit: commit.clone(), ..Plan::default() };
    let mut report = Report { commit, at: Some(input.now), ..Report::default() };
    for draft in drafts {
        plan.begin.extend(draft.begin);
        plan.supersede.extend(draft.supersede);
        plan.open.extend(draft.open);
        report.slots.extend(draft.row);
        report.orphans.extend(draft.orphans);
    }
    // Rows of slots that a broken file hides come last; they belong beside the other rows of their project.
    report.slots.sort_by(|a, b| a.project.cmp(&b.project));
    plan.begin.sort_by(|a, b| a.slot.cmp(&b.slot));
    report.orphans.sort_by(|a, b| (&a.place, &a.stack).cmp(&(&b.place, &b.stack)));
    Planned { plan, report }
}

/// What every part of the planner looks at.
struct Planner<'a> {
    input: Input<'a>,
    index: &'a Index<'a>,
    broken: &'a BrokenIndex<'a>,
    targets: wanted::Targets<'a>,
    names: crate::model::Names,
    places: std::collections::BTreeMap<crate::model::Place, crate::model::place::Access>,
}

impl<'a> Planner<'a> {
    fn new(input: Input<'a>, index: &'a Index<'a>, broken: &'a BrokenIndex<'a>) -> Self {
        let mut places = input.facts.places.clone();
        places.extend(input.catalog.places());
        let names = crate::model::Names::of(input.catalog);
        Self { input, index, broken, targets: wanted::targets(input.catalog), names, places }
    }
}
