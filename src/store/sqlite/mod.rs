//! The store in one SQLite file: the default, because it needs no installation.
//!
//! With a write-ahead log and `synchronous = FULL`, an appended record is on disk before the call returns. Every write is
//! one immediate transaction that checks the fence first, so that of two processes on one file only one can be the owner.
//! Records are chained by hash, and every read of them checks the chain. Deliberately absent: facts (they are folded
//! from the records) and any index in addition to the position.

mod chain;
mod file;
mod line;
mod schema;
mod upkeep;

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};

use self::chain::{Head, Link};
use self::file::StoreFile;
use self::line::Line;
pub use self::upkeep::{Verified, replace};
use super::{ChainFault, Lease, Result, Store, StoreError, Whereabouts};
use crate::crash;
use crate::model::journal::{Entry, Fence, Record, StoreId};

/// A journal and a lease in an SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    line: Line,
    id: StoreId,
    version: i64,
}

impl SqliteStore {
    /// Opens the file that `sqlite:PATH` names, or a plain path, to write to it; makes it, with this id, if there is none,
    /// and brings an older one up to the newest schema.
    ///
    /// # Errors
    /// [`StoreError::Newer`] for a file of a newer landfall, [`StoreError::NotAStore`] for a damaged file or one of
    /// something else, [`StoreError::Database`] if it cannot be opened.
    pub async fn open(url: &str, new_id: StoreId) -> Result<Self> {
        let (line, path) = line(url, true)?;
        let fail = |error| unusable(&path, "read its schema", error);
        let mut lent = line.read().await.map_err(|error| unusable(&path, OPEN, error))?;
        schema::version(&mut lent, &path).await?;
        crash::before("set the store's journal mode");
        sqlx::raw_sql("PRAGMA journal_mode = WAL").execute(&mut *lent).await.map_err(fail)?;
        crash::after("set the store's journal mode");
        lent.give_back();
        // Looked at again in a transaction: another process may have made the tables meanwhile.
        let mut lent = line.write("read its schema").await?;
        let found = schema::version(&mut lent, &path).await?;
        if found < schema::SCHEMA {
            schema::bring_up(&mut lent, found, &new_id.0, &line.file.place()).await.map_err(fail)?;
        }
        let id = schema::id(&mut lent).await.map_err(fail)?;
        lent.commit("write its schema").await?;
        if found < schema::SCHEMA {
            // From here on the file alone says that it is a store: without its log it is never taken for an empty one, nor
            // for one of an older schema.
            let mut lent = line.read().await.map_err(fail)?;
            crash::before("bring the log into the store");
            sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut *lent).await.map_err(fail)?;
            crash::after("bring the log into the store");
            lent.give_back();
        }
        Ok(Self { line, id: StoreId(id.into()), version: schema::SCHEMA })
    }

    /// Opens a store that exists, only to read it: also while a daemon writes to it. A store of an older schema stays what
    /// it is.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub async fn read(url: &str) -> Result<Self> {
        let (line, path) = line(url, false)?;
        let fail = |error| unusable(&path, "read its schema", error);
        let mut lent = line.read().await.map_err(|error| unusable(&path, OPEN, error))?;
        let version = schema::version(&mut lent, &path).await?;
        if version == 0 {
            return Err(StoreError::NotAStore { path, message: "it is empty".to_owned() });
        }
        let id = schema::id(&mut lent).await.map_err(fail)?;
        lent.give_back();
        Ok(Self { line, id: StoreId(id.into()), version })
    }

    /// Closes the file and brings what is in its log into it, so that the file alone is the whole store. Nothing is lost
    /// without it: what was appended is on disk already.
    pub async fn close(&self) {
        self.line.close().await;
    }

    /// Records after a position, and the end of the chain as the file has it; both of one moment.
    async fn links(&self, after: u64, limit: u32) -> sqlx::Result<(Vec<Link>, Option<Head>)> {
        let chained = self.version >= 2;
        let mut lent = self.line.read().await?;
        sqlx::raw_sql("BEGIN").execute(&mut *lent).await?;
        let sql = match chained {
            true => "SELECT seq, at, fence, entry, hash FROM journal WHERE seq >= ? ORDER BY seq LIMIT ?",
            false => "SELECT seq, at, fence, entry, '' FROM journal WHERE seq >= ? ORDER BY seq LIMIT ?",
        };
        let rows = sqlx::query(sql)
            .bind(i64::try_from(after).unwrap_or(i64::MAX))
            .bind(i64::from(limit) + 1)
            .fetch_all(&mut *lent)
            .await?;
        let head = if chained { Some(chain::head(&mut lent).await?) } else { None };
        sqlx::raw_sql("COMMIT").execute(&mut *lent).await?;
        lent.give_back();
        let links: Vec<Link> = rows.iter().map(Link::of).collect::<sqlx::Result<_>>()?;
        Ok((links, head))
    }
}

