//! What replaces a resource, held against another source of AWS than the one that the table is made from.
//!
//! The expected side is aws-service-spec, read by a script of its own (`service_spec.mjs`); `replacement_verdicts.txt` names who
//! is right where it disagrees with the resource schemas, and by which source.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use landfall::cfn::{self, Recreates, recreates};
use landfall::sim::world::types;
use serde_json::{Value, json};

use crate::support::origin;

/// What aws-service-spec says, as the script printed it.
fn service_spec() -> Option<Value> {
    let text = std::fs::read_to_string(origin::service_spec()?).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// A line of the verdicts.
struct Verdict {
    spec: String,
    schema: String,
    schema_is_right: bool,
    source: String,
}

fn verdicts() -> BTreeMap<String, Verdict> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cfn/replacement_verdicts.txt");
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let all: Vec<(String, Verdict)> = lines
        .map(|line| {
            let parts: Vec<&str> = line.split(" | ").collect();
            let [place, spec, schema, verdict, source] = parts[..] else { panic!("not a verdict: {line}") };
            assert!(!source.is_empty() && ["schema", "documentation"].contains(&verdict), "{line}");
            let (spec, schema, source) = (spec.to_owned(), schema.to_owned(), source.to_owned());
            (place.to_owned(), Verdict { spec, schema, schema_is_right: verdict == "schema", source })
        })
        .collect();
    let (count, all) = (all.len(), BTreeMap::from_iter(all));
    assert_eq!(count, all.len(), "a property has two verdicts");
    all
}

/// What aws-service-spec says about a property: of one that replaces only in a part, that it depends.
fn said(replaces: &Value, property: &str) -> &'static str {
    let all = replaces.as_object().unwrap();
    let part = || all.keys().any(|path| path.strip_prefix(property).is_some_and(|rest| rest.starts_with('/')));
    match all.get(property).and_then(Value::as_str) {
        Some("yes") => "yes",
        Some(_) => "maybe",
        None if part() => "maybe",
        None => "no",
    }
}

fn word(recreates: Recreates) -> &'static str {
    match recreates {
        Recreates::Always => "yes",
        Recreates::Perhaps => "maybe",
        Recreates::Never => "no",
    }
}

#[test]
fn the_table_says_what_aws_says_elsewhere() {
    let Some(spec) = service_spec() else { return };
    let known: BTreeSet<&str> = cfn::types_with_rules().collect();
    let mut open = verdicts();
    let (mut pairs, mut kinds, mut agree, mut wrong) = (0, BTreeSet::new(), 0, Vec::new());
    for (kind, of) in spec["types"].as_object().unwrap().iter().filter(|(kind, _)| known.contains(kind.as_str())) {
        for property in of["properties"].as_array().unwrap().iter().filter_map(Value::as_str) {
            pairs += 1;
            kinds.insert(kind);
            let (theirs, ours) = (said(&of["replaces"], property), word(recreates(kind, property)));
            let place = format!("{kind}.{property}");
            match open.remove(&place) {
                None if theirs == ours => agree += 1,
                None => wrong.push(format!(
                    "{place}: aws-service-spec says {theirs}, the table {ours}, and there is no verdict"
                )),
                Some(verdict) => {
                    let right = if verdict.schema_is_right { &verdict.schema } else { &verdict.spec };
                    if verdict.spec != theirs || verdict.spec == verdict.schema || right != ours {
                        wrong.push(format!(
                            "{place}: the verdict does not fit: aws-service-spec says {theirs}, the table {ours}"
                        ));
                    }
                    let side = if verdict.schema_is_right { "schema" } else { "documentation" };
                    eprintln!("{place}: {} | {} | {side} | {}", verdict.spec, verdict.schema, verdict.source);
                }
            }
        }
    }
    wrong.extend(open.keys().map(|place| format!("{place}: a verdict, and no disagreement")));
    eprintln!(
        "{pairs} pairs of type and property, {} types: {agree} agree, {} have a verdict; {}",
        kinds.len(),
        pairs - agree - wrong.len(),
        spec["origin"].as_str().unwrap()
    );
    assert!(pairs >= 1_500 && kinds.len() >= 130, "{pairs} pairs, {} types", kinds.len());
    assert!(wrong.is_empty(), "{} unexplained:\n{}", wrong.len(), wrong.join("\n"));
}

/// What aws-service-spec calls stateful keeps data.
#[test]
fn what_aws_calls_stateful_keeps_data() {
    let Some(spec) = service_spec() else { return };
    let all = spec["types"].as_object().unwrap();
    let stateful: Vec<&String> = all.iter().filter(|(_, of)| of["stateful"] == true).map(|(kind, _)| kind).collect();
    assert!(stateful.len() >= 25, "{stateful:?}");
    let missing: Vec<&&String> = stateful.iter().filter(|kind| !cfn::keeps_data(kind)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The simulated account has another table than the predictor. They say the same of every property that replaces as a whole.
#[test]
fn the_simulated_account_replaces_what_is_predicted() {
    let (mut pairs, mut different) = (0, Vec::new());
    for info in types::all() {
        for property in info.properties.iter().filter(|property| !info.read_only.contains(property)) {
            pairs += 1;
            let simulated = types::recreates(info, property, Some(&json!("a")), Some(&json!("b")));
            let predicted = recreates(&info.name, property);
            let same = match simulated {
                "Always" => predicted == Recreates::Always,
                "Conditionally" => predicted == Recreates::Perhaps,
                _ => predicted != Recreates::Always,
            };
            if !same {
                different.push(format!("{}.{property}: simulated {simulated}, predicted {predicted:?}", info.name));
            }
        }
    }
    eprintln!("{pairs} pairs of type and property in the simulated account");
    assert!(pairs > 1_000, "{pairs}");
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn the_simulated_account_judges_parts_of_a_property() {
    let cluster = types::find("AWS::EKS::Cluster").unwrap();
    let network = |family: &str, other: &str| json!({"IpFamily": family, "ElasticLoadBalancing": {"Enabled": other}});
    let go = |old: Value, new: Value| types::recreates(cluster, "KubernetesNetworkConfig", Some(&old), Some(&new));
    assert_eq!(go(network("ipv4", "a"), network("ipv6", "a")), "Always");
    assert_eq!(go(network("ipv4", "a"), network("ipv4", "b")), "Never");
    assert_eq!(types::recreates(cluster, "KubernetesNetworkConfig", Some(&network("ipv4", "a")), None), "Always");
    assert_eq!(types::recreates(cluster, "KubernetesNetworkConfig", Some(&json!({})), None), "Never");
}
