//! A record that is missing, swapped or altered is named, wherever it is.

use landfall::store::{ChainFault, SqliteStore, Store, StoreError};

use super::support::{Folder, all, at, id};

/// What somebody does to a journal of eight records, the record that is named, and why.
const DAMAGE: &[(&str, u64, ChainFault)] = &[
    ("DELETE FROM journal WHERE seq = 1", 1, ChainFault::Missing),
    ("DELETE FROM journal WHERE seq = 4", 4, ChainFault::Missing),
    ("DELETE FROM journal WHERE seq = 8", 8, ChainFault::Missing),
    ("DELETE FROM journal WHERE seq > 6", 7, ChainFault::Missing),
    ("DELETE FROM journal", 1, ChainFault::Missing),
    ("UPDATE journal SET entry = replace(entry, '0002', '0003') WHERE seq = 3", 3, ChainFault::Altered),
    ("UPDATE journal SET at = '1970-01-01T00:00:09Z' WHERE seq = 1", 1, ChainFault::Altered),
    ("UPDATE journal SET fence = 7 WHERE seq = 8", 8, ChainFault::Altered),
    ("UPDATE journal SET hash = '' WHERE seq = 5", 5, ChainFault::Altered),
    ("UPDATE journal SET hash = (SELECT hash FROM journal WHERE seq = 2) WHERE seq = 6", 6, ChainFault::Altered),
    (
        "UPDATE journal SET seq = -1 WHERE seq = 4; UPDATE journal SET seq = 4 WHERE seq = 5;
         UPDATE journal SET seq = 5 WHERE seq = -1",
        4,
        ChainFault::Swapped { with: 5 },
    ),
    (
        "CREATE TABLE t AS SELECT * FROM journal;
         UPDATE journal SET entry = (SELECT entry FROM t WHERE seq = 9 - journal.seq) WHERE seq IN (1, 8)",
        1,
        ChainFault::Swapped { with: 8 },
    ),
    ("INSERT INTO journal SELECT 9, at, fence, entry, hash FROM journal WHERE seq = 8", 9, ChainFault::Altered),
    ("UPDATE chain SET seq = 7", 8, ChainFault::Added),
    ("UPDATE store SET id = '00c0ffee00c0ffef'", 1, ChainFault::Altered),
];

#[tokio::test]
async fn damage_names_the_record() {
    for (sql, seq, fault) in DAMAGE {
        let folder = Folder::new();
        folder.with_records("l.db", 8).await;
        folder.sql("l.db", sql).await;
        let store = SqliteStore::read(&folder.url("l.db")).await.unwrap();
        // In one page, and in pages of three: the damage may be in any of them, or between two.
        for found in [store.records(0, 100).await.map(|records| records.len()), all(&store).await] {
            match found {
                Err(StoreError::Broken { seq: s, fault: f }) => {
                    // A page sees a swap only if both records are in it.
                    let swapped = matches!(fault, ChainFault::Swapped { .. }) && f == ChainFault::Altered;
                    assert!(s == *seq && (f == *fault || swapped), "{sql}: record {s} {f}");
                }
                other => panic!("{sql}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_whole_journal_is_read_in_pages_of_any_size_and_from_anywhere() {
    let folder = Folder::new();
    folder.with_records("l.db", 7).await;
    let store = folder.open("l.db").await;
    for limit in 1..9 {
        for after in 0..10 {
            let read = store.records(after, limit).await.unwrap();
            let wanted: Vec<u64> = (after + 1..=7).take(limit as usize).collect();
            assert_eq!(read.iter().map(|record| record.seq).collect::<Vec<_>>(), wanted, "{limit} after {after}");
        }
    }
}

#[tokio::test]
async fn what_another_program_appends_is_not_taken_for_a_record() {
    let folder = Folder::new();
    let store = folder.open("l.db").await;
    super::support::append(&store, 2).await;
    folder.sql("l.db", "INSERT INTO journal SELECT 3, at, fence, entry, hash FROM journal WHERE seq = 2").await;
    let lease = store.acquire("a", at(0), at(60)).await.unwrap();
    assert!(store.append(lease.fence, at(2), vec![super::support::landed(9)]).await.is_err());
    let error = store.records(0, 9).await.unwrap_err();
    assert!(matches!(error, StoreError::Broken { seq: 3, .. }), "{error}");
}

#[tokio::test]
async fn a_record_of_a_kind_that_is_not_known_is_unreadable_and_not_altered() {
    let folder = Folder::new();
    folder.with_records("l.db", 2).await;
    // A newer landfall chains its new kinds as well; a file of the first schema has no hashes to be wrong.
    folder.sql("old.db", super::schema::FIRST).await;
    folder
        .sql("old.db", "INSERT INTO journal VALUES (1, '1970-01-01T00:00:01Z', 1, '{\"kind\":\"unheard-of\"}')")
        .await;
    let store = SqliteStore::open(&folder.url("old.db"), id()).await.unwrap();
    let error = store.records(0, 9).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreadable { seq: 1, .. }), "{error:?}");
}
