//! The laws of the gates, as properties of random repositories and histories. `PROPTEST_CASES` sets how many are tried.

use landfall::model::catalog::Progress;
use landfall::model::decision::Cause;
use landfall::model::journal::DeploymentId;
use landfall::model::{Decision, Hash, Run};
use landfall::plan::Planned;
use proptest::prelude::*;

use super::world::{Live, World, slot};

const ENVIRONMENTS: [&str; 3] = ["development", "test", "production"];
const RELEASES: [&str; 4] = ["1.0.0", "1.1.0", "1.2.0", "2.0.0"];

/// What a random case is made from.
#[derive(Clone, Debug)]
struct Case {
    releases: Vec<bool>,
    blocked: Vec<bool>,
    progress: Vec<u8>,
    soak: Vec<u8>,
    pin: Vec<Option<usize>>,
    /// Environment, release, minutes until the next one.
    runs: Vec<(usize, usize, u8)>,
    wait: u8,
}

fn cases() -> impl Strategy<Value = Case> {
    let four = || proptest::collection::vec(any::<bool>(), 4);
    let pin = proptest::option::weighted(0.4, 0..4_usize);
    (
        four(),
        proptest::collection::vec(proptest::bool::weighted(0.2), 4),
        proptest::collection::vec(0..3_u8, 3),
        proptest::collection::vec(0..60_u8, 3),
        proptest::collection::vec(pin, 3),
        proptest::collection::vec((0..3_usize, 0..4_usize, 0..60_u8), 0..10),
        0..90_u8,
    )
        .prop_map(|(releases, blocked, progress, soak, pin, runs, wait)| Case {
            releases,
            blocked,
            progress,
            soak,
            pin,
            runs,
            wait,
        })
}

impl Case {
    fn world(&self) -> World {
        let mut world = World::new();
        for (index, name) in RELEASES.iter().enumerate().filter(|(index, _)| self.releases[*index]) {
            world.release(name);
            if self.blocked[index] {
                world.change_release(name, |release| release.blocked = Some("bad".into()));
            }
        }
        world.phases(|phases| {
            for (index, phase) in phases.iter_mut().enumerate() {
                phase.progress =
                    [Progress::All, Progress::Minimum(1), Progress::Optional][usize::from(self.progress[index])];
                phase.soak = jiff::SignedDuration::from_mins(i64::from(self.soak[index]));
            }
        });
        for (environment, pin) in ENVIRONMENTS.iter().zip(&self.pin) {
            if let Some(pin) = pin {
                world.pin(environment, RELEASES[*pin]);
            }
        }
        world
    }

    fn live(&self) -> Live {
        let mut live = Live::empty();
        for (number, (environment, release, minutes)) in self.runs.iter().enumerate() {
            run(&mut live, ENVIRONMENTS[*environment], RELEASES[*release], number as u64 + 1);
            live.wait(i64::from(*minutes));
        }
        live.wait(i64::from(self.wait));
        live
    }
}

/// A proved run, as facts say it, which ends the one before.
fn run(live: &mut Live, environment: &str, release: &str, number: u64) {
    let slot = slot(environment);
    let now = live.now;
    live.facts.runs.iter_mut().filter(|run| run.slot == slot && run.to.is_none()).for_each(|run| run.to = Some(now));
    live.facts.runs.push(Run {
        slot,
        release: release.parse().unwrap(),
        content: Hash::of(release.as_bytes()),
        deployment: DeploymentId(number),
        commit: landfall::model::CommitId("8c1d0f2000000000000000000000000000000000".to_owned()),
        from: now,
        to: None,
        live: Default::default(),
        proved_by_ecs: true,
    });
}

/// What a slot is given or carries by this plan.
fn carries(planned: &Planned, environment: &str) -> Option<String> {
    let row = planned.report.slots.iter().find(|row| row.environment.as_str() == environment).unwrap();
    match &row.decision {
        Decision::Deploy { release, .. } | Decision::UpToDate { release, .. } => Some(release.to_string()),
        _ => None,
    }
}

fn deploys(planned: &Planned, environment: &str) -> Option<String> {
    planned.plan.begin.iter().find(|begin| begin.slot == slot(environment)).map(|begin| begin.release.to_string())
}

fn index(release: &str) -> usize {
    RELEASES.iter().position(|name| *name == release).unwrap()
}

fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn nothing_is_downgraded_automatically(case in cases()) {
        let (world, live) = (case.world(), case.live());
        let planned = world.plan(&live);
        for (place, environment) in ENVIRONMENTS.iter().enumerate() {
            let Some(running) = live.facts.running(&slot(environment)) else { continue };
            let runs = index(running.release.as_str());
            let Some(given) = deploys(&planned, environment) else { continue };
            let said = case.pin[place].is_some() || !case.releases[runs];
            prop_assert!(said || index(&given) >= runs, "{environment}: {} -> {given}", running.release);
        }
    }

    #[test]
    fn a_slot_may_always_go_back_to_what_it_once_ran(
        mut case in cases(), environment in 0..3_usize, back in 0..4_usize, when in 0..4_usize,
    ) {
        case.releases[back] = true;
        case.runs.insert(when.min(case.runs.len()), (environment, back, 1));
        let (mut world, live) = (case.world(), case.live());
        let (environment, back) = (ENVIRONMENTS[environment], RELEASES[back]);
        world.pin(environment, back);
        prop_assert_eq!(carries(&world.plan(&live), environment), Some(back.to_owned()));
    }

    #[test]
    fn a_later_run_never_revokes_what_earlier_ones_opened(case in cases(), more in (0..2_usize, 0..4_usize)) {
        let (mut world, mut live) = (case.world(), case.live());
        let Some(pin) = case.pin[2].filter(|pin| case.releases[*pin]) else { return Ok(()) };
        world.pin("production", RELEASES[pin]);
        if carries(&world.plan(&live), "production").as_deref() != Some(RELEASES[pin]) {
            return Ok(());
        }
        run(&mut live, ENVIRONMENTS[more.0], RELEASES[more.1], 1_000);
        live.wait(1);
        prop_assert_eq!(carries(&world.plan(&live), "production"), Some(RELEASES[pin].to_owned()));
    }

    #[test]
    fn an_optional_phase_never_blocks(case in cases()) {
        let (mut world, live) = (case.world(), case.live());
        world.phases(|phases| phases.iter_mut().for_each(|phase| phase.progress = Progress::Optional));
        for row in world.plan(&live).report.slots {
            let reasons = match row.decision {
                Decision::Held { reasons, .. } | Decision::Empty { reasons, .. } => reasons,
                Decision::UpToDate { waiting, .. } => waiting.into_iter().flat_map(|one| one.reasons).collect(),
                _ => Vec::new(),
            };
            let gated = reasons.iter().any(|hold| matches!(hold.cause, Cause::Phase { .. } | Cause::Soak { .. }));
            prop_assert!(!gated, "{reasons:?}");
        }
    }

    #[test]
    fn nothing_enters_before_the_phases_before_it_are_passed(case in cases()) {
        let (world, live) = (case.world(), case.live());
        let planned = world.plan(&live);
        for (place, environment) in ENVIRONMENTS.iter().enumerate().skip(1) {
            let Some(given) = deploys(&planned, environment) else { continue };
            let release = given.parse().unwrap();
            if live.facts.ever_ran(&slot(environment), &release) {
                continue;
            }
            prop_assert!(!case.blocked[index(&given)]);
            for before in (0..place).filter(|before| case.progress[*before] < 2) {
                let there = slot(ENVIRONMENTS[before]);
                let soak = jiff::SignedDuration::from_mins(i64::from(case.soak[before]));
                let held = live.facts.runs_of(&there, &release).any(|run| run.lasted(live.now) >= soak);
                prop_assert!(held, "{given} entered {environment} before it held in {}", ENVIRONMENTS[before]);
            }
        }
    }

    #[test]
    fn every_no_names_its_cause(case in cases()) {
        let (world, live) = (case.world(), case.live());
        for row in world.plan(&live).report.slots {
            match row.decision {
                Decision::Held { reasons, .. } | Decision::Empty { reasons, .. } => prop_assert!(!reasons.is_empty()),
                Decision::UpToDate { waiting, .. } => {
                    prop_assert!(waiting.iter().all(|one| !one.reasons.is_empty()));
                }
                _ => {}
            }
        }
    }

    #[test]
    fn plans_settle_and_then_are_empty(case in cases()) {
        let world = case.world();
        let mut live = Live::empty();
        world.settle(&mut live);
        prop_assert!(world.plan(&live).plan.is_empty());
        prop_assert_eq!(format!("{:?}", world.plan(&live)), format!("{:?}", world.plan(&live)));
    }

    #[test]
    fn an_earliest_time_is_true(case in cases()) {
        let (world, live) = (case.world(), case.live());
        for row in world.plan(&live).report.slots {
            let Decision::Held { wanted: Some(wanted), reasons, .. } = &row.decision else { continue };
            let times: Option<Vec<_>> = reasons.iter().map(|hold| hold.until).collect();
            let Some(last) = times.and_then(|times| times.into_iter().max()) else { continue };
            prop_assert!(last > live.now);
            let mut then = live.clone();
            then.now = last;
            let given = carries(&world.plan(&then), row.environment.as_str());
            prop_assert_eq!(given, Some(wanted.to_string()));
        }
    }
}
