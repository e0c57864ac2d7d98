//! Objects on this machine: copies what a commit needs into the mirror, and keeps the mirror tidy. Files that are larger
//! than landfall reads stay where they are, see `large`: an object is copied as a whole, in memory.
//!
//! The library's own transport for local paths takes every ref of the source along. Here only the tracked branch is read: the
//! first time as one pack, afterwards object by object, where a tree that the mirror has is not entered. Children are
//! written before what names them, so that an object in the mirror always has everything below it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use git2::{ObjectType, Odb, Oid, Repository};

use super::large::Large;
use super::{GitError, leftovers};
use crate::crash;

/// Copies a commit with its history; returns how many objects were written.
pub(super) fn copy(source: &Repository, mirror: &Repository, head: Oid, fresh: bool) -> Result<usize, git2::Error> {
    if fresh { pack(source, mirror, head) } else { loose(source, mirror, head) }
}

fn pack(source: &Repository, mirror: &Repository, head: Oid) -> Result<usize, git2::Error> {
    let mut walk = source.revwalk()?;
    walk.push(head)?;
    let mut builder = source.packbuilder()?;
    insert(source, walk, &mut Large::of(mirror), &mut builder)?;
    crash::around("copy the history", || builder.write(&mirror.path().join("objects/pack"), 0o444))?;
    mirror.odb()?.refresh()?;
    Ok(builder.object_count())
}

/// Puts commits with their trees and files into a pack, but for what is too large. Costs a look at each distinct object.
fn insert(
    source: &Repository,
    walk: git2::Revwalk<'_>,
    large: &mut Large,
    builder: &mut git2::PackBuilder<'_>,
) -> Result<(), git2::Error> {
    let (odb, mut seen) = (source.odb()?, HashSet::new());
    for commit in walk {
        let commit = commit?;
        builder.insert_object(commit, None)?;
        insert_tree(source, &odb, source.find_commit(commit)?.tree_id(), 0, large, builder, &mut seen)?;
    }
    Ok(())
}

