//! One set of rules for both stores, and what only a file can get wrong.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use landfall::model::CommitId;
use landfall::model::journal::{Entry, Fence, StoreId};
use landfall::store::{MemoryStore, SqliteStore, Store, StoreError};

fn id() -> StoreId {
    StoreId("00112233445566aa".into())
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

fn landed(n: u64) -> Entry {
    Entry::Landed { commit: CommitId(format!("{n:040x}")) }
}

/// Two openers of one store, and what keeps it alive.
struct Pair {
    name: &'static str,
    one: Arc<dyn Store>,
    two: Arc<dyn Store>,
    _folder: Option<tempfile::TempDir>,
}

async fn pairs() -> Vec<Pair> {
    let memory = Arc::new(MemoryStore::new(id()));
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("landfall.db").display());
    let one = Arc::new(SqliteStore::open(&url, id()).await.unwrap());
    let two = Arc::new(SqliteStore::open(&url, StoreId("ffffffffffffffff".into())).await.unwrap());
    vec![
        Pair { name: "memory", one: memory.clone(), two: memory, _folder: None },
        Pair { name: "sqlite", one, two, _folder: Some(folder) },
    ]
}

#[tokio::test]
async fn records_are_appended_in_order_without_gaps_and_read_in_pages() {
    for Pair { name, one, two, _folder } in pairs().await {
        assert_eq!(two.id().await.unwrap(), id(), "{name}: the second opener does not change the id");
        let lease = one.acquire("a", at(0), at(60)).await.unwrap();
        assert_eq!(one.append(lease.fence, at(1), vec![]).await.unwrap(), vec![]);
        let first = one.append(lease.fence, at(1), vec![landed(1), landed(2)]).await.unwrap();
        let second = one.append(lease.fence, at(2), vec![landed(3)]).await.unwrap();
        assert_eq!(first.iter().chain(&second).map(|r| r.seq).collect::<Vec<_>>(), [1, 2, 3], "{name}");
        let read = two.records(0, 100).await.unwrap();
        assert_eq!(read, [first, second].concat(), "{name}: what is read is what was appended");
        assert_eq!(two.records(1, 1).await.unwrap(), read[1..2], "{name}");
        assert_eq!(two.records(3, 9).await.unwrap(), vec![], "{name}");
    }
}

#[tokio::test]
async fn a_later_owner_fences_the_earlier_one_out() {
    for Pair { name, one, two, _folder } in pairs().await {
        let first = one.acquire("a", at(0), at(60)).await.unwrap();
        let held = two.acquire("b", at(59), at(100)).await.unwrap_err();
        assert!(matches!(held, StoreError::Held { ref owner, until } if owner == "a" && until == at(60)), "{name}");
        let second = two.acquire("b", at(60), at(120)).await.unwrap();
        assert!(second.fence > first.fence, "{name}: the fence grows");
        let current = second.fence.0;
        for error in [
            one.append(first.fence, at(61), vec![landed(1)]).await.unwrap_err(),
            one.check(first.fence).await.unwrap_err(),
            one.renew(&first, at(200)).await.unwrap_err(),
            one.release(&first).await.unwrap_err(),
        ] {
            assert!(matches!(error, StoreError::Fenced { current: c, ours: 1 } if c == current), "{name}: {error}");
        }
        assert_eq!(two.records(0, 9).await.unwrap(), vec![], "{name}: nothing of the refused record stays");
        two.check(second.fence).await.unwrap();
        two.append(second.fence, at(62), vec![landed(2)]).await.unwrap();
    }
}

#[tokio::test]
async fn a_lease_is_renewed_released_and_taken_again() {
    for Pair { name, one, two, _folder } in pairs().await {
        let lease = one.acquire("a", at(0), at(60)).await.unwrap();
        let lease = one.renew(&lease, at(90)).await.unwrap();
        assert_eq!((lease.fence, lease.until), (Fence(1), at(90)), "{name}: a renewal is no new owner");
        assert!(two.acquire("b", at(70), at(100)).await.is_err(), "{name}: renewed until 90");
        one.release(&lease).await.unwrap();
        let next = two.acquire("b", at(70), at(100)).await.unwrap();
        assert_eq!(next.fence, Fence(2), "{name}");
        assert_eq!(two.acquire("b", at(71), at(101)).await.unwrap().fence, Fence(3), "{name}: a restart of one owner");
    }
}

