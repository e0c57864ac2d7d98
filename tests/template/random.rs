//! Whatever passes the checks, rendering among them, has no error that cfn-lint finds.
//!
//! `./tests/run nightly` makes 500 steps instead of 50 ([`wanted`]).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use landfall::cfn::Document;
use landfall::template::body;
use serde_json::Value;

use super::golden::tool;
use crate::support::random::{Made, Workshop, passes, smaller, wanted};

/// So many steps are rendered in an ordinary run.
const ORDINARY: usize = 50;
/// A step that is wrong is made smaller so many times at most.
const ROUNDS: usize = 8;

/// What became of steps.
#[derive(Default)]
struct Judged {
    /// Those that were rendered, and so given to cfn-lint, by their place in the list.
    rendered: BTreeSet<usize>,
    /// Those that pass the checks and have no stack anywhere.
    nowhere: usize,
    /// Those that rendering refuses, by the code of what it says.
    refused: BTreeMap<&'static str, usize>,
    /// What is wrong with the others: rules with their messages.
    wrong: BTreeMap<usize, BTreeSet<String>>,
}

/// A template that is wrong, in the same folder as the others: whoever reads them finds it.
const PLANTED: &str =
    r#"{"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayNam": "${AWS::Region}"}}}}"#;

/// What cfn-lint says of steps; one run of cfn-lint for all.
fn judge(steps: &[Made], folder: &Path, lint: Option<&PathBuf>) -> Judged {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).unwrap();
    let mut judged = Judged::default();
    for (number, made) in steps.iter().enumerate() {
        let read = passes(made).unwrap_or_else(|| panic!("{} does not pass the checks", made.from));
        let placed: Vec<_> = read.steps().enumerate().filter(|(_, step)| !read.places(step).is_empty()).collect();
        judged.nowhere += usize::from(placed.is_empty());
        let mut whole = !placed.is_empty();
        for (index, step) in placed {
            match read.render(step) {
                Ok(rendered) => {
                    std::fs::write(folder.join(format!("{number}-{index}.json")), body(&rendered.content)).unwrap();
                }
                // `landfall check` renders too: what it refuses then is refused before any call.
                Err(problems) => {
                    *judged.refused.entry(problems[0].code).or_default() += 1;
                    whole = false;
                }
            }
        }
        if whole {
            judged.rendered.insert(number);
        }
    }
    for (file, said) in lint.map(|lint| errors(lint, folder)).unwrap_or_default() {
        let number: usize = file.split('-').next().and_then(|number| number.parse().ok()).unwrap();
        let template = std::fs::read_to_string(folder.join(&file)).unwrap();
        if !is_no_fault(&said, &template, &steps[number].text()) {
            let (rule, message) = (said["Rule"]["Id"].as_str().unwrap(), said["Message"].as_str().unwrap());
            judged.wrong.entry(number).or_default().insert(format!("{rule}: {message}"));
        }
    }
    judged
}

/// The errors that cfn-lint finds in the templates of a folder, by file; those of the planted one have to be among them.
pub(super) fn errors(lint: &Path, folder: &Path) -> Vec<(String, Value)> {
    std::fs::write(folder.join("planted.json"), PLANTED).unwrap();
    let mut command = Command::new(lint);
    let output = command.args(["--non-zero-exit-code", "none", "--format", "json"]).arg(folder.join("*.json"));
    let output = output.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cfn-lint ended with {}:\n{stderr}", output.status);
    let said: Vec<Value> = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("cfn-lint: {error}\n{}\n{stderr}", String::from_utf8_lossy(&output.stdout)));
    let file = |said: &Value| {
        let path = said["Filename"].as_str().unwrap_or_else(|| panic!("of no file: {said:#}"));
        Path::new(path).file_name().unwrap().to_str().unwrap().to_owned()
    };
    let errors = said.into_iter().filter(|said| said["Level"] == "Error").map(|said| (file(&said), said));
    let (planted, errors): (Vec<_>, Vec<_>) = errors.partition(|(file, _)| file == "planted.json");
    let planted: BTreeSet<_> = planted.iter().filter_map(|(_, said)| said["Rule"]["Id"].as_str()).collect();
    assert_eq!(planted, BTreeSet::from(["E1029", "E3002"]), "what is planted has to be found");
    errors
}

/// What cfn-lint says though it is none. Ids of EC2 have 8 or 17 digits, and landfall asks for their kind alone, so that
/// examples can be short. A health check asks the traffic's port by default \[api: CreateTargetGroup\], which cfn-lint wants to
/// see said; one that says another port is a fault. And a text of a user never goes through `Fn::Sub`: what the step says as
/// `${…}` stays in it, and a `${…}` that the step does not say is landfall's own, which has to be in one.
pub(super) fn is_no_fault(said: &Value, template: &str, step: &str) -> bool {
    let message = said["Message"].as_str().unwrap();
    match said["Rule"]["Id"].as_str().unwrap() {
        "E1029" => {
            message.split('"').nth(1).is_some_and(|embedded| embedded.starts_with("${") && step.contains(embedded))
        }
        "E3049" => {
            let group = said["Location"]["Path"][1].as_str().unwrap();
            let document = Document::parse(template).unwrap();
            let group = document.resource(group).unwrap();
            group.kind() == "AWS::ElasticLoadBalancingV2::TargetGroup" && group.property("HealthCheckPort").is_none()
        }
        _ => {
            let id = message.split('\'').nth(1).unwrap_or_default();
            let fits = |begin: &str| {
                id.strip_prefix(begin).is_some_and(|rest| rest.bytes().all(|c| c.is_ascii_alphanumeric()))
            };
            message.contains("is not a 'AWS::EC2::") && ["subnet-", "sg-", "vpc-"].into_iter().any(fits)
        }
    }
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
        let found = judge(&candidates, folder, lint).wrong;
        let same = |(_, found): &(&usize, &BTreeSet<String>)| !rules(found).is_disjoint(&rules(said));
        let Some((number, _)) = found.iter().find(same) else { break };
        made = candidates[*number].clone();
    }
    made
}

#[test]
fn whatever_passes_the_checks_passes_cfn_lint() {
    let workshop = Workshop::new();
    let (seed, count) = wanted(1, ORDINARY);
    let steps = workshop.make(seed, count);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("random-{}", std::process::id()));
    let lint = tool("cfn-lint");
    let Judged { rendered, nowhere, refused, wrong } = judge(&steps, &folder, lint.as_ref());
    let patches = steps.iter().filter(|made| made.text().contains("step.patch")).count();
    println!(
        "seed {seed}: {} random steps, {patches} of them with patches: {} rendered{}, {} of them wrong; {nowhere} have no stack \
         anywhere, rendering refuses {refused:?}",
        steps.len(),
        rendered.len(),
        if lint.is_some() { " and given to cfn-lint" } else { "" },
        wrong.len()
    );
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
    // What rendering refuses, nobody looked at: it must stay the exception.
    assert!(rendered.len() >= count && rendered.len() * 5 >= steps.len() * 4, "{} of {}", rendered.len(), steps.len());
    assert!(patches * 20 >= steps.len(), "only {patches} of {} have patches", steps.len());
    assert!(wrong.is_empty(), "LANDFALL_SEED={seed}: {} of {} steps\n{report}", wrong.len(), steps.len());
}
