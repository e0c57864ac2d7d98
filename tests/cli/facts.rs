//! Facts without a daemon beside: from a file, from a URL, and from the ref that a daemon pushed.

use super::program::{Home, Ran, eventually};
use super::world::{get, init, release, world};

const REF: &str = "refs/landfall/facts";

/// A bare repository `origin.git`, a clone of it in `shop`, and an account.
fn origin(home: &Home) -> (super::program::Running, String) {
    let mut sim = home.start("sim --listen 127.0.0.1:0");
    let account = sim.until_it_says("every account and region at ");
    home.landfall(&init("shop", "app")).ends(0);
    home.git(".", "clone --quiet --bare shop origin.git");
    home.git("shop", "remote add origin ../origin.git");
    (sim, account)
}

#[test]
pub(super) fn a_daemon_pushes_what_a_clone_plans_with() {
    let home = Home::new();
    let (_sim, account) = origin(&home);
    home.write("landfall.toml", "[facts]\npush = true\n");
    let daemon = format!("daemon --repo origin.git --config landfall.toml --once --endpoint {account}");
    home.landfall(&daemon).ends(0);
    home.git(".", "clone --quiet origin.git behind");
    home.git("shop", &format!("fetch --quiet origin +{REF}:{REF}"));
    let known = format!("--repo shop --facts {REF}");
    let looks = format!("{known} --endpoint {account}");
    let plan = home.landfall(&format!("plan {looks}")).ends(0).shows(&["app  development  1.0.0  current"]);
    assert!(
        plan.err.contains("facts        ") && plan.err.contains(&format!(" old, from {REF} (store ")),
        "{}",
        plan.err
    );
    assert!(!plan.err.contains("nothing is known of the past"), "{}", plan.err);
    home.landfall(&format!("status {looks}")).ends(0).shows(&["1.0.0", "for "]).says(&["old, from refs/"]);
    let history = home.landfall(&format!("history {known}")).ends(0);
    history.shows(&["1  app/development  1.0.0", "runs"]).says(&["old, from refs/"]);
    let runs = home.landfall(&format!("history {known} --format json")).ends(0).json();
    assert_eq!((&runs[0]["release"], &runs[0]["to"]), (&"1.0.0".into(), &serde_json::Value::Null), "{runs}");
    home.landfall(&format!("history 1 {known}")).ends(2).says(&["cannot be used with"]);

    release(&home, "shop", "app", "2.0.0");
    home.replace("shop/projects/app/process.toml", "memory = 512", "memory = 1024");
    home.commit("shop", "More memory");
    let diff = home.landfall(&format!("diff HEAD~1 {known}")).ends(0);
    diff.says(&["old, from refs/"]).shows(&["with the facts of refs/"]);
    home.git("shop", "push --quiet origin main");
    home.landfall(&daemon).ends(0);
    home.git("behind", &format!("fetch --quiet origin +{REF}:{REF}"));
    let behind = home.landfall(&format!("plan --repo behind --facts {REF} --endpoint {account}")).ends(0);
    behind.says(&["which this clone does not have: git pull"]);
    home.git("shop", &format!("fetch --quiet origin +{REF}:{REF}"));
    let current = home.landfall(&format!("plan {looks}")).ends(0).shows(&["app  development  2.0.0  current"]);
    assert!(!current.err.contains("this clone does not have"), "{}", current.err);
}

#[test]
pub(super) fn facts_come_from_a_file_or_a_url() {
    let world = world();
    let home = &world.home;
    let text = home.landfall(&format!("history --facts {}", world.server)).ends(0);
    text.shows(&["app/development", "1.0.0", "runs"]).says(&[&format!("from {} (store ", world.server)]);
    let facts = get(&world.server, "/api/v1/facts");
    home.write("facts.json", &facts.to_string());
    world.clone_to("informed");
    let looks = |from: &str| -> Ran {
        home.landfall(&format!("plan --repo informed --facts {from} --endpoint {}", world.account))
    };
    for from in ["facts.json", &world.server, &format!("{}/api/v1/facts", world.server)] {
        looks(from).ends(0).shows(&["2.0.0 failed once", "what = \"retry\""]);
    }
    let gate = looks("facts.json").out.split("landfall allow ").nth(1).unwrap()[..8].to_owned();
    let allow = format!("allow {gate} --reason tried --repo informed --facts facts.json --endpoint {}", world.account);
    home.landfall(&allow).ends(0).shows(&["reason = \"tried\""]);
    // Of a daemon that is newer than this landfall.
    let mut newer = facts.clone();
    newer["weather"] = "fine".into();
    newer["runs"][0]["mood"] = serde_json::json!({ "better": true });
    home.write("newer.json", &newer.to_string());
    looks("newer.json").ends(0).shows(&["2.0.0 failed once"]);
}

