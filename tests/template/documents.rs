//! CloudFormation documents: one spelling, YAML that every reader understands, and what resources reach.

use std::io::Write as _;
use std::process::{Command, Stdio};

use landfall::cfn::{Document, DocumentError, Reference, canonical, references, yaml};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Map, Value, json};

use super::golden::tool;

/// Strings that YAML readers are known to misread when they are written without care.
const ODD: &[&str] = &[
    "",
    " ",
    "yes",
    "No",
    "on",
    "y",
    "~",
    "null",
    "1",
    "1.0",
    "1e3",
    "0x1f",
    "0o17",
    "017",
    "1_000",
    "1:30",
    "12:30:45",
    ".inf",
    "-.INF",
    ".nan",
    "2026-11-23",
    "- a",
    "a: b",
    "a:",
    "a #b",
    "#",
    "&a",
    "*a",
    "!Ref x",
    "!",
    "|",
    ">",
    "%",
    "@a",
    "`a`",
    "{a}",
    "[a]",
    "'a'",
    "\"a\"",
    "a\nb",
    "a\n",
    "\n",
    "\ta",
    "a\u{85}b",
    "a\u{2028}b",
    "\u{feff}a",
    "\u{0}",
    "\u{7f}",
    "\u{9b}31m",
    "\u{fffe}",
    "\u{1f680}",
    "é",
    "\u{202e}abc",
    "<<",
    "=",
    "?",
    "? a",
    "---",
    "...",
    "a  b",
    "/a",
    "a/b:c",
    "${AWS::Region}",
    "#{name}",
    "\\",
    "a\\nb",
    "\r\n",
    "true",
    "False",
    "Infinity",
    "a,b",
];

fn string() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        prop::sample::select(ODD).prop_map(str::to_owned),
        "[a-z:#\\-!&*{}\\[\\]|>%@` \n\t'\"0-9.]{0,12}",
    ]
}

/// Any JSON value whose maps are no intrinsic functions.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        string().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((string(), inner), 0..5).prop_map(|pairs| {
                let plain = pairs.into_iter().filter(|(key, _)| key != "Ref" && !key.starts_with("Fn::"));
                Value::Object(plain.collect::<Map<_, _>>())
            }),
        ]
    })
}

/// The same value with the keys of its maps in the opposite order.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            Value::Object(map.iter().rev().map(|(key, value)| (key.clone(), reversed(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(reversed).collect()),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn canonical_json_has_one_spelling_and_keeps_the_value(value in value()) {
        let text = canonical(&value);
        prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value.clone());
        prop_assert_eq!(canonical(&reversed(&value)), text);
    }

    #[test]
    fn yaml_is_read_back_as_the_same_value(value in value()) {
        let text = yaml(&value);
        let read: Value = serde_saphyr::from_str(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(read, value.clone(), "{}", text);
        prop_assert_eq!(yaml(&reversed(&value)), text);
    }
}

#[test]
fn numbers_stay_what_they_are() {
    assert_eq!(
        canonical(&json!([1.0, -2.0, 1.5, 1e300, 9_007_199_254_740_993_u64])),
        "[1.0,-2.0,1.5,1e+300,9007199254740993]"
    );
}

/// PyYAML, which the AWS command line and cfn-lint read templates with, agrees on every odd string and on random ones.
#[test]
fn pyyaml_reads_the_same_strings() {
    let Some(python) = tool("python") else { return };
    let mut strings: Vec<String> = ODD.iter().map(|text| (*text).to_owned()).collect();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    strings.extend((0..300).map(|_| string().new_tree(&mut runner).unwrap().current()));
    let all: Map<String, Value> = strings.iter().map(|text| (text.clone(), json!([text, { "Name": text }]))).collect();
    let all = Value::Object(all);

    let script = "import sys, json, yaml; json.dump(yaml.safe_load(sys.stdin.buffer.read().decode()), sys.stdout)";
    let mut child = Command::new(python)
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(yaml(&all).as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), all);
}

