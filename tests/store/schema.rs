//! A store of an older landfall is brought up in one transaction by whoever writes to it, and left as it is by readers.

use landfall::store::{ChainFault, SqliteStore, Store, StoreError, Whereabouts};

use super::support::{Folder, all, append, id};

/// The first schema, as landfall 0.1.0 made it.
pub(super) const FIRST: &str = "
    CREATE TABLE store (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL) STRICT;
    CREATE TABLE lease (
        one INTEGER PRIMARY KEY CHECK (one = 1), fence INTEGER NOT NULL, owner TEXT, until TEXT
    ) STRICT;
    CREATE TABLE journal (
        seq INTEGER PRIMARY KEY, at TEXT NOT NULL, fence INTEGER NOT NULL, entry TEXT NOT NULL
    ) STRICT;
    INSERT INTO lease (one, fence) VALUES (1, 0);
    INSERT INTO store (one, id) VALUES (1, '0123456789abcdef');
    PRAGMA user_version = 1; PRAGMA application_id = 0x6c667374; PRAGMA journal_mode = WAL;
";

/// A store of the first schema with this many records.
async fn old(folder: &Folder, records: u64) {
    folder.sql("old.db", FIRST).await;
    for n in 1..=records {
        let entry = serde_json::to_string(&super::support::landed(n)).unwrap();
        folder.sql("old.db", &format!("INSERT INTO journal VALUES ({n}, '1970-01-01T00:00:01Z', 3, '{entry}')")).await;
    }
}

#[tokio::test]
async fn an_old_store_is_chained_and_at_home_from_its_first_opening() {
    let folder = Folder::new();
    old(&folder, 5).await;
    let store = SqliteStore::open(&folder.url("old.db"), id()).await.unwrap();
    assert_eq!(&*store.id().await.unwrap().0, "0123456789abcdef", "the store keeps its id");
    assert_eq!(store.whereabouts().await.unwrap(), Whereabouts::Home);
    assert_eq!(all(&store).await.unwrap(), 5);
    append(&store, 3).await;
    assert_eq!(all(&store).await.unwrap(), 8, "the chain goes on");
    store.close().await;
    folder.sql("old.db", "UPDATE journal SET fence = 4 WHERE seq = 2").await;
    let store = SqliteStore::open(&folder.url("old.db"), id()).await.unwrap();
    let error = all(&store).await.unwrap_err();
    assert!(matches!(error, StoreError::Broken { seq: 2, fault: ChainFault::Altered }), "{error}");
}

#[tokio::test]
async fn an_old_store_is_chained_over_more_records_than_are_read_at_a_time() {
    let folder = Folder::new();
    old(&folder, 1).await;
    folder
        .sql(
            "old.db",
            "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
             INSERT INTO journal SELECT i, at, fence, entry FROM n, journal WHERE seq = 1",
        )
        .await;
    let store = SqliteStore::open(&folder.url("old.db"), id()).await.unwrap();
    assert_eq!(store.records(0, 5000).await.unwrap().len(), 2500);
}

#[tokio::test]
async fn a_reader_leaves_an_old_store_as_it_is() {
    let folder = Folder::new();
    old(&folder, 3).await;
    let before = std::fs::read(folder.path("old.db")).unwrap();
    let store = SqliteStore::read(&folder.url("old.db")).await.unwrap();
    assert_eq!(all(&store).await.unwrap(), 3);
    assert_eq!(store.whereabouts().await.unwrap(), Whereabouts::Home);
    store.close().await;
    assert!(std::fs::read(folder.path("old.db")).unwrap() == before);
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let folder = Folder::new();
    folder.with_records("l.db", 2).await;
    let store = SqliteStore::read(&folder.url("l.db")).await.unwrap();
    assert!(store.settle().await.is_err());
    assert!(store.acquire("a", super::support::at(0), super::support::at(9)).await.is_err());
    assert_eq!(all(&store).await.unwrap(), 2, "and can still read");
}

#[tokio::test]
async fn an_upgrade_that_breaks_off_leaves_the_old_store() {
    let folder = Folder::new();
    old(&folder, 3).await;
    // The upgrade fails at the second record.
    folder
        .sql(
            "old.db",
            "CREATE TRIGGER full BEFORE UPDATE ON journal WHEN NEW.seq = 2 BEGIN SELECT RAISE(FAIL, 'full'); END",
        )
        .await;
    assert!(SqliteStore::open(&folder.url("old.db"), id()).await.is_err());
    folder.sql("old.db", "DROP TRIGGER full").await;
    folder.sql("old.db", "INSERT INTO journal SELECT 4, at, fence, entry FROM journal WHERE seq = 3").await;
    let store = SqliteStore::open(&folder.url("old.db"), id()).await.unwrap();
    assert_eq!(all(&store).await.unwrap(), 4);
}
