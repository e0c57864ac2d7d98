//! `landfall store`, the lock on a store, and the rights of its files, on the real program.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::program::{Home, Running};
use super::world::{init, operations, release};

/// A repository, an account, and a store whose daemon deployed 1.0.0 and ended. Gives the daemon's command line.
fn deployed(home: &Home) -> (Running, String, String) {
    home.landfall(&init("shop", "app")).ends(0);
    let mut sim = home.start("sim --listen 127.0.0.1:0");
    let account = sim.until_it_says("every account and region at ");
    let daemon = format!("daemon --repo shop --store landfall.db --endpoint {account}");
    home.landfall(&format!("{daemon} --once")).ends(0);
    (sim, account, daemon)
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_store_is_verified_backed_up_and_restored() {
    let home = Home::new();
    let (_sim, account, daemon) = deployed(&home);
    let mut running = home.start(&daemon);
    running.until_it_says("read at ");
    home.landfall("store verify").ends(0).shows(&["intact       ", " records, the last of "]);
    home.landfall("store backup copy.db").ends(0).shows(&["backed up    landfall.db to copy.db: "]);
    assert_eq!(mode(&home.path("copy.db")), 0o600);
    assert!(!home.path("copy.db-wal").exists(), "a backup is one file");
    home.landfall("store backup copy.db").ends(2).says(&["copy.db exists"]);
    home.landfall("store backup gone/copy.db").ends(2).says(&["the folder gone does not exist"]);
    home.landfall("store restore missing.db").ends(2).says(&["no file missing.db", "`landfall store backup` wrote"]);
    home.landfall("store verify --store copy.db").ends(0).shows(&["intact"]);

    // A store in use is not replaced.
    let before = std::fs::read(home.path("landfall.db")).unwrap();
    home.landfall("store restore copy.db").ends(1).says(&["is in use by landfall, process "]);
    assert!(std::fs::read(home.path("landfall.db")).unwrap() == before);
    release(&home, "shop", "app", "2.0.0");
    running.until_it_says("2.0.0  development   deployed");
    assert_eq!(running.stop(), 0);

    let restored = home.landfall("store restore copy.db").ends(0);
    let aside = restored.out.lines().find_map(|line| line.strip_prefix("kept         ")).unwrap().to_owned();
    assert!(restored.err.contains("takes nothing back"), "{}", restored.err);
    assert_eq!(mode(&home.path("landfall.db")), 0o600);
    home.landfall("store verify").ends(0).shows(&["intact", "elsewhere    it was last used as "]);
    home.landfall("history --store landfall.db").ends(0).shows(&["1.0.0"]);
    assert!(
        !home.landfall("history --store landfall.db").out.contains("2.0.0"),
        "the backup does not know what came later"
    );
    home.landfall(&format!("history --store {aside}")).ends(0).shows(&["2.0.0"]);
    drop(account);
}

#[test]
fn a_backup_that_is_damaged_or_missing_replaces_nothing() {
    let home = Home::new();
    let (_sim, account, daemon) = deployed(&home);
    let whole = std::fs::read(home.path("landfall.db")).unwrap();
    std::fs::write(home.path("half.db"), &whole[..whole.len() / 2]).unwrap();
    home.write("text.db", &"this is certainly no database of landfall's ".repeat(50));
    home.write("empty.db", "");
    for backup in ["half.db", "text.db", "empty.db", "missing.db", "landfall.db"] {
        let ran = home.landfall(&format!("store restore {backup}"));
        assert!(ran.code != 0 && !ran.err.contains("panicked"), "{backup}: {}{}", ran.out, ran.err);
        assert!(std::fs::read(home.path("landfall.db")).unwrap() == whole, "{backup}: the store is as it was");
    }
    // Without a store, a restore makes one.
    std::fs::rename(home.path("landfall.db"), home.path("backup.db")).unwrap();
    let restored = home.landfall("store restore backup.db").ends(0);
    assert!(!restored.out.contains("kept  "), "{}", restored.out);
    home.landfall(&format!("{daemon} --once")).ends(0);
    assert_eq!(operations(&account, "app-web").len(), 2, "all is known again");
}

#[test]
fn a_damaged_record_is_named_by_verify_and_stops_the_daemon() {
    let home = Home::new();
    let (_sim, account, daemon) = deployed(&home);
    let before = operations(&account, "app-web");
    alter(&home.path("landfall.db"));
    home.landfall("store verify")
        .ends(1)
        .shows(&["record 3 of its journal was altered"])
        .says(&["only its first 2 records are intact"]);
    release(&home, "shop", "app", "2.0.0");
    home.landfall(&daemon).ends(1).says(&["record 3 of its journal was altered"]);
    home.landfall("history --store landfall.db").ends(1).says(&["record 3 of its journal was altered"]);
    assert_eq!(operations(&account, "app-web"), before, "nothing is deployed from a damaged journal");
}

#[test]
pub(super) fn the_store_is_named_by_an_option_or_by_the_configuration() {
    let home = Home::new();
    let (_sim, _account, _daemon) = deployed(&home);
    std::fs::rename(home.path("landfall.db"), home.path("moved.db")).unwrap();
    home.write("landfall.toml", "store = \"moved.db\"\n");
    home.landfall("store verify").ends(1).says(&["landfall.db"]);
    home.landfall("store backup first.db").ends(1).says(&["landfall.db"]);
    assert!(!home.path("landfall.db").exists(), "a command that reads makes no store");
    home.landfall("store verify --config landfall.toml").ends(0).shows(&["intact"]);
    home.landfall("store backup first.db --config landfall.toml").ends(0).shows(&["backed up    moved.db to first.db"]);
    home.landfall("store backup second.db --store moved.db").ends(0).shows(&["backed up    moved.db to second.db"]);
    home.landfall("store restore first.db --config landfall.toml")
        .ends(0)
        .shows(&["restored     moved.db from first.db", "kept         "]);
    home.landfall("store restore second.db --store third.db").ends(0);
    home.landfall("store verify --store third.db").ends(0).shows(&["intact"]);
}

/// Changes record 3 as somebody with a database tool would.
fn alter(store: &Path) {
    use sqlx::ConnectOptions as _;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(store);
        let mut connection = options.connect().await.unwrap();
        let sql =
            "UPDATE journal SET entry = replace(entry, '\"attempt\":1', '\"attempt\":2'), fence = 9 WHERE seq = 3";
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        sqlx::Connection::close(connection).await.unwrap();
    });
}

