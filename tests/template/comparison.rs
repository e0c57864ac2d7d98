//! What CloudFormation will announce, and the difference that people read.

use std::collections::BTreeMap;

use landfall::cfn::{Document, Given};
use landfall::compare::{Paint, Recreates, changes, documents, hide, recreates, unified, with_values};
use landfall::model::process::Container;
use serde_json::{Value, json};

use super::world::{World, container, text};

fn document(world: &World) -> Document {
    Document::parse(&world.render().unwrap().content.template).unwrap()
}

/// No values.
static NONE: BTreeMap<String, Option<String>> = BTreeMap::new();

/// A template without parameters.
pub(super) fn given(document: &Document) -> Given<'_> {
    Given { document, values: &NONE }
}

/// The expected changes between two documents, a word each.
fn words(before: Option<&Document>, after: &Document) -> String {
    words_given(before.map(given), given(after))
}

fn words_given(before: Option<Given<'_>>, after: Given<'_>) -> String {
    let all: Vec<String> =
        changes(before, after).iter().map(|change| format!("{:?} {}", change.effect, change.resource)).collect();
    all.join(", ")
}

fn after(change: impl Fn(&mut World)) -> String {
    let mut world = World::new();
    let before = document(&world);
    change(&mut world);
    words(Some(&before), &document(&world))
}

#[test]
fn a_first_deployment_adds_everything() {
    let after = document(&World::new());
    assert_eq!(words(None, &after), "Add ExecutionRole, Add LogGroup, Add Service, Add TaskDefinition");
    assert_eq!(words(Some(&after), &after), "");
    let kinds: Vec<String> = changes(None, given(&after)).iter().map(|change| change.kind.to_string()).collect();
    assert_eq!(kinds, ["AWS::IAM::Role", "AWS::Logs::LogGroup", "AWS::ECS::Service", "AWS::ECS::TaskDefinition"]);
}

#[test]
fn a_change_of_the_step_is_announced_as_this() {
    assert_eq!(after(|world| world.service().desired_count = Some(3.into())), "Modify Service");
    assert_eq!(after(|world| world.service().task.log_retention_days = Some(7.into())), "Modify LogGroup");
    assert_eq!(
        after(|world| world.service().task.memory = Some(1024.into())),
        "Modify Service, Replace TaskDefinition"
    );
    assert_eq!(
        after(|world| world.release.images.values_mut().for_each(|pin| pin.tag = "2".into())),
        "",
        "the digest says what runs"
    );
    assert_eq!(after(|world| world.target.cluster = "other".into()), "Replace Service");
    assert_eq!(
        after(|world| world.service().task.execution_role = Some(text("arn:aws:iam::222222222222:role/x").into())),
        "Remove ExecutionRole, Modify Service, Replace TaskDefinition"
    );
    // The role's ARN will not change, but CloudFormation cannot know.
    assert_eq!(
        after(|world| world.what.images.values_mut().for_each(|image| {
            image.repository = text("111111111111.dkr.ecr.eu-west-1.amazonaws.com/other");
        })),
        "Modify ExecutionRole, Modify Service, Replace TaskDefinition"
    );
    assert_eq!(
        after(|world| {
            let service = world.service();
            let side = Container { port: None, ..container("side", "web") };
            service.task.container.push(side.into());
            service.task.execute_command = true.into();
        }),
        "Modify Service, Replace TaskDefinition, Add TaskRole"
    );
}

fn resources(value: Value) -> Document {
    Document::from_value(json!({ "Resources": value })).unwrap()
}

#[test]
fn effects_follow_references() {
    let stack = |role: Value, table: &str| {
        resources(json!({
            "Role": { "Type": "AWS::IAM::Role", "Properties": role },
            "Task": { "Type": "AWS::ECS::TaskDefinition", "Properties": { "ExecutionRoleArn": { "Fn::GetAtt": ["Role", "Arn"] } } },
            "Service": { "Type": "AWS::ECS::Service", "Properties": { "TaskDefinition": { "Fn::Sub": "${Task}" } } },
            "Table": { "Type": "AWS::DynamoDB::Table", "Properties": { "TableName": table } },
            "Untouched": { "Type": "AWS::ECS::Service", "Properties": { "TaskDefinition": "x" } },
        }))
    };
    let base = stack(json!({ "Path": "/a/" }), "t");
    assert_eq!(words(Some(&base), &stack(json!({ "Path": "/b/" }), "t")), "Replace Role, Modify Service, Replace Task");
    assert_eq!(
        words(Some(&base), &stack(json!({ "Path": "/a/", "Description": "x" }), "t")),
        "Modify Role, Modify Service, MayReplace Task"
    );
    assert_eq!(words(Some(&base), &stack(json!({ "Path": "/a/" }), "u")), "Replace Table");
}

