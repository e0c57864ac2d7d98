//! Formats: the rendering rules that a release was made under.
//!
//! A published format never changes a byte of what it renders; a new default is a new format, and all of them stay.

use crate::model::Release;

use super::{RenderProblem, codes};

/// The newest format: what `landfall release new` writes.
pub const NEWEST: u32 = 1;

/// A format that this version of landfall knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// The first.
    One,
}

impl Format {
    /// The format of a release.
    pub(super) fn of(release: &Release) -> Result<Self, RenderProblem> {
        match release.format {
            1 => Ok(Format::One),
            other => Err(RenderProblem {
                code: codes::RELEASE_FORMAT,
                title: format!("release `{}` has format {other}, which this landfall does not know", release.name),
                at: release.at.clone(),
                help: Some(format!("it knows formats 1 to {NEWEST}; a newer landfall may know {other}")),
            }),
        }
    }
}
