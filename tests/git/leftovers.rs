//! A mirror after a kill or a power cut: what is left there stops nobody, and no kept commit that can be read is lost.

use std::path::Path;

use jiff::Timestamp;
use landfall::git::Mirror;
use landfall::model::CommitId;
use landfall::tree::History;

use super::repository::{Mirrored, Repo, contents, git, mirror};

/// What SIGKILL leaves at some moment of making, fetching, packing, and updating refs: by the library, or by a `git gc` of the
/// operator.
const LEFTOVERS: &[(&str, &str)] = &[
    ("HEAD.lock", ""),
    ("config.lock", "[core]\n\tbare = tr"),
    ("packed-refs.lock", "# pack-refs with: peeled fully-peeled"),
    ("index.lock", ""),
    ("shallow.lock", ""),
    ("refs/landfall/head.lock", ""),
    ("refs/landfall/head.lock", "0123456789012345678901234567890123456789\n"),
    ("refs/landfall/facts.lock", ""),
    ("refs/landfall/snapshots/COMMIT.lock", ""),
    ("objects/tmp_object_git2_a1b2c3", "x"),
    ("objects/17/tmp_object_git2_a1b2c3", ""),
    ("objects/17/tmp_obj_a1b2c3", ""),
    ("objects/pack/pack_git2_a1b2c3", "PACK\0\0\0\u{2}"),
    ("objects/pack/tmp_pack_a1b2c3", "PACK"),
    ("objects/pack/tmp_idx_a1b2c3", ""),
    ("objects/pack/pack-0123456789012345678901234567890123456789.keep", "fetch"),
    ("objects/pack/pack-0123456789012345678901234567890123456789.idx.lock", ""),
    ("objects/pack/pack-0123456789012345678901234567890123456789.pack", "PACK\0\0\0\u{2}"),
    ("objects/pack/pack-0123456789012345678901234567890123456789.idx", ""),
];

/// A repository whose history lost a commit that the mirror keeps.
struct Scene {
    repo: Repo,
    mirrored: Mirrored,
    kept: CommitId,
}

impl Scene {
    fn new() -> Self {
        let repo = Repo::new();
        repo.commit(&[("a", "1\n"), ("folder/b", "1\n")]);
        let mirrored = mirror(repo.remote());
        mirrored.mirror.poll().unwrap();
        let kept = repo.commit(&[("a", "kept\n")]);
        mirrored.mirror.poll().unwrap();
        mirrored.mirror.keep(std::slice::from_ref(&kept)).unwrap();
        mirrored.mirror.write_facts(b"{}", Timestamp::UNIX_EPOCH).unwrap();
        repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
        repo.commit(&[("a", "2\n")]);
        mirrored.mirror.poll().unwrap();
        Self { repo, mirrored, kept }
    }

    fn folder(&self) -> std::path::PathBuf {
        self.mirrored.folder.path().join("mirror")
    }

    fn reopened(&self) -> Mirror {
        Mirror::open(&self.folder(), self.repo.remote()).unwrap()
    }

    /// That every ref can be moved, and that nothing is lost.
    fn works(&self, mirror: &Mirror, what: &str) {
        let before = self.repo.head();
        let old = mirror.poll().unwrap();
        assert_eq!(old.head, before, "{what}");
        assert_eq!(mirror.kept().unwrap(), [self.kept.clone()].into(), "{what}");
        assert!(mirror.tree(&self.kept).unwrap().file("a").is_some(), "{what}: what was kept can be read");
        let new = self.repo.commit(&[("a", "3\n")]);
        assert_eq!(mirror.poll().unwrap().head, new, "{what}: the head moves");
        mirror.keep(std::slice::from_ref(&new)).unwrap();
        assert_eq!(mirror.kept().unwrap(), [self.kept.clone(), new].into(), "{what}: a commit is kept");
        assert!(mirror.write_facts(b"{\"new\":1}", Timestamp::UNIX_EPOCH).unwrap(), "{what}: facts are written");
        git(&self.folder(), &["fsck", "--strict"]);
        let left = contents(&self.folder());
        let lock = left.keys().find(|path| path.to_str().unwrap().ends_with(".lock"));
        assert_eq!(lock, None, "{what}");
    }
}

