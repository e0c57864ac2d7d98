//! Looking after the file: whether it is whole, a backup of it, and a backup put in its place.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sqlx::Row;

use super::failed;
use super::{SqliteStore, schema};
use crate::crash;
use crate::model::journal::Record;
use crate::store::{Result, Store, StoreError};

/// How many records are read at a time.
const PAGE: u32 = 1_000;

/// What a look at the whole file found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verified {
    /// How many records are whole, from the first.
    pub records: u64,
    /// The last of them.
    pub last: Option<Record>,
    /// What is wrong, for people; empty if the store is whole.
    pub wrong: Vec<String>,
}

impl SqliteStore {
    /// Looks whether the whole file is sound, and whether the chain of its records is. Reads only; costs one pass over the
    /// file and one over the journal.
    ///
    /// # Errors
    /// The database does not answer. Damage is no error: it is in [`Verified::wrong`].
    pub async fn verify(&self) -> Result<Verified> {
        let mut verified = Verified::default();
        let mut lent = self.line.read().await.map_err(failed("open its file"))?;
        match sqlx::query("PRAGMA quick_check").fetch_all(&mut *lent).await {
            Ok(rows) => {
                let said = rows.iter().filter_map(|row| row.try_get::<String, _>(0).ok());
                verified.wrong.extend(said.filter(|line| line != "ok").map(|line| format!("SQLite: {line}")));
                lent.give_back();
            }
            Err(error) => verified.wrong.push(format!("SQLite: {error}")),
        }
        loop {
            match self.records(verified.records, PAGE).await {
                Ok(page) => match page.into_iter().next_back() {
                    None => return Ok(verified),
                    Some(last) => {
                        verified.records = last.seq;
                        verified.last = Some(last);
                    }
                },
                Err(error @ StoreError::Database { .. }) => return Err(error),
                Err(error) => {
                    if let StoreError::Broken { seq, .. } | StoreError::Unreadable { seq, .. } = &error {
                        verified.records = seq.saturating_sub(1);
                    }
                    verified.wrong.push(error.to_string());
                    return Ok(verified);
                }
            }
        }
    }

    /// Writes a whole copy into a new file, also while a daemon goes on writing. The copy says that it lives in a backup, which
    /// is no place that a daemon works in. So a daemon that is started with it, there or elsewhere, knows that it is not the
    /// file that was used last.
    ///
    /// # Errors
    /// The file exists, or cannot be written.
    pub async fn back_up(&self, to: &Path) -> Result<()> {
        let what = "write the backup";
        let fail = |error: std::io::Error| StoreError::Database { what, source: Box::new(error) };
        // SQLite takes an empty file; made by us, so that it is never somebody else's, nor readable by others.
        let make = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
        crash::around("make the backup's file", make).map_err(fail)?;
        let written = self.write_copy(to).await;
        if written.is_err() {
            for leftover in [to.to_owned(), beside(to, "-wal"), beside(to, "-shm")] {
                let _ = std::fs::remove_file(leftover);
            }
        }
        written?;
        File::open(to).and_then(|file| file.sync_all()).and_then(|()| sync_folder(to)).map_err(fail)
    }

    async fn write_copy(&self, to: &Path) -> Result<()> {
        let what = "write the backup";
        let mut lent = self.line.read().await.map_err(failed(what))?;
        sqlx::raw_sql("PRAGMA query_only = OFF").execute(&mut *lent).await.map_err(failed(what))?;
        crash::before("copy the store");
        sqlx::query("VACUUM INTO ?").bind(to.display().to_string()).execute(&mut *lent).await.map_err(failed(what))?;
        crash::after("copy the store");
        // The connection is not kept: the next one only reads again.
        drop(lent);
        let copy = SqliteStore::open(&to.display().to_string(), self.id.clone()).await?;
        let mut place = copy.line.file.place();
        place.path = format!("{} (a backup)", place.path);
        let mut lent = copy.line.write(what).await?;
        schema::settle(&mut lent, &place).await.map_err(failed(what))?;
        lent.commit(what).await?;
        copy.close().await;
        Ok(())
    }
}

/// Puts a whole store in the place of another one, which is kept under the name `aside` with its log. Nobody may use either.
///
/// # Errors
/// A file cannot be renamed. Then the old store is either still in its place or kept aside.
pub fn replace(store: &Path, with: &Path, aside: &Path) -> std::io::Result<()> {
    // The log goes first: next to another file of the same name SQLite would take it for that file's.
    for suffix in ["-wal", "-shm", ""] {
        let rename = || std::fs::rename(beside(store, suffix), beside(aside, suffix));
        match crash::around("put the old store aside", rename) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    crash::around("put the new store in its place", || std::fs::rename(with, store))?;
    sync_folder(store)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.to_owned().into_os_string();
    path.push(suffix);
    path.into()
}

/// Makes what was renamed in a file's folder last through a power cut.
fn sync_folder(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
