//! Remotes over https: nginx with git's http-backend, a certificate authority made for the test, right and wrong passwords.

use landfall::git::{Credentials, GitError, Password, Remote};
use landfall::tree::{Blobs, History};

use super::repository::{Repo, mirror, polls_elsewhere};
use super::servers::Https;

fn ada(password: &str) -> Credentials {
    Credentials::Basic { username: "ada".to_owned(), password: Password::new(password) }
}

fn remote(server: &Https, credentials: Credentials) -> Remote {
    Remote { credentials, ca: Some(server.ca()), ..Remote::new(server.url("repo.git")) }
}

/// A repository whose commits are pushed to the server's.
fn pushed(server: &Https, name: &str) -> Repo {
    let repo = Repo::new();
    repo.commit(&[("a/b", "1\n"), ("c/d", "1\n")]);
    repo.git(&["push", "--quiet", server.repository(name).to_str().unwrap(), "main"]);
    repo
}

#[test]
fn the_right_password_brings_commits_and_a_poll_without_news_is_one_advertisement() {
    let Some(server) = Https::start() else { return };
    let mirrored = mirror(remote(&server, ada("s3cret")));
    let empty = mirrored.mirror.poll().unwrap_err();
    assert!(matches!(empty, GitError::Empty { .. }), "{empty}");

    let repo = pushed(&server, "repo.git");
    let polled = mirrored.mirror.poll().unwrap();
    assert_eq!((&polled.head, polled.moved, polled.objects), (&repo.head(), true, 5));
    let tree = mirrored.mirror.tree(&polled.head).unwrap();
    assert_eq!(&*mirrored.mirror.read(tree.file("a/b").unwrap()).unwrap(), b"1\n");

    let (before, reads) = (server.requests().len(), mirrored.mirror.counts());
    assert!(!mirrored.mirror.poll().unwrap().moved);
    let advertisement = "GET /repo.git/info/refs?service=git-upload-pack";
    assert_eq!(server.requests()[before..], [format!("{advertisement} 401"), format!("{advertisement} 200")]);
    assert_eq!(mirrored.mirror.counts(), reads);

    let head = repo.commit(&[("a/b", "2\n")]);
    repo.git(&["push", "--quiet", server.repository("repo.git").to_str().unwrap(), "main"]);
    let polled = mirrored.mirror.poll().unwrap();
    assert_eq!((polled.head, polled.moved, polled.objects), (head, true, 4), "commit, two folders, one file");

    repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    let head = repo.commit(&[("a/b", "forced\n")]);
    repo.git(&["push", "--quiet", "--force", server.repository("repo.git").to_str().unwrap(), "main"]);
    assert_eq!(mirrored.mirror.poll().unwrap().head, head);
}

#[test]
fn a_wrong_password_is_shown_once() {
    let Some(server) = Https::start() else { return };
    pushed(&server, "repo.git");
    let mirrored = mirror(remote(&server, ada("wrong-one")));
    let refused = mirrored.mirror.poll().unwrap_err();
    assert!(matches!(refused, GitError::Denied { .. }), "{refused:?}");
    let said = format!("{refused} {refused:?}");
    assert!(said.contains("it rejected user `ada` with the password it was given"), "{said}");
    assert!(!said.contains("wrong-one"), "{said}");
    assert_eq!(server.requests().len(), 2, "asked, shown once: {:?}", server.requests());
}

#[test]
fn credentials_come_from_the_environment_a_file_or_the_address() {
    let Some(server) = Https::start() else { return };
    let repo = pushed(&server, "repo.git");
    let variables = [("LANDFALL_GIT_USERNAME", "ada"), ("LANDFALL_GIT_PASSWORD", "s3cret")];
    let lookup = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    assert_eq!(mirror(remote(&server, Credentials::from_environment(lookup))).mirror.poll().unwrap().head, repo.head());

    let file = server.folder().join("credentials");
    std::fs::write(&file, "https://x:y@example.com\nhttps://ada:s%33cret@localhost\n").unwrap();
    assert_eq!(mirror(remote(&server, Credentials::File(file.clone()))).mirror.poll().unwrap().head, repo.head());
    std::fs::write(&file, "https://x:y@example.com\n").unwrap();
    let said = mirror(remote(&server, Credentials::File(file))).mirror.poll().unwrap_err().to_string();
    assert!(said.contains("has no line `https://user:password@localhost`"), "{said}");

    let mut inside = remote(&server, Credentials::Standard);
    inside.url = inside.url.replace("https://", "https://ada:s3cret@");
    assert_eq!(mirror(inside.clone()).mirror.poll().unwrap().head, repo.head());
    inside.url = inside.url.replace("s3cret", "wr0ng");
    let said = format!("{:#?}", mirror(inside).mirror.poll().unwrap_err());
    assert!(said.contains("Denied") && !said.contains("wr0ng"), "{said}");
}

