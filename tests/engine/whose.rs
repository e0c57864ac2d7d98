//! Whose operation a stack's last one was, by its token alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use landfall::engine::whose::{Known, Trail, Whose};

fn incarnations() -> BTreeSet<Arc<str>> {
    ["00112233445566aa".into(), "00112233445566bb".into()].into()
}

#[test]
fn a_token_is_judged_by_what_the_journal_knows() {
    let incarnations = incarnations();
    let mut trail = Trail::default();
    trail.add(&"lf-00112233445566aa-7-1-0-execute1".into());
    let known = Known { trail: Some(&trail), incarnations: &incarnations };
    let other = |single| Whose::Anothers { store: "ffffffffffffffff".into(), single };
    for (token, whose) in [
        (None, Whose::Nobodys),
        (Some("Console-UpdateStack-1"), Whose::Nobodys),
        (Some("lf-not-one-of-ours"), Whose::Nobodys),
        (Some("lf-00112233445566aa-7-1-0-execute1"), Whose::Ours),
        (Some("lf-00112233445566aa-7-1-0-execute2"), Whose::Lost),
        (Some("lf-00112233445566bb-7-1-0-execute1"), Whose::Lost),
        (Some("lf-ffffffffffffffff-7-1-0-execute1"), other(false)),
        (Some("lf1-ffffffffffffffff-7-1-0-execute1"), other(true)),
    ] {
        assert_eq!(known.whose(token), whose, "{token:?}");
    }
}

#[test]
fn only_the_last_tokens_are_remembered() {
    let incarnations = incarnations();
    let mut trail = Trail::default();
    let token = |n: usize| format!("lf-00112233445566aa-{n}-1-0-execute1");
    (0..1_000).for_each(|n| trail.add(&token(n).into()));
    let known = Known { trail: Some(&trail), incarnations: &incarnations };
    assert_eq!(
        (0..1_000).filter(|n| known.whose(Some(&token(*n))) == Whose::Ours).collect::<Vec<_>>(),
        (936..1_000).collect::<Vec<_>>()
    );
}
