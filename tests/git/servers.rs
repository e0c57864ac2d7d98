//! Real git servers on loopback, started by a test and gone with it.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::repository::git;

/// Whom the web server runs as where the tests run as root.
const NOBODY: u32 = 65534;

static MARKERS: AtomicUsize = AtomicUsize::new(0);

/// A child that does not outlive the test.
pub(crate) struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Finds the programs; none, after a word about it, if one is missing and the tools were not asked for.
pub(crate) fn programs<const N: usize>(names: [&str; N]) -> Option<[PathBuf; N]> {
    let path = std::env::var("PATH").unwrap_or_default();
    let find =
        |name: &str| path.split(':').chain(["/usr/sbin"]).map(|dir| Path::new(dir).join(name)).find(|p| p.exists());
    let mut found = [const { PathBuf::new() }; N];
    for (slot, name) in found.iter_mut().zip(names) {
        match find(name) {
            Some(program) => *slot = program,
            None if std::env::var_os("LANDFALL_TOOLS").is_some() => panic!("{name} is not installed"),
            None => {
                println!("skipped: {name} is not installed");
                return None;
            }
        }
    }
    Some(found)
}

pub(crate) fn run(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> String {
    let output = Command::new(program.as_ref()).args(arguments).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?} {arguments:?}: {said}", program.as_ref());
    String::from_utf8(output.stdout).unwrap()
}

/// Waits until a condition holds; a minute is a failure, whatever the machine is busy with.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn is_root() -> bool {
    run("id", &["-u"]).trim() == "0"
}

/// nginx with git's http-backend behind TLS: `/repo.git` needs the user `ada` with the password `s3cret`, `/open.git` nobody.
pub(crate) struct Https {
    folder: TempDir,
    port: u16,
    _children: Vec<Killed>,
}

impl Https {
    /// Starts the servers with a certificate authority of their own; none if a program is missing.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with("")
    }

    /// The same, with more lines in the server's configuration.
    pub(crate) fn start_with(more: &str) -> Option<Self> {
        let [nginx, fcgiwrap, openssl] = programs(["nginx", "fcgiwrap", "openssl"])?;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        for name in ["repo.git", "open.git"] {
            git(path, &["init", "--quiet", "--bare", "--initial-branch=main", name]);
        }
        certificates(&openssl, path);
        let hash = run(&openssl, &["passwd", "-apr1", "s3cret"]);
        std::fs::write(path.join("users"), format!("ada:{hash}")).unwrap();
        std::fs::create_dir(path.join("run")).unwrap();
        if is_root() {
            std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
            run(
                "chown",
                &["-R", "65534:65534", path.join("run").to_str().unwrap(), path.join("key.pem").to_str().unwrap()],
            );
        }
        let socket = path.join("run/cgi");
        let cgi = serve(Command::new(&fcgiwrap).arg("-s").arg(format!("unix:{}", socket.display())));
        until("fcgiwrap listens", || socket.exists());
        // A port that is free now may be taken by the time nginx starts.
        let (port, server) = (0..10).find_map(|_| {
            let port = free_port();
            std::fs::write(path.join("nginx.conf"), configuration(path, port, more)).unwrap();
            let mut server = serve(Command::new(&nginx).arg("-p").arg(path).arg("-c").arg(path.join("nginx.conf")));
            let mut listens = false;
            until("nginx listens or ends", || {
                listens = path.join("run/pid").exists() && TcpStream::connect(("127.0.0.1", port)).is_ok();
                listens || server.0.try_wait().unwrap().is_some()
            });
            listens.then_some((port, server))
        })?;
        Some(Self { folder, port, _children: vec![server, cgi] })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://localhost:{}/{path}", self.port)
    }

    /// The served repository's folder.
    pub(crate) fn repository(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A folder that lives as long as the server.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The requests so far, as method, path and status, in the order of their ends. The log is written after the answer, so
    /// that one more request is made, and waited for.
    pub(crate) fn requests(&self) -> Vec<String> {
        let marker = format!("marker-{}", MARKERS.fetch_add(1, Ordering::SeqCst));
        let mut asking = Command::new("openssl")
            .args(["s_client", "-quiet", "-connect", &format!("127.0.0.1:{}", self.port)])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        asking.stdin.take().unwrap().write_all(format!("GET /{marker} HTTP/1.0\r\n\r\n").as_bytes()).unwrap();
        let _asking = Killed(asking);
        let log = || std::fs::read_to_string(self.folder.path().join("run/access.log")).unwrap_or_default();
        until("the log is written", || log().contains(&marker));
        log().lines().filter(|line| !line.contains("/marker-")).map(str::to_owned).collect()
    }
}

