//! A mirror that is not whole: a clone that was killed half-way, files that a power cut emptied, packs that are cut.
//!
//! HEAD, configuration and refs are repaired in place: HEAD and configuration say nothing in a mirror, the branch's head is
//! fetched again, and a ref that keeps a commit has the commit in its name. If an object is damaged, the whole mirror is made
//! anew, because an object in the mirror has everything below it, and mending one would break that. The remote has everything
//! but the commits that a force-push took away; those are taken over as far as they can be read. The damaged files are moved
//! into a folder inside the mirror ([`ASIDE`]): they stay there if something could not be taken over, and a kill in between
//! begins again from there. A repository with other refs than ours is never touched.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;

use git2::{ErrorCode, ObjectType, Oid, Repository, RepositoryInitOptions};

use super::mirror::SNAPSHOTS;
use super::{GitError, copy, damage, leftovers};
use crate::crash;

/// Where the files of a damaged mirror are while the new one is made.
const ASIDE: &str = "damaged";

/// What a mirror is made of, in the order in which it is moved aside: the names of what is kept before the objects, so that
/// there are never objects aside of which it is unclear which to take over. Whatever else is in the folder is not ours.
const OURS: &[&str] = &["refs", "packed-refs", "objects", "HEAD", "config", "FETCH_HEAD"];

/// Refs that a mirror has.
const REFS: &str = "refs/landfall/";

/// Opens the mirror in a folder, clear of what a killed process left; makes it if it is not there, and anew if it is damaged.
pub(super) fn open(dir: &Path) -> Result<Repository, GitError> {
    let failed =
        |what: &'static str| move |source| GitError::Mirror { what: what.to_owned(), path: dir.to_owned(), source };
    let io = |what: &'static str| move |error| failed(what)(copy::broken(error));
    leftovers::clear(dir).map_err(io("delete what a killed process left"))?;
    if !is_ours(dir).map_err(io("list the refs"))? {
        return Repository::open_bare(dir).map_err(|source| copy::unopened(dir, source));
    }
    mend_files(dir).map_err(io("repair the files"))?;
    let mut repository = opened(dir).map_err(|source| copy::unopened(dir, source))?;
    let broken = damage::find(&dir.join("objects")).map_err(io("read the objects"))?;
    if let Some(first) = broken.first() {
        tracing::warn!("the mirror {} is made anew: {} is damaged", dir.display(), first.display());
        move_aside(dir).map_err(io("move its damaged files aside"))?;
        repository = init(dir).map_err(failed("make it anew"))?;
    }
    if dir.join(ASIDE).exists() {
        take_over(dir, &repository).map_err(io("take over what the damaged one kept"))?;
    }
    mend_refs(&repository).map_err(failed("repair the refs"))?;
    Ok(repository)
}

fn init(dir: &Path) -> Result<Repository, git2::Error> {
    let mut options = RepositoryInitOptions::new();
    options.bare(true).external_template(false).mkpath(true);
    crash::around("make the mirror", || Repository::init_opts(dir, &options))
}

/// The repository; what is missing of it is made, and nothing that is there is changed.
fn opened(dir: &Path) -> Result<Repository, git2::Error> {
    match Repository::open_bare(dir) {
        Err(error) if error.code() == ErrorCode::NotFound => init(dir),
        opened => opened,
    }
}

/// That the folder has no refs but those of a mirror: then it is one, or the half of one, or nothing yet.
fn is_ours(dir: &Path) -> std::io::Result<bool> {
    let foreign = |name: &str| !name.starts_with(REFS);
    let loose = refs_of_files(dir)?.iter().any(|name| foreign(name));
    Ok(!loose && !packed(dir)?.iter().filter_map(|line| Some(line.split_once(' ')?.1)).any(foreign))
}

/// The names of all refs with a file of their own.
fn refs_of_files(dir: &Path) -> std::io::Result<Vec<String>> {
    let files = leftovers::below(&dir.join("refs"))?;
    Ok(files.iter().filter_map(|file| Some(file.strip_prefix(dir).ok()?.to_str()?.to_owned())).collect())
}

/// The lines of packed refs that can be read: an id and a name. Comments and peeled tags say nothing here.
fn packed(dir: &Path) -> std::io::Result<Vec<String>> {
    let text = match std::fs::read(dir.join("packed-refs")) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        text => String::from_utf8_lossy(&text?).into_owned(),
    };
    let is_ref = |line: &&str| {
        line.split_once(' ').is_some_and(|(id, name)| {
            id.len() == 40 && Oid::from_str(id).is_ok() && git2::Reference::is_valid_name(name)
        })
    };
    Ok(text.lines().filter(is_ref).map(str::to_owned).collect())
}

