//! Which value a placeholder has.

use landfall::model::Tag;
use landfall::model::catalog::Scope;
use landfall::template::variables::{MAX_DEPTH, Values};

use super::world::{DIGEST, World, text, texts};

/// A scope from a short text: `step target role tenant tag environment channel`, each with the name that fits or, with `!`,
/// another.
pub(super) fn scope(kinds: &str) -> Scope {
    let mut scope = Scope::default();
    for kind in kinds.split_whitespace() {
        let (kind, fits) = kind.strip_prefix('!').map_or((kind, true), |kind| (kind, false));
        let name = |right: &str| (if fits { right } else { "other" }).to_owned();
        match kind {
            "step" => drop(scope.steps.insert(name("web").parse().unwrap())),
            "target" => drop(scope.targets.insert(name("prod-eu").parse().unwrap())),
            "role" => drop(scope.roles.insert(name("web").parse().unwrap())),
            "tenant" => drop(scope.tenants.insert(name("acme").parse().unwrap())),
            "tag" => {
                let tag = if fits { "ring/early" } else { "other/tag" };
                scope.tenant_tags.insert(Tag::parse(tag).unwrap());
            }
            "environment" => drop(scope.environments.insert(name("production").parse().unwrap())),
            "channel" => drop(scope.channels.insert(name("default").parse().unwrap())),
            other => panic!("no kind `{other}`"),
        }
    }
    scope
}

pub(super) fn resolve(world: &World, raw: &str) -> Result<String, String> {
    let context = world.context();
    let value = Values::new(&context).text(&text(raw));
    value.map_err(|fault| {
        let problem = landfall::template::RenderProblem::from(fault);
        format!("{}: {} ({})", problem.code, problem.title, problem.help.unwrap_or_default())
    })
}

#[test]
fn the_higher_set_of_kinds_wins() {
    for (loser, winner) in [
        ("", "channel"),
        ("channel", "environment"),
        ("channel", "environment channel"),
        ("environment", "environment channel"),
        ("environment channel", "role"),
        ("role", "role environment"),
        ("environment channel", "tag"),
        ("tag environment channel", "tenant"),
        ("tenant", "tenant environment"),
        ("tenant environment", "tenant tag"),
        ("tenant tag environment channel", "role"),
        ("role environment channel", "target"),
        ("target", "target channel"),
        ("target role environment channel", "step"),
        ("step channel", "step environment"),
        ("!step", ""),
        ("!environment", "channel"),
        ("step !environment", "channel"),
        ("step !tenant", "channel"),
        ("step !tag", "channel"),
    ] {
        let world = World::new().tenant(&["ring/early", "region/eu"]);
        let mut world = world.variable("v", "loser", scope(loser)).variable("v", "winner", scope(winner));
        assert_eq!(resolve(&world, "#{v}"), Ok("winner".to_owned()), "{winner} against {loser}");
        world.what.variables.reverse();
        assert_eq!(resolve(&world, "#{v}"), Ok("winner".to_owned()), "{loser} written after {winner}");
    }
}

#[test]
fn values_of_one_kind_are_alternatives() {
    let mut either = scope("environment");
    either.environments.insert("test".parse().unwrap());
    let world = World::new().variable("v", "none", scope("")).variable("v", "either", either);
    assert_eq!(resolve(&world, "#{v}"), Ok("either".to_owned()));
}

#[test]
fn on_equal_sets_a_project_beats_a_variable_set_and_only_then() {
    let mut world =
        World::new().variable("v", "set", scope("environment")).variable("v", "project", scope("environment"));
    world.what.variables[0].from_set = true;
    assert_eq!(resolve(&world, "#{v}"), Ok("project".to_owned()));

    let mut world = World::new().variable("v", "set", scope("role")).variable("v", "project", scope("environment"));
    world.what.variables[0].from_set = true;
    assert_eq!(resolve(&world, "#{v}"), Ok("set".to_owned()));
}

#[test]
fn a_tie_lists_its_candidates() {
    let world = World::new()
        .variable("v", "a", scope("environment"))
        .variable("v", "b", scope("environment"))
        .variable("v", "c", scope(""));
    assert_eq!(
        resolve(&world, "#{v}").unwrap_err(),
        "variable-tie: variable `v` has 2 values of equal rank for step `web` in environment `production` on target \
         `prod-eu` (they are at projects/storefront/variables.toml:1, projects/storefront/variables.toml:2; make one more \
         specific, or remove it)"
    );
}

#[test]
fn an_unresolved_name_is_an_error_with_a_suggestion() {
    let world = World::new().variable("api_url", "x", scope("!environment"));
    assert_eq!(
        resolve(&world, "#{api_ulr}").unwrap_err(),
        "unknown-variable: `#{api_ulr}` names nothing that has a value (did you mean `#{api_url}`?)"
    );
    assert_eq!(
        resolve(&world, "#{environment.nam}").unwrap_err(),
        "unknown-variable: `#{environment.nam}` names nothing that has a value (did you mean `#{environment.name}`?)"
    );
    assert_eq!(
        resolve(&world, "#{api_url}").unwrap_err(),
        "variable-elsewhere: variable `api_url` has no value for step `web` in environment `production` on target \
         `prod-eu` (it has values for other scopes: projects/storefront/variables.toml:1; add one that applies here)"
    );
    assert_eq!(
        resolve(&world, "#{nothing_like_it}").unwrap_err(),
        "unknown-variable: `#{nothing_like_it}` names nothing that has a value ()"
    );
}

