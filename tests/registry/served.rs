//! Registries that answer: Debian's docker-registry on loopback, and servers that say what no registry should.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use landfall::registry::manifest::digest_of;
use landfall::registry::{
    Credentials, Image, Limits, Login, NoCredentials, OciRegistry, Registry, RegistryError, TagSeen,
};

use crate::git::servers::programs;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Debian's docker-registry, gone with the test.
pub(crate) struct Served {
    child: Child,
    _home: tempfile::TempDir,
    pub(crate) host: String,
    login: Option<String>,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    /// One that lets everybody in, or `ada` with the password `s3cret` alone; none if it is not installed.
    pub(crate) fn start(guarded: bool) -> Option<Self> {
        let [program] = programs(["docker-registry"])?;
        let home = tempfile::tempdir().unwrap();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let host = format!("127.0.0.1:{port}");
        let (config, passwords) = (home.path().join("config.yml"), home.path().join("htpasswd"));
        // The bcrypt hash of s3cret.
        std::fs::write(&passwords, "ada:$2y$05$abcdefghijklmnopqrstuuLK7U1u6pVRmL7L1BBM2aS35PSZnDXlK\n").unwrap();
        let auth = match guarded {
            true => format!("auth:\n  htpasswd:\n    realm: here\n    path: {}\n", passwords.display()),
            false => String::new(),
        };
        let storage = home.path().join("storage");
        let text = format!(
            "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\nhttp:\n  addr: {host}\n{auth}",
            storage.display()
        );
        std::fs::write(&config, text).unwrap();
        let child = Command::new(program)
            .args(["serve".as_ref(), config.as_os_str()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let login = guarded.then(|| "Basic YWRhOnMzY3JldA==".to_owned());
        let served = Self { child, _home: home, host, login };
        let begun = Instant::now();
        while TcpStream::connect(&served.host).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "docker-registry does not listen on {}", served.host);
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(served)
    }

    fn send(&self, method: &str, url: &str, kind: &str, body: &[u8]) -> ureq::http::Response<ureq::Body> {
        let url = if url.starts_with("http") { url.to_owned() } else { format!("http://{}{url}", self.host) };
        let mut request = ureq::http::Request::builder().method(method).uri(&url);
        request = request.header("content-type", kind).header("accept", kind);
        if let Some(login) = &self.login {
            request = request.header("authorization", login);
        }
        let answer = ureq::run(request.body(body).unwrap()).unwrap();
        assert!(answer.status().is_success(), "{method} {url}");
        answer
    }

    fn blob(&self, repository: &str, bytes: &[u8]) -> String {
        let opened = self.send("POST", &format!("/v2/{repository}/blobs/uploads/"), "application/octet-stream", b"");
        let location = opened.headers()["location"].to_str().unwrap().to_owned();
        let digest = digest_of(bytes);
        let join = if location.contains('?') { '&' } else { '?' };
        self.send("PUT", &format!("{location}{join}digest={digest}"), "application/octet-stream", bytes);
        digest.to_string()
    }

    /// Pushes an image; gives its manifest's digest and length.
    pub(crate) fn push(&self, repository: &str, tag: &str) -> (String, usize) {
        let (config, layer) = (format!("{{\"architecture\":\"amd64\",\"of\":\"{tag}\"}}"), format!("layer of {tag}"));
        let described = |bytes: &str, kind: &str| {
            let digest = self.blob(repository, bytes.as_bytes());
            format!("{{\"mediaType\":\"{kind}\",\"digest\":\"{digest}\",\"size\":{}}}", bytes.len())
        };
        let manifest = format!(
            "{{\"schemaVersion\":2,\"mediaType\":\"{MANIFEST}\",\"config\":{},\"layers\":[{}]}}",
            described(&config, "application/vnd.oci.image.config.v1+json"),
            described(&layer, "application/vnd.oci.image.layer.v1.tar")
        );
        self.send("PUT", &format!("/v2/{repository}/manifests/{tag}"), MANIFEST, manifest.as_bytes());
        (digest_of(manifest.as_bytes()).to_string(), manifest.len())
    }

    /// Pushes an index of two images; gives its digest and theirs.
    pub(crate) fn push_index(&self, repository: &str, tag: &str) -> (String, [String; 2]) {
        let images = ["amd64", "arm64"].map(|machine| (machine, self.push(repository, &format!("{tag}-{machine}"))));
        let entries = images.each_ref().map(|(machine, (digest, size))| {
            format!(
                "{{\"mediaType\":\"{MANIFEST}\",\"digest\":\"{digest}\",\"size\":{size},\
                 \"platform\":{{\"os\":\"linux\",\"architecture\":\"{machine}\"}}}}"
            )
        });
        let index = format!("{{\"schemaVersion\":2,\"mediaType\":\"{INDEX}\",\"manifests\":[{}]}}", entries.join(","));
        self.send("PUT", &format!("/v2/{repository}/manifests/{tag}"), INDEX, index.as_bytes());
        (digest_of(index.as_bytes()).to_string(), images.map(|(_, (digest, _))| digest))
    }
}

/// The credentials of one registry.
struct Ada(String, &'static str);

impl Credentials for Ada {
    fn login(&self, key: &str) -> Result<Option<Login>, String> {
        Ok((key == self.0).then(|| Login::of("ada", self.1)))
    }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn nobody() -> OciRegistry {
    OciRegistry::new(Arc::new(NoCredentials), Limits::default())
}

fn names(tags: &[TagSeen]) -> Vec<&str> {
    let mut names: Vec<&str> = tags.iter().map(|tag| &*tag.name).collect();
    names.sort_unstable();
    names
}

#[test]
fn a_real_registry_lists_and_describes() {
    let Some(served) = Served::start(false) else { return };
    let (index, [amd64, arm64]) = served.push_index("team/app", "1.4.0");
    let (single, _) = served.push("team/app", "1.3.9");
    let (registry, repository) = (nobody(), format!("{}/team/app", served.host));
    let tags = wait(registry.tags(&repository)).unwrap();
    assert_eq!(names(&tags), ["1.3.9", "1.4.0", "1.4.0-amd64", "1.4.0-arm64"]);
    assert!(tags.iter().all(|tag| tag.pushed.is_none()), "the protocol has no dates");
    let image = wait(registry.describe(&repository, "1.4.0")).unwrap().unwrap();
    let platforms = BTreeMap::from([("linux/amd64".into(), amd64.into()), ("linux/arm64".into(), arm64.into())]);
    assert_eq!(image, Image { digest: index.into(), platforms });
    let image = wait(registry.describe(&repository, "1.3.9")).unwrap().unwrap();
    assert_eq!(image, Image { digest: single.into(), platforms: BTreeMap::new() });
    assert_eq!(wait(registry.describe(&repository, "9.9.9")).unwrap(), None);
    let other = format!("{}/team/other", served.host);
    let missing = wait(registry.tags(&other)).unwrap_err();
    assert!(matches!(&missing, RegistryError::Missing { path, .. } if path == "team/other"), "{missing}");
}

#[test]
fn a_real_registry_lists_many_tags() {
    let Some(served) = Served::start(false) else { return };
    served.push("app", "0.0.0");
    let manifest = served.send("GET", "/v2/app/manifests/0.0.0", MANIFEST, b"").body_mut().read_to_vec().unwrap();
    let link = |tag: usize| served.send("PUT", &format!("/v2/app/manifests/1.0.{tag}"), MANIFEST, &manifest);
    (0..120).for_each(|tag| drop(link(tag)));
    let tags = wait(nobody().tags(&format!("{}/app", served.host))).unwrap();
    assert_eq!(names(&tags).len(), 121);
}

#[test]
fn a_guarded_registry_asks_who_we_are() {
    let Some(served) = Served::start(true) else { return };
    let (digest, _) = served.push("app", "1.0.0");
    let repository = format!("{}/app", served.host);
    let ask = |credentials: Arc<dyn Credentials>| {
        wait(OciRegistry::new(credentials, Limits::default()).describe(&repository, "1.0.0"))
    };
    let image = ask(Arc::new(Ada(served.host.clone(), "s3cret"))).unwrap().unwrap();
    assert_eq!(*image.digest, digest);
    let nobody = ask(Arc::new(NoCredentials)).unwrap_err().to_string();
    assert!(nobody.contains("docker login") && nobody.contains("LANDFALL_REGISTRY_USERNAME"), "{nobody}");
    let wrong = ask(Arc::new(Ada(served.host.clone(), "guess"))).unwrap_err().to_string();
    assert!(wrong.contains("rejected docker's credentials") && !wrong.contains("guess"), "{wrong}");
    assert!(ask(Arc::new(Ada("other.example.com".to_owned(), "s3cret"))).is_err(), "only its own are shown");
}

/// A request, as the server of a test sees it.
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Asked {
    fn shows(&self, text: &str) -> bool {
        self.head.to_lowercase().contains(&format!("authorization: {}", text.to_lowercase()))
    }
}

/// A server that answers each request with what a function makes of it: a whole HTTP answer. It ends with the process.
pub(crate) fn scripted(answer: impl Fn(&Asked, &str) -> String + Send + 'static) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let (log, own) = (Arc::<Mutex<Vec<String>>>::default(), host.clone());
    let asked = log.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let Some(request) = request(&mut stream) else { continue };
            asked.lock().unwrap().push(request.line.clone());
            let _ = stream.write_all(answer(&request, &own).as_bytes());
        }
    });
    (host, log)
}

