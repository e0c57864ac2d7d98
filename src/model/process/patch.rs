//! What a step's author changes in the template that the step renders.

use std::sync::Arc;

use super::Part;
use crate::model::Location;

/// One of `patch`: changes a resource, or adds one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Logical id.
    pub resource: Arc<str>,
    /// Type of a resource that is added, and where it is written.
    pub kind: Option<(Arc<str>, Location)>,
    /// What goes, before anything is set.
    pub remove: Vec<PatchPath>,
    /// What is set, before anything is appended.
    pub set: Vec<PatchSet>,
    /// Items that come to the ends of lists.
    pub append: Vec<(PatchPath, Vec<Part>)>,
    /// Attributes of the resource in addition to its properties, as AWS writes them.
    pub attributes: Vec<(&'static str, &'static str)>,
    /// Resources that come first, and where each is written.
    pub depends_on: Vec<(Arc<str>, Location)>,
    /// `Metadata` that is merged into what is there.
    pub metadata: Vec<(Arc<str>, Part)>,
    /// Outputs that are added, and where each is written.
    pub outputs: Vec<(Arc<str>, Location, Part)>,
    /// Where `resource` is written.
    pub at: Location,
}

/// A property that is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchSet {
    /// Which.
    pub path: PatchPath,
    /// To what.
    pub value: Part,
    /// It is held against the resource schemas.
    pub checked: bool,
}

/// The way to a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchPath {
    /// Keys, indices and names of items.
    pub steps: Vec<Arc<str>>,
    /// As it is written.
    pub raw: Arc<str>,
    /// Where it, or what is set there, is written.
    pub at: Location,
}

/// The most steps of a path: more than the resource schemas of AWS nest anywhere, and few enough that a template which is
/// patched can be read back.
pub const MAX_STEPS: usize = 32;

impl PatchPath {
    /// Reads a path: steps joined by `.`, in double quotes if they contain one. None if one has no name, or if there are
    /// more than [`MAX_STEPS`].
    pub fn parse(raw: &str, at: Location) -> Option<Self> {
        let mut steps = Vec::new();
        let mut rest = Some(raw);
        while let Some(text) = rest {
            let (step, after) = match text.strip_prefix('"') {
                Some(quoted) => {
                    let (step, after) = quoted.split_once('"')?;
                    let after = if after.is_empty() { None } else { Some(after.strip_prefix('.')?) };
                    (step, after)
                }
                None => text.split_once('.').map_or((text, None), |(step, after)| (step, Some(after))),
            };
            if step.is_empty() || steps.len() == MAX_STEPS {
                return None;
            }
            steps.push(Arc::from(step));
            rest = after;
        }
        Some(Self { steps, raw: Arc::from(raw), at })
    }
}
