//! Remotes over ssh: sshd with a generated host key, and keys that it knows and does not know.

use landfall::git::{Credentials, GitError, Password, Remote};

use super::repository::{Repo, mirror, polls_elsewhere};
use super::servers::{Ssh, programs, run};

fn key(server: &Ssh, name: &str, passphrase: Option<&str>) -> Credentials {
    Credentials::Key { private: server.file(name), passphrase: passphrase.map(Password::new) }
}

/// A remote whose known hosts file has these lines.
fn remote(server: &Ssh, credentials: Credentials, known: &str) -> Remote {
    let file = server.file("known");
    std::fs::write(&file, known).unwrap();
    Remote { credentials, known_hosts: Some(file), ..Remote::new(server.url()) }
}

fn pushed(server: &Ssh) -> Repo {
    let repo = Repo::new();
    repo.commit(&[("a", "1\n")]);
    repo.git(&["push", "--quiet", server.file("repo.git").to_str().unwrap(), "main"]);
    repo
}

#[test]
fn a_known_host_and_the_right_key_bring_commits() {
    let Some(server) = Ssh::start() else { return };
    let known = format!("# comment\n{} {} the server\n", server.name(), server.host_key());
    let mirrored = mirror(remote(&server, key(&server, "key", None), &known));
    let empty = mirrored.mirror.poll().unwrap_err();
    assert!(matches!(empty, GitError::Empty { .. }), "{empty:?}");

    let repo = pushed(&server);
    assert_eq!(mirrored.mirror.poll().unwrap().head, repo.head());
    assert!(!mirrored.mirror.poll().unwrap().moved);
    let head = repo.commit(&[("a", "2\n")]);
    repo.git(&["push", "--quiet", server.file("repo.git").to_str().unwrap(), "main"]);
    let polled = mirrored.mirror.poll().unwrap();
    assert_eq!((polled.head, polled.moved, polled.objects), (head, true, 3));
    repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    repo.git(&["push", "--quiet", "--force", server.file("repo.git").to_str().unwrap(), "main"]);
    assert_eq!(mirrored.mirror.poll().unwrap().head, repo.head());
}

#[test]
fn an_unknown_host_is_refused_with_the_line_that_makes_it_known() {
    let Some(server) = Ssh::start() else { return };
    let repo = pushed(&server);
    let unknown = remote(&server, key(&server, "key", None), "example.com ssh-ed25519 AAAA\n");
    let refused = mirror(unknown).mirror.poll().unwrap_err();
    assert!(matches!(refused, GitError::HostKey { .. }), "{refused:?}");
    let said = refused.to_string();
    let print = run("ssh-keygen", &["-l", "-f", server.file("host.pub").to_str().unwrap()]);
    assert!(said.contains(print.split(' ').nth(1).unwrap()), "{said}");
    let line = said.lines().last().unwrap();
    let known = remote(&server, key(&server, "key", None), &format!("{line}\n"));
    assert_eq!(mirror(known).mirror.poll().unwrap().head, repo.head());
}

#[test]
fn patterns_hashes_other_keys_and_revoked_ones_are_told_apart() {
    let Some(server) = Ssh::start() else { return };
    pushed(&server);
    let poll = |known: &str| mirror(remote(&server, key(&server, "key", None), known)).mirror.poll();
    let (name, right) = (server.name(), server.host_key());
    let port = name.rsplit(':').next().unwrap();
    let text = std::fs::read_to_string(server.file("stranger.pub")).unwrap();
    let wrong = text.split(' ').take(2).collect::<Vec<_>>().join(" ");

    poll(&format!("example.com,[127.0.0.*]:{port} {right}")).unwrap();
    poll(&format!("{name} {wrong}\n{name} {right}")).unwrap();
    remote(&server, Credentials::Standard, &format!("{name} {right}\n"));
    run("ssh-keygen", &["-q", "-H", "-f", server.file("known").to_str().unwrap()]);
    let hashed = std::fs::read_to_string(server.file("known")).unwrap();
    assert!(hashed.starts_with("|1|"), "{hashed}");
    poll(&hashed).unwrap();

    let said = |known: String| poll(&known).unwrap_err().to_string();
    assert!(said(format!("{name} {wrong}")).contains("known:1: it shows ssh-ed25519 SHA256:"));
    assert!(said(format!("127.0.0.1 {right}")).contains("is not known"), "another port is another host");
    assert!(said(format!("*,!{name} {right}")).contains("is not known"));
    assert!(said(format!("@cert-authority {name} {right}")).contains("is not known"));
    assert!(said(format!("{name} {right}\n@revoked * {right}")).contains("known:2 revokes the host key"));
    let mut absent = remote(&server, Credentials::Standard, "");
    absent.known_hosts = Some(server.file("absent"));
    assert!(matches!(mirror(absent).mirror.poll(), Err(GitError::File { .. })));
}

#[test]
fn keys_are_shown_once_and_passphrases_are_used() {
    let Some(server) = Ssh::start() else { return };
    let repo = pushed(&server);
    let known = format!("{} {}\n", server.name(), server.host_key());
    let poll = |credentials| mirror(remote(&server, credentials, &known)).mirror.poll();
    assert_eq!(poll(key(&server, "locked", Some("open sesame"))).unwrap().head, repo.head());

    let before = server.connections();
    let refused = poll(key(&server, "stranger", None)).unwrap_err();
    assert!(matches!(&refused, GitError::Denied { .. }), "{refused:?}");
    assert!(refused.to_string().contains("stranger for user"), "{refused}");
    assert_eq!(server.connections(), before + 1);

    for wrong in [Some("open barley"), None] {
        let refused = poll(key(&server, "locked", wrong)).unwrap_err();
        assert!(matches!(&refused, GitError::Denied { .. }), "{refused:?}");
        assert!(!format!("{refused:?}").contains("barley"));
    }
    assert!(matches!(poll(key(&server, "absent", None)), Err(GitError::File { .. })));
    let basic = Credentials::Basic { username: "ada".to_owned(), password: Password::new("x") };
    assert!(poll(basic).unwrap_err().to_string().contains("needs a key file or an agent, not a password"));
}

#[test]
fn the_agent_is_asked_for_keys() {
    let Some(server) = Ssh::start() else { return };
    let Some([agent, _]) = programs(["ssh-agent", "ssh-add"]) else { return };
    let repo = pushed(&server);
    let home = server.file("home");
    std::fs::create_dir_all(home.join(".ssh")).unwrap();
    std::fs::write(home.join(".ssh/known_hosts"), format!("{} {}\n", server.name(), server.host_key())).unwrap();
    // The agent runs the command and ends with it.
    let script = "ssh-add -q \"$0\" && exec \"$@\"";
    let mut command = std::process::Command::new(agent);
    command.arg("-a").arg(server.file("agent")).args(["sh", "-c", script]).arg(server.file("key"));
    polls_elsewhere(command, &home, &server.url(), &repo.head());
}
