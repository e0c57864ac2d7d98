//! Stores that were restored, lost, or that meet the stacks of another one, on the real program and a simulated account.

use std::collections::BTreeMap;

use super::program::{Home, Running, eventually};
use super::world::{get, init, operations, post, release};

/// A repository whose releases enter development and then production by themselves, and an account.
fn two_environments(home: &Home) -> (Running, String) {
    home.landfall(&init("shop", "app")).ends(0);
    home.write("shop/environments/production.toml", "order = 2\n");
    home.replace("shop/targets/web.toml", "[\"development\"]", "[\"development\", \"production\"]");
    home.write(
        "shop/lifecycles/standard.toml",
        "[[phase]]\nname = \"d\"\nautomatic = [\"development\"]\n[[phase]]\nname = \"p\"\nautomatic = [\"production\"]\n",
    );
    home.write("shop/projects/app/project.toml", "lifecycle = \"standard\"\nattempts = 1\n");
    home.commit("shop", "Two environments");
    let mut sim = home.start("sim --listen 127.0.0.1:0");
    let account = sim.until_it_says("every account and region at ");
    (sim, account)
}

/// The tokens that an account accepted for more than one thing.
fn used_twice(account: &str) -> Vec<String> {
    let ledger = get(account, "/_landfall/ledger");
    let effective = ledger.as_array().unwrap().iter().filter(|row| row["effect"] == "effective");
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for row in effective.filter(|row| row["token"].is_string()) {
        *times.entry(format!("{} {}", row["operation"], row["token"])).or_default() += 1;
    }
    times.into_iter().filter(|(_, times)| *times > 1).map(|(token, _)| token).collect()
}

#[test]
fn a_backup_takes_nothing_back() {
    let home = Home::new();
    let (_sim, account) = two_environments(&home);
    let daemon = format!("daemon --repo shop --store landfall.db --once --endpoint {account}");
    home.landfall(&daemon).ends(0);
    std::fs::copy(home.path("landfall.db"), home.path("backup.db")).unwrap();
    release(&home, "shop", "app", "1.1.0");
    home.landfall(&daemon).ends(0);
    std::fs::remove_file(home.path("landfall.db")).unwrap();
    std::fs::copy(home.path("backup.db"), home.path("landfall.db")).unwrap();
    // 1.2.0 does not get through development, so that production shows what the backup does to it.
    let fault = r#"{"fault":"image-crashes","image":"example.com/app:1.2.0","exit_code":1}"#;
    post(&account, "/_landfall/faults", fault, &[]);
    release(&home, "shop", "app", "1.2.0");
    let production = operations(&account, "app-web-production");
    let restored = home.landfall(&daemon).ends(1);
    restored.says(&["is found to run 1.1.0, which is not in this store's journal"]);
    let status = home.landfall(&format!("status --repo shop --store landfall.db --endpoint {account}")).out;
    let row = status.lines().find(|line| line.contains("production")).unwrap();
    assert!(row.contains("1.1.0"), "{status}");
    assert_eq!(operations(&account, "app-web-production"), production, "production is not changed");
    assert_eq!(used_twice(&account), [""; 0]);
}

#[test]
pub(super) fn a_lost_store_is_rebuilt_without_a_change() {
    let home = Home::new();
    let (_sim, account) = two_environments(&home);
    let daemon = |store: &str| format!("daemon --repo shop --store {store} --endpoint {account}");
    home.landfall(&format!("{} --once --adopt", daemon("first.db"))).ends(0);
    let before = operations(&account, "");

    let asked = home.landfall(&format!("{} --once", daemon("second.db")));
    asked.says(&["2 stacks of repository `shop` were last deployed by another store (", "landfall store adopt"]);
    assert_eq!(operations(&account, ""), before, "nothing is changed before the answer");
    let plan = home.landfall(&format!("plan --repo shop --store second.db --endpoint {account}"));
    plan.shows(&["nothing changes until you answer", "All of them are as this repository wants them"]);

    home.landfall(&format!("{} --once --adopt", daemon("second.db"))).ends(0);
    assert_eq!(operations(&account, ""), before, "what is as ordered is proved as it is");
    let status = home.landfall(&format!("status --repo shop --store second.db --endpoint {account}")).out;
    assert_eq!(status.matches("1.0.0").count(), 2, "{status}");
    release(&home, "shop", "app", "1.1.0");
    home.landfall(&format!("{} --once", daemon("second.db"))).ends(0);
    // The older store does not fight.
    let after = operations(&account, "");
    home.landfall(&format!("{} --once", daemon("first.db"))).says(&["were last deployed by another store ("]);
    assert_eq!(operations(&account, ""), after);
}

