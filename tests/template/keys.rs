//! Every key of every kind of step does something: another value of it renders something else.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::support::{experiment, keys};

#[test]
fn every_key_changes_what_is_rendered() {
    let known = experiment::known();
    let mut wrong = Vec::new();
    for (kind, schema) in &keys::kinds() {
        let mut all = Vec::new();
        keys::paths(schema, "", &mut all);
        let all: BTreeSet<String> = all.into_iter().map(|(path, _)| path).filter(|path| path != "kind").collect();
        let below = |path: &str| all.iter().any(|other| other.starts_with(&format!("{path}.")));
        for path in &all {
            match known.get(&(kind.clone(), path.clone())) {
                Some(known) if keys::refuses(kind, path) => wrong.push(format!("{kind} refuses `{path}`: {known:?}")),
                None if keys::refuses(kind, path) => {}
                None if below(path) => {}
                None => wrong.push(format!("{kind}: no golden step has `{path}`")),
                Some(known) if known.changed.is_empty() && !below(path) => {
                    wrong.push(format!("{kind}: no change of `{path}` changes anything: {:#?}", known.silent));
                }
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Properties without a key, with the reason.
const WITHOUT: [(&str, &str, &str); 14] = [
    ("ECS::Service", "Cluster", "the target says it"),
    ("ECS::Service", "DeploymentConfiguration.LifecycleHooks[].HookDetails", "a function has its own settings"),
    ("ECS::Service", "DeploymentController", "landfall proves deployments that ECS makes itself"),
    ("ECS::Service", "EnableECSManagedTags", "it is always on: tasks are found by these tags"),
    ("ECS::Service", "LoadBalancers[].LoadBalancerName", "classic load balancers"),
    ("ECS::Service", "Role", "classic load balancers"),
    ("ECS::Service", "TaskDefinition", "it is that of the step"),
    ("ECS::Service", "ForceNewDeployment.EnableForceNewDeployment", "it goes with the text"),
    ("ECS::TaskDefinition", "ContainerDefinitions[].PortMappings[].ContainerPortRange", "each port is named by itself"),
    ("ECS::TaskDefinition", "InferenceAccelerators", "Elastic Inference has ended"),
    ("ECS::TaskDefinition", "PlacementConstraints", "the service has them"),
    ("ECS::TaskDefinition", "ProxyConfiguration", "App Mesh has ended"),
    ("ECS::Service", "Tags[].Key", "it is a key of `tags`"),
    ("ECS::TaskDefinition", "ContainerDefinitions[].Environment[].Name", "it is a key of `environment`"),
];

/// The properties that a template can set, from the schema of the resource type.
fn properties(kind: &str) -> BTreeSet<String> {
    fn of<'s>(node: &'s Json, path: &str, types: &'s Json, inside: &mut Vec<&'s str>, out: &mut BTreeSet<String>) {
        match node {
            Json::String(text) => {
                let Some(name) = text.strip_prefix('#').filter(|name| !inside.contains(name)) else { return };
                inside.push(name);
                of(&types[name], path, types, inside, out);
                inside.pop();
            }
            Json::Array(items) => items.iter().for_each(|item| of(item, &format!("{path}[]"), types, inside, out)),
            Json::Object(map) => {
                for (name, inner) in map.get("properties").and_then(Json::as_object).into_iter().flatten() {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    of(inner, &path, types, inside, out);
                    out.insert(path);
                }
                map.get("items").into_iter().for_each(|item| of(item, &format!("{path}[]"), types, inside, out));
            }
            _ => {}
        }
    }
    let all = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/cfn/schema/resources.json")).unwrap();
    let all: Json = serde_json::from_str(&all).unwrap();
    let schema = &all["types"][kind];
    let mut out = BTreeSet::new();
    of(&schema["root"], "", &schema["definitions"], &mut Vec::new(), &mut out);
    for read_only in schema["read_only"].as_array().into_iter().flatten() {
        out.remove(read_only.as_str().unwrap());
    }
    out
}

#[test]
fn nine_in_ten_properties_have_a_key() {
    let known = experiment::known();
    let keys = known.iter().filter(|((_, path), _)| !path.starts_with("patch"));
    let set: BTreeSet<(String, String)> = keys
        .flat_map(|(_, known)| known.changed.iter().flatten())
        .map(|target| (target.of.clone(), target.path.clone()))
        .collect();
    let (mut all, mut missing) = (0, Vec::new());
    for kind in ["ECS::Service", "ECS::TaskDefinition"] {
        let properties = properties(&format!("AWS::{kind}"));
        let is_set = |path: &String| {
            set.iter().any(|(of, set)| {
                of == kind
                    && (set == path || set.starts_with(&format!("{path}.")) || set.starts_with(&format!("{path}[")))
            })
        };
        all += properties.len();
        missing.extend(properties.into_iter().filter(|path| !is_set(path)).map(|path| (kind, path)));
    }
    let reason = |(kind, path): &(&str, String)| {
        let within =
            |outer: &str| path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        WITHOUT.iter().find(|(of, outer, _)| of == kind && within(outer)).map(|(.., reason)| *reason)
    };
    let unsaid: Vec<_> = missing.iter().filter(|one| reason(one).is_none()).collect();
    for one in &missing {
        println!("{} {}: {}", one.0, one.1, reason(one).unwrap_or_default());
    }
    println!("{} of {all} properties have a key", all - missing.len());
    assert!(all > 300, "only {all} properties");
    let used: BTreeSet<&str> = missing.iter().filter_map(reason).collect();
    let unused: Vec<_> = WITHOUT.iter().filter(|(.., reason)| !used.contains(reason)).collect();
    assert!(unused.is_empty(), "reasons for what has a key: {unused:#?}");
    assert!(unsaid.is_empty(), "no key and no reason: {unsaid:#?}");
    assert!((all - missing.len()) * 10 >= all * 9, "{} of {all} have no key", missing.len());
}
