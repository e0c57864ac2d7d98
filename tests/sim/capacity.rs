//! How the strategy of a service shares its tasks among capacity providers, and what happens without capacity.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use landfall::cloud::{At, Change as _, CloudError, RunTaskRequest};
use landfall::model::StackStatus::*;
use landfall::model::TaskRun;
use landfall::model::place::Access;
use landfall::model::task::RunsOn;
use landfall::sim::{Fault, SimCloud, SimConfig, World};
use serde_json::{Value, json};

use super::support::*;

/// A service of so many tasks with this strategy.
fn shared(count: u32, strategy: &Value) -> Value {
    let mut template = service("shop:1");
    let properties = &mut template["Resources"]["Service"]["Properties"];
    properties["DesiredCount"] = json!(count);
    properties["CapacityProviderStrategy"] = strategy.clone();
    template
}

fn counts(count: u32, strategy: &Value) -> (usize, usize) {
    let mut world = World::new(SimConfig::default());
    assert_eq!(create(&mut world, "shop", &shared(count, strategy)), CreateComplete);
    of(&world)
}

/// Tasks on Fargate and on Fargate Spot.
fn of(world: &World) -> (usize, usize) {
    let tasks = &world.services(&place()).next().unwrap().tasks;
    let on = |name: &str| tasks.iter().filter(|task| task.placement.provider.as_deref() == Some(name)).count();
    (on("FARGATE"), on("FARGATE_SPOT"))
}

#[test]
fn a_base_comes_first_and_weights_share_the_rest() {
    let strategy = json!([
        { "CapacityProvider": "FARGATE", "Base": 2, "Weight": 1 }, { "CapacityProvider": "FARGATE_SPOT", "Weight": 3 },
    ]);
    assert_eq!(counts(2, &strategy), (2, 0));
    assert_eq!(counts(6, &strategy), (3, 3));
    assert_eq!(counts(10, &strategy), (4, 6));
}

#[test]
fn a_provider_without_a_weight_has_its_tasks_if_there_is_no_other() {
    assert_eq!(counts(3, &json!([{ "CapacityProvider": "FARGATE_SPOT" }])), (0, 3));
}

#[test]
fn a_service_without_capacity_for_a_year_ends_and_is_bounded() {
    let mut world = World::new(SimConfig::default());
    world.queue_fault(Fault::NoCapacity { cluster: None, launch_type: None, capacity_provider: None, room: 0 });
    let mut template = shared(2, &json!([{ "CapacityProvider": "FARGATE_SPOT" }]));
    let breaker = &mut template["Resources"]["Service"]["Properties"]["DeploymentConfiguration"];
    breaker["DeploymentCircuitBreaker"]["Enable"] = json!(false);
    assert_eq!(create(&mut world, "shop", &template), RollbackComplete, "CloudFormation waits for three hours");
    assert!(world.services(&place()).next().unwrap().events.len() <= 100);
}

/// The engine waits for [`CloudError::Conflict`], on Fargate and on instances.
#[tokio::test]
async fn a_task_that_has_no_room_is_asked_for_again_later() {
    let run = |launch_type: &str| TaskRun {
        definition: "Task".into(),
        cluster: "main".into(),
        on: RunsOn::LaunchType(launch_type.into()),
        platform_version: None,
        network: None,
        constraints: vec![],
        strategies: vec![],
        execute_command: false,
        managed_tags: false,
        propagate_tags: false,
        tags: BTreeMap::new(),
        limit: 60,
        repeatable: false,
    };
    for (launch_type, words) in [("FARGATE", "Capacity is unavailable at this time"), ("EC2", "RESOURCE:MEMORY")] {
        let mut world = World::new(SimConfig::default());
        world.queue_fault(Fault::NoCapacity { cluster: None, launch_type: None, capacity_provider: None, room: 0 });
        let mut task = service("shop:1");
        task["Resources"].as_object_mut().unwrap().remove("Service");
        task.as_object_mut().unwrap().remove("Outputs");
        assert_eq!(create(&mut world, "shop", &task), CreateComplete);
        let definition =
            world.find_stack(&place(), "shop").unwrap().resources["TaskDefinition"].physical_id.clone().unwrap();
        let world = Arc::new(Mutex::new(world));
        let request = RunTaskRequest { definition: definition.into(), run: run(launch_type), token: "lf-1".into() };
        let cloud = SimCloud::new(world.clone());
        let at = At { place: place(), access: Access::default() };
        let refused = cloud.run_task(&at, &request).await.unwrap_err();
        let waits = matches!(&refused, CloudError::Conflict { message, .. } if message.contains(words));
        assert!(waits, "{launch_type}: {refused:?}");
        world.lock().unwrap().clear_faults();
        cloud.run_task(&at, &request).await.unwrap();
    }
}
