//! What a kill leaves in the mirror: locks of refs and of files, temporary objects and packs, halves of packs.
//!
//! One daemon uses a mirror (the store's lock sees to that), so whatever is there before the mirror is opened is of a process
//! that is gone, and is deleted. While it is open, refs are updated one at a time, so that a lock on a ref is a leftover too.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use git2::{ErrorCode, Oid, Repository};

use crate::crash;

/// Held while a ref of a mirror is updated.
static UPDATES: Mutex<()> = Mutex::new(());

/// Deletes what a killed process left in a mirror that is not in use. Costs one listing of the folders of refs and objects.
pub(super) fn clear(mirror: &Path) -> std::io::Result<()> {
    let mut found = named(mirror, is_lock)?;
    found.extend(below(&mirror.join("refs"))?.into_iter().filter(|path| is_lock(path)));
    let objects = mirror.join("objects");
    for folder in folders(&objects)?.into_iter().chain([objects.clone()]) {
        found.extend(named(&folder, |path| is_lock(path) || is_temporary(path))?);
    }
    found.extend(halves(&objects.join("pack"))?);
    if found.is_empty() {
        return Ok(());
    }
    for path in &found {
        gone(crash::around("delete a leftover", || std::fs::remove_file(path)))?;
    }
    let (mirror, files) = (mirror.display(), found.len());
    tracing::warn!("deleted {files} files that a killed process left in the mirror {mirror}");
    Ok(())
}

/// Sets a ref of a mirror, past a lock that a killed process left.
pub(super) fn set_ref(mirror: &Repository, name: &str, id: Oid, why: &str) -> Result<(), git2::Error> {
    let _turn = UPDATES.lock().unwrap_or_else(PoisonError::into_inner);
    match mirror.reference(name, id, true, why) {
        Err(error) if error.code() == ErrorCode::Locked => {
            let lock = mirror.path().join(format!("{name}.lock"));
            tracing::warn!("deleted {}, which a killed process left", lock.display());
            gone(std::fs::remove_file(lock)).map_err(super::copy::broken)?;
            mirror.reference(name, id, true, why).map(drop)
        }
        set => set.map(drop),
    }
}

fn is_lock(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "lock")
}

/// Objects and packs that are being written: `tmp_obj_…` and `tmp_pack_…` by git, `…_git2_…` by the library, `….keep` by
/// both.
fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with("tmp_") || name.starts_with(".tmp-") || name.contains("_git2_") || name.ends_with(".keep")
}

/// Packs without an index, and indexes without a pack: neither can be read.
fn halves(packs: &Path) -> std::io::Result<Vec<PathBuf>> {
    let is = |ending: &'static str| move |path: &Path| path.extension().is_some_and(|found| found == ending);
    let lacks = |path: &PathBuf, other: &str| !path.with_extension(other).exists();
    let packs_only = named(packs, is("pack"))?.into_iter().filter(|path| lacks(path, "idx"));
    let rest = ["idx", "rev"].map(|ending| named(packs, is(ending)));
    let mut halves: Vec<PathBuf> = packs_only.collect();
    for rest in rest {
        halves.extend(rest?.into_iter().filter(|path| lacks(path, "pack")));
    }
    Ok(halves)
}

/// The files in a folder whose paths fit; none if there is no folder.
fn named(folder: &Path, fits: impl Fn(&Path) -> bool) -> std::io::Result<Vec<PathBuf>> {
    let paths = entries(folder)?.into_iter().filter(|path| fits(path) && !path.is_dir());
    Ok(paths.collect())
}

fn folders(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    Ok(entries(folder)?.into_iter().filter(|path| path.is_dir()).collect())
}

/// The paths in a folder, in order; none if there is no folder.
pub(super) fn entries(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.sort_unstable();
    Ok(paths)
}

/// Every file below a folder, links not followed.
pub(super) fn below(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() && !path.is_symlink() {
            files.extend(below(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

/// What is gone already need not go.
fn gone(done: std::io::Result<()>) -> std::io::Result<()> {
    match done {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
