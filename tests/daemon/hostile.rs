//! The JSON API against clients that mean it harm: it answers in words, keeps its bounds, and goes on answering others.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use landfall::web::{Bounds, Form, NoPage, Page, Pages, Ready, router, serve};

/// Answers so many bytes.
struct Long(usize);

#[async_trait]
impl Pages for Long {
    async fn ready(&self) -> Ready {
        Ready { able: true, text: String::new() }
    }

    async fn page(&self, _: Page, _: Form) -> Result<String, NoPage> {
        Ok("x".repeat(self.0))
    }
}

fn start(bytes: usize, bounds: Bounds) -> (SocketAddr, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let routes = router(Arc::new(Long(bytes)), None);
    runtime.spawn(serve(listener, routes, bounds, std::future::pending()));
    (address, runtime)
}

/// Sends bytes and reads to the end.
fn raw(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn get(address: SocketAddr, path: &str) -> String {
    raw(address, format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes())
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

#[test]
fn whatever_is_asked_is_refused_in_words() {
    let (address, _runtime) = start(10, Bounds::default());
    for (path, expected) in [
        ("/api/v1/history/0", "400"),
        ("/api/v1/history/-1", "400"),
        ("/api/v1/history/99999999999999999999", "400"),
        ("/api/v1/history/%00", "400"),
        ("/api/v1/history/%ff", "400"),
        ("/api/v1/status?format=exe", "400"),
        ("/api/v1/plan?diff=perhaps", "400"),
        ("/api/v1/status/../../etc/passwd", "404"),
        ("/api/v1/%2e%2e/%2e%2e/etc/passwd", "404"),
        ("/api/v1/history/1/../2", "404"),
        ("//api/v1/status", "404"),
        ("/api/v1/status/", "404"),
        ("/API/v1/status", "404"),
        ("/", "404"),
    ] {
        let answer = get(address, path);
        assert_eq!(status(&answer), expected, "{path}: {answer}");
        let body = answer.split("\r\n\r\n").nth(1).unwrap();
        let body: serde_json::Value =
            serde_json::from_str(body).unwrap_or_else(|error| panic!("{path}: {error}: {body}"));
        assert!(body["error"].is_string(), "{path}: {body}");
    }
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "LANDFALL"] {
        let text = format!("{method} /api/v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let answer = raw(address, text.as_bytes());
        assert!(status(&answer) == "405" && answer.contains("this API is read-only"), "{method}: {answer}");
    }
    for host in ["", "Host: evil.example\r\n", "Host: 127.0.0.1.evil.example\r\n", "Host: 127.0.0.1@evil.example\r\n"] {
        let answer = raw(address, format!("GET /api/v1/status HTTP/1.1\r\n{host}Connection: close\r\n\r\n").as_bytes());
        assert!(["400", "403"].contains(&status(&answer)), "{host}: {answer}");
    }
    assert_eq!(status(&get(address, "/api/v1/status")), "200");
}

#[test]
fn what_is_too_large_or_no_http_is_refused() {
    let (address, _runtime) = start(10, Bounds::default());
    let head = "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    let huge = format!("{head}X-Huge: {}\r\n\r\n", "x".repeat(2_000_000));
    let many = format!("{head}{}\r\n", (0..5000).map(|n| format!("X-{n}: 1\r\n")).collect::<String>());
    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(2_000_000));
    for request in [huge.as_bytes(), many.as_bytes(), long.as_bytes(), &[0x16, 3, 1, 0, 0xff, 0xff][..], &[0; 4096][..]]
    {
        assert!(
            !raw(address, request).contains(" 200 OK"),
            "{}",
            String::from_utf8_lossy(&request[..60.min(request.len())])
        );
    }
    // A body that is announced and never sent holds up nobody.
    let body = raw(address, format!("{head}Content-Length: 99999999999\r\n\r\n").as_bytes());
    assert_eq!(status(&body), "200");
    assert_eq!(status(&get(address, "/api/v1/status")), "200");
}

#[test]
fn requests_that_never_end_are_closed_and_the_others_are_answered() {
    let bounds = Bounds { connections: 4, quiet: Duration::from_millis(700), life: Duration::from_secs(60) };
    let (address, _runtime) = start(10, bounds);
    let begun = Instant::now();
    let mut slow: Vec<TcpStream> = (0..12).map(|_| TcpStream::connect(address).unwrap()).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").unwrap();
    }
    // Twelve wait before it, four at a time; each drips on as long as it may.
    let dripping = std::thread::spawn(move || {
        while slow.iter_mut().any(|stream| stream.write_all(b"x").is_ok()) && begun.elapsed() < Duration::from_secs(15)
        {
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    assert_eq!(status(&get(address, "/api/v1/status")), "200");
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    dripping.join().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(15), "they are closed, whatever they send");
}

#[test]
fn an_answer_that_nobody_takes_is_given_up() {
    let bounds = Bounds { connections: 1, quiet: Duration::from_millis(500), life: Duration::from_secs(60) };
    let (address, _runtime) = start(64 * 1024 * 1024, bounds);
    let mut greedy = TcpStream::connect(address).unwrap();
    greedy.write_all(b"GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let begun = Instant::now();
    assert_eq!(status(&get(address, "/healthz")), "200", "there is room for one, and it was taken");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn a_connection_ends_in_time_however_busy_it_is() {
    let bounds = Bounds { connections: 1, quiet: Duration::from_secs(60), life: Duration::from_secs(1) };
    let (address, _runtime) = start(10, bounds);
    let mut stream = TcpStream::connect(address).unwrap();
    let begun = Instant::now();
    let mut buffer = [0; 4096];
    while stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").is_ok()
        && matches!(stream.read(&mut buffer), Ok(1..))
    {
        std::thread::sleep(Duration::from_millis(20));
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
    assert!(begun.elapsed() > Duration::from_millis(800), "{:?}", begun.elapsed());
}
