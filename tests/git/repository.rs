//! A repository in a temporary folder, driven by the `git` program without the machine's configuration.

use std::path::{Path, PathBuf};
use std::process::Command;

use landfall::git::{Mirror, Remote};
use landfall::model::CommitId;
use tempfile::TempDir;

/// A repository with a work tree and its folder.
pub(crate) struct Repo {
    _folder: Option<TempDir>,
    pub(crate) path: PathBuf,
}

impl Repo {
    /// An empty repository on branch `main`.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("repo");
        git(folder.path(), &["init", "--quiet", "--initial-branch=main", "repo"]);
        Self { _folder: Some(folder), path }
    }

    /// A bare repository.
    pub(crate) fn bare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("repo.git");
        git(folder.path(), &["init", "--quiet", "--bare", "--initial-branch=main", "repo.git"]);
        Self { _folder: Some(folder), path }
    }

    /// A repository at a path that somebody else removes.
    pub(crate) fn at(path: &Path) -> Self {
        Self { _folder: None, path: path.to_owned() }
    }

    /// Runs git in the repository and returns what it printed.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git(&self.path, arguments)
    }

    /// Writes files (an empty text removes one) and commits everything.
    pub(crate) fn commit(&self, files: &[(&str, &str)]) -> CommitId {
        self.write(files);
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "change"]);
        self.head()
    }

    /// Writes files into the work tree.
    pub(crate) fn write(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            let path = self.path.join(path);
            if text.is_empty() {
                std::fs::remove_file(path).unwrap();
            } else {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
        }
    }

    pub(crate) fn head(&self) -> CommitId {
        self.id("HEAD")
    }

    pub(crate) fn id(&self, revision: &str) -> CommitId {
        CommitId(self.git(&["rev-parse", revision]))
    }

    pub(crate) fn remote(&self) -> Remote {
        Remote::new(self.path.to_str().unwrap())
    }
}

/// A mirror in a temporary folder.
pub(crate) struct Mirrored {
    pub(crate) folder: TempDir,
    pub(crate) mirror: Mirror,
}

pub(crate) fn mirror(remote: Remote) -> Mirrored {
    let folder = tempfile::tempdir().unwrap();
    let mirror = Mirror::open(&folder.path().join("mirror"), remote).unwrap();
    Mirrored { folder, mirror }
}

/// Runs git in a folder; a failure is the test's.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "Someone").env(format!("GIT_{who}_EMAIL"), "someone@example.com");
        command.env(format!("GIT_{who}_DATE"), "2026-01-02T03:04:05Z");
    }
    command
}

/// Every file below a folder with its bytes.
pub(crate) fn contents(folder: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    let mut all = std::collections::BTreeMap::new();
    let mut todo = vec![folder.to_owned()];
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                all.insert(path, bytes);
            }
        }
    }
    all
}

/// Polls in a process of its own, started at the end of a command line, with another home folder: with the standard
/// credentials, known hosts and git configuration that it finds there.
pub(crate) fn polls_elsewhere(mut command: Command, home: &Path, url: &str, head: &CommitId) {
    command.arg(std::env::current_exe().unwrap()).args(["--exact", "git::repository::polls", "--ignored"]);
    command.env("HOME", home).env("LANDFALL_TEST_URL", url).env("LANDFALL_TEST_HEAD", &head.0);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[ignore = "run by other tests, in the environment that they make"]
fn polls() {
    // A runner may be told to run ignored tests too.
    let Ok(url) = std::env::var("LANDFALL_TEST_URL") else { return };
    let ca = std::env::var_os("LANDFALL_TEST_CA").map(PathBuf::from);
    let polled = mirror(Remote { ca, ..Remote::new(url) }).mirror.poll().unwrap();
    assert_eq!(polled.head.0, std::env::var("LANDFALL_TEST_HEAD").unwrap());
}
