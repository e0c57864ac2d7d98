//! From a step of a release to the content of a stack: shape, then fill.
//!
//! ```text
//! step ──shape──► Shape ──fill──► Document ──► Content (template, hash, stamp, images to prove)
//!                           ▲
//!          variables ── Values
//! ```
//!
//! *Shape* ([`shape`], one folder per kind of step) turns a step into a template whose leaves may hold placeholders,
//! and sees no value. *Fill* ([`fill`]) puts the values of one slot and target into the leaves of the parsed tree; it
//! cannot change a key or the length of a fixed list, so a value cannot change which resources exist. Values are
//! written as plain strings and never into `Fn::Sub`, so `${…}` in a value stays what it is.
//!
//! Deliberately absent: I/O, and everything that needs a call to AWS. The planner calls [`Cache::render`]; a command
//! that shows one template calls [`render`].

mod cache;
mod cloudformation;
mod codes;
pub mod content;
pub mod convert;
mod ecs;
mod fill;
pub mod format;
mod image;
mod judge;
mod keys;
pub mod limits;
mod origin;
mod patch;
mod producer;
mod shape;
mod substitution;
pub mod variables;

pub use cache::{Cache, Counts, Outcome, key};
pub use codes::CODES;
pub use content::{Covered, baking_of, body, capabilities, content_hash};
pub use ecs::RUN;
pub use fill::outputs::parameter as output_parameter;
pub use keys::{KeyProblem, check as check_keys};
pub use patch::{PatchFault, PatchProblem, check as check_patches};
pub use producer::{Producer, UsedOutput, explain_output};
pub use variables::applies;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::cfn::{self, Document};
use crate::model::journal::{Content, ParameterValue, ProvedImage};
use crate::model::process::{self, StepKind};
use crate::model::{
    Catalog, Environment, Id, Location, Names, Project, Release, StackName, StackOwner, Step, Target, Tenant, What,
};

/// What one stack is rendered from.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Id of the repository.
    pub repository: &'a Id,
    pub project: &'a Project,
    pub release: &'a Release,
    pub what: &'a What,
    /// The environment, as the head has it.
    pub environment: &'a Environment,
    /// The target, as the head has it.
    pub target: &'a Target,
    /// The tenant; none for a slot without one.
    pub tenant: Option<&'a Tenant>,
    pub step: &'a Step,
    /// The names that the head has. Those of the release's snapshot are in the release.
    pub names: &'a Names,
    /// The head: where the stacks are whose outputs the step uses.
    pub catalog: &'a Catalog,
}

/// A rendered stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// Whose it is.
    pub owner: StackOwner,
    pub stack: StackName,
    /// What CloudFormation is given. `expected` is empty: only a comparison with what is deployed can tell.
    pub content: Content,
}

/// The code of a rule whose priority another stack has.
pub const PRIORITY_TAKEN: &str = codes::PRIORITY_TAKEN;

/// Why a stack cannot be rendered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RenderProblem {
    /// A code of [`CODES`].
    pub code: &'static str,
    /// One sentence.
    pub title: String,
    /// File, line and column.
    pub at: Location,
    /// How to fix it.
    pub help: Option<String>,
}

impl RenderProblem {
    /// All of it in one sentence: what, where, and how to fix it.
    pub fn sentence(&self) -> String {
        let help = self.help.as_ref().map_or(String::new(), |help| format!(": {help}"));
        format!("{} ({}){help}", self.title, self.at)
    }
}

impl From<PatchProblem> for RenderProblem {
    fn from(problem: PatchProblem) -> Self {
        let PatchProblem { title, at, help, .. } = problem;
        Self { code: codes::PATCH, title, at, help }
    }
}

