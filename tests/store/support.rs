//! Stores in a folder of their own, and what others do to their files.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use landfall::model::CommitId;
use landfall::model::journal::{Entry, StoreId};
use landfall::store::{SqliteStore, Store};
use sqlx::{ConnectOptions, Connection};

pub(super) fn id() -> StoreId {
    StoreId("00c0ffee00c0ffee".into())
}

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

pub(super) fn landed(n: u64) -> Entry {
    Entry::Landed { commit: CommitId(format!("{n:040x}")) }
}

/// A folder with files of stores.
pub(super) struct Folder(tempfile::TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn url(&self, name: &str) -> String {
        format!("sqlite:{}", self.path(name).display())
    }

    pub(super) async fn open(&self, name: &str) -> SqliteStore {
        SqliteStore::open(&self.url(name), id()).await.unwrap()
    }

    /// A closed store with this many records.
    pub(super) async fn with_records(&self, name: &str, records: u64) {
        let store = self.open(name).await;
        append(&store, records).await;
        store.close().await;
    }

    /// Runs SQL on a file as another program would.
    pub(super) async fn sql(&self, name: &str, sql: &str) {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.path(name)).create_if_missing(true);
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// Appends records, two at a time, to see chains over several appends.
pub(super) async fn append(store: &SqliteStore, records: u64) {
    let lease = store.acquire("a", at(0), at(60)).await.unwrap();
    for n in (0..records).step_by(2) {
        let entries = (n..records.min(n + 2)).map(landed).collect();
        store.append(lease.fence, at(1), entries).await.unwrap();
    }
    store.release(&lease).await.unwrap();
}

/// All records, in pages of three.
pub(super) async fn all(store: &SqliteStore) -> landfall::store::Result<usize> {
    let mut after = 0;
    loop {
        let page = store.records(after, 3).await?;
        match page.last() {
            Some(last) => after = last.seq,
            None => return Ok(usize::try_from(after).unwrap()),
        }
    }
}
