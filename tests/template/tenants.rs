//! Variables whose values tenants bring, what a slot without a tenant lacks, and scopes whose names are gone.

use landfall::model::process::ValueKind;
use landfall::model::{CommitId, Tag};

use super::variables::{resolve, scope};
use super::world::World;

/// Tenant `acme` in ring `early`, and a declared variable `api` that the step uses.
fn acme() -> World {
    World::new().tenant(&["ring/early"]).declare("api", None).environment("API", "#{api}")
}

#[test]
fn a_tenant_brings_the_value() {
    let world = acme()
        .tenant_value("api", "anywhere", None, &[])
        .tenant_value("api", "production", None, &["production", "test"])
        .tenant_value("api", "other", None, &["other"]);
    assert_eq!(resolve(&world, "#{api}"), Ok("production".to_owned()));
    let world = world.tenant_value("api", "of storefront", Some("storefront"), &["production"]).tenant_value(
        "api",
        "of billing",
        Some("billing"),
        &["production"],
    );
    assert_eq!(resolve(&world, "#{api}"), Ok("of storefront".to_owned()), "one that names the project wins");
    let world = world.variable("api", "for early ones", scope("tag environment"));
    assert_eq!(resolve(&world, "#{api}"), Ok("of storefront".to_owned()), "a tenant beats its tag");
    let world = world.variable("api", "at the target", scope("target"));
    assert_eq!(resolve(&world, "#{api}"), Ok("at the target".to_owned()), "a target beats a tenant");
}

#[test]
fn a_tenants_value_refers_to_variables() {
    let world = acme().variable("host", "#{tenant.name}.#{environment.name}", scope("")).tenant_value(
        "api",
        "https://#{host}/",
        None,
        &[],
    );
    assert_eq!(resolve(&world, "#{api}"), Ok("https://acme.production/".to_owned()));
}

#[test]
fn a_value_in_the_project_ties_with_one_in_the_tenants_file() {
    let world = acme().tenant_value("api", "file", Some("storefront"), &[]).variable("api", "project", scope("tenant"));
    let tie = resolve(&world, "#{api}").unwrap_err();
    assert!(tie.starts_with("variable-tie: ") && tie.contains("for tenant `acme`"), "{tie}");
    assert!(tie.contains("projects/storefront/variables.toml:1, tenants/acme.toml:10"), "{tie}");
    let world = acme().tenant_value("api", "file", None, &[]).variable("api", "project", scope("tenant"));
    assert_eq!(resolve(&world, "#{api}"), Ok("project".to_owned()));
}

#[test]
fn a_default_ranks_as_no_scope() {
    let world = World::new().tenant(&[]).declare("api", Some("default"));
    assert_eq!(resolve(&world, "#{api}"), Ok("default".to_owned()));
    assert_eq!(resolve(&World::new().declare("api", Some("default")), "#{api}"), Ok("default".to_owned()));
    let world = world.variable("api", "channel", scope("channel"));
    assert_eq!(resolve(&world, "#{api}"), Ok("channel".to_owned()));
}

#[test]
fn what_nobody_asks_for_does_not_count() {
    let mut world = World::new().tenant(&[]).variable("api", "the project's", scope(""));
    world = world.tenant_value("api", "the tenant's", None, &[]);
    assert_eq!(resolve(&world, "#{api}"), Ok("the project's".to_owned()), "it is no tenant variable of this release");
}

#[test]
fn a_missing_value_names_tenant_environment_and_variable() {
    let world = acme().tenant_value("api", "x", None, &["test"]);
    assert_eq!(
        world.problems(),
        "tenant-value-missing: tenant `acme` has no value for `api` in environment `production` (add a `[[variable]]` with \
         `name = \"api\"` to tenants/acme.toml; it is declared at projects/storefront/variables.toml:50)"
    );
    assert_eq!(world.render().unwrap_err()[0].at.to_string(), "tenants/acme.toml:1");
}

#[test]
fn a_value_of_another_type_is_refused() {
    let mut world = acme().tenant_value("api", "80", None, &[]);
    world.what.tenant_variables[0].kind = ValueKind::Number;
    assert_eq!(
        world.problems(),
        "value-type: tenant `acme` sets `api` to a string, and release `1.4.0` declares a number (it is declared at \
         projects/storefront/variables.toml:50)"
    );
    world.tenant.as_mut().unwrap().variables[0].kind = ValueKind::Number;
    assert_eq!(resolve(&world, "#{api}"), Ok("80".to_owned()));
}

