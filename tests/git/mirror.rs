//! The mirror on repositories of this machine.

use landfall::git::{Counts, Mirror, Remote};
use landfall::model::CommitId;
use landfall::tree::{Blobs, History, MAX_FILE, TreeError};

use super::repository::{Repo, contents, git, mirror};

#[test]
fn first_poll_brings_the_branch_and_the_next_does_nothing() {
    let repo = Repo::new();
    let head = repo.commit(&[("landfall.toml", "id = \"a\"\n"), ("projects/a/project.toml", "x\n")]);
    repo.git(&["branch", "other"]);
    let before = contents(&repo.path);
    let mirrored = mirror(repo.remote());

    let first = mirrored.mirror.poll().unwrap();
    assert_eq!((&first.head, first.moved, first.objects), (&head, true, 6));
    let kept = contents(mirrored.folder.path());
    let second = mirrored.mirror.poll().unwrap();
    assert_eq!((&second.head, second.moved, second.objects), (&head, false, 0));

    assert_eq!(mirrored.mirror.counts(), Counts::default(), "a poll reads no object");
    assert_eq!(contents(mirrored.folder.path()), kept, "an idle poll writes nothing");
    assert_eq!(contents(&repo.path), before, "nothing is written into the repository that is followed");

    let tree = mirrored.mirror.tree(&head).unwrap();
    let text = mirrored.mirror.read(tree.file("landfall.toml").unwrap()).unwrap();
    assert_eq!(&*text, b"id = \"a\"\n");
}

#[test]
fn a_commit_brings_only_its_own_objects() {
    let repo = Repo::new();
    for n in 0..20 {
        repo.write(&[(&format!("projects/p{n}/project.toml"), "x\n"), (&format!("projects/p{n}/process.toml"), "y\n")]);
    }
    repo.commit(&[]);
    let mirrored = mirror(repo.remote());
    mirrored.mirror.poll().unwrap();
    let head = repo.commit(&[("projects/p7/process.toml", "new\n")]);
    let polled = mirrored.mirror.poll().unwrap();
    assert_eq!((polled.head, polled.moved, polled.objects), (head, true, 5), "commit, three folders, one file");
    git(&mirrored.folder.path().join("mirror"), &["fsck", "--strict", "--connectivity-only"]);
}

#[test]
fn merges_arrive_whole() {
    let repo = Repo::new();
    repo.commit(&[("a", "1\n")]);
    let mirrored = mirror(repo.remote());
    mirrored.mirror.poll().unwrap();
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.commit(&[("b", "1\n")]);
    repo.commit(&[("b", "2\n")]);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.commit(&[("c", "1\n")]);
    repo.git(&["merge", "--quiet", "--no-ff", "--no-edit", "side"]);
    assert_eq!(mirrored.mirror.poll().unwrap().head, repo.head());
    git(&mirrored.folder.path().join("mirror"), &["fsck", "--strict"]);
}

#[test]
fn a_force_push_is_followed_and_what_is_kept_survives_it_and_gc() {
    let repo = Repo::new();
    repo.commit(&[("a", "1\n")]);
    let old = repo.commit(&[("a", "2\n")]);
    let mirrored = mirror(repo.remote());
    mirrored.mirror.poll().unwrap();
    let lost = repo.commit(&[("a", "lost\n")]);
    mirrored.mirror.poll().unwrap();
    let nowhere = CommitId("0123456789012345678901234567890123456789".to_owned());
    mirrored.mirror.keep(&[old.clone(), nowhere, old.clone()]).unwrap();

    repo.git(&["reset", "--quiet", "--hard", "HEAD~2"]);
    let new = repo.commit(&[("a", "3\n")]);
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    repo.git(&["gc", "--quiet", "--prune=now"]);
    let polled = mirrored.mirror.poll().unwrap();
    assert_eq!((polled.head, polled.moved), (new.clone(), true));
    git(&mirrored.folder.path().join("mirror"), &["gc", "--quiet", "--prune=now"]);

    assert!(mirrored.mirror.has(&old) && mirrored.mirror.has(&new));
    let again = mirror(repo.remote()).mirror;
    assert!(!again.has(&lost) && !again.has(&old));
    let reopened = Mirror::open(&mirrored.folder.path().join("mirror"), repo.remote()).unwrap();
    assert!(!reopened.has(&lost), "what nothing keeps is gone after gc");
    assert_eq!(reopened.head().unwrap(), Some(new.clone()));
    assert_eq!(reopened.kept().unwrap(), [old.clone()].into(), "what is not there cannot be kept");
    assert!(reopened.tree(&old).unwrap().file("a").is_some());
    assert!(reopened.keep(&[CommitId("no commit".to_owned())]).is_err());
}

