//! Whatever passes the checks, rendering among them, has no error that cfn-lint finds.
//!
//! `LANDFALL_RANDOM_STEPS=500` makes so many steps instead of 50, from a seed of the clock unless `LANDFALL_SEED` says one: the
//! nightly form.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use landfall::template::body;

use super::golden::tool;
use crate::support::random::{Made, Workshop, passes, smaller};

/// So many steps in an ordinary run.
const ORDINARY: usize = 50;
/// A step that is wrong is made smaller so many times at most.
const ROUNDS: usize = 8;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|said| said.parse().unwrap_or_else(|_| panic!("{name}={said} is no number")))
}

/// Steps, and the seed that they are from.
fn made(workshop: &Workshop) -> (u64, Vec<Made>) {
    let count = number("LANDFALL_RANDOM_STEPS");
    let clock = || std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let seed = number("LANDFALL_SEED").or_else(|| count.map(|_| clock())).unwrap_or(1);
    (seed, workshop.make(seed, count.map_or(ORDINARY, |count| count as usize)))
}

/// What is wrong with steps, by their place in the list: rules with their messages.
type Wrong = BTreeMap<usize, BTreeSet<String>>;

/// What cfn-lint says of steps; one run of cfn-lint for all.
fn wrong(steps: &[Made], folder: &Path, lint: Option<&PathBuf>) -> Wrong {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).unwrap();
    let mut wrong = Wrong::new();
    for (number, made) in steps.iter().enumerate() {
        let read = passes(made).unwrap_or_else(|| panic!("{} does not pass the checks", made.from));
        for (index, step) in read.steps().enumerate().filter(|(_, step)| !read.places(step).is_empty()) {
            match read.render(step) {
                Ok(rendered) => {
                    let file = folder.join(format!("{number}-{index}.json"));
                    std::fs::write(file, body(&rendered.content)).unwrap();
                }
                // `landfall check` renders too: what it refuses then is refused before any call.
                Err(problems) => assert!(problems.iter().all(|problem| !problem.title.is_empty())),
            }
        }
    }
    let Some(lint) = lint else { return wrong };
    let output = Command::new(lint)
        .args(["--non-zero-exit-code", "none", "--format", "parseable"])
        .arg(folder.join("*.json"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    // `file:line:column:line:column:rule:message`; only errors count.
    for line in said.lines() {
        let fields: Vec<&str> = line.splitn(7, ':').collect();
        let [file, .., rule, message] = fields.as_slice() else { continue };
        let name = Path::new(file).file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let number = name.split('-').next().and_then(|number| number.parse().ok());
        if let (Some(number), true) = (number, rule.starts_with('E') && !is_no_fault(rule, message)) {
            wrong.entry(number).or_default().insert(format!("{rule}: {message}"));
        }
    }
    wrong
}

/// What cfn-lint says though it is none. Ids of EC2 have 8 or 17 digits, and landfall asks for their kind alone, so that
/// examples can be short. A health check asks the traffic's port by default \[api: CreateTargetGroup\], which cfn-lint wants to
/// see; another port is refused (`health-check-port`). And a text of a user never goes through `Fn::Sub`: `${…}` stays in it.
fn is_no_fault(rule: &str, message: &str) -> bool {
    let said = message.split('\'').nth(1).unwrap_or_default();
    let fits =
        |begin: &str| said.strip_prefix(begin).is_some_and(|rest| rest.bytes().all(|c| c.is_ascii_alphanumeric()));
    ["E1029", "E3049"].contains(&rule)
        || message.contains("is not a 'AWS::EC2::") && ["subnet-", "sg-", "vpc-"].into_iter().any(fits)
}

/// The rules alone, by which one fault is told from another.
fn rules(said: &BTreeSet<String>) -> BTreeSet<&str> {
    said.iter().filter_map(|line| line.split(':').next()).collect()
}

/// The smallest step that is wrong in one of the same ways.
fn smallest(workshop: &Workshop, made: &Made, said: &BTreeSet<String>, folder: &Path, lint: Option<&PathBuf>) -> Made {
    let mut made = made.clone();
    for _ in 0..ROUNDS {
        let candidates = smaller(workshop, &made);
        let found = wrong(&candidates, folder, lint);
        let same = |(_, found): &(&usize, &BTreeSet<String>)| !rules(found).is_disjoint(&rules(said));
        let Some((number, _)) = found.iter().find(same) else { break };
        made = candidates[*number].clone();
    }
    made
}

#[test]
fn whatever_passes_the_checks_passes_cfn_lint() {
    let workshop = Workshop::new();
    let (seed, steps) = made(&workshop);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("random-{}", std::process::id()));
    let lint = tool("cfn-lint");
    let wrong = wrong(&steps, &folder, lint.as_ref());
    println!("seed {seed}: {} random steps, {} of them wrong", steps.len(), wrong.len());
    wrong.iter().for_each(|(number, said)| println!("{}: {said:?}", steps[*number].from));
    // One of each kind of fault is shown, as small as it gets.
    let mut seen = BTreeSet::new();
    let mut report = String::new();
    for (number, said) in &wrong {
        if !seen.insert(rules(said).into_iter().map(str::to_owned).collect::<Vec<_>>()) {
            continue;
        }
        let smallest = smallest(&workshop, &steps[*number], said, &folder, lint.as_ref());
        let said = said.iter().cloned().collect::<Vec<_>>().join("\n");
        report.push_str(&format!("{}:\n{said}\n{}\n", smallest.from, smallest.text()));
    }
    let _ = std::fs::remove_dir_all(&folder);
    assert!(wrong.is_empty(), "LANDFALL_SEED={seed}: {} of {} steps\n{report}", wrong.len(), steps.len());
}