#[test]
fn other_parts_of_a_resource_count_and_the_order_of_keys_does_not() {
    let one = |body: Value| resources(json!({ "R": body }));
    let base = one(json!({ "Type": "AWS::Logs::LogGroup", "Properties": { "RetentionInDays": 1, "Tags": [] } }));
    let swapped = one(json!({ "Properties": { "Tags": [], "RetentionInDays": 1 }, "Type": "AWS::Logs::LogGroup" }));
    assert_eq!(words(Some(&base), &swapped), "");
    // A text is made of it where one is asked for, and `8.0` is not `8`.
    let fraction = one(json!({ "Type": "AWS::Logs::LogGroup", "Properties": { "RetentionInDays": 1.0, "Tags": [] } }));
    assert_eq!(words(Some(&base), &fraction), "Modify R");
    let mut kept: Value = serde_json::from_str(&base.canonical()).unwrap();
    kept["Resources"]["R"]["DeletionPolicy"] = json!("Retain");
    assert_eq!(words(Some(&base), &Document::from_value(kept).unwrap()), "Modify R");
    assert_eq!(words(Some(&base), &one(json!({ "Type": "AWS::SNS::Topic" }))), "Replace R");
    assert_eq!(words(Some(&base), &resources(json!({}))), "Remove R");
}

/// Values for parameters; `?` stands for one that is not known.
fn values(pairs: &[(&str, &str)]) -> BTreeMap<String, Option<String>> {
    let value = |value: &str| (value != "?").then(|| value.to_owned());
    pairs.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect()
}

#[test]
fn values_of_parameters_decide_what_is_there_and_what_changes() {
    let template = |regions: Value| {
        Document::from_value(json!({
            "Parameters": {
                "Stage": { "Type": "String", "Default": "test" },
                "Days": { "Type": "Number", "Default": 7 },
                "Ami": { "Type": "AWS::SSM::Parameter::Value<String>", "Default": "/ami" },
            },
            "Mappings": { "Names": regions },
            "Conditions": {
                "IsLive": { "Fn::Equals": [{ "Ref": "Stage" }, "live"] },
                "NotLive": { "Fn::Not": [{ "Condition": "IsLive" }] },
                "Here": { "Fn::Or": [{ "Condition": "IsLive" }, { "Fn::Equals": [{ "Ref": "AWS::Region" }, "eu-west-1"] }] },
                "Long": { "Fn::And": [{ "Condition": "IsLive" }, { "Fn::Equals": [{ "Ref": "Days" }, "30"] }] },
            },
            "Resources": {
                "Log": { "Type": "AWS::Logs::LogGroup", "Properties": { "RetentionInDays": { "Ref": "Days" } } },
                "Table": { "Type": "AWS::DynamoDB::Table", "Condition": "IsLive" },
                "Probe": { "Type": "AWS::SNS::Topic", "Condition": "NotLive" },
                "Long": { "Type": "AWS::SNS::Topic", "Condition": "Long" },
                "Anchor": { "Type": "AWS::SNS::Topic", "Condition": "Here" },
                "Topic": { "Type": "AWS::SNS::Topic", "Properties": { "TopicName": { "Fn::If": ["IsLive", "a", "b"] } } },
                "Mapped": {
                    "Type": "AWS::SNS::Topic",
                    "Properties": { "DisplayName": { "Fn::FindInMap": ["Names", "x", "y"] } },
                },
                "Machine": { "Type": "AWS::EC2::Instance", "Properties": { "ImageId": { "Ref": "Ami" } } },
            },
        }))
        .unwrap()
    };
    let document = template(json!({ "x": { "y": "one" } }));
    let between = |before: &[(&str, &str)], after: &[(&str, &str)]| {
        let (before, after) = (values(before), values(after));
        let (before, after) =
            (Given { document: &document, values: &before }, Given { document: &document, values: &after });
        words_given(Some(before), after)
    };
    let region = ("AWS::Region", "eu-west-1");
    // What stands behind a name in SSM may always be another value.
    assert_eq!(between(&[region], &[region]), "MayReplace Machine");
    assert_eq!(between(&[region, ("Days", "7")], &[region, ("Days", "30")]), "Modify Log, MayReplace Machine");
    assert_eq!(
        between(&[region, ("Days", "30")], &[region, ("Days", "30"), ("Stage", "live")]),
        "Add Long, MayReplace Machine, Remove Probe, Add Table, Replace Topic"
    );
    assert_eq!(
        between(&[region, ("Stage", "live")], &[region]),
        "MayReplace Machine, Add Probe, Remove Table, Replace Topic"
    );
    // What is not known is never expected to go.
    assert_eq!(
        between(&[region, ("Stage", "live")], &[region, ("Stage", "?")]),
        "MayReplace Machine, Add Probe, MayReplace Topic"
    );
    assert_eq!(
        between(&[("Stage", "test"), ("AWS::Region", "us-east-1")], &[region]),
        "Add Anchor, MayReplace Machine"
    );
    let other = template(json!({ "x": { "y": "two" } }));
    assert_eq!(words(Some(&document), &other), "MayReplace Machine, Modify Mapped");
}

