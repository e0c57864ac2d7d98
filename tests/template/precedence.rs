//! Precedence as a property: for any values of any scope, from any file, there is one winner or an error, and the order in
//! which they are written does not matter.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use landfall::model::catalog::{Scope, Value, VariableValue};
use landfall::model::process::ValueKind;
use landfall::template::variables::{Verdict, explain};
use proptest::prelude::*;

use super::variables::{resolve, scope};
use super::world::{World, at, text};

/// A value that somebody wrote.
#[derive(Clone, Debug)]
enum Written {
    /// In the project, or in a variable set; with a scope as [`scope`] reads it.
    Scoped { kinds: String, from_set: bool },
    /// In the tenant's file.
    Tenant { project: Option<bool>, environment: Option<bool> },
}

fn any_scope() -> impl Strategy<Value = String> {
    let kinds = ["step", "target", "role", "tenant", "tag", "environment", "channel"];
    prop::collection::vec((prop::sample::select(kinds.to_vec()), prop::bool::weighted(0.9)), 0..4).prop_map(|kinds| {
        let word = |(kind, fits): (&str, bool)| if fits { kind.to_owned() } else { format!("!{kind}") };
        kinds.into_iter().map(word).collect::<Vec<_>>().join(" ")
    })
}

fn written() -> impl Strategy<Value = Written> {
    let fits = || prop::option::of(prop::bool::weighted(0.8));
    prop_oneof![
        3 => (any_scope(), any::<bool>()).prop_map(|(kinds, from_set)| Written::Scoped { kinds, from_set }),
        1 => (fits(), fits()).prop_map(|(project, environment)| Written::Tenant { project, environment }),
    ]
}

/// A world with these values of `v`, each its own position; the variable is declared, with or without a default.
fn world(values: &[Written], tenanted: bool, default: bool) -> World {
    let mut world = World::new().declare("v", default.then_some("default"));
    if tenanted {
        world = world.tenant(&["ring/early", "region/eu"]);
    }
    for (index, value) in values.iter().enumerate() {
        match value {
            Written::Scoped { kinds, from_set } => world.what.variables.push(VariableValue {
                name: Arc::from("v"),
                value: Value::Text(text(&index.to_string())),
                kind: ValueKind::String,
                scope: scope(kinds),
                from_set: *from_set,
                at: at(index as u32),
            }),
            Written::Tenant { project, environment } if tenanted => {
                let project = project.map(|fits| if fits { "storefront" } else { "other" });
                let environments = environment.map(|fits| if fits { "production" } else { "other" });
                let environments: Vec<&str> = environments.into_iter().collect();
                world = world.tenant_value("v", &index.to_string(), project, &environments);
            }
            Written::Tenant { .. } => {}
        }
    }
    world
}

/// The rule, told a second time: kinds from the highest down, then project before set.
type Strength = [bool; 8];

fn has<T: AsRef<str>>(names: &BTreeSet<T>, name: &str) -> bool {
    names.is_empty() || names.iter().any(|other| other.as_ref() == name)
}

fn strength(scope: &Scope, near: bool) -> Strength {
    [
        !scope.steps.is_empty(),
        !scope.targets.is_empty(),
        !scope.roles.is_empty(),
        !scope.tenants.is_empty(),
        !scope.tenant_tags.is_empty(),
        !scope.environments.is_empty(),
        !scope.channels.is_empty(),
        near,
    ]
}

fn applies(scope: &Scope, tenanted: bool) -> bool {
    let tag = |tag: &str| scope.tenant_tags.iter().any(|one| one.to_string() == tag);
    has(&scope.steps, "web")
        && has(&scope.targets, "prod-eu")
        && has(&scope.roles, "web")
        && (scope.tenants.is_empty() || tenanted && has(&scope.tenants, "acme"))
        && (scope.tenant_tags.is_empty() || tenanted && (tag("ring/early") || tag("region/eu")))
        && has(&scope.environments, "production")
        && has(&scope.channels, "default")
}

/// What should come out: a value, or the code of a problem.
fn expected(values: &[Written], tenanted: bool, default: bool) -> Result<String, &'static str> {
    let mut fitting: Vec<(Strength, String)> = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let strength = match value {
            Written::Scoped { kinds, from_set } => {
                let scope = scope(kinds);
                applies(&scope, tenanted).then(|| strength(&scope, !from_set))
            }
            Written::Tenant { project, environment } => {
                let fits = tenanted && *project != Some(false) && *environment != Some(false);
                let own = [false, false, false, true, false, environment.is_some(), false, project.is_some()];
                fits.then_some(own)
            }
        };
        fitting.extend(strength.map(|strength| (strength, index.to_string())));
    }
    if default {
        fitting.push(([false, false, false, false, false, false, false, true], "default".to_owned()));
    }
    fitting.sort_by_key(|(strength, _)| Reverse(*strength));
    match fitting.as_slice() {
        [] if tenanted => Err("tenant-value-missing"),
        [] => Err("no-tenant"),
        [first, second, ..] if first.0 == second.0 => Err("variable-tie"),
        [first, ..] => Ok(first.1.clone()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn there_is_one_winner_or_an_error_whatever_the_order(
        values in prop::collection::vec(written(), 0..7),
        tenanted in prop::bool::weighted(0.8),
        default in any::<bool>(),
        turn in 0usize..7,
    ) {
        let mut world = world(&values, tenanted, default);
        let expected = expected(&values, tenanted, default);
        let found = |world: &World| resolve(world, "#{v}").map_err(|error| error.split(':').next().unwrap().to_owned());
        prop_assert_eq!(found(&world), expected.clone().map_err(str::to_owned));
        let before = resolve(&world, "#{v}");
        if !world.what.variables.is_empty() {
            let turn = turn % world.what.variables.len();
            world.what.variables.rotate_left(turn);
        }
        if let Some(tenant) = &mut world.tenant {
            tenant.variables.reverse();
        }
        prop_assert_eq!(resolve(&world, "#{v}"), before, "the order in which values are written");
    }

    #[test]
    fn an_explanation_tells_every_value_once_and_what_is_rendered(
        values in prop::collection::vec(written(), 0..7),
        tenanted in prop::bool::weighted(0.8),
        default in any::<bool>(),
    ) {
        let world = world(&values, tenanted, default);
        let explained = explain(&world.context(), "v");
        let counts = |value: &&Written| tenanted || matches!(value, Written::Scoped { .. });
        prop_assert_eq!(explained.values.len(), values.iter().filter(counts).count() + usize::from(default));
        let winners: Vec<_> = explained.values.iter().filter(|value| value.verdict == Verdict::Wins).collect();
        match expected(&values, tenanted, default) {
            Ok(value) => {
                prop_assert_eq!(winners.len(), 1);
                prop_assert_eq!(&winners[0].written, &Value::Text(text(&value)));
                prop_assert_eq!(&winners[0], &&explained.values[0], "the winner comes first");
            }
            Err(code) => {
                prop_assert!(winners.is_empty());
                prop_assert_eq!(explained.value.unwrap_err().code, code);
            }
        }
        for value in &explained.values {
            let lower = value.verdict.reason().is_some_and(|reason| reason.starts_with("lower: "));
            let elsewhere = value.verdict.reason().is_some_and(|reason| reason.starts_with("does not apply: "));
            prop_assert!(lower || elsewhere || matches!(value.verdict, Verdict::Wins | Verdict::Ties), "{value:?}");
        }
    }
}
