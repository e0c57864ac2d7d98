//! What AWS shows: stacks as DescribeStacks lists them, per account and region.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::slot::Stamp;
use super::{Place, StackName, StackOwner};

/// The stacks of every place that was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Observed {
    /// One listing per account and region.
    #[serde(with = "pairs")]
    pub places: BTreeMap<Place, PlaceSeen>,
}

impl Observed {
    /// The stack of that name, where its place could be listed.
    pub fn stack(&self, place: &Place, name: &StackName) -> Option<&Arc<StackSeen>> {
        match self.places.get(place)? {
            PlaceSeen::Seen { stacks, .. } => stacks.get(name),
            PlaceSeen::Unseen { .. } => None,
        }
    }

    /// Whether the place could be listed: only then does a missing stack mean that there is none.
    pub fn can_see(&self, place: &Place) -> bool {
        matches!(self.places.get(place), Some(PlaceSeen::Seen { .. }))
    }

    /// Every stack, with its place.
    pub fn stacks(&self) -> impl Iterator<Item = (&Place, &Arc<StackSeen>)> {
        self.places.iter().flat_map(|(place, seen)| {
            let stacks = match seen {
                PlaceSeen::Seen { stacks, .. } => Some(stacks.values()),
                PlaceSeen::Unseen { .. } => None,
            };
            stacks.into_iter().flatten().map(move |stack| (place, stack))
        })
    }
}

/// One account and region.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum PlaceSeen {
    /// Listed.
    Seen {
        /// When.
        at: Timestamp,
        /// Every stack but deleted ones, by name.
        stacks: BTreeMap<StackName, Arc<StackSeen>>,
    },
    /// Could not be listed: nothing is known, so nothing is missing.
    Unseen {
        /// Since when, or when it was tried.
        at: Timestamp,
        /// Why, in a sentence.
        error: String,
        /// When landfall tries again, if it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again: Option<Timestamp>,
    },
}

/// A stack as DescribeStacks shows it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StackSeen {
    pub name: StackName,
    /// Its id (ARN): it tells two stacks of one name apart.
    pub id: Arc<str>,
    pub status: StackStatus,
    /// Why it has that status, when AWS says.
    pub reason: Option<String>,
    /// Its description; ends in a [`Stamp`] when landfall made it.
    pub description: Option<String>,
    pub tags: BTreeMap<String, String>,
    pub outputs: BTreeMap<String, String>,
    /// Its parameters; NoEcho ones are masked by AWS.
    pub parameters: BTreeMap<String, String>,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last updated.
    pub updated: Option<Timestamp>,
    /// Whether it is protected from deletion.
    pub protected: bool,
    /// What CloudFormation's drift detection found last; none if it has not run since the stack was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftChecked>,
}

/// The result of a drift detection, as the listing tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DriftChecked {
    /// Whether a resource differs from its template.
    pub drifted: bool,
    /// When it ran.
    pub at: Timestamp,
}

impl StackSeen {
    /// Whose it is, if its tags say so.
    pub fn owner(&self) -> Option<StackOwner> {
        StackOwner::from_tags(&self.tags)
    }

    /// When it was last changed, or made.
    pub fn changed(&self) -> Timestamp {
        self.updated.unwrap_or(self.created)
    }

    /// What the end of its description says.
    pub fn stamp(&self) -> Option<Stamp> {
        self.description.as_deref().and_then(Stamp::read)
    }
}

/// Every status that CloudFormation documents for a stack. \[api: StackStatus, November 2026\]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are AWS's own")]
pub enum StackStatus {
    CreateInProgress,
    CreateFailed,
    CreateComplete,
    RollbackInProgress,
    RollbackFailed,
    RollbackComplete,
    DeleteInProgress,
    DeleteFailed,
    DeleteComplete,
    UpdateInProgress,
    UpdateCompleteCleanupInProgress,
    UpdateComplete,
    UpdateFailed,
    UpdateRollbackInProgress,
    UpdateRollbackFailed,
    UpdateRollbackCompleteCleanupInProgress,
    UpdateRollbackComplete,
    ReviewInProgress,
    ImportInProgress,
    ImportComplete,
    ImportRollbackInProgress,
    ImportRollbackFailed,
    ImportRollbackComplete,
}