/// Renders one stack.
///
/// # Errors
/// Every problem of this stack at once: names without a value, images that the release lacks, limits of AWS.
pub fn render(context: &Context<'_>) -> Result<Rendered, Vec<RenderProblem>> {
    let one = |problem| vec![problem];
    if let Some(fault) = variables::unclear(context) {
        return Err(one(fault.into()));
    }
    let (shape, patched) = shape_of(context)?;
    let owner = owner(context);
    let stack = StackName::of(&owner);
    let values = variables::Values::new(context);
    let mut filler = fill::Filler::new(context, &values, &stack);
    let mut filled = filler.fill_all(&shape);
    filler.numbers_fit(&context.step.kind);
    let outputs = filler.outputs();
    for (name, section) in taken(&filled, &outputs) {
        let title = format!(
            "`{name}` exists in the section {section} of the template, and landfall needs this name for the output of another stack"
        );
        let help = "rename it in the template".to_owned();
        filler.problem(codes::DUPLICATE_LOGICAL_ID, title, &context.step.at, Some(help));
    }
    declare(&mut filled, &outputs);
    let document = Document::from_sections(filled);
    let run = match &context.step.kind {
        StepKind::EcsTask(step) => Some((&**step, RUN)),
        kind => kind.raw().and_then(|raw| raw.run.as_ref()).map(|raw| (&raw.run, &*raw.definition)),
    };
    let run = run.map(|(step, definition)| (step, definition, filler.fill(&ecs::run(step))));
    let images = images(context, &mut filler);
    let raw = context.step.kind.raw();
    let mut parameters = raw.map(|step| cloudformation::parameters(step, &document, &mut filler)).unwrap_or_default();
    parameters.extend(outputs);
    let problems = filler.finish();
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut content = content(context, &owner, &stack, document, Given { shape, images, parameters, patched })?;
    if let Some((step, definition, filled)) = run {
        content.task = Some(ecs::read_run(step, definition, &filled).ok_or_else(|| one(not_known(context)))?);
    }
    Ok(Rendered { owner, stack, content })
}

/// A part of what the task is run with is only known while it is deployed, which RunTask cannot be given.
fn not_known(context: &Context<'_>) -> RenderProblem {
    RenderProblem {
        code: codes::RESOURCE_PROPERTY,
        title: format!("step `{}` uses an output of another stack for the settings of its task", context.step.name),
        at: context.step.at.clone(),
        help: Some("write subnets, security groups and the platform version as values, or in the target".to_owned()),
    }
}

/// The sections of the template with its patches, before their leaves are filled, and what the patches did.
fn shape_of<'a>(context: &Context<'a>) -> Result<(patch::Sections<'a>, patch::Applied), Vec<RenderProblem>> {
    let format::Format::One = format::Format::of(context.release).map_err(|problem| vec![problem])?;
    let mut sections = sections(context.step, context.what);
    let patched = patch::apply(&mut sections, &context.step.patches);
    match patched.problems.as_slice() {
        [] => Ok((sections, patched)),
        problems => Err(problems.iter().cloned().map(RenderProblem::from).collect()),
    }
}

/// Where a resource's property is written, or what is written nearest to it in the resource.
pub fn written_at(context: &Context<'_>, resource: &str, property: &str) -> Option<process::Place> {
    let (sections, _) = shape_of(context).ok()?;
    let mut pointer = "/Resources".to_owned();
    for step in [resource, "Properties", property] {
        cfn::push_key(&mut pointer, step);
    }
    origin::of_key(&sections, &pointer).filter(|place| place.is_known()).cloned()
}

/// The names of the outputs that the stacks of a step have; none if they are not known before deployment.
pub fn outputs(step: &Step, what: &What) -> Option<Vec<String>> {
    if let Some(raw) = step.kind.raw() {
        return raw.template.outputs().map(|names| names.into_iter().map(str::to_owned).collect());
    }
    let mut sections = sections(step, what);
    patch::apply(&mut sections, &step.patches);
    let names = |(name, shape): &(&str, shape::Shape)| match shape {
        shape::Shape::Map(pairs) if *name == "Outputs" => pairs.iter().map(|(name, _)| name.clone()).collect(),
        _ => Vec::new(),
    };
    Some(sections.iter().flat_map(names).collect())
}

/// The sections of the template of a step as its kind renders it.
fn sections<'a>(step: &'a Step, what: &What) -> patch::Sections<'a> {
    match &step.kind {
        StepKind::EcsService(step) => ecs::service(step, what),
        StepKind::EcsTask(step) => ecs::task(step, what),
        StepKind::EcsSchedule(step) => ecs::schedule(step, what),
        StepKind::CloudFormation(step) => cloudformation::sections(step),
    }
}

/// Where a step's keys and patches write the value at a place of its template (a JSON pointer), and the value's text if it is one;
/// none if nothing writes just this value. What stands in a template of its own is found there.
pub fn written(step: &Step, what: &What, pointer: &str) -> Option<(process::Place, Option<process::Text>)> {
    let mut sections = sections(step, what);
    patch::apply(&mut sections, &step.patches);
    let (place, text) = origin::of_exactly(&sections, pointer)?;
    Some((place.clone(), text.cloned()))
}

/// Whose the stack of a context is.
pub fn owner(context: &Context<'_>) -> StackOwner {
    StackOwner {
        repository: context.repository.clone(),
        project: context.project.id.clone(),
        step: context.step.id.clone(),
        environment: context.environment.id.clone(),
        target: context.target.id.clone(),
        tenant: context.tenant.map(|tenant| tenant.id.clone()),
    }
}