#[test]
fn what_a_kill_leaves_is_cleared_when_the_mirror_is_opened() {
    let scene = Scene::new();
    let place = |name: &str, text: &str| {
        let path = scene.folder().join(name.replace("COMMIT", &scene.kept.0));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    };
    // Each alone is cleared; all together as well, and then everything works.
    for (name, text) in LEFTOVERS {
        let path = place(name, text);
        drop(scene.reopened());
        assert!(!path.exists(), "{name} is cleared");
    }
    for (name, text) in LEFTOVERS {
        place(name, text);
    }
    scene.works(&scene.reopened(), "all leftovers");
}

#[test]
fn a_lock_that_appears_while_the_mirror_is_open_stops_no_ref() {
    let scene = Scene::new();
    for name in ["head", "facts", &format!("snapshots/{}", scene.kept.0)] {
        std::fs::write(scene.folder().join(format!("refs/landfall/{name}.lock")), "").unwrap();
    }
    std::fs::remove_file(scene.folder().join(format!("refs/landfall/snapshots/{}", scene.kept.0))).unwrap();
    scene.mirrored.mirror.keep(std::slice::from_ref(&scene.kept)).unwrap();
    scene.works(&scene.mirrored.mirror, "live locks");
}

/// What happens to the files of a mirror.
type Damage = fn(&Path, &CommitId);

/// Cuts a file to this part of it, in percent.
fn cut(path: &Path, percent: usize) {
    let bytes = std::fs::read(path).unwrap();
    // Objects and packs are read-only.
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, &bytes[..bytes.len() * percent / 100]).unwrap();
}

fn with_ending(mirror: &Path, ending: &str) -> std::path::PathBuf {
    let all = contents(&mirror.join("objects/pack"));
    all.into_keys().find(|path| path.extension().is_some_and(|found| found == ending)).unwrap()
}

/// A loose object of the kept commit, which is not in the remote's history any more.
fn object(mirror: &Path, id: &str) -> std::path::PathBuf {
    mirror.join("objects").join(&id[..2]).join(&id[2..])
}

#[test]
fn a_half_made_or_damaged_mirror_is_mended_or_made_anew() {
    let damages: &[(&str, Damage)] = &[
        ("no HEAD", |mirror, _| std::fs::remove_file(mirror.join("HEAD")).unwrap()),
        ("an empty HEAD", |mirror, _| cut(&mirror.join("HEAD"), 0)),
        ("half a HEAD", |mirror, _| cut(&mirror.join("HEAD"), 20)),
        ("no configuration", |mirror, _| std::fs::remove_file(mirror.join("config")).unwrap()),
        ("an empty configuration", |mirror, _| cut(&mirror.join("config"), 0)),
        ("a configuration that cannot be read", |mirror, _| {
            std::fs::write(mirror.join("config"), "[core\n\0").unwrap()
        }),
        ("an empty head", |mirror, _| cut(&mirror.join("refs/landfall/head"), 0)),
        ("half a head", |mirror, _| cut(&mirror.join("refs/landfall/head"), 50)),
        ("empty facts", |mirror, _| cut(&mirror.join("refs/landfall/facts"), 0)),
        ("an empty ref that keeps a commit", |mirror, kept| {
            cut(&mirror.join(format!("refs/landfall/snapshots/{}", kept.0)), 0);
        }),
        ("a head that names nothing", |mirror, _| {
            std::fs::write(mirror.join("refs/landfall/head"), "0123456789012345678901234567890123456789\n").unwrap();
        }),
        ("packed refs that are cut", |mirror, _| {
            git(mirror, &["pack-refs", "--all"]);
            let path = mirror.join("packed-refs");
            let mut text = std::fs::read_to_string(&path).unwrap();
            text.push_str("01234567890123");
            std::fs::write(path, text).unwrap();
        }),
        ("an empty pack", |mirror, _| cut(&with_ending(mirror, "pack"), 0)),
        ("a pack that is cut", |mirror, _| cut(&with_ending(mirror, "pack"), 90)),
        ("an index that is cut", |mirror, _| cut(&with_ending(mirror, "idx"), 50)),
        ("no folder of objects in part", |mirror, _| {
            std::fs::remove_dir_all(mirror.join("refs/landfall/snapshots")).unwrap()
        }),
    ];
    for (what, damage) in damages {
        let scene = Scene::new();
        damage(&scene.folder(), &scene.kept);
        let mirror = scene.reopened();
        // What the mirror does not know any more the journal does: the daemon asks for it at each start.
        let pack = what.contains("pack that") || what.contains("empty pack") || what.contains("index");
        if pack {
            // The first commit, on which the kept one stands, was in the pack: it comes back from the remote.
            assert_eq!(mirror.poll().unwrap().head, scene.repo.head(), "{what}");
            assert!(scene.folder().join("damaged-1").exists(), "{what}: what cannot be read stays aside");
            git(&scene.folder(), &["fsck", "--strict"]);
            continue;
        }
        mirror.keep(std::slice::from_ref(&scene.kept)).unwrap();
        scene.works(&mirror, what);
        assert!(!scene.folder().join("damaged").exists(), "{what}");
    }
}

