//! Facts on a ref of the mirror, in the remote, and in a clone that fetched them.

use jiff::Timestamp;
use landfall::git::{Credentials, FACTS, GitError, Mirror, Password, Reader, Remote};
use landfall::tree::History;

use super::repository::{Mirrored, Repo, contents, git, mirror};
use super::servers::{Https, Ssh, run};

fn write(mirror: &Mirror, text: &str) -> bool {
    mirror.write_facts(text.as_bytes(), Timestamp::from_second(1_700_000_000).unwrap()).unwrap()
}

/// The facts that a repository has, and how many commits lead to them.
fn facts_of(repo: &Repo) -> (String, String) {
    (repo.git(&["show", &format!("{FACTS}:facts.json")]), repo.git(&["rev-list", "--count", FACTS]))
}

fn followed(repo: &Repo) -> Mirrored {
    let mirrored = mirror(repo.remote());
    mirrored.mirror.poll().unwrap();
    mirrored
}

#[test]
fn facts_are_written_when_they_are_others_and_have_no_history() {
    let repo = Repo::new();
    repo.commit(&[("a", "1\n")]);
    let mirrored = followed(&repo);
    let before = contents(&repo.path);
    let at = Repo::at(&mirrored.folder.path().join("mirror"));
    assert!(write(&mirrored.mirror, "{\"one\": 1}"));
    let first = at.id(FACTS);
    assert!(!write(&mirrored.mirror, "{\"one\": 1}"));
    assert_eq!(at.id(FACTS), first);
    assert!(write(&mirrored.mirror, "{\"two\": 2}"));
    assert_eq!(facts_of(&at), ("{\"two\": 2}".to_owned(), "1".to_owned()));
    assert_eq!(contents(&repo.path), before, "nothing is written into the repository unless it is pushed");
    assert!(!mirrored.mirror.poll().unwrap().moved);
    let reader = Reader::open_local(&at.path).unwrap();
    assert_eq!(reader.facts(FACTS).unwrap(), b"{\"two\": 2}");
    assert!(matches!(reader.facts("refs/landfall/head"), Err(GitError::NoFacts { .. })));
    assert!(matches!(reader.facts("refs/landfall/nothing"), Err(GitError::Revision { .. })));
}

#[test]
fn what_facts_leave_behind_does_not_pile_up() {
    let repo = Repo::new();
    let head = repo.commit(&[("a", "1\n")]);
    let mirrored = followed(&repo);
    for number in 0..1500 {
        assert!(write(&mirrored.mirror, &format!("{{\"number\": {number}}}")));
    }
    let folder = mirrored.folder.path().join("mirror");
    let files = contents(&folder).len();
    assert!(files < 4000, "{files} files of 4500 objects");
    assert_eq!(facts_of(&Repo::at(&folder)).0, "{\"number\": 1499}");
    git(&folder, &["fsck", "--strict"]);
    assert!(mirrored.mirror.tree(&head).unwrap().file("a").is_some());
    let next = repo.commit(&[("a", "2\n")]);
    assert_eq!(mirrored.mirror.poll().unwrap().head, next);
    git(&folder, &["fsck", "--strict"]);
}

#[test]
fn a_repository_of_this_machine_gets_them() {
    let bare = Repo::bare();
    let repo = Repo::new();
    repo.commit(&[("a", "1\n")]);
    repo.git(&["push", "--quiet", bare.path.to_str().unwrap(), "main"]);
    for there in [&bare, &repo] {
        let mirrored = followed(there);
        mirrored.mirror.push_facts().unwrap();
        assert!(there.git(&["for-each-ref", "refs/landfall"]).is_empty(), "nothing was written yet");
        for text in ["{\"one\": 1}", "{\"two\": 2}"] {
            write(&mirrored.mirror, text);
            mirrored.mirror.push_facts().unwrap();
            assert_eq!(facts_of(there), (text.to_owned(), "1".to_owned()));
        }
        there.git(&["fsck", "--strict"]);
    }
    // The command of the documentation, in a clone that has older ones.
    let folder = bare.path.parent().unwrap();
    git(folder, &["clone", "--quiet", "repo.git", "clone"]);
    let clone = Repo::at(&folder.join("clone"));
    let mirrored = followed(&bare);
    for text in ["{\"three\": 3}", "{\"four\": 4}"] {
        write(&mirrored.mirror, text);
        mirrored.mirror.push_facts().unwrap();
        clone.git(&["fetch", "--quiet", "origin", &format!("+{FACTS}:{FACTS}")]);
        assert_eq!(Reader::open_local(&clone.path).unwrap().facts(FACTS).unwrap(), text.as_bytes());
    }
}

/// Pushes twice over a network, and once more where the server refuses.
fn pushes(remote: Remote, served: &Repo) {
    let repo = Repo::new();
    repo.commit(&[("a", "1\n")]);
    repo.git(&["push", "--quiet", served.path.to_str().unwrap(), "main"]);
    run("chmod", &["-R", "a+rwX", served.path.to_str().unwrap()]);
    let mirrored = mirror(remote);
    mirrored.mirror.poll().unwrap();
    for text in ["{\"one\": 1}", "{\"two\": 2}"] {
        write(&mirrored.mirror, text);
        mirrored.mirror.push_facts().unwrap();
        assert_eq!(facts_of(served), (text.to_owned(), "1".to_owned()));
    }
    served.git(&["config", "receive.hideRefs", "refs/landfall"]);
    write(&mirrored.mirror, "{\"three\": 3}");
    let refused = mirrored.mirror.push_facts().unwrap_err();
    assert!(matches!(refused, GitError::Refused { .. }), "{refused:?}");
    assert!(refused.to_string().contains("rejects refs/landfall/facts"), "{refused}");
    assert!(!mirrored.mirror.poll().unwrap().moved, "a poll goes on working");
}

#[test]
fn a_server_gets_them_over_https() {
    let Some(server) = Https::start() else { return };
    let credentials = |password| Credentials::Basic { username: "ada".to_owned(), password: Password::new(password) };
    let remote =
        Remote { credentials: credentials("s3cret"), ca: Some(server.ca()), ..Remote::new(server.url("repo.git")) };
    let wrong = Remote { credentials: credentials("wrong"), ..remote.clone() };
    pushes(remote, &Repo::at(&server.repository("repo.git")));
    let mirrored = mirror(wrong);
    write(&mirrored.mirror, "{}");
    let denied = mirrored.mirror.push_facts().unwrap_err();
    assert!(matches!(denied, GitError::Denied { .. }), "{denied:?}");
}

#[test]
fn a_server_gets_them_over_ssh() {
    let Some(server) = Ssh::start() else { return };
    let known = server.file("known");
    std::fs::write(&known, format!("{} {}\n", server.name(), server.host_key())).unwrap();
    let credentials = Credentials::Key { private: server.file("key"), passphrase: None };
    let remote = Remote { credentials, known_hosts: Some(known), ..Remote::new(server.url()) };
    pushes(remote, &Repo::at(&server.file("repo.git")));
}
