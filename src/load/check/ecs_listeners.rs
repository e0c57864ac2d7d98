//! Rules on existing listeners: no two may have the same priority, which Elastic Load Balancing rejects (API reference,
//! `CreateRule`: `PriorityInUse`).
//!
//! Rules within one target group are checked with the target group. Rules that others made are not known here.

use std::collections::{BTreeMap, BTreeSet};

use super::super::codes;
use super::super::drafts::Draft;
use super::super::finding::Finding;
use super::super::schema::At;
use super::super::schema::process::{ProcessFile, StepEntry};
use super::super::what::WhatDrafts;
use super::super::world::World;
use super::identity::{apart, owners};
use crate::model::process::{ListenerRule, Located, Priority, Text};
use crate::model::{Location, Place, ProjectName};

/// A rule, the step that makes it, and which of the step's target groups it sends to.
struct Rule<'a> {
    step: &'a At<StepEntry>,
    group: usize,
    rule: &'a Located<ListenerRule>,
}

impl<'a> Rule<'a> {
    /// Listener and priority, as they are written.
    fn key(&self) -> (&'a str, String) {
        (self.rule.listener_arn.raw(), written(&self.rule.priority))
    }

    /// Whether listener and priority are the same wherever the step has a stack.
    fn is_literal(&self) -> bool {
        let (listener, priority) = self.key();
        !listener.contains("#{") && !priority.contains("#{")
    }
}

/// A priority as it is written.
fn written(priority: &Priority) -> String {
    priority
        .number()
        .map_or_else(|| priority.text().map(Text::to_string).unwrap_or_default(), |number| number.to_string())
}

fn rules(process: &ProcessFile) -> impl Iterator<Item = Rule<'_>> {
    process.services().flat_map(|(step, _, service)| {
        let own =
            service.load_balancer.iter().enumerate().filter_map(|(at, it)| Some((at, it.own_target_group.as_ref()?)));
        own.flat_map(move |(group, own)| own.listener_rule.iter().map(move |rule| Rule { step, group, rule }))
    })
}

/// Whether a rule of the process may be one that another project's stacks make as well.
pub(crate) fn may_be_shared(process: &ProcessFile) -> bool {
    rules(process).any(|rule| rule.is_literal())
}

/// Rules of one process: where two of them are made, they are made in one deployment.
pub(super) fn priorities_differ(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    let mut seen: BTreeMap<(&str, String), Vec<Rule<'_>>> = BTreeMap::new();
    for rule in rules(&process.doc) {
        let before = seen.entry(rule.key()).or_default();
        if let Some(first) = before.iter().find(|first| meet(drafts, first, &rule)) {
            let title = format!("two rules on one listener have priority {}", written(&rule.rule.priority));
            let finding = Finding::new(codes::BALANCING, &process.file, rule.rule.priority.span(), title);
            let other = match *first.step.name == *rule.step.name {
                true => "the other one".to_owned(),
                false => format!("the other one, of step `{}`", *first.step.name),
            };
            findings.push(finding.label("taken").related(&process.file, first.rule.priority.span(), other));
        }
        before.push(rule);
    }
}

/// Whether two rules that say the same are on one listener of one place at the same time, for certain.
fn meet(drafts: &WhatDrafts, a: &Rule<'_>, b: &Rule<'_>) -> bool {
    if std::ptr::eq(a.step, b.step) {
        return a.group != b.group;
    }
    // A slot carries one release, and that is of one channel.
    if apart(&a.step.channels, &b.step.channels) {
        return false;
    }
    let everybody = |step: &StepEntry| step.tenants.is_empty() && step.tenant_tags.is_empty();
    !apart(&a.step.environments, &b.step.environments)
        && (a.is_literal()
            || *a.step.role == *b.step.role && everybody(a.step) && everybody(b.step) && !differs_by_step(drafts, a))
}

