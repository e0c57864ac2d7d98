//! A store knows where it lives: a copy, a restored backup and another place are told from the file that was used last.

use landfall::store::{MemoryStore, SqliteStore, Store, StoreError, Whereabouts};

use super::support::{Folder, append, at, id, landed};

#[tokio::test]
async fn a_new_store_is_at_home_where_it_was_made() {
    let folder = Folder::new();
    let store = folder.open("l.db").await;
    assert_eq!(store.whereabouts().await.unwrap(), Whereabouts::Home);
    store.close().await;
    std::fs::copy(folder.path("l.db"), folder.path("copy.db")).unwrap();
    assert_eq!(folder.open("l.db").await.whereabouts().await.unwrap(), Whereabouts::Home);
    let copy = folder.open("copy.db").await;
    let whereabouts = copy.whereabouts().await.unwrap();
    assert!(matches!(whereabouts, Whereabouts::Elsewhere { .. }), "a copy of a store that no daemon has used");
}

#[tokio::test]
async fn a_copy_a_restored_file_and_a_moved_one_are_elsewhere() {
    let folder = Folder::new();
    let store = folder.open("l.db").await;
    store.settle().await.unwrap();
    store.close().await;
    let (original, copy) = (folder.path("l.db"), folder.path("copy.db"));
    std::fs::copy(&original, &copy).unwrap();
    let opened = folder.open("copy.db").await;
    let Whereabouts::Elsewhere { was, is } = opened.whereabouts().await.unwrap() else { panic!("a copy is elsewhere") };
    assert!(was.contains("/l.db (") && is.contains("/copy.db ("), "{was}; {is}");
    opened.settle().await.unwrap();
    assert_eq!(opened.whereabouts().await.unwrap(), Whereabouts::Home, "the copy settles");
    opened.close().await;

    // Restored: the path is the same, the file another one. The copy's name for it was settled above, so copy it anew.
    std::fs::copy(&original, &copy).unwrap();
    let held = std::fs::File::open(&original).unwrap();
    std::fs::rename(&copy, &original).unwrap();
    let restored = folder.open("l.db").await;
    assert!(matches!(restored.whereabouts().await.unwrap(), Whereabouts::Elsewhere { .. }), "a restored file");
    restored.settle().await.unwrap();
    restored.close().await;
    drop(held);

    std::fs::rename(&original, folder.path("moved.db")).unwrap();
    let moved = folder.open("moved.db").await;
    assert!(matches!(moved.whereabouts().await.unwrap(), Whereabouts::Elsewhere { .. }), "a moved file");
}

#[tokio::test]
async fn a_symbolic_link_is_the_same_place() {
    let folder = Folder::new();
    let store = folder.open("l.db").await;
    store.settle().await.unwrap();
    store.close().await;
    std::os::unix::fs::symlink(folder.path("l.db"), folder.path("link.db")).unwrap();
    assert_eq!(folder.open("link.db").await.whereabouts().await.unwrap(), Whereabouts::Home);
}

#[tokio::test]
async fn a_store_in_memory_is_copied_to_another_place() {
    let store = MemoryStore::new(id());
    let copy = store.copied("the other machine");
    assert_eq!(store.whereabouts().await.unwrap(), Whereabouts::Home);
    let elsewhere = Whereabouts::Elsewhere { was: "memory".to_owned(), is: "the other machine".to_owned() };
    assert_eq!(copy.whereabouts().await.unwrap(), elsewhere);
    let lease = copy.acquire("a", at(0), at(60)).await.unwrap();
    copy.append(lease.fence, at(1), vec![landed(1)]).await.unwrap();
    assert_eq!(store.records(0, 9).await.unwrap().len(), 0, "what one of them writes the other does not see");
}

#[tokio::test]
async fn a_backup_is_elsewhere_even_where_its_bytes_are_written_over_the_original() {
    let folder = Folder::new();
    let store = folder.open("l.db").await;
    store.settle().await.unwrap();
    append(&store, 3).await;
    store.back_up(&folder.path("backup.db")).await.unwrap();
    append(&store, 2).await;
    store.close().await;
    assert!(SqliteStore::read(&folder.url("backup.db")).await.unwrap().verify().await.unwrap().wrong.is_empty());
    // The same path, device, inode and machine as before.
    std::fs::write(folder.path("l.db"), std::fs::read(folder.path("backup.db")).unwrap()).unwrap();
    let restored = folder.open("l.db").await;
    assert_eq!(super::support::all(&restored).await.unwrap(), 3);
    assert!(matches!(restored.whereabouts().await.unwrap(), Whereabouts::Elsewhere { .. }));
    assert!(restored.back_up(&folder.path("backup.db")).await.is_err(), "an existing file is not overwritten");
}

/// What somebody does to the files of an open store.
type Deed = fn(&Folder);

#[tokio::test]
async fn a_file_that_is_deleted_or_replaced_is_noticed_before_the_next_write() {
    let deeds: &[(&str, Deed)] = &[
        ("deleted", |folder| std::fs::remove_file(folder.path("l.db")).unwrap()),
        ("replaced", |folder| {
            std::fs::copy(folder.path("l.db"), folder.path("new.db")).unwrap();
            std::fs::rename(folder.path("new.db"), folder.path("l.db")).unwrap();
        }),
        ("deleted", |folder| std::fs::remove_file(folder.path("l.db-wal")).unwrap()),
        ("replaced", |folder| {
            std::fs::rename(folder.path("l.db-wal"), folder.path("aside")).unwrap();
            std::fs::write(folder.path("l.db-wal"), "").unwrap();
        }),
        ("deleted", |folder| std::fs::rename(folder.path("l.db"), folder.path("moved.db")).unwrap()),
    ];
    for (how, deed) in deeds {
        let folder = Folder::new();
        let store: SqliteStore = folder.open("l.db").await;
        append(&store, 2).await;
        let lease = store.acquire("a", at(0), at(60)).await.unwrap();
        deed(&folder);
        let error = store.append(lease.fence, at(2), vec![landed(3)]).await.unwrap_err();
        assert!(matches!(error, StoreError::Gone { how: h, .. } if h == *how), "{how}: {error}");
        assert!(store.renew(&lease, at(90)).await.is_err(), "nor is the lease renewed");
        let spared = folder.path("l.db").exists();
        assert!(store.check(lease.fence).await.is_err() || spared, "nor is anything asked of AWS");
    }
}