#[test]
fn a_branch_that_goes_back_is_followed_without_fetching() {
    let repo = Repo::new();
    let first = repo.commit(&[("a", "1\n")]);
    repo.commit(&[("a", "2\n")]);
    let mirrored = mirror(repo.remote());
    mirrored.mirror.poll().unwrap();
    repo.git(&["reset", "--quiet", "--hard", &first.0]);
    let polled = mirrored.mirror.poll().unwrap();
    assert_eq!((polled.head, polled.moved, polled.objects), (first, true, 0));
}

#[test]
fn packed_refs_worktrees_and_bare_repositories_are_read() {
    let repo = Repo::new();
    let head = repo.commit(&[("a", "1\n")]);
    repo.git(&["pack-refs", "--all"]);
    assert_eq!(mirror(repo.remote()).mirror.poll().unwrap().head, head);

    let bare = Repo::bare();
    repo.git(&["push", "--quiet", bare.path.to_str().unwrap(), "main"]);
    assert_eq!(mirror(bare.remote()).mirror.poll().unwrap().head, head);
    let mut url = bare.remote();
    url.url = format!("file://{}", bare.path.display());
    assert_eq!(mirror(url).mirror.poll().unwrap().head, head);

    let linked = repo.path.parent().unwrap().join("linked");
    repo.git(&["worktree", "add", "--quiet", "-b", "side", linked.to_str().unwrap()]);
    let side = Repo::at(&linked).commit(&[("a", "2\n")]);
    assert_eq!(mirror(Remote::new(linked.to_str().unwrap())).mirror.poll().unwrap().head, side);
}

#[test]
fn what_is_wrong_with_a_source_is_said() {
    let repo = Repo::new();
    let said = |remote: Remote| mirror(remote).mirror.poll().unwrap_err().to_string();
    assert!(said(repo.remote()).contains("has no commit yet"));
    repo.commit(&[("a", "1\n")]);
    repo.commit(&[("a", "2\n")]);

    let missing = said(Remote { branch: Some("trunk".to_owned()), ..repo.remote() });
    assert!(missing.contains("no branch `trunk` (it has main)"), "{missing}");
    repo.git(&["checkout", "--quiet", "--detach"]);
    let detached = said(repo.remote());
    assert!(detached.contains("name the branch to follow"), "{detached}");
    repo.git(&["checkout", "--quiet", "main"]);

    let folder = repo.path.parent().unwrap();
    let url = format!("file://{}", repo.path.display());
    git(folder, &["clone", "--quiet", "--depth=1", &url, "shallow"]);
    let shallow = said(Remote::new(folder.join("shallow").to_str().unwrap()));
    assert!(shallow.contains("git fetch --unshallow"), "{shallow}");
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    git(folder, &["clone", "--quiet", "--filter=blob:none", "--no-checkout", &url, "partial"]);
    let partial = said(Remote::new(folder.join("partial").to_str().unwrap()));
    assert!(partial.contains("partial clone"), "{partial}");

    assert!(said(Remote::new(folder.join("nowhere").to_str().unwrap())).contains("cannot open the git repository"));
    let odd = Mirror::open(folder, Remote::new("ftp://user:secret@example.com/x")).unwrap_err().to_string();
    assert!(odd.contains("neither https, ssh nor a path") && !odd.contains("secret"), "{odd}");
}

#[test]
fn a_renamed_branch_keeps_the_last_head() {
    let repo = Repo::new();
    let head = repo.commit(&[("a", "1\n")]);
    let mirrored = mirror(Remote { branch: Some("main".to_owned()), ..repo.remote() });
    mirrored.mirror.poll().unwrap();
    repo.git(&["branch", "--move", "main", "trunk"]);
    let said = mirrored.mirror.poll().unwrap_err().to_string();
    assert!(said.contains("(it has trunk); if it was renamed, name the new one"), "{said}");
    assert_eq!(mirrored.mirror.head().unwrap(), Some(head));
}

