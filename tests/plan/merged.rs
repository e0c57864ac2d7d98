//! What becomes of a merged change: one sentence per environment, an alarm for what needs a person, and the end.

use jiff::Timestamp;
use landfall::model::decision::{Cause, Waiting};
use landfall::model::journal::DeploymentId;
use landfall::model::{Decision, EnvironmentName, Hold, Id, ProjectName, ReleaseName, Slot, TenantName};
use landfall::plan::{Report, SlotRow};
use landfall::view::merged::{Course, Merged, Move, merged};
use landfall::view::review::markdown;

fn release(name: &str) -> ReleaseName {
    ReleaseName::new(name).unwrap()
}

fn slot(environment: &str, tenant: &str) -> Slot {
    let tenant = Some(tenant).filter(|tenant| !tenant.is_empty()).map(|tenant| Id::new(tenant).unwrap());
    Slot { project: Id::new("app").unwrap(), environment: Id::new(environment).unwrap(), tenant }
}

/// A change that moves a slot to 2.0.0.
fn moved(environment: &str, tenant: &str) -> Move {
    Move {
        slot: slot(environment, tenant),
        project: ProjectName::new("app").unwrap(),
        environment: EnvironmentName::new(environment).unwrap(),
        tenant: Some(tenant).filter(|tenant| !tenant.is_empty()).map(|tenant| TenantName::new(tenant).unwrap()),
        to: release("2.0.0"),
    }
}

fn row(one: &Move, decision: Decision) -> SlotRow {
    SlotRow {
        slot: one.slot.clone(),
        project: one.project.clone(),
        environment: one.environment.clone(),
        tenant: one.tenant.clone(),
        decision,
        runs: None,
        earliest: None,
        kept: None,
        stacks: Vec::new(),
        drift: None,
    }
}

fn now() -> Timestamp {
    "2026-11-30T12:00:00Z".parse().unwrap()
}

fn told(rows: &[(Move, Decision)]) -> Merged {
    let moves: Vec<Move> = rows.iter().map(|(one, _)| one.clone()).collect();
    let slots = rows.iter().map(|(one, decision)| row(one, decision.clone())).collect();
    merged(&moves, &Report { slots, ..Report::default() }, &|_| true, now())
}

fn current(name: &str, waiting: Vec<Waiting>) -> Decision {
    Decision::UpToDate { release: release(name), waiting }
}

fn held(wanted: &str, cause: Cause) -> Decision {
    Decision::Held { wanted: Some(release(wanted)), runs: None, reasons: vec![Hold::new(cause)] }
}

fn failed(deployment: u64) -> Cause {
    Cause::Attempts {
        failed: 1,
        deployment: DeploymentId(deployment),
        cause: None,
        plan: "0a1b2c3d".into(),
        file: "projects/app/deploy/test.toml".into(),
    }
}

fn phase() -> Cause {
    Cause::Phase { phase: "Test".into(), needed: 1, passed: 0, missing: vec![EnvironmentName::new("test").unwrap()] }
}

#[test]
fn every_decision_has_a_course_and_a_sentence() {
    let number = DeploymentId(7);
    let deploying = |name: &str| Decision::Deploying { release: release(name), deployment: number, since: now() };
    let waiting = |name: &str| vec![Waiting { release: release(name), reasons: vec![Hold::new(phase())] }];
    let empty = |name: &str| Decision::Empty { next: Some(release(name)), reasons: vec![Hold::new(phase())] };
    for (decision, course, sentence, over) in [
        (current("2.0.0", vec![]), Course::Done, "app 2.0.0 is deployed", true),
        (current("3.0.0", vec![]), Course::Done, "app 2.0.0 was superseded by 3.0.0", true),
        (current("1.0.0", waiting("2.0.0")), Course::GoesOn, "app 2.0.0 waits: must succeed in test", false),
        (current("1.0.0", waiting("3.0.0")), Course::Done, "app 2.0.0 was superseded by 1.0.0", true),
        (deploying("2.0.0"), Course::GoesOn, "app 2.0.0 is being deployed (deployment 7)", false),
        (deploying("1.5.0"), Course::GoesOn, "app 2.0.0 waits: 1.5.0 is being deployed", false),
        (held("2.0.0", phase()), Course::GoesOn, "app 2.0.0 waits: must succeed in test", false),
        (held("3.0.0", phase()), Course::Done, "app 2.0.0 was superseded by 3.0.0", true),
        (held("2.0.0", failed(7)), Course::Failed, "app 2.0.0 failed once, last in deployment 7", false),
        (empty("2.0.0"), Course::GoesOn, "app 2.0.0 waits: must succeed in test", false),
        (Decision::Remove { from: None }, Course::Done, "app 2.0.0 is not wanted any more", true),
    ] {
        let said = told(&[(moved("test", ""), decision.clone())]);
        let one = &said.environments[0];
        assert_eq!((one.course, one.sentence.as_str(), said.over), (course, sentence, over), "{decision:?}");
        assert_eq!(said.done.is_some(), sentence.ends_with("is deployed"), "only what is there is told as done");
    }
}

#[test]
fn tenants_are_counted_and_the_worst_comes_first() {
    let all = [
        (moved("test", ""), current("2.0.0", vec![])),
        (moved("production", "acme"), current("2.0.0", vec![])),
        (moved("production", "globex"), current("2.0.0", vec![])),
        (moved("production", "initech"), held("2.0.0", failed(9))),
    ];
    let said = told(&all);
    let told: Vec<(&str, Course, &str)> =
        said.environments.iter().map(|one| (one.environment.as_str(), one.course, one.sentence.as_str())).collect();
    let production = "app 2.0.0 failed once, last in deployment 9. app 2.0.0 is deployed (2 tenants)";
    assert_eq!(told, [("test", Course::Done, "app 2.0.0 is deployed"), ("production", Course::Failed, production)]);
    assert_eq!(said.alarms.len(), 1);
    let page = markdown(&said.alarms[0].page);
    assert!(
        page.starts_with("**app 2.0.0 failed in production, initech.**") && page.contains("landfall history 9"),
        "{page}"
    );
    assert_eq!(said.done, None);
}

#[test]
fn an_alarm_is_the_same_until_something_else_happens() {
    let keys = |deployment: u64| {
        let said = told(&[(moved("test", ""), held("2.0.0", failed(deployment)))]);
        said.alarms[0].keys.clone()
    };
    assert_eq!(keys(7), keys(7));
    assert_ne!(keys(7), keys(8), "a second failure is news");
    let one = moved("test", "");
    let report = Report { slots: vec![row(&one, held("2.0.0", failed(7)))], ..Report::default() };
    assert_eq!(merged(&[one], &report, &|_| false, now()).alarms, [], "a newer change tells it");
}