#[test]
fn a_slot_without_a_tenant_says_what_it_lacks() {
    let mut world = acme();
    world.tenant = None;
    assert_eq!(
        world.problems(),
        "no-tenant: tenants supply the values of variable `api`, and project `storefront` is also deployed to environment \
         `production` without a tenant (add a `default` at projects/storefront/variables.toml:50, or set `tenancy = \
         \"tenanted\"` in project.toml)"
    );
    let problem = World::new().environment("T", "#{tenant.name}").problems();
    assert!(problem.starts_with("no-tenant: `#{tenant.name}` has no value in environment `production`"), "{problem}");
    assert!(problem.contains("tenancy = \"tenanted\""), "{problem}");
}

#[test]
fn tenants_have_stacks_of_their_own() {
    let stack = |world: World| world.render().unwrap().stack.to_string();
    assert_eq!(stack(World::new()), "storefront-web-production-prod-eu");
    assert_eq!(stack(World::new().tenant(&[])), "storefront-web-production-prod-eu-acme");
}

/// A world whose release has a value of `v` for the names of `kinds` that are called `other`, beside one for everywhere.
/// The head does not have those names any more.
fn gone(kinds: &str) -> World {
    let mut world = World::new()
        .tenant(&["ring/early"])
        .variable("v", "old name", scope(kinds))
        .variable("v", "everywhere", scope(""))
        .environment("V", "#{v}");
    world.snapshot().commit = Some(CommitId("8c1d0f2000000000000000000000000000000000".to_owned()));
    world.names.environments.remove("other");
    world.names.targets.remove("other");
    world.names.tenants.remove("other");
    world.names.tags.remove(&Tag::parse("other/tag").unwrap());
    world
}

/// The snapshot had no environment `production`, and so on: what the slot has came later.
fn came_later(mut world: World) -> World {
    let mut names = (*world.snapshot().names).clone();
    names.environments.remove("production");
    names.targets.remove("prod-eu");
    names.tenants.remove("acme");
    names.tags.remove(&Tag::parse("ring/early").unwrap());
    world.snapshot().names = names.into();
    world
}

#[test]
fn a_scope_that_is_gone_holds_what_came_later() {
    let world = came_later(gone("!environment"));
    assert_eq!(
        world.problems(),
        "scope-gone: a value of variable `v` in the snapshot of release `1.4.0` at 8c1d0f2 has the scope environment other, and \
         environment `other` no longer exists: landfall cannot tell whether it is meant for environment production (run `landfall release refresh storefront 1.4.0` to take today's variables, or restore environment `other`)"
    );
    assert_eq!(world.render().unwrap_err()[0].at.to_string(), "projects/storefront/variables.toml:1");
    for kind in ["!target", "!tenant", "!tag"] {
        assert!(came_later(gone(kind)).problems().starts_with("scope-gone: "), "{kind}");
    }
    let both = came_later(gone("!environment !tenant")).problems();
    assert!(both.contains("tenant `other` and environment `other` no longer exist"), "{both}");
}

#[test]
fn a_scope_that_is_gone_never_meant_what_was_there_already() {
    for kind in ["!environment", "!target", "!tenant", "!tag", "!environment !tenant"] {
        assert_eq!(resolve(&gone(kind), "#{v}"), Ok("everywhere".to_owned()), "{kind}");
    }
}

#[test]
fn a_scope_that_is_gone_counts_only_where_the_rest_fits_and_it_would_win() {
    let free = |world: World| resolve(&came_later(world), "#{v}");
    assert_eq!(free(gone("!environment !step")), Ok("everywhere".to_owned()), "another step");
    assert_eq!(free(gone("!environment !channel")), Ok("everywhere".to_owned()), "another channel");
    let stronger = gone("!environment").variable("v", "stronger", scope("target"));
    assert_eq!(free(stronger), Ok("stronger".to_owned()), "it would lose");
    let equal = gone("!environment").variable("v", "equal", scope("environment"));
    assert!(free(equal).unwrap_err().starts_with("scope-gone: "), "it would tie");
    let mut untenanted = gone("!tenant");
    untenanted.tenant = None;
    assert_eq!(free(untenanted), Ok("everywhere".to_owned()), "no tenant was ever meant");
    let alternative = gone("!environment environment");
    assert_eq!(free(alternative), Ok("old name".to_owned()), "another name of the scope is there");
    let mut unused = came_later(gone("!environment"));
    unused.container().environment.clear();
    assert!(unused.render().is_ok(), "nothing uses it");
}

#[test]
fn a_name_that_is_still_there_is_not_gone() {
    let mut world = came_later(gone("!environment"));
    world.names.environments.insert("other".parse().unwrap());
    assert_eq!(resolve(&world, "#{v}"), Ok("everywhere".to_owned()));
}
