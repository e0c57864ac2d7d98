//! Whatever outlives the process stands between crash points.

use std::path::Path;

use super::{root, sources};

/// What writes something that outlives the process, as the source says it.
const WRITES: &[&str] = &[
    "fs::rename(",
    "fs::write(",
    "fs::remove_file(",
    ".write_all(",
    "create_new(true)",
    ".reference(",
    "builder.write(",
    "to.write(",
    ".commit(Some(",
    "checkout_tree(",
    ".download(",
    "init_opts(",
    ".push(&refs",
    ".push(&[format!",
    "raw_sql(\"COMMIT",
    "VACUUM INTO",
    "wal_checkpoint",
    "journal_mode",
];

/// If nothing is lost by a crash, with the reason.
const NOT: &[(&str, &str, &str)] = &[
    ("cli/output.rs", ".write_all(", "text for people"),
    ("cli/registries.rs", ".write_all(", "a question to another program"),
    ("cli/sign.rs", ".write_all(", "a question to another program"),
    ("cli/sign.rs", "fs::write(", "a temporary file for another program"),
    ("cli/put.rs", "fs::remove_file(", "a draft that never got its name"),
    ("cli/put.rs", "create_new(true)", "a draft, empty"),
    ("cli/store.rs", "fs::remove_file(", "a copy that a killed restore left"),
    ("git/remake.rs", "fs::remove_file(", "a damaged file, which the next start deletes as well"),
    ("git/remake.rs", "fs::write(", "packed refs without what cannot be read, which the next start mends as well"),
    ("git/remake.rs", "fs::rename(", "a damaged mirror that was taken over gets another name"),
    ("git/leftovers.rs", "fs::remove_file(", "a lock, which the next start deletes as well"),
    ("git/leftovers.rs", ".reference(", "its callers have the points"),
    ("store/sqlite/upkeep.rs", "fs::remove_file(", "a backup that could not be written"),
    ("store/sqlite/mod.rs", "raw_sql(\"COMMIT", "the end of a transaction that only reads"),
];

/// Modules whose writes are not landfall's own state: simulated accounts live in memory.
const OTHERS: &[&str] = &["sim", "load"];

/// How many lines before a write, or after it, its point may be.
const NEAR: usize = 4;

fn unguarded(inside: &Path, text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let guarded = |at: usize| {
        lines[at.saturating_sub(NEAR)..lines.len().min(at + NEAR + 1)].iter().any(|line| line.contains("crash::"))
    };
    let file = inside.display().to_string();
    let excused = |write: &str| NOT.iter().any(|(path, word, _)| *path == file && *word == write);
    let code = lines.iter().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.filter_map(|(at, line)| {
        let write = WRITES.iter().find(|write| line.contains(**write))?;
        (!excused(write) && !guarded(at)).then(|| format!("{file}:{}: {}", at + 1, line.trim()))
    })
    .collect()
}

#[test]
fn everything_that_outlives_the_process_has_a_crash_point() {
    let src = root().join("src");
    let mut wrong = Vec::new();
    for path in sources(&src) {
        let inside = path.strip_prefix(&src).unwrap();
        let module = inside.components().next().unwrap().as_os_str().to_str().unwrap();
        if !OTHERS.contains(&module) && module != "crash.rs" {
            wrong.extend(unguarded(inside, &std::fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(wrong.is_empty(), "no crash point stands next to these writes:\n{}", wrong.join("\n"));
}

#[test]
fn a_write_without_a_point_is_found() {
    let inside = Path::new("git/mirror.rs");
    assert_eq!(unguarded(inside, "std::fs::rename(a, b)?;").len(), 1);
    assert_eq!(unguarded(inside, "crash::around(\"x\", || std::fs::rename(a, b))?;").len(), 0);
}
