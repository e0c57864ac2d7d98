//! Rows for slots that a broken file hides and that nothing else is known of: without them a slot would be missing from the
//! list for as long as the file is broken.
//!
//! What ran before has its row from the facts, see `orphans`. Here are the slots of a broken environment, by the lifecycles
//! that name it, and those of a broken project, whose lifecycle cannot be read: one in every environment. So are those of a
//! project that would have no row at all, because its tenants cannot be read.

use std::collections::BTreeSet;

use crate::model::catalog::{Broken, Subject, Unnamed};
use crate::model::{EnvironmentName, Id, Project, Slot, TenantName};

use super::Planner;
use super::draft::Draft;

impl<'a> Planner<'a> {
    /// The rows that are missing in addition to the planned ones.
    pub(super) fn hidden(&self, planned: &[Draft<'a>]) -> Vec<Draft<'a>> {
        let catalog = self.input.catalog;
        let known: BTreeSet<&Slot> = planned.iter().filter_map(|draft| Some(&draft.row.as_ref()?.slot)).collect();
        let mut all = Vec::new();
        for broken in &catalog.broken {
            let slots = match &broken.subject {
                Subject::Environment(name) if !catalog.environments.contains_key(name) => self.of_environment(name),
                Subject::Project(name) if !catalog.projects.contains_key(name) => {
                    let project = Id::from(name);
                    let is_known = known.iter().any(|slot| slot.project == project);
                    if is_known { Vec::new() } else { self.of_project(&project) }
                }
                _ => Vec::new(),
            };
            all.extend(slots.into_iter().filter(|slot| !known.contains(slot)).map(|slot| self.row(slot, broken)));
        }
        let rowless = catalog.projects.values().filter(|project| {
            let own = |slot: &Slot| slot.project == project.id;
            !known.iter().any(|slot| own(slot)) && !all.iter().any(|draft| own(&draft.slot))
        });
        let rows = rowless.flat_map(|project| {
            let broken = self.hides_everybody(project);
            broken
                .into_iter()
                .flat_map(|broken| self.of_project(&project.id).into_iter().map(move |slot| (slot, broken)))
        });
        let rows: Vec<Draft<'a>> = rows.map(|(slot, broken)| self.row(slot, broken)).collect();
        all.extend(rows);
        all
    }

    /// The problem because of which a project has no slot: the root file, or a tenant that may be its only one.
    fn hides_everybody(&self, project: &Project) -> Option<&'a Broken> {
        let broken = || self.input.catalog.broken.iter();
        let root = broken().find(|broken| broken.subject == Subject::Repository);
        let tenant = || {
            let is_tenant =
                |one: &&Broken| matches!(one.subject, Subject::Tenant(_) | Subject::Unnamed(Unnamed::Tenant));
            broken().find(is_tenant).filter(|_| project.tenancy.tenanted())
        };
        root.or_else(tenant)
    }

    fn row(&self, slot: Slot, broken: &Broken) -> Draft<'a> {
        let mut draft = Draft::without_row(slot.clone());
        draft.row = self.hidden_row(&slot, broken);
        draft
    }

    /// The slots of the projects whose lifecycles name the environment. Its id is not known: it is that of its name.
    fn of_environment(&self, name: &EnvironmentName) -> Vec<Slot> {
        let catalog = self.input.catalog;
        let goes_there = |project: &Project| {
            let mut phases = project.channels.values().flat_map(|channel| &channel.lifecycle.phases);
            phases.any(|phase| phase.environments().any(|environment| environment == name))
        };
        let mut slots = Vec::new();
        for project in catalog.projects.values().filter(|project| goes_there(project)) {
            let slot = |tenant: Option<&TenantName>| Slot {
                project: project.id.clone(),
                environment: Id::from(name),
                tenant: tenant.and_then(|name| catalog.tenants.get(name)).map(|tenant| tenant.id.clone()),
            };
            let tenants = catalog
                .tenants
                .values()
                .filter(|tenant| project.tenancy.tenanted() && tenant.is_connected(&project.name, name));
            let tenants: Vec<Slot> = tenants.map(|tenant| slot(Some(&tenant.name))).collect();
            if tenants.is_empty() {
                slots.push(slot(None));
            }
            slots.extend(tenants);
        }
        slots
    }

    fn of_project(&self, project: &Id) -> Vec<Slot> {
        let environments = self.input.catalog.environments.values();
        let slot = |environment: &Id| Slot { project: project.clone(), environment: environment.clone(), tenant: None };
        environments.map(|environment| slot(&environment.id)).collect()
    }
}