#[test]
fn a_second_repository_with_the_same_id_changes_nothing() {
    let home = Home::new();
    home.landfall(&init("one", "app")).ends(0);
    home.landfall(&init("two", "app").replace("--id two", "--id one")).ends(0);
    home.replace("two/projects/app/process.toml", "example.com/app", "example.com/other");
    home.commit("two", "Another application");
    release(&home, "two", "app", "1.0.1");
    let mut sim = home.start("sim --listen 127.0.0.1:0");
    let account = sim.until_it_says("every account and region at ");
    home.landfall(&format!("daemon --repo one --store one.db --once --endpoint {account}")).ends(0);
    let before = operations(&account, "");
    let second = home.landfall(&format!("daemon --repo two --store two.db --once --endpoint {account}"));
    second.says(&["1 stack of repository `one` was last deployed by another store ("]);
    assert_eq!(operations(&account, ""), before);
    let plan = home.landfall(&format!("plan --repo two --store two.db --endpoint {account}"));
    plan.shows(&[
        "another repository has the id `one` too",
        "Stack app-web-development-web differs from this repository",
    ]);
}

#[test]
fn two_daemons_on_copies_of_a_store_deploy_each_thing_once() {
    let home = Home::new();
    let (_sim, account) = two_environments(&home);
    let process = home.read("shop/projects/app/process.toml");
    let task = "[[step]]\nname = \"migrate\"\nkind = \"ecs-task\"\nrole = \"web\"\ncpu = 256\nmemory = 512\n\n\
                [[step.container]]\nname = \"app\"\nimage = \"app\"\n\n";
    home.write("shop/projects/app/process.toml", &process.replacen("[[step]]", &format!("{task}[[step]]"), 1));
    release(&home, "shop", "app", "1.0.1");
    let daemon = |store: &str| format!("daemon --repo shop --store {store} --endpoint {account}");
    home.landfall(&format!("{} --once", daemon("first.db"))).ends(0);
    std::fs::copy(home.path("first.db"), home.path("copy.db")).unwrap();
    let mut racing = [home.start(&daemon("first.db")), home.start(&daemon("copy.db"))];
    racing.iter_mut().for_each(|daemon| drop(daemon.until_it_says("read at ")));
    let executed = |stack: &str| {
        let all = operations(&account, &format!("{stack}/"));
        all.into_iter().filter(|operation| operation == "ExecuteChangeSet").count()
    };
    let stacks =
        ["development", "production"].map(|place| [format!("app-web-{place}-web"), format!("app-migrate-{place}-web")]);
    let before: Vec<usize> = stacks.iter().flatten().map(|stack| executed(stack)).collect();
    for version in ["1.1.0", "1.2.0", "1.3.0"] {
        release(&home, "shop", "app", version);
        let number = executed("app-web-production-web");
        eventually("the release in production", || (executed("app-web-production-web") > number).then_some(()));
    }
    // Whoever was second has time to do it again.
    std::thread::sleep(std::time::Duration::from_secs(3));
    let said: Vec<String> = racing.into_iter().map(|daemon| daemon.said_until_it_stopped()).collect();
    let after: Vec<usize> = stacks.iter().flatten().map(|stack| executed(stack)).collect();
    let story = said.join("\n--- the copy:\n");
    assert_eq!(after, before.iter().map(|times| times + 3).collect::<Vec<_>>(), "{story}");
    assert_eq!(used_twice(&account), [""; 0], "{story}");
    let ledger = get(&account, "/_landfall/ledger");
    let runs =
        ledger.as_array().unwrap().iter().filter(|row| row["operation"] == "RunTask" && row["effect"] == "effective");
    let mut tasks: BTreeMap<String, usize> = BTreeMap::new();
    runs.for_each(|row| *tasks.entry(row["subject"].to_string()).or_default() += 1);
    assert!(tasks.len() >= 8 && tasks.values().all(|times| *times == 1), "{tasks:?}\n{story}");
    let noticed = ["last deployed by another store", "which is not in this store's journal"];
    assert!(noticed.iter().any(|sentence| story.contains(sentence)), "nobody noticed the other one:\n{story}");
}

#[test]
pub(super) fn the_operator_answers_beside_the_daemon() {
    let home = Home::new();
    let (_sim, account) = two_environments(&home);
    home.landfall(&format!("daemon --repo shop --store first.db --once --adopt --endpoint {account}")).ends(0);
    let before = operations(&account, "");
    home.landfall("store adopt").ends(1).says(&["there is no store landfall.db"]);
    home.landfall("store adopt --store first.db").ends(1).says(&["the store first.db asks no question"]);

    home.write("landfall.toml", "store = \"second.db\"\npoll = \"1s\"\n");
    let mut daemon = home.start(&format!("daemon --config landfall.toml --repo shop --endpoint {account}"));
    daemon.until_it_says("were last deployed by another store");
    let told = home.landfall("store adopt --config landfall.toml --dry-run").ends(0);
    told.shows(&["repository   shop", "111111111111/eu-west-1", "app-web-development-web", "app-web-production-web"]);
    home.landfall("store adopt --store second.db").ends(0).shows(&["agreed "]);
    daemon.until_it_says("this store deploys repository `shop` from now on (2 stacks)");
    daemon.until_it_says("production");
    assert_eq!(operations(&account, ""), before, "taking over changes nothing");
    home.landfall("store verify --store second.db").ends(0).shows(&["intact"]);
    release(&home, "shop", "app", "1.1.0");
    daemon.until_it_says("1.1.0  development   deployed");
    assert_eq!(daemon.stop(), 0);
}
