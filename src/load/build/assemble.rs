//! The last stage: finds what is broken and what depends on it, and builds the catalog of the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::SignedDuration;

use crate::load::accepted;
use crate::load::drafts::subjects_of;
use crate::load::finding::{Finding, MAX_PER_FILE};
use crate::load::world::{ProjectWorld, ReleaseWorld, World};
use crate::load::{Loaded, Source};
use crate::model::catalog::{Broken, Catalog, Phase, Progress, Snapshot, SnapshotFault, Subject, Unnamed};
use crate::model::{
    Channel, Environment, EnvironmentName, Lifecycle, LifecycleName, Location, Project, ProjectName, Release,
    ReleaseName,
};
use crate::problem::{Level, Problem, in_order};

/// Makes the catalog of everything that has no error, and the sorted problems.
pub(crate) fn assemble(source: &Source<'_>, world: &World, findings: Vec<Finding>) -> Loaded {
    let mut findings = sorted(findings);
    accepted::apply(source, world, &mut findings);
    let (quiet, counted) = sorted(findings).into_iter().partition(|finding| finding.problem.accepted.is_some());
    let mut findings = bounded(counted);
    findings.extend(bounded(quiet));
    let mut broken = causes(&findings, |since| since == 0);
    broken.extend(cascade(world, &broken));
    // The first cause of each is enough.
    let mut seen = BTreeSet::new();
    broken.retain(|one: &Broken| seen.insert(one.subject.clone()));
    // What only a newer rule refuses holds no release that is older.
    let of_old = seen.clone();
    broken.extend(causes(&findings, |since| since > 0).into_iter().filter(|one| seen.insert(one.subject.clone())));
    let mut problems: Vec<Problem> = findings.into_iter().map(|finding| with_blocks(finding, world)).collect();
    in_order(&mut problems);
    let catalog = catalog(source, world, broken, &seen, &of_old);
    Loaded { catalog, problems, endings: accepted::endings(world) }
}

/// What is broken by the rules of some editions.
fn causes(findings: &[Finding], editions: impl Fn(u16) -> bool) -> Vec<Broken> {
    let held = findings.iter().filter(|finding| finding.problem.level == Level::Error && !finding.holds_nothing);
    let held = held.filter(|finding| editions(finding.since));
    held.flat_map(|finding| subjects(finding).into_iter().map(|subject| of(subject, &finding.problem))).collect()
}

/// Sorts by place and merges what several projects found in a file that they share.
fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    let key = |finding: &Finding| {
        let problem = &finding.problem;
        let at = &problem.span.at;
        (at.file.clone(), at.line, at.column, problem.level, problem.code, problem.title.clone())
    };
    findings.sort_by_cached_key(key);
    let mut merged: Vec<Finding> = Vec::new();
    for finding in findings {
        match merged.last_mut() {
            Some(last) if key(last) == key(&finding) => last.hides.extend(finding.hides),
            _ => merged.push(finding),
        }
    }
    merged
}

/// The first problems of each file, and one that stands for the rest of it and hides what they hide.
fn bounded(sorted: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::with_capacity(sorted.len());
    let (mut file, mut count) = (None, 0);
    for finding in sorted {
        let path = &finding.problem.span.at.file;
        count = if file.as_ref() == Some(path) { count + 1 } else { 1 };
        file = Some(path.clone());
        match kept.last_mut() {
            Some(rest) if count > MAX_PER_FILE + 1 => {
                rest.absorb(finding);
                rest.problem.title =
                    format!("{} more problems in this file, the first of them here", count - MAX_PER_FILE);
                (rest.problem.label, rest.problem.help) = (String::new(), None);
                rest.problem.related.clear();
            }
            _ => kept.push(finding),
        }
    }
    kept
}

fn subjects(finding: &Finding) -> Vec<Subject> {
    let mut all = subjects_of(&finding.problem.span.at.file);
    all.extend(finding.hides.iter().cloned());
    all.sort();
    all.dedup();
    all
}

fn of(subject: Subject, problem: &Problem) -> Broken {
    Broken { subject, code: problem.code, title: problem.title.clone(), at: problem.span.at.clone() }
}