#[test]
pub(super) fn why_tells_what_an_output_last_was() {
    let world = world();
    let home = &world.home;
    world.clone_to("asked");
    let zone = "\n[[step]]\nname = \"zone\"\nkind = \"cloudformation\"\nrole = \"web\"\ntemplate = \"zone.yaml\"\n";
    let process = home.read("asked/projects/app/process.toml");
    let web = process.replacen("port = ", "environment = { HOST = \"#{steps.zone.outputs.Host}\" }\nport = ", 1);
    home.write("asked/projects/app/process.toml", &format!("{web}{zone}"));
    let template = "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\nOutputs:\n  Host:\n    Value: !Ref Queue\n";
    home.write("asked/projects/app/templates/zone.yaml", template);
    home.landfall("check asked").ends(0);
    let why = |more: &str| {
        home.landfall(&format!("why app steps.zone.outputs.Host --environment development --repo asked {more}"))
    };
    let offline = why("").ends(0).says(&["--server, --store or --facts would show the last value"]);
    let place = "output Host of stack app-zone-development-web in 111111111111/eu-west-1\n";
    let offline = offline.shows(&[
        "read when the stack is deployed\n",
        place,
        "project app, step zone at web (projects/app/process.toml:",
    ]);
    assert!(!offline.out.contains("step zone at web:"), "only who uses it is told: {}", offline.out);
    for who in [format!("--server {}", world.server), "--store landfall.db".to_owned()] {
        why(&who).ends(0).shows(&["read  by no deployment yet\n"]);
    }
    let json = why("--format json").ends(0).json();
    assert_eq!((&json[0]["output"]["read"], &json[0]["value"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    let parameter = json[0]["output"]["parameters"][0].as_str().unwrap().to_owned();
    let mut facts = get(&world.server, "/api/v1/facts");
    facts["reads"] = serde_json::json!([{
        "place": { "account": "111111111111", "region": "eu-west-1" },
        "stack": "app-web-development-web",
        "deployment": 7,
        "at": "2026-11-23T08:00:05Z",
        "values": { parameter.as_str(): "queue-1" },
    }]);
    home.write("read.json", &facts.to_string());
    let read = format!("by deployment 7, 2026-11-23 08:00 UTC, as parameter {parameter} of app-web-development-web\n");
    why("--facts read.json").ends(0).shows(&["queue-1\n", place, &read]);
    let json = why("--facts read.json --format json").ends(0).json();
    assert_eq!(json[0]["output"]["read"]["value"], "queue-1");
    assert_eq!(json[0]["stacks"], serde_json::json!([{ "step": "web", "target": "web" }]));
    let zone = why("--step zone --facts read.json").ends(0).shows(&["by no text of the step"]);
    assert!(!zone.out.contains("queue-1"), "{}", zone.out);
    home.landfall("why app steps.zone.outputs.Hots --environment development --repo asked")
        .ends(3)
        .shows(&["error[unknown-output]", "did you mean `Host`?"]);
}

#[test]
fn what_is_no_facts_is_said() {
    let world = world();
    let home = &world.home;
    let plan = |from: &str| home.landfall(&format!("plan --repo shop --facts {from} --endpoint {}", world.account));
    let facts = get(&world.server, "/api/v1/facts").to_string();
    for (name, text) in [
        ("empty.json", ""),
        ("nothing.json", "{}"),
        ("list.json", "[]"),
        ("cut.json", &facts[..facts.len() / 2]),
        ("wrong.json", &facts.replacen("\"1.0.0\"", "\"../1.0.0\"", 1)),
        ("later.json", &facts.replacen("\"failed\"", "\"evaporated\"", 1)),
    ] {
        home.write(name, text);
        plan(name).ends(1).says(&[&format!("{name} does not contain facts that this landfall can read")]);
    }
    std::fs::write(home.path("binary.json"), [0xff, 0xfe, 0]).unwrap();
    plan("binary.json").ends(1).says(&["cannot read binary.json"]);
    plan("refs/landfall/facts").ends(1).says(&["no such revision in shop", "git fetch origin +refs/landfall/facts:"]);
    plan("HEAD").ends(1).says(&["has no file facts.json"]);
    plan(&format!("{}/api/v1/status", world.server)).ends(1).says(&["does not contain facts"]);
    plan(&format!("{}/api/v1/nothing", world.server)).ends(1).says(&["answers 404"]);
    plan("http://127.0.0.1:9").ends(1).says(&["cannot ask the daemon at http://127.0.0.1:9"]);
    plan("facts.json --store landfall.db").ends(2).says(&["cannot be used with"]);
}

#[test]
fn a_push_that_fails_stops_nothing() {
    let home = Home::new();
    let (_sim, account) = origin(&home);
    // A branch of that name leaves no room for the ref.
    home.git("origin.git", "update-ref refs/landfall/facts/here main");
    home.write("landfall.toml", "[facts]\npush = true\n");
    let daemon = format!("daemon --repo origin.git --config landfall.toml --log-format text --endpoint {account}");
    let mut running = home.start(&daemon);
    running.until_it_says("cannot publish the facts; deployments go on");
    release(&home, "shop", "app", "2.0.0");
    home.git("shop", "push --quiet origin main");
    eventually("the next release", || {
        let history = home.landfall("history --store landfall.db --format json").json();
        (history[0]["release"] == "2.0.0" && history[0]["ended"].is_string()).then_some(())
    });
    assert!(running.said().contains("again_in=5"), "{}", running.said());
    assert_eq!(running.stop(), 0);
}

#[test]
pub(super) fn a_configuration_names_the_store_of_a_history() {
    let world = world();
    world.home.write("past.toml", "store = \"landfall.db\"\n");
    world.home.landfall("history --config past.toml").ends(0).shows(&["1.0.0", "proved"]);
    world.home.landfall("history --config missing.toml").ends(2).says(&["cannot read missing.toml"]);
    world.home.write("nothing.toml", "");
    world.home.landfall("history --config nothing.toml").ends(2).says(&["--server or --store"]);
}
