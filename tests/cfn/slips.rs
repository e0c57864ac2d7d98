//! One property that is wrong: of another type, none of the words, beyond its bounds, against its pattern, or missing. Each is
//! found where it is, in everything that the golden steps render and in the templates of others.
//!
//! What is wrong is computed from the file of schemas by what stands here, not by the code that looks for it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use landfall::cfn::{self, Document, check_resource};
use regex_lite::Regex;
use serde_json::{Map, Value, json};

use super::corpus;
use crate::support::dice::Random;

/// A value in the place of another one, or of one that is taken away.
struct Slip {
    kind: &'static str,
    /// Into the properties.
    pointer: String,
    value: Option<Value>,
}

/// The schemas of a type, and the slips that its resources can have.
struct Slips<'a> {
    definitions: Option<&'a Value>,
    found: Vec<Slip>,
}

/// A schema, written out.
fn whole(node: &Value, definitions: Option<&Value>) -> Map<String, Value> {
    match node {
        Value::String(word) => match word.strip_prefix('#') {
            Some(name) => definitions.and_then(|all| all.get(name)).map_or_else(Map::new, |it| whole(it, definitions)),
            None => Map::from_iter([("types".to_owned(), json!([word]))]),
        },
        Value::Array(items) => {
            Map::from_iter([("types".to_owned(), json!(["array"])), ("items".to_owned(), items[0].clone())])
        }
        Value::Object(map) => {
            let mut map = map.clone();
            if map.contains_key("properties") && !map.contains_key("types") {
                map.insert("types".to_owned(), json!(["object"]));
            }
            map
        }
        _ => Map::new(),
    }
}

fn is_function(value: &Value) -> bool {
    let known = |key: &String| key == "Ref" || key.starts_with("Fn::");
    value.as_object().is_some_and(|map| map.keys().any(known))
}

impl Slips<'_> {
    fn add(&mut self, kind: &'static str, pointer: &str, value: Option<Value>) {
        self.found.push(Slip { kind, pointer: pointer.to_owned(), value });
    }

    fn walk(&mut self, node: &Value, value: &Value, pointer: &str) {
        let node = whole(node, self.definitions);
        if is_function(value) || value.to_string().contains("#{") {
            return;
        }
        let types: Vec<&str> =
            node.get("types").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        if !types.is_empty() && !pointer.is_empty() {
            let text = types.contains(&"string");
            let wrong = if text { json!({ "No": "value" }) } else { json!("no value") };
            if !(text && types.contains(&"object")) {
                self.add("type", pointer, Some(wrong));
            }
        }
        match value {
            Value::Object(map) => {
                for name in
                    node.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
                {
                    if map.contains_key(name) {
                        self.add("required", &format!("{pointer}/{name}"), None);
                    }
                }
                for (name, inside) in map {
                    if let Some(node) = node.get("properties").and_then(|all| all.get(name)) {
                        self.walk(
                            &node.clone(),
                            inside,
                            &format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")),
                        );
                    }
                }
            }
            Value::Array(items) => {
                if let Some(most) = node.get("maxItems").and_then(Value::as_u64).filter(|most| *most < 200)
                    && let Some(item) = items.first().filter(|item| !is_function(item))
                {
                    self.add("bound", pointer, Some(json!(vec![item.clone(); most as usize + 1])));
                }
                for (index, item) in items.iter().enumerate() {
                    if let Some(node) = node.get("items") {
                        self.walk(&node.clone(), item, &format!("{pointer}/{index}"));
                    }
                }
            }
            _ => self.scalar(&node, &types, pointer),
        }
    }

    fn scalar(&mut self, node: &Map<String, Value>, types: &[&str], pointer: &str) {
        let number = |key: &str| node.get(key).and_then(Value::as_f64);
        if node.contains_key("enum") {
            let wrong = if types == ["string"] { json!("NoSuchWord") } else { json!(987_654_321) };
            return self.add("enumeration", pointer, Some(wrong));
        }
        if let Some(most) = number("maximum").filter(|_| !types.contains(&"string")) {
            self.add("bound", pointer, Some(json!(most + 1.0)));
        }
        if let Some(least) = number("minimum").filter(|_| !types.contains(&"string")) {
            self.add("bound", pointer, Some(json!(least - 1.0)));
        }
        if let Some(most) = number("maxLength").filter(|most| types == ["string"] && *most < 3_000.0) {
            self.add("bound", pointer, Some(json!("x".repeat(most as usize + 1))));
        }
        if number("minLength").is_some_and(|least| types == ["string"] && least > 0.0) {
            self.add("bound", pointer, Some(json!("")));
        }
        // Neither landfall nor this test knows classes of Unicode and look-around.
        let pattern = node.get("pattern").and_then(Value::as_str);
        let expression = pattern.and_then(|pattern| Regex::new(&pattern.replace("\\Z", "$")).ok());
        let lengths = number("minLength").unwrap_or(0.0)..=number("maxLength").unwrap_or(1e9);
        let fits = |text: &&str| lengths.contains(&(text.chars().count() as f64));
        if let Some(expression) = expression
            && let Some(wrong) =
                ["\n\t~", "~ ~~ ~~ ~~ ~~ ~~~~ ~~"].iter().find(|text| fits(text) && !expression.is_match(text))
        {
            self.add("pattern", pointer, Some(json!(wrong)));
        }
    }
}

