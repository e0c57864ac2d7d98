//! `landfall promote` and `landfall rollback`: one line, and what it will lead to.

use super::offline::example;
use super::program::Home;
use super::releases::remote;
use super::world::{init, release, world};

/// Two environments, the project `app`, and the tenant `acme`, who is connected to both.
fn tenanted() -> Home {
    let home = Home::new();
    home.landfall(&init("shop", "app")).ends(0);
    home.write("shop/environments/production.toml", "order = 2\n");
    home.replace("shop/targets/web.toml", "[\"development\"]", "[\"development\", \"production\"]");
    home.write("shop/targets/tenants.toml", &format!("tenants = [\"acme\"]\n{}", home.read("shop/targets/web.toml")));
    home.write("shop/projects/app/project.toml", "tenancy = \"both\"\n");
    home.write("shop/tenants/acme.toml", "[projects.app]\nenvironments = [\"development\", \"production\"]\n");
    home.commit("shop", "Two environments and a tenant");
    release(&home, "shop", "app", "1.1.0");
    home
}

#[test]
pub(super) fn a_pin_says_what_has_to_happen_first() {
    let home = tenanted();
    let promote = |line: &str| home.landfall(&format!("promote app {line} --repo shop"));
    let file = "shop/projects/app/deploy/production.toml";
    let first =
        promote("1.0.0 --to production").ends(0).says(&["wrote        shop/projects/app/deploy/production.toml"]);
    first.shows(&[
        "deploys app 1.0.0 to production: 2 stacks are created",
        "app         nothing → 1.0.0 on merge, if it succeeded in development",
        "app · acme  nothing → 1.0.0 on merge",
        "no gate is known to be open",
    ]);
    assert_eq!(home.read(file), "release = \"1.0.0\"\n");
    home.write(file, "# guarded\nrelease = \"1.0.0\" # since Monday\n");
    let acme = promote("1.1.0 --to production --tenant acme").ends(0);
    let acme = acme.shows(&["app · acme  1.0.0 → 1.1.0 on merge, if it succeeded in development"]);
    assert!(!acme.out.contains("\napp  "), "one tenant alone: {}", acme.out);
    let pinned = "# guarded\nrelease = \"1.0.0\" # since Monday\n\n[tenants]\nacme = \"1.1.0\"\n";
    assert_eq!(home.read(file), pinned);
    let rest = promote("1.1.0 --to production").ends(0).says(&["acme stays at 1.1.0: it has a line of its own"]);
    assert!(!rest.out.contains("acme"), "{}", rest.out);
    assert_eq!(home.read(file), pinned.replace("1.0.0", "1.1.0"));
    promote("1.1.0 --to production")
        .ends(0)
        .says(&["unchanged    projects/app/deploy/production.toml already says so"]);
    promote("none --to production").ends(0).shows(&["1.1.0 → removed on merge · 1 stack deleted"]);
    let development = promote("1.0.0 --to development").ends(0);
    let development = development.says(&["no newer release enters development by itself"]);
    development.shows(&["1.1.0 → 1.0.0 (rollback) on merge"]);
    home.landfall("check shop").ends(0);
    promote("9 --to production").ends(2).says(&["has no release `9`", "the highest are 1.1.0, 1.0.0"]);
    promote("1.1.0 --to prod").ends(2).says(&["there is no environment `prod`"]);
    promote("1.1.0 --to production --tenant other").ends(2).says(&["the only tenant is acme"]);
    home.write("shop/tenants/acme.toml", "[projects.app]\nenvironments = [\"production\"]\n");
    promote("1.1.0 --to development --tenant acme")
        .ends(2)
        .says(&["tenant acme gets no app in development", "`tenancy`"]);
}

#[test]
pub(super) fn a_pin_is_judged_by_what_is_known() {
    let world = world();
    let home = &world.home;
    world.clone_to("promoting");
    let promote = |version: &str, line: &str| {
        home.landfall(&format!("promote app {version} --to production --repo promoting {line}"))
    };
    let server = format!("--server {}", world.server);
    promote("1.0.0", &server).ends(0).shows(&["with the facts of http://", "nothing → 1.0.0 on merge · 1 stack"]);
    promote("2.0.0", &server).ends(0).shows(&["production", "must succeed in development"]);
    let facts = super::world::get(&world.server, "/api/v1/facts");
    home.write("past.json", &facts.to_string());
    promote("1.0.0", "--facts past.json").ends(0).shows(&["with the facts of past.json", "on merge"]);
    let store = format!("--store landfall.db --endpoint {}", world.account);
    home.git("promoting", "clean -fdq");
    let open = promote("1.0.0", &store).ends(0);
    open.shows(&["deploys app 1.0.0 to production: 1 stack is created", "app-web-production-web"]);
    home.write("promoting.toml", &format!("store = \"landfall.db\"\n[aws]\nendpoint = \"{}\"\n", world.account));
    promote("2.0.0", "--config promoting.toml").ends(0).shows(&["must succeed in development"]);
}

