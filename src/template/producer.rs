//! Which stack a reference to an output means.
//!
//! In the own project it is a stack of the same slot. In another project it is one of its slot for the same environment and
//! tenant, or of the slot without a tenant if the tenant is not connected to it. That project's process at the head
//! decides, because places are live. First the stack on the consumer's own target, then the only stack; otherwise the
//! reference must name the target.

use std::sync::Arc;

use crate::model::catalog::Value;
use crate::model::place::Access;
use crate::model::process::{OutputRef, Piece};
use crate::model::{
    Location, Place, Project, ProjectName, StackName, StackOwner, Step, Target, TargetName, Tenant, What,
};

use super::fill::outputs::parameter;
use super::variables::closest;
use super::{Context, RenderProblem, codes, outputs};

/// The stack whose output is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Producer {
    pub stack: StackName,
    /// AWS account and region of the stack.
    pub place: Place,
    /// How that is reached.
    pub access: Access,
    /// The project that it is of.
    pub project: ProjectName,
    /// The target that it is at.
    pub target: TargetName,
    /// Where its step is written.
    pub at: Location,
}

/// What there is to say about a reference in one context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedOutput {
    pub reference: OutputRef,
    /// The stack that it means.
    pub producer: Producer,
    /// The parameters of the template that the output fills: those that the step gives it to, and the one that stands for it.
    pub parameters: Vec<String>,
    /// A text of the step has it.
    pub used: bool,
}

/// Why a reference means no stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NoProducer {
    pub(super) code: &'static str,
    pub(super) title: String,
    pub(super) help: Option<String>,
}

impl NoProducer {
    fn new(code: &'static str, title: String, help: impl Into<Option<String>>) -> Self {
        Self { code, title, help: help.into() }
    }

    /// A name that does not exist, with the nearest existing one.
    fn unknown<'n>(code: &'static str, title: String, name: &str, known: impl Iterator<Item = &'n str>) -> Self {
        let known: Vec<String> = known.map(str::to_owned).collect();
        let near = closest(name, known.iter().cloned()).map(|near| format!("did you mean `{near}`?"));
        let all = || (!known.is_empty() && known.len() <= 12).then(|| format!("available: {}", known.join(", ")));
        Self::new(code, title, near.or_else(all))
    }
}

/// Where a producer is looked for: a project with its process, for a tenant or without one.
struct Side<'a> {
    project: &'a Project,
    what: &'a What,
    tenant: Option<&'a Tenant>,
    /// The channel of what it deploys is known.
    own: bool,
}

/// What a name means that begins like a reference to an output; none for every other name. Costs a look at every target.
pub fn explain_output(context: &Context<'_>, name: &str) -> Option<Result<UsedOutput, RenderProblem>> {
    let at = &context.step.at;
    let problem = |code, title, help| RenderProblem { code, title, at: at.clone(), help };
    let reference = match OutputRef::parse(name)? {
        Ok(reference) => reference,
        Err(no) => return Some(Err(problem(codes::OUTPUT_REFERENCE, no.to_string(), None))),
    };
    let given = producer(&reference, context).map(|producer| UsedOutput {
        producer,
        parameters: filled(&reference, context.step),
        used: context.step.uses.contains(&reference),
        reference,
    });
    Some(given.map_err(|no| problem(no.code, no.title, no.help)))
}

fn filled(reference: &OutputRef, step: &Step) -> Vec<String> {
    let whole = |value: &Value| match value {
        Value::Text(text) => match text.pieces() {
            [Piece::Placeholder(name)] => OutputRef::parse(name) == Some(Ok(reference.clone())),
            _ => false,
        },
        Value::List(_) => false,
    };
    let given = step.kind.raw().into_iter().flat_map(|step| &step.parameters);
    let given = given.filter(|(_, given)| whole(&given.value)).map(|(name, _)| name.to_string());
    given.chain([parameter(reference)]).collect()
}

/// The stack that a reference means. Costs a look at every target.
pub(super) fn producer(reference: &OutputRef, context: &Context<'_>) -> Result<Producer, NoProducer> {
    let side = side(reference, context)?;
    let named = || side.what.steps.iter().filter(|step| step.name == reference.step);
    let channel = side.own.then_some(&context.release.channel);
    let here = || named().filter(|step| step.only.fits(&context.environment.name, channel, side.tenant));
    // The channel of what another project deploys is not known: one of its steps that has the output is meant.
    let has = |step: &&Arc<Step>| {
        outputs(step, side.what).is_none_or(|known| known.iter().any(|name| **name == *reference.output))
    };
    let Some(step) = here().find(has).or_else(|| here().next()).or_else(|| named().next()) else {
        let title = format!("`#{{{reference}}}`: project `{}` has no step `{}`", side.project.name, reference.step);
        let known = side.what.steps.iter().map(|step| step.name.as_str());
        return Err(NoProducer::unknown(codes::UNKNOWN_STEP, title, reference.step.as_str(), known));
    };
    let known = outputs(step, side.what);
    if let Some(known) = known.filter(|known| !known.iter().any(|name| **name == *reference.output)) {
        let title = format!("`#{{{reference}}}`: step `{}` has no output `{}`", step.name, reference.output);
        return Err(NoProducer::unknown(
            codes::UNKNOWN_OUTPUT,
            title,
            &reference.output,
            known.iter().map(String::as_str),
        ));
    }
    let target = target(reference, &side, step, context)?;
    let stack = StackName::of(&StackOwner {
        repository: context.repository.clone(),
        project: side.project.id.clone(),
        step: step.id.clone(),
        environment: context.environment.id.clone(),
        target: target.id.clone(),
        tenant: side.tenant.map(|tenant| tenant.id.clone()),
    });
    Ok(Producer {
        stack,
        place: target.place.clone(),
        access: target.access.clone(),
        project: side.project.name.clone(),
        target: target.name.clone(),
        at: step.at.clone(),
    })
}

