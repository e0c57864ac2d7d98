//! Names that refer to something: each must exist. A broken file counts as existing.

use std::collections::BTreeSet;

use super::super::codes;
use super::super::drafts::{Draft, Drafts, Shelf, names_of};
use super::super::finding::Finding;
use super::super::schema::values::Names;
use super::super::schema::variables::ScopeEntry;
use super::super::schema::{At, ProjectFile, VariablesFile};
use super::super::world::World;
use crate::model::EnvironmentName;
use crate::model::catalog::Subject;

pub(super) fn targets_name_accounts(world: &World, findings: &mut Vec<Finding>) {
    let Some(root) = &world.drafts.root else { return };
    for (name, draft) in &world.drafts.targets.read {
        let account = &draft.doc.account;
        if !root.doc.accounts.contains_key(account.as_str()) {
            let title = format!("target `{name}` names an account that does not exist");
            let finding = Finding::new(codes::UNKNOWN_ACCOUNT, &draft.file, account.span(), title)
                .label(format!("no [accounts.{}] in landfall.toml", **account))
                .suggest(account, root.doc.accounts.keys().map(String::as_str));
            findings.push(finding);
        }
    }
}

/// Says where an environment does not exist, and whether it does.
pub(super) fn environment_exists<T>(
    drafts: &Drafts,
    draft: &Draft<T>,
    whose: &str,
    written: &At<String>,
    findings: &mut Vec<Finding>,
) -> bool {
    if drafts.environments.has(written) || written.parse::<EnvironmentName>().is_err() {
        return drafts.environments.has(written);
    }
    let title = format!("{whose} names an environment that does not exist");
    let finding = Finding::new(codes::UNKNOWN_ENVIRONMENT, &draft.file, written.span(), title)
        .label(format!("no file environments/{}.toml", **written))
        .suggest(written, drafts.environments.names());
    findings.push(finding);
    false
}

pub(super) fn targets_name_environments(world: &World, findings: &mut Vec<Finding>) {
    for (name, draft) in &world.drafts.targets.read {
        for written in &draft.doc.environments {
            environment_exists(&world.drafts, draft, &format!("target `{name}`"), written, findings);
        }
    }
}

pub(super) fn lifecycles_name_environments(world: &World, findings: &mut Vec<Finding>) {
    for (name, draft) in &world.drafts.lifecycles.read {
        for phase in &draft.doc.phase {
            for written in phase.automatic.iter().chain(&phase.manual) {
                environment_exists(&world.drafts, draft, &format!("lifecycle `{name}`"), written, findings);
            }
        }
    }
}

pub(super) fn projects_name_lifecycles(world: &World, findings: &mut Vec<Finding>) {
    for (name, files) in &world.drafts.projects {
        let Some(draft) = &files.project else { continue };
        let own = draft.doc.channels.values().filter_map(|channel| channel.lifecycle.as_ref());
        for written in draft.doc.lifecycle.iter().chain(own).filter(|written| !world.drafts.lifecycles.has(written)) {
            let title = format!("project `{name}` names a lifecycle that does not exist");
            let finding = Finding::new(codes::UNKNOWN_LIFECYCLE, &draft.file, written.span(), title)
                .label(format!("no file lifecycles/{}.toml", **written))
                .suggest(written, world.drafts.lifecycles.names());
            findings.push(finding);
        }
    }
}

pub(super) fn deploys_name_environments(world: &World, findings: &mut Vec<Finding>) {
    for (project, files) in &world.drafts.projects {
        for (environment, draft) in &files.deploys.read {
            if world.drafts.environments.has(environment.as_str()) {
                continue;
            }
            let title = format!("`{}` is the deploy file of an environment that does not exist", draft.file.path);
            // It may be the misspelt file of any environment, whose pin would then be missing.
            let finding = Finding::new(codes::UNKNOWN_ENVIRONMENT, &draft.file, 0..0, title)
                .label(format!("no file environments/{environment}.toml"))
                .suggest(environment.as_str(), world.drafts.environments.names())
                .hides(Subject::Project(project.clone()));
            findings.push(finding);
        }
    }
}

pub(super) fn deploys_name_releases(world: &World, findings: &mut Vec<Finding>) {
    for (project, files) in &world.drafts.projects {
        for draft in files.deploys.read.values() {
            let missing = |written: &At<String>| {
                let title = format!("project `{project}` has no release `{}`", **written);
                Finding::new(codes::MISSING_RELEASE, &draft.file, written.span(), title)
                    .label(format!("no file projects/{project}/releases/{}.toml", **written))
                    .suggest(written, files.releases.names())
            };
            let pins = draft.doc.release.iter().chain(draft.doc.tenants.values());
            let pins = pins.filter(|written| written.as_str() != "none");
            findings.extend(pins.filter(|written| !files.releases.has(written)).map(missing));
            // The pins stay in force: an allowance for a release that does not exist opens nothing.
            let allowed = draft.doc.allow.iter().filter_map(|allow| allow.release.as_ref());
            let allowed = allowed.filter(|written| !files.releases.has(written));
            findings.extend(allowed.map(|written| missing(written).holds_nothing()));
        }
    }
}

