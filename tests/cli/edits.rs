//! Every command that edits files shows the review of its edit, as `diff` shows that of a commit.

use serde_json::Value;

use super::offline::example;
use super::program::Home;
use super::releases::remote;
use super::world::world;

/// The page of a commit without its footer, which names what was compared.
fn page(text: &str) -> String {
    text.lines()
        .filter(|line| !line.contains("nothing in the repository was run"))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// What a command says of its edit is what `diff` says of the commit with it.
#[test]
fn an_edit_is_reviewed_as_its_commit_is() {
    let home = example();
    let commands = [
        "promote storefront 1.4.0 --to production --repo repo",
        "rollback storefront --in production --to 1.3.2 --repo repo",
        "release new storefront 1.5.0 --from 1.4.0 --repo repo",
    ];
    for command in commands {
        let said = home.landfall(&format!("{command} --format markdown")).ends(0).out;
        home.git("repo", "add .");
        home.commit("repo", command);
        let diff = home.landfall("diff HEAD~1 --repo repo --format markdown").ends(0).out;
        assert_eq!(page(&said), page(&diff), "{command}");
        assert!(diff.contains("storefront"), "{command} changes something:\n{diff}");
    }
}

#[test]
pub(super) fn every_command_that_edits_shows_its_review_in_every_format() {
    let home = example();
    let reset = || {
        home.git("repo", "reset --quiet --hard");
        home.git("repo", "clean -fdq");
    };
    for command in [
        "promote storefront 1.4.0 --to production",
        "rollback storefront --in production --to 1.4.0",
        "release new storefront 1.5.0 --from 1.4.0",
        "release refresh storefront 1.4.0",
    ] {
        let run = |options: &str| {
            reset();
            home.landfall(&format!("{command} --repo repo {options}")).ends(0).out
        };
        assert!(run("--format html").starts_with("<!DOCTYPE html>"), "{command}");
        let json: Value = serde_json::from_str(&run("--format json")).unwrap();
        assert!(json["review"]["sentence"].is_string(), "{command}: {json}");
        let file = if json["file"].is_string() { &json["file"] } else { &json["delivered"]["file"] };
        assert!(file.as_str().unwrap().starts_with("projects/storefront/"), "{command}: {json}");
        let unfolded = run("--unfold");
        assert!(!unfolded.contains("--unfold shows"), "{command}: {unfolded}");
    }
}

#[test]
pub(super) fn a_release_is_reviewed_with_what_is_known() {
    let world = world();
    let home = &world.home;
    world.clone_to("making");
    let config = format!("store = \"landfall.db\"\n[aws]\nendpoint = \"{}\"\n", world.account);
    home.write("making.toml", &config);
    home.write("runs.json", &super::world::get(&world.server, "/api/v1/facts").to_string());
    let known = [
        format!("--server {}", world.server),
        format!("--store landfall.db --endpoint {}", world.account),
        "--config making.toml".to_owned(),
        "--facts runs.json".to_owned(),
    ];
    for known in &known {
        home.git("making", "reset --quiet --hard");
        home.git("making", "clean -fdq");
        let made = home.landfall(&format!("release new app 2.1.0 --from 1.0.0 --repo making {known}")).ends(0);
        made.shows(&["1.0.0 → 2.1.0 on merge", "with the facts of "]);
        home.git("making", "clean -fdq");
        let refreshed = home.landfall(&format!("release refresh app 1.0.0 --repo making {known}")).ends(0);
        refreshed.shows(&["No stack changes.", "1.0.0 deploys the same from", "with the facts of "]);
    }
}

#[test]
pub(super) fn allowed_lines_are_reviewed_and_committed() {
    let world = world();
    let home = &world.home;
    let plan = home.landfall(&format!("plan --server {}", world.server)).out;
    let gate = plan.split("landfall allow ").nth(1).unwrap()[..8].to_owned();
    world.clone_to("allowing");
    remote(home, "allowing", "upstream");
    let allow = |options: &str| {
        let known = format!("--store landfall.db --endpoint {}", world.account);
        home.landfall(&format!("allow {gate} --reason tried --repo allowing {known} {options}")).ends(0)
    };
    let page = allow("");
    page.shows(&["what = \"retry\"", "deploys app 2.0.0 to development", "opens the gate `retry` of app/development"]);
    home.git("allowing", "reset --quiet --hard");
    home.git("allowing", "clean -fdq");
    assert!(allow("--format markdown").out.starts_with("### "));
    let json = allow("--format json --commit").json();
    assert_eq!(json["allowances"][0]["file"], "projects/app/deploy/development.toml", "{json}");
    assert_eq!(json["review"]["notes"][0]["kind"], "opens", "{json}");
    assert_eq!(home.git("allowing", "log -1 --format=%s"), format!("Allow retry for plan {gate}\n"));
    home.git("allowing", "reset --quiet --hard HEAD~1");
    allow("--unfold --branch opened --push --remote upstream").says(&["pushed       opened"]);
    assert!(home.git("upstream.git", "show opened:projects/app/deploy/development.toml").contains(&gate));
}

/// A home whose repository has a new release file that is not committed.
fn uncommitted() -> Home {
    let home = example();
    home.landfall("release new storefront 1.5.0 --from 1.4.0 --repo repo").ends(0);
    home
}

#[test]
fn a_release_that_is_not_committed_counts_as_landing_with_the_edit() {
    let home = uncommitted();
    let promoted = home.landfall("promote storefront 1.5.0 --to production --repo repo").ends(0);
    promoted.shows(&["→ 1.5.0 on merge"]);
}