#[test]
fn intrinsic_functions_are_written_short_where_the_tag_can_carry_them() {
    for (value, expected) in [
        (json!({ "Ref": "A" }), "!Ref A\n"),
        (json!({ "Ref": "AWS::Region" }), "!Ref AWS::Region\n"),
        (json!({ "Fn::GetAtt": ["A", "Arn"] }), "!GetAtt A.Arn\n"),
        (json!({ "Fn::GetAtt": ["A", "Outputs.B"] }), "!GetAtt A.Outputs.B\n"),
        (json!({ "Fn::GetAtt": ["A", { "Ref": "B" }] }), "Fn::GetAtt:\n  - A\n  - !Ref B\n"),
        (json!({ "Fn::Sub": "${A}: b" }), "!Sub \"${A}: b\"\n"),
        (
            json!({ "k": { "Fn::Join": ["", ["a", { "Ref": "B" }]] } }),
            "k: !Join\n  - \"\"\n  -\n    - a\n    - !Ref B\n",
        ),
        (json!({ "Fn::Base64": { "Fn::Sub": "x" } }), "Fn::Base64: !Sub x\n"),
        (json!([{ "Fn::If": ["C", 1, []] }]), "- !If\n  - C\n  - 1\n  - []\n"),
        (json!({ "Ref": "A", "B": 1 }), "B: 1\nRef: A\n"),
        (json!({ "Fn::Unknown": "a" }), "Fn::Unknown: a\n"),
    ] {
        assert_eq!(yaml(&value), expected);
    }
}

#[test]
fn the_direction_of_text_cannot_be_turned() {
    assert_eq!(yaml(&json!("a\u{202e}b")), "\"a\\u202Eb\"\n");
}

fn document(value: Value) -> Document {
    Document::from_value(value).unwrap()
}