/// Whether what a rule says may have another value in another step of the slot.
fn differs_by_step(drafts: &WhatDrafts, rule: &Rule<'_>) -> bool {
    let (listener, priority) = rule.key();
    let here = || Location { file: "".into(), line: 1, column: 1 };
    let texts = [listener, &priority].map(|text| Text::parse(text, here()));
    let named: BTreeSet<&str> = texts.iter().flatten().flat_map(Text::placeholders).collect();
    let files = drafts.variables.iter().chain(drafts.sets.iter().map(|(_, draft)| draft));
    let mut values = files.flat_map(|draft| &draft.doc.variable).filter(|it| named.contains(it.name.as_str()));
    // What a value refers to is not followed.
    let refers = |texts: &[String]| texts.iter().any(|text| text.contains("#{"));
    named.iter().any(|name| name.starts_with("step."))
        || values.any(|it| it.scope.step.is_some() || refers(it.value.texts()))
}

/// A rule that several stacks make: for several environments or tenants of one step, or for steps that no slot contains
/// together.
///
/// Looks at the head, and at what is written without placeholders. What is never deployed takes no priority, so this is not
/// certain.
pub(super) fn stacks_share_no_priority(world: &World, findings: &mut Vec<Finding>) {
    let mut seen: BTreeMap<(&str, String), Vec<Placed<'_>>> = BTreeMap::new();
    for (name, project) in &world.projects {
        let (Some(what), Some(built)) = (&project.head.what, &project.project) else { continue };
        let Some(process) = &project.head.drafts.process else { continue };
        for rule in rules(&process.doc).filter(Rule::is_literal) {
            let place = process.doc.step.iter().position(|step| std::ptr::eq(step, rule.step));
            let Some(step) = place.and_then(|place| what.steps.get(place)) else { continue };
            let stacks = owners(world, name, built, step);
            let stacks = stacks.iter().filter(|(place, _)| is_at(rule.rule.listener_arn.raw(), place)).count();
            if stacks == 0 {
                continue;
            }
            let before = seen.entry(rule.key()).or_default();
            let this = Placed { project: name, process, rule, stacks };
            findings.extend(this.shared(before.iter().find(|first| this.is_apart_from(first))));
            before.push(this);
        }
    }
}

/// A rule of a project, and how many stacks make it on its listener.
struct Placed<'a> {
    project: &'a ProjectName,
    process: &'a Draft<ProcessFile>,
    rule: Rule<'a>,
    stacks: usize,
}

impl Placed<'_> {
    /// Whether no slot contains both rules. If one does, the conflict is certain.
    fn is_apart_from(&self, other: &Self) -> bool {
        self.project != other.project || apart(&self.rule.step.environments, &other.rule.step.environments)
    }

    /// The problem of a rule that several stacks make, or that another rule conflicts with.
    fn shared(&self, other: Option<&Self>) -> Option<Finding> {
        let Rule { step, rule, .. } = &self.rule;
        let span = rule.priority.span();
        let new = |title| {
            Finding::new(codes::LISTENER_PRIORITY, &self.process.file, span.clone(), title).about(&[step.name.as_str()])
        };
        if let Some(first) = other {
            let title =
                format!("two stacks would add a rule with priority {} to the same listener", written(&rule.priority));
            let words = format!("the other one, of step `{}` of project `{}`", *first.rule.step.name, first.project);
            let other = first.rule.rule.priority.span();
            return Some(new(title).label("taken").related(&first.process.file, other, words));
        }
        let title = format!(
            "{} stacks of step `{}` would add a rule to the same listener, each with priority {}",
            self.stacks,
            *step.name,
            written(&rule.priority)
        );
        let help = "use a variable for `listener_arn` or `priority` with a different value for each stack, or limit the step to one environment";
        (self.stacks > 1).then(|| new(title).label("the same in each").help(help))
    }
}

/// Whether an ARN is of this account and region.
fn is_at(arn: &str, place: &Place) -> bool {
    let mut parts = arn.split(':').skip(3);
    parts.next() == Some(place.region.as_str()) && parts.next() == Some(place.account.as_str())
}