/// Deletes a HEAD and a configuration that are cut, and the lines of packed refs that are.
fn mend_files(dir: &Path) -> std::io::Result<()> {
    let head = dir.join("HEAD");
    if head.exists() && !std::fs::read(&head)?.starts_with(b"ref: refs/") {
        std::fs::remove_file(&head)?;
    }
    let config = dir.join("config");
    if config.exists() && git2::Config::open(&config).and_then(|mut config| config.snapshot()).is_err() {
        std::fs::remove_file(&config)?;
    }
    let path = dir.join("packed-refs");
    if path.exists() {
        let lines = packed(dir)?;
        let read = std::fs::read_to_string(&path).unwrap_or_default();
        if read.lines().filter(|line| !line.starts_with(['#', '^'])).count() != lines.len() || !read.ends_with('\n') {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            std::fs::write(&path, text)?;
        }
    }
    Ok(())
}

/// Deletes refs that name nothing that can be read. One that keeps a commit is set again by its name.
fn mend_refs(mirror: &Repository) -> Result<(), git2::Error> {
    let mut names: BTreeSet<String> = refs_of_files(mirror.path()).map_err(copy::broken)?.into_iter().collect();
    for reference in mirror.references()? {
        names.insert(reference?.name()?.to_owned());
    }
    let whole = |name: &str| mirror.find_reference(name).and_then(|found| found.peel_to_commit()?.tree()).is_ok();
    for name in names.iter().filter(|name| !whole(name)) {
        let mirror_path = mirror.path().display();
        tracing::warn!("{name} in the mirror {mirror_path} names nothing that can be read: it is fetched again");
        let file = mirror.path().join(name);
        if file.exists() {
            std::fs::remove_file(file).map_err(copy::broken)?;
        }
        if whole(name) {
            continue;
        }
        if let Ok(mut found) = mirror.find_reference(name) {
            found.delete()?;
        }
        let commit = name.strip_prefix(SNAPSHOTS).and_then(|id| Oid::from_str(id).ok());
        if let Some(commit) = commit.filter(|id| mirror.find_commit(*id).and_then(|commit| commit.tree()).is_ok()) {
            leftovers::set_ref(mirror, name, commit, "kept")?;
        }
    }
    Ok(())
}

/// Moves the files of a damaged mirror aside. What an earlier try moved already is whole there; what it made since is not.
fn move_aside(dir: &Path) -> std::io::Result<()> {
    let aside = dir.join(ASIDE);
    std::fs::create_dir_all(&aside)?;
    for name in OURS {
        let (from, to) = (dir.join(name), aside.join(name));
        if !from.exists() {
            continue;
        }
        if !to.exists() {
            crash::around("move a damaged mirror aside", || std::fs::rename(&from, &to))?;
        } else if from.is_dir() {
            std::fs::remove_dir_all(&from)?;
        } else {
            std::fs::remove_file(&from)?;
        }
    }
    Ok(())
}

/// Takes over the kept commits of a damaged mirror that can be read with their history, and deletes the rest of it; it stays
/// under another name if there is a kept commit that cannot be read.
fn take_over(dir: &Path, mirror: &Repository) -> std::io::Result<()> {
    let aside = dir.join(ASIDE);
    let kept = kept(&aside)?;
    // The library must not read what is damaged: it would not come back.
    for file in damage::find(&aside.join("objects"))? {
        std::fs::remove_file(file)?;
    }
    let lost: Vec<Oid> = match reopened(&aside) {
        Ok(old) => copied(&old, mirror, kept),
        Err(_) => kept.into_iter().collect(),
    };
    if lost.is_empty() {
        return crash::around("delete a damaged mirror", || std::fs::remove_dir_all(&aside));
    }
    let free = (1..).map(|n| dir.join(format!("{ASIDE}-{n}"))).find(|path| !path.exists());
    let stays = free.unwrap_or_else(|| aside.clone());
    for commit in lost {
        tracing::warn!("commit {commit}, which a release comes from, cannot be read in {}", stays.display());
    }
    std::fs::rename(&aside, &stays)
}

/// The commits that the refs of a damaged mirror keep: a ref's name says which, whatever is left of its file.
fn kept(aside: &Path) -> std::io::Result<BTreeSet<Oid>> {
    let mut names = refs_of_files(aside)?;
    names.extend(packed(aside)?.iter().filter_map(|line| Some(line.split_once(' ')?.1.to_owned())));
    Ok(names.iter().filter_map(|name| Oid::from_str(name.strip_prefix(SNAPSHOTS)?).ok()).collect())
}

/// The damaged mirror with a HEAD and a configuration as a new one has them: in ours they say nothing.
fn reopened(aside: &Path) -> Result<Repository, git2::Error> {
    for name in ["HEAD", "config", "packed-refs"] {
        let path = aside.join(name);
        if path.exists() {
            std::fs::remove_file(path).map_err(copy::broken)?;
        }
    }
    init(aside)
}

/// Copies commits with their histories; gives those that cannot be read.
fn copied(old: &Repository, mirror: &Repository, kept: BTreeSet<Oid>) -> Vec<Oid> {
    let mut lost = Vec::new();
    for commit in kept {
        let copied =
            old.find_object(commit, Some(ObjectType::Commit)).and_then(|_| copy::copy(old, mirror, commit, false));
        let set = copied.and_then(|_| leftovers::set_ref(mirror, &format!("{SNAPSHOTS}{commit}"), commit, "kept"));
        if set.is_err() {
            lost.push(commit);
        }
    }
    lost
}
