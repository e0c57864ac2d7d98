//! What a scenario does to the accounts: at its time by the queue, or after a call by counting calls.

use jiff::Timestamp;

use super::{Work, World};
use crate::model::{AccountId, Place, Region};
use crate::sim::error::{Answer, ApiError};
use crate::sim::fault::Fault;
use crate::sim::scenario::{Act, Deed, When};

/// An act of the scenario, and what became of it.
#[derive(Clone, Debug)]
pub struct Played {
    pub act: Act,
    /// Calls that have yet to be carried out before it.
    calls: u32,
    pub state: State,
}

/// How far an act is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is still to come.
    Waits,
    Done(Timestamp),
    /// It could not be done: when, and why.
    Refused(Timestamp, String),
}

impl World {
    /// Does what a scenario says, at the times and after the calls that it says. Times count from now.
    pub fn play(&mut self, acts: Vec<Act>) {
        for act in acts {
            let (index, calls) = (self.script.len(), if let When::Calls(_, calls) = act.when { calls } else { 0 });
            let due = if let When::At(span) = act.when { self.now.checked_add(span).ok() } else { None };
            self.script.push(Played { act, calls, state: State::Waits });
            match due {
                // What is so from the beginning is so for the first call.
                Some(at) if at <= self.now => self.act(index),
                Some(at) => self.schedule(at, Work::Script(index)),
                None => {}
            }
        }
    }

    /// What the scenario does, in the order of its file.
    pub fn script(&self) -> &[Played] {
        &self.script
    }

    /// A call was carried out: what waits for it happens.
    pub(super) fn count_call(&mut self, operation: &str) {
        let mut due = Vec::new();
        for (index, played) in self.script.iter_mut().enumerate().filter(|(_, played)| played.calls > 0) {
            if matches!(&played.act.when, When::Calls(name, _) if name == operation) {
                played.calls -= 1;
                due.extend((played.calls == 0).then_some(index));
            }
        }
        due.into_iter().for_each(|index| self.act(index));
    }

    pub(super) fn act(&mut self, index: usize) {
        let Some(deed) = self.script.get(index).map(|played| played.act.deed.clone()) else { return };
        let outcome = match deed {
            Deed::Begin(fault) => {
                self.queue_fault(fault);
                Ok(())
            }
            Deed::End(fault) => {
                self.end_fault(&fault);
                Ok(())
            }
            Deed::Hand(deed) => place(&deed.account, &deed.region).and_then(|place| self.by_hand(&place, &deed)),
        };
        let now = self.now;
        if let Some(played) = self.script.get_mut(index) {
            played.state = match outcome {
                Ok(()) => State::Done(now),
                Err(error) => State::Refused(now, error.message),
            };
        }
    }

    /// Clears one fault. What is left of its times does not tell it from itself.
    fn end_fault(&mut self, fault: &Fault) {
        let alike = |own: &Fault| {
            let mut own = own.clone();
            match (&mut own, fault) {
                (Fault::Call { skip, times, .. }, Fault::Call { skip: skipped, times: all, .. }) => {
                    (*skip, *times) = (*skipped, *all);
                }
                (Fault::ResourceFails { times, .. }, Fault::ResourceFails { times: all, .. }) => *times = *all,
                _ => {}
            }
            own == *fault
        };
        if let Some(at) = self.faults.iter().position(alike) {
            self.faults.remove(at);
        }
        self.keep_before();
    }
}

fn place(account: &str, region: &str) -> Answer<Place> {
    let place = AccountId::new(account).and_then(|account| Ok(Place { account, region: Region::new(region)? }));
    place.map_err(|error| ApiError::validation(error.to_string()))
}