#[test]
fn gits_credential_helper_is_asked() {
    let Some(server) = Https::start() else { return };
    let repo = pushed(&server, "repo.git");
    let home = tempfile::tempdir().unwrap();
    let helper = "[credential]\n\thelper = \"!f() { echo username=ada; echo password=s3cret; }; f\"\n";
    std::fs::write(home.path().join(".gitconfig"), helper).unwrap();
    let mut command = std::process::Command::new("env");
    command.env("LANDFALL_TEST_CA", server.ca());
    polls_elsewhere(command, home.path(), &server.url("repo.git"), &repo.head());
}

#[test]
fn no_credentials_are_needed_where_nobody_asks_and_missing_ones_are_named() {
    let Some(server) = Https::start() else { return };
    let repo = pushed(&server, "open.git");
    let open = Remote { url: server.url("open.git"), ..remote(&server, Credentials::Standard) };
    assert_eq!(mirror(open.clone()).mirror.poll().unwrap().head, repo.head());
    let branch = Remote { branch: Some("trunk".to_owned()), ..open };
    let said = mirror(branch).mirror.poll().unwrap_err().to_string();
    assert!(said.contains("no branch `trunk` (it has main)"), "{said}");

    let key = Credentials::Key { private: "key".into(), passphrase: None };
    let said = mirror(remote(&server, key)).mirror.poll().unwrap_err().to_string();
    assert!(said.contains("needs a password or token, not a key"), "{said}");
}

#[test]
fn a_certificate_of_an_unknown_authority_is_refused_until_it_is_named() {
    let Some(server) = Https::start() else { return };
    let repo = pushed(&server, "repo.git");
    let unknown = Remote { ca: None, ..remote(&server, ada("s3cret")) };
    let refused = mirror(unknown.clone()).mirror.poll().unwrap_err();
    assert!(matches!(refused, GitError::Certificate { .. }), "{refused:?}");
    assert!(server.requests().is_empty(), "nothing is asked before the certificate is checked");
    let absent = Remote { ca: Some(server.folder().join("absent.pem")), ..unknown.clone() };
    assert!(matches!(mirror(absent).mirror.poll(), Err(GitError::File { .. })));
    let garbage = Remote { ca: Some(server.folder().join("users")), ..unknown };
    assert!(matches!(mirror(garbage).mirror.poll(), Err(GitError::File { .. })));
    assert_eq!(mirror(remote(&server, ada("s3cret"))).mirror.poll().unwrap().head, repo.head());
}

#[test]
fn another_server_does_not_get_the_credentials() {
    let Some(other) = Https::start() else { return };
    pushed(&other, "repo.git");
    let redirect =
        format!("location /moved.git/ {{ rewrite ^/moved.git/(.*)$ {}/$1 redirect; }}", other.url("repo.git"));
    let server = Https::start_with(&redirect).unwrap();
    // Both authorities are trusted, so that only the redirect is in the way.
    let trusted = Remote { ca: Some(other.ca()), ..Remote::new(other.url("open.git")) };
    mirror(trusted).mirror.poll().unwrap_err();
    let moved = Remote { url: server.url("moved.git"), ..remote(&server, ada("s3cret")) };
    let said = mirror(moved).mirror.poll().unwrap_err().to_string();
    assert!(said.contains("which does not get its credentials"), "{said}");
    assert!(other.requests().iter().all(|request| !request.ends_with(" 200") || request.contains("open.git")));
}

#[test]
fn a_shallow_source_says_so() {
    let Some(server) = Https::start() else { return };
    let repo = Repo::new();
    repo.commit(&[("old", "1\n")]);
    repo.commit(&[("new", "1\n")]);
    let served = server.repository("open.git");
    std::fs::remove_dir_all(&served).unwrap();
    let from = format!("file://{}", repo.path.display());
    super::repository::git(
        server.folder(),
        &["clone", "--quiet", "--bare", "--depth=1", &from, served.to_str().unwrap()],
    );
    let open = Remote { url: server.url("open.git"), ..remote(&server, Credentials::Standard) };
    let said = mirror(open).mirror.poll().unwrap_err().to_string();
    assert!(said.contains("git fetch --unshallow"), "{said}");
}
