//! The order of steps: the file's, unless a step says what it waits for.

use std::collections::BTreeSet;

use landfall::model::StepName;
use landfall::model::process::{Circle, Follows, Placed, Waiting, sequence};
use proptest::prelude::*;

/// What is written: `all`, `beside`, or the names after which a step comes.
fn follows(written: &str) -> Follows {
    match written {
        "all" => Follows::All,
        "beside" => Follows::Beside,
        names => Follows::These(names.split_whitespace().map(|name| name.parse().unwrap()).collect()),
    }
}

fn placed(steps: &[(&str, &str)]) -> Result<Vec<Placed>, Circle> {
    let steps: Vec<(StepName, Follows)> =
        steps.iter().map(|(name, written)| (name.parse().unwrap(), follows(written))).collect();
    let waiting: Vec<Waiting<'_>> = steps
        .iter()
        .map(|(name, follows)| Waiting { name, follows, uses: Vec::new(), only: Default::default() })
        .collect();
    sequence(&waiting)
}

/// `name < those that it waits for`, in order.
fn order(steps: &[(&str, &str)]) -> String {
    let placed = match placed(steps) {
        Ok(placed) => placed,
        Err(circle) => return format!("circle: {circle}"),
    };
    let name = |place: usize| steps[placed[place].step].0;
    let line = |place: usize| {
        let after: Vec<&str> = placed[place].after.iter().map(|place| name(*place)).collect();
        format!("{} < {}", name(place), after.join(" ")).trim_end().to_owned()
    };
    (0..placed.len()).map(line).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_step_waits_for_all_above_it_unless_it_says_otherwise() {
    assert_eq!(order(&[("a", "all"), ("b", "all"), ("c", "all")]), "a <; b < a; c < a b");
    assert_eq!(order(&[("a", "all"), ("b", "beside"), ("c", "all")]), "a <; b <; c < a b");
    assert_eq!(order(&[("a", "all"), ("b", "all"), ("c", "beside"), ("d", "beside")]), "a <; b < a; c < a; d < a");
    assert_eq!(order(&[("a", "all"), ("b", "all"), ("c", "a")]), "a <; b < a; c < a");
    assert_eq!(order(&[("a", "all"), ("b", ""), ("c", "all")]), "a <; b <; c < a b");
    assert_eq!(order(&[("a", "all"), ("b", "a"), ("c", "b")]), "a <; b < a; c < a b", "what those wait for too");
}

#[test]
fn the_order_of_the_file_gives_way_to_what_is_said() {
    assert_eq!(order(&[("a", "c"), ("b", "all"), ("c", "all")]), "c <; a < c; b < c a");
    assert_eq!(order(&[("a", "d"), ("b", "all"), ("c", "beside"), ("d", "beside")]), "d <; a < d; b < d a; c < d a");
    assert_eq!(order(&[("a", "nobody"), ("b", "all")]), "a <; b < a", "names that no step has wait for nobody");
}

#[test]
fn a_circle_is_named_whole() {
    assert_eq!(order(&[("a", "a")]), "circle: a → a");
    assert_eq!(order(&[("x", "all"), ("a", "b"), ("b", "x c"), ("c", "a")]), "circle: a → b → c → a");
}

proptest! {
    /// Whatever is written: every step has one place, after all that it waits for; whoever names a step waits for it; and
    /// without a word the order is the file's.
    #[test]
    fn every_step_comes_after_what_it_waits_for(
        written in proptest::collection::vec((0..3_u8, proptest::collection::vec(0..8_usize, 0..3)), 1..8),
    ) {
        let names: Vec<String> = (0..written.len()).map(|step| format!("s{step}")).collect();
        let texts: Vec<String> = written.iter().map(|(kind, named)| match kind {
            0 => "all".to_owned(),
            1 => "beside".to_owned(),
            _ => named.iter().map(|step| format!("s{step} ")).collect(),
        }).collect();
        let steps: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
        let Ok(placed) = placed(&steps) else {
            prop_assert!(written.iter().any(|(kind, _)| *kind == 2), "only what is said can go in a circle");
            return Ok(());
        };
        let all: BTreeSet<usize> = placed.iter().map(|one| one.step).collect();
        prop_assert_eq!((placed.len(), all.len()), (written.len(), written.len()));
        let place = |step: usize| placed.iter().position(|one| one.step == step);
        for (at, one) in placed.iter().enumerate() {
            prop_assert!(one.after.iter().all(|before| *before < at));
            prop_assert!(one.after.iter().all(|before| placed[*before].after.is_subset(&one.after)));
            if let (2, named) = &written[one.step] {
                prop_assert!(named.iter().filter_map(|step| place(*step)).all(|named| one.after.contains(&named)));
            }
        }
        if written.iter().all(|(kind, _)| *kind == 0) {
            prop_assert!(placed.iter().enumerate().all(|(at, one)| one.step == at && one.after.len() == at));
        }
    }
}
