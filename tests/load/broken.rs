//! One broken repository for each problem code, with what is reported of it.
//!
//! `broken/<code>/` holds the files that differ from `base/`, and `expected.txt`. Next to them: `<file>.deleted` takes a file
//! away, `<file>.large` makes it larger than landfall reads, `<file>.link` makes it a symbolic link; `commits/2/` is a
//! second commit. `LANDFALL_WRITE_EXPECTED=1` writes what is reported.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use landfall::git::Reader;
use landfall::load::{Loader, Source, codes};
use landfall::problem::{Level, Problem};
use landfall::tree::memory::MemoryHistory;
use landfall::tree::{BlobId, Blobs, FileTree, Folder, History, Node, TreeError, blob_id_of};
use landfall::view;

use super::support::{example, files_in, load, now, root};
use crate::git::repository::Repo;

/// What `landfall check` finds only in a clone: `tests/cli/clones.rs` shows each of them.
const OF_CLONES: [&str; 4] = ["uncommitted-file", "ignored-file", "history-not-checked", "foxtrot-merge"];

type Bytes = BTreeMap<String, Vec<u8>>;

fn bytes_in(dir: &Path) -> Bytes {
    fn walk(base: &Path, dir: &Path, files: &mut Bytes) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(base, &path, files);
            } else {
                let name = path.strip_prefix(base).unwrap().to_str().unwrap().to_owned();
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    let mut files = Bytes::new();
    walk(dir, dir, &mut files);
    files
}

/// Contents by id; `None` is larger than can be read.
#[derive(Default)]
struct Contents(BTreeMap<BlobId, Option<Arc<[u8]>>>);

impl Blobs for Contents {
    fn read(&self, blob: &BlobId) -> Result<Arc<[u8]>, TreeError> {
        match self.0.get(blob) {
            Some(Some(bytes)) => Ok(bytes.clone()),
            Some(None) => Err(TreeError::TooLarge { what: blob.0.to_string(), limit: landfall::tree::MAX_FILE }),
            None => Err(TreeError::Missing(blob.0.to_string())),
        }
    }
}

fn with_link(folder: &Folder, path: &str) -> Folder {
    let mut entries = folder.entries.clone();
    match path.split_once('/') {
        Some((first, rest)) => {
            let Some(Node::Folder(inner)) = folder.entries.get(first) else { panic!("no folder {first}") };
            entries.insert(Arc::from(first), Node::Folder(Arc::new(with_link(inner, rest))));
        }
        None => {
            entries.insert(Arc::from(path), Node::Refused("a symbolic link"));
        }
    }
    Folder { id: folder.id.clone(), entries }
}

/// Problems of a broken repository that is one folder.
fn of_folder(changes: &Bytes) -> Vec<Problem> {
    let mut files = bytes_in(&root().join("tests/load/base"));
    let mut links = Vec::new();
    let mut large = Vec::new();
    for (path, bytes) in changes {
        if let Some(path) = path.strip_suffix(".deleted") {
            files.remove(path);
        } else if let Some(path) = path.strip_suffix(".link") {
            links.push(path.to_owned());
        } else if let Some(path) = path.strip_suffix(".large") {
            files.insert(path.to_owned(), b"large".to_vec());
            large.push(blob_id_of(b"large"));
        } else {
            files.insert(path.clone(), bytes.clone());
        }
    }
    let mut contents = Contents::default();
    let mut ids = BTreeMap::new();
    for (path, bytes) in &files {
        let id = blob_id_of(bytes);
        let content = if large.contains(&id) { None } else { Some(Arc::from(bytes.as_slice())) };
        contents.0.insert(id.clone(), content);
        ids.insert(path.clone(), id);
    }
    let mut tree = landfall::tree::memory::tree(&ids);
    for link in &links {
        tree = FileTree { root: Arc::new(with_link(&tree.root, link)) };
    }
    landfall::cli::check::problems(&tree, &contents, now()).unwrap()
}

/// The number of the commit that a file is of, and its path: what is in `commits/2/` is a second commit.
fn numbered(path: &str) -> Option<(u32, &str)> {
    let (number, path) = path.strip_prefix("commits/")?.split_once('/')?;
    Some((number.parse().unwrap(), path))
}