/// Projects that cannot be built because a lifecycle that one of their channels uses, or the environments that stand for
/// one, are broken.
fn cascade(world: &World, broken: &[Broken]) -> Vec<Broken> {
    let mut more = Vec::new();
    for name in world.projects.keys() {
        let used = world.lifecycles_of(name);
        let cause = broken.iter().find(|one| match &one.subject {
            Subject::Lifecycle(broken) => used.contains(&Some(broken.as_str())),
            Subject::Environment(_) | Subject::Unnamed(Unnamed::Environment) => used.contains(&None),
            _ => false,
        });
        more.extend(cause.map(|cause| Broken { subject: Subject::Project(name.clone()), ..cause.clone() }));
    }
    more
}

/// Says what a problem holds, for people.
fn with_blocks(finding: Finding, world: &World) -> Problem {
    let subjects = subjects(&finding);
    let mut problem = finding.problem;
    if problem.level == Level::Error && !finding.holds_nothing {
        let mut blocks: Vec<String> = subjects.iter().flat_map(|subject| held_by(subject, world)).collect();
        blocks.dedup();
        problem.blocks = blocks;
    }
    problem
}

fn held_by(subject: &Subject, world: &World) -> Vec<String> {
    match subject {
        Subject::Repository | Subject::Freeze(_) => vec!["everything".to_owned()],
        Subject::Tenant(name) => vec![format!("every project for tenant {name}")],
        Subject::Environment(name) => vec![format!("every project in {name}")],
        Subject::Target(name) => vec![format!("every project that could use target {name}")],
        Subject::Lifecycle(name) => world
            .projects
            .keys()
            .filter(|project| world.lifecycles_of(project).contains(&Some(name.as_str())))
            .map(|project| project.to_string())
            .collect(),
        Subject::Project(name) => vec![name.to_string()],
        Subject::What(name) => vec![format!("new releases of {name}")],
        Subject::Release(project, name) => vec![format!("{project} {name}")],
        Subject::Releases(name) => vec![format!("every release of {name} that is missing")],
        Subject::Deploy(project, environment) => vec![format!("{project} in {environment}")],
        Subject::Unnamed(Unnamed::Environment) => vec!["every environment that is missing".to_owned()],
        Subject::Unnamed(Unnamed::Target) => vec!["every target that is missing".to_owned()],
        Subject::Unnamed(Unnamed::Tenant) => vec!["every tenant that is missing".to_owned()],
        Subject::Unnamed(Unnamed::Project) => vec!["every project that is missing".to_owned()],
    }
}

/// `gone` is everything that is broken, `of_old` what holds old releases too.
fn catalog(
    source: &Source<'_>,
    world: &World,
    broken: Vec<Broken>,
    gone: &BTreeSet<Subject>,
    of_old: &BTreeSet<Subject>,
) -> Catalog {
    let fine = |subject: Subject| !gone.contains(&subject);
    let environments: BTreeMap<EnvironmentName, Arc<Environment>> = world
        .environments
        .iter()
        .filter(|(name, _)| fine(Subject::Environment((*name).clone())))
        .map(|(name, environment)| (name.clone(), Arc::new(environment.clone())))
        .collect();
    let targets = world.targets.iter().filter(|(name, _)| fine(Subject::Target((*name).clone())));
    let tenants = world.tenants.iter().filter(|(name, _)| fine(Subject::Tenant((*name).clone())));
    let freezes = world.freezes.iter().filter(|(name, _)| fine(Subject::Freeze((*name).clone())));
    let lifecycles = world.lifecycles.iter().filter(|(name, _)| fine(Subject::Lifecycle((*name).clone())));
    let mut catalog = Catalog {
        commit: source.commit.cloned(),
        repository: world.root.id.clone(),
        accounts: world.root.accounts.clone(),
        guard: world.root.guard,
        tag_sets: world.root.tag_sets.clone(),
        tenants: tenants.map(|(name, tenant)| (name.clone(), Arc::new(tenant.clone()))).collect(),
        freezes: freezes.map(|(name, freeze)| (name.clone(), Arc::new(freeze.clone()))).collect(),
        targets: targets.map(|(name, target)| (name.clone(), Arc::new(target.clone()))).collect(),
        lifecycles: lifecycles.map(|(name, lifecycle)| (name.clone(), lifecycle.clone())).collect(),
        environments,
        projects: BTreeMap::new(),
        accepts: world.accepts.iter().map(|written| written.accept.clone()).collect(),
        broken,
    };
    let implied = implied(&catalog);
    for (name, project) in &world.projects {
        if fine(Subject::Project(name.clone())) {
            let lifecycle = |used: Option<&LifecycleName>| match used {
                Some(used) => catalog.lifecycles.get(used).cloned(),
                None => implied.clone(),
            };
            let built = self::project(name, project, &lifecycle, &catalog.broken, of_old);
            catalog.projects.extend(built.map(|project| (name.clone(), Arc::new(project))));
        }
    }
    catalog
}