#[test]
fn built_in_names_have_their_values() {
    let image = format!("111111111111.dkr.ecr.eu-west-1.amazonaws.com/storefront@{DIGEST}");
    let table = [
        ("account.id", "222222222222"),
        ("account.name", "prod"),
        ("environment.id", "production"),
        ("environment.name", "production"),
        ("project.id", "storefront"),
        ("project.name", "storefront"),
        ("release.channel", "default"),
        ("release.version", "1.4.0"),
        ("stack.name", "storefront-web-production-prod-eu-acme"),
        ("step.id", "web"),
        ("step.name", "web"),
        ("target.cluster", "prod-eu"),
        ("target.name", "prod-eu"),
        ("target.partition", "aws"),
        ("target.public_ip", "DISABLED"),
        ("target.region", "eu-west-1"),
        ("tenant.id", "acme"),
        ("tenant.name", "acme"),
    ];
    let lists = [
        ("target.security_groups", vec!["sg-0a0a0a0a"]),
        ("target.subnets", vec!["subnet-0a0a0a0a", "subnet-0b0b0b0b"]),
    ];
    let mut names: Vec<&str> = table.iter().map(|(name, _)| *name).chain(lists.iter().map(|(name, _)| *name)).collect();
    names.sort_unstable();
    assert_eq!(names, landfall::model::process::BUILT_IN_NAMES);
    for (name, expected) in lists {
        let world = World::new();
        let context = world.context();
        let found = Values::new(&context).list(&[text(&format!("#{{{name}}}"))]).unwrap();
        assert_eq!(found, expected);
    }
    let images = [
        ("images.web", image.as_str()),
        ("images.web.arn", "arn:aws:ecr:eu-west-1:111111111111:repository/storefront"),
        ("images.web.tag", "1.4.0"),
        ("images.web.digest", DIGEST),
    ];
    for (name, expected) in table.into_iter().chain(images) {
        assert_eq!(resolve(&World::new().tenant(&[]), &format!("<#{{{name}}}>")), Ok(format!("<{expected}>")));
    }
}

#[test]
fn an_image_without_a_digest_or_a_release_says_so() {
    let mut world = World::new();
    world.release.images.values_mut().for_each(|pin| pin.digest = None);
    assert!(resolve(&world, "#{images.web.digest}").unwrap_err().starts_with("image-without-digest: "));
    assert!(resolve(&world, "#{images.web}").unwrap().ends_with("/storefront:1.4.0"));
    world.release.images.clear();
    assert!(
        resolve(&world, "#{images.web}")
            .unwrap_err()
            .starts_with("release-lacks-image: release `1.4.0` has no image `web`")
    );
}

#[test]
fn variables_refer_to_variables_and_circles_are_named_whole() {
    let world = World::new()
        .variable("host", "api.#{zone}", scope(""))
        .variable("zone", "#{environment.name}.example.com", scope(""))
        .variable("a", "#{b}", scope(""))
        .variable("b", "x#{c}", scope(""))
        .variable("c", "#{b}", scope(""));
    assert_eq!(
        resolve(&world, "https://#{host}/#{zone}"),
        Ok("https://api.production.example.com/production.example.com".to_owned())
    );
    assert_eq!(
        resolve(&world, "#{a}").unwrap_err(),
        "variable-circle: variables refer to each other in a circle: b → c → b ()"
    );
    let mut world = World::new();
    world.what.images.values_mut().for_each(|image| image.repository = text("#{images.web}"));
    assert!(resolve(&world, "#{images.web}").unwrap_err().contains("images.web → images.web"));
}

#[test]
fn depth_and_length_are_bounded() {
    let chain = |length: usize| {
        (0..length).fold(World::new().variable("v0", "end", scope("")), |world, index| {
            world.variable(&format!("v{}", index + 1), &format!("#{{v{index}}}"), scope(""))
        })
    };
    assert_eq!(resolve(&chain(MAX_DEPTH - 1), &format!("#{{v{}}}", MAX_DEPTH - 1)), Ok("end".to_owned()));
    let deep = resolve(&chain(5000), "#{v5000}").unwrap_err();
    assert!(deep.starts_with("variable-too-deep: variable `v5000`"), "{deep}");

    // Thirty doublings would be a gigabyte.
    let laughs = (0..30).fold(World::new().variable("v0", "ha", scope("")), |world, index| {
        world.variable(&format!("v{}", index + 1), &format!("#{{v{index}}}#{{v{index}}}"), scope(""))
    });
    assert!(resolve(&laughs, "#{v30}").unwrap_err().starts_with("value-too-long: "));
}

#[test]
fn a_list_fills_only_a_list() {
    let world = World::new().list("all", &["a", "#{environment.name}"]);
    let context = world.context();
    let values = Values::new(&context);
    assert_eq!(values.list(&texts(&["x", "#{all}", "y"])).unwrap(), ["x", "a", "production", "y"]);
    let code = |fault| landfall::template::RenderProblem::from(fault).code;
    assert_eq!(values.list(&texts(&["<#{all}>"])).map_err(code), Err("list-in-text"));
    assert_eq!(values.text(&text("#{all}")).map_err(code), Err("list-in-text"));
}
