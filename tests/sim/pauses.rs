//! Deployments that move traffic: their stages, how long they last, and the pause hooks that stop them.

use jiff::SignedDuration;
use landfall::model::StackStatus::*;
use landfall::sim::world::StackOptions;
use landfall::sim::world::ecs::{Deployment, DeploymentStatus};
use landfall::sim::world::lifecycle::{HookStatus, Stage};
use landfall::sim::{Fault, SimConfig, World};
use serde_json::{Value, json};

use super::support::*;

/// The service of the image, with this in its deployment configuration.
fn moving(image: &str, more: &Value) -> Value {
    let mut template = service(image);
    let properties = &mut template["Resources"]["Service"]["Properties"];
    if more["Strategy"] != "BLUE_GREEN" {
        // What moves the traffic.
        properties["ServiceConnectConfiguration"] = json!({"Enabled": true});
    }
    let configuration = &mut properties["DeploymentConfiguration"];
    let more = more.as_object().unwrap().clone();
    configuration.as_object_mut().unwrap().extend(more);
    template
}

fn pause(stage: &str, minutes: u32, action: &str) -> Value {
    let timeout = json!({"TimeoutInMinutes": minutes, "Action": action});
    json!({"TargetType": "PAUSE", "LifecycleStages": [stage], "TimeoutConfiguration": timeout})
}

/// A stack that runs `shop:1`, and begins to update to `shop:2`.
fn begun(configuration: &Value) -> World {
    let mut world = World::new(SimConfig::default());
    assert_eq!(create(&mut world, "shop", &service("shop:1")), CreateComplete);
    let input = input("shop", &moving("shop:2", configuration), "up");
    world.update_stack(&place(), &input, &StackOptions::default()).unwrap();
    pass(&mut world, 5);
    world
}

fn pass(world: &mut World, minutes: i64) {
    let then = world.now() + SignedDuration::from_mins(minutes);
    world.advance(then);
}

fn newest(world: &World) -> Deployment {
    world.services(&place()).next().unwrap().newest().unwrap().clone()
}

/// Stage and percent of production traffic.
fn at(world: &World) -> (Stage, f64) {
    let shift = newest(world).shift.unwrap();
    (shift.stage, shift.weights().1)
}

fn answer(world: &mut World, goes_on: bool) {
    let deployment = newest(world);
    let hooks = deployment.shift.unwrap().hooks;
    let hook = hooks.iter().find(|hook| hook.status == HookStatus::AwaitingAction).unwrap();
    world.continue_service_deployment(&place(), &deployment.arn, &hook.id, goes_on).unwrap();
    let again = world.continue_service_deployment(&place(), &deployment.arn, &hook.id, goes_on).unwrap_err();
    assert_eq!(again.code, "InvalidParameterException", "once");
}

fn runs(world: &World) -> String {
    let service = world.services(&place()).next().unwrap();
    let revision = service.revisions.iter().find(|revision| service.running(Some(&revision.arn)) == 2).unwrap();
    revision.images[0].1.clone()
}

#[test]
fn a_deployment_waits_at_a_pause_hook_and_its_stack_with_it() {
    let mut world = begun(&json!({
        "Strategy": "BLUE_GREEN", "BakeTimeInMinutes": 10,
        "LifecycleHooks": [pause("POST_TEST_TRAFFIC_SHIFT", 120, "ROLLBACK")]
    }));
    assert_eq!(at(&world), (Stage::PostTestTrafficShift, 0.0));
    assert_eq!(newest(&world).shift.unwrap().weights().0, 100.0, "test traffic has moved");
    pass(&mut world, 60);
    assert_eq!(status(&mut world, "shop"), UpdateInProgress);
    assert_eq!(world.services(&place()).next().unwrap().running(None), 4, "both revisions run");
    answer(&mut world, true);
    pass(&mut world, 9);
    assert_eq!(at(&world), (Stage::BakeTime, 100.0));
    pass(&mut world, 5);
    assert_eq!(status(&mut world, "shop"), UpdateComplete);
    assert_eq!(runs(&world), "shop:2");
}

#[test]
fn a_pause_before_scaling_starts_no_tasks() {
    let world = begun(&json!({"Strategy": "BLUE_GREEN", "LifecycleHooks": [pause("PRE_SCALE_UP", 120, "ROLLBACK")]}));
    assert_eq!(at(&world).0, Stage::PreScaleUp);
    assert_eq!(world.services(&place()).next().unwrap().running(None), 2);
}

#[test]
fn an_answer_puts_the_old_revision_back_and_the_stack_rolls_back() {
    let hooks = json!([pause("PRE_PRODUCTION_TRAFFIC_SHIFT", 120, "ROLLBACK")]);
    let mut world = begun(&json!({"Strategy": "BLUE_GREEN", "LifecycleHooks": hooks}));
    answer(&mut world, false);
    settle(&mut world);
    assert_eq!(status(&mut world, "shop"), UpdateRollbackComplete);
    assert_eq!(runs(&world), "shop:1");
    let service = world.services(&place()).next().unwrap();
    assert_eq!(service.deployments[1].status, DeploymentStatus::RollbackSuccessful);
    assert!(service.deployments[1].reason.as_deref().unwrap().contains("ContinueServiceDeployment"));
}

