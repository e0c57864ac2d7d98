//! `plan --diff`: what AWS announced next to what was predicted, and each disagreement in a sentence.

use landfall::model::StackName;
use landfall::model::facts::Announced;
use landfall::model::journal::{DeploymentId, Effect, ExpectedChange};
use landfall::plan::review::{Basis, Review};
use landfall::view::review::content::begins_page;
use landfall::view::review::markdown;

use super::world::place;

fn change(resource: &str, kind: &str, effect: Effect) -> ExpectedChange {
    ExpectedChange { resource: resource.into(), kind: kind.into(), effect, fate: None }
}

fn nothing() -> Review {
    Review {
        base: None,
        head: None,
        basis: Basis::Settled,
        environments: Vec::new(),
        slots: Vec::new(),
        stacks: Vec::new(),
        left: Vec::new(),
        notes: Vec::new(),
        accepts: Vec::new(),
        broken: Vec::new(),
        still_broken: Vec::new(),
    }
}

/// The page for one resource: what was predicted of it, and what AWS announced.
fn page(kind: &str, predicted: Option<Effect>, announced: Option<Effect>) -> String {
    let one = |effect: Option<Effect>| effect.map(|effect| change("Database", kind, effect)).into_iter().collect();
    let announced = Announced {
        deployment: DeploymentId(7),
        place: place(),
        stack: StackName::seen("data-store-test-eu"),
        predicted: one(predicted),
        changes: one(announced),
    };
    markdown(&begins_page(&nothing(), &[announced], true))
}

#[test]
fn a_disagreement_with_aws_is_a_sentence() {
    use Effect::{MayReplace, Modify, Remove, Replace};
    let (database, definition) = ("AWS::RDS::DBInstance", "AWS::ECS::TaskDefinition");
    for (kind, predicted, announced, wanted) in [
        (database, Some(Modify), Some(Replace), Some("is replaced; landfall predicted a change in place")),
        (database, Some(Modify), Some(MayReplace), Some("may be replaced; landfall predicted a change in place")),
        (database, Some(Replace), Some(Modify), Some("is changed in place; landfall predicted a replacement")),
        (database, None, Some(Remove), Some("is removed; landfall predicted no change")),
        (database, Some(Modify), None, Some("is unchanged; landfall predicted a change in place")),
        (definition, Some(Modify), Some(Replace), Some("gets a new revision; landfall predicted a change in place")),
        (database, Some(Modify), Some(Modify), None),
        (database, Some(MayReplace), Some(Modify), None),
        (database, Some(MayReplace), Some(Replace), None),
        (database, Some(Replace), Some(MayReplace), None),
    ] {
        let page = page(kind, predicted, announced);
        match wanted {
            Some(words) => assert!(page.contains("disagreement") && page.contains(words), "{words}:\n{page}"),
            None => assert!(!page.contains("disagreement"), "{predicted:?} and {announced:?} agree:\n{page}"),
        }
        assert!(page.contains("deployment 7") && page.contains("data-store-test-eu"), "{page}");
    }
    let page = page(database, Some(Modify), Some(Replace));
    assert!(page.contains("| changed in place | replaced |"), "{page}");
}
