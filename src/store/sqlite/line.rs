//! The one connection to the file. Whatever breaks off half-way, it is closed and made anew.
//!
//! A statement that fails because the disk is full may or may not end its transaction, and a future that is dropped may leave one
//! open; SQLite takes either back when the connection is closed. So a connection is used again only after everything went
//! well. Before each write the file is looked at: one that was deleted or replaced under us would accept writes that no reader
//! ever sees.

use std::ops::{Deref, DerefMut};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{Mutex, MutexGuard};

use super::failed;
use super::file::{self, Identity, StoreFile};
use crate::crash;
use crate::store::Result;

/// The way to the file.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) file: StoreFile,
    options: SqliteConnectOptions,
    idle: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    connection: SqliteConnection,
    /// Of the write-ahead log: SQLite keeps it for as long as a connection is open.
    log: Option<Identity>,
}

/// The connection while it is used; dropping it closes it, [`Lent::give_back`] keeps it for the next.
pub(super) struct Lent<'a> {
    home: MutexGuard<'a, Option<Open>>,
    open: Open,
}

impl Line {
    pub(super) fn new(file: StoreFile, options: SqliteConnectOptions) -> Self {
        let options = options.filename(file.path());
        Self { file, options, idle: Mutex::new(None) }
    }

    /// The connection, to read.
    pub(super) async fn read(&self) -> sqlx::Result<Lent<'_>> {
        let mut home = self.idle.lock().await;
        let open = match home.take() {
            Some(open) => open,
            None => Open { connection: self.options.connect().await?, log: None },
        };
        Ok(Lent { home, open })
    }

    /// The connection in a transaction without other writers; the file is the one that was opened.
    pub(super) async fn write(&self, what: &'static str) -> Result<Lent<'_>> {
        self.file.check()?;
        let mut lent = self.read().await.map_err(failed(what))?;
        let path = self.file.beside("-wal");
        if let Some(log) = lent.open.log
            && let Err(gone) = file::check(&path, log)
        {
            // Kept: a new connection would begin a new log, and hide what happened to this one.
            lent.give_back();
            return Err(gone);
        }
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut *lent).await.map_err(failed(what))?;
        if lent.open.log.is_none() {
            lent.open.log = Identity::at(&path).ok().flatten();
        }
        Ok(lent)
    }

    /// Closes the connection, which brings the write-ahead log into the file.
    pub(super) async fn close(&self) {
        if let Some(open) = self.idle.lock().await.take()
            && let Err(error) = open.connection.close().await
        {
            tracing::debug!(%error, "the store's connection did not close well");
        }
    }
}

impl Lent<'_> {
    /// Keeps the connection for the next.
    pub(super) fn give_back(mut self) {
        *self.home = Some(self.open);
    }

    /// Ends the transaction, and keeps the connection.
    pub(super) async fn commit(mut self, what: &'static str) -> Result<()> {
        crash::before(what);
        sqlx::raw_sql("COMMIT").execute(&mut *self).await.map_err(failed(what))?;
        crash::after(what);
        self.give_back();
        Ok(())
    }
}

impl Deref for Lent<'_> {
    type Target = SqliteConnection;
    fn deref(&self) -> &SqliteConnection {
        &self.open.connection
    }
}

impl DerefMut for Lent<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.open.connection
    }
}
