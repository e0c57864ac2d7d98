//! `[guard]`: how much may be pending in one account at a time before a maintainer must confirm it.
//!
//! Counted are removals, and changes of stacks whose release stays the same (a target or another live part changed).
//! What a new release changes is not counted: a commit ordered that by name. Beyond the limit everything of that kind in
//! the account is held, not just what is too much: a mistake must not get through in portions. So what waits for a freeze,
//! for an earlier phase or for an earlier wave counts too, for every tenant; and so do stacks that are pruned only after
//! their slot was deployed.

use std::collections::BTreeMap;

use crate::model::account::Limit;
use crate::model::catalog::Gate;
use crate::model::decision::Cause;
use crate::model::{AccountId, Hold};
use crate::promote::Index;

use super::draft::Draft;
use super::types::Input;

/// Holds what is beyond the limits and not allowed.
pub(super) fn apply(input: &Input<'_>, index: &Index<'_>, drafts: &mut [Draft<'_>]) {
    let mut pending: BTreeMap<(bool, AccountId), u32> = BTreeMap::new();
    for guarded in drafts.iter().filter_map(|draft| draft.guarded.as_ref()) {
        for (account, count) in &guarded.pending {
            *pending.entry((guarded.removes, account.clone())).or_default() += count;
        }
    }
    for (account, count) in drafts.iter().flat_map(|draft| &draft.loses) {
        *pending.entry((true, account.clone())).or_default() += count;
    }
    let over = beyond(input, &pending);
    if over.is_empty() {
        return;
    }
    for draft in drafts.iter_mut() {
        let Some(guarded) = draft.guarded.clone() else { continue };
        let Some((account, limit)) =
            guarded.pending.keys().find_map(|account| over.get_key_value(&(guarded.removes, account.clone())))
        else {
            continue;
        };
        let Some(plan) = draft.begin.as_ref().map(|begin| begin.plan.clone()) else { continue };
        let gate = if guarded.removes { Gate::Remove } else { Gate::Redeploy };
        if draft.opens(index, input.now, gate) {
            continue;
        }
        let what = if guarded.removes { "remove" } else { "change" };
        let count = pending.get(account).copied().unwrap_or_default();
        let cause = Cause::Guard { what, pending: count, limit: *limit, plan: plan.clone() };
        // A slot whose project or environment is gone has no deploy file that could allow anything.
        let way_out = match draft.file.is_some() {
            true => format!("plan {plan} waits for an [[allow]] of what = \"{}\"", gate.as_str()),
            false => "a wider [guard] in landfall.toml lets them through".to_owned(),
        };
        let why = format!("{count} removals are pending in its account, and {limit} are allowed; {way_out}");
        draft.stop(Hold::new(cause), why, Some(gate));
    }
}

/// The accounts in which more is pending than may be, with what may be.
fn beyond(input: &Input<'_>, pending: &BTreeMap<(bool, AccountId), u32>) -> BTreeMap<(bool, AccountId), u32> {
    let guard = input.catalog.guard;
    let mut over = BTreeMap::new();
    for ((removes, account), count) in pending {
        let limit = allowed(if *removes { guard.remove } else { guard.change }, stacks_of(input, account));
        if *count > limit {
            over.insert((*removes, account.clone()), limit);
        }
    }
    over
}

/// The larger of the number and the part.
fn allowed(limit: Limit, stacks: u32) -> u32 {
    let part = u64::from(stacks) * u64::from(limit.percent) / 100;
    limit.count.max(u32::try_from(part).unwrap_or(u32::MAX))
}

/// How many stacks of ours an account has.
fn stacks_of(input: &Input<'_>, account: &AccountId) -> u32 {
    let ours = input.observed.stacks().filter(|(place, seen)| {
        &place.account == account && seen.owner().map(|owner| owner.repository) == input.catalog.repository
    });
    u32::try_from(ours.count()).unwrap_or(u32::MAX)
}
