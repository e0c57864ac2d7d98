//! Rules over the sections of a template: parameters, mappings, conditions, outputs, and the attributes of resources.
//!
//! Nothing is said of a template with a macro, which may make something else of it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::read::push_key;
use super::{Judge, Rule, RuleFault};

const GUIDE: &str = "CloudFormation template reference, Template sections";

pub(super) const RULES: &[Rule] = &[
    Rule { name: "template-head", source: GUIDE, edition: 4, run: head },
    Rule {
        name: "template-parameter",
        source: "CloudFormation template reference, Parameters",
        edition: 4,
        run: parameters,
    },
    Rule { name: "template-mapping", source: "CloudFormation template reference, Mappings", edition: 4, run: mappings },
    Rule {
        name: "template-condition",
        source: "CloudFormation template reference, Conditions",
        edition: 4,
        run: conditions,
    },
    Rule { name: "template-output", source: "CloudFormation template reference, Outputs", edition: 4, run: outputs },
    Rule {
        name: "resource-attribute",
        source: "CloudFormation template reference, Resource attributes",
        edition: 4,
        run: attributes,
    },
];

/// Where in a template something is said, and what is said against it.
struct Out<'f> {
    rule: &'static Rule,
    found: &'f mut Vec<RuleFault>,
}

impl Out<'_> {
    fn fault(&mut self, path: &[&str], title: String) {
        self.push(path, title, true);
    }

    fn push(&mut self, path: &[&str], title: String, certain: bool) {
        let mut pointer = String::new();
        path.iter().for_each(|key| push_key(&mut pointer, key));
        let aws = format!("Template format error: {title}");
        let Rule { name: rule, edition, .. } = *self.rule;
        self.found.push(RuleFault { rule, pointer, title, aws, edition, certain, unknown: None });
    }
}

fn section<'a>(judge: &Judge<'a>, name: &str) -> impl Iterator<Item = (&'a String, &'a Map<String, Value>)> + use<'a> {
    let all = judge.root.get(name).and_then(Value::as_object).into_iter().flatten();
    all.filter_map(|(id, body)| Some((id, body.as_object()?))).filter(|(id, _)| !id.starts_with("Fn::"))
}

fn out<'f>(rule: &'static Rule, found: &'f mut Vec<RuleFault>) -> Out<'f> {
    Out { rule, found }
}

fn head(judge: &mut Judge<'_>) {
    let root = judge.root;
    let mut out = out(judge.rule, &mut judge.found);
    if let Some(version) = root.get("AWSTemplateFormatVersion").filter(|version| *version != "2010-09-09") {
        out.fault(&["AWSTemplateFormatVersion"], format!("{version} is not a version of templates: 2010-09-09"));
    }
    if root.get("Description").is_some_and(|text| !text.is_string()) {
        out.fault(&["Description"], "the description must be a text".to_owned());
    }
    for name in ["Mappings", "Conditions"] {
        if root.get(name).is_some_and(|section| !section.is_object()) {
            out.fault(&[name], format!("`{name}` must be a map"));
        }
    }
}

const OF_PARAMETERS: [&str; 11] = [
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Default",
    "Description",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
    "NoEcho",
    "Type",
];

/// A value as CloudFormation takes it: text, number or boolean.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn parameters(judge: &mut Judge<'_>) {
    let all = section(judge, "Parameters");
    let mut out = out(judge.rule, &mut judge.found);
    for (id, body) in all {
        if let Some(other) = body.keys().find(|key| !OF_PARAMETERS.contains(&key.as_str())) {
            out.fault(&["Parameters", id, other], format!("a parameter has no `{other}`"));
        }
        let kind = match body.get("Type") {
            None => {
                out.fault(&["Parameters", id], format!("the parameter `{id}` has no `Type`"));
                continue;
            }
            Some(Value::String(kind)) => kind.as_str(),
            Some(_) => "",
        };
        if !is_type(kind) {
            out.fault(&["Parameters", id, "Type"], format!("`{kind}` is not a type of parameters, such as `String`"));
            continue;
        }
        let Some(default) = body.get("Default") else { continue };
        let at = ["Parameters", id.as_str(), "Default"];
        let Some(text) = scalar(default) else {
            out.fault(&at, "the default of a parameter must be a text, a number or a boolean".to_owned());
            continue;
        };
        if let Some(why) = breaks(kind, body, &text).filter(|_| !text.contains("#{")) {
            out.fault(&at, format!("the default of `{id}` {why}"));
        }
    }
}