#[test]
fn many_packs_become_one_when_the_mirror_is_opened() {
    let repo = Repo::new();
    let first = repo.commit(&[("a", "0\n")]);
    let mirrored = mirror(repo.remote());
    let folder = mirrored.folder.path().join("mirror");
    mirrored.mirror.poll().unwrap();
    let kept = repo.commit(&[("a", "kept\n")]);
    mirrored.mirror.poll().unwrap();
    mirrored.mirror.keep(std::slice::from_ref(&kept)).unwrap();
    repo.git(&["reset", "--quiet", "--hard", &first.0]);
    let mut heads = Vec::new();
    for n in 1..=3 {
        heads.push(repo.commit(&[("a", &format!("{n}\n"))]));
        mirrored.mirror.poll().unwrap();
        git(&folder, &["repack", "-d", "--quiet"]);
    }
    // The same objects over and over, as far as the library can tell packs of their own.
    for (path, bytes) in contents(&folder.join("objects/pack")) {
        let ending = path.extension().unwrap().to_str().unwrap();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        for n in 10..30 {
            std::fs::write(path.with_file_name(format!("{}{n}.{ending}", &stem[..stem.len() - 2])), &bytes).unwrap();
        }
    }
    let packs = || contents(&folder).keys().filter(|path| path.extension().is_some_and(|e| e == "pack")).count();
    assert!(packs() > 50, "{}", packs());
    drop(mirrored.mirror);
    let again = Mirror::open(&folder, repo.remote()).unwrap();
    assert_eq!(packs(), 1);
    git(&folder, &["fsck", "--strict"]);
    assert!(heads.iter().chain([&first, &kept]).all(|commit| again.has(commit)));
    assert!(!again.poll().unwrap().moved);
    assert_eq!(again.head().unwrap().as_ref(), heads.last());
}

#[test]
fn a_repository_of_somebody_else_is_named_with_the_way_to_trust_it() {
    let repo = Repo::new();
    repo.commit(&[("a", "1\n")]);
    let give_away = std::process::Command::new("chown").args(["-R", "65534"]).arg(&repo.path).output().unwrap();
    if !give_away.status.success() {
        println!("skipped: only root can give a folder away");
        return;
    }
    let said = mirror(repo.remote()).mirror.poll().unwrap_err().to_string();
    assert!(said.contains("belongs to another user") && said.contains("safe.directory"), "{said}");
}

#[test]
fn a_repository_of_sha256_is_an_error_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "--quiet", "--object-format=sha256", "repo"]);
    let repo = Repo::at(&folder.path().join("repo"));
    repo.commit(&[("a", "1\n")]);
    let error = mirror(repo.remote()).mirror.poll().unwrap_err();
    assert!(format!("{error:?}").contains("sha256"), "{error:?}");
}

#[test]
fn addresses_are_read_like_git_does_and_shown_without_a_password() {
    let local = |url: &str| Remote::new(url).local();
    assert_eq!(local("/srv/repo"), Some("/srv/repo".into()));
    assert_eq!(local("file:///srv/a%20b"), Some("/srv/a b".into()));
    assert_eq!(local("./repo:x"), Some("./repo:x".into()));
    for elsewhere in
        ["https://example.com/r.git", "ssh://git@example.com:2222/r.git", "git@example.com:r.git", "host:r"]
    {
        assert_eq!(local(elsewhere), None, "{elsewhere}");
    }
    assert_eq!(Remote::new("https://ada:s3cret@example.com/r").shown(), "https://ada@example.com/r");
    let debug = format!("{:?}", Remote::new("https://ada:s3cret@example.com/r"));
    assert!(!debug.contains("s3cret"), "{debug}");
}

#[test]
fn a_file_that_is_too_large_stays_where_it_is() {
    let repo = Repo::new();
    let large = "x".repeat(usize::try_from(MAX_FILE).unwrap() + 1);
    let first = repo.commit(&[("large", &large), ("small", "1\n")]);
    let mirrored = mirror(repo.remote());
    let polled = mirrored.mirror.poll().unwrap();
    assert_eq!((polled.head, polled.objects), (first.clone(), 3), "commit, folder, small file");
    let second = repo.commit(&[("folder/larger", &format!("{large}x"))]);
    assert_eq!(mirrored.mirror.poll().unwrap().objects, 3, "commit and two folders");
    let too_large = |mirror: &Mirror| {
        let tree = mirror.tree(&second).unwrap();
        for path in ["large", "folder/larger"] {
            let read = mirror.read(tree.file(path).unwrap());
            assert!(matches!(read, Err(TreeError::TooLarge { limit: MAX_FILE, .. })), "{path}");
        }
        assert_eq!(&*mirror.read(tree.file("small").unwrap()).unwrap(), b"1\n");
    };
    too_large(&mirrored.mirror);
    // Many commits later the mirror makes one pack of them, and still knows.
    for n in 0..60 {
        repo.commit(&[("small", &format!("{n}\n")), (&format!("f{n}"), &format!("{n}\n"))]);
        mirrored.mirror.poll().unwrap();
    }
    repo.commit(&[("small", "1\n")]);
    mirrored.mirror.poll().unwrap();
    let folder = mirrored.folder.path().join("mirror");
    let reopened = Mirror::open(&folder, repo.remote()).unwrap();
    too_large(&reopened);
    assert!(contents(&folder).values().map(Vec::len).sum::<usize>() < 1024 * 1024, "neither file is in the mirror");
}