impl StackStatus {
    pub const ALL: [StackStatus; 23] = [
        StackStatus::CreateInProgress,
        StackStatus::CreateFailed,
        StackStatus::CreateComplete,
        StackStatus::RollbackInProgress,
        StackStatus::RollbackFailed,
        StackStatus::RollbackComplete,
        StackStatus::DeleteInProgress,
        StackStatus::DeleteFailed,
        StackStatus::DeleteComplete,
        StackStatus::UpdateInProgress,
        StackStatus::UpdateCompleteCleanupInProgress,
        StackStatus::UpdateComplete,
        StackStatus::UpdateFailed,
        StackStatus::UpdateRollbackInProgress,
        StackStatus::UpdateRollbackFailed,
        StackStatus::UpdateRollbackCompleteCleanupInProgress,
        StackStatus::UpdateRollbackComplete,
        StackStatus::ReviewInProgress,
        StackStatus::ImportInProgress,
        StackStatus::ImportComplete,
        StackStatus::ImportRollbackInProgress,
        StackStatus::ImportRollbackFailed,
        StackStatus::ImportRollbackComplete,
    ];

    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            StackStatus::CreateInProgress => "CREATE_IN_PROGRESS",
            StackStatus::CreateFailed => "CREATE_FAILED",
            StackStatus::CreateComplete => "CREATE_COMPLETE",
            StackStatus::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            StackStatus::RollbackFailed => "ROLLBACK_FAILED",
            StackStatus::RollbackComplete => "ROLLBACK_COMPLETE",
            StackStatus::DeleteInProgress => "DELETE_IN_PROGRESS",
            StackStatus::DeleteFailed => "DELETE_FAILED",
            StackStatus::DeleteComplete => "DELETE_COMPLETE",
            StackStatus::UpdateInProgress => "UPDATE_IN_PROGRESS",
            StackStatus::UpdateCompleteCleanupInProgress => "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            StackStatus::UpdateComplete => "UPDATE_COMPLETE",
            StackStatus::UpdateFailed => "UPDATE_FAILED",
            StackStatus::UpdateRollbackInProgress => "UPDATE_ROLLBACK_IN_PROGRESS",
            StackStatus::UpdateRollbackFailed => "UPDATE_ROLLBACK_FAILED",
            StackStatus::UpdateRollbackCompleteCleanupInProgress => "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
            StackStatus::UpdateRollbackComplete => "UPDATE_ROLLBACK_COMPLETE",
            StackStatus::ReviewInProgress => "REVIEW_IN_PROGRESS",
            StackStatus::ImportInProgress => "IMPORT_IN_PROGRESS",
            StackStatus::ImportComplete => "IMPORT_COMPLETE",
            StackStatus::ImportRollbackInProgress => "IMPORT_ROLLBACK_IN_PROGRESS",
            StackStatus::ImportRollbackFailed => "IMPORT_ROLLBACK_FAILED",
            StackStatus::ImportRollbackComplete => "IMPORT_ROLLBACK_COMPLETE",
        }
    }

    /// Reads AWS's word; none for a word that this version does not know.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Its first creation never came to its end: its stamp says what was tried, not what runs.
    pub fn never_made(self) -> bool {
        use StackStatus as S;
        matches!(
            self,
            S::ReviewInProgress
                | S::CreateInProgress
                | S::CreateFailed
                | S::RollbackInProgress
                | S::RollbackFailed
                | S::RollbackComplete
        )
    }

    /// Something is going on in the stack.
    pub fn in_progress(self) -> bool {
        self.as_str().ends_with("_IN_PROGRESS") && self != StackStatus::ReviewInProgress
    }
}

impl std::fmt::Display for StackStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// A map whose keys are not strings, as a list of pairs.
pub(crate) mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(crate) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}
