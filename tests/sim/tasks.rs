//! Tasks that no service runs, and what containers write, on virtual time.

use jiff::SignedDuration;
use landfall::sim::world::ecs::TaskState;
use landfall::sim::world::tasks::{OneTask, RunTaskInput};
use landfall::sim::{Effect, Fault, SimConfig, World};
use serde_json::{Map, Value, json};

use super::support::*;

/// A world with a task definition `job` of two containers.
fn world() -> World {
    let mut world = World::new(SimConfig::default());
    let container = |name: &str| json!({ "Name": name, "Image": format!("{name}:1") });
    let properties = json!({
        "Family": "job", "NetworkMode": "awsvpc", "ContainerDefinitions": [container("main"), container("proxy")],
    });
    let properties: Map<String, Value> = properties.as_object().unwrap().clone();
    world.register_task_definition(&place(), "job", properties);
    world
}

fn input(token: &str) -> RunTaskInput {
    RunTaskInput {
        cluster: "main".to_owned(),
        definition: "job".to_owned(),
        token: Some(token.to_owned()),
        started_by: Some(token.to_owned()),
        network: true,
        ..RunTaskInput::default()
    }
}

fn run(world: &mut World, token: &str) -> OneTask {
    world.run_task(&place(), &input(token)).unwrap()
}

fn after(world: &mut World, seconds: i64) {
    world.advance(world.now() + SignedDuration::from_secs(seconds));
}

fn now(world: &World, task: &OneTask) -> OneTask {
    world.find_one_task(&place(), &task.arn).unwrap().clone()
}

fn exits(task: &OneTask) -> Vec<(String, Option<i32>)> {
    let TaskState::Stopped(end) = &task.state else { panic!("it has not stopped: {:?}", task.state) };
    end.containers.iter().map(|(name, code, _)| (name.clone(), *code)).collect()
}

fn runs(world: &World) -> Vec<Effect> {
    world.ledger().iter().filter(|one| one.operation == "RunTask").map(|one| one.effect).collect()
}

#[test]
fn a_task_is_provisioned_runs_and_stops() {
    let mut world = world();
    let task = run(&mut world, "one");
    assert!(matches!(task.state, TaskState::Pending(Some(_))));
    after(&mut world, 20);
    assert_eq!(now(&world, &task).state, TaskState::Running);
    after(&mut world, 15);
    assert_eq!(exits(&now(&world, &task)), [("main".to_owned(), Some(0)), ("proxy".to_owned(), Some(0))]);
}

#[test]
fn what_becomes_of_a_task_is_the_faults_to_say() {
    let mut world = world();
    world.queue_fault(Fault::ImageCrashes { image: "main:1".to_owned(), exit_code: 3, reason: None });
    let crashed = run(&mut world, "crashes");
    after(&mut world, 20);
    assert_eq!(exits(&now(&world, &crashed)), [("main".to_owned(), Some(3)), ("proxy".to_owned(), Some(137))]);

    world.clear_faults();
    world.queue_fault(Fault::ImageStays { image: "main:1".to_owned(), exit_code: 143 });
    let stays = run(&mut world, "stays");
    world.queue_fault(Fault::ImageHangs { image: "main:1".to_owned() });
    let hangs = run(&mut world, "hangs");
    after(&mut world, 3_600);
    assert_eq!(now(&world, &hangs).state, TaskState::Pending(None), "it never starts");
    assert_eq!(now(&world, &stays).state, TaskState::Running, "it never ends");
    world.stop_task(&place(), &stays.arn, Some("too long")).unwrap();
    world.stop_task(&place(), &hangs.arn, Some("too long")).unwrap();
    after(&mut world, 10);
    assert_eq!(exits(&now(&world, &stays))[0].1, Some(143));
    assert_eq!(exits(&now(&world, &hangs))[0].1, None, "what never ran has no exit code");
}

#[test]
fn a_token_is_one_task_until_an_hour_after_its_end() {
    let mut world = world();
    let first = run(&mut world, "same");
    after(&mut world, 35);
    assert!(matches!(now(&world, &first).state, TaskState::Stopped(_)));
    after(&mut world, 3_590);
    assert_eq!(run(&mut world, "same").arn, first.arn);
    after(&mut world, 10);
    assert!(world.find_one_task(&place(), &first.arn).is_none(), "an hour after its end it is forgotten");
    assert_ne!(run(&mut world, "same").arn, first.arn);
    assert_eq!(runs(&world), [Effect::Effective, Effect::Replayed, Effect::Effective]);
}

#[test]
fn a_token_is_forgotten_after_a_day_even_while_its_task_runs() {
    let mut world = world();
    world.queue_fault(Fault::ImageStays { image: "main:1".to_owned(), exit_code: 143 });
    let first = run(&mut world, "same");
    after(&mut world, 86_399);
    assert_eq!(run(&mut world, "same").arn, first.arn);
    after(&mut world, 1);
    assert_ne!(run(&mut world, "same").arn, first.arn);
}

#[test]
fn what_ecs_refuses() {
    let mut world = world();
    run(&mut world, "one");
    let refused = |world: &mut World, change: fn(&mut RunTaskInput)| {
        let mut input = input("one");
        change(&mut input);
        world.run_task(&place(), &input).unwrap_err().code
    };
    assert_eq!(refused(&mut world, |input| input.request = "another".to_owned()), "ConflictException");
    assert_eq!(refused(&mut world, |input| input.token = Some("x".repeat(65))), "InvalidParameterException");
    assert_eq!(refused(&mut world, |input| input.definition = "none".to_owned()), "ClientException");
    assert_eq!(
        refused(&mut world, |input| {
            input.token = None;
            input.network = false;
        }),
        "InvalidParameterException",
    );
    assert_eq!(world.stop_task(&place(), "none", None).unwrap_err().code, "InvalidParameterException");
    world.create_cluster(&place(), "main");
    assert_eq!(world.delete_cluster(&place(), "main").unwrap_err().code, "ClusterContainsTasksException");
    assert_eq!(runs(&world), [Effect::Effective]);
}
