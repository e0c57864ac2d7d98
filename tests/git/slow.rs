//! A line that is slow: whoever follows the branch is told in time, and the answer comes when it comes.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use landfall::cli::upstream::Branch;
use landfall::daemon::Upstream;
use landfall::git::{Mirror, Remote};

use super::repository::{Repo, mirror};

/// Answers with the advertisement of one branch; while the line is slow, with header after header before it.
fn answer(mut stream: TcpStream, id: &str, slow: &AtomicBool) {
    let _ = stream.read(&mut [0; 4096]);
    let packet = |line: &str| format!("{:04x}{line}", line.len() + 4);
    let body = [
        &packet("# service=git-upload-pack\n"),
        "0000",
        &packet(&format!("{id} HEAD\0symref=HEAD:refs/heads/main\n")),
        &packet(&format!("{id} refs/heads/main\n")),
        "0000",
    ]
    .concat();
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
    while slow.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(100));
        if stream.write_all(b"X-Slow: 1\r\n").is_err() {
            return;
        }
    }
    let kind = "application/x-git-upload-pack-advertisement";
    let head = format!("Content-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_line_holds_up_nobody_who_knows_the_branch_already() {
    let repo = Repo::new();
    let head = repo.commit(&[("a", "1\n")]);
    let mirrored = mirror(repo.remote());
    mirrored.mirror.poll().unwrap();
    let slow = Arc::new(AtomicBool::new(false));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/repo.git", listener.local_addr().unwrap());
    let (id, served) = (head.0.clone(), slow.clone());
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (id, slow) = (id.clone(), served.clone());
            std::thread::spawn(move || answer(stream, &id, &slow));
        }
    });
    let remote = Remote { timeout: Duration::from_secs(2), ..Remote::new(url) };
    let followed = Mirror::open(&mirrored.folder.path().join("mirror"), remote).unwrap();
    let branch = Branch::new(Arc::new(followed));
    assert_eq!(branch.head().await.unwrap(), head);
    slow.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        let begun = Instant::now();
        let said = branch.head().await.unwrap_err().to_string();
        assert!(said.contains("has been sending for more than 3 s; deployments in flight go on"), "{said}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }
    slow.store(false, Ordering::SeqCst);
    assert_eq!(branch.head().await.unwrap(), head, "the same visit, finished");
}