fn is_type(kind: &str) -> bool {
    let inner = kind.strip_prefix("List<").and_then(|rest| rest.strip_suffix('>'));
    matches!(kind, "String" | "Number" | "CommaDelimitedList" | "List<Number>" | "List<String>")
        || inner.unwrap_or(kind).starts_with("AWS::")
}

/// Why a default does not fit what its own parameter says. \[doc: a default must meet the constraints of the parameter\]
fn breaks(kind: &str, body: &Map<String, Value>, text: &str) -> Option<String> {
    if kind.starts_with("AWS::SSM::") {
        return None;
    }
    let number = |key: &str| body.get(key).and_then(scalar)?.parse::<f64>().ok();
    let items: Vec<&str> = match kind.starts_with("List<") || kind == "CommaDelimitedList" {
        true => text.split(',').map(str::trim).collect(),
        false => vec![text],
    };
    if kind.contains("Number") && items.iter().any(|item| item.parse::<f64>().is_err()) {
        return Some("is not a number".to_owned());
    }
    let allowed: Option<Vec<String>> =
        body.get("AllowedValues").and_then(Value::as_array).map(|all| all.iter().filter_map(scalar).collect());
    // Whether each item of a list has to be allowed is not said.
    let allowed = allowed.filter(|_| matches!(kind, "String" | "Number"));
    if allowed.is_some_and(|all| items.iter().any(|item| !all.iter().any(|one| one == item))) {
        return Some("is none of its `AllowedValues`".to_owned());
    }
    if kind == "Number" {
        let value = text.parse::<f64>().ok()?;
        let outside = number("MinValue").is_some_and(|least| value < least)
            || number("MaxValue").is_some_and(|most| value > most);
        return outside.then(|| "is not from `MinValue` to `MaxValue`".to_owned());
    }
    if kind != "String" {
        return None;
    }
    let length = text.chars().count() as f64;
    if number("MinLength").is_some_and(|least| length < least) || number("MaxLength").is_some_and(|most| length > most)
    {
        return Some("is shorter than `MinLength` or longer than `MaxLength`".to_owned());
    }
    let pattern = body.get("AllowedPattern").and_then(Value::as_str)?;
    // A pattern of Java that is not one here says nothing.
    let pattern = regex_lite::Regex::new(&format!("^(?:{pattern})$")).ok()?;
    (!pattern.is_match(text)).then(|| "does not match its `AllowedPattern`".to_owned())
}

