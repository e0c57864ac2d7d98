//! The rules of services: what each accepts and refuses, by an example of both, and who else says so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use landfall::cfn::{self, Document, Form, Row, check_rules, rows, rules};
use serde_json::{Value, json};

use super::corpus::{folders, least, templates};

/// The examples of each rule: accepted, refused.
fn examples() -> BTreeMap<String, (Document, Document)> {
    let text = include_str!("rules.yaml");
    let Value::Object(rules) = cfn::read(text).unwrap().into_value() else { panic!("a map of rules") };
    let document = |rule: &Value, key: &str| {
        let example = rule.get(key).unwrap_or_else(|| panic!("no example that is {key}"));
        Document::from_value(whole(example)).unwrap()
    };
    rules.iter().map(|(name, rule)| (name.clone(), (document(rule, "accepted"), document(rule, "refused")))).collect()
}

/// A template from an example, which may be its resources alone.
pub(crate) fn whole(example: &Value) -> Value {
    if example.get("Resources").is_some() { example.clone() } else { json!({ "Resources": example }) }
}

/// Whether a rule is about what no condition of a resource decides.
fn is_of_sections(name: &str) -> bool {
    name.starts_with("template-") || name == "resource-attribute"
}

/// Rules whose example is refused whatever its values are.
const STRUCTURE: [&str; 13] = [
    "balancer-subnets",
    "connect-alias",
    "container-counts",
    "container-memory",
    "deployment-strategy",
    "execution-role",
    "launch-type",
    "network-size",
    "policy-condition",
    "rule-conditions",
    "scaling-metrics",
    "swappiness",
    "task-containers",
];

/// The rules that a document breaks.
fn broken(document: &Document) -> Vec<&'static str> {
    check_rules(document).iter().map(|fault| fault.rule).collect()
}

#[test]
fn each_rule_accepts_one_example_and_refuses_the_other() {
    let examples = examples();
    let named: BTreeSet<&str> = rules().map(|rule| rule.name).collect();
    assert_eq!(examples.keys().map(String::as_str).collect::<BTreeSet<_>>(), named, "each rule has its examples");
    assert_eq!(named.len(), rules().count(), "names differ");
    for (name, (accepted, refused)) in &examples {
        assert!(broken(accepted).is_empty(), "{name} refuses what AWS accepts: {:?}", check_rules(accepted));
        assert_eq!(broken(refused), [name.as_str()], "{name}: {:?}", check_rules(refused));
        for fault in check_rules(refused) {
            let parent = fault.pointer.rsplit_once('/').unwrap().0;
            assert!(Value::Object(refused.as_map().clone()).pointer(parent).is_some(), "{name}: {}", fault.pointer);
            assert!(!fault.aws.is_empty() && fault.aws != fault.title, "{name} has words of AWS");
        }
    }
}

/// A value that is known only later, a condition and a macro fit every rule.
#[test]
fn what_is_known_later_fits_every_rule() {
    for (name, (_, refused)) in examples() {
        let root = Value::Object(refused.as_map().clone());
        let mut macros = root.clone();
        macros["Transform"] = json!("Expand");
        assert!(broken(&Document::from_value(macros).unwrap()).is_empty(), "{name} knows what a macro makes");
        if is_of_sections(&name) {
            continue;
        }
        let mut perhaps = root.clone();
        for resource in perhaps["Resources"].as_object_mut().unwrap().values_mut() {
            resource["Condition"] = json!("Perhaps");
        }
        assert!(broken(&Document::from_value(perhaps).unwrap()).is_empty(), "{name} knows what a condition decides");
        if STRUCTURE.contains(&name.as_str()) {
            continue;
        }
        for later in [json!({ "Ref": "Later" }), json!("#{later}"), json!("{{resolve:ssm:later}}")] {
            let mut open = root.clone();
            open["Resources"]
                .as_object_mut()
                .unwrap()
                .values_mut()
                .for_each(|one| obscure(&mut one["Properties"], &later));
            assert!(broken(&Document::from_value(open).unwrap()).is_empty(), "{name} knows {later}");
        }
    }
}

/// Puts something else in the place of every value that is neither a map nor a list.
fn obscure(value: &mut Value, later: &Value) {
    match value {
        Value::Object(map) => map.values_mut().for_each(|inside| obscure(inside, later)),
        Value::Array(items) => items.iter_mut().for_each(|inside| obscure(inside, later)),
        scalar => *scalar = later.clone(),
    }
}

