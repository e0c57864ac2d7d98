//! Rules of listeners whose priority another stack has: the review says that AWS refuses them, and then it does.

use landfall::plan::review::{Fate, Review};

use super::merge;

const SHOP: &str = "repository ../../../example-repo\nrepository shop\ncommit Begin\nsettle\nwait 2h\nmerge\n";

/// What AWS refuses of a stack of checkout: which stack, and why.
fn refused(review: &Review) -> Vec<String> {
    let failing = review.stacks.iter().filter(|stack| stack.fate == Fate::Fail && stack.project.as_str() == "checkout");
    let said = failing.flat_map(|stack| {
        let sentences = stack.refused.iter().map(|refused| refused.sentence(&stack.stack));
        sentences.map(|sentence| format!("{}: {sentence}", stack.stack)).collect::<Vec<_>>()
    });
    said.collect()
}

/// The old stack stays, and with it the rule.
#[test]
fn the_stack_of_a_target_with_another_id_cannot_have_the_priority_of_the_old_one() {
    let merged = merge(&format!("{SHOP}replace targets/production-eu.toml | id = \"eu\" | id = \"europe\"\n"));
    let expected = "checkout-web-production-europe: ListenerRuleappP10 (ElasticLoadBalancingV2 ListenerRule) cannot have priority \
                    10 on listener app/prod/0123456789abcdef/0123456789abcdef: it is taken by ListenerRuleappP10 in stack \
                    checkout-web-production-eu";
    assert_eq!(refused(&merged.offline), [expected]);
    assert_eq!(refused(&merged.told), [expected]);
    merged.agrees();
}

/// CloudFormation makes the rule with the new logical id before it removes the old one.
#[test]
fn a_rule_that_gets_another_logical_id_cannot_keep_its_priority() {
    let renamed = "replace projects/checkout/process.toml | name = \"app\"\\nvpc_id | name = \"front\"\\nvpc_id\ncommit Rename\nsettle\nmerge\n\
                   refresh checkout 2.0.0\n";
    let merged = merge(&SHOP.replace("merge\n", renamed));
    let said = refused(&merged.offline);
    let within = "it is taken by ListenerRuleappP10 in the same stack";
    assert!(!said.is_empty(), "nothing is refused");
    assert!(said.iter().all(|one| one.contains("ListenerRulefrontP10") && one.ends_with(within)), "{said:?}");
    merged.agrees();
}
