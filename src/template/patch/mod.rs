//! What a step's author changes in the template that the step renders: an overlay on its shape.
//!
//! Patches are part of the shape: they see no value, and a value that is filled in later can change no structure. The loader
//! asks [`check`] what is wrong with them, for any slot; [`apply`] is what a rendering does.
//!
//! ```text
//! sections of the step ──apply (place)──► patched sections ──fill──► template
//!          └───────────────known────────────────┘ └─► check: schemas, CloudFormation's rules, what the proof reads
//! ```

mod apply;
mod check;
mod known;
mod place;
mod proof;
mod texts;

pub(super) use apply::{Applied, apply};
pub(super) use check::said;
pub use check::{PatchFault, PatchProblem, check};
pub(super) use known::known;

use super::shape::Shape;

/// The sections of a template, before their leaves are filled.
pub(super) type Sections<'a> = Vec<(&'a str, Shape)>;

/// What a misspelt name may have meant, or all names if there are few.
pub(super) fn meant<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    match super::variables::closest(written, known.iter().map(|name| (*name).to_owned())) {
        Some(name) => Some(format!("did you mean `{name}`?")),
        None if known.is_empty() || known.len() > 12 => None,
        None => {
            let quoted: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
            Some(format!("available: {}", quoted.join(", ")))
        }
    }
}

/// A JSON pointer to a key of what another points to.
pub(super) fn pointer(base: &str, key: &str) -> String {
    let mut pointer = base.to_owned();
    crate::cfn::push_key(&mut pointer, key);
    pointer
}

/// Whether a JSON pointer is another, or points into it.
fn within(outer: &str, inner: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
