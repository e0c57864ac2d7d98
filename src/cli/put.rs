//! Files of a folder, written whole or not at all.
//!
//! A full disk, a limit or a kill leaves every file as it was: the new text is written next to the old file, brought to the disk, and
//! only then takes its name. Several files are all written before the first of them takes its name.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::exit::{Doing, Failure};
use crate::crash;

/// A file that is written and does not have its name yet. It goes where it never gets it.
struct Draft<'a> {
    file: &'a Path,
    beside: PathBuf,
    named: bool,
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if !self.named {
            let _ = std::fs::remove_file(&self.beside);
        }
    }
}

/// Writes files, with the folders above them; what is there keeps its mode.
///
/// # Errors
/// One cannot be written: then none is, unless the disk takes files and does not let them have their names.
pub fn put(files: &[(PathBuf, &str)]) -> Result<(), Failure> {
    let mut drafts = Vec::with_capacity(files.len());
    for (file, text) in files {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).doing(|| format!("cannot make {}", folder.display()))?;
        }
        drafts.push(draft(file, text).doing(|| format!("cannot write {}", file.display()))?);
    }
    for mut draft in drafts {
        named(&mut draft).doing(|| format!("cannot write {}", draft.file.display()))?;
    }
    Ok(())
}

/// Writes the new text of a file next to it.
fn draft<'a>(file: &'a Path, text: &str) -> io::Result<Draft<'a>> {
    let there = match std::fs::symlink_metadata(file) {
        Ok(there) if there.is_file() => Some(there),
        Ok(_) => return Err(io::Error::other("it is not a file: landfall does not follow links")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    // Hidden, so that nothing reads it as a file of the repository.
    let beside = file.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    clear(&beside, &name);
    let mut opened = OpenOptions::new().write(true).create_new(true).open(&beside)?;
    let draft = Draft { file, beside, named: false };
    crash::around("write a file", || opened.write_all(text.as_bytes()))?;
    if let Some(there) = there {
        opened.set_permissions(there.permissions())?;
    }
    opened.sync_all()?;
    Ok(draft)
}

/// Deletes drafts of the same file that killed processes left.
fn clear(beside: &Path, name: &str) {
    let Some(entries) = beside.parent().and_then(|folder| std::fs::read_dir(folder).ok()) else { return };
    let is_draft = |path: &Path| {
        let found = path.file_name().and_then(|found| found.to_str()).unwrap_or_default();
        found.starts_with(&format!(".{name}.")) && found.ends_with(".tmp")
    };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_draft(path)) {
        let _ = std::fs::remove_file(path);
    }
}

/// Gives a draft its name, and brings that to the disk as far as the system can.
fn named(draft: &mut Draft<'_>) -> io::Result<()> {
    crash::around("name a file", || std::fs::rename(&draft.beside, draft.file))?;
    draft.named = true;
    if let Some(folder) = draft.file.parent().and_then(|folder| File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
    Ok(())
}
