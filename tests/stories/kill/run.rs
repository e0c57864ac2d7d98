//! One telling of a story: a folder, an account, and programs that are run one after the other, one of them perhaps killed.

use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use landfall::crash;
use landfall::git::{Author, Change, Writer};
use landfall::sim::{Buckets, Pace, SimConfig, World, serve};
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::stage::{Left, Stage, left};

/// Where the program dies.
#[derive(Clone, Debug)]
pub(super) struct Death {
    /// Number of the program in the story.
    pub(super) program: usize,
    pub(super) side: &'static str,
    pub(super) visit: u64,
    pub(super) name: String,
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "program {} killed {} visit {} of `{}`", self.program, self.side, self.visit, self.name)
    }
}

/// An empty account.
fn account(pace: Pace) -> World {
    World::new(SimConfig { start: Timestamp::now(), pace, buckets: Buckets::Any, ..SimConfig::default() })
}

pub(super) struct Run {
    folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    world: Arc<Mutex<World>>,
    endpoint: String,
    death: Option<Death>,
    died: bool,
    visits: Vec<BTreeMap<String, u64>>,
    commits: i64,
    /// What the daemon follows.
    pub(super) repo: String,
    written: Vec<String>,
}

/// The operator's configuration: facts are pushed, so that this is killed, too; a lease lasts a minute, three sweeps.
const CONFIG: &str = "sweep = \"20s\"\n[facts]\npush = true\n";

impl Run {
    pub(super) fn new(death: Option<Death>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("operator.toml"), CONFIG).unwrap();
        std::fs::write(folder.path().join(".gitconfig"), "[user]\nname = Test\nemail = test@localhost\n").unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let world = Arc::new(Mutex::new(account(Pace::fast())));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(serve(listener, world.clone(), Arc::new(Timestamp::now), std::future::pending()));
        Self {
            folder,
            runtime,
            world,
            endpoint,
            death,
            died: false,
            visits: Vec::new(),
            commits: 0,
            repo: "repository".to_owned(),
            written: Vec::new(),
        }
    }

    /// Begins with an account that takes its time.
    pub(super) fn slow(&mut self, pace: Pace) {
        *self.world.lock().unwrap() = account(pace);
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program to its end. It is killed on its way, if that is where it is to die, and run once more.
    pub(super) fn program(&mut self, arguments: &[&str]) {
        let number = self.visits.len();
        let log = self.path(&format!("visits-{number}"));
        let log_text = log.display().to_string();
        if let Some(death) = self.death.clone().filter(|death| death.program == number) {
            let crash = format!("{} {} {}", death.side, death.visit, death.name);
            let output = self.start(arguments, &[(crash::CRASH, &crash)]);
            self.died = output.status.signal() == Some(9);
            if self.died {
                self.again(arguments);
            }
        } else {
            let output = self.start(arguments, &[(crash::LOG, &log_text)]);
            assert!(output.status.code().is_some(), "{arguments:?}: {}", said(&output));
        }
        let mut visits = BTreeMap::new();
        for name in std::fs::read_to_string(&log).unwrap_or_default().lines() {
            *visits.entry(name.to_owned()).or_insert(0) += 1;
        }
        self.visits.push(visits);
    }

    /// Runs a program again that was killed. A command finishes at once what the first one began, or says that all was done.
    fn again(&self, arguments: &[&str]) {
        let output = self.start(arguments, &[]);
        let done = ["exists", "already"].iter().any(|word| said(&output).contains(word));
        let fine = arguments[0] == "daemon" || output.status.success() || done;
        assert!(fine, "{arguments:?}, run again: {}", said(&output));
    }

    /// Leaves a store as a killed daemon leaves it: with the newest of its content in its log only.
    pub(super) fn leave_log(&self, store: &str, word: &str) {
        let (file, log) = (self.path(store), self.path(&format!("{store}-wal")));
        self.runtime.block_on(async {
            let options = SqliteConnectOptions::new().filename(&file);
            let mut connection = options.connect().await.unwrap();
            let sql = format!("CREATE TABLE word (word TEXT); INSERT INTO word VALUES ('{word}')");
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
            let (old, new) = (std::fs::read(&file).unwrap(), std::fs::read(&log).unwrap());
            connection.close().await.unwrap();
            std::fs::write(&file, old).unwrap();
            std::fs::write(&log, new).unwrap();
        });
    }

    /// Counts whether one of the stores that were replaced has the word.
    pub(super) fn keep_replaced(&mut self, store: &str, word: &str) {
        let entries = std::fs::read_dir(self.path("")).unwrap().map(|entry| entry.unwrap().path());
        let prefix = format!("{store}.replaced-");
        let named = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with(&prefix) && !name.ends_with("-wal") && !name.ends_with("-shm")
        };
        let found = entries.filter(named).any(|path| {
            self.runtime.block_on(async {
                let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
                let found: Result<String, _> =
                    sqlx::query_scalar("SELECT word FROM word").fetch_one(&mut connection).await;
                found.is_ok_and(|found| found == word)
            })
        });
        self.written.push(format!("a replaced store has `{word}`: {found}"));
    }

    fn start(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
        command.args(arguments).current_dir(self.folder.path()).env("NO_COLOR", "1").stdin(Stdio::null());
        command.env("HOME", self.folder.path()).envs(variables.iter().copied());
        command.output().unwrap()
    }

    /// Counts what a file has among what is left behind.
    pub(super) fn keep(&mut self, path: &str) {
        let text = std::fs::read_to_string(self.path(path)).unwrap_or_else(|error| error.to_string());
        self.written.push(format!("{path}: {text}"));
    }

    /// What a person does with git; that there is nothing to do is fine.
    pub(super) fn git(&self, folder: &str, arguments: &[&str]) {
        let who = ["-c", "user.name=Test", "-c", "user.email=test@localhost"];
        Command::new("git").arg("-C").arg(self.path(folder)).args(who).args(arguments).output().unwrap();
    }

    /// Writes a text into a repository, as an object that nothing reaches.
    pub(super) fn blob(&self, folder: &str, text: &str) {
        std::fs::write(self.path("text"), text).unwrap();
        let file = self.path("text").display().to_string();
        self.git(folder, &["hash-object", "-w", &file]);
    }

    /// Counts what git says among what is left behind.
    pub(super) fn keep_git(&mut self, folder: &str, arguments: &[&str]) {
        let output = Command::new("git").arg("-C").arg(self.path(folder)).args(arguments).output().unwrap();
        self.written.push(format!("git {arguments:?}: {}", said(&output)));
    }

    pub(super) fn died(&self) -> bool {
        self.died
    }

    /// What is left behind, and how often each program visited each point.
    pub(super) fn end(self) -> (Left, Vec<BTreeMap<String, u64>>) {
        let left = left(&mut self.world.lock().unwrap(), self.written);
        self.runtime.shutdown_background();
        (left, self.visits)
    }
}

