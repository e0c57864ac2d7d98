//! The real program, killed with SIGKILL during a deployment and started again: nothing is lost, nothing happens twice.
//!
//! `landfall sim`, `landfall daemon` and a git repository on disk. The kill comes at every position of the journal (the store
//! refuses the next record, so that not one more can be written) and at every call that changes something, before it
//! arrives and after it was carried out but before its answer is seen (the connection is held there).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use landfall::aws::{AwsCloud, AwsOptions, BaseCredentials};
use landfall::cloud::{At, Observe};
use landfall::git::{Author, Change, Writer};
use landfall::model::journal::StoreId;
use landfall::model::place::Access;
use landfall::model::{AccountId, Place, Region};
use landfall::sim::{Accepted, Effect};
use landfall::store::SqliteStore;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

/// No run takes longer than this, unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the daemon is killed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Point {
    /// The journal has this many records and gets no other.
    Journal(u32),
    /// The nth call that changes something has not arrived.
    Before(u32),
    /// The nth call that changes something is carried out, and its answer is not seen.
    After(u32),
}

/// What a run leaves behind.
#[derive(Debug, PartialEq)]
struct Left {
    ledger: Vec<String>,
    stacks: Vec<String>,
}

/// A process that does not outlive the test.
struct Process {
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
        command.args(arguments).current_dir(folder).env("NO_COLOR", "1").stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = child.stderr.take().unwrap();
        let (say, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = say.send(line);
            }
        });
        Self { child, lines }
    }

    /// The rest of the first line that has this text.
    fn says(&self, text: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it never says `{text}`"));
            if let Some((_, rest)) = line.split_once(text) {
                return rest.to_owned();
            }
        }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end.
    fn ends(&mut self) -> (ExitStatus, String) {
        // Its output ends when it does.
        let said: Vec<String> = std::iter::from_fn(|| self.lines.recv_timeout(PATIENCE).ok()).collect();
        let status = self.child.try_wait().unwrap();
        (status.unwrap_or_else(|| self.child.wait().unwrap()), said.join("\n"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Passes calls on to the account; holds the one at which the daemon is to be killed.
struct Proxy {
    address: SocketAddr,
    held: Receiver<()>,
}

impl Proxy {
    fn start(account: SocketAddr, point: Point) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (hold, held) = mpsc::channel();
        let calls = Arc::new(Mutex::new(0));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (calls, hold) = (calls.clone(), hold.clone());
                std::thread::spawn(move || pass(client, account, point, &calls, &hold));
            }
        });
        Self { address, held }
    }
}

fn pass(mut client: TcpStream, account: SocketAddr, point: Point, calls: &Mutex<u32>, hold: &Sender<()>) {
    while let Some(request) = message(&mut client) {
        let number = changes_something(&request).then(|| {
            let mut calls = calls.lock().unwrap();
            *calls += 1;
            *calls
        });
        if number.is_some_and(|number| point == Point::Before(number)) {
            let _ = hold.send(());
            return hang(client);
        }
        let mut upstream = TcpStream::connect(account).unwrap();
        upstream.write_all(&request).unwrap();
        let answer = message(&mut upstream).unwrap();
        if number.is_some_and(|number| point == Point::After(number)) {
            let _ = hold.send(());
            return hang(client);
        }
        if client.write_all(&answer).is_err() {
            return;
        }
    }
}

/// Says nothing until the other side is gone.
fn hang(mut client: TcpStream) {
    let _ = client.read(&mut [0]);
}

