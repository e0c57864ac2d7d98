//! All stacks of a project as its files make them, to compare before and after an edit.

use serde_json::Value;

use crate::cli::stacks::{head_contexts, heads};
use crate::load::Loaded;
use crate::model::drift::{Drifted, differences};
use crate::model::journal::Content;
use crate::model::{Catalog, EnvironmentName, Names, Place, ProjectName, StackName, Step, TargetName, TenantName};
use crate::plan::{Spot, spot};
use crate::problem::Level;
use crate::template::{Context, RenderProblem, owner as owner_of, render};

/// The stacks of a project, one of which drifted.
pub(super) struct Picture {
    /// What the files say.
    pub(super) loaded: Loaded,
    pub(super) project: ProjectName,
    /// The stack that drifted.
    pub(super) stack: StackName,
    pub(super) place: Place,
    stacks: Vec<One>,
}

/// A stack as it is rendered for one release.
pub(super) struct One {
    stack: StackName,
    pub(super) environment: EnvironmentName,
    pub(super) tenant: Option<TenantName>,
    pub(super) target: TargetName,
    pub(super) step: Step,
    content: Result<Content, Vec<RenderProblem>>,
}

/// Renders every stack of a project, for the releases that would be made of the files.
///
/// # Errors
/// The project has errors, or has no such stack any more.
pub(super) fn picture(loaded: Loaded, name: &ProjectName, stack: &StackName, place: &Place) -> Result<Picture, String> {
    let project = loaded.catalog.projects.get(name).filter(|project| project.head.is_some());
    let Some(project) = project else {
        let first = loaded.problems.iter().find(|problem| problem.level == Level::Error);
        let why = first.map(|problem| format!(": {} ({})", problem.title, problem.span.at)).unwrap_or_default();
        return Err(format!("project {name} would have errors{why}"));
    };
    let (names, heads) = (Names::of(&loaded.catalog), heads(&loaded.catalog, project));
    let stacks = head_contexts(&loaded.catalog, project, &names, &heads).map(|context| one(&context)).collect();
    let picture = Picture { project: name.clone(), stack: stack.clone(), place: place.clone(), stacks, loaded };
    let wrong = match picture.own().next().map(|own| &own.content) {
        None => Some(format!("the project would have no stack {stack}")),
        Some(content) => content.as_ref().err().map(|problems| first(problems)),
    };
    wrong.map_or(Ok(picture), Err)
}

fn first(problems: &[RenderProblem]) -> String {
    problems.first().map(RenderProblem::sentence).unwrap_or_default()
}

fn one(context: &Context<'_>) -> One {
    One {
        stack: StackName::of(&owner_of(context)),
        environment: context.environment.name.clone(),
        tenant: context.tenant.map(|tenant| tenant.name.clone()),
        target: context.target.name.clone(),
        step: context.step.clone(),
        content: render(context).map(|rendered| rendered.content),
    }
}

/// The project of a stack, the stack, and where it is.
pub(super) fn owner(catalog: &Catalog, stack: &str) -> Option<(ProjectName, StackName, Place)> {
    let names = Names::of(catalog);
    catalog.projects.values().find_map(|project| {
        let heads = heads(catalog, project);
        let mut contexts = head_contexts(catalog, project, &names, &heads);
        contexts.find_map(|context| {
            let name = StackName::of(&owner_of(&context));
            (name.as_str() == stack).then(|| (project.name.clone(), name, context.target.place.clone()))
        })
    })
}

impl Picture {
    /// The stack that drifted, for each release that could come to it.
    pub(super) fn own(&self) -> impl Iterator<Item = &One> {
        self.stacks.iter().filter(|one| one.stack == self.stack)
    }

    /// What the stack that drifted is given.
    pub(super) fn content(&self) -> Option<&Content> {
        self.own().next()?.content.as_ref().ok()
    }

    /// Whether the step has another stack in the same slot, on another target.
    pub(super) fn has_sibling(&self, own: &One) -> bool {
        let beside = |one: &One| {
            one.stack != own.stack
                && one.environment == own.environment
                && one.tenant == own.tenant
                && one.step.name == own.step.name
        };
        self.stacks.iter().any(beside)
    }

    /// What changes in the other stacks on the way to another picture.
    ///
    /// # Errors
    /// The stack does not say what is there then, or says more than that otherwise.
    pub(super) fn changes(&self, next: &Self, item: &Drifted, at: &Spot) -> Result<Changes, String> {
        let same = self.stacks.len() == next.stacks.len()
            && self.stacks.iter().zip(&next.stacks).all(|(one, other)| one.stack == other.stack);
        if !same {
            return Err("other stacks would come and go".to_owned());
        }
        let mut changes = Changes::default();
        for (before, after) in self.stacks.iter().zip(&next.stacks) {
            match (&before.content, &after.content) {
                (before, after) if before == after => {}
                (Ok(was), Ok(is)) if before.stack == self.stack => self.only(was, is, item, at)?,
                (_, Err(problems)) => return Err(first(problems)),
                (Ok(was), Ok(is)) if was.parameters == is.parameters && parts(was, is).is_empty() => {
                    changes.rewritten.push(before.stack.clone());
                }
                (_, Ok(_)) => changes.others.push(before.stack.clone()),
            }
        }
        // A stack is there once for each release that could come to it.
        changes.others.dedup();
        changes.rewritten.dedup();
        let said = next.content().and_then(|content| spot(content, &self.place, item));
        let (said, set) = said.map_or((None, false), |spot| (spot.value, spot.is_set));
        match &item.is {
            Some(is) if said.as_ref() != Some(is) => Err("the template would say something else".to_owned()),
            None if set => Err("the template would still set it".to_owned()),
            _ => Ok(changes),
        }
    }

    /// That a stack changes only where the difference is.
    fn only(&self, was: &Content, is: &Content, item: &Drifted, at: &Spot) -> Result<(), String> {
        let found = parts(was, is);
        let steps = at.steps.as_ref().map(|steps| steps.join("/")).unwrap_or_default();
        let own = format!("Resources/{}/{steps}", at.resource);
        let within = |path: &str| path.strip_prefix(&own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        match found.iter().find(|one| !within(&one.path)) {
            Some(other) => Err(format!("it would also change {}", other.path)),
            None if was.parameters != is.parameters => Err("it would also change parameters".to_owned()),
            None if found.is_empty() => Err(format!("{} would stay as it is", item.place())),
            None => Ok(()),
        }
    }
}

/// Where two templates differ, but for their descriptions and for values that are only written otherwise.
fn parts(was: &Content, is: &Content) -> Vec<Drifted> {
    let [before, after] = [was, is].map(|content| serde_json::from_str::<Value>(&content.template).ok());
    let nothing = std::sync::Arc::from("");
    let mut found = Vec::new();
    differences((&nothing, &nothing), "", before.as_ref(), after.as_ref(), &mut found);
    found.retain(|one| one.path != "Description" && one.was != one.is);
    found
}

/// What an edit changes in other stacks of the project.
#[derive(Default)]
pub(super) struct Changes {
    /// These change.
    pub(super) others: Vec<StackName>,
    /// These have the same values, written otherwise.
    pub(super) rewritten: Vec<StackName>,
}
