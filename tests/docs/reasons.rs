//! `docs/api.md` lists every reason code with its meaning, and the engine has no code that the list lacks.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use landfall::model::journal::CODES;
use landfall::view::reasons::Code;

use super::{is_current, page};

const HEADING: &str = "## Reason codes\n";

fn table<'a>(rows: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let rows: String = rows.map(|(code, meaning)| format!("| `{code}` | {meaning} |\n")).collect();
    format!("| code | meaning |\n| --- | --- |\n{rows}")
}

fn section() -> String {
    let slots = table(Code::ALL.iter().map(|code| (code.word(), code.meaning())));
    let deployments = table(CODES.iter().copied());
    format!(
        "{HEADING}\nCodes never change. New ones may appear. A reason of a slot (`slots[].decision.reasons[].code`) has one of these:\n\n\
         {slots}\nA deployment that fails, stops at a gate, waits or gives way (`outcome`, `stopped` and `taken_over` in \
         [history](#history),\n`stopped` and `waits` in [facts](#facts)) has one of these:\n\n{deployments}"
    )
}

#[test]
fn every_reason_code_is_explained() {
    let text = std::fs::read_to_string(page("api.md")).unwrap();
    let before = text.split(HEADING).next().unwrap();
    is_current("api.md", &format!("{}\n\n{}", before.trim_end(), section()));
}

#[test]
fn codes_are_sorted_and_their_meanings_are_sentences() {
    let slots: Vec<_> = Code::ALL.iter().map(|code| (code.word(), code.meaning())).collect();
    for codes in [slots.as_slice(), CODES] {
        assert!(codes.is_sorted_by(|one, next| one.0 < next.0), "{codes:?}");
        for (code, meaning) in codes {
            assert!(meaning.ends_with('.') && meaning.split(' ').count() <= 30, "{code}: {meaning}");
        }
    }
}

/// The files of a folder of sources, or one file.
fn sources(path: &Path, into: &mut Vec<PathBuf>) {
    if path.is_file() {
        into.push(path.to_owned());
        return;
    }
    for entry in std::fs::read_dir(path).unwrap() {
        sources(&entry.unwrap().path(), into);
    }
}

/// The literals in the code that gives a cause its code, without the tests in the files.
fn literals() -> BTreeSet<String> {
    let root = page("../src");
    let mut files = Vec::new();
    for part in ["engine", "cloud/error.rs", "model/journal/cause.rs", "plan/gates.rs", "plan/gives_way.rs"] {
        sources(&root.join(part), &mut files);
    }
    let mut found = BTreeSet::new();
    for file in files.iter().filter(|file| !file.ends_with("mistakes.rs")) {
        let text = std::fs::read_to_string(file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        found.extend(code.lines().flat_map(|line| line.split('"').skip(1).step_by(2)).map(str::to_owned));
    }
    found
}

#[test]
fn every_code_of_a_deployment_is_in_the_list() {
    let listed: BTreeSet<&str> = CODES.iter().map(|(code, _)| *code).collect();
    let literals = literals();
    let unused: Vec<_> = listed.iter().filter(|code| !literals.contains(**code)).collect();
    assert!(unused.is_empty(), "listed, and in no source: {unused:?}");
    // A code is words with hyphens. Options of the log driver and the name of a feature look the same.
    let is_code = |word: &&String| {
        let words: Vec<&str> = word.split('-').collect();
        let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
        words.len() > 1 && words.iter().all(is_word) && words[0] != "awslogs" && words[0] != "planted"
    };
    let unlisted: Vec<_> = literals.iter().filter(is_code).filter(|word| !listed.contains(word.as_str())).collect();
    assert!(unlisted.is_empty(), "in the sources, and not in model::journal::CODES: {unlisted:?}");
}
