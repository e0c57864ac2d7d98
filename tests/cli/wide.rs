//! What a review says of changes that reach many projects, or that AWS would refuse behind a gate.

use super::program::Home;

/// Fourteen projects with one stack each, and a branch that gives their target another subnet.
fn wide(change: u32) -> Home {
    let home = Home::new();
    let root = format!(
        "id = \"wide\"\n[accounts.main]\nid = \"111111111111\"\n[guard.change]\ncount = {change}\npercent = 0\n"
    );
    home.write("repo/landfall.toml", &root);
    home.write("repo/environments/test.toml", "order = 1\n");
    home.write(
        "repo/targets/test.toml",
        "kind = \"ecs-cluster\"\nenvironments = [\"test\"]\nroles = [\"web\"]\naccount = \"main\"\nregion = \"eu-west-1\"\n\
         cluster = \"test\"\n[network]\nsubnets = [\"subnet-0a0a0a0a\"]\nsecurity_groups = [\"sg-0a0a0a0a\"]\n",
    );
    for project in 10..24 {
        let folder = format!("repo/projects/p{project}");
        home.write(
            &format!("{folder}/process.toml"),
            "[images.web]\nrepository = \"registry.example.com/web\"\n[[step]]\nname = \"web\"\nkind = \"ecs-service\"\n\
             role = \"web\"\ncpu = 256\nmemory = 512\n[[step.container]]\nname = \"app\"\nimage = \"web\"\n",
        );
        home.write(&format!("{folder}/project.toml"), "");
        home.write(&format!("{folder}/deploy/test.toml"), "release = \"1.0.0\"\n");
        home.write(&format!("{folder}/releases/1.0.0.toml"), "format = 1\n[images.web]\ntag = \"1.0.0\"\n");
    }
    home.git("repo", "init --quiet --initial-branch main");
    home.commit("repo", "First");
    home.git("repo", "switch --quiet --create other");
    home.replace("repo/targets/test.toml", "subnet-0a0a0a0a", "subnet-0b0b0b0b");
    home.commit("repo", "Use another subnet");
    home
}

fn times(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

#[test]
fn projects_that_are_alike_have_one_row() {
    let home = wide(20);
    let page = home.landfall("diff main other --repo repo").ends(0);
    let page = page.shows(&["p10, p11, p12 and 11 more projects, alike", "14 stacks change"]);
    assert_eq!(times(&page.out, "on merge"), 1, "{}", page.out);
    // The one that differs has its own row.
    home.write("repo/projects/p17/deploy/test.toml", "release = \"none\"\n");
    home.commit("repo", "Remove p17");
    home.landfall("diff main other --repo repo").ends(0).shows(&["and 10 more projects, alike", "p17"]);
}

#[test]
fn only_so_many_held_slots_have_their_lines() {
    let home = wide(10);
    let page = home.landfall("diff main other --repo repo").ends(0);
    let page = page.shows(&["14 slots are held", "and 11 more projects, alike", "2 more slots are held"]);
    assert_eq!(times(&page.out, "It waits until"), 12, "{}", page.out);
    let all = home.landfall("diff main other --repo repo --format json").ends(0).json();
    let slots = all["slots"].as_array().unwrap();
    assert!(slots.iter().all(|slot| slot["reasons"][0]["allow"]["toml"].is_string()) && slots.len() == 14, "{all}");
}

#[test]
fn what_would_fail_behind_a_gate_is_held_there_first() {
    let home = super::offline::example();
    let shop = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stories/repositories/shop/.");
    assert!(std::process::Command::new("cp").args(["-r", shop]).arg(home.path("repo")).status().unwrap().success());
    home.commit("repo", "Add a shop");
    home.git("repo", "switch --quiet --create admin");
    home.replace("repo/projects/data/templates/store.yaml", "MasterUsername: orders", "MasterUsername: admin");
    home.commit("repo", "Name the administrator anew");
    home.landfall("release refresh data 1.0.0 --repo repo").ends(0).shows(&[
        "Merging this stops at a gate and would then fail in 1 stack",
        "1 stack would fail, nothing is replaced",
        "Stack: held at a gate; AWS would then refuse it.",
        "resource = \"Database\"",
        "orders-development is fixed: give it another name",
    ]);
}