/// What is tried first.
const OPEN: &str = "open its file";

/// The way to a file, and its path for people. Nothing is written to a file of a newer landfall, nor to one of something else.
fn line(url: &str, write: bool) -> Result<(Line, String)> {
    let path = PathBuf::from(url.strip_prefix("sqlite:").unwrap_or(url));
    let file = crash::around("make the store's file", || StoreFile::open(&path, write))
        .map_err(|error| StoreError::Database { what: OPEN, source: Box::new(error) })?;
    schema::refuse_newer(&file)?;
    let options = SqliteConnectOptions::new()
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        .pragma("query_only", if write { "OFF" } else { "ON" });
    let shown = path.display().to_string();
    Ok((Line::new(file, options), shown))
}

/// An error of the database at something that was tried.
fn failed(what: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |error| {
        let damaged = is_damage(&error);
        let source = Box::new(error);
        if damaged { StoreError::Damaged { what, source } } else { StoreError::Database { what, source } }
    }
}

/// Whether the file is not what it should be. SQLite says so by SQLITE_CORRUPT and SQLITE_NOTADB
/// [https://www.sqlite.org/rescode.html]; a table without its row, or a row with a value that landfall does not write, is no better.
fn is_damage(error: &sqlx::Error) -> bool {
    if matches!(error, sqlx::Error::RowNotFound | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }) {
        return true;
    }
    let code = error.as_database_error().and_then(|database| database.code().map(|code| code.into_owned()));
    let primary = code.as_deref().and_then(|code| i64::from_str(code).ok()).map(|code| code & 0xff);
    matches!(primary, Some(11 | 26))
}

/// Tells a damaged or foreign file from a database that does not answer.
fn unusable(path: &str, what: &'static str, error: sqlx::Error) -> StoreError {
    if is_damage(&error) {
        let message = error.as_database_error().map_or_else(String::new, |database| database.message().to_owned());
        return StoreError::NotAStore { path: path.to_owned(), message };
    }
    StoreError::Database { what, source: Box::new(error) }
}

async fn number(connection: &mut SqliteConnection, sql: &'static str) -> sqlx::Result<i64> {
    sqlx::query(sql).fetch_one(connection).await?.try_get(0)
}

/// The fence of the newest lease.
async fn fence(connection: &mut SqliteConnection) -> sqlx::Result<u64> {
    Ok(number(connection, "SELECT fence FROM lease").await?.unsigned_abs())
}

async fn check(connection: &mut SqliteConnection, ours: Fence, what: &'static str) -> Result<()> {
    let current = fence(connection).await.map_err(failed(what))?;
    if current == ours.0 { Ok(()) } else { Err(StoreError::Fenced { current, ours: ours.0 }) }
}

#[async_trait]
impl Store for SqliteStore {
    async fn id(&self) -> Result<StoreId> {
        Ok(self.id.clone())
    }

    async fn whereabouts(&self) -> Result<Whereabouts> {
        let what = "read where it lives";
        if self.version < 2 {
            return Ok(Whereabouts::Home);
        }
        let mut lent = self.line.read().await.map_err(failed(what))?;
        let home = schema::home(&mut lent).await.map_err(failed(what))?;
        lent.give_back();
        let place = self.line.file.place();
        Ok(match home {
            Some(home) if home == place => Whereabouts::Home,
            Some(home) => Whereabouts::Elsewhere { was: home.told_from(&place), is: place.told_from(&home) },
            None => Whereabouts::Elsewhere { was: "a file that was never used".to_owned(), is: place.path },
        })
    }

    async fn settle(&self) -> Result<()> {
        let what = "write where it lives";
        let mut lent = self.line.write(what).await?;
        schema::settle(&mut lent, &self.line.file.place()).await.map_err(failed(what))?;
        lent.commit(what).await
    }

    async fn acquire(&self, owner: &str, now: Timestamp, until: Timestamp) -> Result<Lease> {
        let what = "take the lease";
        let mut lent = self.line.write(what).await?;
        let row =
            sqlx::query("SELECT fence, owner, until FROM lease").fetch_one(&mut *lent).await.map_err(failed(what))?;
        let fence = row.try_get::<i64, _>(0).map_err(failed(what))?.unsigned_abs() + 1;
        let holder: Option<String> = row.try_get(1).map_err(failed(what))?;
        let end: Option<String> = row.try_get(2).map_err(failed(what))?;
        // A time that cannot be read is not renewed.
        if let (Some(holder), Some(Ok(end))) = (holder, end.map(|end| end.parse::<Timestamp>()))
            && holder != owner
            && end > now
        {
            return Err(StoreError::Held { owner: holder, until: end });
        }
        sqlx::query("UPDATE lease SET fence = ?, owner = ?, until = ?")
            .bind(fence.cast_signed())
            .bind(owner)
            .bind(until.to_string())
            .execute(&mut *lent)
            .await
            .map_err(failed(what))?;
        lent.commit(what).await?;
        Ok(Lease { owner: owner.into(), fence: Fence(fence), until })
    }

    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<Lease> {
        let what = "renew the lease";
        let mut lent = self.line.write(what).await?;
        check(&mut lent, lease.fence, what).await?;
        sqlx::query("UPDATE lease SET owner = ?, until = ?")
            .bind(&*lease.owner)
            .bind(until.to_string())
            .execute(&mut *lent)
            .await
            .map_err(failed(what))?;
        lent.commit(what).await?;
        Ok(Lease { until, ..lease.clone() })
    }

