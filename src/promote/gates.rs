//! The gates between a release and a slot: every reason why the release may not enter it yet.

use jiff::Timestamp;

use crate::model::catalog::{Phase, Progress};
use crate::model::decision::Cause;
use crate::model::{Catalog, Environment, EnvironmentName, Hold, Id, Project, Release, ReleaseName, Slot};

use super::Index;

/// What gates are judged by.
#[derive(Clone, Copy, Debug)]
pub struct Gates<'a> {
    /// What the commit says.
    pub catalog: &'a Catalog,
    /// What the past says.
    pub index: &'a Index<'a>,
    /// The time.
    pub now: Timestamp,
}

/// How far a release has come in one environment of a phase.
enum Come {
    Passed,
    Soaking(Hold),
    Missing,
}

impl Gates<'_> {
    /// Why the release may not enter the slot; empty when every gate is open. `runs` is what the slot runs.
    pub fn holds(
        &self,
        project: &Project,
        environment: &Environment,
        slot: &Slot,
        release: &Release,
        runs: Option<&ReleaseName>,
    ) -> Vec<Hold> {
        let mut holds = Vec::new();
        if let Err(fault) = &release.snapshot {
            holds.push(Hold::new(Cause::Snapshot(fault.clone())));
        }
        if runs == Some(&release.name) || self.index.ever_ran(slot, &release.name) {
            return holds;
        }
        if let Some(reason) = &release.blocked {
            holds.push(Hold::new(Cause::Blocked { reason: reason.clone() }));
        }
        match position(project, &environment.name) {
            None => holds.push(Hold::new(Cause::NotInLifecycle { lifecycle: project.lifecycle().name.clone() })),
            Some((place, _)) => {
                for phase in &project.lifecycle().phases[..place] {
                    holds.extend(self.phase(project, slot, phase, release));
                }
            }
        }
        holds
    }

    /// Why an earlier phase does not let the release on; empty when it is passed.
    fn phase(&self, project: &Project, slot: &Slot, phase: &Phase, release: &Release) -> Vec<Hold> {
        let all = phase.environments().count();
        let needed = match phase.progress {
            Progress::Optional => return Vec::new(),
            Progress::All => all,
            Progress::Minimum(least) => least.max(1) as usize,
        };
        let (mut passed, mut soaking, mut missing) = (0, Vec::new(), Vec::new());
        for environment in phase.environments() {
            match self.come(project, slot, phase, environment, release) {
                Come::Passed => passed += 1,
                Come::Soaking(hold) => soaking.push(hold),
                Come::Missing => missing.push(environment.clone()),
            }
        }
        if passed >= needed {
            return Vec::new();
        }
        let mut holds = Vec::new();
        if passed + soaking.len() < needed {
            let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
            holds.push(Hold::new(Cause::Phase {
                phase: phase.name.clone(),
                needed: count(needed),
                passed: count(passed),
                missing,
            }));
        }
        holds.extend(soaking);
        holds
    }

    /// How far the release has come in one environment. Only proved runs count, and they never stop counting.
    fn come(
        &self,
        project: &Project,
        slot: &Slot,
        phase: &Phase,
        environment: &EnvironmentName,
        release: &Release,
    ) -> Come {
        let there = Slot { environment: self.environment_id(environment), project: project.id.clone(), ..slot.clone() };
        let Some(longest) = self.index.longest(&there, &release.name, self.now) else { return Come::Missing };
        if longest.lasted >= phase.soak {
            return Come::Passed;
        }
        Come::Soaking(Hold {
            cause: Cause::Soak {
                environment: environment.clone(),
                needed: phase.soak,
                so_far: longest.lasted,
                running: longest.running_since.is_some(),
                starved_by: None,
            },
            since: longest.running_since,
            until: longest.running_since.and_then(|since| since.checked_add(phase.soak).ok()),
        })
    }

    /// The id of an environment; of one whose file is broken, the one that it has by default.
    fn environment_id(&self, name: &EnvironmentName) -> Id {
        self.catalog.environments.get(name).map_or_else(|| Id::from(name), |environment| environment.id.clone())
    }
}

/// The phase in which the project's lifecycle has the environment, and whether it is entered automatically.
pub(crate) fn position(project: &Project, environment: &EnvironmentName) -> Option<(usize, bool)> {
    project.lifecycle().phases.iter().enumerate().find_map(|(place, phase)| {
        if phase.automatic.contains(environment) {
            Some((place, true))
        } else {
            phase.manual.contains(environment).then_some((place, false))
        }
    })
}
