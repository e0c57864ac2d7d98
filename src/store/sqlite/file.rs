//! The store's file as the file system has it: its one true path, its identity, and the place that it is at home in.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::store::{Result, StoreError};

/// Read and write for the owner, nothing for anybody else.
const OURS: u32 = 0o600;

/// What names a file whatever its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) device: u64,
    pub(super) inode: u64,
}

impl Identity {
    /// Of what a path names now; none if nothing is there.
    pub(super) fn at(path: &Path) -> std::io::Result<Option<Self>> {
        match std::fs::metadata(path) {
            Ok(found) => Ok(Some(Self { device: found.dev(), inode: found.ino() })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Where a store is: what tells a copy or a restored backup from the file that was written last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: String,
    pub(super) identity: Identity,
    /// When the file was made, in nanoseconds: a file system gives the inode of a deleted file to the next one. 0 if the
    /// file system does not know.
    pub(super) born: i64,
    pub(super) machine: String,
}

impl Place {
    /// The place for people: its path, and what else tells it from the other place.
    pub(super) fn told_from(&self, other: &Place) -> String {
        let mut marks = Vec::new();
        if self.machine != other.machine {
            marks.push(format!("machine {}", self.machine));
        }
        if self.identity.device != other.identity.device {
            marks.push(format!("device {}", self.identity.device));
        }
        if self.identity.inode != other.identity.inode {
            marks.push(format!("inode {}", self.identity.inode));
        }
        if marks.is_empty() && self.path == other.path {
            marks.push(format!("made at {} ns", self.born));
        }
        match marks.is_empty() {
            true => self.path.clone(),
            false => format!("{} ({})", self.path, marks.join(", ")),
        }
    }
}

/// The machine's id [man 5 machine-id]; a container may have none, or its image's.
fn machine() -> String {
    let id = ["/etc/machine-id", "/var/lib/dbus/machine-id"].iter().find_map(|file| std::fs::read_to_string(file).ok());
    let id = id.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    id.unwrap_or_else(|| "unknown".to_owned())
}

/// When a file was made.
fn born(file: &File) -> i64 {
    let made = file.metadata().and_then(|found| found.created()).ok();
    let since = made.and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
    since.and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or(0)
}

/// The first bytes of an SQLite file [https://www.sqlite.org/fileformat.html]: two numbers that applications choose.
pub(super) struct Header {
    pub(super) version: i64,
    pub(super) application: i64,
}

/// The file, held open: nothing else can get its inode's number while this lives.
#[derive(Debug)]
pub(super) struct StoreFile {
    path: PathBuf,
    identity: Identity,
    file: File,
}

impl StoreFile {
    /// Opens the file through any symbolic links; with `make`, makes an empty one if there is none.
    pub(super) fn open(path: &Path, make: bool) -> std::io::Result<Self> {
        let file = OpenOptions::new().read(true).write(make).create(make).truncate(false).mode(OURS).open(path)?;
        let path = path.canonicalize()?;
        let found = file.metadata()?;
        Ok(Self { path, identity: Identity { device: found.dev(), inode: found.ino() }, file })
    }

    /// Its path without symbolic links.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A file of SQLite's that belongs to it: `-wal`, `-shm`.
    pub(super) fn beside(&self, suffix: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(suffix);
        path.into()
    }

    /// What its header says; none if it is too short to have one.
    pub(super) fn header(&self) -> Option<Header> {
        let number = |at| {
            let mut bytes = [0; 4];
            self.file.read_exact_at(&mut bytes, at).ok().map(|()| i64::from(i32::from_be_bytes(bytes)))
        };
        Some(Header { version: number(60)?, application: number(68)? })
    }

    /// Where it is.
    pub(super) fn place(&self) -> Place {
        let path = self.path.display().to_string();
        Place { path, identity: self.identity, born: born(&self.file), machine: machine() }
    }

    /// That the path still names this file.
    ///
    /// # Errors
    /// [`StoreError::Gone`].
    pub(super) fn check(&self) -> Result<()> {
        check(&self.path, self.identity)
    }
}

/// That a path still names a file.
pub(super) fn check(path: &Path, identity: Identity) -> Result<()> {
    let gone = |how: &'static str| StoreError::Gone { path: path.display().to_string(), how };
    match Identity::at(path) {
        Ok(Some(found)) if found == identity => Ok(()),
        Ok(Some(_)) => Err(gone("replaced")),
        Ok(None) => Err(gone("deleted")),
        Err(error) => Err(StoreError::Database { what: "look at its file", source: Box::new(error) }),
    }
}