fn side<'a>(reference: &OutputRef, context: &Context<'a>) -> Result<Side<'a>, NoProducer> {
    let Some(name) = &reference.project else {
        return Ok(Side { project: context.project, what: context.what, tenant: context.tenant, own: true });
    };
    let Some(project) = context.catalog.projects.get(name) else {
        let title = format!("`#{{{reference}}}`: no project is named `{name}`");
        let known = context.catalog.projects.keys().map(|known| known.as_str());
        return Err(NoProducer::unknown(codes::UNKNOWN_PROJECT, title, name.as_str(), known));
    };
    if *name == context.project.name {
        let title = format!("`#{{{reference}}}` names its own project");
        let own = OutputRef { project: None, ..reference.clone() };
        return Err(NoProducer::new(codes::OUTPUT_REFERENCE, title, format!("write `#{{{own}}}`")));
    }
    let Some(what) = &project.head else {
        let title = format!("`#{{{reference}}}`: the process of project `{name}` has errors");
        return Err(NoProducer::new(codes::OUTPUT_TARGET, title, "`landfall check` lists them".to_owned()));
    };
    let connected = |tenant: &&Tenant| tenant.is_connected(name, &context.environment.name);
    let tenant = context.tenant.filter(|_| project.tenancy.tenanted()).filter(connected);
    if tenant.is_none() && !project.tenancy.untenanted() {
        let whom = match context.tenant {
            Some(tenant) => {
                format!("tenant `{}` is not connected to it in `{}`", tenant.name, context.environment.name)
            }
            None => "this slot has no tenant".to_owned(),
        };
        let title = format!("`#{{{reference}}}`: project `{name}` is deployed only per tenant, and {whom}");
        return Err(NoProducer::new(codes::OUTPUT_TARGET, title, None));
    }
    Ok(Side { project, what, tenant, own: false })
}

/// The target whose stack is meant.
fn target<'a>(
    reference: &OutputRef,
    side: &Side<'_>,
    step: &Step,
    context: &Context<'a>,
) -> Result<&'a Arc<Target>, NoProducer> {
    let environment = &context.environment.name;
    let channel = side.own.then_some(&context.release.channel);
    let fits = step.only.fits(environment, channel, side.tenant);
    let all = context.catalog.targets.values().filter(|target| {
        fits && target.environments.contains(environment)
            && target.roles.contains(&step.role)
            && target.takes(side.tenant)
    });
    let all: Vec<&Arc<Target>> = all.collect();
    let names: Vec<&str> = all.iter().map(|target| target.name.as_str()).collect();
    let named = reference.target.as_ref().unwrap_or(&context.target.name);
    if let Some(target) = all.iter().find(|target| target.name == *named) {
        return Ok(target);
    }
    let slot = match side.tenant {
        Some(tenant) => format!("`{environment}` for tenant `{}`", tenant.name),
        None => format!("`{environment}`"),
    };
    if let Some(named) = &reference.target {
        let title = format!("`#{{{reference}}}`: step `{}` has no stack on target `{named}` in {slot}", step.name);
        return Err(NoProducer::unknown(codes::OUTPUT_TARGET, title, named.as_str(), names.into_iter()));
    }
    match all.as_slice() {
        [only] => Ok(only),
        [] => {
            let title = format!("`#{{{reference}}}`: step `{}` has no stack in {slot}", step.name);
            let help =
                "the step needs a target in the environment that offers its role, and conditions that match".to_owned();
            Err(NoProducer::new(codes::OUTPUT_TARGET, title, help))
        }
        [first, ..] => {
            let title = format!(
                "`#{{{reference}}}`: step `{}` has no stack on target `{}`, and several on other targets in {slot}: {}",
                step.name,
                context.target.name,
                names.join(", ")
            );
            let help = format!("name the target, as in `#{{{}}}`", reference.at(&first.name));
            Err(NoProducer::new(codes::OUTPUT_TARGET, title, help))
        }
    }
}