/// One HTTP message with its body.
fn message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head.split("content-length:").nth(1).and_then(|rest| rest.lines().next());
            let length: usize = length.map_or(0, |text| text.trim().parse().unwrap());
            if bytes.len() >= end + length {
                return Some(bytes);
            }
        }
        match stream.read(&mut chunk).ok()? {
            0 => return None,
            read => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

fn changes_something(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let action = text.split("Action=").nth(1).and_then(|rest| rest.split('&').next());
    action.is_some_and(|action| !["Describe", "Get", "List"].iter().any(|reads| action.starts_with(reads)))
}

/// Where everything of one run is.
struct Run {
    folder: tempfile::TempDir,
    store: PathBuf,
    account: Process,
    address: SocketAddr,
}

impl Run {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("landfall.db");
        repository(&folder.path().join("repository"));
        block_on(async {
            let url = format!("sqlite:{}", store.display());
            SqliteStore::open(&url, StoreId("5707e00000000001".into())).await.unwrap().close().await;
        });
        let account = Process::start(folder.path(), &["sim", "--listen", "127.0.0.1:0"]);
        let address = account.says("at http://").parse().unwrap();
        Self { folder, store, account, address }
    }

    fn sql(&self, sql: String) {
        block_on(async {
            let options = SqliteConnectOptions::new().filename(&self.store).busy_timeout(PATIENCE);
            let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        });
    }

    fn daemon(&self, endpoint: SocketAddr) -> Process {
        let endpoint = format!("http://{endpoint}");
        let arguments =
            ["daemon", "--repo", "repository", "--store", "sqlite:landfall.db", "--once", "--endpoint", &endpoint];
        Process::start(self.folder.path(), &arguments)
    }

    /// Runs the daemon up to the point and kills it there; false when it came to its end before.
    fn kill_at(&self, point: Point) -> bool {
        let proxy = Proxy::start(self.address, point);
        if let Point::Journal(records) = point {
            self.sql(format!(
                "CREATE TRIGGER full BEFORE INSERT ON journal WHEN NEW.seq > {records}
                 BEGIN SELECT RAISE(ABORT, 'the journal is full'); END"
            ));
        }
        let mut daemon = self.daemon(proxy.address);
        loop {
            if proxy.held.try_recv().is_ok() {
                daemon.kill();
                return true;
            }
            match daemon.lines.recv_timeout(Duration::from_millis(5)) {
                Ok(line) if line.contains("again in") => {
                    assert!(matches!(point, Point::Journal(_)), "{point:?}: {line}");
                    daemon.kill();
                    self.sql("DROP TRIGGER full".to_owned());
                    return true;
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    let (status, said) = daemon.ends();
                    assert!(status.success(), "{point:?}: {status}: {said}");
                    return false;
                }
                Ok(_) | Err(mpsc::RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn go_on(&self, point: Point) {
        let mut daemon = self.daemon(self.address);
        let (status, said) = daemon.ends();
        assert!(status.success(), "after {point:?}: {status}: {said}");
    }

    fn left(&self) -> Left {
        let url = format!("http://{}/_landfall/ledger", self.address);
        let mut answer = ureq::get(url).call().unwrap();
        let ledger: Vec<Accepted> = answer.body_mut().read_json().unwrap();
        let effective = ledger.iter().filter(|accepted| accepted.effect == Effect::Effective);
        let ledger = effective.map(|accepted| format!("{} {}", accepted.operation, accepted.subject)).collect();
        let place =
            Place { account: AccountId::new("111111111111").unwrap(), region: Region::new("eu-west-1").unwrap() };
        let options = AwsOptions {
            endpoint_url: Some(format!("http://{}", self.address)),
            credentials: BaseCredentials::AccountIsKey,
            ..AwsOptions::default()
        };
        let stacks = block_on(async {
            let cloud = AwsCloud::new(options);
            cloud.stacks(&At { place, access: Access::default() }).await.unwrap()
        });
        let told = |stack: &landfall::model::StackSeen| {
            format!("{} {} {:?} {:?} {}", stack.name, stack.status, stack.description, stack.tags, stack.protected)
        };
        Left { ledger, stacks: stacks.iter().map(told).collect() }
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// One project in one protected environment, committed at a fixed time: every run deploys the same.
fn repository(folder: &Path) {
    let files = [
        ("landfall.toml", "id = \"kill\"\n[accounts.main]\nid = \"111111111111\"\n"),
        ("environments/production.toml", "protected = true\n"),
        (
            "targets/main.toml",
            "kind = \"ecs-cluster\"\nenvironments = [\"production\"]\nroles = [\"web\"]\naccount = \"main\"\n\
             region = \"eu-west-1\"\ncluster = \"main\"\n[network]\nsubnets = [\"subnet-0a\"]\n",
        ),
        ("projects/shop/project.toml", ""),
        (
            "projects/shop/process.toml",
            "[images.web]\nrepository = \"example.com/shop\"\n[[step]]\nname = \"web\"\nkind = \"ecs-service\"\nrole = \"web\"\n\
             cpu = 256\nmemory = 512\n[[step.container]]\nname = \"app\"\nimage = \"web\"\n",
        ),
        ("projects/shop/releases/1.0.0.toml", "format = 1\n[images]\nweb = { tag = \"1.0.0\" }\n"),
    ];
    let changes: Vec<Change<'_>> =
        files.iter().map(|(path, text)| Change { path, content: Some(text.as_bytes()) }).collect();
    let author = Author {
        name: "Test".to_owned(),
        email: "test@localhost".to_owned(),
        time: "2026-11-23T08:00:00Z".parse().unwrap(),
    };
    Writer::init(folder, "main").unwrap().commit("main", &changes, &author, "Deploy the shop").unwrap();
}

/// Kills at each of the points until one is never reached; says at how many it killed.
fn kill_at_all(points: impl Iterator<Item = Point>, right: &Left) -> u32 {
    let mut killed = 0;
    for point in points {
        let mut run = Run::new();
        let harmed = run.kill_at(point);
        if harmed {
            run.go_on(point);
        }
        assert_eq!(run.left(), *right, "{point:?}");
        run.account.kill();
        if !harmed {
            return killed;
        }
        killed += 1;
    }
    killed
}

#[test]
fn killed_at_any_point_the_daemon_does_each_thing_once() {
    let run = Run::new();
    run.go_on(Point::Journal(0));
    let right = run.left();
    assert_eq!(right.ledger.len(), 3, "a change set made and executed, and protection: {:?}", right.ledger);
    assert_eq!(right.stacks.len(), 1);
    drop(run);
    let (odd, even, before, after) = std::thread::scope(|scope| {
        let odd = scope.spawn(|| kill_at_all((1..).step_by(2).map(Point::Journal), &right));
        let even = kill_at_all((0..).step_by(2).map(Point::Journal), &right);
        let before = kill_at_all((1..).map(Point::Before), &right);
        let after = kill_at_all((1..).map(Point::After), &right);
        (odd.join().unwrap(), even, before, after)
    });
    println!("killed at {} positions of the journal, before {before} calls and after {after}", odd + even);
    assert!(odd + even >= 12, "{odd} and {even}");
    assert_eq!((before, after), (3, 3));
}
