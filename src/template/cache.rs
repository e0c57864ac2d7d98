//! Renders each document once per content of its inputs.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::catalog::{ImagePin, Value};
use crate::model::hash::HashParts;
use crate::model::place::Access;
use crate::model::{Hash, Location};

use super::fill::accepted_secrets;
use super::producer::producer;
use super::{Context, RenderProblem, Rendered, render, variables};

/// What a render gives.
pub type Outcome = Arc<Result<Rendered, Vec<RenderProblem>>>;

/// How often a cache rendered, and how often it did not have to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub rendered: u64,
    /// Taken from the cache.
    pub reused: u64,
}

/// Renders of the last rounds, by a hash of everything that they read.
///
/// It holds what the current and the previous round used, nothing older: call [`Cache::next_round`] between two plans.
#[derive(Debug, Default)]
pub struct Cache {
    current: HashMap<Hash, Outcome>,
    previous: HashMap<Hash, Outcome>,
    counts: Counts,
}

impl Cache {
    /// Renders, or returns what the same input gave before. A reuse costs one hash over a few hundred bytes.
    pub fn render(&mut self, context: &Context<'_>) -> Outcome {
        let key = key(context);
        if let Some(outcome) = self.current.get(&key) {
            self.counts.reused += 1;
            return outcome.clone();
        }
        let outcome = match self.previous.remove(&key) {
            Some(outcome) => {
                self.counts.reused += 1;
                outcome
            }
            None => {
                self.counts.rendered += 1;
                Arc::new(render(context))
            }
        };
        self.current.insert(key, outcome.clone());
        outcome
    }

    /// Begins a new round: what the round before the last one used and the last one did not is forgotten.
    pub fn next_round(&mut self) {
        self.previous = std::mem::take(&mut self.current);
    }

    /// How often it rendered and reused, since it was made.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// How many renders it holds.
    pub fn len(&self) -> usize {
        self.current.len() + self.previous.len()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The hash of everything that rendering reads. `inputs` stands for the files that say what.
pub fn key(context: &Context<'_>) -> Hash {
    let Context { repository, project, release, what, environment, target, step, .. } = context;
    let mut hash = Hash::parts()
        .part(repository.as_str())
        .part(project.name.as_str())
        .part(project.id.as_str())
        .part(project.deadline.as_secs().to_string())
        .part(release.name.as_str())
        .part(release.format.to_string())
        .part(release.channel.as_str())
        .part(place(&release.at))
        .part(
            release.snapshot.as_ref().ok().and_then(|snapshot| snapshot.commit.as_ref()).map_or("", |commit| &commit.0),
        )
        .part(release.snapshot.as_ref().map_or(0, |snapshot| snapshot.rules).to_string())
        .part(what.inputs.to_string())
        .part(step.name.as_str())
        .part(environment.name.as_str())
        .part(environment.id.as_str())
        .part([u8::from(environment.protected)])
        .part(target.name.as_str())
        .part(target.id.as_str())
        .part(target.account.as_str())
        .part(target.place.to_string())
        .part(&*target.cluster)
        .part([u8::from(target.network.public_ip)])
        .part(target.template_bucket.as_ref().map_or("", |bucket| bucket.as_str()));
    for list in [&target.network.subnets, &target.network.security_groups] {
        hash = list.iter().fold(hash.part(list.len().to_string()), |hash, item| hash.part(&**item));
    }
    for (name, ImagePin { tag, digest, platforms }) in &release.images {
        hash = hash
            .part(name.as_str())
            .part(&**tag)
            .part(digest.as_deref().unwrap_or(""))
            .part(platforms.len().to_string());
        hash = platforms.iter().fold(hash, |hash, (platform, digest)| hash.part(&**platform).part(&**digest));
    }
    // Only a template can have parameters.
    if step.kind.raw().is_some() {
        hash = accepted_secrets(context).fold(hash, |hash, place| hash.part("accepted").part(place));
    }
    hash = outputs(scopes(tenant(hash, context), context), context);
    hash.finish()
}

/// What rendering reads of the tenant: what it is called, its tags, and its values of the variables that are asked for.
fn tenant(mut hash: HashParts, context: &Context<'_>) -> HashParts {
    let Some(tenant) = context.tenant else { return hash.part("no tenant") };
    hash = hash.part(tenant.name.as_str()).part(tenant.id.as_str()).part(place(&tenant.at));
    hash = hash.part(tenant.tags.len().to_string());
    hash = tenant.tags.iter().fold(hash, |hash, tag| hash.part(tag.to_string()));
    for value in variables::tenant_values(context, tenant) {
        let (texts, list) = match &value.value {
            Value::Text(text) => (std::slice::from_ref(text), "text"),
            Value::List(texts) => (texts.as_slice(), "list"),
        };
        hash = hash
            .part(&*value.name)
            .part(value.project.as_ref().map_or("", |project| project.as_str()))
            .part(value.kind.as_str())
            .part(place(&value.at))
            .part(list)
            .part(texts.len().to_string());
        hash = texts.iter().fold(hash, |hash, text| hash.part(text.raw()).part(place(text.at())));
        hash = hash.part(value.environments.len().to_string());
        hash = value.environments.iter().fold(hash, |hash, name| hash.part(name.as_str()));
    }
    hash
}

/// What rendering reads of the names that the head and the snapshot have: which values have a scope that is gone.
fn scopes(hash: HashParts, context: &Context<'_>) -> HashParts {
    let hash = variables::gone_condition(context).into_iter().fold(hash.part("condition"), HashParts::part);
    variables::gone(context).fold(hash.part("gone"), |hash, (index, names)| {
        let hash = hash.part(index.to_string()).part(names.len().to_string());
        names.iter().fold(hash, |hash, name| hash.part(name))
    })
}

/// What rendering reads of the stacks whose outputs the step uses: which they are, or why there are none.
fn outputs(hash: HashParts, context: &Context<'_>) -> HashParts {
    let text = |text: &Option<Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
    let access = |hash: HashParts, access: &Access| hash.part(text(&access.role)).part(text(&access.external_id));
    if context.step.uses.is_empty() {
        return hash;
    }
    let hash = access(hash.part("outputs"), &context.target.access);
    context.step.uses.iter().fold(hash, |hash, reference| {
        let hash = hash.part(reference.to_string());
        match producer(reference, context) {
            Ok(found) => access(hash.part(found.stack.as_str()).part(found.place.to_string()), &found.access),
            Err(no) => hash.part(no.title).part(no.help.unwrap_or_default()),
        }
    })
}

/// Places are shown in problems, which are kept too.
fn place(at: &Location) -> String {
    format!("{at}:{}", at.column)
}
