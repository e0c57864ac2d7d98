//! The store in one SQLite file: the default, which asks for nothing to be installed.
//!
//! Write-ahead log with `synchronous = FULL`: what was appended is on disk before the call returns. Every write is one
//! immediate transaction that looks at the fence first, so that two processes on one file cannot both believe to be the
//! owner. Deliberately absent: facts (they are folded from the records) and any index beside the position.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{Row, Sqlite, Transaction};

use super::{Lease, Result, Store, StoreError};
use crate::model::journal::{Entry, Fence, Record, StoreId};

/// The newest schema that this version knows.
const SCHEMA: i64 = 1;

/// Written into the file's header, so that another application's database is not taken for a store: "lfst".
const APPLICATION: i64 = 0x6c66_7374;

const TABLES: &str = "
    CREATE TABLE store (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL) STRICT;
    CREATE TABLE lease (
        one INTEGER PRIMARY KEY CHECK (one = 1), fence INTEGER NOT NULL, owner TEXT, until TEXT
    ) STRICT;
    CREATE TABLE journal (
        seq INTEGER PRIMARY KEY, at TEXT NOT NULL, fence INTEGER NOT NULL, entry TEXT NOT NULL
    ) STRICT;
    INSERT INTO lease (one, fence) VALUES (1, 0);
";

/// A journal and a lease in an SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    pool: SqlitePool,
    id: StoreId,
}

impl SqliteStore {
    /// Opens the file that `sqlite:PATH` names, or a plain path; makes it, with this id, where there is none.
    ///
    /// # Errors
    /// [`StoreError::Newer`] for a file of a newer landfall, [`StoreError::NotAStore`] for a damaged file or one of
    /// something else, [`StoreError::Database`] where it cannot be opened.
    pub async fn open(url: &str, new_id: StoreId) -> Result<Self> {
        let path = PathBuf::from(url.strip_prefix("sqlite:").unwrap_or(url));
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5));
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await
            .map_err(|error| unusable(&path, "open its file", error))?;
        let id = prepare(&pool, &path, &new_id).await?;
        Ok(Self { pool, id })
    }

    /// Closes the file and brings what is in its log into it, so that the file alone is the whole store. Nothing is lost
    /// without it: what was appended is on disk already.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn begin(&self, what: &'static str) -> Result<Transaction<'static, Sqlite>> {
        self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed(what))
    }
}

/// An error of the database at something that was tried.
fn failed(what: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |error| {
        let damaged = is_damage(&error);
        let source = Box::new(error);
        if damaged { StoreError::Damaged { what, source } } else { StoreError::Database { what, source } }
    }
}

/// Whether SQLite says that the file is not what it should be: SQLITE_CORRUPT and SQLITE_NOTADB
/// [https://www.sqlite.org/rescode.html].
fn is_damage(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|database| database.code().map(|code| code.into_owned()));
    let primary = code.as_deref().and_then(|code| i64::from_str(code).ok()).map(|code| code & 0xff);
    matches!(primary, Some(11 | 26))
}

/// Tells a damaged or foreign file from a database that does not answer.
fn unusable(path: &Path, what: &'static str, error: sqlx::Error) -> StoreError {
    if is_damage(&error) {
        let message = error.as_database_error().map_or_else(String::new, |database| database.message().to_owned());
        return StoreError::NotAStore { path: path.display().to_string(), message };
    }
    StoreError::Database { what, source: Box::new(error) }
}

/// Checks what the file is, and makes the tables in an empty one.
async fn prepare(pool: &SqlitePool, path: &Path, new_id: &StoreId) -> Result<StoreId> {
    let what = "read its schema";
    let fail = |error| unusable(path, what, error);
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await.map_err(fail)?;
    let version = pragma(&mut transaction, "PRAGMA user_version").await.map_err(fail)?;
    let application = pragma(&mut transaction, "PRAGMA application_id").await.map_err(fail)?;
    let tables = pragma(&mut transaction, "SELECT count(*) FROM sqlite_schema").await.map_err(fail)?;
    if version == 0 && application == 0 && tables == 0 {
        sqlx::raw_sql(TABLES).execute(&mut *transaction).await.map_err(fail)?;
        sqlx::query("INSERT INTO store (one, id) VALUES (1, ?)")
            .bind(&*new_id.0)
            .execute(&mut *transaction)
            .await
            .map_err(fail)?;
        sqlx::raw_sql("PRAGMA user_version = 1; PRAGMA application_id = 0x6c667374;")
            .execute(&mut *transaction)
            .await
            .map_err(fail)?;
        transaction.commit().await.map_err(fail)?;
        // From here on the file alone says that it is a store: without its log it is never taken for an empty one.
        sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(pool).await.map_err(fail)?;
        return Ok(new_id.clone());
    }
    if application != APPLICATION {
        let message = "it is a database of something else".to_owned();
        return Err(StoreError::NotAStore { path: path.display().to_string(), message });
    }
    if version > SCHEMA {
        return Err(StoreError::Newer { found: version, known: SCHEMA });
    }
    let row = sqlx::query("SELECT id FROM store").fetch_one(&mut *transaction).await.map_err(fail)?;
    let id: String = row.try_get(0).map_err(fail)?;
    transaction.commit().await.map_err(fail)?;
    Ok(StoreId(id.into()))
}

