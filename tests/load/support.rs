//! Loads folders and files in memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use landfall::load::{Loaded, Loader, Source};
use landfall::tree::memory::MemoryHistory;

/// The root of the crate.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The day on which files are read: acceptances that ended before it do not count.
pub(crate) fn now() -> jiff::Timestamp {
    "2026-10-01T12:00:00Z".parse().unwrap()
}

/// Files of a repository: path → text.
pub(crate) type Files = BTreeMap<String, String>;

/// The text files below a folder.
pub(crate) fn files_in(dir: &Path) -> Files {
    fn walk(base: &Path, dir: &Path, files: &mut Files) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(base, &path, files);
            } else {
                let name = path.strip_prefix(base).unwrap().to_str().unwrap().replace('\\', "/");
                files.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut files = Files::new();
    walk(dir, dir, &mut files);
    files
}

/// The example repository.
pub(crate) fn example() -> Files {
    files_in(&root().join("example-repo"))
}

/// Loads files as a folder, without history.
pub(crate) fn load(files: &Files) -> Loaded {
    let mut history = MemoryHistory::new();
    let tree = history.tree_of(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    Loader::new().load(&Source { tree: &tree, blobs: &history, commit: None, history: None, facts: None }).unwrap()
}
