//! The architecture as `src/lib.rs` tells it: arrows between modules, who may name what, heads and sizes of files.

mod effects;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Which modules each module may use: the table of the crate documentation.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &["terms"]),
    ("terms", &[]),
    ("crash", &[]),
    ("problem", &["model"]),
    ("tree", &["model"]),
    ("cfn", &["terms"]),
    ("load", &["model", "tree", "problem", "cfn", "template", "terms"]),
    ("template", &["model", "problem", "cfn", "terms"]),
    ("promote", &["model"]),
    ("compare", &["model", "cfn"]),
    ("plan", &["model", "promote", "template", "compare", "cfn"]),
    ("view", &["model", "compare", "plan", "problem"]),
    ("edit", &["model"]),
    ("cloud", &["model"]),
    ("registry", &["model"]),
    ("aws", &["model", "crash", "cloud", "registry"]),
    ("sim", &["model", "cloud", "cfn"]),
    ("git", &["model", "crash", "tree"]),
    ("store", &["model", "crash"]),
    ("engine", &["model", "plan", "cloud", "store"]),
    ("daemon", &["model", "tree", "cloud", "store", "problem", "load", "template", "plan", "engine"]),
    ("forge", &["model", "view"]),
    ("web", &["model", "plan", "view", "store"]),
];

/// Words that only one module may write, with the reason.
const ONLY: &[(&str, &[&str], &str)] = &[
    ("aws_sdk_", &["aws"], "only aws/ names the AWS SDK"),
    ("aws_config", &["aws"], "only aws/ names the AWS SDK"),
    ("git2", &["git"], "only git/ names git2"),
    ("sqlx", &["store"], "only store/ names the database"),
    ("clap", &["cli"], "only cli/ reads the command line"),
    ("println!", &["cli"], "only cli/ prints"),
    ("print!", &["cli"], "only cli/ prints"),
    ("eprintln!", &["cli"], "only cli/ prints"),
    ("process::exit", &["cli"], "only cli/ sets the exit code"),
    ("Timestamp::now", &["cli", "daemon"], "the time is passed in"),
    ("SystemTime::now", &["cli", "daemon"], "the time is passed in"),
    ("AwsCloud", &["aws", "cli"], "only cli/ chooses aws or sim"),
    ("SimCloud", &["sim", "cli"], "only cli/ chooses aws or sim"),
    ("rustix", &["crash", "cli"], "only the crash points send a signal, only cli/ sets the rights of new files"),
    ("ureq", &["registry", "forge", "cli"], "only registries, forges and the commands ask over HTTP"),
    ("Command::new", &["cli"], "nothing is executed on behalf of a repository"),
];

/// The longest file that is still one thing, in lines.
const MAX_LINES: usize = 600;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The module that a file of `src/` belongs to, and its code without comments.
fn modules() -> Vec<(String, PathBuf, String)> {
    let src = root().join("src");
    sources(&src)
        .into_iter()
        .filter_map(|path| {
            let inside = path.strip_prefix(&src).unwrap();
            let module = inside.components().next().unwrap().as_os_str().to_str().unwrap();
            let module = module.trim_end_matches(".rs").to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let code: Vec<&str> =
                text.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line }).collect();
            (module != "lib" && module != "main").then(|| (module, inside.to_owned(), code.join("\n")))
        })
        .collect()
}

/// The modules of the crate that a piece of code names after `crate::`, groups in braces included.
fn used(code: &str) -> BTreeSet<String> {
    let identifier = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut names = BTreeSet::new();
    for (at, found) in code.match_indices("crate::") {
        let rest = &code[at + found.len()..];
        if !rest.starts_with('{') {
            names.insert(identifier(rest));
            continue;
        }
        let mut depth = 0;
        let mut expect = false;
        for (index, character) in rest.char_indices() {
            match character {
                '{' => {
                    depth += 1;
                    expect = depth == 1;
                }
                '}' => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                ',' => expect = depth == 1,
                c if c.is_whitespace() => {}
                _ if expect => {
                    names.insert(identifier(&rest[index..]));
                    expect = false;
                }
                _ => {}
            }
        }
    }
    names.remove("");
    names
}

