//! `landfall promote` and `landfall rollback`: one line in a deploy file, and what it will lead to.

use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::deliver::Delivered;
use super::editing::{Bench, Edit, Editing};
use super::exit::{Doing, Failure, Outcome};
use super::release::{project_of, release_of};
use super::render::known;
use crate::edit;
use crate::load::Loaded;
use crate::model::catalog::Pin;
use crate::model::{Environment, EnvironmentName, Facts, Project, ProjectName, ReleaseName, Slot, Tenant, TenantName};
use crate::promote::deploy_file;

/// Options of `landfall promote`.
#[derive(Args, Debug)]
pub struct Promote {
    /// The project
    project: ProjectName,
    /// The release, or `none` to remove what runs
    version: ReleaseName,
    /// The environment
    #[arg(long, value_name = "ENVIRONMENT")]
    to: EnvironmentName,
    /// Only for this tenant
    #[arg(long)]
    tenant: Option<TenantName>,
    #[command(flatten)]
    editing: Editing,
}

/// Options of `landfall rollback`.
#[derive(Args, Debug)]
pub struct Rollback {
    /// The project
    project: ProjectName,
    /// The environment
    #[arg(long = "in", value_name = "ENVIRONMENT")]
    environment: EnvironmentName,
    /// Only for this tenant
    #[arg(long)]
    tenant: Option<TenantName>,
    /// The release to go back to [default: the release that ran there before]
    #[arg(long, value_name = "VERSION")]
    to: Option<ReleaseName>,
    #[command(flatten)]
    editing: Editing,
}

/// Runs `landfall promote`.
pub fn promote(options: &Promote) -> Outcome {
    let pinning = Pinning {
        project: &options.project,
        environment: &options.to,
        tenant: options.tenant.as_ref(),
        removes: options.version.as_str() == "none",
        editing: &options.editing,
    };
    pinning.run("Promote", |project, _, _| match options.version.as_str() {
        "none" => Ok(Pin::None),
        _ => release_of(project, &options.version).map(|release| Pin::Release(release.name.clone())),
    })
}

/// Runs `landfall rollback`.
pub fn rollback(options: &Rollback) -> Outcome {
    let pinning = Pinning {
        project: &options.project,
        environment: &options.environment,
        tenant: options.tenant.as_ref(),
        removes: false,
        editing: &options.editing,
    };
    pinning.run("Roll back", |project, slot, facts| {
        let name = match (&options.to, facts) {
            (Some(name), _) => name.clone(),
            (None, None) => {
                let message = "what ran there before is known to the daemon and in its store";
                return Err(
                    Failure::usage(message).help("name one of them with --server or --store, or a release with --to")
                );
            }
            (None, Some(facts)) => before(project, slot, facts)?,
        };
        release_of(project, &name).map(|release| Pin::Release(release.name.clone()))
    })
}

/// The release that ran in a slot before the one that it runs, or ran last: the newest whose file is still there.
fn before(project: &Project, slot: &Slot, facts: &Facts) -> Result<ReleaseName, Failure> {
    let mut runs = facts.runs.iter().rev().filter(|run| run.slot == *slot);
    let nothing =
        || Failure::new(format!("nothing ran in {slot} before what runs there")).help("name a release with --to");
    let last = runs.next().ok_or_else(nothing)?;
    // After a failed deployment nothing runs, and what ran last is what to go back to.
    let back = |name: &ReleaseName| project.releases.contains_key(name);
    if last.to.is_some() && back(&last.release) {
        return Ok(last.release.clone());
    }
    runs.map(|run| &run.release).find(|name| **name != last.release && back(name)).cloned().ok_or_else(nothing)
}

/// A pin to be written.
struct Pinning<'a> {
    project: &'a ProjectName,
    environment: &'a EnvironmentName,
    tenant: Option<&'a TenantName>,
    /// It says `"none"`.
    removes: bool,
    editing: &'a Editing,
}

/// What the names of a pin mean.
struct Place<'a> {
    project: &'a Arc<Project>,
    environment: &'a Arc<Environment>,
    tenant: Option<&'a Arc<Tenant>>,
}

