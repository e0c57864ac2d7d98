//! A store heals by itself: what made one write fail leaves nothing behind that makes the next one fail.

use landfall::store::Store;

use super::support::{Folder, all, at, landed};

#[tokio::test]
async fn a_transaction_that_the_database_ended_by_itself_does_not_stop_the_next() {
    // SQLite ends the transaction on some errors, a full disk among them [https://www.sqlite.org/lang_transaction.html], and
    // not on others. The first write fails at its first, a middle or its last record.
    for how in ["ROLLBACK", "ABORT", "FAIL"] {
        for seq in [1, 2, 3] {
            let folder = Folder::new();
            let store = folder.open("l.db").await;
            let lease = store.acquire("a", at(0), at(60)).await.unwrap();
            let full = format!(
                "CREATE TRIGGER full BEFORE INSERT ON journal WHEN NEW.seq = {seq}
                 BEGIN SELECT RAISE({how}, 'database or disk is full'); END"
            );
            folder.sql("l.db", &full).await;
            let entries = || vec![landed(1), landed(2), landed(3)];
            for _ in 0..3 {
                assert!(store.append(lease.fence, at(1), entries()).await.is_err(), "{how} {seq}");
                assert_eq!(all(&store).await.unwrap(), 0, "{how} {seq}: all or nothing");
            }
            store.renew(&lease, at(90)).await.unwrap();
            folder.sql("l.db", "DROP TRIGGER full").await;
            store.append(lease.fence, at(2), entries()).await.unwrap();
            assert_eq!(all(&store).await.unwrap(), 3, "{how} {seq}");
        }
    }
}

#[tokio::test]
async fn a_commit_that_is_refused_does_not_stop_the_next() {
    let folder = Folder::new();
    let store = folder.open("l.db").await;
    let lease = store.acquire("a", at(0), at(60)).await.unwrap();
    // A deferred constraint is judged at the commit, which fails as it does where the log cannot grow.
    folder
        .sql(
            "l.db",
            "CREATE TABLE parent (id INTEGER PRIMARY KEY);
             CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
             CREATE TRIGGER orphan AFTER INSERT ON journal BEGIN INSERT INTO child VALUES (NEW.seq); END",
        )
        .await;
    for _ in 0..3 {
        assert!(store.append(lease.fence, at(1), vec![landed(1)]).await.is_err());
    }
    folder.sql("l.db", "DROP TRIGGER orphan").await;
    store.append(lease.fence, at(1), vec![landed(1)]).await.unwrap();
    assert_eq!(all(&store).await.unwrap(), 1);
}