/// A resource with a value at a path, and the pointer to it.
fn with(row: &Row, value: Value) -> (Document, String) {
    let mut pointer = String::new();
    let mut made = value;
    for part in row.path.split('.').filter(|part| !part.is_empty()).rev() {
        let (key, item) = part.strip_suffix("[]").map_or((part, false), |key| (key, true));
        let inside = if item { json!([made]) } else { made };
        made = json!({ key: inside });
        pointer = format!("/{key}{}{pointer}", if item { "/0" } else { "" });
    }
    let resource = json!({ "Type": format!("AWS::{}", row.kind), "Properties": made });
    (
        Document::from_value(json!({ "Resources": { "One": resource } })).unwrap(),
        format!("/Resources/One/Properties{pointer}"),
    )
}

/// A value that fits a form, and one that does not.
fn values(form: &Form) -> (Value, Value) {
    match form {
        Form::Number(least, most) => (json!(most), json!(least - 1.0)),
        Form::Words(words) => (json!(words[0]), json!("anything else")),
        Form::Length(_, most) => (json!("x".repeat(*most)), json!("x".repeat(most + 1))),
        Form::Most(most) => (json!(vec!["x"; *most]), json!(vec!["x"; most + 1])),
        Form::Least(least) => (json!(vec!["x"; *least]), json!(vec!["x"; least - 1])),
        Form::Once => (json!(["x", "y"]), json!(["x", "x"])),
        Form::Text(form) => (json!(form.good), json!(form.bad)),
        Form::Has(keys) => (json!({ keys[0]: "x" }), json!({})),
        Form::One(keys) => (json!({ keys[0]: "x" }), json!({ keys[0]: "x", keys[1]: "y" })),
    }
}

/// Words that only a form of this kind says.
fn says(form: &Form) -> &'static str {
    match form {
        Form::Number(_, most) if *most > 1e9 => "is less than",
        Form::Number(..) => "is not from",
        Form::Words(_) => "is none of",
        Form::Length(..) => "the text has",
        Form::Most(_) => "at most",
        Form::Least(_) => "are needed",
        Form::Once => "listed twice",
        Form::Text(form) => form.what,
        Form::Has(_) => "is missing",
        Form::One(_) => "only one of",
    }
}

/// Every row of the table of values takes one value and refuses another at its place, and nothing that is known only later.
#[test]
fn each_row_of_the_table_takes_one_value_and_refuses_another() {
    let of_row = |document: &Document, pointer: &str| {
        let all = check_rules(document).into_iter();
        all.filter(|fault| fault.rule == "value" && fault.pointer.starts_with(pointer))
            .map(|fault| fault.title)
            .collect::<Vec<_>>()
    };
    for row in rows() {
        let (good, bad) = values(&row.form);
        let own = |title: &String| title.contains(says(&row.form));
        let (taken, pointer) = with(&row, good);
        let refused = of_row(&with(&row, bad).0, &pointer);
        let of_good: Vec<String> = of_row(&taken, &pointer).into_iter().filter(own).collect();
        let new = refused.iter().filter(|title| own(title) && !of_good.contains(title)).count();
        assert!(new > 0, "{row:?} finds nothing: {refused:?}");
        let is_has = matches!(row.form, Form::Has(_));
        assert!(is_has || of_good.is_empty(), "{row:?} refuses what fits: {of_good:?}");
        assert!(!row.source.is_empty());
        let later = of_row(&with(&row, json!({ "Fn::ImportValue": "later" })).0, &pointer);
        assert!(later.is_empty() || row.path.is_empty(), "{row:?} knows what comes later: {later:?}");
    }
    assert!(rows().count() > 100);
}