    async fn release(&self, lease: &Lease) -> Result<()> {
        let what = "release the lease";
        let mut lent = self.line.write(what).await?;
        check(&mut lent, lease.fence, what).await?;
        sqlx::query("UPDATE lease SET owner = NULL, until = NULL").execute(&mut *lent).await.map_err(failed(what))?;
        lent.commit(what).await
    }

    async fn check(&self, fence: Fence) -> Result<()> {
        let what = "check the lease";
        self.line.file.check()?;
        let mut lent = self.line.read().await.map_err(failed(what))?;
        check(&mut lent, fence, what).await?;
        lent.give_back();
        Ok(())
    }

    async fn append(&self, fence: Fence, at: Timestamp, entries: Vec<Entry>) -> Result<Vec<Record>> {
        let what = "append to the journal";
        let mut lent = self.line.write(what).await?;
        check(&mut lent, fence, what).await?;
        let mut head = chain::head(&mut lent).await.map_err(failed(what))?;
        let (time, number) = (at.to_string(), fence.0.cast_signed());
        let mut records = Vec::with_capacity(entries.len());
        for entry in entries {
            let json = serde_json::to_string(&entry)
                .map_err(|error| StoreError::Database { what, source: Box::new(error) })?;
            let seq = head.seq + 1;
            head = Head { seq, hash: chain::next(&head.hash, seq, &time, number, &json) };
            sqlx::query("INSERT INTO journal (seq, at, fence, entry, hash) VALUES (?, ?, ?, ?, ?)")
                .bind(seq.cast_signed())
                .bind(&time)
                .bind(number)
                .bind(json)
                .bind(head.hash.to_string())
                .execute(&mut *lent)
                .await
                .map_err(failed(what))?;
            records.push(Record { seq, at, fence, entry });
        }
        chain::set_head(&mut lent, &head).await.map_err(failed(what))?;
        lent.commit(what).await?;
        Ok(records)
    }

    async fn records(&self, after: u64, limit: u32) -> Result<Vec<Record>> {
        let (mut links, end) = self.links(after, limit).await.map_err(failed("read the journal"))?;
        let before = if after > 0 && links.first().is_some_and(|link| link.seq == after) {
            Some(links.remove(0))
        } else {
            links.truncate(limit as usize);
            None
        };
        if let Some(end) = end {
            self.check_chain(after, before, &links, &end, links.len() < limit as usize)?;
        }
        links.iter().map(record).collect()
    }
}

impl SqliteStore {
    /// Checks the chain of one page; `last` says that the journal ends with it.
    fn check_chain(&self, after: u64, before: Option<Link>, links: &[Link], end: &Head, last: bool) -> Result<()> {
        let broken = |seq, fault| Err(StoreError::Broken { seq, fault });
        let from = match before {
            None if after == 0 => Head { seq: 0, hash: chain::root(&self.id.0) },
            None if after > end.seq && links.is_empty() => return Ok(()),
            None => return broken(after, ChainFault::Missing),
            Some(link) => match link.hash.parse() {
                Ok(hash) => Head { seq: after, hash },
                Err(_) => return broken(after, ChainFault::Altered),
            },
        };
        let reached = chain::check(from, links)?;
        match last {
            true if reached.seq < end.seq => broken(reached.seq + 1, ChainFault::Missing),
            true if reached.seq > end.seq => broken(reached.seq, ChainFault::Added),
            true if reached.hash != end.hash => broken(reached.seq, ChainFault::Altered),
            _ => Ok(()),
        }
    }
}

fn record(link: &Link) -> Result<Record> {
    let seq = link.seq;
    let unreadable = |message: String| StoreError::Unreadable { seq, message };
    Ok(Record {
        seq,
        at: link.at.parse().map_err(|error: jiff::Error| unreadable(error.to_string()))?,
        fence: Fence(link.fence.unsigned_abs()),
        entry: serde_json::from_str(&link.entry).map_err(|error| unreadable(error.to_string()))?,
    })
}
