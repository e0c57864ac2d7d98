//! `landfall adopt-drift`: files that say what is there.

use std::collections::BTreeMap;

use landfall::model::Facts;
use serde_json::{Value, json};

use super::api::is_as_documented;
use super::program::Home;
use super::world::{get, init, post};
use crate::support::branch::Files;
use crate::support::convert::adopted;

const STACK: &str = "app-web-development-web";

#[test]
pub(super) fn what_is_there_is_kept_by_a_patch_that_git_applies() {
    let home = Home::new();
    let mut sim = home.start("sim --listen 127.0.0.1:0");
    let account = sim.until_it_says("every account and region at ");
    home.landfall(&init("shop", "app")).ends(0);
    let once = format!("daemon --repo shop --store landfall.db --once --endpoint {account}");
    home.landfall(&once).ends(0);
    let adopt = |options: &str| home.landfall(&format!("adopt-drift {STACK} --repo shop {options}"));
    let unchanged = adopt("--store landfall.db").ends(0);
    assert_eq!(unchanged.out, "");
    unchanged.says(&["unchanged    landfall knows of no drift in app-web-development-web"]);

    let hand = |set: Value| {
        let place = json!({ "account": "111111111111", "region": "eu-west-1", "stack": STACK, "resource": "Service" });
        let mut hand = place.as_object().unwrap().clone();
        hand.insert("set".to_owned(), set);
        post(&account, "/_landfall/hands", &Value::Object(hand).to_string(), &[]);
    };
    hand(json!({ "DesiredCount": 3 }));
    home.landfall(&once).ends(0);
    let patch = adopt("--store landfall.db").ends(0).says(&[
        "keeps        Service/DesiredCount: ",
        "3 in development",
        "landfall release new app",
    ]);
    home.write("shop/kept.patch", &patch.out);
    home.git("shop", "apply --check kept.patch");
    home.git("shop", "apply kept.patch");
    std::fs::remove_file(home.path("shop/kept.patch")).unwrap();
    home.landfall("check shop").ends(0);
    let rendered = home.landfall("render app --repo shop --environment development").ends(0);
    rendered.shows(&["DesiredCount: \"3\""]);
    home.git("shop", "checkout --quiet .");
    home.git("shop", "clean --quiet --force");

    // The same from a daemon, from its facts, and from the store that a configuration names.
    let mut daemon =
        home.start(&format!("daemon --repo shop --store landfall.db --listen 127.0.0.1:0 --endpoint {account}"));
    let server = daemon.until_it_says("listening    ");
    let asked = super::program::eventually("the daemon knows of the drift", || {
        let ran = adopt(&format!("--server {server} --format json"));
        (ran.code == 0).then(|| ran.json()).filter(|json| json["kept"].as_array().is_some_and(|kept| !kept.is_empty()))
    });
    assert_eq!((&asked["kept"][0]["path"], &asked["kept"][0]["is"]), (&json!("DesiredCount"), &json!("3")), "{asked}");
    assert_eq!(asked["patch"], json!(patch.out));
    is_as_documented("adopt-drift", &asked);
    home.write("facts.json", &get(&server, "/api/v1/facts").to_string());
    assert_eq!(daemon.stop(), 0);
    assert_eq!(adopt("--facts facts.json").ends(0).out, patch.out);
    home.write("landfall.toml", "store = \"landfall.db\"\n");
    assert_eq!(adopt("--config landfall.toml").ends(0).out, patch.out);

    // What cannot be kept is said, and is not silence.
    hand(json!({ "DesiredCount": 3, "EnableExecuteCommand": true }));
    home.landfall(&once).ends(0);
    adopt("--store landfall.db").ends(1).says(&["left         Service/EnableExecuteCommand: ", "`TaskRoleArn`"]);
    adopt("").ends(2).says(&["--server or --store"]);
    home.landfall("adopt-drift nowhere --repo shop --store landfall.db").ends(1).says(&["has a stack nowhere"]);
}

const PROCESS: &str = r##"[images.web]
repository = "example.com/app"

[[step]]
name = "web"
kind = "ecs-service"
role = "web"
cpu = 256
memory = 512
desired_count = "#{count}"

[[step.container]]
name = "app"
image = "web"
environment = { LEVEL = "info", NAME = "in #{environment.name}" }

[[step.patch]]
resource = "LogGroup"
set = { RetentionInDays = 30 } # a month

[[step]]
name = "raw"
kind = "cloudformation"
role = "web"
template = "raw.json"
"##;

const RAW: &str = r##"{
  "Resources": {
    "Queue": {
      "Type": "AWS::SQS::Queue",
      "Properties": {
        "DelaySeconds": 5
      }
    }
  }
}
"##;

const VARIABLES: &str = r##"[[variable]]
name = "count"
value = 2

[[variable]]
name = "count"
value = 4
scope = { environment = ["production"] }
"##;