/// An item that a condition may take away, or that a list variable may stand for, is not counted.
#[test]
fn an_item_that_may_not_be_there_fits_every_rule() {
    let maybe = |item: &Value| json!({ "Fn::If": ["Perhaps", item, { "Ref": "AWS::NoValue" }] });
    for (name, (_, refused)) in examples().into_iter().filter(|(name, _)| !is_of_sections(name)) {
        let mut root = Value::Object(refused.as_map().clone());
        conditional(&mut root, &maybe);
        let found = check_rules(&Document::from_value(root).unwrap());
        let of_items = found.iter().filter(|fault| fault.pointer.split('/').any(|step| step.parse::<usize>().is_ok()));
        assert_eq!(of_items.count(), 0, "{name}: {found:?}");
    }
    let with = |item: Value| {
        let task = json!({
            "NetworkMode": "awsvpc", "Memory": "512",
            "ContainerDefinitions": [{ "Name": "web", "Image": "x", "Links": [item.clone()], "HealthCheck": { "Command": [item, "x"] } }],
        });
        let service = json!({ "TaskDefinition": "web", "LaunchType": "FARGATE", "PlacementConstraints": [item] });
        Document::from_value(json!({ "Resources": {
            "Task": { "Type": "AWS::ECS::TaskDefinition", "Properties": task },
            "Service": { "Type": "AWS::ECS::Service", "Properties": service },
        } }))
        .unwrap()
    };
    assert_eq!(broken(&with(json!("log"))), ["health-check", "awsvpc-container", "launch-type"]);
    for item in [maybe(&json!("log")), json!("#{links}"), json!({ "Ref": "AWS::NoValue" })] {
        assert!(broken(&with(item.clone())).is_empty(), "{item}");
    }
}

fn conditional(value: &mut Value, maybe: &dyn Fn(&Value) -> Value) {
    match value {
        Value::Object(map) if map.len() == 1 && map.keys().any(|key| key == "Ref" || key.starts_with("Fn::")) => {}
        Value::Object(map) => map.values_mut().for_each(|inside| conditional(inside, maybe)),
        Value::Array(items) => items.iter_mut().for_each(|item| *item = maybe(item)),
        _ => {}
    }
}

/// Rules look at items for each of others: a template of nonsense must not cost more than its size.
#[test]
fn a_template_of_nonsense_is_judged_in_a_bounded_number_of_looks() {
    let many = |item: Value| vec![item; 10_000];
    let root = json!({ "Resources": {
        "Task": { "Type": "AWS::ECS::TaskDefinition", "Properties": {
            "ContainerDefinitions": many(json!({ "Name": "a", "PortMappings": [{ "ContainerPort": 1, "Name": "p" }] })),
        } },
        "Service": { "Type": "AWS::ECS::Service", "Properties": {
            "TaskDefinition": { "Ref": "Task" },
            "LoadBalancers": many(json!({ "ContainerName": "b", "ContainerPort": 2 })),
            "ServiceConnectConfiguration": { "Services": many(json!({ "PortName": "q" })) },
        } },
    } });
    let found = check_rules(&Document::from_value(root).unwrap());
    assert!(found.len() <= 8_000, "{}", found.len());
    assert!(found.iter().all(|fault| !fault.rule.starts_with("load-balancer")), "the containers are not known whole");
}

/// The same where every container is known: as many as are taken for known, each of which mounts the volumes of all others.
#[test]
fn containers_of_nonsense_are_judged_in_a_bounded_number_of_looks() {
    let many = |item: Value| vec![item; 10_000];
    let container = |index: usize| {
        let ports: Vec<Value> =
            (1..=100).map(|port| json!({ "ContainerPort": port, "Name": format!("p{port}") })).collect();
        let from: Vec<Value> = (0..100).map(|other| json!({ "SourceContainer": format!("c{other}") })).collect();
        json!({ "Name": format!("c{index}"), "PortMappings": ports, "VolumesFrom": from })
    };
    let root = json!({ "Resources": {
        "Task": { "Type": "AWS::ECS::TaskDefinition", "Properties": {
            "NetworkMode": "awsvpc", "ContainerDefinitions": (0..100).map(container).collect::<Vec<_>>(),
        } },
        "Service": { "Type": "AWS::ECS::Service", "Properties": {
            "TaskDefinition": { "Ref": "Task" },
            "ServiceConnectConfiguration": { "Services": many(json!({ "PortName": "q", "IngressPortOverride": 101 })) },
            "ServiceRegistries": many(json!({ "RegistryArn": "a", "ContainerName": "c99", "ContainerPort": 101 })),
            "VpcLatticeConfigurations": many(json!({ "PortName": "q" })),
        } },
    } });
    let found = check_rules(&Document::from_value(root).unwrap());
    let of = |rule: &str| found.iter().filter(|fault| fault.rule == rule).count();
    assert_eq!(of("volumes-from-circle"), 1);
    for rule in ["service-connect-port", "gateway-port", "connect-port-use", "registry-port"] {
        assert!((1..=1_001).contains(&of(rule)), "{rule}: {}", of(rule));
    }
}