/// The properties with the slip.
fn spoiled(properties: &Value, slip: &Slip) -> Value {
    let mut properties = properties.clone();
    match &slip.value {
        Some(value) => *properties.pointer_mut(&slip.pointer).unwrap() = value.clone(),
        None => {
            let (above, name) = slip.pointer.rsplit_once('/').unwrap();
            properties.pointer_mut(above).unwrap().as_object_mut().unwrap().shift_remove(name).unwrap();
        }
    }
    properties
}

#[test]
fn five_hundred_wrong_properties_are_found_where_they_are() {
    let schemas: Value = serde_json::from_str(include_str!("../../src/cfn/schema/resources.json")).unwrap();
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/template/golden/1")];
    folders.extend(corpus::folders());
    let mut all: BTreeMap<&str, Vec<(String, Value, Slip)>> = BTreeMap::new();
    for path in folders.iter().flat_map(|folder| corpus::templates(folder)) {
        let Ok(source) = cfn::read(&std::fs::read_to_string(&path).unwrap()) else { continue };
        let Ok(document) = Document::from_value(source.into_value()) else { continue };
        for resource in document.resources().filter(|_| !document.has_macro()) {
            let Some(schema) = schemas["types"].get(resource.kind()) else { continue };
            let Some(properties) = resource.body.get("Properties") else { continue };
            let mut slips = Slips { definitions: schema.get("definitions"), found: Vec::new() };
            slips.walk(&schema["root"], properties, "");
            for slip in slips.found {
                all.entry(slip.kind).or_default().push((resource.kind().to_owned(), properties.clone(), slip));
            }
        }
    }
    let (mut missed, mut count) = (Vec::new(), 0);
    for (number, (kind, slips)) in all.iter().enumerate() {
        assert!(slips.len() > 100, "{} of {kind}", slips.len());
        let mut random = Random::new(20_261_201, number as u64);
        for _ in 0..100 {
            let (of, properties, slip) = random.one(slips).unwrap();
            let body = json!({ "Resources": { "A": { "Type": of, "Properties": spoiled(properties, slip) } } });
            let document = Document::from_value(body).unwrap();
            let faults = check_resource(document.resource("A").unwrap());
            let above = slip.pointer.rsplit_once('/').unwrap().0;
            let place = format!("/Properties{}", if slip.value.is_some() { &slip.pointer } else { above });
            count += 1;
            if !faults.iter().any(|fault| fault.pointer == place) {
                missed.push(format!("{kind} of {of} at {}: {:?}: {faults:?}", slip.pointer, slip.value));
            }
        }
    }
    eprintln!("{count} slips of {} kinds, {} missed", all.len(), missed.len());
    assert_eq!((count, all.len()), (500, 5));
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