fn files() -> Files {
    let target = |environment: &str, cluster: &str| {
        format!(
            "kind = \"ecs-cluster\"\nenvironments = [\"{environment}\"]\nroles = [\"web\"]\naccount = \"main\"\nregion = \
             \"eu-west-1\"\ncluster = \"{cluster}\"\n\n[network]\nsubnets = [\"subnet-0a\"]\n"
        )
    };
    let (test, production) = (target("test", "t"), target("production", "p"));
    let files = [
        ("landfall.toml", "id = \"shop\"\n\n[accounts.main]\nid = \"111111111111\"\n"),
        ("environments/test.toml", "order = 10\n"),
        ("environments/production.toml", "order = 20\n"),
        ("targets/t.toml", &test),
        ("targets/p.toml", &production),
        ("projects/app/project.toml", ""),
        ("projects/app/process.toml", PROCESS),
        ("projects/app/variables.toml", VARIABLES),
        ("projects/app/templates/raw.json", RAW),
    ];
    files.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}

/// What is done about a difference in a stack: in a sentence, and the lines that are new.
fn kept(stack: &str, resource: &str, path: &str, was: Option<&str>, is: Option<&str>) -> (String, Vec<String>) {
    let row = json!({
        "place": { "account": "111111111111", "region": "eu-west-1" },
        "stack": stack,
        "source": "detection",
        "noted": "2026-12-01T08:00:00Z",
        "version": "0.1.0",
        "items": [[{ "resource": resource, "kind": "any", "path": path, "was": was, "is": is }, "2026-12-01T08:00:00Z"]],
    });
    let mut facts = Facts::default();
    facts.drift.push(serde_json::from_value(row).unwrap());
    let adoption = adopted(&files(), stack, &facts);
    let new: BTreeMap<&str, &str> =
        adoption.files.iter().map(|(path, (_, text))| (path.as_str(), text.as_str())).collect();
    assert_eq!(new.is_empty(), adoption.kept.is_empty());
    let patch = adoption.patch();
    let added = patch.lines().filter_map(|line| line.strip_prefix('+').filter(|line| !line.starts_with("++")));
    (adoption.told().lines().next().unwrap_or_default().to_owned(), added.map(str::to_owned).collect())
}

#[test]
fn each_value_is_kept_where_it_is_written() {
    let (web, raw) = ("app-web-production-p", "app-raw-test-t");
    let added = |told: (String, Vec<String>), sentence: &str, lines: &[&str]| {
        assert!(told.0.contains(sentence), "{told:?}");
        assert_eq!(told.1, lines, "{told:?}");
    };
    // A variable that has a value for the environment already gets another one.
    let count = kept(web, "Service", "DesiredCount", Some("4"), Some("6"));
    added(count, "variable count gets the value 6 in production", &["value = 6"]);
    // A text in an environment of a container, which ECS tells by name and below the service.
    let level =
        kept(web, "Service", "TaskDefinition/ContainerDefinitions/app/Environment/LEVEL", Some("info"), Some("debug"));
    added(
        level,
        "new variable web_level, debug in production",
        &[
            "environment = { LEVEL = \"#{web_level}\", NAME = \"in #{environment.name}\" }",
            "",
            "[[variable]]",
            "name = \"web_level\"",
            "value = \"info\"",
            "",
            "[[variable]]",
            "name = \"web_level\"",
            "value = \"debug\"",
            "scope = { environment = \"production\" }",
        ],
    );
    // What a patch sets is set there, and its comment stays.
    let retention = kept(web, "LogGroup", "RetentionInDays", Some("30"), Some("7"));
    assert!(
        retention.1.contains(&"set = { RetentionInDays = \"#{web_retention_in_days}\" } # a month".to_owned()),
        "{retention:?}"
    );
    // A property that nothing sets is the same everywhere, and so are those of templates.
    let policy = kept(web, "Service", "PlatformVersion", None, Some("1.4.0"));
    assert!(policy.0.contains("patch, in every environment"), "{policy:?}");
    let visibility = kept(raw, "Queue", "VisibilityTimeout", None, Some("60"));
    added(visibility, "property of the template, in every environment", &["        \"VisibilityTimeout\": 60,"]);
    let delay = kept(raw, "Queue", "DelaySeconds", Some("5"), Some("9"));
    assert_eq!(delay.1[0], "        \"DelaySeconds\": \"#{raw_delay_seconds}\"", "{delay:?}");
}

#[test]
fn what_no_file_can_keep_is_left_with_its_reason() {
    let web = "app-web-production-p";
    let image = "TaskDefinition/ContainerDefinitions/app/Image";
    type Row<'r> = (&'r str, &'r str, Option<&'r str>, Option<&'r str>, &'r str);
    let table: &[Row<'_>] = &[
        ("Service", image, Some("example.com/app:1"), Some("example.com/app:2"), "landfall release new app"),
        ("Service", "", Some("AWS::ECS::Service"), None, "it was deleted"),
        ("Extra", "", None, Some("AWS::SNS::Topic"), "it was added"),
        ("", "Template", None, Some("…"), "about the stack as a whole"),
        ("Service", "DesiredCount", Some("4"), Some("(not shown)"), "may be secret"),
        ("Gone", "DesiredCount", Some("4"), Some("6"), "no place for it"),
        ("Service", "DesiredCount", Some("4"), Some("-6"), "needs a whole number, 0 or more"),
    ];
    for (resource, path, was, is, why) in table {
        let told = kept(web, resource, path, *was, *is);
        assert!(
            told.0.starts_with("left ") && told.0.contains(why) && told.1.is_empty(),
            "{resource}/{path}: {told:?}"
        );
    }
}
