//! A step of files in memory, made a template.

use landfall::cli::adopt_drift::Adoption;
use landfall::cli::convert::Conversion;
use landfall::cli::exit::{Failure, chain};
use landfall::load::{Loaded, Loader, Source};
use landfall::model::Facts;
use landfall::template::convert::Proof;
use landfall::tree::memory::MemoryHistory;

use super::branch::Files;

/// What files say.
pub(crate) fn load(files: &Files) -> Loaded {
    let mut history = MemoryHistory::new();
    let tree = history.tree_of(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let source = Source { tree: &tree, blobs: &history, commit: None, history: None, facts: None };
    Loader::new().load(&source).unwrap()
}

/// These files with those in their place.
pub(crate) fn with(files: &Files, edits: &[(&str, &str)]) -> Files {
    let edits = edits.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    files.clone().into_iter().chain(edits).collect()
}

/// A step as a template, not yet proved.
pub(crate) fn written(files: &Files, project: &str, step: &str) -> Result<Conversion, String> {
    let loaded = load(files);
    let project = &loaded.catalog.projects[project];
    let text = |path: &str| Ok(files.get(path).cloned());
    Conversion::of(&loaded, project, &step.parse().unwrap(), text).map_err(|failure| said(&failure))
}

/// The same, proved.
pub(crate) fn converted(files: &Files, project: &str, step: &str) -> Result<(Conversion, Proof), String> {
    let conversion = written(files, project, step)?;
    let proof = proved(files, &conversion)?;
    Ok((conversion, proof))
}

/// What the proof says about a conversion.
pub(crate) fn proved(files: &Files, conversion: &Conversion) -> Result<Proof, String> {
    let after = load(&with(files, &conversion.files()));
    conversion.prove(&load(files), &after).map_err(|failure| said(&failure))
}

/// The change to these files that keeps what differs in a stack.
pub(crate) fn adopted(files: &Files, stack: &str, facts: &Facts) -> Adoption {
    Adoption::of(stack, facts, &InMemory(files)).map_err(|failure| said(&failure)).unwrap()
}

struct InMemory<'f>(&'f Files);

impl landfall::cli::adopt_drift::Files for InMemory<'_> {
    fn text(&self, path: &str) -> Result<Option<String>, Failure> {
        Ok(self.0.get(path).cloned())
    }

    fn load(&self, edits: &[(&str, &str)]) -> Result<Loaded, Failure> {
        Ok(load(&with(self.0, edits)))
    }
}

/// All that a failure says.
fn said(failure: &Failure) -> String {
    format!("{}{}", chain(failure), failure.help.as_deref().map(|help| format!("; {help}")).unwrap_or_default())
}
