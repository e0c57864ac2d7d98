//! Commits that vanish upstream by a force-push: what was released from them can be deployed all the same.

use super::program::{Home, eventually};
use super::world::{get, init, operations, release};

const PROCESS: &str = "shop/projects/app/process.toml";
const PIN: &str = "shop/projects/app/deploy/development.toml";

/// The memory in the task definition that the service runs, as CloudFormation was given it.
fn memory(account: &str) -> String {
    let template = super::world::cloudformation(account, "Action=GetTemplate&StackName=app-web-development-web");
    let at = template.find("Memory").unwrap_or_else(|| panic!("{template}"));
    template[at..].split(',').next().unwrap().chars().filter(char::is_ascii_digit).collect()
}

#[test]
fn a_release_whose_commit_vanished_is_rolled_back_to() {
    let home = Home::new();
    let mut sim = home.start("sim --listen 127.0.0.1:0");
    let account = sim.until_it_says("every account and region at ");
    home.landfall(&init("shop", "app")).ends(0);
    let daemon = format!("daemon --repo shop --store landfall.db --once --endpoint {account}");
    home.landfall(&daemon).ends(0);
    assert_eq!(memory(&account), "512");
    home.replace(PROCESS, "memory = 512", "memory = 1024");
    release(&home, "shop", "app", "2.0.0.lock");
    home.landfall(&daemon).ends(0);
    assert_eq!(memory(&account), "1024");

    // Both releases now land with one commit, whose process is the new one.
    home.git("shop", "checkout --quiet --orphan rewritten");
    home.write(PIN, "release = \"1.0.0\"\n");
    home.commit("shop", "Rewritten");
    home.git("shop", "branch --quiet --force main rewritten");
    home.git("shop", "checkout --quiet main");
    home.git("shop", "branch --quiet --delete --force rewritten");
    home.git("shop", "reflog expire --expire=now --all");
    home.git("shop", "gc --quiet --prune=now");
    home.landfall(&daemon).ends(0);
    home.git("landfall.mirror", "gc --quiet --prune=now");
    let history = home.landfall("history --store landfall.db --format json").ends(0).json();
    assert_eq!(history[0]["release"], "1.0.0", "{history}");
    assert_eq!(history[0]["outcome"]["outcome"], "proved", "{history}");
    assert_eq!(memory(&account), "512", "what it was deployed with before");
    assert_eq!(home.git("shop", "for-each-ref --format=%(refname)").trim(), "refs/heads/main", "no ref of ours");

    // What the mirror keeps stays kept, also by a start that finds nothing new.
    home.replace(PIN, "1.0.0", "2.0.0.lock");
    home.commit("shop", "Forward again");
    home.landfall(&daemon).ends(0);
    assert_eq!(memory(&account), "1024");
    eventually("two refs", || {
        let refs = home.git("landfall.mirror", "for-each-ref --format=%(refname) refs/landfall/snapshots");
        (refs.lines().count() == 2).then_some(())
    });
    assert!(operations(&account, "app-web").len() > 6, "{}", get(&account, "/_landfall/ledger"));
}

#[test]
fn a_shallow_clone_says_how_to_fetch() {
    let world = super::world::world();
    let home = &world.home;
    let url = format!("file://{}", home.path("shop").display());
    home.git(".", &format!("clone --quiet --depth=1 {url} shallow"));
    let plan = home.landfall(&format!("plan --repo shallow --endpoint {}", world.account)).ends(0);
    plan.shows(&["this clone is shallow", "git fetch --unshallow"]);
}