/// cfn-lint looks at every example: it has nothing against those that are accepted, and confirms the refused ones that
/// `rules_confirmed.txt` names. The others are confirmed by nothing outside of this repository but the text of AWS.
#[test]
fn cfn_lint_confirms_what_it_knows() {
    let Some(tools) = std::env::var_os("LANDFALL_TOOLS").map(PathBuf::from) else {
        eprintln!("skipped: LANDFALL_TOOLS is not set");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for (name, (accepted, refused)) in examples() {
        for (kind, document) in [("accepted", accepted), ("refused", refused)] {
            let path = folder.path().join(format!("{name}.{kind}.json"));
            std::fs::write(&path, document.canonical()).unwrap();
            paths.push(path);
        }
    }
    let output = Command::new(tools.join("bin/cfn-lint"))
        .args(["--format", "json", "--regions", "eu-west-1", "--non-zero-exit-code", "none", "--template"])
        .args(&paths)
        .output()
        .expect("cfn-lint runs");
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).expect("cfn-lint writes JSON");
    let mut confirmed = BTreeMap::<String, BTreeSet<String>>::new();
    for fault in &found {
        let id = fault["Rule"]["Id"].as_str().unwrap();
        let file = Path::new(fault["Filename"].as_str().unwrap()).file_name().unwrap().to_str().unwrap();
        match file.split_once('.').unwrap() {
            (name, "refused.json") if id.starts_with('E') => {
                confirmed.entry(name.to_owned()).or_default().insert(id.to_owned());
            }
            (name, "accepted.json") => assert!(!id.starts_with('E'), "{name}: {fault}"),
            _ => {}
        }
    }
    let lines = rules().map(|rule| match confirmed.get(rule.name) {
        Some(ids) => format!("{}: {}\n", rule.name, ids.iter().cloned().collect::<Vec<_>>().join(", ")),
        None => format!("{}: –\n", rule.name),
    });
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cfn/rules_confirmed.txt");
    let lines: String = lines.collect();
    if std::env::var_os("LANDFALL_BLESS").is_some() {
        std::fs::write(&path, &lines).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), lines, "what cfn-lint {} confirms", tools.display());
}

/// Resources that wait for each other are found however many there are, with little stack.
#[test]
fn a_long_chain_of_resources_is_no_circle() {
    let chain = |ends: &str| {
        let resource = |n: usize, next: String| (format!("R{n}"), json!({ "Type": "X", "DependsOn": next }));
        let last = 30_000;
        let mut all: serde_json::Map<String, Value> = (0..last).map(|n| resource(n, format!("R{}", n + 1))).collect();
        all.extend([resource(last, ends.to_owned())]);
        Document::from_value(json!({ "Resources": all })).unwrap()
    };
    let (open, closed) = (chain("R30000x"), chain("R0"));
    let small = std::thread::Builder::new().stack_size(256 << 10);
    let found =
        small.spawn(move || (cfn::resource_circle(&open).is_none(), cfn::resource_circle(&closed).unwrap().len()));
    assert_eq!(found.unwrap().join().unwrap(), (true, 30_002));
    let two = Document::from_value(json!({ "Resources": {
        "A": { "Type": "X", "DependsOn": ["B", "C"] },
        "B": { "Type": "X" },
        "C": { "Type": "X", "Properties": { "P": { "Fn::Sub": "${D.Arn}" } } },
        "D": { "Type": "X", "Properties": { "P": [{ "Ref": "C" }] } },
    } }));
    assert_eq!(cfn::resource_circle(&two.unwrap()).unwrap(), ["C", "D", "C"]);
}

/// Templates that others call good break no rule.
#[test]
fn good_templates_break_no_rule() {
    let folders = folders();
    let paths: Vec<PathBuf> = folders.iter().flat_map(|folder| templates(folder)).collect();
    let least: usize = folders.iter().map(|folder| least(folder)).sum();
    assert!(paths.len() >= least, "{} templates, at least {least}", paths.len());
    let mut broken = Vec::new();
    for path in paths {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let Ok(source) = cfn::read(&text) else { continue };
        let Ok(document) = Document::from_value(source.into_value()) else { continue };
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        broken.extend(check_rules(&document).iter().map(|fault| format!("{name} {}: {}", fault.pointer, fault.title)));
        let circle = cfn::resource_circle(&document);
        broken.extend(circle.map(|circle| format!("{name}: {}", circle.join(" → "))));
    }
    assert!(broken.is_empty(), "{} faults:\n{}", broken.len(), broken.join("\n"));
}