fn mappings(judge: &mut Judge<'_>) {
    let all: Vec<_> = section(judge, "Mappings").collect();
    let root = judge.root;
    let mut out = out(judge.rule, &mut judge.found);
    for (id, body) in &all {
        for (key, inside) in body.iter().filter(|(key, _)| !key.starts_with("Fn::")) {
            let Some(inside) = inside.as_object() else {
                out.fault(&["Mappings", id, key], "a mapping has two levels of keys".to_owned());
                continue;
            };
            for (name, value) in inside {
                let fits = scalar(value).is_some()
                    || value.as_array().is_some_and(|items| items.iter().all(|item| scalar(item).is_some()));
                if name.starts_with("Fn::") || name == "Ref" {
                    out.fault(&["Mappings", id, key, name], "a mapping has no functions".to_owned());
                } else if !fits {
                    out.fault(
                        &["Mappings", id, key, name],
                        "a mapping has texts or lists of texts at its second key".to_owned(),
                    );
                }
            }
        }
    }
    for section in ["Resources", "Outputs", "Conditions"] {
        let Some(value) = root.get(section) else { continue };
        each_function(value, &mut vec![section.to_owned()], &mut |name, given, path| {
            if name != "Fn::FindInMap" {
                return;
            }
            let Some([Value::String(mapping), first, second]) = given.as_array().map(Vec::as_slice) else { return };
            let Some((_, body)) = all.iter().find(|(id, _)| *id == mapping) else { return };
            let open = |key: &String| key.starts_with("Fn::") || key.contains("#{");
            let known = |map: &Map<String, Value>, key: &Value| match key.as_str().filter(|key| !key.contains("#{")) {
                Some(key) => map.contains_key(key) || map.keys().any(open),
                None => true,
            };
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            if !known(body, first) {
                out.fault(&path, format!("the mapping `{mapping}` has no key {first}"));
            } else {
                let below: Vec<_> = match first.as_str() {
                    Some(key) => body.get(key).into_iter().filter_map(Value::as_object).collect(),
                    None => body.values().filter_map(Value::as_object).collect(),
                };
                if !below.is_empty() && below.iter().all(|map| !known(map, second)) {
                    out.fault(&path, format!("the mapping `{mapping}` has no second key {second}"));
                }
            }
        });
    }
}

/// Every function in a value, with what it is given and where it is.
fn each_function(value: &Value, path: &mut Vec<String>, each: &mut dyn FnMut(&str, &Value, &[String])) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(index.to_string());
                each_function(item, path, each);
                path.pop();
            }
        }
        Value::Object(map) => {
            for (key, inside) in map {
                path.push(key.clone());
                if key == "Ref" || key.starts_with("Fn::") {
                    each(key, inside, path);
                }
                each_function(inside, path, each);
                path.pop();
            }
        }
        _ => {}
    }
}

fn conditions(judge: &mut Judge<'_>) {
    const FUNCTIONS: [&str; 5] = ["Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals", "Condition"];
    let root = judge.root;
    let declared = |section: &str, name: &str| {
        root.get(section).and_then(Value::as_object).is_some_and(|all| all.contains_key(name))
    };
    let all = root.get("Conditions").and_then(Value::as_object);
    let mut out = out(judge.rule, &mut judge.found);
    for (id, body) in all.into_iter().flatten().filter(|(id, _)| !id.starts_with("Fn::")) {
        let only = body.as_object().filter(|map| map.len() == 1).and_then(|map| map.keys().next());
        if !only.is_some_and(|name| FUNCTIONS.contains(&name.as_str())) {
            out.fault(
                &["Conditions", id],
                format!("the condition `{id}` must be a condition function, such as `Fn::Equals`"),
            );
            continue;
        }
        each_function(body, &mut vec!["Conditions".to_owned(), id.clone()], &mut |name, given, path| {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let of_resource =
                given.as_str().is_some_and(|name| declared("Resources", name) && !declared("Parameters", name));
            if matches!(name, "Fn::GetAtt" | "Fn::ImportValue") || name == "Ref" && of_resource {
                out.fault(&path, "a condition can refer to parameters and mappings only".to_owned());
            }
        });
    }
}

