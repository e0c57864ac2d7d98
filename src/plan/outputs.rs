//! Outputs of other stacks: whom a change of one reaches, and who waits for one.
//!
//! A stack refers to an output, and its content says only which. What the output was when the stack was deployed facts and
//! the stack's own parameters tell; where the producer shows another value now, the stack is deployed again, as after any
//! change outside the release. A stack of the same slot is also looked at again when its producer changes in this very
//! deployment, because the new value is not known yet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::decision::Cause;
use crate::model::journal::{Action, Order, ParameterValue};
use crate::model::{Hash, Hold, Place, StackName, StackSeen};

use super::Planner;
use super::stacks::{Verdict, unseen};
use super::types::StackChange;
use super::wanted::Wanted;

/// A stack in its place.
pub(super) type Key = (Place, StackName);

/// An output that a stack uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fed {
    pub(super) parameter: String,
    pub(super) producer: Key,
    pub(super) output: String,
}

/// The outputs among the values of parameters of a stack that is in this place.
pub(super) fn feds(parameters: &BTreeMap<String, ParameterValue>, place: &Place) -> Vec<Fed> {
    let fed = |(parameter, value): (&String, &ParameterValue)| match value {
        ParameterValue::Value(_) => None,
        ParameterValue::Output { stack, output, at } => {
            let place = at.as_ref().map_or(place, |at| &at.place).clone();
            Some(Fed { parameter: parameter.clone(), producer: (place, stack.clone()), output: output.clone() })
        }
    };
    parameters.iter().filter_map(fed).collect()
}

impl Wanted<'_> {
    /// The outputs that it uses.
    pub(super) fn feds(&self) -> Vec<Fed> {
        feds(&self.content.parameters, &self.target.place)
    }

    fn key(&self) -> Key {
        (self.target.place.clone(), self.stack.clone())
    }
}

impl Planner<'_> {
    /// Lets current stacks follow the outputs that they use; says which outputs have another value than they were deployed
    /// with. Stacks come in the order of their steps, so one that follows is followed too.
    pub(super) fn follow(&self, stacks: &mut [(Wanted<'_>, Verdict)]) -> Vec<Arc<str>> {
        let (mut moving, mut changed): (BTreeSet<Key>, BTreeSet<Arc<str>>) = (BTreeSet::new(), BTreeSet::new());
        for (wanted, verdict) in stacks {
            if *verdict == Verdict::Current {
                let feds = wanted.feds();
                let differing: Vec<&Fed> = feds.iter().filter(|fed| self.differs(wanted, fed)).collect();
                // A task that ran is not run again for what may change nothing.
                let follows = wanted.content.task.is_none() && feds.iter().any(|fed| moving.contains(&fed.producer));
                if follows || !differing.is_empty() {
                    *verdict = Verdict::Put(StackChange::Update);
                }
                changed.extend(
                    differing.iter().map(|fed| Arc::from(format!("output {} of {}", fed.output, fed.producer.1))),
                );
            }
            if matches!(verdict, Verdict::Put(_)) {
                moving.insert(wanted.key());
            }
        }
        changed.into_iter().collect()
    }

    /// Whether an output has another value than its user was deployed with. If that is not known, it has not.
    fn differs(&self, wanted: &Wanted<'_>, fed: &Fed) -> bool {
        let Some(producer) = self.producer(&fed.producer).filter(|seen| !seen.status.in_progress()) else {
            return false;
        };
        let Some(now) = producer.outputs.get(&fed.output) else { return false };
        let key = wanted.key();
        let given = self.input.observed.stack(&key.0, &key.1).and_then(|seen| seen.parameters.get(&fed.parameter));
        let read = self.reads.get(&(&key.0, &key.1)).and_then(|values| values.get(&fed.parameter));
        // A value that was read and changed nothing is not the stack's, and is not read for ever again.
        (given.is_some() || read.is_some()) && given != Some(now) && read != Some(now)
    }

    /// A stack of this repository.
    fn producer(&self, (place, stack): &Key) -> Option<&StackSeen> {
        let seen = self.input.observed.stack(place, stack)?;
        let owner = seen.owner()?;
        (self.input.catalog.repository.as_ref() == Some(&owner.repository)).then_some(&**seen)
    }

    /// Why a stack cannot be made or changed yet, added to other reasons: another slot's stack, or outputs of it, are not there.
    pub(super) fn missing(&self, wanted: &Wanted<'_>, own: &[(Wanted<'_>, Verdict)], holds: &mut Vec<Hold>) {
        for fed in wanted.feds() {
            let (place, stack) = &fed.producer;
            if own.iter().any(|(other, _)| other.stack == *stack && other.target.place == *place) {
                continue;
            }
            if let Some(hold) = unseen(self.input.observed, place) {
                if !holds.contains(&hold) {
                    holds.push(hold);
                }
                continue;
            }
            let producer = self.producer(&fed.producer);
            if producer.is_some_and(|seen| seen.outputs.contains_key(&fed.output)) {
                continue;
            }
            lacks(holds, &fed, producer.is_some());
        }
    }

    /// Hash over the values that the outputs of other slots' stacks have now, as far as these stacks use them; none if they
    /// use none. With other values it is something else that is deployed.
    pub(super) fn given(&self, stacks: &[(Wanted<'_>, Verdict)]) -> Option<Hash> {
        let own = |fed: &Fed| stacks.iter().any(|(wanted, _)| wanted.key() == fed.producer);
        let feds =
            stacks.iter().flat_map(|(wanted, _)| wanted.feds().into_iter().map(|fed| (wanted.stack.clone(), fed)));
        let values = feds.filter(|(_, fed)| !own(fed)).filter_map(|(user, fed)| {
            let value = self.producer(&fed.producer)?.outputs.get(&fed.output)?;
            Some((user, fed.parameter, value))
        });
        let mut any = false;
        let parts = values.fold(Hash::parts(), |parts, (user, parameter, value)| {
            any = true;
            parts.part(user.as_str()).part(parameter).part(value.as_str())
        });
        any.then(|| parts.finish())
    }
}

/// Adds an output that is not there to what is lacking of its stack.
fn lacks(holds: &mut Vec<Hold>, fed: &Fed, found: bool) {
    let (at, name) = &fed.producer;
    for hold in holds.iter_mut() {
        if let Cause::Output { stack, place, outputs, there } = &mut hold.cause
            && (&*stack, &*place, *there) == (name, at, found)
        {
            outputs.insert(fed.output.clone());
            return;
        }
    }
    let outputs = BTreeSet::from([fed.output.clone()]);
    holds.push(Hold::new(Cause::Output { stack: name.clone(), place: at.clone(), outputs, there: found }));
}

/// Brings producers into the wave of the first stack that uses them, and what they use themselves with them.
pub(super) fn bring_forward(orders: &mut [Order]) {
    loop {
        let mut first: BTreeMap<Key, usize> = BTreeMap::new();
        for order in orders.iter() {
            let Action::Put(content) = &order.action else { continue };
            for fed in feds(&content.parameters, &order.place) {
                let wave = first.entry(fed.producer).or_insert(order.wave);
                *wave = (*wave).min(order.wave);
            }
        }
        let mut moved = false;
        for order in orders.iter_mut() {
            if let Some(wave) =
                first.get(&(order.place.clone(), order.stack.clone())).filter(|wave| **wave < order.wave)
            {
                order.wave = *wave;
                moved = true;
            }
        }
        if !moved {
            return;
        }
    }
}