#[test]
fn used_modules_are_found_in_groups_and_paths() {
    let found = used("use crate::{model::{Id, Slot}, plan};\nlet x = crate::tree::blob_id_of(b);");
    assert_eq!(found, ["model", "plan", "tree"].map(String::from).into());
}

#[test]
fn arrows_point_one_way() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (module, path, code) in modules() {
        if module == "cli" {
            continue;
        }
        let Some(allowed) = arrows.get(module.as_str()) else {
            wrong.push(format!("{}: module `{module}` is not in the table", path.display()));
            continue;
        };
        for name in used(&code) {
            if name != module && !allowed.contains(&name.as_str()) {
                wrong.push(format!("{}: `{module}` may not use `{name}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_of_arrows_has_no_cycle() {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    loop {
        let ready: Vec<&str> = ARROWS
            .iter()
            .filter(|(module, uses)| !done.contains(module) && uses.iter().all(|used| done.contains(used)))
            .map(|(module, _)| *module)
            .collect();
        if ready.is_empty() {
            break;
        }
        done.extend(ready);
    }
    let left: Vec<_> = ARROWS.iter().map(|(module, _)| module).filter(|module| !done.contains(**module)).collect();
    assert!(left.is_empty(), "these modules use each other: {left:?}");
}

fn names_word(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

#[test]
fn some_words_belong_to_one_module() {
    let mut wrong = Vec::new();
    for (module, path, code) in modules() {
        for (word, owners, why) in ONLY {
            if !owners.contains(&module.as_str()) && names_word(&code, word) {
                wrong.push(format!("{} names `{word}`: {why}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn readers_cannot_change_anything() {
    let changes = ["dyn Change", "cloud::Change", "Change>"];
    let mut wrong = Vec::new();
    for (module, path, code) in modules() {
        if ["cloud", "aws", "sim", "engine", "daemon", "cli"].contains(&module.as_str()) {
            continue;
        }
        for word in changes.iter().filter(|word| names_word(&code, word)) {
            wrong.push(format!("{} names `{word}`", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_begins_with_what_it_is_for() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests"] {
        for path in sources(&root().join(folder)) {
            let text = std::fs::read_to_string(&path).unwrap();
            if !text.starts_with("//! ") {
                wrong.push(path.display().to_string());
            }
        }
    }
    assert!(wrong.is_empty(), "no head in:\n{}", wrong.join("\n"));
}

#[test]
fn files_stay_small_enough_to_read() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests"] {
        for path in sources(&root().join(folder)) {
            let lines = std::fs::read_to_string(&path).unwrap().lines().count();
            if lines > MAX_LINES {
                wrong.push(format!("{} has {lines} lines", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "split these:\n{}", wrong.join("\n"));
}

/// The library is built without tests, so that one in it would never run.
#[test]
fn no_test_is_where_nothing_runs_it() {
    let has_test = |path: &PathBuf| std::fs::read_to_string(path).unwrap().contains("#[test]");
    let wrong: Vec<PathBuf> = sources(&root().join("src")).into_iter().filter(has_test).collect();
    assert!(wrong.is_empty(), "move the tests of these to tests/: {wrong:?}");
}

#[test]
fn no_test_file_is_forgotten() {
    let tests = root().join("tests");
    let mut wrong = Vec::new();
    for path in sources(&tests) {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let folder = path.parent().unwrap();
        let (name, parent) = match name {
            "main" => continue,
            "mod" => (folder.file_name().unwrap().to_str().unwrap(), folder.parent().unwrap()),
            name => (name, folder),
        };
        let declared = ["mod.rs", "main.rs"].iter().any(|file| {
            std::fs::read_to_string(parent.join(file)).is_ok_and(|text| {
                let declaration = format!("mod {name};");
                text.lines()
                    .any(|line| line.trim_start_matches("pub ").trim_start_matches("pub(crate) ") == declaration)
            })
        });
        if !declared {
            wrong.push(path.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "no `mod` declares:\n{}", wrong.join("\n"));
}

#[test]
fn the_crate_documentation_names_every_module() {
    let text = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    for (module, _) in ARROWS.iter().chain(&[("cli", &[] as &[&str])]) {
        assert!(text.contains(&format!("pub mod {module};")), "src/lib.rs does not declare {module}");
        let link = format!("//! | [`{module}`]");
        assert!(text.contains(&link), "the code map in src/lib.rs does not explain {module}");
    }
}
