//! What kind of file it is, and the tables: made, or brought up from an older schema, in one transaction.
//!
//! A file of something else, or of a newer landfall, is refused before anything is written to it.

use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::chain::{self, Head, Link};
use super::file::{Identity, Place, StoreFile};
use super::{number, unusable};
use crate::store::{Result, StoreError};

/// The newest schema that this version knows.
pub(super) const SCHEMA: i64 = 2;

/// Written into the file's header, so that another application's database is not taken for a store: "lfst".
const APPLICATION: i64 = 0x6c66_7374;

/// How many records are read at a time.
const PAGE: i64 = 1_000;

/// The first schema.
const FIRST: &str = "
    CREATE TABLE store (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL) STRICT;
    CREATE TABLE lease (
        one INTEGER PRIMARY KEY CHECK (one = 1), fence INTEGER NOT NULL, owner TEXT, until TEXT
    ) STRICT;
    CREATE TABLE journal (
        seq INTEGER PRIMARY KEY, at TEXT NOT NULL, fence INTEGER NOT NULL, entry TEXT NOT NULL
    ) STRICT;
    INSERT INTO lease (one, fence) VALUES (1, 0);
    PRAGMA application_id = 0x6c667374;
";

/// What the second schema adds: where the store lives, and the chain of hashes.
const SECOND: &str = "
    CREATE TABLE home (
        one INTEGER PRIMARY KEY CHECK (one = 1), path TEXT NOT NULL, device INTEGER NOT NULL, inode INTEGER NOT NULL,
        born INTEGER NOT NULL, machine TEXT NOT NULL
    ) STRICT;
    CREATE TABLE chain (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
    ALTER TABLE journal ADD COLUMN hash TEXT NOT NULL DEFAULT '';
    PRAGMA user_version = 2;
";

/// Refuses a file of a newer landfall by its header alone: SQLite has not opened it yet.
pub(super) fn refuse_newer(file: &StoreFile) -> Result<()> {
    match file.header() {
        Some(header) if header.application == APPLICATION && header.version > SCHEMA => {
            Err(StoreError::Newer { found: header.version, known: SCHEMA })
        }
        _ => Ok(()),
    }
}

/// The schema version of a store; 0 for an empty file.
pub(super) async fn version(connection: &mut SqliteConnection, path: &str) -> Result<i64> {
    let numbers = async {
        let version = number(connection, "PRAGMA user_version").await?;
        let application = number(connection, "PRAGMA application_id").await?;
        let tables = number(connection, "SELECT count(*) FROM sqlite_schema").await?;
        Ok((version, application, tables))
    };
    let (version, application, tables) = numbers.await.map_err(|error| unusable(path, "read its schema", error))?;
    if (version, application, tables) == (0, 0, 0) {
        return Ok(0);
    }
    if application != APPLICATION {
        let message = "it is a database of something else".to_owned();
        return Err(StoreError::NotAStore { path: path.to_owned(), message });
    }
    if version > SCHEMA {
        return Err(StoreError::Newer { found: version, known: SCHEMA });
    }
    Ok(version)
}

/// Brings a file of an older schema up to the newest, inside the caller's transaction. Costs one pass over the journal.
pub(super) async fn bring_up(
    connection: &mut SqliteConnection,
    from: i64,
    new_id: &str,
    place: &Place,
) -> sqlx::Result<()> {
    if from == 0 {
        sqlx::raw_sql(FIRST).execute(&mut *connection).await?;
        sqlx::query("INSERT INTO store (one, id) VALUES (1, ?)").bind(new_id).execute(&mut *connection).await?;
    }
    if from < 2 {
        sqlx::raw_sql(SECOND).execute(&mut *connection).await?;
        chain_all(connection).await?;
    }
    // A copy of a store that no daemon has used yet is distinguished from the first one, too. The first schema did not record where
    // the store lives: it counts as being at home.
    if from < 2 {
        settle(connection, place).await?;
    }
    Ok(())
}

/// Chains every record of a journal without hashes.
async fn chain_all(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    let mut head = Head { seq: 0, hash: chain::root(&id(connection).await?) };
    loop {
        let rows = sqlx::query("SELECT seq, at, fence, entry, hash FROM journal WHERE seq > ? ORDER BY seq LIMIT ?")
            .bind(head.seq.cast_signed())
            .bind(PAGE)
            .fetch_all(&mut *connection)
            .await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            let Link { seq, at, fence, entry, .. } = Link::of(row)?;
            let hash = chain::next(&head.hash, seq, &at, fence, &entry);
            sqlx::query("UPDATE journal SET hash = ? WHERE seq = ?")
                .bind(hash.to_string())
                .bind(seq.cast_signed())
                .execute(&mut *connection)
                .await?;
            head = Head { seq, hash };
        }
    }
    sqlx::query("INSERT INTO chain (one, seq, hash) VALUES (1, ?, ?)")
        .bind(head.seq.cast_signed())
        .bind(head.hash.to_string())
        .execute(connection)
        .await
        .map(drop)
}

/// The store's id.
pub(super) async fn id(connection: &mut SqliteConnection) -> sqlx::Result<String> {
    sqlx::query("SELECT id FROM store").fetch_one(connection).await?.try_get(0)
}

/// Where the store lives, as it was settled last.
pub(super) async fn home(connection: &mut SqliteConnection) -> sqlx::Result<Option<Place>> {
    let row = sqlx::query("SELECT path, device, inode, born, machine FROM home").fetch_optional(connection).await?;
    let place = |row: sqlx::sqlite::SqliteRow| {
        let device = row.try_get::<i64, _>(1)?.cast_unsigned();
        let inode = row.try_get::<i64, _>(2)?.cast_unsigned();
        let identity = Identity { device, inode };
        Ok(Place { path: row.try_get(0)?, identity, born: row.try_get(3)?, machine: row.try_get(4)? })
    };
    row.map(place).transpose()
}

/// Writes where the store lives.
pub(super) async fn settle(connection: &mut SqliteConnection, place: &Place) -> sqlx::Result<()> {
    sqlx::query("INSERT OR REPLACE INTO home (one, path, device, inode, born, machine) VALUES (1, ?, ?, ?, ?, ?)")
        .bind(&place.path)
        .bind(place.identity.device.cast_signed())
        .bind(place.identity.inode.cast_signed())
        .bind(place.born)
        .bind(&place.machine)
        .execute(connection)
        .await
        .map(drop)
}
