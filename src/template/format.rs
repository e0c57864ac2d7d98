//! Formats: the rendering rules that a release was made under.
//!
//! A release file says `format = 1`, and rendering it in ten years gives the same bytes as today. Otherwise a new version
//! of landfall with a changed default would redeploy every service everywhere at once, without being asked. So a published
//! format never changes a byte of what it renders, and landfall keeps all formats.
//!
//! # What may change without a new format
//!
//! * A new key, or a new value of a key, that renders nothing if it is absent: no repository has it yet.
//! * A check that rejects what CloudFormation or ECS would reject anyway.
//!
//! # What needs one
//!
//! Everything that changes a byte of template, parameters, stack tags, capabilities or run arguments for a repository that
//! is valid today: a default, an additional property, a logical id, the order of a list, a statement of a role that
//! landfall makes, the stamp.
//!
//! # How a new default becomes format 2
//!
//! 1. Add `Format::Two`, answer it in `Format::of`, and raise [`NEWEST`]: `landfall release new` then writes it. The loader
//!    has the same number (`load::FORMAT`), which a test compares.
//! 2. Give the format to the function that has the default, and ask `format >= Format::Two` there and nowhere else. Do not copy
//!    renderers: what both formats have in common stays one code path.
//! 3. Let the tests render golden steps under both formats: `golden/1` stays as it is, `golden/2` holds what differs. The
//!    experiments behind `docs/steps.md` ask every format by themselves, and the column *since* says 2 for what is new.
//! 4. Say in `docs/releases.md` what the format changes and how a project moves: a new release has it; an old one never gets it.
//!
//! # How format 1 is kept
//!
//! `tests/template/golden/1` holds the bytes that it renders, for every golden step and for a copy of the example repository,
//! with the stacks and facts of a day on which all of it was deployed (`plans/`). `golden/1.frozen` lists the hashes of these
//! files. `tests/template/frozen.rs` holds the files to the list, and `tests/plan/frozen.rs` plans those repositories with the
//! landfall of today, which must find nothing to do. `LANDFALL_BLESS=1` adds files for new golden steps and changes none.
//! `LANDFALL_UNFREEZE_FORMAT_1=1` writes all of them anew; it exists for a mistake that was never released, and a reviewer who
//! sees the list change has to ask which of their services will be deployed again.

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
                title: format!(
                    "release `{}` has format {other}, which this landfall version does not know",
                    release.name
                ),
                at: release.at.clone(),
                help: Some(format!("this version knows formats 1 to {NEWEST}: install a newer landfall")),
            }),
        }
    }
}
