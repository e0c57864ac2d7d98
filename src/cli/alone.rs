//! That no other daemon on this machine uses a store.
//!
//! Two locks. One on a file next to the store, by the store's true path: it holds through symbolic links, says who has it,
//! and stays with the daemon if the store's file is deleted under it. One on the store's file itself: it holds through a hard
//! link. The system gives both back when the process ends, however it ends, so that a start after a crash need not wait for
//! the lease.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::exit::{Doing, Failure};
use super::wire;
use crate::crash;

/// The locks on a store, until this is dropped.
#[derive(Debug)]
pub struct Alone {
    _beside: File,
    _store: Option<File>,
    path: PathBuf,
}

impl Alone {
    /// Takes the locks, and makes an empty file if there is no store yet.
    ///
    /// # Errors
    /// Another process has the store; says which.
    pub fn with(url: &str) -> Result<Self, Failure> {
        wire::check_kind(url)?;
        let named = wire::store_file(url);
        let store = open(&named)?;
        let path = named.canonicalize().doing(|| format!("cannot find the store {}", named.display()))?;
        let mut beside = open(&beside(&path))?;
        if !lock(&beside, &path)? {
            let mut who = String::new();
            let _ = beside.read_to_string(&mut who);
            return Err(in_use(url, who.trim()));
        }
        // Only Linux keeps this kind of lock apart from those that SQLite takes on the same file [man 2 flock].
        let store = cfg!(target_os = "linux").then_some(store);
        if let Some(store) = &store
            && !lock(store, &path)?
        {
            return Err(in_use(url, "a process that knows it by another name"));
        }
        let who = format!("landfall, process {}\n", std::process::id());
        let write = || beside.set_len(0).and_then(|()| beside.rewind()).and_then(|()| beside.write_all(who.as_bytes()));
        let written = crash::around("write who holds the store", write);
        written.doing(|| format!("cannot write the lock of {}", path.display()))?;
        Ok(Self { _beside: beside, _store: store, path })
    }

    /// The store's true path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The file of the lock next to a store.
pub fn beside(store: &Path) -> PathBuf {
    let mut path = store.to_owned().into_os_string();
    path.push(".lock");
    path.into()
}

fn open(path: &Path) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.open(path).map_err(|error| {
        let missing = wire::missing_folder(path);
        let failure = Failure::new(format!("cannot open {}", path.display())).because(error);
        match missing {
            Some(missing) => failure.help(missing),
            None => failure,
        }
    })
}

/// Whether the lock was free.
fn lock(file: &File, store: &Path) -> Result<bool, Failure> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => {
            Err(Failure::new(format!("cannot lock the store {}", store.display())).because(error))
        }
    }
}

fn in_use(url: &str, who: &str) -> Failure {
    Failure::new(format!("the store {url} is in use by {who}"))
        .help("one daemon deploys from one store; ask it with --server")
}
