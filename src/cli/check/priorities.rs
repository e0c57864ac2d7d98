//! Rules of listeners whose priority the stack of another slot has, or another stack of the same slot.
//!
//! The stacks are those that slots settle to: with their pins, and with the releases that enter by themselves. They are there at the
//! same time, so AWS refuses one of two rules. What may come to a slot later is a warning of the loader, as far as a step writes it
//! without variables.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::stacks::Slotted;
use crate::cfn::LISTENER_RULE;
use crate::model::catalog::Catalog;
use crate::model::process::StepKind;
use crate::model::{Location, Names, Place, StackName, Step};
use crate::plan::review::priorities;
use crate::problem::Span;
use crate::promote::settled;
use crate::template::{self, Context, PRIORITY_TAKEN, RenderProblem};

/// A rule that AWS refuses, and the one that has its priority.
pub(super) struct Conflict {
    pub(super) problem: RenderProblem,
    /// The bytes of what is written there, if they are known.
    pub(super) bytes: Range<usize>,
    /// Where the priority of the other rule is written, and whose that is. None if it is written in the same place.
    pub(super) other: Option<(Span, String)>,
}

/// The rule that was found first.
struct Holder {
    stack: StackName,
    resource: String,
    span: Span,
}

/// Every rule whose priority another one has. Costs a rendering of each stack that may have rules.
pub(super) fn conflicts(catalog: &Catalog) -> Vec<Conflict> {
    let names = Names::of(catalog);
    let mut holders: BTreeMap<(String, String), Holder> = BTreeMap::new();
    let mut conflicts = Vec::new();
    for slot in &settled(catalog) {
        let contexts = Slotted::new(catalog, &names, slot).into_iter().flat_map(|slot| slot.contexts(catalog));
        for context in contexts.filter(|context| may_have_rules(context.step)) {
            for (key, rule) in rules(&context) {
                match holders.get(&key) {
                    Some(holder) => conflicts.push(conflict(&key.1, &rule, holder)),
                    None => drop(holders.insert(key, rule)),
                }
            }
        }
    }
    conflicts
}

/// A patch may add anything.
fn may_have_rules(step: &Step) -> bool {
    let own = match &step.kind {
        StepKind::CloudFormation(raw) => raw.template.types.contains(LISTENER_RULE),
        StepKind::EcsService(service) => {
            let groups = service.load_balancer.iter().filter_map(|one| one.own_target_group.as_ref());
            groups.into_iter().any(|group| !group.listener_rule.is_empty())
        }
        StepKind::EcsTask(_) | StepKind::EcsSchedule(_) => false,
    };
    own || !step.patches.is_empty()
}

/// The rules of a stack, by listener and priority.
fn rules(context: &Context<'_>) -> Vec<((String, String), Holder)> {
    let Ok(rendered) = template::render(context) else { return Vec::new() };
    let place = &context.target.place;
    let here = priorities(&rendered, place).into_iter().filter(|rule| is_at(&rule.listener, place));
    here.map(|rule| {
        let written = template::written_at(context, &rule.id, "Priority");
        let span = written.map(|place| Span { at: place.location().clone(), bytes: place.span() });
        let span = span.unwrap_or_else(|| Span { at: beginning(context.step).clone(), bytes: 0..0 });
        let holder = Holder { stack: rendered.stack.clone(), resource: rule.id.to_string(), span };
        ((rule.listener, rule.priority), holder)
    })
    .collect()
}

/// Of the template of a step, or of the step.
fn beginning(step: &Step) -> &Location {
    step.kind.raw().map_or(&step.at, |raw| &raw.template.at)
}

/// Whether an ARN is of this account and region: AWS refuses the others anyway.
fn is_at(arn: &str, place: &Place) -> bool {
    let mut parts = arn.split(':').skip(3);
    parts.next() == Some(place.region.as_str()) && parts.next() == Some(place.account.as_str())
}

fn conflict(priority: &str, rule: &Holder, holder: &Holder) -> Conflict {
    let whose = format!("rule `{}` of stack `{}`", holder.resource, holder.stack);
    let problem = RenderProblem {
        code: PRIORITY_TAKEN,
        title: format!(
            "stack `{}`: AWS would refuse rule `{}`: {whose} has priority {priority} on the same listener",
            rule.stack, rule.resource
        ),
        at: rule.span.at.clone(),
        help: Some("give each stack its own priority or its own listener, for example with variables".to_owned()),
    };
    let other = (rule.span.at != holder.span.at).then(|| (holder.span.clone(), format!("the other one, {whose}")));
    Conflict { problem, bytes: rule.span.bytes.clone(), other }
}
