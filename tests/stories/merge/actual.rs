//! What the daemon did to each stack, as its journal and the account tell.

use std::collections::{BTreeMap, BTreeSet};

use landfall::model::journal::{Action, DeploymentId, Effect, Entry, Evidence, Order, Outcome};

use super::super::teller::Teller;
use super::predicted::Said;

/// What happened to a stack.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Happened {
    /// `created`, `changed`, `deleted`, `left behind`, `failed`.
    pub(super) fate: &'static str,
    /// What AWS announced and was carried out.
    pub(super) replaced: BTreeSet<String>,
    pub(super) removed: BTreeSet<String>,
    /// The gates at which it waits in the end.
    pub(super) stops: BTreeSet<String>,
}

/// Stack by stack, from a record on; `before` are the stacks that were there, `earlier` those that were left behind already.
pub(super) fn happened(
    teller: &Teller,
    from: usize,
    before: &BTreeSet<String>,
    earlier: &BTreeSet<String>,
) -> BTreeMap<String, Happened> {
    let mut orders: BTreeMap<(DeploymentId, String), Order> = BTreeMap::new();
    let mut all: BTreeMap<String, Happened> = BTreeMap::new();
    let records = teller.records();
    for record in &records {
        if let Entry::Opened(opened) = &record.entry {
            for order in &opened.orders {
                orders.insert((opened.deployment, order.stack.to_string()), order.clone());
            }
        }
    }
    let after = teller.stacks();
    for record in &records[from..] {
        let (deployment, stack) = match &record.entry {
            Entry::Evidence { deployment, stack, .. }
            | Entry::Stopped { deployment, stack, .. }
            | Entry::GateOpened { deployment, stack, .. }
            | Entry::StackEnded { deployment, stack, .. } => (*deployment, stack),
            _ => continue,
        };
        let order = &orders[&(deployment, stack.to_string())];
        let key = format!("{stack} in {}", order.place);
        let there = before.contains(&key);
        match &record.entry {
            Entry::Evidence { item: Evidence::Announced { changes }, .. } => {
                let one = all.entry(key).or_default();
                one.fate = if there { "changed" } else { "created" };
                let of = |effect: Effect| {
                    let found = changes.iter().filter(move |change| change.effect == effect);
                    found.map(|change| change.resource.to_string())
                };
                one.replaced.extend(of(Effect::Replace).chain(of(Effect::MayReplace)));
                one.removed.extend(of(Effect::Remove));
            }
            Entry::Evidence { item: Evidence::TaskEnded { .. }, .. } => {
                let one = all.entry(key).or_default();
                if one.fate.is_empty() {
                    one.fate = "runs";
                }
            }
            Entry::Stopped { cause, .. } => {
                let one = all.entry(key).or_default();
                one.stops.extend(cause.gate.map(|gate| gate.as_str().to_owned()));
            }
            Entry::GateOpened { .. } => all.entry(key).or_default().stops.clear(),
            Entry::StackEnded { outcome, .. }
                if outcome.succeeded() && matches!(order.action, Action::Delete { .. }) =>
            {
                assert!(!after.contains(&key), "{key} is deleted");
                all.entry(key).or_default().fate = "deleted";
            }
            Entry::StackEnded { outcome: Outcome::Failed(_), .. } => {
                all.insert(key, Happened { fate: "failed", ..Happened::default() });
            }
            _ => {}
        }
    }
    let report = &teller.published_now().planned.report;
    let left = report.orphans.iter().filter(|orphan| !orphan.removed);
    for orphan in left.filter(|orphan| !earlier.contains(&format!("{} in {}", orphan.stack, orphan.place))) {
        all.entry(format!("{} in {}", orphan.stack, orphan.place)).or_default().fate = "left behind";
    }
    all
}

/// What was said and what happened, where these differ.
pub(super) fn differences(said: Option<&Said>, did: Option<&Happened>) -> Vec<String> {
    let (said, did) = match (said, did) {
        (Some(said), Some(did)) => (said, did),
        (Some(said), None) => return vec![format!("said {said:?}, and nothing happened")],
        (None, Some(did)) => return vec![format!("nothing was said, and {did:?}")],
        (None, None) => return Vec::new(),
    };
    let mut wrong = Vec::new();
    if said.stops != did.stops {
        wrong.push(format!("said to stop at {:?}, stops at {:?}", said.stops, did.stops));
    }
    if said.fate != did.fate {
        wrong.push(format!("said {}, was {}", said.fate, did.fate));
    }
    if said.removed != did.removed {
        wrong.push(format!("said to remove {:?}, removed {:?}", said.removed, did.removed));
    }
    for id in said.replaced.difference(&did.replaced) {
        wrong.push(format!("said to replace {id}, and did not"));
    }
    for id in did.replaced.difference(&said.replaced) {
        if !said.maybe.contains(id) {
            wrong.push(format!("replaced {id}, and did not say so"));
        }
    }
    wrong
}
