//! Documents are rendered once per content of what they are rendered from.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::Hash;
use crate::model::catalog::ImagePin;

use super::{Context, RenderProblem, Rendered, render};

/// What a render gives.
pub type Outcome = Arc<Result<Rendered, Vec<RenderProblem>>>;

/// How often a cache rendered, and how often it did not have to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rendered.
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
    let Context { repository, project, release, what, environment, target, tenant, step, names: _ } = context;
    let mut hash = Hash::parts()
        .part(repository.as_str())
        .part(project.name.as_str())
        .part(project.id.as_str())
        .part(project.deadline.as_secs().to_string())
        .part(release.name.as_str())
        .part(release.format.to_string())
        .part(release.channel.as_str())
        .part(release.at.to_string())
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
        .part([u8::from(target.network.public_ip)]);
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
    if let Some(tenant) = tenant {
        hash = hash.part(format!("{tenant:?}"));
    }
    hash.finish()
}