fn request(stream: &mut TcpStream) -> Option<Asked> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0usize) {
                let line = head.lines().next()?.trim_end_matches(" HTTP/1.1").to_owned();
                return Some(Asked { line, head: head.to_owned(), body: body.to_owned() });
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

pub(crate) fn http(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

#[test]
fn a_token_service_is_asked_for_one_repository() {
    let (host, asked) = scripted(|request, own| {
        if request.line.starts_with("GET /token?") {
            assert!(request.line.contains("service=here") && request.line.contains("scope=repository%3Aa%2Fb%3Apull"));
            let ours = request.shows("Basic YWRhOnMzY3JldA==");
            return http(if ours { 200 } else { 401 }, "", r#"{"access_token":"one-hour"}"#);
        }
        if request.line.starts_with("POST /token") {
            assert!(request.body.contains("grant_type=refresh_token&client_id=landfall&refresh_token=refresh"));
            return http(200, "", r#"{"token":"one-hour"}"#);
        }
        if request.shows("Bearer one-hour") {
            return http(200, "", r#"{"name":"a/b","tags":["1.0.0"]}"#);
        }
        let scope = "scope=\"repository:a/b:pull\"";
        let realm = format!("Www-Authenticate: Bearer realm=\"http://{own}/token\",service=\"here\",{scope}\r\n");
        http(401, &realm, "")
    });
    struct Refresh;
    impl Credentials for Refresh {
        fn login(&self, _key: &str) -> Result<Option<Login>, String> {
            Ok(Some(Login::Identity("refresh".to_owned())))
        }
    }
    let logins: [Arc<dyn Credentials>; 2] = [Arc::new(Ada(host.clone(), "s3cret")), Arc::new(Refresh)];
    for credentials in logins {
        let registry = OciRegistry::new(credentials, Limits::default());
        let repository = format!("{host}/a/b");
        assert_eq!(names(&wait(registry.tags(&repository)).unwrap()), ["1.0.0"]);
        let before = asked.lock().unwrap().len();
        wait(registry.tags(&repository)).unwrap();
        assert_eq!(asked.lock().unwrap().len(), before + 1, "the token is kept");
    }
    let wrong = OciRegistry::new(Arc::new(Ada(host.clone(), "guess")), Limits::default());
    let wrong = wait(wrong.tags(&format!("{host}/a/b"))).unwrap_err().to_string();
    assert!(wrong.contains("its token service rejected"), "{wrong}");
}

#[test]
fn pages_are_followed() {
    let (host, asked) = scripted(|request, own| match request.line.rsplit_once("last=").map(|(_, last)| last) {
        None => http(200, "Link: <list?n=2&last=b>; rel=\"next\"\r\n", r#"{"tags":["a","b"]}"#),
        Some("b") => http(200, &format!("Link: <http://{own}/other?last=d>;rel=next\r\n"), r#"{"tags":["c","d"]}"#),
        Some(_) => http(200, "Link: </first>; rel=\"first\"\r\n", r#"{"tags":null}"#),
    });
    let tags = wait(nobody().tags(&format!("{host}/app"))).unwrap();
    assert_eq!(names(&tags), ["a", "b", "c", "d"]);
    let paths = ["GET /v2/app/tags/list?n=1000", "GET /v2/app/tags/list?n=2&last=b", "GET /other?last=d"];
    assert_eq!(*asked.lock().unwrap(), paths);
}

/// What the error about such a server says.
fn error(answer: impl Fn(&Asked, &str) -> String + Send + 'static) -> String {
    let (host, _) = scripted(answer);
    let limits = Limits { call: Duration::from_millis(500), pages: 3, page: 1_000 };
    let registry = OciRegistry::new(Arc::new(Ada(host.clone(), "s3cret")), limits);
    let begun = Instant::now();
    let error = wait(registry.tags(&format!("{host}/app"))).unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(5), "nothing waits for ever");
    landfall::cli::exit::chain(&error)
}

#[test]
fn an_answer_that_makes_no_sense_is_an_error_that_says_so() {
    let says = |told: String, part: &str| assert!(told.contains(part) && !told.contains("s3cret"), "`{part}`: {told}");
    let page = |link: &str| http(200, &format!("Link: {link}\r\n"), r#"{"tags":["1"]}"#);
    says(error(|_, _| http(200, "", "<html>busy</html>")), "expected value");
    says(error(|_, _| http(200, "", r#"{"tags":["1.0","\u001b[2J"]}"#)), "`\\u{1b}[2J` is not a tag");
    says(error(|_, _| http(200, "", &" ".repeat(2_000))), "more than 1000 bytes");
    says(error(|_, _| http(500, "", "")), "HTTP status 500");
    says(error(|_, _| http(500, "", r#"{"errors":[{"code":"UNKNOWN"}]}"#)), "HTTP status 500, UNKNOWN");
    says(error(|_, _| http(429, "", "")), "limits requests: try again later (HTTP status 429)");
    says(error(|_, _| http(404, "", "")), "has no repository app");
    says(error(|_, _| http(403, "", "")), "do not allow it");
    says(error(move |_, _| page("</v2/app/tags/list?n=1000>; rel=\"next\"")), "it repeats the same page");
    says(error(move |_, _| page("<http://192.0.2.1/steal>; rel=\"next\"")), "its next page is on another host:");
    let count = AtomicUsize::new(0);
    let next = move || count.fetch_add(1, Ordering::Relaxed);
    says(error(move |_, _| page(&format!("</v2/app/tags/list?last={}>; rel=next", next()))), "more than 3 pages");
    says(error(|_, _| "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{".to_owned()), "cannot ask the registry");
    says(error(|_, _| "nonsense\r\n\r\n".to_owned()), "cannot ask the registry");
    says(error(|_, _| String::new()), "cannot ask the registry");
    says(
        error(|_, _| {
            std::thread::sleep(Duration::from_secs(1));
            String::new()
        }),
        "timeout",
    );
}

#[test]
fn credentials_stay_with_their_registry() {
    let challenge = |realm: &str| http(401, &format!("Www-Authenticate: Bearer realm=\"{realm}\"\r\n"), "");
    let told = error(move |_, _| challenge("http://192.0.2.1/token"));
    assert!(told.contains("which is not https"), "{told}");
    let told = error(move |_, _| challenge("file:///etc/passwd"));
    assert!(told.contains("which is not https"), "{told}");
    let told = error(|_, _| http(401, "", ""));
    assert!(told.contains("it asks for credentials with a method that landfall does not support"), "{told}");
    let told = error(move |asked, own| match asked.line.starts_with("GET /token") {
        true => http(200, "", r#"{"token":"a\r\nHost: other"}"#),
        false => challenge(&format!("http://{own}/token")),
    });
    assert!(told.contains("its token service sent an answer without a token"), "{told}");
    // A redirect is followed, without what was shown.
    let (elsewhere, _) = scripted(|asked, _| {
        let body = if asked.head.to_lowercase().contains("authorization") { "[]" } else { r#"{"tags":["1.0.0"]}"# };
        http(200, "", body)
    });
    let (host, _) = scripted(move |asked, _| match asked.shows("Basic ") {
        true => http(307, &format!("Location: http://{elsewhere}/storage\r\n"), ""),
        false => http(401, "Www-Authenticate: Basic realm=\"x\"\r\n", ""),
    });
    let registry = OciRegistry::new(Arc::new(Ada(host.clone(), "s3cret")), Limits::default());
    assert_eq!(names(&wait(registry.tags(&format!("{host}/app"))).unwrap()), ["1.0.0"]);
}