#[test]
fn no_second_daemon_gets_in_by_another_name() {
    let home = Home::new();
    let (_sim, _account, daemon) = deployed(&home);
    std::fs::create_dir(home.path("other")).unwrap();
    std::os::unix::fs::symlink(home.path("landfall.db"), home.path("other/link.db")).unwrap();
    std::fs::hard_link(home.path("landfall.db"), home.path("other/hard.db")).unwrap();
    let mut running = home.start(&daemon);
    running.until_it_says("read at ");
    for (name, who) in [
        ("landfall.db", "landfall, process "),
        ("other/link.db", "landfall, process "),
        ("other/hard.db", "a process that knows it by another name"),
    ] {
        let second = daemon.replace("landfall.db", name);
        home.landfall(&second).ends(1).says(&["is in use by", who]);
    }
    assert_eq!(running.stop(), 0);
    home.landfall(&format!("{} --once", daemon.replace("landfall.db", "other/link.db"))).ends(0);
}

#[test]
fn a_store_that_is_deleted_under_a_daemon_stops_it() {
    let home = Home::new();
    let (_sim, account, daemon) = deployed(&home);
    let before = operations(&account, "app-web");
    let mut running = home.start(&daemon);
    running.until_it_says("read at ");
    for file in ["landfall.db", "landfall.db-wal", "landfall.db-shm"] {
        let _ = std::fs::remove_file(home.path(file));
    }
    release(&home, "shop", "app", "2.0.0");
    running.until_it_says("landfall.db was deleted while landfall used it");
    assert_eq!(operations(&account, "app-web"), before, "nothing is deployed without a journal");
}