pub(super) fn scopes_name_what_exists(world: &World, findings: &mut Vec<Finding>) {
    // A set serves several projects: a channel of any of them will do.
    let projects = || world.drafts.projects.values().map(|files| files.project.as_ref());
    let channels = projects().flatten().flat_map(|draft| channels_of(&draft.doc)).collect();
    let all = world.drafts.unread.is_empty() && projects().all(|project| project.is_some());
    let channels = all.then_some(channels);
    let known = OfProject { steps: None, channels };
    for draft in world.drafts.sets.read.values() {
        scopes(world, draft, &known, findings);
    }
    for project in world.projects.values() {
        let drafts = &project.head.drafts;
        if let Some(draft) = &drafts.variables {
            let steps = drafts.process.as_ref().map(|process| process.doc.step.iter());
            let steps: Option<Vec<&str>> = steps.map(|steps| steps.map(|step| step.name.as_str()).collect());
            let channels = world.drafts.projects.get(&drafts.name).and_then(|files| files.project.as_ref());
            let channels = channels.map(|project| channels_of(&project.doc));
            let known = OfProject { steps: steps.as_deref(), channels };
            scopes(world, draft, &known, findings);
        }
    }
}

/// The names of a project that scopes may use; none if they are not known.
struct OfProject<'a> {
    steps: Option<&'a [&'a str]>,
    channels: Option<BTreeSet<&'a str>>,
}

/// The channels of a project.
pub(super) fn channels_of(doc: &ProjectFile) -> BTreeSet<&str> {
    match doc.channels.is_empty() {
        true => BTreeSet::from(["default"]),
        false => doc.channels.keys().map(String::as_str).collect(),
    }
}

/// Checks the scopes of a file. Steps only where one project's are known: a set serves several.
fn scopes(world: &World, draft: &Draft<VariablesFile>, of_project: &OfProject<'_>, findings: &mut Vec<Finding>) {
    let drafts = &world.drafts;
    // A target that cannot be read may offer any role.
    let complete = drafts.targets.complete();
    let roles = drafts.targets.read.values().flat_map(|draft| draft.doc.roles.iter().map(|role| role.as_str()));
    let roles: Vec<&str> = roles.collect();
    for variable in &draft.doc.variable {
        let ScopeEntry { step, target, role, tenant, tenant_tag: _, environment, channel } = &variable.scope;
        let mut each = |code, what: &str, names: &Option<At<Names>>, known: &[&str]| {
            let Some(names) = names else { return };
            for name in names.0.iter().filter(|name| !known.contains(&name.as_str())) {
                let a = if what.starts_with('e') { "an" } else { "a" };
                let title = format!("the scope of `{}` names {a} {what} that does not exist", *variable.name);
                let finding = Finding::new(code, &draft.file, names.span(), title)
                    .label(format!("no {what} is named `{name}`"))
                    .suggest(name, known.iter().copied());
                findings.push(finding);
            }
        };
        each(codes::UNKNOWN_ENVIRONMENT, "environment", environment, &all(&drafts.environments));
        each(codes::UNKNOWN_TARGET, "target", target, &all(&drafts.targets));
        each(codes::UNKNOWN_TENANT, "tenant", tenant, &all(&drafts.tenants));
        if let Some(channels) = &of_project.channels {
            each(codes::UNKNOWN_CHANNEL, "channel", channel, &channels.iter().copied().collect::<Vec<_>>());
        }
        if complete {
            each(codes::UNKNOWN_ROLE, "role", role, &roles);
        }
        if let Some(steps) = of_project.steps {
            each(codes::UNKNOWN_STEP, "step", step, steps);
        }
    }
}

/// The environments and channels that steps are limited to.
pub(super) fn conditions_name_what_exists(world: &World, findings: &mut Vec<Finding>) {
    for project in world.projects.values() {
        let drafts = &project.head.drafts;
        let Some(process) = &drafts.process else { continue };
        let file = world.drafts.projects.get(&drafts.name).and_then(|files| files.project.as_ref());
        let channels = file.map(|project| channels_of(&project.doc));
        for step in &process.doc.step {
            let whose = format!("step `{}`", *step.name);
            for written in &step.environments {
                environment_exists(&world.drafts, process, &whose, written, findings);
            }
            let Some(channels) = &channels else { continue };
            for written in step.channels.iter().filter(|written| !channels.contains(written.as_str())) {
                let title = format!("{whose} names a channel that does not exist");
                let finding = Finding::new(codes::UNKNOWN_CHANNEL, &process.file, written.span(), title)
                    .label(format!("no channel `{}` in project.toml", **written))
                    .suggest(written, channels.iter().copied());
                findings.push(finding);
            }
        }
    }
}

fn all<N: AsRef<str> + Ord, T>(shelf: &Shelf<N, T>) -> Vec<&str> {
    names_of(shelf.present.keys()).into_iter().collect()
}

pub(super) fn roles_are_offered(world: &World, findings: &mut Vec<Finding>) {
    let targets = &world.drafts.targets;
    if !targets.complete() {
        return;
    }
    let offered: Vec<&str> =
        targets.read.values().flat_map(|draft| draft.doc.roles.iter().map(|role| role.as_str())).collect();
    for project in world.projects.values() {
        let Some(process) = &project.head.drafts.process else { continue };
        for step in process.doc.step.iter().filter(|step| !offered.contains(&step.role.as_str())) {
            let title = format!("step `{}` asks for a role that no target offers", *step.name);
            let finding = Finding::new(codes::ROLE_NOT_OFFERED, &process.file, step.role.span(), title)
                .label("no target has it in `roles`")
                .suggest(&step.role, offered.iter().copied().collect::<BTreeSet<_>>());
            findings.push(finding);
        }
    }
}