impl Stage for Run {
    /// Commits files to the repository, each story at the same times.
    fn commit(&mut self, files: &[(&str, &str)]) {
        let folder = self.path("repository");
        let writer = match folder.join(".git").exists() {
            true => Writer::open(&folder).unwrap(),
            false => Writer::init(&folder, "main").unwrap(),
        };
        let changes: Vec<Change<'_>> =
            files.iter().map(|(path, text)| Change { path, content: Some(text.as_bytes()) }).collect();
        let author = Author {
            name: "Test".to_owned(),
            email: "test@localhost".to_owned(),
            time: Timestamp::from_second(1_795_420_800 + self.commits).unwrap(),
        };
        self.commits += 1;
        writer.commit("main", &changes, &author, "As the story goes").unwrap();
    }

    /// Deploys until nothing moves any more.
    fn daemon(&mut self) {
        let (repo, endpoint) = (self.repo.clone(), self.endpoint.clone());
        self.program(&[
            "daemon",
            "--repo",
            &repo,
            "--store",
            "sqlite:landfall.db",
            "--config",
            "operator.toml",
            "--once",
            "--endpoint",
            &endpoint,
        ]);
    }

    /// Commits the lines that the plan prints for the gate that waits.
    fn allow(&mut self) {
        let endpoint = self.endpoint.clone();
        let arguments = [
            "plan",
            "--repo",
            "repository",
            "--store",
            "sqlite:landfall.db",
            "--endpoint",
            &endpoint,
            "--format",
            "json",
        ];
        let output = self.start(&arguments, &[]);
        let plan: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
        let (file, toml) = gate(&plan).unwrap_or_else(|| panic!("no gate waits: {plan:#}"));
        let before = std::fs::read_to_string(self.path("repository").join(&file)).unwrap_or_default();
        self.commit(&[(&file, &format!("{before}\n{}", toml.replace('…', "the story wants it")))]);
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    fn deadline(&self) -> &'static str {
        "4s"
    }
}

fn said(output: &Output) -> String {
    format!("{}: {}{}", output.status, String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// File and lines of the first gate of a plan.
fn gate(value: &Value) -> Option<(String, String)> {
    match value {
        Value::Object(object) => {
            let own = object.get("allow").and_then(|allow| Some((allow["file"].as_str()?, allow["toml"].as_str()?)));
            match own {
                Some((file, toml)) => Some((file.to_owned(), toml.to_owned())),
                None => object.values().find_map(gate),
            }
        }
        Value::Array(all) => all.iter().find_map(gate),
        _ => None,
    }
}

/// A file of the test's own, to make a folder look as an earlier program left it.
pub(super) fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}