#[test]
fn values_of_parameters_are_shown_beside_the_template() {
    let document = Document::from_value(json!({
        "Parameters": {
            "Days": { "Type": "Number", "Default": 7 },
            "Key": { "Type": "String", "NoEcho": "true" },
            "ApiToken": { "Type": "String" },
        },
        "Resources": { "R": { "Type": "T" } },
    }))
    .unwrap();
    let shown = |days: &str| {
        let given = [("Days", days), ("Key", "abc"), ("ApiToken", "xyz")];
        with_values(&document, &given.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    };
    let text = documents(Some(&with_values(&document, &BTreeMap::new())), Some(&shown("9")), "a", "b", Paint::Plain);
    assert!(text.contains("-   Days: \"7\"\n+   Days: \"9\"\n"), "{text}");
    assert!(text.contains("+   Key: (hidden)") && !text.contains("abc") && !text.contains("xyz"), "{text}");
    assert_eq!(documents(Some(&shown("7")), Some(&shown("7")), "a", "b", Paint::Plain), "");
    let plain = resources(json!({ "R": { "Type": "T" } }));
    assert_eq!(with_values(&plain, &BTreeMap::new()), plain);
}

#[test]
fn references_in_a_circle_end() {
    let circle = |a: i32| {
        resources(json!({
            "A": { "Type": "X", "Properties": { "n": a, "other": { "Ref": "B" } } },
            "B": { "Type": "X", "Properties": { "other": { "Ref": "A" } } },
        }))
    };
    assert_eq!(words(Some(&circle(1)), &circle(2)), "MayReplace A, MayReplace B");
}

#[test]
fn every_type_that_is_rendered_has_rules() {
    for resource in document(&World::new()).resources() {
        assert_eq!(recreates(resource.kind(), "Tags"), Recreates::Never, "{}", resource.kind());
    }
    assert_eq!(recreates("AWS::ECS::Service", "LaunchType"), Recreates::Perhaps);
    assert_eq!(recreates("AWS::Unknown::Type", "Tags"), Recreates::Perhaps);
}

/// The table says what the public schemas say.
#[test]
fn the_rules_are_those_of_the_schemas() {
    let Some(python) = super::golden::tool("python") else { return };
    let script = r#"
import json, os, sys, cfnlint
base = os.path.join(os.path.dirname(cfnlint.__file__), "data", "schemas")
index = json.load(open(os.path.join(base, "providers", "us-east-1.json")))
out = {}
for kind in sys.argv[1:]:
    schema = json.load(open(os.path.join(base, "resources", index[kind] + ".json")))
    names = lambda key: [path.removeprefix("/properties/") for path in schema.get(key) or []]
    out[kind] = {name: "Always" if name in names("createOnlyProperties")
        else "Perhaps" if name in names("conditionalCreateOnlyProperties") else "Never" for name in schema["properties"]}
json.dump(out, sys.stdout)
"#;
    let kinds = ["AWS::ECS::Service", "AWS::ECS::TaskDefinition", "AWS::IAM::Role", "AWS::Logs::LogGroup"];
    let output = std::process::Command::new(python).args(["-c", script]).args(kinds).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let schemas: Value = serde_json::from_slice(&output.stdout).unwrap();
    for kind in kinds {
        for (property, expected) in schemas[kind].as_object().unwrap() {
            assert_eq!(&format!("{:?}", recreates(kind, property)), expected, "{kind} {property}");
        }
    }
}

#[test]
fn a_difference_shows_what_changed_and_its_surroundings() {
    let mut world = World::new();
    let before = document(&world);
    world.service().task.memory = Some(1024.into());
    let text = documents(Some(&before), Some(&document(&world)), "deployed", "wanted", Paint::Plain);
    assert_eq!(
        text,
        "\
--- deployed
+++ wanted
  TaskDefinition (AWS::ECS::TaskDefinition)
-   Memory: \"512\"
+   Memory: \"1024\"
"
    );
    assert_eq!(documents(Some(&before), Some(&before), "a", "b", Paint::Plain), "");
    assert!(documents(None, Some(&before), "a", "b", Paint::Plain).lines().skip(2).all(|line| !line.starts_with('-')));
    assert!(documents(Some(&before), None, "a", "b", Paint::Plain).lines().skip(2).all(|line| !line.starts_with('+')));
}

#[test]
fn colours_are_added_and_nothing_else() {
    let (a, b) = ("one\ntwo\n", "one\nthree");
    let plain = unified(Some(a), b, "x", "y", Paint::Plain);
    assert_eq!(plain, "--- x\n+++ y\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n\\ No newline at end of file\n");
    let painted = unified(Some(a), b, "x", "y", Paint::Ansi);
    assert!(painted.contains("\u{1b}[31m-two\u{1b}[0m\n") && painted.contains("\u{1b}[32m+three\u{1b}[0m\n"));
    let mut stripped = String::new();
    for (index, part) in painted.split("\u{1b}[").enumerate() {
        stripped.push_str(if index == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(stripped, plain);
}

#[test]
fn what_looks_secret_is_hidden_and_its_change_is_seen() {
    let with = |password: &str| {
        let arn = "arn:aws:secretsmanager:eu-west-1:222222222222:secret:db-AbCdEf";
        World::new()
            .environment("DB_PASSWORD", password)
            .environment("DB_SECRET_ARN", arn)
            .environment("DATABASE", "postgres://app:hunter2@db/app")
            .environment("PLAIN", "https://user@example.com/a:b")
    };
    let (old, new) = (document(&with("hunter1")), document(&with("hunter3")));
    let shown = hide(&old).yaml();
    assert!(!shown.contains("hunter"), "{shown}");
    assert!(shown.contains("secret:db-AbCdEf") && shown.contains("https://user@example.com/a:b"), "{shown}");
    let difference = documents(Some(&old), Some(&new), "a", "b", Paint::Plain);
    let lines = "-     DB_PASSWORD: (hidden)\n+     DB_PASSWORD: (hidden, changed)\n";
    assert!(difference.contains(lines) && !difference.contains("hunter"), "{difference}");
}

#[test]
fn hiding_looks_at_names_defaults_and_well_known_beginnings() {
    let document = resources(json!({
        "R": { "Type": "T", "Properties": {
            "MasterUserPassword": "a1",
            "Nested": { "api-key": ["a2", { "Ref": "P" }] },
            "Other": "ghp_a3",
            "Dynamic": { "Secret": "{{resolve:secretsmanager:x}}" },
        } },
    }));
    let shown = hide(&document).yaml();
    for secret in ["a1", "a2", "a3"] {
        assert!(!shown.contains(&format!("{secret}\n")), "{shown}");
    }
    assert!(shown.contains("!Ref P") && shown.contains("{{resolve:secretsmanager:x}}"), "{shown}");
    let hidden = Document::from_value(json!({
        "Parameters": { "P": { "NoEcho": true, "Default": "quiet" } },
        "Resources": {},
    }))
    .unwrap();
    assert!(!hide(&hidden).yaml().contains("quiet"));
}
