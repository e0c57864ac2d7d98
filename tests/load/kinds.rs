//! The kinds of step: whatever is wrong with `kind` or with a key is told where it stands.

use super::support::{example, load};

/// The problems of the example with something else in its first step.
fn problems(from: &str, to: &str) -> Vec<String> {
    let mut files = example();
    let process = files.get_mut("projects/storefront/process.toml").unwrap();
    assert!(process.contains(from), "{from}");
    *process = process.replacen(from, to, 1);
    let found = load(&files).problems;
    let of_process = found.iter().filter(|problem| &*problem.span.at.file == "projects/storefront/process.toml");
    of_process.map(|problem| format!("{} {}: {}", problem.code, problem.span.at.line, problem.title)).collect()
}

#[test]
fn a_kind_that_is_not_there_is_told_with_those_that_are() {
    let found = problems("kind = \"ecs-service\"", "kind = \"ecs-servise\"");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("invalid-value") && found[0].contains("`ecs-service`"), "{found:?}");
}

#[test]
fn a_step_without_a_kind_or_with_another_type_is_one_problem() {
    let found = problems("kind = \"ecs-service\"", "");
    assert!(matches!(found.as_slice(), [one] if one.starts_with("missing-key") && one.contains("`kind`")), "{found:?}");
    let found = problems("kind = \"ecs-service\"", "kind = 3");
    assert!(matches!(found.as_slice(), [one] if one.starts_with("wrong-type")), "{found:?}");
}

#[test]
fn keys_are_those_of_the_kind() {
    let found = problems("kind = \"ecs-service\"", "kind = \"ecs-service\"\ntask = { cpu = 256 }\nof = 3");
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|problem| problem.starts_with("unknown-key")), "{found:?}");
}
