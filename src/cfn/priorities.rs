//! The priorities that rules have on listeners: Elastic Load Balancing refuses a second rule with the same one (API reference,
//! `CreateRule`: `PriorityInUse`).

use std::sync::Arc;

use super::conditions::Given;

/// The type of a listener's rule.
pub const LISTENER_RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";

/// A rule whose listener and priority are known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RulePriority {
    /// Its logical id.
    pub id: Arc<str>,
    /// ARN of its listener.
    pub listener: String,
    pub priority: String,
}

/// The rules that a template has for certain, as far as their listeners and priorities are known: not those of a listener of
/// the same template.
pub fn rule_priorities(given: Given<'_>) -> Vec<RulePriority> {
    let rules = given.document.resources().filter(|resource| resource.kind() == LISTENER_RULE);
    let there = rules.filter(|resource| given.has(*resource) == Some(true));
    there
        .filter_map(|resource| {
            Some(RulePriority {
                listener: given.text(resource.property("ListenerArn")?).filter(|arn| arn.starts_with("arn:"))?,
                priority: given.text(resource.property("Priority")?)?,
                id: resource.id.into(),
            })
        })
        .collect()
}
