//! The planner: catalog, facts, observed stacks and the time go in; a plan and a report come out.
//!
//! ```text
//! promote::desired ─► slot: wanted stacks ─► stacks: against observed ─► drafts ─► assemble ─► Plan + Report
//!                       (render)               orphans: what nothing wants   │
//!                                                       freeze, order, guard, waves: what stops several slots
//! ```
//!
//! The plan has nothing left to choose: the engine carries it out as it is. The report has a row for every slot, so
//! that "nothing happened" always has a typed reason. The `expected` changes of an order need the deployed templates,
//! and only a caller with a cloud can fetch them: [`needs_templates`] lists the stacks, [`with_deployed`] fills the
//! changes in.
//!
//! Deliberately absent: I/O, clocks and random numbers. The same input gives the same bytes. The cost is one pass over
//! facts and observed stacks, and for each slot a few look-ups per stack.

mod allow;
mod assemble;
mod begin;
pub mod doctor;
mod draft;
mod drift;
mod expected;
mod freeze;
pub mod gates;
mod gives_way;
mod guard;
mod hidden;
mod in_flight;
mod judged;
mod kept;
mod live;
mod losses;
mod order;
mod orphans;
mod outputs;
mod removal;
pub mod render;
pub mod review;
mod slot;
mod spot;
mod stacks;
mod stale;
mod turns;
pub mod types;
mod unadopted;
mod unless;
mod unreached;
mod wanted;
mod waves;

use std::collections::BTreeMap;

use crate::model::drift::StackDrift;
use crate::model::facts::StackPut;
use crate::model::place::Access;
use crate::model::{Names, Place, StackName};
use crate::promote::{BrokenIndex, Index, desired};

pub use drift::{is_whole, template_drift, without_secrets};
pub use expected::{Unread, hold_unread, needs_templates, shows_templates, with_deployed};
pub use gives_way::deadlines;
pub use render::Render;
pub use spot::{Spot, spot};
pub use turns::orders;
pub use types::{
    Adoption, Begin, ByItself, DriftRow, Input, MayLose, Opening, Orphan, Plan, Planned, PutRight, Report, Skip,
    SlotDrift, SlotRow, StackChange, StackRow, StaleAllowance, Supersede, Unreached,
};
pub use wanted::{gate_id, plan_id};

use draft::Draft;

/// Works out what to do now, and why everything else is not done.
pub fn plan(input: &Input<'_>, renderer: &mut dyn Render) -> Planned {
    let index = Index::new(input.facts, input.observed, input.catalog.repository.as_ref());
    let broken = BrokenIndex::new(input.catalog);
    let planner = Planner::new(*input, &index, &broken);
    let slots = desired(input.catalog, &index, &broken, input.now);
    let mut skip = Vec::new();
    let mut drafts: Vec<Draft<'_>> =
        slots.into_iter().map(|desired| planner.in_turn(desired, renderer, &mut skip)).collect();
    drafts.extend(planner.gone(&drafts));
    drafts.extend(planner.hidden(&drafts));
    freeze::apply(input, &index, &mut drafts);
    order::apply(input, &index, &mut drafts);
    guard::apply(input, &index, &mut drafts);
    waves::apply(input, &index, &mut drafts);
    drafts.iter_mut().for_each(Draft::heed);
    kept::spare_others(&mut drafts);
    unadopted::apply(input, &mut drafts);
    let mut unreached = unreached::unreached(input.catalog, &drafts);
    unreached.retain(|one| planner.head_differs(one, &drafts, renderer));
    let mut planned = assemble::assemble(input, &index, drafts, unreached);
    planned.plan.skip = skip;
    planned
}

/// What every part of the planner looks at.
struct Planner<'a> {
    input: Input<'a>,
    index: &'a Index<'a>,
    broken: &'a BrokenIndex<'a>,
    targets: wanted::Targets<'a>,
    names: Names,
    places: BTreeMap<Place, Access>,
    /// The outputs that stacks were last deployed with, by the parameter that each fills.
    reads: BTreeMap<(&'a Place, &'a StackName), &'a BTreeMap<String, String>>,
    /// What differs in stacks from what was put there.
    drift: BTreeMap<(&'a Place, &'a StackName), Vec<&'a StackDrift>>,
    /// The contents that stacks have as AWS confirmed them.
    puts: BTreeMap<(&'a Place, &'a StackName), &'a StackPut>,
}

impl<'a> Planner<'a> {
    fn new(input: Input<'a>, index: &'a Index<'a>, broken: &'a BrokenIndex<'a>) -> Self {
        let mut places = input.facts.places.clone();
        places.extend(input.catalog.places());
        let (targets, names) = (wanted::targets(input.catalog), Names::of(input.catalog));
        let reads = input.facts.reads.iter().map(|read| ((&read.place, &read.stack), &read.values)).collect();
        let puts = input.facts.puts.iter().map(|put| ((&put.place, &put.stack), put)).collect();
        let mut drift: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in &input.facts.drift {
            drift.entry((&row.place, &row.stack)).or_default().push(row);
        }
        Self { input, index, broken, targets, names, places, reads, drift, puts }
    }
}
