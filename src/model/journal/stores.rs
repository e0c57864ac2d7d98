//! What the journal says about stores: its own incarnations, and stacks that another store, or a lost part of this one, changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::Entry;
use crate::model::{Hash, Id, Place, ReleaseName, Slot, StackName};

/// What stacks of a slot were found to run although this journal did not order it.
///
/// From here on the slot carries what was found: an older release comes back only by a commit that says so.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Learned {
    /// Ids of project, environment and tenant.
    pub slot: Slot,
    /// The release in the stamp of the stack that was changed last; none if no stamp can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<ReleaseName>,
    /// The stacks, as they were found.
    pub stacks: Vec<Found>,
}

/// A stack as it was found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Found {
    /// AWS account and region.
    pub place: Place,
    pub stack: StackName,
    /// The token of its last operation; none if its events carry none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Arc<str>>,
    /// The content hash in its stamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Hash>,
}

/// Stacks of the repository that another store deployed: nothing is changed until the operator answers.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Question {
    /// The repository's id, as the stacks' tags say it.
    pub repository: Id,
    /// Ids of the stores that changed these stacks last, as far as their tokens say.
    pub stores: BTreeSet<Arc<str>>,
    /// The stacks, by place.
    #[serde(with = "crate::model::observed::pairs")]
    pub stacks: BTreeMap<Place, BTreeSet<StackName>>,
    /// Until when they are not taken over: ten minutes after the last operation of another daemon. None if no such
    /// operation is that young.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// A stack in which an operation is in progress, if there is one: that has to end first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy: Option<StackName>,
}

impl Question {
    /// What an answer waits for, as the end of a sentence.
    pub fn wait(&self) -> String {
        match (&self.busy, self.until) {
            (Some(stack), _) => {
                format!("once the operation in stack {stack} has ended, at most an hour after it began")
            }
            (None, Some(_)) => "ten minutes after the other daemon's last operation".to_owned(),
            (None, None) => "at the next look".to_owned(),
        }
    }

    /// How many stacks it is about.
    pub fn count(&self) -> usize {
        self.stacks.values().map(BTreeSet::len).sum()
    }
}

/// The operator's answer: stacks that these stores deployed belong to this store from now on.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Agreed {
    pub repository: Id,
    /// The stores that the answer is about.
    pub stores: BTreeSet<Arc<str>>,
}

impl Entry {
    /// What the record says about stores, in a sentence for people; none for records of other kinds.
    pub fn about_stores(&self) -> Option<String> {
        Some(match self {
            Entry::Incarnation { id, because } => format!("{because}: new tokens carry {}", id.0),
            Entry::Learned(Learned { release: None, stacks, .. }) => {
                format!("{} was changed by an operation that is not in this store's journal", names(stacks))
            }
            Entry::Learned(Learned { slot, release: Some(release), .. }) => {
                format!("{slot} is found to run {release}, which is not in this store's journal: it stays")
            }
            Entry::Asks { question: None, .. } => "no stack of another store is left".to_owned(),
            Entry::Asks { question: Some(question), agreed: false } => {
                format!("{question}: nothing changes before `landfall store adopt`")
            }
            Entry::Asks { question: Some(question), agreed: true } => {
                format!("{question}; you agreed, and this store takes them over {}", question.wait())
            }
            Entry::Agreed(Agreed { repository, .. }) => {
                format!("the operator lets this store take over the stacks of repository `{repository}`")
            }
            Entry::Adopted { repository, stacks } => {
                format!("this store deploys repository `{repository}` from now on ({})", counted(*stacks))
            }
            _ => return None,
        })
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { repository, stores, .. } = self;
        let who = match stores.len() {
            0 => "something else than this store".to_owned(),
            1 => format!("another store ({})", list(stores.iter())),
            _ => format!("other stores ({})", list(stores.iter())),
        };
        let stacks = counted(self.count());
        write!(
            f,
            "{stacks} of repository `{repository}` {} last deployed by {who}",
            if self.count() == 1 { "was" } else { "were" }
        )
    }
}

fn names(stacks: &[Found]) -> String {
    list(stacks.iter().map(|found| &found.stack))
}

fn list(items: impl Iterator<Item = impl fmt::Display>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

fn counted(stacks: usize) -> String {
    if stacks == 1 { "1 stack".to_owned() } else { format!("{stacks} stacks") }
}
