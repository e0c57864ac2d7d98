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

/// A listener that answers with these bytes, then with one more every so often, and never ends.
fn dripping(answer: impl Into<Vec<u8>>, every: Duration) -> u16 {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let answer = answer.clone();
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(&answer);
                // The test is over long before, and other connections must not wait for this one.
                for _ in 0..40 {
                    std::thread::sleep(every);
                    if stream.write_all(b"0").is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

#[test]
fn a_remote_that_drips_is_given_up() {
    let begun = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\n\
        Content-Length: 1000000\r\n\r\n001e# service=git-upload-pack\n0000fff0";
    for answer in [&b"HTTP/1.1 200 OK\r\nX-Slow: "[..], begun] {
        let url = format!("http://127.0.0.1:{}/repo.git", dripping(answer, Duration::from_millis(100)));
        let remote =
            Remote { timeout: Duration::from_secs(30), limit: Duration::from_secs(1), ..Remote::new(url.clone()) };
        let mirrored = mirror(remote);
        for _ in 0..2 {
            let clock = Instant::now();
            let error = mirrored.mirror.poll().unwrap_err();
            assert!(matches!(error, GitError::TooSlow { seconds: 1, .. }), "{url}: {error:?}");
            assert!(clock.elapsed() < Duration::from_secs(3), "{:?}", clock.elapsed());
        }
    }
}

#[test]
fn visits_that_were_given_up_do_not_pile_up() {
    let port = dripping(&b"HTTP/1.1 200 OK\r\nX-Slow: "[..], Duration::from_millis(100));
    let url = format!("http://127.0.0.1:{port}/repo.git");
    let mirrored = mirror(Remote { limit: Duration::from_millis(50), ..Remote::new(url) });
    let threads = || std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    let before = threads();
    for _ in 0..60 {
        assert!(matches!(mirrored.mirror.poll(), Err(GitError::TooSlow { .. })));
    }
    // Other tests run beside this one.
    assert!(threads() < before + 50, "{before} threads became {}", threads());
}
