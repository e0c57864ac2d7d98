//! The program as a person runs it, in an environment that holds nothing of the machine's own: an empty home, no AWS
//! variables, no colours, UTC.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// How long a test waits for something that has to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A folder to work in, which is also the home.
pub(super) struct Home(TempDir);

/// A command that ended.
pub(super) struct Ran {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

impl Home {
    pub(super) fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        home.write(".gitconfig", "[user]\n\tname = Ada\n\temail = ada@localhost\n");
        home
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(super) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Replaces a text that is in a file.
    pub(super) fn replace(&self, name: &str, old: &str, new: &str) {
        let text = self.read(name);
        assert!(text.contains(old), "{name} has no `{old}`:\n{text}");
        self.write(name, &text.replace(old, new));
    }

    /// A program with its arguments, as a line of words.
    fn command(&self, program: impl AsRef<Path>, line: &str) -> Command {
        let mut command = Command::new(program.as_ref());
        command.args(words(line)).current_dir(self.0.path()).stdin(Stdio::null()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", self.0.path());
        command.envs([("TZ", "UTC"), ("NO_COLOR", "1"), ("AWS_EC2_METADATA_DISABLED", "true")]);
        command.env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    /// `landfall` with these arguments; single quotes keep words together.
    pub(super) fn program(&self, line: &str) -> Command {
        self.command(env!("CARGO_BIN_EXE_landfall"), line)
    }

    /// Runs landfall to its end.
    pub(super) fn landfall(&self, line: &str) -> Ran {
        Ran::from(self.program(line).output().unwrap())
    }

    /// Runs landfall to its end with one more environment variable.
    pub(super) fn landfall_with(&self, name: &str, value: &str, line: &str) -> Ran {
        Ran::from(self.program(line).env(name, value).output().unwrap())
    }

    /// Runs git in a folder below.
    pub(super) fn git(&self, folder: &str, line: &str) -> String {
        let output = self.command("git", line).current_dir(self.path(folder)).output().unwrap();
        let ran = Ran::from(output);
        assert_eq!(ran.code, 0, "git {line}: {}", ran.err);
        ran.out
    }

    /// Commits everything in a folder.
    pub(super) fn commit(&self, folder: &str, message: &str) {
        self.git(folder, "add --all");
        self.git(folder, &format!("commit --quiet --allow-empty --message '{message}'"));
    }

    /// Starts landfall in the background.
    pub(super) fn start(&self, line: &str) -> Running {
        Self::run(self.program(line))
    }

    /// Starts another program in the background.
    pub(super) fn start_program(&self, program: &str, arguments: &[&str]) -> Running {
        let mut command = self.command(program, "");
        command.args(arguments);
        Self::run(command)
    }

    fn run(mut command: Command) -> Running {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (stderr, into) = (child.stderr.take().unwrap(), said.clone());
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut said = into.lock().unwrap();
                said.push_str(&line);
                said.push('\n');
            }
        });
        Running { child, said }
    }
}

/// Words of a line; single quotes keep blanks.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().unwrap().push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Ran {
    /// That it ended with this code; gives itself back.
    pub(super) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// That stdout has these parts.
    pub(super) fn shows(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.out.contains(part), "no `{part}` in:\n{}\nstderr:\n{}", self.out, self.err);
        }
        self
    }

    /// That stderr has these parts.
    pub(super) fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.err.contains(part), "no `{part}` in:\n{}", self.err);
        }
        self
    }

    /// stdout as JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}:\n{}\n{}", self.out, self.err))
    }
}

/// landfall in the background; it ends with this value.
pub(super) struct Running {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Running {
    /// Stops it; gives everything that it said.
    pub(super) fn said_until_it_stopped(self) -> String {
        let said = self.said.clone();
        self.stop();
        said.lock().unwrap().clone()
    }

    /// Everything that it said so far.
    pub(super) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Its process.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has said this; gives the rest of the line.
    pub(super) fn until_it_says(&mut self, part: &str) -> String {
        let begun = Instant::now();
        eventually(part, || {
            let said = self.said();
            assert!(begun.elapsed() < PATIENCE, "waited in vain for `{part}` in:\n{said}");
            let ended = self.child.try_wait().unwrap();
            let rest =
                said.split_once(part).and_then(|(_, rest)| rest.split_once('\n')).map(|(rest, _)| rest.to_owned());
            assert!(rest.is_some() || ended.is_none(), "ended without `{part}`:\n{said}");
            rest
        })
    }

    /// Asks it to stop; gives the exit code and how long it took.
    pub(super) fn stops(self) -> (i32, Duration) {
        let told = Instant::now();
        (self.stop(), told.elapsed())
    }

    /// Asks it to stop; gives the exit code.
    pub(super) fn stop(mut self) -> i32 {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(told.success());
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until there is an answer.
pub(super) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain for `{what}`");
        std::thread::sleep(Duration::from_millis(20));
    }
}