#[tokio::test]
async fn two_openers_that_append_at_the_same_time_leave_no_gap() {
    for Pair { name, one, two, _folder } in pairs().await {
        let lease = one.acquire("a", at(0), at(60)).await.unwrap();
        let write = |store: Arc<dyn Store>, from: u64| async move {
            for n in from..from + 20 {
                store.append(lease.fence, at(1), vec![landed(n), landed(n + 1000)]).await.unwrap();
            }
        };
        futures::join!(write(one.clone(), 0), write(two.clone(), 100));
        let seqs: Vec<u64> = one.records(0, 1000).await.unwrap().iter().map(|r| r.seq).collect();
        assert_eq!(seqs, (1..=80).collect::<Vec<_>>(), "{name}");
    }
}

#[tokio::test]
async fn an_append_is_in_the_file_when_it_returns() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("landfall.db");
    let store = SqliteStore::open(file.to_str().unwrap(), id()).await.unwrap();
    let lease = store.acquire("a", at(0), at(60)).await.unwrap();
    store.append(lease.fence, at(1), vec![landed(1)]).await.unwrap();
    // The files as a kill at this moment leaves them: copied while the store is still open.
    let after = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), after.path().join(entry.file_name())).unwrap();
    }
    let again = SqliteStore::open(after.path().join("landfall.db").to_str().unwrap(), id()).await.unwrap();
    assert_eq!(again.records(0, 9).await.unwrap().len(), 1);
    assert!(again.acquire("b", at(2), at(9)).await.is_err(), "the lease is in the file too");
}

#[tokio::test]
async fn an_append_that_is_dropped_half_way_leaves_all_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("l.db").to_str().unwrap(), id()).await.unwrap();
    let lease = store.acquire("a", at(0), at(60)).await.unwrap();
    for polls in 0..12 {
        let append = store.append(lease.fence, at(1), vec![landed(1), landed(2)]);
        let mut append = Box::pin(append);
        for _ in 0..polls {
            if futures::poll!(&mut append).is_ready() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        drop(append);
        let read = store.records(0, 1000).await.unwrap();
        assert_eq!(read.len() % 2, 0, "after {polls} polls");
        assert!(read.iter().map(|r| r.seq).eq(1..=read.len() as u64));
    }
}

#[tokio::test]
async fn a_file_that_is_no_store_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();

    std::fs::write(
        path("text"),
        "this is certainly not a database, and it is long enough to have a header ".repeat(20),
    )
    .unwrap();
    let error = SqliteStore::open(&path("text"), id()).await.unwrap_err();
    assert!(matches!(error, StoreError::NotAStore { .. }), "{error:?}");

    let newer = SqliteStore::open(&path("newer"), id()).await.unwrap();
    newer.close().await;
    set(&path("newer"), "PRAGMA journal_mode = DELETE; PRAGMA user_version = 7").await;
    let before = std::fs::read(path("newer")).unwrap();
    for refused in [SqliteStore::open(&path("newer"), id()).await, SqliteStore::read(&path("newer")).await] {
        let error = refused.unwrap_err();
        assert_eq!(error.to_string(), "the store has schema version 7, this landfall knows 2: use a newer landfall");
    }
    assert!(std::fs::read(path("newer")).unwrap() == before, "a newer store is refused untouched");

    set(&path("other"), "CREATE TABLE cats (name TEXT)").await;
    let before = std::fs::read(path("other")).unwrap();
    let error = SqliteStore::open(&path("other"), id()).await.unwrap_err();
    assert!(std::fs::read(path("other")).unwrap() == before, "a database of something else is refused untouched");
    assert!(error.to_string().ends_with("is not a landfall store: it is a database of something else"), "{error}");

    let error = SqliteStore::open(&path("missing-folder/store"), id()).await.unwrap_err();
    assert!(matches!(error, StoreError::Database { what: "open its file", .. }), "{error:?}");
}

async fn set(path: &str, sql: &'static str) {
    use sqlx::Connection as _;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
