//! `landfall daemon --once`: every exit code, and that it always ends.

use serde_json::json;

use super::program::{Home, Ran, Running};
use super::world::{init, operations, post, release};

/// A repository `shop` of project `app`, and an account of its own.
fn account(home: &Home) -> (Running, String) {
    home.landfall(&init("shop", "app")).ends(0);
    let mut sim = home.start("sim --listen 127.0.0.1:0");
    let account = sim.until_it_says("every account and region at ");
    (sim, account)
}

fn fault(account: &str, fault: &serde_json::Value) {
    post(account, "/_landfall/faults", &fault.to_string(), &[]);
}

fn deny(account: &str, operation: &str) {
    fault(account, &json!({ "fault": "call", "operation": operation, "effect": "deny", "times": 1000 }));
}

fn once(home: &Home, account: &str) -> Ran {
    home.landfall(&format!("daemon --repo shop --store landfall.db --endpoint {account} --once --patience 3s"))
}

#[test]
pub(super) fn what_cannot_be_seen_is_waited_for_and_then_6() {
    let home = Home::new();
    let (_sim, account) = account(&home);
    deny(&account, "DescribeStacks");
    let ran = home
        .landfall(&format!("daemon --repo shop --store landfall.db --endpoint {account} --once --patience 3s"))
        .ends(6);
    ran.says(&[
        "unseen       111111111111/eu-west-1 has not been seen for",
        "AWS denies DescribeStacks",
        "landfall iam",
    ]);
    assert!(operations(&account, "app-web").is_empty());
    // `plan` says so too, and its exit code as well; so does `verify`, unless something is seen to be wrong.
    home.landfall(&format!("verify shop --endpoint {account}")).ends(6).shows(&["unseen", "denies DescribeStacks"]);
    home.landfall("verify shop --endpoint http://127.0.0.1:9").ends(6).shows(&["unseen"]);
    home.landfall(&format!("plan --repo shop --store landfall.db --endpoint {account}")).ends(6);
    let doctor = home.landfall(&format!("doctor --repo shop --store landfall.db --endpoint {account}")).ends(6);
    doctor.shows(&["state  cannot be seen"]);
}

#[test]
fn a_call_that_is_denied_for_longer_than_the_patience_is_6_and_goes_on_next_time() {
    let home = Home::new();
    let (_sim, account) = account(&home);
    deny(&account, "CreateChangeSet");
    once(&home, &account).ends(6);
    super::world::delete(&account, "/_landfall/faults");
    once(&home, &account).ends(0).says(&["1.0.0  development   deployed"]);
}

#[test]
fn a_branch_that_cannot_be_reached_is_6() {
    let home = Home::new();
    let (_sim, account) = account(&home);
    let daemon = "daemon --repo http://127.0.0.1:9/repo.git --store landfall.db --once --patience 2s --endpoint";
    home.landfall(&format!("{daemon} {account}")).ends(6).says(&["unseen       git has not been seen for"]);
    home.landfall(&format!("daemon --repo nowhere --store other.db --once --patience 1s --endpoint {account}")).ends(6);
}

#[test]
fn an_outage_that_ends_in_time_is_0() {
    let home = Home::new();
    let (_sim, account) = account(&home);
    fault(&account, &json!({ "fault": "call", "operation": "DescribeStacks", "effect": "fail", "times": 10 }));
    let daemon = format!("daemon --repo shop --store landfall.db --endpoint {account} --once --patience 30s");
    home.landfall(&daemon).ends(0).says(&["1.0.0  development   deployed"]);
}

#[test]
fn a_failure_is_1_what_it_leaves_held_is_5_and_errors_are_3() {
    let home = Home::new();
    let (_sim, account) = account(&home);
    home.write("shop/projects/app/project.toml", "attempts = 1\n");
    home.commit("shop", "One attempt");
    once(&home, &account).ends(0);
    fault(&account, &json!({ "fault": "image-crashes", "image": "example.com/app:2.0.0", "exit_code": 1 }));
    release(&home, "shop", "app", "2.0.0");
    once(&home, &account).ends(1);
    once(&home, &account).ends(5);
    home.write("shop/environments/broken.toml", "order = \"first\"\n");
    home.commit("shop", "Break something");
    once(&home, &account).ends(3);
}

#[test]
fn what_waits_for_a_pin_that_nobody_wrote_is_0() {
    let home = Home::new();
    let (_sim, account) = account(&home);
    home.write("shop/environments/production.toml", "order = 2\n");
    home.replace("shop/targets/web.toml", "[\"development\"]", "[\"development\", \"production\"]");
    home.commit("shop", "Two environments");
    once(&home, &account).ends(0);
}

#[test]
fn stacks_of_a_tenant_that_is_gone_wait_at_a_gate_that_the_printed_command_opens() {
    let home = Home::new();
    let (_sim, account) = account(&home);
    home.replace("shop/targets/web.toml", "kind =", "tenant_tags = [\"ring/early\"]\nkind =");
    let accounts = "id = \"shop\"\n[accounts.main]\nid = \"111111111111\"\n[tag_sets]\nring = [\"early\"]\n";
    home.write("shop/landfall.toml", accounts);
    home.write("shop/projects/app/project.toml", "tenancy = \"both\"\n");
    home.write("shop/tenants/one.toml", "tags = [\"ring/early\"]\n[projects.app]\nenvironments = [\"development\"]\n");
    home.write("shop/environments/development.toml", "protected = true\n");
    home.commit("shop", "Deploy for one tenant");
    once(&home, &account).ends(0);
    std::fs::remove_file(home.path("shop/tenants/one.toml")).unwrap();
    home.write("shop/environments/development.toml", "protected = true\nprune = true\n");
    home.commit("shop", "Remove the tenant");
    once(&home, &account).ends(5);
    let known = format!("--repo shop --store landfall.db --endpoint {account}");
    let plan = home.landfall(&format!("plan {known}")).ends(0);
    let id = plan.out.split("landfall allow ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    home.landfall(&format!("allow {id} --reason gone {known}")).ends(0);
    home.landfall("check shop").ends(0);
    home.commit("shop", "Let its stacks go");
    once(&home, &account).ends(0);
    assert!(operations(&account, "app-web").contains(&"DeleteStack".to_owned()), "{}", plan.out);
}
