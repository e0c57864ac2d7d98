//! Looking after the file: whether it is whole, a backup of it, and a backup put in its place.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Row};

use super::file::Identity;
use super::{SqliteStore, schema};
use super::{failed, is_damage};
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
    /// The database does not answer. Damage is not an error: it is in [`Verified::wrong`].
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
    /// is not a place that a daemon works in. So a daemon that is started with it, there or elsewhere, knows that it is not the
    /// file that was used last. The file gets its name when it is whole; what a kill leaves of it goes with the next try.
    ///
    /// # Errors
    /// The file exists, or cannot be written.
    pub async fn back_up(&self, to: &Path) -> Result<()> {
        self.copy(to, to).await
    }

    /// The same, for a copy that says that it is the backup of another name.
    ///
    /// # Errors
    /// As [`SqliteStore::back_up`].
    pub async fn copy(&self, to: &Path, called: &Path) -> Result<()> {
        let what = "write the backup";
        let fail = |error: std::io::Error| StoreError::Database { what, source: Box::new(error) };
        if std::fs::symlink_metadata(to).is_ok() {
            return Err(fail(ErrorKind::AlreadyExists.into()));
        }
        let part = beside(to, ".part");
        let remove = || [&part, &beside(&part, "-wal"), &beside(&part, "-shm")].map(std::fs::remove_file);
        let _ = remove();
        // SQLite takes an empty file; made by us, so that it never belongs to another user and others cannot read it.
        let make = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part);
        crash::around("make the backup's file", make).map_err(fail)?;
        let written = self.write_copy(&part, called).await;
        if written.is_err() {
            let _ = remove();
        }
        written?;
        let whole = File::open(&part).and_then(|file| file.sync_all());
        whole.and_then(|()| named(&part, to)).and_then(|()| sync_folder(to)).map_err(fail)
    }

    async fn write_copy(&self, to: &Path, called: &Path) -> Result<()> {
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
        let called = std::path::absolute(called).unwrap_or_else(|_| called.to_owned());
        place.path = format!("{} (a backup)", called.display());
        let mut lent = copy.line.write(what).await?;
        schema::settle(&mut lent, &place).await.map_err(failed(what))?;
        lent.commit(what).await?;
        copy.close().await;
        Ok(())
    }
}

/// Gives a whole copy its name, unless something has that name.
fn named(part: &Path, to: &Path) -> std::io::Result<()> {
    crash::around("name the backup", || match std::fs::hard_link(part, to) {
        Ok(()) => std::fs::remove_file(part),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        // A file system without links.
        Err(_) => std::fs::rename(part, to),
    })
}

/// Puts a whole store in the place of another one, which is kept as `STORE.replaced-STAMP`; gives that name, none if there was
/// no store. No process may use either.
///
/// The old store's log is brought into its file first, then the file gets its second name, and the new store takes the first one
/// in one step. So after a kill the place has the old store or the new one, whole, and the same call finishes the rest.
///
/// # Errors
/// The log cannot be read or a file cannot be renamed. Then the old store is still in its place. A damaged store is not an error: its
/// log is kept next to it.
pub async fn replace(store: &Path, with: &Path, stamp: &str) -> Result<Option<PathBuf>> {
    let what = "put the old store aside";
    let fail = |error: std::io::Error| StoreError::Database { what, source: Box::new(error) };
    bring_in_log(store).await?;
    let size = |suffix: &str| std::fs::metadata(beside(store, suffix)).map_or(0, |found| found.len());
    let aside = match size("") + size("-wal") {
        0 => None,
        _ => Some(put_aside(store, stamp).map_err(fail)?),
    };
    let put = || std::fs::rename(with, store);
    crash::around("put the new store in its place", put).and_then(|()| sync_folder(store)).map_err(fail)?;
    Ok(aside)
}

/// Brings what a killed process left in a store's log into its file.
async fn bring_in_log(store: &Path) -> Result<()> {
    let what = "bring the old store's log into it";
    if !beside(store, "-wal").exists() {
        return Ok(());
    }
    let options = SqliteConnectOptions::new().filename(store).busy_timeout(Duration::from_secs(5));
    crash::before("bring the old store's log into it");
    let brought = async {
        let mut connection = options.connect().await?;
        sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await?;
        connection.close().await
    };
    let brought = brought.await;
    crash::after("bring the old store's log into it");
    match brought {
        Err(error) if !is_damage(&error) => Err(failed(what)(error)),
        _ => Ok(()),
    }
}

/// Gives a store its second name, and takes its log to that.
fn put_aside(store: &Path, stamp: &str) -> std::io::Result<PathBuf> {
    let aside = aside(store, stamp)?;
    // Two names for one file, so that there is no moment without a store.
    let link = || match std::fs::hard_link(store, &aside) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => std::fs::rename(store, &aside),
        _ => Ok(()),
    };
    crash::around("give the old store its second name", link)?;
    for suffix in ["-wal", "-shm"] {
        let rename = || std::fs::rename(beside(store, suffix), beside(&aside, suffix));
        match crash::around("put the old store's log aside", rename) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(aside)
}

/// The name of the old store: the one that a killed process gave it, or a new one.
fn aside(store: &Path, stamp: &str) -> std::io::Result<PathBuf> {
    let own = Identity::at(store)?;
    let prefix = beside(Path::new(store.file_name().unwrap_or_default()), ".replaced-").display().to_string();
    for entry in std::fs::read_dir(folder(store))? {
        let entry = entry?;
        let named = entry.file_name().to_string_lossy().starts_with(&prefix);
        if named && own.is_some() && Identity::at(&entry.path())? == own {
            return Ok(entry.path());
        }
    }
    let name = |number: u32| match number {
        0 => beside(store, &format!(".replaced-{stamp}")),
        _ => beside(store, &format!(".replaced-{stamp}-{number}")),
    };
    let free = (0..u32::MAX).map(name).find(|name| std::fs::symlink_metadata(name).is_err());
    free.ok_or_else(|| ErrorKind::AlreadyExists.into())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.to_owned().into_os_string();
    path.push(suffix);
    path.into()
}

/// Makes what was renamed in a file's folder last through a power cut.
fn sync_folder(file: &Path) -> std::io::Result<()> {
    File::open(folder(file))?.sync_all()
}

/// The folder that a file is in.
fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