#[test]
fn the_files_of_store_and_mirror_are_for_their_owner_only() {
    let home = Home::new();
    let (_sim, _account, daemon) = deployed(&home);
    let wide = |folder: &Path| {
        let mut wide = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if mode(&path) & 0o077 != 0 {
                    wide.push(path.clone());
                }
                if path.is_dir() {
                    folders.push(path);
                }
            }
        }
        wide
    };
    for name in ["landfall.db", "landfall.db.lock", "landfall.mirror"] {
        assert_eq!(mode(&home.path(name)) & 0o077, 0, "{name}");
    }
    assert_eq!(wide(&home.path("landfall.mirror")), Vec::<std::path::PathBuf>::new());

    // As an older landfall left them.
    set_mode(&home.path("landfall.db"), 0o644);
    set_mode(&home.path("landfall.mirror"), 0o755);
    set_mode(&home.path("landfall.mirror/HEAD"), 0o644);
    let said = home.landfall(&format!("{daemon} --once")).ends(0).err;
    assert!(said.contains("landfall.db was open to others (mode 644)"), "{said}");
    assert!(said.contains("landfall.mirror was open to others (mode 755)"), "{said}");
    assert_eq!(mode(&home.path("landfall.db")), 0o600);
    assert_eq!(wide(&home.path("landfall.mirror")), Vec::<std::path::PathBuf>::new());
    let logged = home.landfall(&format!("{daemon} --once --log-format json")).ends(0).err;
    assert!(!logged.contains("open to others"), "what is narrow is not narrowed again: {logged}");
}

#[test]
pub(super) fn a_secret_that_others_can_read_is_a_warning_or_an_error() {
    let home = Home::new();
    let (_sim, account, _daemon) = deployed(&home);
    home.write("password", "s3cret\n");
    home.write("landfall.toml", "[git]\npassword_file = \"password\"\n");
    let daemon = format!("daemon --config landfall.toml --repo shop --store landfall.db --endpoint {account} --once");
    let verify = format!("verify shop --config landfall.toml --endpoint {account}");
    for (mode, who) in [(0o644, "every user of this machine can read "), (0o640, "its group can read ")] {
        set_mode(&home.path("password"), mode);
        let parts = [who, "password, which `git.password_file` names", "chmod 600 "];
        home.landfall(&daemon).ends(0).says(&parts);
        home.landfall(&format!("{daemon} --log-format text")).ends(0).says(&parts);
        home.landfall(&verify).says(&parts);
    }
    home.write("landfall.toml", "strict_permissions = true\n[git]\npassword_file = \"password\"\n");
    home.landfall(&daemon).ends(2).says(&["its group can read ", "strict_permissions"]);
    home.landfall(&verify).ends(2).says(&["its group can read "]);
    set_mode(&home.path("password"), 0o600);
    assert!(!home.landfall(&daemon).ends(0).err.contains("can read"));
}

#[test]
fn an_account_without_a_role_is_a_warning_if_roles_are_limited() {
    let home = Home::new();
    let (_sim, account, _daemon) = deployed(&home);
    home.write("landfall.toml", "[aws]\nallowed_roles = [\"arn:aws:iam::111111111111:role/landfall-*\"]\n");
    let line = format!("--config landfall.toml --endpoint {account}");
    let said = home.landfall(&format!("daemon --repo shop --store landfall.db --once {line}")).ends(0).err;
    assert_eq!(said.matches("has no `role`, although").count(), 1, "{said}");
    home.landfall(&format!("verify shop {line}")).says(&["has no `role`, although"]);
}