fn outputs(judge: &mut Judge<'_>) {
    const KEYS: [&str; 4] = ["Value", "Description", "Export", "Condition"];
    let resources = judge.root.get("Resources").and_then(Value::as_object);
    let all = section(judge, "Outputs");
    let mut out = out(judge.rule, &mut judge.found);
    let mut exports = BTreeSet::new();
    for (id, body) in all {
        if let Some(other) = body.keys().find(|key| !KEYS.contains(&key.as_str()) && !key.starts_with("Fn::")) {
            out.fault(&["Outputs", id, other], format!("an output has no `{other}`"));
        }
        match body.get("Value") {
            None if !body.keys().any(|key| key.starts_with("Fn::")) => {
                out.fault(&["Outputs", id], format!("the output `{id}` has no `Value`"));
            }
            Some(Value::Array(_)) => {
                out.fault(&["Outputs", id, "Value"], "the value of an output must be a text".to_owned())
            }
            Some(Value::Object(map)) if !map.keys().any(|key| key == "Ref" || key.starts_with("Fn::")) => {
                out.fault(&["Outputs", id, "Value"], "the value of an output must be a text".to_owned());
            }
            _ => {}
        }
        let Some(export) = body.get("Export") else { continue };
        let Some(name) = export.get("Name") else {
            out.fault(&["Outputs", id, "Export"], "an export needs a `Name`".to_owned());
            continue;
        };
        if let Some(text) = name.as_str().filter(|text| !text.contains("#{") && body.get("Condition").is_none())
            && !exports.insert(text)
        {
            out.fault(&["Outputs", id, "Export", "Name"], format!("two outputs are exported as `{text}`"));
        }
        let mut path = ["Outputs", id, "Export", "Name"].map(str::to_owned).to_vec();
        each_function(name, &mut path, &mut |function, given, path| {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            let of_resource = given.as_str().is_some_and(|id| resources.is_some_and(|all| all.contains_key(id)));
            if function == "Fn::GetAtt" || function == "Ref" && of_resource {
                out.fault(&path, "the name of an export cannot come from a resource".to_owned());
            }
        });
    }
}

fn attributes(judge: &mut Judge<'_>) {
    const ATTRIBUTES: [&str; 9] = [
        "Type",
        "Properties",
        "DependsOn",
        "Condition",
        "Metadata",
        "CreationPolicy",
        "DeletionPolicy",
        "UpdatePolicy",
        "UpdateReplacePolicy",
    ];
    const POLICIES: [(&str, &[&str]); 2] = [
        ("DeletionPolicy", &["Delete", "Retain", "RetainExceptOnCreate", "Snapshot"]),
        ("UpdateReplacePolicy", &["Delete", "Retain", "Snapshot"]),
    ];
    // Resource attribute reference, "DeletionPolicy options".
    const WITH_SNAPSHOT: [&str; 9] = [
        "AWS::DocDB::DBCluster",
        "AWS::EC2::Volume",
        "AWS::ElastiCache::CacheCluster",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::Neptune::DBCluster",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::Redshift::Cluster",
        "AWS::CloudFormation::Stack",
    ];
    let all = section(judge, "Resources");
    let mut out = out(judge.rule, &mut judge.found);
    for (id, body) in all.filter(|(_, body)| !body.keys().any(|key| key.starts_with("Fn::"))) {
        let custom = body
            .get("Type")
            .and_then(Value::as_str)
            .is_some_and(|kind| kind.starts_with("Custom::") || kind == "AWS::CloudFormation::CustomResource");
        let known = |key: &String| ATTRIBUTES.contains(&key.as_str()) || custom && key == "Version";
        let of_aws = body.get("Type").and_then(Value::as_str).is_some_and(|kind| kind.starts_with("AWS::"));
        if let Some(other) = body.keys().find(|key| (of_aws || custom) && !known(key)) {
            out.fault(&["Resources", id, other], format!("a resource has no attribute `{other}`"));
        }
        for (key, words) in POLICIES {
            let Some(text) = body.get(key).and_then(Value::as_str).filter(|text| !text.contains("#{")) else {
                continue;
            };
            let kind = body.get("Type").and_then(Value::as_str).unwrap_or_default();
            if !words.contains(&text) {
                out.fault(&["Resources", id, key], format!("`{text}` is not a `{key}`: {}", words.join(", ")));
            } else if text == "Snapshot" && !WITH_SNAPSHOT.contains(&kind) {
                out.push(&["Resources", id, key], format!("`{kind}` has no snapshots"), false);
            }
        }
        let names = |value: &Value| match value {
            Value::Array(items) => items.iter().all(Value::is_string),
            value => value.is_string(),
        };
        if body.get("DependsOn").is_some_and(|value| !names(value)) {
            out.fault(
                &["Resources", id, "DependsOn"],
                "`DependsOn` is the name of a resource, or a list of names".to_owned(),
            );
        }
    }
}
