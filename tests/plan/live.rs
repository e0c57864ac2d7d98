//! What changes beside the release: which part did, and in what order it reaches the environments.

use std::collections::BTreeMap;

use landfall::model::catalog::{Gate, Progress};
use landfall::model::decision::{Because, Cause};
use landfall::model::{Decision, Hold};

use super::world::{Live, World, slot};
use super::{Story, golden, plan_in};

const ENVIRONMENTS: [&str; 3] = ["development", "test", "production"];

/// 1.4.0 runs everywhere, and all targets get another subnet.
fn moved() -> (World, Live) {
    let mut world = World::new();
    world.release("1.4.0").pin("production", "1.4.0");
    let live = world.deployed();
    for environment in ENVIRONMENTS {
        world.target(&format!("{environment}-eu")).network.subnets = vec!["subnet-0b".into()];
    }
    (world, live)
}

fn holds(world: &World, live: &Live, environment: &str) -> Vec<Hold> {
    let rows = world.plan(live).report.slots;
    match rows.into_iter().find(|row| row.slot == slot(environment)).unwrap().decision {
        Decision::Held { reasons, .. } => reasons,
        _ => Vec::new(),
    }
}

#[test]
fn a_live_change_goes_through_the_lifecycle_and_says_what_changed() {
    let (world, mut live) = moved();
    let mut story = Story::default();
    for environment in ENVIRONMENTS {
        story.tell(&format!("{environment} is next"), &world.show(&live));
        let begin = world.plan(&live).plan.begin;
        assert_eq!(begin.iter().map(|begin| &begin.slot).collect::<Vec<_>>(), [&slot(environment)]);
        let Because::Differs { parts, .. } = &begin[0].because else { panic!("{:?}", begin[0].because) };
        assert_eq!(parts.iter().map(|part| &**part).collect::<Vec<_>>(), [format!("target {environment}-eu")]);
        live.succeed(&begin[0]);
        live.wait(1);
    }
    assert!(world.plan(&live).plan.is_empty());
    golden!("live_order", story.0);
}

#[test]
fn a_live_change_that_fails_goes_no_further_until_somebody_says_so() {
    let (mut world, mut live) = moved();
    for _ in 0..3 {
        let begin = world.plan(&live).plan.begin.remove(0);
        assert_eq!(begin.slot, slot("development"));
        live.fail(&begin);
    }
    assert!(world.plan(&live).plan.is_empty());
    assert!(matches!(&holds(&world, &live, "test")[0].cause,
        Cause::LiveOrder { environment, .. } if environment.as_str() == "development"));
    let shown = world.show(&live);
    let plan = plan_in(shown.split("test ").nth(1).unwrap());
    world.allow("test", Gate::Redeploy, &plan);
    let begin = world.plan(&live).plan.begin;
    assert_eq!((begin.len(), &begin[0].slot, begin[0].allowed.len()), (1, &slot("test"), 1));
    world.phases(|phases| phases[..2].iter_mut().for_each(|phase| phase.progress = Progress::Optional));
    assert!(
        world.plan(&live).plan.begin.iter().any(|begin| begin.slot == slot("production")),
        "optional blocks nothing"
    );
}

#[test]
fn journals_without_parts_stay_silent_and_drift_has_no_order() {
    let (mut world, mut live) = moved();
    live.facts.runs.iter_mut().for_each(|run| run.live = BTreeMap::new());
    let begin = world.plan(&live).plan.begin.remove(0);
    assert!(matches!(begin.because, Because::Differs { parts, .. } if parts.is_empty()));
    for environment in ENVIRONMENTS {
        world.target(&format!("{environment}-eu")).network.subnets = vec!["subnet-0a".into()];
    }
    assert!(world.plan(&live).plan.is_empty());
    for environment in ENVIRONMENTS {
        live.stack(&format!("storefront-web-{environment}-{environment}-eu")).description = None;
    }
    assert_eq!(world.plan(&live).plan.begin.len(), 3, "what somebody else changed is put back everywhere");
}

#[test]
fn a_change_that_reaches_no_release_says_so() {
    let mut world = World::new();
    world.release("1.4.0");
    let live = world.deployed();
    assert!(world.plan(&live).report.unreached.is_empty());
    world.project().head = Some(super::world::what(&["web", "worker"]));
    let planned = world.plan(&live);
    assert_eq!(planned.report.unreached[0].newest.as_str(), "1.4.0");
    golden!("unreached", world.show(&live));
    world.release("1.5.0");
    assert!(world.plan(&live).report.unreached.is_empty(), "1.5.0 comes and has it");
    world.change_release("1.5.0", |release| release.blocked = Some("found a leak".into()));
    assert_eq!(world.plan(&live).report.unreached[0].newest.as_str(), "1.4.0", "a blocked one brings it nowhere");
}