/// The lifecycle of a project that names none: one phase per environment in their order, the first automatic.
fn implied(catalog: &Catalog) -> Option<Arc<Lifecycle>> {
    let mut phases = Vec::new();
    for environment in catalog.environments_in_order() {
        let name = environment.name.clone();
        let (automatic, manual) = if phases.is_empty() { (vec![name], vec![]) } else { (vec![], vec![name]) };
        let title = Arc::from(environment.name.as_str());
        let phase = Phase {
            name: title,
            automatic,
            manual,
            progress: Progress::All,
            soak: SignedDuration::ZERO,
            soak_queue: false,
            unless: BTreeSet::new(),
            at: None,
        };
        phases.push(phase);
    }
    (!phases.is_empty()).then(|| Arc::new(Lifecycle { name: None, phases }))
}

fn project(
    name: &ProjectName,
    world_project: &ProjectWorld,
    lifecycle: &dyn Fn(Option<&LifecycleName>) -> Option<Arc<Lifecycle>>,
    broken: &[Broken],
    of_old: &BTreeSet<Subject>,
) -> Option<Project> {
    let draft = world_project.project.as_ref()?;
    let channels: Option<BTreeMap<_, _>> = draft
        .channels
        .iter()
        .map(|(name, channel)| {
            let lifecycle = lifecycle(channel.lifecycle.as_ref())?;
            let (tenants, images, at) = (channel.tenants.clone(), channel.images.clone(), channel.at.clone());
            Some((name.clone(), Channel { name: name.clone(), lifecycle, tenants, images, at }))
        })
        .collect();
    let cause = |subject: Subject| broken.iter().find(|one| one.subject == subject);
    let head_fault = cause(Subject::What(name.clone()));
    let head = world_project.head.what.clone().filter(|_| head_fault.is_none());
    let releases = world_project
        .releases
        .iter()
        .filter(|(release, _)| cause(Subject::Release(name.clone(), (*release).clone())).is_none());
    let releases = releases.map(|(release_name, built)| {
        let is_head = matches!(&built.snapshot, Ok(found) if Arc::ptr_eq(&found.outcome, &world_project.head));
        let fault = head_fault.filter(|fault| is_head && of_old.contains(&fault.subject));
        (release_name.clone(), Arc::new(release(name, release_name, built, fault)))
    });
    let deploys = world_project
        .deploys
        .iter()
        .filter(|(environment, _)| cause(Subject::Deploy(name.clone(), (*environment).clone())).is_none());
    let at = Location { file: Arc::from(format!("projects/{name}/project.toml")), line: 1, column: 1 };
    Some(Project {
        name: name.clone(),
        id: draft.id.clone(),
        channels: channels?,
        default_channel: draft.default_channel.clone(),
        tenancy: draft.tenancy,
        waves: draft.waves.clone(),
        attempts: draft.attempts,
        on_failure: draft.on_failure,
        deadline: draft.deadline,
        takeover: draft.takeover,
        head,
        releases: releases.collect(),
        deploy: deploys.map(|(name, deploy)| (name.clone(), Arc::new(deploy.clone()))).collect(),
        at,
    })
}

fn release(project: &ProjectName, name: &ReleaseName, built: &ReleaseWorld, head_fault: Option<&Broken>) -> Release {
    let draft = &built.draft;
    let snapshot = match (&built.snapshot, head_fault) {
        (Err(fault), _) => Err(fault.clone()),
        (Ok(_), Some(cause)) => Err(SnapshotFault::Broken { problem: format!("{} ({})", cause.title, cause.at) }),
        (Ok(found), None) => match &found.outcome.what {
            Some(what) => {
                let (commit, what, names) = (found.commit.clone(), what.clone(), found.names.clone());
                Ok(Snapshot { commit, what, names, rules: found.rules })
            }
            None => Err(SnapshotFault::Broken { problem: found.outcome.first_error().unwrap_or_default() }),
        },
    };
    Release {
        name: name.clone(),
        version: draft.version.clone(),
        format: draft.format,
        channel: draft.channel.clone(),
        images: draft.images.clone(),
        inputs: draft.inputs,
        blocked: draft.blocked.clone(),
        edited: built.edited.clone(),
        snapshot,
        content: draft.content,
        at: Location { file: Arc::from(format!("projects/{project}/releases/{name}.toml")), line: 1, column: 1 },
    }
}
