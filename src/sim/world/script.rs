//! How the accounts play a scenario: the queue wakes acts that have a time, and counting calls wakes the others.

use jiff::Timestamp;

use super::{Work, World};
use crate::sim::fault::Fault;
use crate::sim::scenario::{Act, Deed, When};

/// An act of the scenario and its outcome.
#[derive(Clone, Debug)]
pub struct Played {
    pub act: Act,
    /// Calls that the act still waits for.
    calls: u32,
    pub state: State,
}

/// Where an act stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Waits,
    Done(Timestamp),
    /// When the account refused it, and why.
    Refused(Timestamp, String),
}

impl World {
    /// Carries out the acts of a scenario at their times and after their calls. Times count from now.
    pub fn play(&mut self, acts: Vec<Act>) {
        for act in acts {
            let (index, calls) = (self.script.len(), if let When::Calls(_, calls) = act.when { calls } else { 0 });
            let due = if let When::At(span) = act.when { self.now.checked_add(span).ok() } else { None };
            self.script.push(Played { act, calls, state: State::Waits });
            match due {
                // The first call already meets what is due at once.
                Some(at) if at <= self.now => self.act(index),
                Some(at) => self.schedule(at, Work::Script(index)),
                None => {}
            }
        }
    }

    /// The acts of the scenario, in the order of its file.
    pub fn script(&self) -> &[Played] {
        &self.script
    }

    /// Counts a call that was carried out, and does what waited for it.
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
            Deed::Hand(deed) => self.by_hand(&deed),
        };
        let now = self.now;
        if let Some(played) = self.script.get_mut(index) {
            played.state = match outcome {
                Ok(()) => State::Done(now),
                Err(error) => State::Refused(now, error.message),
            };
        }
    }

    /// Clears one fault, however often it has struck.
    fn end_fault(&mut self, fault: &Fault) {
        let alike = |own: &Fault| {
            let mut own = own.clone();
            match (&mut own, fault) {
                (Fault::Call { skip, times, .. }, Fault::Call { skip: skipped, times: all, .. }) => {
                    (*skip, *times) = (*skipped, *all);
                }
                (Fault::ResourceFails { times, .. }, Fault::ResourceFails { times: all, .. })
                | (Fault::TasksStop { times, .. }, Fault::TasksStop { times: all, .. }) => *times = *all,
                _ => {}
            }
            own == *fault
        };
        if let Some(at) = self.faults.iter().position(alike) {
            self.faults.remove(at);
        }
        self.keep_before();
        self.wake_all();
    }
}
