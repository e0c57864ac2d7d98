//! A repository that edits are made in, and the `.pr` that leads to it.

use toml_edit::{DocumentMut, Item, Table};

use super::super::super::folder;
use super::super::super::teller::read;
use crate::support::branch::Files;
use crate::support::dice::Random;

/// A repository and a source of chance.
pub(super) struct Scene<'s> {
    pub(super) files: &'s mut Files,
    pub(super) random: &'s mut Random,
}

impl Scene<'_> {
    /// One of these.
    pub(super) fn one<'v>(&mut self, of: &[&'v str]) -> &'v str {
        self.random.one(of).copied().unwrap()
    }

    /// The names of the files in a folder, without their ending.
    pub(super) fn stems(&self, folder: &str) -> Vec<String> {
        let inside = self.files.keys().filter_map(|path| path.strip_prefix(folder)?.strip_prefix('/'));
        inside
            .filter_map(|name| name.strip_suffix(".toml"))
            .filter(|name| !name.contains('/'))
            .map(str::to_owned)
            .collect()
    }

    /// One of the files in a folder.
    pub(super) fn stem(&mut self, folder: &str) -> Option<String> {
        let all = self.stems(folder);
        self.random.one(&all).cloned()
    }

    /// One of the projects.
    pub(super) fn project(&mut self) -> Option<String> {
        let mut all: Vec<String> = self
            .files
            .keys()
            .filter_map(|path| path.strip_prefix("projects/")?.split('/').next())
            .map(str::to_owned)
            .collect();
        all.dedup();
        self.random.one(&all).cloned()
    }

    /// Replaces the first occurrence of a text in a file; none if the file has it not.
    pub(super) fn swap(&mut self, path: &str, old: &str, new: &str) -> Option<()> {
        let text = self.files.get_mut(path)?;
        let at = text.find(old)?;
        text.replace_range(at..at + old.len(), new);
        Some(())
    }

    /// Edits a file as TOML; a file that does not parse stays.
    pub(super) fn toml(&mut self, path: &str, edit: impl FnOnce(&mut Table, &mut Random) -> Option<()>) -> Option<()> {
        let mut document: DocumentMut = self.files.get(path)?.parse().ok()?;
        edit(document.as_table_mut(), self.random)?;
        self.files.insert(path.to_owned(), document.to_string());
        Some(())
    }

    /// Edits one step of a project.
    pub(super) fn step(
        &mut self,
        project: &str,
        kind: &str,
        edit: impl FnOnce(&mut Table, &mut Random) -> Option<()>,
    ) -> Option<()> {
        self.toml(&format!("projects/{project}/process.toml"), |process, random| {
            let steps = process.get_mut("step")?.as_array_of_tables_mut()?;
            let of_kind = |step: &Table| step.get("kind").and_then(Item::as_str) == Some(kind);
            let all: Vec<usize> =
                steps.iter().enumerate().filter(|(_, step)| of_kind(step)).map(|(at, _)| at).collect();
            edit(steps.get_mut(*random.one(&all)?)?, random)
        })
    }
}

/// The files of the gallery's repository.
pub(super) fn read_base() -> Files {
    let mut files = Files::new();
    for name in ["../../../example-repo", "shop"] {
        let root = folder("repositories").join(name);
        read(&root, &root, &mut files);
    }
    files
}

/// The lines of a script that lead from some files to others.
pub(super) fn lines(from: &Files, to: &Files) -> String {
    let mut out = String::new();
    for path in from.keys().filter(|path| !to.contains_key(*path)) {
        out.push_str(&format!("delete {path}\n"));
    }
    for (path, text) in to {
        match from.get(path) {
            Some(old) if old == text => {}
            Some(old) => out.push_str(&replaced(path, old, text).unwrap_or_else(|| written(path, text))),
            None => out.push_str(&written(path, text)),
        }
    }
    out
}

fn written(path: &str, text: &str) -> String {
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("write {path} <<END\n{text}{end}END\n")
}

/// As `replace`, if the texts differ in one short place.
fn replaced(path: &str, old: &str, new: &str) -> Option<String> {
    let (before, after): (Vec<&str>, Vec<&str>) = (old.split('\n').collect(), new.split('\n').collect());
    let start = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    let rest = before.len().min(after.len()) - start;
    let end = before.iter().rev().zip(after.iter().rev()).take(rest).take_while(|(one, other)| one == other).count();
    // A line more, if nothing but lines are added.
    let start = if start + end == before.len() { start.checked_sub(1)? } else { start };
    let (gone, come) = (before[start..before.len() - end].join("\n"), after[start..after.len() - end].join("\n"));
    let fits = !gone.is_empty() && gone.len() + come.len() < 400 && old.matches(&gone).count() == 1;
    let plain = [&gone, &come]
        .iter()
        .all(|text| !text.contains(" | ") && !text.contains("\\n") && text.trim() == text.as_str());
    (fits && plain).then(|| format!("replace {path} | {} | {}\n", gone.replace('\n', "\\n"), come.replace('\n', "\\n")))
}
