//! `landfall check` in a clone: what only git knows of the files.

use super::program::Home;
use super::world::{init, operations, release, world};

/// A repository `shop` with the project `app`.
fn shop() -> Home {
    let home = Home::new();
    home.landfall(&init("shop", "app")).ends(0);
    home.landfall("check shop --history").ends(0);
    home
}

#[test]
pub(super) fn check_fails_without_the_history_where_that_is_asked_for() {
    let home = shop();
    release(&home, "shop", "app", "1.1.0");
    release(&home, "shop", "app", "1.2.0");
    home.git("shop", &format!("clone --quiet --depth=1 file://{} ../shallow", home.path("shop").display()));
    let note =
        "note[history-not-checked]: the clone is shallow: 3 releases landed before it begins and are not checked";
    home.landfall("check shallow").ends(0).shows(&[note, "git fetch --unshallow", "1 note"]);
    home.landfall("check shallow --history").ends(3).shows(&["error[history-not-checked]", "1 error"]);
    home.git("shallow", "fetch --quiet --unshallow");
    assert_eq!(home.landfall("check shallow --history").ends(0).out, "");
}

#[test]
fn check_tells_files_that_no_commit_has() {
    let home = shop();
    home.write("shop/variables/common.toml", "");
    home.write("shop/variables/README.md", "Not landfall's.\n");
    let told = home.landfall("check shop").ends(0);
    told.shows(&[
        "note[uncommitted-file]: `variables/common.toml` is not in git yet: a daemon reads commits",
        "1 note",
    ]);
    home.write("shop/.gitignore", "/variables/\n");
    let told = home.landfall("check shop").ends(0);
    told.shows(&["warning[ignored-file]: git ignores `variables/", "so no commit will have it", "1 warning"]);
}

#[test]
fn line_ends_that_git_takes_out_change_nothing() {
    let home = shop();
    let file = "projects/app/process.toml";
    let hash = |home: &Home| {
        let made = home.landfall("release new app 9.9.9 --repo shop --image app=9.9.9").ends(0).out;
        std::fs::remove_file(home.path("shop/projects/app/releases/9.9.9.toml")).unwrap();
        made.lines().find(|line| line.starts_with("inputs")).map(str::to_owned).unwrap()
    };
    let before = hash(&home);
    // A landed release that says what it was made from: other line ends would be other files.
    let landed = format!("format = 1\n{before}\n[images]\napp = {{ tag = \"1.1.0\" }}\n");
    home.write("shop/projects/app/releases/1.1.0.toml", &landed);
    home.commit("shop", "Release 1.1.0");
    home.git("shop", "config core.autocrlf true");
    let text = home.read(&format!("shop/{file}")).replace('\n', "\r\n");
    home.write(&format!("shop/{file}"), &text);
    assert_eq!(hash(&home), before);
    assert_eq!(home.landfall("check shop").ends(0).out, "");
    home.git("shop", "config core.autocrlf false");
    assert_ne!(hash(&home), before, "without the filter these are other bytes");
}

#[test]
fn a_release_made_from_other_files_is_told_where_it_counts() {
    let home = shop();
    let inputs = format!("inputs = \"b3:{}\"", "0".repeat(64));
    home.write(
        "shop/projects/app/releases/1.1.0.toml",
        &format!("format = 1\n{inputs}\n[images]\napp = {{ tag = \"1.1.0\" }}\n"),
    );
    home.commit("shop", "Release 1.1.0");
    let told = home.landfall("check shop").ends(3);
    told.shows(&[
        "error[snapshot-differs]: release `1.1.0` was made from other files",
        "landfall release refresh app 1.1.0",
    ]);
    release(&home, "shop", "app", "1.2.0");
    home.landfall("check shop").ends(0).shows(&["warning[snapshot-differs]", "1 warning"]);
}

#[test]
fn a_merge_that_makes_the_branch_a_side_is_told_before_it_is_pushed() {
    let home = shop();
    home.git("shop", "clone --quiet . ../mine");
    home.write("mine/README.md", "Mine.\n");
    home.commit("mine", "Mine");
    release(&home, "shop", "app", "1.1.0");
    home.git("mine", "pull --quiet --no-rebase --no-edit");
    let told = home.landfall("check mine").ends(0);
    told.shows(&[
        "warning[foxtrot-merge]: the last merge makes origin/main its second parent",
        "git rebase origin/main",
    ]);
    home.git("mine", "rebase --quiet origin/main");
    assert_eq!(home.landfall("check mine").ends(0).out, "");
}

#[test]
fn a_changed_default_branch_is_told_and_not_followed() {
    let home = shop();
    let mut sim = home.start("sim --listen 127.0.0.1:0");
    let account = sim.until_it_says("every account and region at ");
    let daemon = format!("daemon --repo shop --store landfall.db --endpoint {account} --once");
    home.landfall(&daemon).ends(0);
    let before = operations(&account, "");
    home.git("shop", "checkout --quiet -b trunk");
    release(&home, "shop", "app", "1.1.0");
    let told = home.landfall(&daemon).ends(0);
    told.says(&["the default branch is `trunk` now, and landfall goes on following `main`", "--branch trunk"]);
    assert_eq!(operations(&account, ""), before, "what is on the other branch is not deployed");
    home.landfall(&format!("{daemon} --branch trunk")).ends(0).says(&["1.1.0  development   deployed"]);
    let after = home.landfall(&daemon).ends(0);
    assert!(!after.err.contains("default branch"), "the operator's word counts from then on: {}", after.err);
}

