//! What ECS, load balancing, scaling and schedules accept, as rules over the resources of a template.
//!
//! The schemas of resources ([`check_resource`](super::check_resource)) judge one value at a time; a rule judges values
//! together, perhaps of several resources of the template. A value that is known only later fits every rule: the result of a
//! function, a placeholder, a dynamic reference. So does a resource with a condition, which may never exist, and everything in
//! a template with a macro. The same rules judge templates (`load/`), what keys and patches render (`template/`) and what the
//! simulated account is given.
//!
//! Deliberately absent: what AWS only finds out with the account at hand (limits, names that are taken, resources elsewhere).

mod actions;
mod attributes;
mod balancing;
mod container;
mod discovery;
mod ebs;
mod forms;
mod limits;
mod logs;
mod names;
mod placement;
mod policies;
mod registry;
mod rights;
mod rollout;
mod scaling;
mod schedule;
mod sections;
mod seen;
mod service;
mod targets;
mod task;
mod traffic;
mod values;
mod volume;
mod wiring;

use serde_json::{Map, Value};

use super::check::MAX_RESOURCES;
use super::document::Document;
use seen::{Seen, Template};
pub use values::{Form, Row, rows};

/// One thing that AWS refuses.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name: `fargate-size`.
    pub name: &'static str,
    /// Where AWS says so.
    pub source: &'static str,
    /// The number of the set of rules that it came with, from 1.
    pub edition: u16,
    run: fn(&mut Judge<'_>),
}

/// A resource breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFault {
    /// The rule's name.
    pub rule: &'static str,
    /// JSON pointer into the template: `/Resources/Task/Properties/Cpu`. What is missing is pointed to too.
    pub pointer: String,
    /// What is wrong, in one sentence without the resource's name.
    pub title: String,
    /// What AWS answers, in its words where they are known.
    pub aws: String,
    /// The number of the set of rules that the rule came with.
    pub edition: u16,
    /// AWS is sure to refuse it. Otherwise it may also accept it by now, take no notice of it, or fail later.
    pub certain: bool,
    /// The name that nothing has, and the names that there are.
    pub unknown: Option<(String, Vec<String>)>,
}

impl RuleFault {
    /// Resource and property: `` `Task` at `Cpu` ``.
    pub fn place(&self) -> String {
        let Some(inside) = self.pointer.strip_prefix("/Resources/") else {
            return format!("`{}`", self.pointer.trim_start_matches('/').replace('/', "."));
        };
        let (id, place) = inside.split_once("/Properties").unwrap_or((inside, ""));
        match place.trim_start_matches('/').replace('/', ".").as_str() {
            "" => format!("`{id}`"),
            place => format!("`{id}` at `{place}`"),
        }
    }
}

/// Every rule, in the order in which they judge.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let of_tasks =
        [task::RULES, container::RULES, wiring::RULES, volume::RULES, limits::RULES, names::RULES, logs::RULES];
    let of_others = [
        service::RULES,
        placement::RULES,
        ebs::RULES,
        discovery::RULES,
        registry::RULES,
        rollout::RULES,
        traffic::RULES,
        balancing::RULES,
        targets::RULES,
        attributes::RULES,
        actions::RULES,
        scaling::RULES,
        schedule::RULES,
        rights::RULES,
        policies::RULES,
        values::RULES,
        sections::RULES,
    ];
    of_tasks.into_iter().chain(of_others).flatten()
}

/// What AWS would refuse in a template, whatever its unknown values are; nothing of a template with more resources than
/// CloudFormation takes. Costs a look at each resource per rule.
pub fn check_rules(document: &Document) -> Vec<RuleFault> {
    if document.has_macro() || document.resources().nth(MAX_RESOURCES).is_some() {
        return Vec::new();
    }
    judged(document, rules())
}

/// The same of its sections alone: parameters, mappings, conditions, outputs and the attributes of resources.
pub fn check_sections(document: &Document) -> Vec<RuleFault> {
    if document.has_macro() { Vec::new() } else { judged(document, sections::RULES.iter()) }
}

fn judged(document: &Document, rules: impl Iterator<Item = &'static Rule>) -> Vec<RuleFault> {
    let template = Template::of(document);
    let mut found = Vec::new();
    for rule in rules {
        let mut judge = Judge { template: &template, root: document.as_map(), rule, found: Vec::new() };
        (rule.run)(&mut judge);
        found.append(&mut judge.found);
    }
    found
}

/// A template, and what one rule says against it.
struct Judge<'a> {
    template: &'a Template<'a>,
    root: &'a Map<String, Value>,
    rule: &'static Rule,
    found: Vec<RuleFault>,
}

impl<'a> Judge<'a> {
    /// Judges every resource of a type.
    fn each(&mut self, kind: &str, judge: impl Fn(&Template<'a>, Seen<'a>, &mut dyn FnMut(Fault))) {
        let (Rule { name: rule, edition, .. }, template) = (*self.rule, self.template);
        for resource in template.of_kind(kind) {
            let found = &mut self.found;
            let mut out = |Fault { pointer, title, aws, certain, unknown }: Fault| {
                found.push(RuleFault { rule, pointer, title, aws, edition, certain, unknown });
            };
            judge(template, resource, &mut out);
        }
    }
}

/// What a rule says, and where.
struct Fault {
    pointer: String,
    title: String,
    aws: String,
    certain: bool,
    unknown: Option<(String, Vec<String>)>,
}

impl Fault {
    fn at(pointer: impl Into<String>, title: impl Into<String>, aws: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), title: title.into(), aws: aws.into(), certain: true, unknown: None }
    }

    /// The same, about a name that nothing has.
    fn among(self, name: String, known: Vec<String>) -> Self {
        Self { unknown: Some((name, known)), ..self }
    }

    /// The same, if AWS may accept it after all.
    fn doubtful(self) -> Self {
        Self { certain: false, ..self }
    }
}
