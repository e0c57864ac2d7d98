//! Remotes that accept a connection and then say nothing, or stop in the middle.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use landfall::git::{GitError, Remote};

use super::repository::mirror;

/// A listener that answers with these bytes and keeps the connection open without another.
fn silent(answer: impl Into<Vec<u8>>) -> u16 {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for mut stream in listener.incoming().map_while(Result::ok) {
            if !answer.is_empty() {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(&answer);
            }
            open.push(stream);
        }
    });
    port
}

fn gives_up(url: String) {
    let begun = Instant::now();
    let remote = Remote { timeout: Duration::from_secs(1), ..Remote::new(url.clone()) };
    let error = mirror(remote).mirror.poll().unwrap_err();
    assert!(matches!(error, GitError::TimedOut { seconds: 1, .. }), "{url}: {error:?}");
    assert!(begun.elapsed() < Duration::from_secs(30), "{url}");
}

#[test]
fn a_remote_that_never_answers_is_given_up() {
    gives_up(format!("https://127.0.0.1:{}/repo.git", silent("")));
    gives_up(format!("http://127.0.0.1:{}/repo.git", silent("")));
    gives_up(format!("ssh://git@127.0.0.1:{}/repo.git", silent("")));
}

#[test]
fn a_remote_that_stops_in_the_middle_is_given_up() {
    let begun = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\n\
        Content-Length: 1000\r\n\r\n001e# service=git-up";
    gives_up(format!("http://127.0.0.1:{}/repo.git", silent(*begun)));
    gives_up(format!("ssh://git@127.0.0.1:{}/repo.git", silent("SSH-2.0-OpenSSH_9.2\r\n")));
}

#[test]
fn a_remote_that_names_a_commit_and_never_sends_it_is_given_up() {
    let packet = |line: &str| format!("{:04x}{line}", line.len() + 4);
    let id = "0123456789012345678901234567890123456789";
    let body = [
        &packet("# service=git-upload-pack\n"),
        "0000",
        &packet(&format!("{id} HEAD\0symref=HEAD:refs/heads/main\n")),
        &packet(&format!("{id} refs/heads/main\n")),
        "0000",
    ]
    .concat();
    let kind = "application/x-git-upload-pack-advertisement";
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    gives_up(format!("http://127.0.0.1:{}/repo.git", silent(answer)));
}

#[test]
fn a_remote_that_nobody_answers_for_is_an_error_at_once() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = mirror(Remote::new(format!("http://127.0.0.1:{closed}/repo.git"))).mirror.poll().unwrap_err();
    assert!(matches!(error, GitError::Unreachable { .. }), "{error:?}");
}
