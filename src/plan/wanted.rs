//! The stacks that a slot has for a release: each step on every matching target, in the order in which steps run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::journal::{Content, DeploymentId};
use crate::model::{
    Catalog, Environment, EnvironmentName, Hash, Id, Names, Project, Release, Slot, StackName, StackOwner, Step,
    Target, Tenant,
};
use crate::template::{Context, RenderProblem, applies};

use super::render::Render;

/// The targets of each environment, by name.
pub(super) type Targets<'a> = BTreeMap<&'a EnvironmentName, Vec<&'a Arc<Target>>>;

/// Sorts the targets by environment.
pub(super) fn targets(catalog: &Catalog) -> Targets<'_> {
    let mut by_environment: Targets<'_> = BTreeMap::new();
    for target in catalog.targets.values() {
        for environment in &target.environments {
            by_environment.entry(environment).or_default().push(target);
        }
    }
    by_environment
}

/// A stack that should be there.
#[derive(Clone, Debug)]
pub(super) struct Wanted<'a> {
    /// Position of its step in the order in which steps run, from 0.
    pub(super) position: usize,
    /// The positions of the steps that it waits for, where these are not all before its own.
    pub(super) after: Option<BTreeSet<usize>>,
    pub(super) step: &'a Arc<Step>,
    pub(super) target: &'a Arc<Target>,
    pub(super) owner: StackOwner,
    pub(super) stack: StackName,
    pub(super) content: Content,
}

impl Wanted<'_> {
    /// Whether it waits for the step at that position.
    pub(super) fn waits_for(&self, position: usize) -> bool {
        self.after.as_ref().map_or(position < self.position, |after| after.contains(&position))
    }
}

/// What the stacks of a slot are rendered from.
pub(super) struct Source<'s, 'a> {
    pub(super) repository: &'a Id,
    pub(super) project: &'a Project,
    pub(super) environment: &'a Environment,
    pub(super) tenant: Option<&'a Arc<Tenant>>,
    pub(super) release: &'a Release,
    pub(super) targets: &'s [&'a Arc<Target>],
    /// Of the head.
    pub(super) names: &'s Names,
    /// The head.
    pub(super) catalog: &'a Catalog,
}

/// Renders every stack of the slot, or says in sentences why that cannot be done.
pub(super) fn wanted<'a>(source: &Source<'_, 'a>, renderer: &mut dyn Render) -> Result<Vec<Wanted<'a>>, Vec<String>> {
    let (stacks, mut problems) = rendered(source, renderer);
    if stacks.is_empty() && problems.is_empty() {
        let environment = &source.environment.name;
        problems
            .push(format!("no step has a stack in {environment}: no target offers its role, or its conditions say no"));
    }
    if problems.is_empty() { Ok(stacks) } else { Err(problems) }
}

/// Renders every stack of the slot that can be rendered; says in sentences why others cannot.
pub(super) fn rendered<'a>(source: &Source<'_, 'a>, renderer: &mut dyn Render) -> (Vec<Wanted<'a>>, Vec<String>) {
    let (mut stacks, mut problems) = (Vec::new(), Vec::new());
    let what = match &source.release.snapshot {
        Ok(snapshot) => &snapshot.what,
        Err(_) => return (stacks, vec![format!("release {} has no snapshot", source.release.name)]),
    };
    let sequence = match what.sequence() {
        Ok(sequence) => sequence,
        Err(circle) => return (stacks, vec![format!("steps wait for each other: {circle}")]),
    };
    for (position, placed) in sequence.iter().enumerate() {
        let Some(step) = what.steps.get(placed.step) else { continue };
        let after = (placed.after.len() < position).then(|| placed.after.clone());
        for target in source
            .targets
            .iter()
            .filter(|target| target.roles.contains(&step.role) && target.takes(source.tenant.map(|tenant| &**tenant)))
        {
            let context = Context {
                repository: source.repository,
                project: source.project,
                release: source.release,
                what,
                environment: source.environment,
                target,
                tenant: source.tenant.map(|tenant| &**tenant),
                step,
                names: source.names,
                catalog: source.catalog,
            };
            if !applies(&context) {
                continue;
            }
            match &*renderer.render(&context) {
                Ok(rendered) => stacks.push(Wanted {
                    position,
                    after: after.clone(),
                    step,
                    target,
                    owner: rendered.owner.clone(),
                    stack: rendered.stack.clone(),
                    content: rendered.content.clone(),
                }),
                Err(found) => problems.extend(found.iter().map(RenderProblem::sentence)),
            }
        }
    }
    problems.dedup();
    (stacks, problems)
}

/// Hash over place, name and content hash of every stack of a slot, in order, with what its task is run with.
pub(super) fn slot_content(stacks: &[Wanted<'_>]) -> Hash {
    let parts = stacks.iter().fold(Hash::parts(), |parts, wanted| {
        let place = wanted.target.place.to_string();
        let parts = parts.part(place).part(wanted.stack.as_str()).part(wanted.content.hash.to_string());
        match &wanted.content.task {
            Some(task) => parts.part("task").part(task.identity()),
            None => parts,
        }
    });
    parts.finish()
}

/// The eight digits by which people name what is done to a slot. `given` is a hash over the outputs of other slots' stacks that
/// go into it: with others the same content is another plan. `last` is the last deployment of that content there that failed
/// or used an allowance: after it the same content is another plan, so that a key which was used up opens it no more, and a
/// new one can.
pub fn plan_id(slot: &Slot, content: Hash, given: Option<Hash>, last: Option<DeploymentId>) -> Arc<str> {
    let parts = Hash::parts().part(slot.to_string()).part(content.to_string());
    let parts = match given {
        Some(given) => parts.part("given").part(given.to_string()),
        None => parts,
    };
    let parts = match last {
        Some(deployment) => parts.part(deployment.to_string()),
        None => parts,
    };
    Arc::from(parts.finish().short())
}

/// The eight digits by which a gate in a deployment is named, where `used` allowances opened something for it before: with
/// each it is another gate, so that the next one can be opened too.
pub fn gate_id(plan: &str, used: usize) -> Arc<str> {
    match used {
        0 => Arc::from(plan),
        used => Arc::from(Hash::parts().part(plan).part(used.to_string()).finish().short()),
    }
}