/// Starts a server in the background, as nobody where the tests run as root.
fn serve(command: &mut Command) -> Killed {
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    Killed(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn certificates(openssl: &Path, folder: &Path) {
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    std::fs::write(folder.join("extensions"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n").unwrap();
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    let request = |more: &[&str]| run(openssl, &[&["req"], &key[..], more].concat());
    let (ca, ca_key) = (at("ca.pem"), at("ca-key.pem"));
    request(&["-x509", "-days", "2", "-subj", "/CN=an authority of the tests", "-keyout", &ca_key, "-out", &ca]);
    request(&["-subj", "/CN=localhost", "-keyout", &at("key.pem"), "-out", &at("request.pem")]);
    let (request, extensions) = (at("request.pem"), at("extensions"));
    let sign = ["x509", "-req", "-days", "2", "-CAcreateserial", "-in", &request, "-extfile", &extensions];
    run(openssl, &[&sign[..], &["-CA", &ca, "-CAkey", &ca_key, "-out", &at("certificate.pem")]].concat());
}

fn configuration(folder: &Path, port: u16, more: &str) -> String {
    let backend = format!("{}/git-http-backend", run("git", &["--exec-path"]).trim());
    let (at, path) = (folder.display(), std::env::var("PATH").unwrap_or_default());
    let temp =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path {at}/run/{kind};\n"));
    let cgi = format!(
        "fastcgi_pass unix:{at}/run/cgi;
         fastcgi_param SCRIPT_FILENAME {backend};
         fastcgi_param PATH_INFO $uri;
         fastcgi_param QUERY_STRING $query_string;
         fastcgi_param REQUEST_METHOD $request_method;
         fastcgi_param CONTENT_TYPE $content_type;
         fastcgi_param CONTENT_LENGTH $content_length;
         fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
         fastcgi_param REMOTE_USER $remote_user;
         fastcgi_param PATH \"{path}\";
         fastcgi_param GIT_PROJECT_ROOT {at};
         fastcgi_param GIT_HTTP_EXPORT_ALL 1;
         fastcgi_param GIT_CONFIG_COUNT 1;
         fastcgi_param GIT_CONFIG_KEY_0 safe.directory;
         fastcgi_param GIT_CONFIG_VALUE_0 *;"
    );
    format!(
        "daemon off; master_process off; pid {at}/run/pid; error_log {at}/run/error.log;
         events {{}}
         http {{
           log_format requests '$request_method $request_uri $status';
           access_log {at}/run/access.log requests;
           {}
           server {{
             listen 127.0.0.1:{port} ssl;
             ssl_certificate {at}/certificate.pem; ssl_certificate_key {at}/key.pem;
             location /repo.git/ {{ auth_basic git; auth_basic_user_file {at}/users; {cgi} }}
             location /open.git/ {{ {cgi} }}
             {more}
           }}
         }}",
        temp.concat()
    )
}

/// sshd, one process for each connection, that lets one generated key fetch from one repository.
pub(crate) struct Ssh {
    pub(crate) folder: TempDir,
    port: u16,
    user: String,
    stop: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
    connections: Arc<Mutex<Vec<Killed>>>,
}

impl Ssh {
    /// Starts the server; none if a program is missing.
    pub(crate) fn start() -> Option<Self> {
        let [sshd, keygen] = programs(["sshd", "ssh-keygen"])?;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        git(path, &["init", "--quiet", "--bare", "--initial-branch=main", "repo.git"]);
        for (name, passphrase) in [("host", ""), ("key", ""), ("locked", "open sesame"), ("stranger", "")] {
            let file = path.join(name);
            run(&keygen, &["-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", file.to_str().unwrap()]);
        }
        let read = |name: &str| std::fs::read_to_string(path.join(name)).unwrap();
        std::fs::write(path.join("authorized"), format!("restrict {}restrict {}", read("key.pub"), read("locked.pub")))
            .unwrap();
        let at = path.display();
        let environment = std::env::var("PATH").unwrap_or_default();
        std::fs::write(
            path.join("config"),
            format!(
                "HostKey {at}/host\nAuthorizedKeysFile {at}/authorized\nPasswordAuthentication no\nUsePAM no\nStrictModes no\n\
                 KbdInteractiveAuthentication no\nPidFile none\nSetEnv PATH={environment}\n"
            ),
        )
        .unwrap();
        if is_root() {
            // Where sshd goes to be nobody before a client has shown its key.
            std::fs::create_dir_all("/run/sshd").unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, connections) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (stopping, made, config) = (stop.clone(), connections.clone(), path.join("config"));
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stopping.load(Ordering::SeqCst) {
                    break;
                }
                let child = Command::new(&sshd)
                    .args(["-i", "-e", "-f"])
                    .arg(&config)
                    .stdin(OwnedFd::from(stream.try_clone().unwrap()))
                    .stdout(OwnedFd::from(stream))
                    .stderr(Stdio::null())
                    .spawn();
                made.lock().unwrap().push(Killed(child.unwrap()));
            }
        });
        let user = run("id", &["-un"]).trim().to_owned();
        Some(Self { folder, port, user, stop, accepting: Some(accepting), connections })
    }

    pub(crate) fn url(&self) -> String {
        format!("ssh://{}@127.0.0.1:{}{}", self.user, self.port, self.file("repo.git").display())
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a known hosts file calls the server.
    pub(crate) fn name(&self) -> String {
        format!("[127.0.0.1]:{}", self.port)
    }

    /// The server's key as its type and base64.
    pub(crate) fn host_key(&self) -> String {
        let text = std::fs::read_to_string(self.file("host.pub")).unwrap();
        text.split(' ').take(2).collect::<Vec<_>>().join(" ")
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.connections.lock().unwrap().len()
    }
}

impl Drop for Ssh {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}
