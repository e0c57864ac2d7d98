//! The golden files of format 1, and their freeze: the list of their hashes.
//!
//! `LANDFALL_BLESS=1` writes golden files that are new, and enters them into the list. A file that is in the list is written
//! anew only with `LANDFALL_UNFREEZE_FORMAT_1=1`, which is for a mistake that nobody ever deployed: see `src/template/format.rs`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use landfall::model::Hash;

use super::steps::folder;

const LIST: &str = "golden/1.frozen";

/// Whether golden files are written.
pub(crate) fn blessing() -> bool {
    ["LANDFALL_BLESS", "LANDFALL_UNFREEZE_FORMAT_1"].iter().any(|name| std::env::var_os(name).is_some())
}

/// Whether frozen ones are.
pub(crate) fn unfreezing() -> bool {
    std::env::var_os("LANDFALL_UNFREEZE_FORMAT_1").is_some()
}

/// The frozen files with the hashes of their bytes, by their path below `golden/1`.
pub(crate) fn list() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(folder(LIST)).unwrap_or_default();
    let entries = text.lines().filter_map(|line| line.split_once("  "));
    entries.map(|(hash, name)| (name.to_owned(), hash.to_owned())).collect()
}

/// Writes the list.
pub(crate) fn write_list(list: &BTreeMap<String, String>) {
    let text: String = list.iter().map(|(name, hash)| format!("{hash}  {name}\n")).collect();
    std::fs::write(folder(LIST), text).unwrap();
}

/// The files that are there, with the hashes of their bytes.
pub(crate) fn there() -> BTreeMap<String, String> {
    fn collect(dir: &Path, out: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { collect(&path, out) } else { out.push(path) }
        }
    }
    let root = folder("golden/1");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    let hashed = |path: PathBuf| {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        (name, Hash::of(&std::fs::read(&path).unwrap()).hex())
    };
    paths.into_iter().map(hashed).collect()
}

/// Compares with a golden file of format 1, or writes it.
pub(crate) fn check(name: &str, found: &str) {
    let path = folder("golden/1").join(name);
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if expected == found {
        return;
    }
    let frozen = list().contains_key(name) && !unfreezing();
    assert!(
        !frozen,
        "{} differs, and format 1 is frozen: releases that were made under it are deployed, and another byte would deploy \
         all of them again. A new default is a new format: see src/template/format.rs\nfound:\n{found}",
        path.display()
    );
    assert!(blessing(), "{} differs:\n{found}", path.display());
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, found).unwrap();
}