#[test]
fn a_hook_that_expires_does_what_it_says() {
    for (action, expected, image) in
        [("ROLLBACK", UpdateRollbackComplete, "shop:1"), ("CONTINUE", UpdateComplete, "shop:2")]
    {
        let hooks = json!([pause("POST_SCALE_UP", 30, action)]);
        let mut world = begun(&json!({"Strategy": "BLUE_GREEN", "LifecycleHooks": hooks}));
        pass(&mut world, 20);
        assert_eq!(status(&mut world, "shop"), UpdateInProgress);
        pass(&mut world, 10);
        assert_eq!(status(&mut world, "shop"), expected, "{action}");
        assert_eq!(runs(&world), image);
        let service = world.services(&place()).next().unwrap();
        assert_eq!(service.deployments[1].shift.as_ref().unwrap().hooks[0].status, HookStatus::TimedOut);
    }
}

#[test]
fn linear_traffic_moves_in_steps_and_pauses_before_each() {
    let mut world = begun(&json!({
        "Strategy": "LINEAR", "LinearConfiguration": {"StepPercent": 40, "StepBakeTimeInMinutes": 6},
        "LifecycleHooks": [pause("PRE_PRODUCTION_TRAFFIC_SHIFT", 120, "ROLLBACK")]
    }));
    let mut seen = Vec::new();
    for _ in 0..3 {
        assert_eq!(at(&world).0, Stage::PreProductionTrafficShift);
        answer(&mut world, true);
        pass(&mut world, 1);
        seen.push(at(&world));
        pass(&mut world, 6);
    }
    let steps = [40.0, 80.0, 100.0].map(|percent| (Stage::ProductionTrafficShift, percent));
    assert_eq!(seen, steps);
    assert_eq!(status(&mut world, "shop"), UpdateComplete);
}

#[test]
fn a_canary_gets_a_part_before_the_rest() {
    let canary = json!({"CanaryPercent": 0.5, "CanaryBakeTimeInMinutes": 20});
    let mut world = begun(&json!({"Strategy": "CANARY", "CanaryConfiguration": canary, "BakeTimeInMinutes": 5}));
    assert_eq!(at(&world), (Stage::ProductionTrafficShift, 0.5));
    pass(&mut world, 17);
    assert_eq!(at(&world), (Stage::BakeTime, 100.0));
    pass(&mut world, 6);
    assert_eq!(status(&mut world, "shop"), UpdateComplete);
}

#[test]
fn cloudformation_gives_up_after_36_hours() {
    let hooks = json!([pause("POST_SCALE_UP", 20_160, "ROLLBACK")]);
    let mut world = begun(&json!({"Strategy": "BLUE_GREEN", "LifecycleHooks": hooks}));
    pass(&mut world, 35 * 60);
    assert_eq!(status(&mut world, "shop"), UpdateInProgress);
    pass(&mut world, 70);
    assert_eq!(status(&mut world, "shop"), UpdateRollbackComplete);
    assert_eq!(runs(&world), "shop:1");
}

#[test]
fn a_pause_while_traffic_moves_is_refused() {
    let mut world = World::new(SimConfig::default());
    create(&mut world, "shop", &service("shop:1"));
    for (hook, says) in [
        (pause("PRODUCTION_TRAFFIC_SHIFT", 5, "ROLLBACK"), "not supported at PRODUCTION_TRAFFIC_SHIFT"),
        (json!({"TargetType": "AWS_LAMBDA", "LifecycleStages": ["POST_SCALE_UP"]}), "hookTargetArn must be specified"),
    ] {
        let template = moving("shop:2", &json!({"Strategy": "BLUE_GREEN", "LifecycleHooks": [hook]}));
        assert_eq!(update(&mut world, "shop", &template, says.split(' ').next().unwrap()), UpdateRollbackComplete);
        let stack = world.find_stack(&place(), "shop").unwrap();
        assert!(stack.events.iter().any(|event| event.reason.as_deref().is_some_and(|why| why.contains(says))));
    }
}

#[test]
fn a_function_that_says_no_puts_the_old_revision_back() {
    let function = "arn:aws:lambda:eu-west-1:111111111111:function:check";
    let hook = json!({"HookTargetArn": function, "LifecycleStages": ["POST_SCALE_UP", "PRODUCTION_TRAFFIC_SHIFT"]});
    let configuration = json!({"Strategy": "BLUE_GREEN", "LifecycleHooks": [hook]});
    for (fails, expected, image, asked) in
        [(false, UpdateComplete, "shop:2", 2), (true, UpdateRollbackComplete, "shop:1", 1)]
    {
        let mut world = World::new(SimConfig::default());
        create(&mut world, "shop", &service("shop:1"));
        if fails {
            world.queue_fault(Fault::HookFails { function: "function:check".to_owned() });
        }
        assert_eq!(update(&mut world, "shop", &moving("shop:2", &configuration), "up"), expected);
        assert_eq!(runs(&world), image);
        let service = world.services(&place()).next().unwrap();
        let hooks = &service.deployments[1].shift.as_ref().unwrap().hooks;
        assert_eq!(hooks.len(), asked);
        assert!(hooks.iter().all(|hook| hook.function.as_deref() == Some(function)));
    }
}
