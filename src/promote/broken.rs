//! What the problems of a commit may hide: whoever depends on a broken file is held exactly as deployed.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::catalog::{Broken, Subject, Unnamed};
use crate::model::decision::Cause;
use crate::model::{Catalog, Hold, Id, Project, ReleaseName, Slot, StackOwner};

use super::{Index, Seat};

/// The broken subjects of a commit, by subject, with the ids that the commit does know.
#[derive(Clone, Debug)]
pub struct BrokenIndex<'a> {
    by_subject: BTreeMap<&'a Subject, &'a Broken>,
    targets: BTreeSet<&'a Id>,
    projects: BTreeSet<&'a Id>,
    environments: BTreeSet<&'a Id>,
    tenants: BTreeSet<&'a Id>,
}

impl<'a> BrokenIndex<'a> {
    /// Sorts the problems by what they hide; the first problem of a subject speaks for it.
    pub fn new(catalog: &'a Catalog) -> Self {
        let mut by_subject = BTreeMap::new();
        for broken in &catalog.broken {
            by_subject.entry(&broken.subject).or_insert(broken);
        }
        Self {
            by_subject,
            targets: catalog.targets.values().map(|target| &target.id).collect(),
            projects: catalog.projects.values().map(|project| &project.id).collect(),
            environments: catalog.environments.values().map(|environment| &environment.id).collect(),
            tenants: catalog.tenants.values().map(|tenant| &tenant.id).collect(),
        }
    }

    /// Why the slot is held as deployed; empty when nothing that it depends on is broken.
    ///
    /// Of lifecycles it depends on those of every channel: a release of any of them may be wanted here. A broken freeze
    /// holds every slot, because what it was meant to stop is not known.
    pub fn of_slot(&self, seat: &Seat<'_>, index: &Index<'_>) -> Vec<Hold> {
        if self.by_subject.is_empty() {
            return Vec::new();
        }
        let (project, environment) = (&seat.project.name, &seat.environment.name);
        let mut subjects = vec![
            Subject::Repository,
            Subject::Project(project.clone()),
            Subject::Environment(environment.clone()),
            Subject::Deploy(project.clone(), environment.clone()),
        ];
        subjects.extend(seat.tenant.map(|tenant| Subject::Tenant(tenant.name.clone())));
        let lifecycles = seat.project.channels.values().filter_map(|channel| channel.lifecycle.name.clone());
        subjects.extend(lifecycles.map(Subject::Lifecycle));
        let direct = subjects.iter().filter_map(|subject| self.by_subject.get(subject).copied());
        let stacks = index.stacks(&seat.slot).iter().filter_map(|ours| self.hidden_target(&ours.owner));
        let mut found: Vec<&Broken> = Vec::new();
        for broken in direct.chain(self.freezes()).chain(stacks) {
            if !found.contains(&broken) {
                found.push(broken);
            }
        }
        found.into_iter().map(because_of).collect()
    }

    /// The broken freezes: each of them may hold anything.
    fn freezes(&self) -> impl Iterator<Item = &'a Broken> {
        let freeze = |subject: &Subject| matches!(subject, Subject::Freeze(_));
        self.by_subject.iter().filter(move |(subject, _)| freeze(subject)).map(|(_, broken)| *broken)
    }

    /// Why a release that the catalog lacks may still be there.
    pub fn of_release(&self, project: &Project, release: &ReleaseName) -> Option<Hold> {
        if project.releases.contains_key(release) {
            return None;
        }
        let this = Subject::Release(project.name.clone(), release.clone());
        let any = || self.by_subject.get(&Subject::Releases(project.name.clone()));
        self.by_subject.get(&this).or_else(any).map(|broken| because_of(broken))
    }

    /// The problem that may hide the slot itself, where the catalog lacks its project, its environment or its tenant; or a
    /// broken freeze, which holds the removal of what is gone, too.
    pub fn hides_slot(&self, slot: &Slot) -> Option<&'a Broken> {
        if let Some(broken) = self.by_subject.get(&Subject::Repository).copied().or_else(|| self.freezes().next()) {
            return Some(broken);
        }
        let project = |subject: &Subject| match subject {
            Subject::Project(name) => Some(Id::from(name) == slot.project),
            Subject::Unnamed(Unnamed::Project) => Some(false),
            _ => None,
        };
        let environment = |subject: &Subject| match subject {
            Subject::Environment(name) => Some(Id::from(name) == slot.environment),
            Subject::Unnamed(Unnamed::Environment) => Some(false),
            _ => None,
        };
        if !self.projects.contains(&slot.project) {
            return self.likeliest(project);
        }
        if !self.environments.contains(&slot.environment) {
            return self.likeliest(environment);
        }
        let tenant = slot.tenant.as_ref().filter(|tenant| !self.tenants.contains(tenant))?;
        self.likeliest(|subject| match subject {
            Subject::Tenant(name) => Some(&Id::from(name) == tenant),
            Subject::Unnamed(Unnamed::Tenant) => Some(false),
            _ => None,
        })
    }

    /// The problem that may hide why a stack is wanted.
    pub fn hides_stack(&self, owner: &StackOwner) -> Option<&'a Broken> {
        self.hides_slot(&owner.slot()).or_else(|| self.hidden_target(owner))
    }

    /// A broken target that the stack may lie on: its file would say its id, so any unknown id may be its.
    fn hidden_target(&self, owner: &StackOwner) -> Option<&'a Broken> {
        if self.targets.contains(&owner.target) {
            return None;
        }
        self.likeliest(|subject| match subject {
            Subject::Target(name) => Some(Id::from(name) == owner.target),
            Subject::Unnamed(Unnamed::Target) => Some(false),
            _ => None,
        })
    }

    /// Of the subjects of one kind (`Some`), the one of that very name (`true`), or else any: a broken file may have given
    /// itself another id.
    fn likeliest(&self, kind: impl Fn(&Subject) -> Option<bool>) -> Option<&'a Broken> {
        let of_kind = || self.by_subject.iter().filter_map(|(subject, broken)| Some((kind(subject)?, *broken)));
        of_kind().find(|(same, _)| *same).or_else(|| of_kind().next()).map(|(_, broken)| broken)
    }
}

/// The reason that a problem gives.
pub fn because_of(broken: &Broken) -> Hold {
    Hold::new(Cause::Broken { code: broken.code, title: broken.title.clone(), at: broken.at.clone() })
}
