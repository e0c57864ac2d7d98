//! Wakes the daemon when a local repository's refs change.
//!
//! git writes a ref by renaming a lock file over it, or rewrites `packed-refs`; a push into a bare repository does the same;
//! a linked work tree has a HEAD of its own and shares everything else. So the folders are watched, not the files. A wake
//! says nothing but "look again": wakes that are not taken yet are one.
//!
//! A watch makes the answer quick, polling makes it certain: a repository on a network file system, or one that is moved away
//! and made anew, does not wake it.

use std::path::{Path, PathBuf};

use notify::{Event, EventKind, RecursiveMode, Watcher};
use tokio::sync::mpsc::Sender;

use super::{GitError, copy};

/// Watches for as long as it is kept.
#[derive(Debug)]
pub struct Watch {
    _watcher: notify::RecommendedWatcher,
}

/// Watches the refs of the repository in a folder (a work tree, a linked one, or a bare repository) and sends a wake when one
/// may have changed. The sender should hold one message: a wake that finds it full is dropped, since one is on its way.
pub fn watch(repository: &Path, wake: Sender<()>) -> Result<Watch, GitError> {
    let refs = Refs::of(repository)?;
    let folders = refs.folders();
    let failed = |source| GitError::Watch { path: repository.to_owned(), source };
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // An error means that something may have been missed.
        if event.map_or(true, |event| refs.concerns(&event)) {
            let _ = wake.try_send(());
        }
    })
    .map_err(failed)?;
    for (folder, mode) in folders {
        watcher.watch(&folder, mode).map_err(failed)?;
    }
    Ok(Watch { _watcher: watcher })
}

/// Where a repository keeps its refs.
struct Refs {
    /// With HEAD: the repository, or the part of it that is a linked work tree's own.
    own: PathBuf,
    /// With `packed-refs` and `refs`.
    common: PathBuf,
}

impl Refs {
    fn of(path: &Path) -> Result<Self, GitError> {
        let repository = copy::open(path, &path.display().to_string())?;
        let real = |folder: &Path| std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        Ok(Self { own: real(repository.path()), common: real(repository.commondir()) })
    }

    fn folders(&self) -> Vec<(PathBuf, RecursiveMode)> {
        let mut folders = vec![
            (self.common.clone(), RecursiveMode::NonRecursive),
            (self.common.join("refs"), RecursiveMode::Recursive),
        ];
        if self.own != self.common {
            folders.push((self.own.clone(), RecursiveMode::NonRecursive));
        }
        folders
    }

    /// Whether a ref may be another one now. Reading is not a change, or looking would wake the one who looks.
    fn concerns(&self, event: &Event) -> bool {
        if event.need_rescan() {
            return true;
        }
        !matches!(event.kind, EventKind::Access(_)) && event.paths.iter().any(|path| self.is_ref(path))
    }

    fn is_ref(&self, path: &Path) -> bool {
        if path.extension().is_some_and(|extension| extension == "lock") {
            return false;
        }
        path == self.own.join("HEAD")
            || path == self.common.join("packed-refs")
            || path.starts_with(self.common.join("refs"))
    }
}