#[test]
fn a_damaged_object_costs_only_what_it_holds() {
    for (percent, what) in [(0, "empty"), (60, "cut")] {
        let scene = Scene::new();
        // An object of the new head: the remote has it. What is kept is taken over.
        cut(&object(&scene.folder(), &scene.repo.head().0), percent);
        let mirror = scene.reopened();
        assert_eq!(
            mirror.kept().unwrap(),
            [scene.kept.clone()].into(),
            "{what}: taken over before the remote is asked"
        );
        assert!(!scene.folder().join("damaged").exists(), "{what}: nothing of it is needed any more");
        scene.works(&mirror, what);

        // An object of the kept commit itself: nobody else has it.
        let scene = Scene::new();
        cut(&object(&scene.folder(), &scene.kept.0), percent);
        let mirror = scene.reopened();
        assert!(mirror.kept().unwrap().is_empty(), "{what}");
        assert_eq!(mirror.poll().unwrap().head, scene.repo.head(), "{what}: the rest goes on");
        assert!(scene.folder().join("damaged-1").exists(), "{what}: what is left of it is there for people");
        drop(mirror);
        scene.reopened();
        assert!(!scene.folder().join("damaged-2").exists(), "{what}: it is dealt with once");
    }
}

#[test]
fn a_mirror_whose_remaking_was_killed_is_made_at_the_next_start() {
    let scene = Scene::new();
    let (dir, aside) = (scene.folder(), scene.folder().join("damaged"));
    cut(&object(&dir, &scene.repo.head().0), 0);
    // Killed after each step of moving the damaged files aside.
    std::fs::create_dir(&aside).unwrap();
    for name in ["refs", "objects", "HEAD"] {
        std::fs::rename(dir.join(name), aside.join(name)).unwrap();
        let copy = tempfile::tempdir().unwrap();
        let to = copy.path().join("mirror");
        assert!(std::process::Command::new("cp").arg("-a").arg(&dir).arg(&to).status().unwrap().success());
        let mirror = Mirror::open(&to, scene.repo.remote()).unwrap();
        assert_eq!(mirror.poll().unwrap().head, scene.repo.head(), "after moving {name}");
        assert_eq!(mirror.kept().unwrap(), [scene.kept.clone()].into(), "after moving {name}");
    }
}

#[test]
fn a_repository_with_refs_of_its_own_is_never_made_anew() {
    let repo = Repo::new();
    repo.commit(&[("a", "1\n")]);
    let theirs = Repo::bare();
    repo.git(&["push", "--quiet", theirs.path.to_str().unwrap(), "main"]);
    std::fs::write(theirs.path.join("HEAD"), "").unwrap();
    let before = contents(&theirs.path);
    assert!(Mirror::open(&theirs.path, repo.remote()).is_err() || contents(&theirs.path) == before);
    assert_eq!(contents(&theirs.path), before, "somebody's repository is left as it is");
}