#[test]
fn a_file_of_half_a_gigabyte_costs_no_memory() {
    let repo = Repo::new();
    repo.commit(&[("landfall.toml", "id = \"a\"\n")]);
    let make = "head -c 536870912 /dev/zero > large && git -c core.compression=1 hash-object -w large && rm large";
    let made = std::process::Command::new("sh").args(["-c", make]).current_dir(&repo.path).output().unwrap();
    let id = String::from_utf8(made.stdout).unwrap();
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{},docs/large", id.trim())]);
    repo.git(&["commit", "--quiet", "--message", "a large file that nobody reads"]);
    let program = std::env::current_exe().unwrap();
    let output = std::process::Command::new("sh")
        .args(["-c", "ulimit -v 500000 && exec \"$@\"", "sh"])
        .arg(program)
        .args(["--exact", "git::repository::polls", "--ignored"])
        .env("MALLOC_ARENA_MAX", "1")
        .env("LANDFALL_TEST_URL", &repo.path)
        .env("LANDFALL_TEST_HEAD", &repo.head().0)
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn the_branch_of_the_first_poll_is_followed_whatever_the_default_is_later() {
    let repo = Repo::new();
    let first = repo.commit(&[("a", "1\n")]);
    let mirrored = mirror(repo.remote());
    let polled = mirrored.mirror.poll().unwrap();
    assert_eq!((polled.branch.as_str(), polled.default), ("main", None));
    // Somebody checks out another branch, which is the default of a repository on this machine.
    repo.git(&["checkout", "--quiet", "-b", "other"]);
    let other = repo.commit(&[("a", "2\n")]);
    let polled = mirrored.mirror.poll().unwrap();
    assert_eq!((polled.head, polled.moved, polled.default.as_deref()), (first.clone(), false, Some("other")));
    let folder = mirrored.folder.path().join("mirror");
    let reopened = Mirror::open(&folder, repo.remote()).unwrap();
    assert_eq!(reopened.poll().unwrap().head, first, "after a restart too");
    // The operator names another one, and it stays.
    let named = Mirror::open(&folder, Remote { branch: Some("other".to_owned()), ..repo.remote() }).unwrap();
    assert_eq!(named.poll().unwrap().head, other);
    repo.git(&["checkout", "--quiet", "main"]);
    let polled = reopened.poll().unwrap();
    assert_eq!((polled.head, polled.branch.as_str(), polled.default.as_deref()), (other, "other", Some("main")));
    repo.git(&["branch", "--quiet", "--move", "other", "third"]);
    let said = reopened.poll().unwrap_err().to_string();
    assert!(said.contains("has no branch `other`"), "{said}");
}

#[test]
fn a_foxtrot_merge_is_seen_and_any_other_is_not() {
    let repo = Repo::new();
    repo.commit(&[("a", "1\n")]);
    let mirrored = mirror(repo.remote());
    assert!(!mirrored.mirror.poll().unwrap().foxtrot);
    repo.git(&["checkout", "--quiet", "-b", "mine"]);
    repo.commit(&[("mine", "1\n")]);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--no-ff", "--no-edit", "mine"]);
    assert!(!mirrored.mirror.poll().unwrap().foxtrot, "the usual merge");
    repo.git(&["checkout", "--quiet", "-b", "yours", "HEAD~1"]);
    repo.commit(&[("yours", "1\n")]);
    repo.git(&["merge", "--quiet", "--no-ff", "--no-edit", "main"]);
    repo.git(&["branch", "--quiet", "--force", "main", "yours"]);
    let polled = mirrored.mirror.poll().unwrap();
    assert!(polled.moved && polled.foxtrot, "main's line is the second parent");
    repo.git(&["reset", "--quiet", "--hard", "HEAD~2"]);
    repo.git(&["branch", "--quiet", "--force", "main", "yours"]);
    assert!(!mirrored.mirror.poll().unwrap().foxtrot, "a force-push is another thing");
}
