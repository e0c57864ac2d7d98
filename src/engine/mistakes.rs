//! Mistakes that an engine could make, planted for the tests that have to find them.
//!
//! Without the feature `planted-mistakes` there is no way to choose one: every question is answered `false` by a constant,
//! and the code behind it is not there.

/// A mistake that the seeds have to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// The call is made first and its intent journaled afterwards.
    EffectBeforeIntent,
    /// Calls carry a token that nobody recognizes again.
    NoToken,
    /// A stack that says it is complete is believed.
    SuccessByStackStatus,
    /// A call whose reply was lost is made again, under a new token, without looking.
    BlindRetry,
    /// Being fenced out is ignored.
    FenceSkipped,
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
}