async fn pragma(connection: &mut SqliteConnection, sql: &'static str) -> sqlx::Result<i64> {
    sqlx::query(sql).fetch_one(connection).await?.try_get(0)
}

/// The fence of the newest lease.
async fn fence(connection: &mut SqliteConnection) -> sqlx::Result<u64> {
    Ok(pragma(connection, "SELECT fence FROM lease").await?.unsigned_abs())
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

    async fn acquire(&self, owner: &str, now: Timestamp, until: Timestamp) -> Result<Lease> {
        let what = "take the lease";
        let mut transaction = self.begin(what).await?;
        let row = sqlx::query("SELECT fence, owner, until FROM lease")
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed(what))?;
        let fence = row.try_get::<i64, _>(0).map_err(failed(what))?.unsigned_abs() + 1;
        let holder: Option<String> = row.try_get(1).map_err(failed(what))?;
        let end: Option<String> = row.try_get(2).map_err(failed(what))?;
        // A time that cannot be read is one that nobody renews.
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
            .execute(&mut *transaction)
            .await
            .map_err(failed(what))?;
        transaction.commit().await.map_err(failed(what))?;
        Ok(Lease { owner: owner.into(), fence: Fence(fence), until })
    }

    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<Lease> {
        let what = "renew the lease";
        let mut transaction = self.begin(what).await?;
        check(&mut transaction, lease.fence, what).await?;
        sqlx::query("UPDATE lease SET owner = ?, until = ?")
            .bind(&*lease.owner)
            .bind(until.to_string())
            .execute(&mut *transaction)
            .await
            .map_err(failed(what))?;
        transaction.commit().await.map_err(failed(what))?;
        Ok(Lease { until, ..lease.clone() })
    }

    async fn release(&self, lease: &Lease) -> Result<()> {
        let what = "release the lease";
        let mut transaction = self.begin(what).await?;
        check(&mut transaction, lease.fence, what).await?;
        sqlx::query("UPDATE lease SET owner = NULL, until = NULL")
            .execute(&mut *transaction)
            .await
            .map_err(failed(what))?;
        transaction.commit().await.map_err(failed(what))
    }

    async fn check(&self, fence: Fence) -> Result<()> {
        let what = "check the lease";
        let mut connection = self.pool.acquire().await.map_err(failed(what))?;
        check(&mut connection, fence, what).await
    }

    async fn append(&self, fence: Fence, at: Timestamp, entries: Vec<Entry>) -> Result<Vec<Record>> {
        let what = "append to the journal";
        let mut transaction = self.begin(what).await?;
        check(&mut transaction, fence, what).await?;
        let last = pragma(&mut transaction, "SELECT coalesce(max(seq), 0) FROM journal").await.map_err(failed(what))?;
        let mut records = Vec::with_capacity(entries.len());
        for (seq, entry) in (last.unsigned_abs() + 1..).zip(entries) {
            let json = serde_json::to_string(&entry)
                .map_err(|error| StoreError::Database { what, source: Box::new(error) })?;
            sqlx::query("INSERT INTO journal (seq, at, fence, entry) VALUES (?, ?, ?, ?)")
                .bind(seq.cast_signed())
                .bind(at.to_string())
                .bind(fence.0.cast_signed())
                .bind(json)
                .execute(&mut *transaction)
                .await
                .map_err(failed(what))?;
            records.push(Record { seq, at, fence, entry });
        }
        transaction.commit().await.map_err(failed(what))?;
        Ok(records)
    }

    async fn records(&self, after: u64, limit: u32) -> Result<Vec<Record>> {
        let what = "read the journal";
        let rows = sqlx::query("SELECT seq, at, fence, entry FROM journal WHERE seq > ? ORDER BY seq LIMIT ?")
            .bind(i64::try_from(after).unwrap_or(i64::MAX))
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(failed(what))?;
        rows.iter().map(record).collect()
    }
}

fn record(row: &SqliteRow) -> Result<Record> {
    let what = "read the journal";
    let seq = row.try_get::<i64, _>(0).map_err(failed(what))?.unsigned_abs();
    let at: String = row.try_get(1).map_err(failed(what))?;
    let fence = row.try_get::<i64, _>(2).map_err(failed(what))?.unsigned_abs();
    let entry: String = row.try_get(3).map_err(failed(what))?;
    let unreadable = |message: String| StoreError::Unreadable { seq, message };
    Ok(Record {
        seq,
        at: at.parse().map_err(|error: jiff::Error| unreadable(error.to_string()))?,
        fence: Fence(fence),
        entry: serde_json::from_str(&entry).map_err(|error| unreadable(error.to_string()))?,
    })
}
