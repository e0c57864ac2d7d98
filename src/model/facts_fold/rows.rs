//! Finds the rows of a list by key: a journal of any length is folded in one pass, and facts stay the plain lists that are
//! served as JSON. The list belongs to the facts, its [`Rows`] to the fold, and every change of the list goes through them.

use std::collections::{HashMap, HashSet};
use std::hash::Hash as Hashed;

use crate::model::drift::{DriftSource, StackDrift};
use crate::model::facts::{
    Announced, Attempts, Facts, GaveWay, Made, OutputsRead, Repeat, StackPut, TaskRan, Unlocked,
};
use crate::model::journal::DeploymentId;
use crate::model::{Hash, Id, Place, ReleaseName, Slot, StackName};

/// Where everything is that is looked up while a journal is folded.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Index {
    pub(super) announced: Rows<Announced>,
    pub(super) attempts: Rows<Attempts>,
    pub(super) drift: Rows<StackDrift>,
    pub(super) gave_way: Rows<GaveWay>,
    pub(super) made: Rows<Made>,
    pub(super) puts: Rows<StackPut>,
    pub(super) reads: Rows<OutputsRead>,
    pub(super) repeats: Rows<Repeat>,
    pub(super) tasks: Rows<TaskRan>,
    pub(super) tasks_failed: Rows<TaskRan>,
    pub(super) unlocked: Rows<Unlocked>,
    /// The releases whose snapshot is recorded.
    pub(super) recorded: HashSet<(Id, ReleaseName)>,
    /// The run of each slot that has not ended.
    pub(super) running: HashMap<Slot, usize>,
    /// What each slot was found to run, and nothing was proved in it since.
    pub(super) learned: HashMap<Slot, usize>,
}

impl Index {
    /// Where everything is in facts that are known already.
    pub(super) fn of(facts: &Facts) -> Self {
        let running = facts.runs.iter().enumerate().filter(|(_, run)| run.to.is_none());
        let learned = facts.learned.iter().enumerate().filter(|(_, learned)| !learned.over);
        Self {
            announced: Rows::of(&facts.announced),
            attempts: Rows::of(&facts.attempts),
            drift: Rows::of(&facts.drift),
            gave_way: Rows::of(&facts.gave_way),
            made: Rows::of(&facts.made),
            puts: Rows::of(&facts.puts),
            reads: Rows::of(&facts.reads),
            repeats: Rows::of(&facts.repeats),
            tasks: Rows::of(&facts.tasks),
            tasks_failed: Rows::of(&facts.tasks_failed),
            unlocked: Rows::of(&facts.unlocked),
            recorded: facts.snapshots.iter().map(|known| (known.project.clone(), known.release.clone())).collect(),
            running: running.map(|(place, run)| (run.slot.clone(), place)).collect(),
            learned: learned.map(|(place, learned)| (learned.slot.clone(), place)).collect(),
        }
    }
}

/// A row of a list that has at most one of each key.
pub(super) trait Row {
    /// What the row is found by.
    type Key: Clone + Eq + Hashed;

    fn key(&self) -> Self::Key;
}

/// The place of each row in its list, by key.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rows<T: Row>(HashMap<T::Key, usize>);

impl<T: Row> Default for Rows<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Row> Rows<T> {
    /// The rows of a list that is known already.
    pub(super) fn of(list: &[T]) -> Self {
        Self(list.iter().enumerate().map(|(place, row)| (row.key(), place)).collect())
    }

    pub(super) fn find<'a>(&self, list: &'a [T], key: &T::Key) -> Option<&'a T> {
        self.0.get(key).and_then(|place| list.get(*place))
    }

    /// Adds a row, in the place of the one with its key if there is one.
    pub(super) fn put(&mut self, list: &mut Vec<T>, row: T) {
        let place = *self.0.entry(row.key()).or_insert(list.len());
        match list.get_mut(place) {
            Some(known) => *known = row,
            None => list.push(row),
        }
    }

    /// Takes the row with a key out; the last row moves to its place.
    pub(super) fn remove(&mut self, list: &mut Vec<T>, key: &T::Key) -> Option<T> {
        let place = self.0.remove(key)?;
        let row = list.swap_remove(place);
        if let Some(moved) = list.get(place) {
            self.0.insert(moved.key(), place);
        }
        Some(row)
    }

    /// Takes every row out that fits. Looks at all of them.
    pub(super) fn remove_all(&mut self, list: &mut Vec<T>, fits: impl Fn(&T) -> bool) {
        if list.iter().any(&fits) {
            list.retain(|row| !fits(row));
            *self = Self::of(list);
        }
    }
}

macro_rules! keyed {
    ($($row:ty: $key:ty = |$one:ident| $of:expr;)*) => {$(
        impl Row for $row {
            type Key = $key;

            fn key(&self) -> Self::Key {
                let $one = self;
                $of
            }
        }
    )*};
}

keyed! {
    Announced: (DeploymentId, StackName) = |row| (row.deployment, row.stack.clone());
    Attempts: (Slot, Hash) = |row| (row.slot.clone(), row.content);
    StackDrift: (Place, StackName, DriftSource) = |row| (row.place.clone(), row.stack.clone(), row.source);
    GaveWay: Slot = |row| row.slot.clone();
    Made: (Place, StackName) = |row| (row.place.clone(), row.stack.clone());
    OutputsRead: (Place, StackName) = |row| (row.place.clone(), row.stack.clone());
    Repeat: Slot = |row| row.slot.clone();
    StackPut: (Place, StackName) = |row| (row.place.clone(), row.stack.clone());
    TaskRan: (Place, StackName, Hash) = |row| (row.place.clone(), row.stack.clone(), row.content);
    Unlocked: (Slot, Hash) = |row| (row.slot.clone(), row.content);
}