#[test]
fn a_plan_in_a_shallow_clone_prints_the_command_that_helps() {
    let home = shop();
    release(&home, "shop", "app", "1.1.0");
    release(&home, "shop", "app", "1.2.0");
    let mut sim = home.start("sim --listen 127.0.0.1:0");
    let account = sim.until_it_says("every account and region at ");
    home.git("shop", &format!("clone --quiet --depth=1 file://{} ../shallow", home.path("shop").display()));
    let plan = format!("plan --repo shallow --endpoint {account}");
    let command = "git fetch --unshallow";
    home.landfall(&plan).shows(&[command]);
    home.git("shallow", command.strip_prefix("git ").unwrap());
    let told = home.landfall(&plan).ends(0);
    assert!(!told.out.contains("shallow"), "{}", told.out);
    told.shows(&["1.2.0"]);
}

#[test]
fn a_merge_that_moved_the_branch_is_told_until_the_next_release_lands() {
    let home = shop();
    release(&home, "shop", "app", "1.1.0");
    let mut sim = home.start("sim --listen 127.0.0.1:0");
    let account = sim.until_it_says("every account and region at ");
    let ask = |command: &str| format!("{command} --repo shop --store landfall.db --endpoint {account}");
    home.landfall(&format!("{} --once", ask("daemon"))).ends(0);
    // `git pull` on a branch of one's own, pushed as main.
    home.git("shop", "checkout --quiet -b mine HEAD~1");
    home.write("shop/MINE.md", "Mine.\n");
    home.git("shop", "add MINE.md");
    home.git("shop", "commit --quiet --message Mine");
    home.git("shop", "merge --quiet --no-ff --no-edit main");
    home.git("shop", "branch --quiet --force main mine");
    home.git("shop", "checkout --quiet main");
    let warning = "projects/app/releases/1.1.0.toml";
    let before = operations(&account, "");
    home.landfall(&format!("{} --once", ask("daemon"))).ends(0);
    assert_eq!(operations(&account, ""), before, "what has landed keeps its files");
    for command in ["plan", "status"] {
        home.landfall(&ask(command)).ends(0).shows(&["foxtrot-merge", warning]);
    }
    release(&home, "shop", "app", "1.2.0");
    home.landfall(&format!("{} --once", ask("daemon"))).ends(0);
    assert!(!home.landfall(&ask("plan")).ends(0).out.contains("foxtrot-merge"));
}

#[test]
fn a_submodule_holds_the_project_that_it_stands_for() {
    let home = shop();
    home.git("shop", "clone --quiet . ../third");
    let add = "-c protocol.file.allow=always submodule --quiet add ../third projects/third";
    home.git("shop", add);
    home.commit("shop", "A submodule");
    let told = home.landfall("check shop").ends(3);
    told.shows(&[
        "error[link]: `projects/third` is a submodule: landfall does not follow it",
        "blocks: third (held",
        "1 error",
    ]);
}

#[test]
fn files_that_a_daemon_will_not_deploy_are_told_at_its_start() {
    let home = shop();
    home.write("shop/variables/common.toml", "");
    let ran = home.landfall("daemon --repo shop --simulate --once").ends(0);
    ran.says(&["note         `variables/common.toml` is not committed: the daemon deploys commits"]);
}

#[test]
fn a_clone_that_was_not_pulled_is_compared_with_what_the_daemon_has_read() {
    let world = world();
    let home = &world.home;
    world.clone_to("unpulled");
    let plan = |clone: &str| {
        home.landfall(&format!("plan --repo {clone} --store landfall.db --endpoint {}", world.account)).ends(0)
    };
    assert!(!plan("unpulled").err.contains("this clone is"), "{}", plan("unpulled").err);
    home.git("unpulled", "reset --quiet --hard HEAD~1");
    plan("unpulled").says(&["this clone is 1 commit behind commit", "which the daemon has read: git pull"]);
    home.write("unpulled/README.md", "Mine.\n");
    home.commit("unpulled", "Mine");
    plan("unpulled").says(&["this clone is 1 commit ahead of and 1 commit behind commit"]);
}

#[test]
fn plan_and_status_begin_with_the_problems_of_the_commit() {
    let world = world();
    let home = &world.home;
    world.clone_to("broken");
    home.write("broken/targets/other.toml", "kind = \n");
    home.commit("broken", "Break a target");
    let looks = format!("--repo broken --store landfall.db --endpoint {}", world.account);
    for command in ["plan", "status"] {
        let told = home.landfall(&format!("{command} {looks}")).ends(0);
        assert!(
            told.out.starts_with("problems of this commit: 1 error (landfall check explains them)\n"),
            "{}",
            told.out
        );
        told.shows(&["  error[syntax] targets/other.toml:1: ", "; holds every project that could use target other"]);
        let json = home.landfall(&format!("{command} {looks} --format json")).ends(0).json();
        assert_eq!(
            (&json["problems"]["errors"], &json["problems"]["first"][0]["line"]),
            (&1.into(), &1.into()),
            "{json}"
        );
    }
}