/// Problems of the last commit of a broken repository.
fn of_commits(changes: &Bytes) -> Vec<Problem> {
    let mut files = files_in(&root().join("tests/load/base"));
    let mut history = MemoryHistory::new();
    let mut commit = |files: &BTreeMap<String, String>| {
        history.commit(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
    };
    let mut head = commit(&files);
    let last = changes.keys().filter_map(|path| numbered(path)).map(|(number, _)| number).max().unwrap();
    for number in 2..=last {
        for (path, bytes) in changes {
            if let Some((_, path)) = numbered(path).filter(|(of, _)| *of == number) {
                files.insert(path.to_owned(), String::from_utf8(bytes.clone()).unwrap());
            }
        }
        head = commit(&files);
    }
    let tree = History::tree(&history, &head).unwrap();
    let source = Source { tree: &tree, blobs: &history, commit: Some(&head), history: Some(&history), facts: None };
    Loader::new().load(&source).unwrap().problems
}

/// Writes a broken repository into the work tree of a clone and commits it.
fn commit(repo: &Repo, changes: &Bytes) {
    let base = bytes_in(&root().join("tests/load/base"));
    let write = |path: &str, bytes: &[u8]| {
        let path = repo.path.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    base.iter().for_each(|(path, bytes)| write(path, bytes));
    let (later, first): (Vec<_>, Vec<_>) = changes.iter().partition(|(path, _)| numbered(path).is_some());
    for (path, bytes) in first {
        if let Some(path) = path.strip_suffix(".deleted") {
            std::fs::remove_file(repo.path.join(path)).unwrap();
        } else if let Some(path) = path.strip_suffix(".link") {
            let path = repo.path.join(path);
            let _ = std::fs::remove_file(&path);
            std::os::unix::fs::symlink("nowhere", path).unwrap();
        } else if let Some(path) = path.strip_suffix(".large") {
            write(path, &vec![b'#'; usize::try_from(landfall::tree::MAX_FILE).unwrap() + 1]);
        } else {
            write(path, bytes);
        }
    }
    repo.commit(&[]);
    let mut later: Vec<_> = later.into_iter().filter_map(|(path, bytes)| Some((numbered(path)?, bytes))).collect();
    later.sort();
    for commit in later.chunk_by(|((one, _), _), ((other, _), _)| one == other) {
        commit.iter().for_each(|((_, path), bytes)| write(path, bytes));
        repo.commit(&[]);
    }
}

/// What a daemon finds in the newest commit.
fn of_daemon(repo: &Repo) -> Vec<Problem> {
    let (reader, head) = (Reader::open_local(&repo.path).unwrap(), repo.head());
    let tree = reader.tree(&head).unwrap();
    let source = Source { tree: &tree, blobs: &reader, commit: Some(&head), history: Some(&reader), facts: None };
    Loader::new().load(&source).unwrap().problems_at(now())
}

/// What the daemon finds, check finds; what only check finds shows when a stack is rendered, and the daemon holds the slot.
fn agree(name: &str, repo: &Repo, wrong: &mut Vec<String>) {
    let told = |problems: &[Problem]| -> BTreeSet<(String, &str)> {
        let one = |problem: &Problem| (view::problems::terminal(std::slice::from_ref(problem), false), problem.code);
        problems.iter().map(one).collect()
    };
    let checked = told(&landfall::cli::check::problems_in(&repo.path, false, now()).unwrap());
    let daemon = told(&of_daemon(repo));
    let rendering = |code: &str| landfall::template::CODES.iter().any(|(known, _)| *known == code);
    let more = checked.difference(&daemon).filter(|(_, code)| !rendering(code)).map(|(text, _)| text);
    wrong.extend(more.map(|text| format!("{name}: only check finds\n{text}")));
    wrong.extend(daemon.difference(&checked).map(|(text, _)| format!("{name}: only the daemon finds\n{text}")));
}

#[test]
fn check_and_the_daemon_find_the_same_in_every_broken_repository() {
    let mut wrong = Vec::new();
    for code in folders() {
        let mut changes = bytes_in(&root().join("tests/load/broken").join(&code));
        changes.remove("expected.txt");
        let repo = Repo::new();
        commit(&repo, &changes);
        agree(&code, &repo, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn check_and_the_daemon_find_the_same_in_hostile_repositories() {
    let mut wrong = Vec::new();
    for name in ["projects/third", "projects/Third", "targets/other.toml", "projects/shop/releases", "environments"] {
        let repo = Repo::new();
        commit(&repo, &Bytes::new());
        // A submodule, as `git submodule add` leaves it, and a symbolic link.
        for submodule in [true, false] {
            let path = repo.path.join(name);
            let _ = std::fs::remove_dir_all(&path);
            if submodule {
                std::fs::create_dir_all(&path).unwrap();
                std::fs::write(path.join("project.toml"), "lifecycle = \"nothing\"\n").unwrap();
                repo.git(&["rm", "-r", "--quiet", "--cached", "--ignore-unmatch", name]);
                repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{},{name}", repo.head().0)]);
                repo.git(&["commit", "--quiet", "--message", "a submodule"]);
            } else {
                std::os::unix::fs::symlink("..", &path).unwrap();
                repo.commit(&[]);
            }
            agree(name, &repo, &mut wrong);
            let what = if submodule { "a submodule" } else { "a symbolic link" };
            let title = format!("`{name}` is {what}: landfall does not follow it");
            if !of_daemon(&repo).iter().any(|problem| problem.title == title) {
                wrong.push(title);
            }
        }
    }
    // Names that are none, files that are no text, and nothing at all.
    for (path, bytes) in
        [("projects/shop/deploy/x y.toml", &b"x"[..]), ("tenants/\u{e9}.toml", b""), ("freezes/a.toml", b"\xff")]
    {
        let repo = Repo::new();
        commit(&repo, &Bytes::from([(path.to_owned(), bytes.to_vec())]));
        agree(path, &repo, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_stands_where_a_project_is_expected_holds_that_project_only() {
    let repo = Repo::new();
    commit(&repo, &Bytes::new());
    let files = [("projects/shop", "projects/third"), ("projects/shop/project.toml", "projects/fourth")];
    for (target, link) in files {
        std::os::unix::fs::symlink(repo.path.join(target), repo.path.join(link)).unwrap();
    }
    let head = repo.commit(&[]);
    let reader = Reader::open_local(&repo.path).unwrap();
    let tree = reader.tree(&head).unwrap();
    let source = Source { tree: &tree, blobs: &reader, commit: Some(&head), history: Some(&reader), facts: None };
    let loaded = Loader::new().load(&source).unwrap();
    let broken: Vec<String> = loaded.catalog.broken.iter().map(|broken| format!("{:?}", broken.subject)).collect();
    assert_eq!(broken, ["Project(\"fourth\")", "Project(\"third\")"]);
    assert!(loaded.catalog.projects.contains_key("shop"));
}

fn folders() -> BTreeSet<String> {
    let dir = root().join("tests/load/broken");
    let entries = std::fs::read_dir(dir).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn the_base_of_the_broken_repositories_is_not_broken() {
    assert_eq!(view::problems::terminal(&of_folder(&Bytes::new()), false), "");
}

#[test]
fn every_code_has_a_broken_repository_and_the_other_way_round() {
    let codes: BTreeSet<String> = codes::CODES.iter().map(|code| code.code.to_owned()).collect();
    assert_eq!(codes.len(), codes::CODES.len(), "a code is there twice");
    let of_clones: BTreeSet<String> = OF_CLONES.iter().map(ToString::to_string).collect();
    assert!(of_clones.is_disjoint(&folders()));
    assert_eq!(codes, folders().into_iter().chain(of_clones).collect());
    assert!(codes::CODES.iter().all(|code| code.doc.ends_with('.')));
}

#[test]
fn every_broken_repository_is_reported_as_expected() {
    let mut wrong = Vec::new();
    for code in folders() {
        let dir = root().join("tests/load/broken").join(&code);
        let mut changes = bytes_in(&dir);
        let expected = changes.remove("expected.txt").map(|text| String::from_utf8(text).unwrap());
        let commits = changes.keys().any(|path| path.starts_with("commits/"));
        let problems = if commits { of_commits(&changes) } else { of_folder(&changes) };
        let level = codes::find(&code).map(|code| code.level);
        if !problems.iter().any(|problem| problem.code == code && Some(problem.level) == level) {
            wrong.push(format!("{code} is not reported"));
        }
        let found = view::problems::terminal(&problems, false);
        if std::env::var_os("LANDFALL_WRITE_EXPECTED").is_some() {
            std::fs::write(dir.join("expected.txt"), &found).unwrap();
        } else if expected.as_deref() != Some(&found) {
            wrong.push(format!("{code}:\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_error_in_one_file_hides_nothing_of_the_others() {
    let mut files = example();
    files.insert("environments/test.toml".to_owned(), "order = \n".to_owned());
    files.insert("projects/billing/deploy/production.toml".to_owned(), "release = \"9.9.9\"\n".to_owned());
    let loaded = load(&files);
    let codes: Vec<&str> = loaded.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["syntax", "missing-release"]);
    assert!(loaded.problems.iter().all(|problem| problem.level == Level::Error && !problem.blocks.is_empty()));
    assert!(!loaded.catalog.environments.contains_key("test"));
    assert!(loaded.catalog.projects.contains_key("storefront") && loaded.catalog.projects.contains_key("billing"));
    assert!(loaded.catalog.projects["billing"].deploy.is_empty());
    let broken: Vec<String> = loaded.catalog.broken.iter().map(|broken| format!("{:?}", broken.subject)).collect();
    assert_eq!(broken, ["Environment(\"test\")", "Deploy(\"billing\", \"production\")"]);
}

#[test]
fn problems_as_json_have_every_part() {
    let mut files = example();
    files.insert("lifecycles/standard.toml".to_owned(), "[[phase]]\nname = \"A\"\nautomatic = [\"tset\"]\n".to_owned());
    let problems: Vec<Problem> =
        load(&files).problems.into_iter().filter(|problem| problem.code == "unknown-environment").collect();
    let expected = serde_json::json!([{
        "level": "error",
        "code": "unknown-environment",
        "title": "lifecycle `standard` names an environment that does not exist",
        "file": "lifecycles/standard.toml",
        "line": 3,
        "column": 14,
        "label": "no file environments/tset.toml",
        "help": "did you mean `test`?",
        "related": [],
        "blocks": ["orders", "storefront"],
        "where": null,
        "accepted": null,
    }]);
    assert_eq!(view::problems::json(&problems), expected);
}
