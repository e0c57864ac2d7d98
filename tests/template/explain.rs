//! Why a name has the value that it has, as people read it.

use landfall::model::process::ValueKind;
use landfall::template::variables::{Explained, Resolved, explain};

use super::variables::scope;
use super::world::World;

/// The story as lines: verdict, place, scope, reason.
fn told(world: &World, name: &str) -> String {
    let explained = explain(&world.context(), name);
    let lines = explained.values.iter().map(|value| {
        let reason = value.verdict.reason().map_or(String::new(), |reason| format!(" | {reason}"));
        format!("{} {}:{} | {}{reason}", value.verdict.word(), stem(&value.at.file), value.at.line, value.scope)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn stem(file: &str) -> &str {
    file.rsplit('/').next().unwrap()
}

fn value(explained: &Explained) -> &str {
    match explained.value.as_ref().unwrap() {
        Resolved::Text(text) => text,
        Resolved::List(_) => panic!("a list"),
    }
}

#[test]
fn the_winner_comes_first_and_every_loser_says_why() {
    let mut world = World::new()
        .tenant(&["ring/early"])
        .declare("v", Some("none at all"))
        .variable("v", "a", scope("environment"))
        .variable("v", "b", scope("!environment"))
        .variable("v", "c", scope("tenant !step"))
        .variable("v", "d", scope("tag environment"))
        .variable("v", "e", scope("tenant environment"))
        .variable("v", "f", scope("tenant channel"))
        .variable("v", "g", scope("!tag"));
    let mut set = world.what.variables[4].clone();
    set.from_set = true;
    set.at.line = 99;
    world.what.variables.push(set);
    let world = world
        .tenant_value("v", "h", None, &["production"])
        .tenant_value("v", "i", Some("billing"), &[])
        .tenant_value("v", "j", None, &[]);
    assert_eq!(
        told(&world, "v"),
        "wins variables.toml:5 | tenant acme, environment production\n\
         loses variables.toml:99 | tenant acme, environment production, variable set | lower: variable set: the project's value wins\n\
         loses acme.toml:10 | tenant acme, environment production | lower: it names no project: the project's value wins\n\
         loses variables.toml:6 | tenant acme, channel default | lower: environment beats channel\n\
         loses acme.toml:12 | tenant acme | lower: tenant and environment beat tenant\n\
         loses variables.toml:4 | tenant tag ring/early, environment production | lower: tenant beats tenant tag\n\
         loses variables.toml:1 | environment production | lower: tenant beats environment\n\
         loses variables.toml:50 | no scope, default | lower: any scope beats none\n\
         loses variables.toml:3 | step other, tenant acme | does not apply: step is web\n\
         loses variables.toml:7 | tenant tag other/tag | does not apply: tenant acme has ring/early\n\
         loses variables.toml:2 | environment other | does not apply: environment is production\n\
         loses acme.toml:11 | tenant acme, names the project | does not apply: only for project billing"
    );
    assert_eq!(value(&explain(&world.context(), "v")), "e");
}

#[test]
fn the_project_is_named_where_two_files_of_tenants_compete() {
    let world = World::new().tenant(&[]).declare("v", None).tenant_value("v", "a", None, &[]).tenant_value(
        "v",
        "b",
        Some("storefront"),
        &[],
    );
    assert_eq!(
        told(&world, "v"),
        "wins acme.toml:11 | tenant acme, names the project\n\
         loses acme.toml:10 | tenant acme | lower: it names no project: the value that names the project wins"
    );
    let declared = explain(&world.context(), "v").declared.unwrap();
    assert_eq!((declared.at.line, declared.kind, declared.required), (50, ValueKind::String, true));
}

#[test]
fn ties_and_what_is_gone_are_told() {
    let world = World::new().variable("v", "a", scope("role")).variable("v", "b", scope("role"));
    assert_eq!(
        told(&world, "v"),
        "ties variables.toml:1 | role web | of equal rank\nties variables.toml:2 | role web | of equal rank"
    );
    let mut world = World::new().variable("v", "a", scope("!target")).variable("v", "b", scope(""));
    world.names.targets.remove("other");
    world.snapshot().names = std::sync::Arc::default();
    assert_eq!(
        told(&world, "v"),
        "unknown variables.toml:1 | target other | target other no longer exists\n\
         loses variables.toml:2 | no scope | lower: a value whose scope no longer exists may beat it"
    );
    assert_eq!(explain(&world.context(), "v").value.unwrap_err().code, "scope-gone");
    let world = world.variable("v", "c", scope("step"));
    assert_eq!(
        told(&world, "v"),
        "wins variables.toml:3 | step web\n\
         loses variables.toml:2 | no scope | lower: any scope beats none\n\
         unknown variables.toml:1 | target other | target other no longer exists"
    );
}

#[test]
fn references_are_followed() {
    let world = World::new()
        .variable("url", "https://#{host}/#{path}", scope(""))
        .variable("host", "#{environment.name}.#{zone}", scope(""))
        .variable("zone", "example.com", scope(""));
    let explained = explain(&world.context(), "url");
    assert_eq!(explained.value.unwrap_err().code, "unknown-variable");
    let story: Vec<String> = explained
        .references
        .iter()
        .map(|one| match &one.value {
            Ok(Resolved::Text(text)) => format!("{} = {text} {:?}", one.name, one.at.as_ref().map(|at| at.line)),
            Ok(Resolved::List(_)) => panic!("a list"),
            Err(problem) => format!("{}: {}", one.name, problem.code),
        })
        .collect();
    assert_eq!(
        story,
        [
            "host = production.example.com Some(2)",
            "environment.name = production None",
            "zone = example.com Some(3)",
            "path: unknown-variable"
        ]
    );
    let circle = World::new().variable("a", "#{b}", scope("")).variable("b", "#{a}", scope(""));
    let circle = explain(&circle.context(), "a");
    assert!(circle.value.unwrap_err().title.ends_with("a → b → a"));
    assert_eq!(circle.references.len(), 1, "a circle ends");
}

#[test]
fn built_in_names_say_what_they_are() {
    let world = World::new().tenant(&[]);
    for name in landfall::model::process::BUILT_IN_NAMES.into_iter().chain(["images.web", "images.web.tag"]) {
        let explained = explain(&world.context(), name);
        assert!(explained.built_in.is_some() && explained.value.is_ok(), "{name}: {explained:?}");
    }
    let explained = explain(&World::new().context(), "tenant.name");
    assert_eq!(explained.value.unwrap_err().code, "no-tenant");
    for name in ["nothing", "release.nothing", "images.db", "images.web.size", "a b", "", "#{v}"] {
        let explained = explain(&world.context(), name);
        assert_eq!(explained.value.unwrap_err().code, "unknown-variable", "{name}");
        assert_eq!(explained.built_in, None);
    }
}
