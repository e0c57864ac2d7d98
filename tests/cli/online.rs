//! The commands that ask a daemon, a store or AWS.

use super::program::{Home, eventually};
use super::world::{cloudformation, ecs, init, operations, release, world};

#[test]
pub(super) fn the_daemon_follows_a_branch_and_keeps_a_store() {
    let world = world();
    let home = Home::new();
    home.landfall(&init("other", "branched")).ends(0);
    home.git("other", "switch --quiet --create next");
    release(&home, "other", "branched", "3.0.0");
    home.git("other", "switch --quiet main");
    let daemon = "daemon --repo other --branch next --store sqlite:here.db --once --log-format json --endpoint";
    let log = home.landfall(&format!("{daemon} {}", world.account)).ends(0).err;
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["message"].is_string() && line["level"] == "INFO"), "{log}");
    assert!(!operations(&world.account, "branched-web-development").is_empty(), "it went to the endpoint");
    let history = home.landfall("history --store here.db --format json").ends(0).json();
    assert_eq!(history[0]["release"], "3.0.0", "main has no 3.0.0: {history}");
}

#[test]
pub(super) fn a_simulated_account_is_brought_along() {
    let home = Home::new();
    home.landfall(&init("alone", "alone")).ends(0);
    let once = home.landfall("daemon --repo alone --simulate --once").ends(0);
    once.says(&["1 project, 1 environment, 1 target", "alone        1.0.0  development   deployed"]);
    assert!(!home.path("landfall.db").exists(), "what was simulated is no past of real accounts");
    let mut daemon = home.start("daemon --repo alone --simulate --listen 127.0.0.1:0 --store second.db");
    let server = daemon.until_it_says("listening    ");
    daemon.until_it_says("development   deployed");
    home.landfall(&format!("status --server {server}")).ends(0).shows(&["alone", "development", "1.0.0"]);
    let second = home.landfall("daemon --repo alone --simulate --once --store second.db").ends(1);
    second.says(&["the store second.db is in use by landfall, process"]);
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn a_daemon_that_ends_by_itself_tells_failures_and_errors() {
    let home = Home::new();
    home.landfall(&init("failing", "app")).ends(0);
    home.write("failing/projects/app/project.toml", "lifecycle = \"missing\"\n");
    home.commit("failing", "Name a lifecycle that is not there");
    home.landfall("daemon --repo failing --simulate --once").ends(3).says(&["unknown-lifecycle"]);
    home.landfall("daemon --repo nowhere --simulate --once").ends(6).says(&["nowhere"]);
}

#[test]
pub(super) fn plan_asks_the_daemon() {
    let world = world();
    let plan = |options: &str| world.home.landfall(&format!("plan --server {} {options}", world.server));
    plan("").ends(0).shows(&["app", "2.0.0 failed once", "what = \"retry\"", "landfall allow ", "production"]);
    plan("--exit-code").ends(5);
    let json = plan("--diff --format json").ends(0).json();
    assert!(json["differences"].is_object(), "{json}");
    assert!(plan("--format json").ends(0).json().get("differences").is_none());
    let both = plan("--repo shop").ends(2);
    both.says(&["cannot be used with"]);
}

#[test]
pub(super) fn plan_looks_for_itself() {
    let world = world();
    world.clone_to("planned");
    let home = &world.home;
    home.replace("planned/projects/app/process.toml", "memory = 512", "memory = 1024");
    release(home, "planned", "app", "2.1.0");
    let past = format!("plan --repo planned --store landfall.db --endpoint {}", world.account);
    let plan = home.landfall(&format!("{past} --diff --exit-code")).ends(4);
    plan.shows(&["deploys now", "from 1.0.0, 1 stack to change", "-   Memory: \"512\"", "+   Memory: \"1024\""]);
    let present = home.landfall(&format!("plan --repo shop --endpoint {}", world.account)).ends(0);
    present.says(&["without --server, --store or --facts, nothing is known of the past"]);
    home.landfall("plan --repo shop --store missing.db").ends(1).says(&["there is no store missing.db"]);
}

#[test]
pub(super) fn a_configuration_names_store_and_endpoint() {
    let world = world();
    let home = &world.home;
    home.write("asking.toml", &format!("store = \"landfall.db\"\n[aws]\nendpoint = \"{}\"\n", world.account));
    let plan = home.landfall("plan --repo shop --config asking.toml").ends(0).shows(&["2.0.0 failed once"]);
    assert!(!plan.err.contains("nothing is known of the past"), "{}", plan.err);
    home.landfall("status --repo shop --config asking.toml").ends(0).shows(&["1.0.0", "for "]);
    home.landfall("verify shop --config asking.toml").ends(0).shows(&["fine"]);
    let gate = gate(home, &world.server);
    world.clone_to("configured");
    let allow = format!("allow {gate} --reason tried --repo configured --config asking.toml");
    home.landfall(&allow).ends(0).shows(&["reason = \"tried\""]);
}

#[test]
pub(super) fn status_shows_what_runs() {
    let world = world();
    let status = |options: &str| world.home.landfall(&format!("status {options}"));
    let asked = status(&format!("--server {}", world.server)).ends(0);
    let asked = asked.shows(&["app  development  1.0.0  for ", "held, 2.0.0 is wanted", "production"]);
    let looked = status(&format!("--repo shop --store landfall.db --endpoint {}", world.account)).ends(0);
    assert_eq!(looked.out.split("for ").next(), asked.out.split("for ").next(), "both say the same");
    let json = status(&format!("--server {} --format json", world.server)).ends(0).json();
    assert_eq!(json["slots"][0]["release"], "1.0.0", "{json}");
    assert!(json["slots"][0]["since"].is_string(), "{json}");
    status("").ends(2).says(&["only a daemon, its store or its facts", "--server or --store"]);
}

#[test]
pub(super) fn history_tells_what_happened() {
    let world = world();
    let home = &world.home;
    home.landfall(&format!("history --server {}", world.server)).ends(0).shows(&["2.0.0", "failed", "1.0.0", "proved"]);
    let stored = home.landfall("history --store landfall.db --format json").ends(0).json();
    assert_eq!((&stored[0]["release"], &stored[1]["release"]), (&"2.0.0".into(), &"1.0.0".into()), "{stored}");
    let failed = stored[0]["deployment"].as_u64().unwrap();
    let one = home.landfall(&format!("history {failed} --server {}", world.server)).ends(0);
    one.shows(&["app 2.0.0 did not reach development", "app exit 1", "journal", "UPDATE_ROLLBACK_COMPLETE", "next"]);
    let one = home.landfall(&format!("history {failed} --server {} --format json", world.server)).ends(0).json();
    assert!(one["journal"].as_array().unwrap().len() > 5, "{one}");
    home.landfall("history 999 --store landfall.db").ends(1).says(&["there is no deployment 999"]);
    home.landfall(&format!("history 999 --server {}", world.server)).ends(1).says(&["there is no deployment 999"]);
}

/// The plan of the gate that is closed.
fn gate(home: &Home, server: &str) -> String {
    let plan = home.landfall(&format!("plan --server {server} --format json")).json();
    let decision = &plan["slots"][0]["decision"];
    let reasons = decision["reasons"].as_array().or_else(|| decision["waiting"][0]["reasons"].as_array());
    reasons.unwrap()[0]["allow"]["plan"].as_str().unwrap_or_else(|| panic!("no gate in {plan}")).to_owned()
}

#[test]
pub(super) fn allow_writes_the_lines_that_open_a_gate() {
    let world = world();
    let (home, gate) = (&world.home, gate(&world.home, &world.server));
    world.clone_to("asked");
    let allow =
        format!("allow {gate} --repo asked --reason 'quota raised' --until 2030-01-31 --server {}", world.server);
    let lines = home.landfall(&allow).ends(0).says(&["it takes effect when it lands"]).out;
    for part in ["what = \"retry\"", &format!("plan = \"{gate}\""), "reason = \"quota raised\"", "until = 2030-01-31"] {
        assert!(lines.contains(part), "no `{part}` in:\n{lines}");
    }
    let lines = lines.split_once("\n\n").unwrap().0;
    assert!(home.read("asked/projects/app/deploy/development.toml").ends_with(&format!("{lines}\n")));
    home.landfall("check asked").ends(0);
    world.clone_to("looked");
    let looks = format!("--repo looked --store landfall.db --endpoint {}", world.account);
    let allow = home.landfall(&format!("allow {gate} --reason tried {looks}")).ends(0);
    let lines = allow.out.split_once("\n\n").unwrap().0;
    assert!(home.read("looked/projects/app/deploy/development.toml").ends_with(&format!("{lines}\n")));
    let what = |what: &str| home.landfall(&format!("allow {gate} --what {what} --reason x {looks}"));
    what("rollback").ends(1).says(&["`--what rollback` does not open this gate", "use `retry`"]);
    what("retry").ends(0);
    let other = home.landfall(&format!("allow 00000000 --reason x --server {}", world.server)).ends(1);
    other.says(&["no gate waits for plan 00000000", "`landfall plan` shows every gate"]);
}

/// A daemon that answers every request with this.
fn answers(answer: &serde_json::Value) -> String {
    use std::io::{BufRead as _, BufReader, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let body = answer.to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
            write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    address
}

#[test]
pub(super) fn allow_answers_all_that_wait_for_a_plan_or_one_of_them() {
    let file = "projects/app/deploy/production.toml";
    let gate = |stack: &str, plan: &str| {
        let toml = format!("[[allow]]\nwhat = \"continue\"\nstack = \"{stack}\"\nplan = \"{plan}\"\nreason = \"…\"\n");
        serde_json::json!({"code": "stopped", "allow": {"file": file, "toml": toml, "plan": plan, "or": "rollback"}})
    };
    let reasons =
        [gate("web-eu", "aaaaaaaa"), gate("web-us", "aaaaaaaa"), gate("web-cn", "aaaaaaaa"), gate("x", "bbbbbbbb")];
    let mut answer = serde_json::to_value(landfall::model::Facts::default()).unwrap();
    answer["slots"] = serde_json::json!([{"decision": {"state": "held", "reasons": reasons}}]);
    let server = answers(&answer);
    let stacks = |options: &str| {
        let home = Home::new();
        home.write("shop/landfall.toml", "id = \"shop\"\n");
        let written = home.landfall(&format!("allow aaaaaaaa --repo shop --reason fine --server {server} {options}"));
        let written = written.ends(0);
        let text = home.read(&format!("shop/{file}"));
        assert!(written.out.starts_with(&format!("{text}\n")), "{}", written.out);
        let table: toml::Table = text.parse().unwrap();
        let of = |key: &str| {
            let all = table["allow"].as_array().unwrap().iter();
            all.map(|lines| lines[key].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        (of("stack"), of("what"))
    };
    let (all, what) = stacks("");
    assert_eq!((all, what), (vec!["web-eu".into(), "web-us".into(), "web-cn".into()], vec!["continue".to_owned(); 3]));
    assert_eq!(stacks("--stack web-us --what rollback"), (vec!["web-us".to_owned()], vec!["rollback".to_owned()]));
    let none = Home::new().landfall(&format!("allow aaaaaaaa --stack web --reason x --server {server}"));
    none.ends(1).says(&["stack web has no gate of plan aaaaaaaa"]);
}

#[test]
pub(super) fn verify_looks_at_each_target() {
    let world = world();
    let home = &world.home;
    let verify = |options: &str| home.landfall(&format!("verify shop --endpoint {} {options}", world.account));
    let fine = verify("").ends(0).shows(&["web", "fine", "in account 111111111111", "cluster web is active"]);
    fine.says(&["is not checked"]);
    verify("--target other").ends(2).says(&["there is no target `other`", "the only target is web"]);
    world.clone_to("verified");
    let target = home.read("verified/targets/web.toml").replace("cluster = \"web\"", "cluster = \"web2\"");
    home.write("verified/targets/second.toml", &target);
    let json = home.landfall(&format!("verify verified --target second --format json --endpoint {}", world.account));
    let json = json.ends(0).json();
    assert!(json.as_array().unwrap().iter().all(|finding| finding["target"] == "second"), "{json}");
}

#[test]
pub(super) fn the_simulated_account_takes_its_time() {
    let world = world();
    let home = Home::new();
    let mut slow = home.start("sim --real-pace --listen 127.0.0.1:0");
    let slow_account = slow.until_it_says("every account and region at ");
    let template = r#"{"Resources":{"Logs":{"Type":"AWS::Logs::LogGroup"}}}"#;
    let create = format!("Action=CreateStack&StackName=anybody&TemplateBody={template}");
    let status = |account: &str| cloudformation(account, "Action=DescribeStacks&StackName=anybody");
    for account in [&slow_account, &world.account] {
        cloudformation(account, &create);
    }
    eventually("CREATE_COMPLETE", || status(&world.account).contains("CREATE_COMPLETE").then_some(()));
    assert!(status(&slow_account).contains("CREATE_IN_PROGRESS"), "AWS is not that quick");
    slow.stop();
}

#[test]
pub(super) fn the_simulated_account_plays_a_scenario() {
    let home = Home::new();
    home.landfall("sim --scenario none.toml").ends(2).says(&["cannot read none.toml"]);
    home.write("rehearsal.toml", "page_size = 1\n[[fault]]\nfault = \"meteor\"");
    let wrong = home.landfall("sim --scenario rehearsal.toml");
    wrong.ends(2).says(&["rehearsal.toml is not a scenario", "line 2, column 1: unknown variant `meteor`"]);
    let scenario = r#"
        page_size = 1
        [[fault]]
        fault = "call"
        operation = "ListClusters"
        effect = "deny"
        after = { operation = "DescribeClusters", calls = 2 }
    "#;
    home.write("rehearsal.toml", scenario);
    for (options, pages) in [("", true), ("--page-size 2", false)] {
        let mut sim = home.start(&format!("sim --listen 127.0.0.1:0 --scenario rehearsal.toml {options}"));
        let account = sim.until_it_says("every account and region at ");
        let template = r#"{"Resources":{"Logs":{"Type":"AWS::Logs::LogGroup"}}}"#;
        for name in ["first", "second"] {
            assert!(ecs(&account, "ListClusters", "{}").contains("clusterArns"));
            ecs(&account, "DescribeClusters", "{}");
            cloudformation(&account, &format!("Action=CreateStack&StackName={name}&TemplateBody={template}"));
        }
        assert!(ecs(&account, "ListClusters", "{}").contains("AccessDenied"), "the second call brings the fault");
        assert!(ecs(&account, "ListClusters", "{}").contains("clusterArns"));
        assert_eq!(cloudformation(&account, "Action=DescribeStacks").contains("<NextToken>"), pages, "{options}");
        sim.stop();
    }
}

#[test]
pub(super) fn the_simulated_account_is_as_strict_as_it_is_told_to_be() {
    let home = Home::new();
    home.landfall("sim --cluster main").ends(2).says(&["account/region/name"]);
    home.landfall("sim --cluster 1/eu-west-1/main").ends(2).says(&["1/eu-west-1/main"]);
    home.landfall("sim --region Europe").ends(2).says(&["Europe"]);
    home.landfall("sim --subnet subnet-0a").ends(2).says(&["account/region/name"]);
    home.landfall("sim --page-size 0").ends(2).says(&["--page-size"]);
    let options = "--cluster 111111111111/eu-west-1/main --role arn:aws:iam::111111111111:role/deploy --subnet \
                   111111111111/eu-west-1/subnet-0a --security-group 111111111111/eu-west-1/sg-0a --throttle --stale-reads 2 \
                   --page-size 1 --region eu-west-1";
    let mut sim = home.start(&format!("sim --listen 127.0.0.1:0 {options}"));
    let account = sim.until_it_says("every account and region at ");
    let describe =
        |cluster: &str| ecs(&account, "DescribeServices", &format!(r#"{{"cluster":"{cluster}","services":["a"]}}"#));
    assert!(describe("main").contains("MISSING") && describe("other").contains("ClusterNotFoundException"));
    let definition =
        r#"{"family":"web","networkMode":"awsvpc","containerDefinitions":[{"name":"app","image":"a","memory":128}]}"#;
    ecs(&account, "RegisterTaskDefinition", definition);
    let create = |subnet: &str, group: &str| {
        let network = format!(r#"{{"awsvpcConfiguration":{{"subnets":["{subnet}"],"securityGroups":["{group}"]}}}}"#);
        let service = r#""cluster":"main","serviceName":"b","taskDefinition":"web","desiredCount":0"#;
        ecs(&account, "CreateService", &format!(r#"{{{service},"networkConfiguration":{network}}}"#))
    };
    assert!(create("subnet-0b", "sg-0a").contains("InvalidSubnetID.NotFound"));
    assert!(create("subnet-0a", "sg-0b").contains("InvalidGroup.NotFound"));
    assert!(create("subnet-0a", "sg-0a").contains("serviceArn"));
    let throttled = (0..500).any(|_| describe("main").contains("ThrottlingException"));
    assert!(throttled, "a hundred calls at once and twenty in a second are all that AWS allows");
    let call = |query: &str| cloudformation(&account, query);
    let template = r#"{"Resources":{"Logs":{"Type":"AWS::Logs::LogGroup"}}}"#;
    call(&format!("Action=CreateStack&StackName=first&TemplateBody={template}"));
    call(&format!(
        "Action=CreateChangeSet&StackName=second&ChangeSetName=s&ChangeSetType=CREATE&TemplateBody={template}"
    ));
    assert!(call("Action=DescribeStacks").contains("<NextToken>"), "one stack is on a page");
    let set =
        || call("Action=DescribeChangeSet&StackName=second&ChangeSetName=s").contains(">AVAILABLE<").then_some(());
    eventually("the change set", set);
    call("Action=ExecuteChangeSet&StackName=second&ChangeSetName=s");
    let late = || call("Action=DescribeStacks&StackName=second").contains("REVIEW_IN_PROGRESS");
    assert_eq!([late(), late(), late()], [true, true, false]);
    sim.stop();
}

#[test]
pub(super) fn the_demo_stays_up_to_be_played_with() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let home = Home::new();
    let mut demo = home.start(&format!("demo --dir made --listen 127.0.0.1:{port}"));
    demo.until_it_says("Your turn");
    let said = demo.said();
    let server = format!("http://127.0.0.1:{port}");
    assert!(said.contains(&format!("landfall status --server {server}")), "{said}");
    home.landfall(&format!("status --server {server}")).ends(0).shows(&["storefront", "production", "1.4.0"]);
    assert!(home.path("made/.git").exists());
    assert_eq!(demo.stop(), 0);
}
