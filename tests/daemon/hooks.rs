//! Webhooks: who is believed, what a look costs, and what attackers get.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use landfall::web::{Bounds, Form, MOST, NoPage, Page, Pages, Ready, Secrets, hooks, router, serve};
use tokio::sync::mpsc;

/// The example of GitHub's documentation ("Validating webhook deliveries"), as are the next two.
const SECRET: &str = "It's a Secret to Everybody";
const BODY: &str = "Hello, World!";
const SIGNATURE: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
const TOKEN: &str = "glwt-0123456789abcdef";

struct Nothing;

#[async_trait]
impl Pages for Nothing {
    async fn ready(&self) -> Ready {
        Ready { able: true, text: String::new() }
    }

    async fn page(&self, _: Page, _: Form) -> Result<String, NoPage> {
        Err(NoPage::NotYet)
    }
}

struct Running {
    address: SocketAddr,
    wakes: mpsc::Receiver<()>,
    runtime: tokio::runtime::Runtime,
}

/// A daemon's API that asks for a token, and webhooks of GitHub and GitLab.
fn start(window: Duration, bounds: Bounds) -> Running {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let (wake, wakes) = mpsc::channel(1);
    let secrets = Secrets { github: Some(SECRET.into()), gitlab: Some(TOKEN.into()), gitea: Some(SECRET.into()) };
    runtime.spawn(async move {
        let all = router(Arc::new(Nothing), Some("0123456789abcdef".into())).merge(hooks(secrets, vec![wake], window));
        serve(listener, all, bounds, std::future::pending()).await
    });
    Running { address, wakes, runtime }
}

impl Running {
    fn post(&self, path: &str, body: &[u8], headers: &[(&str, &str)]) -> Option<u16> {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut request = agent.post(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send(body).ok().map(|answer| answer.status().as_u16())
    }

    /// How often the daemon is woken by what was sent until now, the windows since then over.
    fn woken(&mut self, within: Duration) -> usize {
        let mut count = 0;
        let wakes = &mut self.wakes;
        self.runtime.block_on(async {
            while tokio::time::timeout(within, wakes.recv()).await.is_ok() {
                count += 1
            }
        });
        count
    }
}

#[test]
fn a_forge_that_knows_the_secret_wakes_the_daemon_without_the_token_of_the_api() {
    let (window, later) = (Duration::from_millis(1), Duration::from_secs(1));
    let mut daemon = start(window, Bounds::default());
    let signed = format!("sha256={SIGNATURE}");
    let foreign = ("host", "landfall.example.com");
    let headers = [("x-hub-signature-256", signed.as_str()), ("x-github-event", "push"), foreign];
    assert_eq!(daemon.post("/hooks/github", BODY.as_bytes(), &headers), Some(202));
    assert_eq!(daemon.woken(later), 1);
    for path in ["/hooks/gitea", "/hooks/forgejo"] {
        assert_eq!(daemon.post(path, BODY.as_bytes(), &[("x-gitea-signature", SIGNATURE), foreign]), Some(202));
        assert_eq!(daemon.woken(later), 1, "{path}");
    }
    assert_eq!(daemon.post("/hooks/gitlab", b"{}", &[("x-gitlab-token", TOKEN), foreign]), Some(202));
    assert_eq!(daemon.woken(later), 1);
}

/// Path, body, headers, and the status of the answer.
type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], u16);

#[test]
fn a_forged_webhook_does_nothing() {
    let mut daemon = start(Duration::from_millis(1), Bounds::default());
    let signed = format!("sha256={SIGNATURE}");
    let other = format!("sha256={}", SIGNATURE.replace('7', "8"));
    let long = "0".repeat(10_000);
    let table: &[Row<'_>] = &[
        ("/hooks/github", BODY, &[], 401),
        ("/hooks/github", "Hello, World?", &[("x-hub-signature-256", &signed)], 401),
        ("/hooks/github", BODY, &[("x-hub-signature-256", &other)], 401),
        ("/hooks/github", BODY, &[("x-hub-signature-256", SIGNATURE)], 401),
        ("/hooks/github", BODY, &[("x-hub-signature-256", "sha256=")], 401),
        ("/hooks/github", BODY, &[("x-hub-signature-256", &long)], 401),
        ("/hooks/github", BODY, &[("x-hub-signature", "sha1=d03207e4b030cf234e3447bac4d93add4c6643d8")], 401),
        ("/hooks/gitlab", BODY, &[("x-gitlab-token", "glwt-0123456789abcdeg")], 401),
        ("/hooks/gitlab", BODY, &[("x-gitlab-token", "")], 401),
        ("/hooks/gitlab", BODY, &[("x-gitlab-token", SECRET)], 401),
        ("/hooks/gitea", BODY, &[("x-gitea-signature", "é")], 401),
        ("/hooks/elsewhere", BODY, &[("x-hub-signature-256", &signed)], 404),
        ("/api/v1/status", BODY, &[("x-hub-signature-256", &signed)], 401),
    ];
    for (path, body, headers, status) in table {
        assert_eq!(daemon.post(path, body.as_bytes(), headers), Some(*status), "{path} {headers:?}");
    }
    assert_eq!(daemon.woken(Duration::from_millis(300)), 0);
}

#[test]
fn a_flood_of_replays_costs_one_look_per_window_and_none_is_forgotten() {
    let mut daemon = start(Duration::from_secs(3600), Bounds::default());
    let signed = format!("sha256={SIGNATURE}");
    let send = |daemon: &Running| {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let headers = [("x-hub-signature-256", signed.as_str())];
                        assert_eq!(daemon.post("/hooks/github", BODY.as_bytes(), &headers), Some(202));
                    }
                });
            }
        });
    };
    send(&daemon);
    assert_eq!(daemon.woken(Duration::from_millis(500)), 1);
    let mut daemon = start(Duration::from_millis(200), Bounds::default());
    send(&daemon);
    // The last one came within a window: it is told at its end.
    while daemon.woken(Duration::from_millis(800)) > 0 {}
    send(&daemon);
    assert!(daemon.woken(Duration::from_millis(800)) >= 1);
}

#[test]
fn a_body_that_is_huge_or_never_ends_is_given_up() {
    let bounds = Bounds { quiet: Duration::from_millis(300), ..Bounds::default() };
    let mut daemon = start(Duration::from_millis(1), bounds);
    let signed = format!("sha256={SIGNATURE}");
    let sent = |length: usize, some: &[u8]| {
        let mut stream = TcpStream::connect(daemon.address).unwrap();
        let head = format!(
            "POST /hooks/github HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: {signed}\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        // The server may close before everything is written.
        let _ = stream.write_all(some);
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    };
    let answer = sent(MOST + 1, &vec![b'x'; MOST + 1]);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer}");
    // One that stops half-way is closed, and its sender hears nothing.
    let answer = sent(100, b"Hello");
    assert!(!answer.contains("202"), "{answer}");
    assert_eq!(daemon.woken(Duration::from_millis(300)), 0);
}
