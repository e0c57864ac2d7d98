//! Listeners and rules between whose target groups ECS moves traffic, where CloudFormation is about to write them again.
//!
//! A template says the weights with which they begin: everything to the first target group. A deployment that moves traffic
//! leaves it on the other one, every second time, and CloudFormation does not know. When another part of the rule changes,
//! it writes the template's weights along with it, and all requests go to a target group without tasks \[report:
//! aws/aws-cdk#36649\]. No template can avoid that, so a human looks where traffic is before such a change set runs. A first
//! switch to such a strategy does not ask: traffic was never on a target group that this change set creates.

use std::collections::BTreeMap;

use serde_json::Value;

use super::StackState;
use super::compare::{Unexpected, cause_of};
use crate::cloud::ResourceChange;
use crate::model::catalog::Gate;
use crate::model::journal::{Content, Effect};

/// Properties that a change of the step's own strategy changes: then the weights are meant to be written.
const WEIGHTS: [&str; 2] = ["Actions", "DefaultActions"];

/// The first announced change that would write weights again.
pub(super) fn written_again(content: &Content, announced: &[ResourceChange], state: &StackState) -> Option<Unexpected> {
    let moved = moved(&content.template);
    let is_new =
        |group: &str| announced.iter().any(|row| row.change.effect == Effect::Add && &*row.change.resource == group);
    announced.iter().filter(|row| is_written(row, announced)).find_map(|row| {
        let Moved { first, other } = moved.get(&*row.change.resource)?;
        if other.as_deref().is_some_and(is_new) {
            return None;
        }
        let opened = state.is_open(Gate::Replace, Some(&row.change.resource));
        (!opened).then(|| Unexpected {
            gate: Gate::Replace,
            code: "traffic-written-again",
            foreseen: Vec::new(),
            sentence: format!(
                "{} ({}) would be overwritten{}, and all traffic would go to {first}, though the last deployment \
                 may have left it on the other target group: look where it is. If it is there, deploy once more before this change",
                row.change.resource,
                row.change.kind,
                cause_of(row, |_| true),
            ),
        })
    })
}

/// Whether the change writes weights that are not what changes: of a rule that is there, or that takes another's place.
fn is_written(row: &ResourceChange, announced: &[ResourceChange]) -> bool {
    let takes_over = || announced.iter().any(|other| other.change.effect == Effect::Remove && same_kind(row, other));
    match row.change.effect {
        Effect::Modify | Effect::Replace | Effect::MayReplace => {
            !row.causes.iter().any(|cause| WEIGHTS.iter().any(|name| cause.name == *name))
        }
        Effect::Add => takes_over(),
        Effect::Remove => false,
    }
}

fn same_kind(one: &ResourceChange, other: &ResourceChange) -> bool {
    one.change.kind == other.change.kind
}

/// The target groups between which traffic is moved.
struct Moved {
    first: String,
    /// The other one, if this template makes it.
    other: Option<String>,
}

/// The rules and listeners of a template that its services move traffic by, each with its service's target groups.
fn moved(template: &str) -> BTreeMap<String, Moved> {
    let template: Value = serde_json::from_str(template).unwrap_or_default();
    let resources = template.get("Resources").and_then(Value::as_object).into_iter().flatten();
    let services = resources.filter(|(_, body)| body.get("Type").and_then(Value::as_str) == Some("AWS::ECS::Service"));
    let balancers = services.filter_map(|(_, body)| body.get("Properties")?.get("LoadBalancers")?.as_array()).flatten();
    let mut moved = BTreeMap::new();
    for balancer in balancers {
        let Some(advanced) = balancer.get("AdvancedConfiguration") else { continue };
        let first = balancer.get("TargetGroupArn").and_then(logical).unwrap_or("the first target group");
        let other = advanced.get("AlternateTargetGroupArn").and_then(logical);
        for name in ["ProductionListenerRule", "TestListenerRule"] {
            if let Some(rule) = advanced.get(name).and_then(logical) {
                let groups = Moved { first: first.to_owned(), other: other.map(str::to_owned) };
                moved.insert(rule.to_owned(), groups);
            }
        }
    }
    moved
}

/// The resource that a `Ref`, or a `Fn::GetAtt`, is of.
fn logical(value: &Value) -> Option<&str> {
    let map = value.as_object()?;
    let of_ref = map.get("Ref").and_then(Value::as_str);
    of_ref.or_else(|| map.get("Fn::GetAtt")?.get(0)?.as_str())
}
