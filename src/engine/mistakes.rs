//! Mistakes that an engine could make, planted for the tests that have to find them.
//!
//! Without the feature `planted-mistakes` there is no way to choose one: every question is answered `false` by a constant,
//! and the code behind it is not there.

use super::machine::Ask;
use crate::model::journal::{DeploymentId, Entry, Evidence, Opened};

/// A mistake that the seeds have to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// The call is made first and its intent journaled afterwards.
    EffectBeforeIntent,
    /// Calls carry a token that is not recognized again.
    NoToken,
    /// A stack that says it is complete is believed.
    SuccessByStackStatus,
    /// A call whose reply was lost is made again, under a new token, without looking.
    BlindRetry,
    /// Being fenced out is ignored.
    FenceSkipped,
    /// Evidence is looked at, and not journaled.
    EvidenceDropped,
    /// The end of a deployment is journaled twice.
    EndsTwice,
    /// What a plan begins is begun twice.
    BeginsTwice,
    /// A change set is executed with the token that it was made with.
    OneToken,
    /// A service at its pause hook goes on without an answer.
    AnswersHooks,
    /// A task is run again although it ran with this content.
    RunsAgain,
    /// The report does not say why a slot is held.
    Silent,
}

/// The mistakes that this engine makes: none, unless the feature is on and one is chosen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mistakes {
    #[cfg(feature = "planted-mistakes")]
    pub(crate) chosen: Option<Mistake>,
}

impl Mistakes {
    /// Whether the engine makes this one.
    #[cfg(feature = "planted-mistakes")]
    pub(crate) fn makes(self, mistake: Mistake) -> bool {
        self.chosen == Some(mistake)
    }

    /// Whether the engine makes this one: never.
    #[cfg(not(feature = "planted-mistakes"))]
    pub(crate) const fn makes(self, _: Mistake) -> bool {
        false
    }

    /// The entries that are journaled instead of these.
    pub(crate) fn journaled(self, entries: Vec<Entry>) -> Vec<Entry> {
        let again = |entry: &Entry| match entry {
            Entry::Ended { .. } if self.makes(Mistake::EndsTwice) => Some(entry.clone()),
            Entry::Opened(opened) if self.makes(Mistake::BeginsTwice) => {
                let deployment = DeploymentId(opened.deployment.0 + 1);
                Some(Entry::Opened(Opened { deployment, ..opened.clone() }))
            }
            _ => None,
        };
        let dropped = |entry: &Entry| {
            self.makes(Mistake::EvidenceDropped)
                && matches!(entry, Entry::Evidence { item: Evidence::ServiceDeployment { .. }, .. })
        };
        let kept = entries.into_iter().filter(|entry| !dropped(entry));
        kept.flat_map(|entry| [again(&entry), Some(entry)].into_iter().rev().flatten().collect::<Vec<_>>()).collect()
    }

    /// The call that is made instead of this one.
    pub(crate) fn asked(self, mut ask: Ask) -> Ask {
        if self.makes(Mistake::OneToken) {
            ask.token = ask.token.replace("execute", "make").into();
        }
        ask
    }
}