impl Pinning<'_> {
    /// Chooses what is pinned, says what comes of it, and writes it.
    fn run(&self, verb: &str, choose: impl FnOnce(&Project, &Slot, Option<&Facts>) -> Result<Pin, Failure>) -> Outcome {
        let bench = Bench::open(self.editing)?;
        let loaded = bench.load(&[])?;
        let place = self.place(&loaded)?;
        let slot = Slot {
            project: place.project.id.clone(),
            environment: place.environment.id.clone(),
            tenant: place.tenant.map(|tenant| tenant.id.clone()),
        };
        let pin = choose(place.project, &slot, bench.past.facts())?;
        let file = deploy_file(place.project, self.environment);
        let text = bench.desk.text(&file)?.unwrap_or_default();
        let edited = edit::pin(&text, self.tenant, &pin).doing(|| format!("cannot edit {file}"))?;
        let after = bench.load(&[(&file, &edited)])?;
        let notes = notes(&self.place(&after)?, &pin);
        let files = if edited == text { Vec::new() } else { vec![(&*file, edited.as_str())] };
        let unchanged = format!("{file} already says so");
        let json = |delivered: Option<&Delivered>| {
            let release = match &pin {
                Pin::Release(name) => name.as_str(),
                Pin::None => "none",
            };
            let Self { project, environment, tenant, .. } = self;
            json!({
                "project": project, "environment": environment, "tenant": tenant, "release": release, "delivered": delivered,
            })
        };
        let message = self.message(verb, &pin);
        let edit = Edit { notes, unchanged, files, message, json: Some(Box::new(json)), ..Edit::default() };
        bench.finish(&loaded, &after, edit)
    }

    fn place<'l>(&self, loaded: &'l Loaded) -> Result<Place<'l>, Failure> {
        let catalog = &loaded.catalog;
        let project = project_of(loaded, self.project, &self.editing.ask.repo)?;
        known("environment", self.environment, catalog.environments.keys())?;
        let unknown = |what: &str| Failure::usage(format!("there is no such {what}"));
        let environment = catalog.environments.get(self.environment).ok_or_else(|| unknown("environment"))?;
        let Some(name) = self.tenant else { return Ok(Place { project, environment, tenant: None }) };
        known("tenant", name, catalog.tenants.keys())?;
        let tenant = catalog.tenants.get(name).ok_or_else(|| unknown("tenant"))?;
        // What a tenant that is not connected any more has can only be removed.
        if !self.removes && (!project.tenancy.tenanted() || !tenant.is_connected(&project.name, &environment.name)) {
            let message = format!("tenant {name} gets no {} in {}", project.name, environment.name);
            return Err(Failure::usage(message).help(format!(
                "[projects.{}] in tenants/{name}.toml says where, and `tenancy` whether",
                project.name
            )));
        }
        Ok(Place { project, environment, tenant: Some(tenant) })
    }

    fn message(&self, verb: &str, pin: &Pin) -> String {
        let Pinning { project, environment, .. } = self;
        let tenant = self.tenant.map_or_else(String::new, |tenant| format!(" for {tenant}"));
        match pin {
            Pin::None => format!("Remove {project} from {environment}{tenant}"),
            Pin::Release(name) if verb == "Promote" => format!("{verb} {project} {name} to {environment}{tenant}"),
            Pin::Release(name) => format!("{verb} {project} to {name} in {environment}{tenant}"),
        }
    }
}

/// What a reader of the line alone would not expect.
fn notes(place: &Place<'_>, pin: &Pin) -> Vec<String> {
    let (project, environment) = (place.project, &place.environment.name);
    let automatic = project.lifecycle().phases.iter().any(|phase| phase.automatic.contains(environment));
    let mut notes = Vec::new();
    if automatic && matches!(pin, Pin::Release(_)) {
        notes.push(format!("while the pin exists, no newer release enters {environment} by itself"));
    }
    let deploy = project.deploy.get(environment).filter(|_| place.tenant.is_none());
    for (tenant, (pin, _)) in deploy.iter().flat_map(|deploy| &deploy.tenants) {
        let pin = match pin {
            Pin::Release(release) => format!("stays at {release}"),
            Pin::None => "stays without".to_owned(),
        };
        notes.push(format!("{tenant} {pin}: it has a line of its own"));
    }
    notes
}