#[test]
fn what_is_no_template_says_so() {
    assert!(matches!(Document::parse("{"), Err(DocumentError::Json(_))));
    assert!(matches!(Document::parse("[]"), Err(DocumentError::NotAnObject)));
    assert!(matches!(Document::parse("{}"), Err(DocumentError::NoResources)));
    assert!(matches!(Document::parse(r#"{"Resources":[]}"#), Err(DocumentError::NoResources)));
    assert!(matches!(Document::parse(&"[".repeat(100_000)), Err(DocumentError::Json(_))));
}

#[test]
fn references_are_found_wherever_they_are() {
    let value = json!({
        "a": { "Ref": "P" },
        "b": [{ "Fn::GetAtt": ["R", "Arn"] }, { "Fn::GetAtt": "R.Name" }],
        "c": { "Fn::Sub": "${P2}-${!Not}-${R2.Arn}-${AWS::Region}" },
        "d": { "Fn::Sub": ["${Local}", { "Local": { "Fn::FindInMap": ["M", "x", "y"] } }] },
        "e": { "Fn::If": ["C", { "Ref": "P3" }, { "Condition": "C2" }] },
        "f": { "Condition": { "StringEquals": { "x": "y" } } },
    });
    let name = |text: &str| Reference::Name(text.to_owned());
    let attribute = |id: &str, name: &str| Reference::Attribute(id.to_owned(), name.to_owned());
    let mut expected = [
        name("P"),
        name("P2"),
        name("P3"),
        name("AWS::Region"),
        name("Local"),
        attribute("R", "Arn"),
        attribute("R", "Name"),
        attribute("R2", "Arn"),
        Reference::Mapping("M".to_owned()),
        Reference::Condition("C".to_owned()),
        Reference::Condition("C2".to_owned()),
    ];
    expected.sort();
    assert_eq!(references(&value).into_iter().collect::<Vec<_>>(), expected);
}

fn template() -> Value {
    json!({
        "Description": "d",
        "Metadata": { "m": 1 },
        "Parameters": { "Used": { "Type": "String" }, "InCondition": { "Type": "String" }, "Unused": { "Type": "String" } },
        "Mappings": { "ByRegion": { "x": { "y": "z" } }, "Unused": { "x": { "y": "z" } } },
        "Conditions": {
            "OfOutput": { "Fn::Not": [{ "Condition": "Inner" }] },
            "Inner": { "Fn::Equals": [{ "Ref": "InCondition" }, "a"] },
            "Unused": { "Fn::Equals": ["a", "a"] },
        },
        "Resources": {
            "R": { "Type": "T", "Properties": { "a": { "Ref": "Used" }, "b": { "Fn::FindInMap": ["ByRegion", "x", "y"] } } },
        },
        "Outputs": { "O": { "Condition": "OfOutput", "Value": { "Ref": "R" } } },
    })
}

#[test]
fn executed_is_what_resources_and_outputs_reach() {
    let executed: Value = serde_json::from_str(&document(template()).executed()).unwrap();
    let names = |section: &str| executed[section].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names("Parameters"), ["InCondition", "Used"]);
    assert_eq!(names("Mappings"), ["ByRegion"]);
    assert_eq!(names("Conditions"), ["Inner", "OfOutput"]);
    assert!(executed.get("Description").is_none() && executed.get("Metadata").is_none());
}

#[test]
fn with_a_transform_every_declaration_counts() {
    let mut template = template();
    template["Transform"] = json!("AWS::LanguageExtensions");
    let executed: Value = serde_json::from_str(&document(template.clone()).executed()).unwrap();
    assert_eq!(executed["Parameters"], template["Parameters"]);
    assert_eq!(executed["Mappings"], template["Mappings"]);
    assert_eq!(executed["Conditions"], template["Conditions"]);
}

#[test]
fn what_a_macro_reads_and_hooks_are_executed() {
    let mut plain = template();
    plain["Description"] = json!("said");
    let executed = |template: &Value| document(template.clone()).executed();
    let with = |key: &str, value: Value| {
        let mut other = plain.clone();
        other[key] = value;
        other
    };
    assert_ne!(executed(&plain), executed(&with("Hooks", json!({ "H": { "Type": "AWS::CodeDeploy::BlueGreen" } }))));
    let include = |from: &str| json!({ "Name": "AWS::Include", "Parameters": { "Location": from } });
    assert_ne!(executed(&plain), executed(&with("Fn::Transform", include("s3://b/1"))));
    assert_ne!(
        executed(&with("Fn::Transform", include("s3://b/1"))),
        executed(&with("Fn::Transform", include("s3://b/2")))
    );
    let sam = |timeout: u32| {
        let mut template = with("Transform", json!("AWS::Serverless-2016-10-31"));
        template["Globals"] = json!({ "Function": { "Timeout": timeout } });
        template
    };
    assert_ne!(executed(&sam(3)), executed(&sam(4)));
    let mut renamed = sam(3);
    renamed["Description"] = json!("said otherwise");
    assert_eq!(executed(&sam(3)), executed(&renamed));
    let called = document(with("Fn::Transform", include("s3://b/1")));
    assert_eq!(&*landfall::template::capabilities(&called)[0], "CAPABILITY_AUTO_EXPAND");
}

#[test]
fn conditions_in_a_circle_end() {
    let circle = json!({ "A": { "Condition": "B" }, "B": { "Condition": "A" } });
    let executed = document(json!({ "Resources": { "R": { "Condition": "A" } }, "Conditions": circle })).executed();
    assert!(executed.contains(r#""B":{"Condition":"A"}"#));
}

#[test]
fn a_template_in_yaml_begins_with_what_matters() {
    let text = document(template()).yaml();
    let sections: Vec<&str> = text.lines().filter(|line| !line.starts_with(' ') && !line.is_empty()).collect();
    assert_eq!(
        sections,
        ["Description: d", "Metadata:", "Parameters:", "Mappings:", "Conditions:", "Resources:", "Outputs:"]
    );
}
