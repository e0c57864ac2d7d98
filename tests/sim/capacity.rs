//! How the strategy of a service shares its tasks among capacity providers.

use landfall::model::StackStatus::*;
use landfall::sim::{Fault, SimConfig, World};
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