#[test]
pub(super) fn a_pin_is_committed_and_pushed() {
    let home = tenanted();
    remote(&home, "shop", "upstream");
    let promote = |line: &str| home.landfall(&format!("promote app 1.1.0 --to production --repo shop {line}"));
    promote("--commit").ends(0).says(&["committed    ", "on main: projects/app/deploy/production.toml"]);
    assert_eq!(home.git("shop", "log -1 --format=%s"), "Promote app 1.1.0 to production\n");
    promote("--branch acme --tenant acme --push --remote upstream").ends(0).says(&["pushed       acme"]);
    assert_eq!(home.git("upstream.git", "log -1 --format=%s acme"), "Promote app 1.1.0 to production for acme\n");
    let on_branch = home.git("shop", "show acme:projects/app/deploy/production.toml");
    assert_eq!(on_branch, "release = \"1.1.0\"\n\n[tenants]\nacme = \"1.1.0\"\n");
    let back = |line: &str| home.landfall(&format!("rollback app --in production --to 1.0.0 --repo shop {line}"));
    back("--commit").ends(0).says(&["on main"]);
    assert_eq!(home.git("shop", "log -1 --format=%s"), "Roll back app to 1.0.0 in production\n");
    back("--branch acme --push --remote upstream").ends(0).says(&["pushed       acme"]);
    assert_eq!(
        home.git("upstream.git", "log --format=%s acme").lines().count(),
        home.git("shop", "log --format=%s acme").lines().count()
    );
    // The remote has a commit that we have not: nothing is overwritten there.
    home.git(".", "clone --quiet --branch acme upstream.git other");
    home.commit("other", "Theirs");
    home.git("other", "push --quiet origin acme");
    let behind = promote("--branch acme --push --remote upstream").ends(1);
    behind.says(&["committed, but not pushed: cannot push acme to upstream", "`git push upstream acme`"]);
    home.write("shop/projects/app/deploy/production.toml", "release = \"1.1.0\" # mine\n");
    let dirty = back("--commit --tenant acme").ends(1);
    dirty.says(&["nothing was written", "projects/app/deploy/production.toml changed there"]);
}

#[test]
pub(super) fn a_rollback_names_a_release() {
    let home = tenanted();
    let back = |line: &str| home.landfall(&format!("rollback app --in production --repo shop {line}"));
    back("--to 1.0.0 --tenant acme")
        .ends(0)
        .shows(&["app · acme  nothing → 1.0.0 on merge, if it succeeded in development"]);
    assert_eq!(home.read("shop/projects/app/deploy/production.toml"), "[tenants]\nacme = \"1.0.0\"\n");
    back("").ends(2).says(&["what ran there before is known to the daemon and in its store", "--to"]);
}

#[test]
pub(super) fn a_rollback_knows_what_ran_before() {
    let world = world();
    let home = &world.home;
    // 2.0.0 failed and never ran: 1.0.0 is all that ever did.
    world.clone_to("back");
    let alone = home.landfall(&format!("rollback app --in development --repo back --server {}", world.server)).ends(1);
    alone.says(&["nothing ran in app/development before what runs there", "--to"]);
    home.landfall(&init("twice", "twice")).ends(0);
    let daemon = format!("daemon --repo twice --store twice.db --once --endpoint {}", world.account);
    home.landfall(&daemon).ends(0);
    release(home, "twice", "twice", "1.1.0");
    home.landfall(&daemon).ends(0);
    let back = |line: &str| home.landfall(&format!("rollback twice --in development --repo twice {line}")).ends(0);
    let file = "twice/projects/twice/deploy/development.toml";
    let planned = back(&format!("--store twice.db --endpoint {}", world.account));
    planned.shows(&["rolls back twice to 1.0.0 in development", "1.1.0 → 1.0.0 (rollback) on merge"]);
    assert_eq!(home.read(file), "release = \"1.0.0\"\n");
    std::fs::remove_file(home.path(file)).unwrap();
    home.write("twice.toml", &format!("store = \"twice.db\"\n[aws]\nendpoint = \"{}\"\n", world.account));
    back("--config twice.toml").shows(&["1.1.0 → 1.0.0 (rollback) on merge"]);
    assert_eq!(home.read(file), "release = \"1.0.0\"\n");
    home.write("none.json", "{}");
    let unknown = home.landfall("rollback twice --in development --repo twice --facts none.json").ends(1);
    unknown.says(&["none.json"]);
}

#[test]
fn what_a_disconnected_tenant_has_is_removed_by_the_printed_command() {
    let home = example();
    home.replace("repo/tenants/globex.toml", "environments = [\"production\"]", "environments = [\"development\"]");
    home.commit("repo", "Disconnect globex");
    let promote =
        |what: &str| home.landfall(&format!("promote portal {what} --to production --tenant globex --repo repo"));
    promote("3.0.0").ends(2).says(&["tenant globex gets no portal in production"]);
    promote("none").ends(0);
    let file = std::fs::read_to_string(home.path("repo/projects/portal/deploy/production.toml")).unwrap();
    assert!(file.contains("globex = \"none\"") && file.contains("release = \"3.0.0\""), "{file}");
}