/// The parameters for outputs whose names the template has already, with the section that has them.
fn taken<'a>(
    sections: &Map<String, Value>,
    outputs: &'a BTreeMap<String, ParameterValue>,
) -> Vec<(&'a String, &'static str)> {
    let has = |section: &str, name: &str| sections.get(section).is_some_and(|section| section.get(name).is_some());
    let in_one = |name: &'a String| Some((name, ["Parameters", "Resources"].into_iter().find(|one| has(one, name))?));
    outputs.keys().filter_map(in_one).collect()
}

/// Declares the parameters that outputs of other stacks fill.
fn declare(sections: &mut Map<String, Value>, outputs: &BTreeMap<String, ParameterValue>) {
    if outputs.is_empty() {
        return;
    }
    let declared = sections.entry("Parameters").or_insert_with(|| Value::Object(Map::new()));
    let Some(declared) = declared.as_object_mut() else { return };
    declared.extend(outputs.keys().map(|parameter| (parameter.clone(), json!({ "Type": "String" }))));
}

/// What a stack gets besides its template.
struct Given<'a> {
    /// What the template was filled from.
    shape: patch::Sections<'a>,
    images: BTreeMap<Arc<str>, ProvedImage>,
    parameters: BTreeMap<String, ParameterValue>,
    patched: patch::Applied,
}

fn content(
    context: &Context<'_>,
    owner: &StackOwner,
    stack: &StackName,
    document: Document,
    given: Given<'_>,
) -> Result<Content, Vec<RenderProblem>> {
    let Given { shape, images, parameters, patched } = given;
    let authors = document.description().map(str::to_owned);
    let (document, tags) = (&document.with_description(None), owner.tags());
    let capabilities = content::with_stated(capabilities(document), &context.step.kind);
    let hash = content_hash(&Covered {
        place: &context.target.place,
        stack,
        document,
        parameters: &parameters,
        tags: &tags,
        capabilities: &capabilities,
    });
    let mut content = Content {
        template: Arc::from(document.canonical()),
        description: Arc::from(content::description(context, hash, authors.as_deref())),
        parameters,
        tags,
        capabilities,
        hash,
        protected: context.environment.protected,
        images,
        expected: Vec::new(),
        deadline: context.project.deadline.as_secs().saturating_add(content::baking(document)),
        bucket: None,
        task: None,
    };
    let body = body(&content);
    let long = body.len() > limits::MAX_BODY;
    content.bucket = context.target.template_bucket.clone().filter(|_| long);
    let exceeded = limits::exceeded(&limits::Measured {
        stack: stack.as_str(),
        document,
        body: &body,
        description: &content.description,
        parameters: &content.parameters,
    });
    let problem = |code, what| RenderProblem {
        code,
        title: format!("stack `{stack}`: {what}"),
        at: context.step.at.clone(),
        help: None,
    };
    if exceeded.is_empty() && long && content.bucket.is_none() {
        return Err(vec![needs_bucket(context, problem, body.len())]);
    }
    // A limit is reported once, as a limit, although the schemas contain some of the limits too.
    let problems: Vec<_> = if exceeded.is_empty() {
        judge::judge(context, stack.as_str(), document, &shape, &patched)
    } else {
        exceeded.into_iter().map(|limit| problem(codes::OVER_LIMIT, limit)).collect()
    };
    if problems.is_empty() { Ok(content) } else { Err(problems) }
}

/// The template is too long to go with the call, and its target names no bucket.
fn needs_bucket(
    context: &Context<'_>,
    problem: impl Fn(&'static str, String) -> RenderProblem,
    bytes: usize,
) -> RenderProblem {
    let most = limits::MAX_BODY;
    let what = format!("the template has {bytes} bytes, and without a bucket CloudFormation accepts at most {most}");
    let help = format!(
        "name a bucket of the target's account and region: `template_bucket = \"…\"` in targets/{}.toml; longer templates go \
         through it",
        context.target.name
    );
    RenderProblem { help: Some(help), ..problem(codes::OVER_LIMIT, what) }
}

/// The images that success is proved against, by container.
fn images(context: &Context<'_>, filler: &mut fill::Filler<'_>) -> BTreeMap<Arc<str>, ProvedImage> {
    let mut images = BTreeMap::new();
    for (container, image, at) in context.step.kind.images() {
        if let Some((repository, pin)) = filler.image(&image, at) {
            images.insert(container.clone(), image::proved(&repository, pin));
        }
    }
    images
}
