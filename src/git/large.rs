//! Files that a mirror of a repository on this machine leaves behind: they are larger than landfall reads.
//!
//! An object is copied as a whole, in memory, so a file of a gigabyte would cost a gigabyte even if it is never read. Its id goes
//! into a list in the mirror before the tree that names it, so that a reader learns that it is too large, and not
//! that it is missing. What comes over a network is received as it is sent, and is in no such list.

use std::collections::HashSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;

use git2::{Odb, Oid, Repository};

use crate::crash;
use crate::tree::MAX_FILE;

/// The list's name in the mirror.
const LIST: &str = "landfall-too-large";

/// What is left behind.
pub(super) struct Large {
    list: PathBuf,
    known: HashSet<Oid>,
    /// Files are left behind from here on; otherwise only those that were.
    leaves: bool,
}

impl Large {
    /// The files that the mirror lacks, and those that it will not take either.
    pub(super) fn of(mirror: &Repository) -> Self {
        Self { leaves: true, ..Self::left_by(mirror) }
    }

    /// The files that the mirror lacks.
    pub(super) fn left_by(mirror: &Repository) -> Self {
        let list = mirror.path().join(LIST);
        // A line that a kill cut short names nothing.
        let text = std::fs::read_to_string(&list).unwrap_or_default();
        let known = text.lines().filter(|line| line.len() == 40).filter_map(|line| Oid::from_str(line).ok()).collect();
        Self { list, known, leaves: false }
    }

    /// Whether the mirror lacks the file because of its size.
    pub(super) fn lacks(&self, id: Oid) -> bool {
        self.known.contains(&id)
    }

    /// Whether the file is left behind. Its size is read, and not the file; one that is new is listed.
    pub(super) fn leaves(&mut self, from: &Odb<'_>, id: Oid) -> Result<bool, git2::Error> {
        if self.known.contains(&id) {
            return Ok(true);
        }
        if !self.leaves || from.read_header(id)?.0 as u64 <= MAX_FILE {
            return Ok(false);
        }
        let write = || {
            let mut list = OpenOptions::new().create(true).append(true).open(&self.list)?;
            list.write_all(format!("\n{id}\n").as_bytes())?;
            list.sync_data()
        };
        crash::around("list a large file", write).map_err(|error: std::io::Error| {
            git2::Error::from_str(&format!("cannot list what is too large: {error}"))
        })?;
        self.known.insert(id);
        Ok(true)
    }
}