fn insert_tree(
    source: &Repository,
    odb: &Odb<'_>,
    id: Oid,
    depth: usize,
    large: &mut Large,
    builder: &mut git2::PackBuilder<'_>,
    seen: &mut HashSet<Oid>,
) -> Result<(), git2::Error> {
    if !seen.insert(id) {
        return Ok(());
    }
    not_too_deep(depth)?;
    builder.insert_object(id, None)?;
    for entry in source.find_tree(id)?.iter() {
        match entry.kind() {
            Some(ObjectType::Tree) => insert_tree(source, odb, entry.id(), depth + 1, large, builder, seen)?,
            Some(ObjectType::Blob) if seen.insert(entry.id()) && !large.leaves(odb, entry.id())? => {
                // Files of one name are stored as their differences.
                builder.insert_object(entry.id(), entry.name().ok())?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn not_too_deep(depth: usize) -> Result<(), git2::Error> {
    /// Deeper than any repository that people keep; a hostile one must not exhaust the stack.
    const DEEPEST: usize = 256;
    if depth > DEEPEST {
        return Err(git2::Error::from_str("its folders are nested deeper than 256"));
    }
    Ok(())
}

fn loose(source: &Repository, mirror: &Repository, head: Oid) -> Result<usize, git2::Error> {
    let (from, to) = (source.odb()?, mirror.odb()?);
    let mut large = Large::of(mirror);
    let mut new = Vec::new();
    let mut todo = vec![head];
    let mut seen = HashSet::new();
    while let Some(commit) = todo.pop() {
        if to.exists(commit) || !seen.insert(commit) {
            continue;
        }
        new.push(commit);
        todo.extend(source.find_commit(commit)?.parent_ids());
    }
    let mut written = 0;
    for commit in parents_first(source, new)? {
        written += tree(source, &from, &to, source.find_commit(commit)?.tree_id(), 0, &mut large)?;
        written += object(&from, &to, commit)?;
    }
    Ok(written)
}

/// Copies one commit with its tree, without its parents.
pub(super) fn snapshot(source: &Repository, to: &Repository, commit: Oid) -> Result<(), git2::Error> {
    let (from, odb) = (source.odb()?, to.odb()?);
    tree(source, &from, &odb, source.find_commit(commit)?.tree_id(), 0, &mut Large::of(to))?;
    object(&from, &odb, commit).map(drop)
}

/// A commit that is in the mirror must have its parents there, also after a crash in between.
fn parents_first(source: &Repository, new: Vec<Oid>) -> Result<Vec<Oid>, git2::Error> {
    let wanted: HashSet<Oid> = new.iter().copied().collect();
    let mut walk = source.revwalk()?;
    walk.set_sorting(git2::Sort::TOPOLOGICAL | git2::Sort::REVERSE)?;
    for &commit in &new {
        walk.push(commit)?;
        for parent in source.find_commit(commit)?.parent_ids().filter(|parent| !wanted.contains(parent)) {
            walk.hide(parent)?;
        }
    }
    walk.filter(|commit| commit.as_ref().map_or(true, |commit| wanted.contains(commit))).collect()
}

fn tree(
    source: &Repository,
    from: &Odb<'_>,
    to: &Odb<'_>,
    id: Oid,
    depth: usize,
    large: &mut Large,
) -> Result<usize, git2::Error> {
    if to.exists(id) {
        return Ok(0);
    }
    not_too_deep(depth)?;
    let mut written = 0;
    for entry in source.find_tree(id)?.iter() {
        written += match entry.kind() {
            Some(ObjectType::Tree) => tree(source, from, to, entry.id(), depth + 1, large)?,
            Some(ObjectType::Blob) if !large.leaves(from, entry.id())? => object(from, to, entry.id())?,
            _ => 0,
        };
    }
    Ok(written + object(from, to, id)?)
}

fn object(from: &Odb<'_>, to: &Odb<'_>, id: Oid) -> Result<usize, git2::Error> {
    if to.exists(id) {
        return Ok(0);
    }
    let object = from.read(id)?;
    crash::around("copy an object", || to.write(object.kind(), object.data()))?;
    Ok(1)
}

/// Refuses a source that lacks part of its history or of its objects.
pub(super) fn complete(source: &Repository, remote: &str) -> Result<(), GitError> {
    if source.is_shallow() {
        return Err(GitError::Shallow { remote: remote.to_owned() });
    }
    let promised = source.config().and_then(|config| {
        let mut promised = false;
        config.entries(Some("remote\\..*\\.promisor"))?.for_each(|entry| {
            promised |= entry.value().is_ok_and(|value| value == "true");
        })?;
        Ok(promised)
    });
    match promised {
        Ok(true) => Err(GitError::Partial { remote: remote.to_owned() }),
        Ok(false) => Ok(()),
        Err(source_error) => Err(GitError::Open { path: source.path().to_owned(), source: source_error }),
    }
}

/// Opens a repository exactly where it is said to be: a work tree, a bare repository or a `.git` folder.
pub(super) fn open(path: &Path, remote: &str) -> Result<Repository, GitError> {
    let flags = git2::RepositoryOpenFlags::NO_SEARCH;
    Repository::open_ext(path, flags, &[] as &[&std::ffi::OsStr]).map_err(|source| {
        if source.message().contains("extensions.partialclone") {
            return GitError::Partial { remote: remote.to_owned() };
        }
        unopened(path, source)
    })
}

/// Why a repository cannot be opened, with what to do if it belongs to another user.
pub(super) fn unopened(path: &Path, source: git2::Error) -> GitError {
    let path = path.to_owned();
    match source.code() {
        git2::ErrorCode::Owner => GitError::Owner { path, source },
        _ => GitError::Open { path, source },
    }
}

/// Makes one pack of many packs and loose objects: every fetch from a remote adds a pack, each of which is a file that stays
/// open, and every copy and every change of the facts adds loose objects. What no ref reaches is left behind. Only while
/// nothing is written into the mirror that no ref reaches yet.
pub(super) fn tidy(mirror: &Repository) -> Result<(), git2::Error> {
    /// git's own `gc.autoPackLimit`.
    const PACKS: usize = 50;
    /// In one of the 256 folders of loose objects: about 2000 in all.
    const LOOSE: usize = 8;
    let objects = mirror.path().join("objects");
    let folder = objects.join("pack");
    let packs = named(&folder, |path| path.extension().is_some_and(|ending| ending == "pack"))?;
    let sample = named(&objects.join("17"), |_| true)?;
    if packs.len() <= PACKS && sample.len() <= LOOSE {
        return Ok(());
    }
    let loose = loose_files(&objects)?;
    let mut walk = mirror.revwalk()?;
    walk.push_glob("refs/*")?;
    let mut builder = mirror.packbuilder()?;
    insert(mirror, walk, &mut Large::left_by(mirror), &mut builder)?;
    crash::around("make one pack", || builder.write(&folder, 0o444))?;
    let new = format!("pack-{}", builder.name()?.unwrap_or_default());
    for file in [folder.join(format!("{new}.pack")), folder.join(format!("{new}.idx")), folder.clone()] {
        std::fs::File::open(&file).and_then(|file| file.sync_all()).map_err(broken)?;
    }
    let stems = packs.iter().filter_map(|path| path.file_stem()?.to_str()).filter(|stem| **stem != *new);
    let old = stems.flat_map(|stem| ["idx", "rev", "pack"].map(|ending| folder.join(format!("{stem}.{ending}"))));
    for file in old.chain(loose) {
        match crash::around("remove what is packed", || std::fs::remove_file(&file)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(broken(error)),
            _ => {}
        }
    }
    mirror.odb()?.refresh()
}

/// The files of all loose objects.
pub(super) fn loose_files(objects: &Path) -> Result<Vec<PathBuf>, git2::Error> {
    let is_ours = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let mut files = Vec::new();
    for folder in named(objects, is_ours)? {
        files.extend(named(&folder, |_| true)?);
    }
    Ok(files)
}

/// The entries of a folder whose paths fit; none if there is no folder.
fn named(folder: &Path, fits: impl Fn(&Path) -> bool) -> Result<Vec<PathBuf>, git2::Error> {
    let paths = leftovers::entries(folder).map_err(broken)?;
    Ok(paths.into_iter().filter(|path| fits(path)).collect())
}

/// An error of the file system, as one of the library's.
pub(super) fn broken(error: std::io::Error) -> git2::Error {
    git2::Error::new(git2::ErrorCode::GenericError, git2::ErrorClass::Os, error.to_string())
}
