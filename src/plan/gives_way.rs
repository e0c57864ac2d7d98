//! A deployment in flight and the newer order that waits for it: whether it gives way, when at the earliest, and what is said.
//!
//! The planner knows what the commit says (the release was blocked or withdrawn) and what the journal saw (what fails, when
//! something last moved). The engine decides the moment, at a safe point of each stack. Deliberately absent: AWS.

use jiff::Timestamp;

use crate::model::catalog::Queue;
use crate::model::decision::{Cause, Yields};
use crate::model::facts::InFlight;
use crate::model::journal::{self, Action, Content};
use crate::model::{Hold, ReleaseName};
use crate::promote::Desired;
use crate::template;

use super::Planner;
use super::removal::nothing;
use super::types::Supersede;

/// After so many deployments in a row that gave way without a success, each further one is given time first.
const IN_A_ROW: u32 = 2;

impl<'a> Planner<'a> {
    /// What the engine learns about a deployment whose place a newer order takes.
    pub(super) fn supersede(&self, desired: &Desired<'a>, going_on: &InFlight, by: Option<ReleaseName>) -> Supersede {
        let takeover = desired.project.takeover;
        let brake = by.is_some() && self.input.facts.gave_way(&going_on.slot) >= IN_A_ROW;
        let not_before = brake.then(|| going_on.since.checked_add(takeover).unwrap_or(Timestamp::MAX));
        let revoked = self.revoked(desired, going_on);
        Supersede { deployment: going_on.deployment, by, takeover, revoked, not_before }
    }

    /// Why the commit does not want the release of a deployment in flight anywhere new: it is blocked, or its file is gone.
    pub(super) fn revoked(&self, desired: &Desired<'a>, going_on: &InFlight) -> Option<journal::Cause> {
        let name = &going_on.release;
        if going_on.content == nothing(&going_on.slot) {
            return None;
        }
        let (code, sentence) = match desired.project.releases.get(name) {
            Some(release) => (journal::Cause::BLOCKED, format!("{name} was blocked: {}", release.blocked.as_ref()?)),
            None if self.broken.of_release(desired.project, name).is_some() => return None,
            None => (journal::Cause::WITHDRAWN, format!("{name} was withdrawn: its file is gone")),
        };
        Some(journal::Cause { code: code.into(), sentence, stack: None, gate: None, foreseen: Vec::new() })
    }

    /// The reason of an order that waits for a deployment in flight, with the earliest time at which it takes its place.
    pub(super) fn queued(&self, desired: &Desired<'a>, going_on: &InFlight, supersede: Option<&Supersede>) -> Hold {
        let yields = match (&going_on.taken_over, supersede) {
            (Some(taken_over), _) => Yields::Cancelled(taken_over.cause.sentence.clone()),
            (None, None) => self.at_its_end(desired, going_on),
            (None, Some(supersede)) => yields(going_on, supersede, self.input.now),
        };
        let until = match &yields {
            Yields::Fails { from, .. } => *from,
            Yields::Unless(until) => Some(*until),
            Yields::AtItsEnd { .. } | Yields::Cancelled(_) => None,
        };
        let cause = Cause::Queued {
            deployment: going_on.deployment,
            release: going_on.release.clone(),
            tasks: going_on.tasks(),
            yields,
        };
        Hold { cause, since: Some(going_on.since), until: until.filter(|until| *until > self.input.now) }
    }
}

impl Planner<'_> {
    /// It is finished first, and with `queue = "all"` what was ordered between comes before.
    fn at_its_end(&self, desired: &Desired<'_>, going_on: &InFlight) -> Yields {
        let all = desired.environment.queue == Queue::All;
        let mut orders: Vec<&ReleaseName> =
            self.input.facts.orders(&going_on.slot).map(|order| &order.release).collect();
        orders.pop();
        let between = orders.into_iter().filter(|release| **release != going_on.release);
        Yields::AtItsEnd { all, then: between.filter(|_| all).cloned().collect() }
    }
}

fn yields(going_on: &InFlight, supersede: &Supersede, now: Timestamp) -> Yields {
    let fails = supersede.revoked.as_ref().or(going_on.failing.as_ref().map(|failing| &failing.cause));
    let from = supersede.not_before.filter(|from| *from > now);
    if let Some(cause) = fails {
        return Yields::Fails { why: cause.sentence.clone(), from };
    }
    let idle = going_on.progressed().checked_add(supersede.takeover).unwrap_or(Timestamp::MAX);
    Yields::Unless(from.map_or(idle, |from| from.max(idle)))
}

/// How long the operation on a stack may take, in seconds, if this is the project's deadline: its bake time comes on top.
fn deadline(content: &Content, deadline: jiff::SignedDuration) -> i64 {
    deadline.as_secs().saturating_add(template::baking_of(&content.template))
}

/// The same for every stack that a deployment puts in place.
pub fn deadlines<'o>(
    orders: impl Iterator<Item = &'o journal::Order>,
    wanted: jiff::SignedDuration,
) -> std::collections::BTreeMap<crate::model::StackName, i64> {
    let of = |order: &journal::Order| match &order.action {
        Action::Put(content) => Some((order.stack.clone(), deadline(content, wanted))),
        Action::Delete { .. } => None,
    };
    orders.filter_map(of).collect()
}
