//! Schedules, rules and scheduled actions over days and years, with a clock that the tests turn.

use jiff::{SignedDuration, Timestamp};
use landfall::model::StackStatus::*;
use landfall::sim::world::StackOptions;
use landfall::sim::{SimConfig, World};
use serde_json::{Map, Value, json};

use super::support::*;

fn world(start: &str) -> World {
    let mut world = World::new(SimConfig { start: start.parse().unwrap(), ..SimConfig::default() });
    let container = json!({ "Name": "job", "Image": "job:1", "Memory": 128 });
    let properties = json!({ "Family": "job", "ContainerDefinitions": [container] });
    let properties: Map<String, Value> = serde_json::from_value(properties).unwrap();
    world.register_task_definition(&place(), "job", properties);
    world
}

fn target() -> Value {
    json!({
        "Id": "1", "Arn": "arn:aws:ecs:eu-west-1:111111111111:cluster/main", "RoleArn": "arn:aws:iam::111111111111:role/run",
        "EcsParameters": { "TaskDefinitionArn": "arn:aws:ecs:eu-west-1:111111111111:task-definition/job:1" },
    })
}

fn schedule(expression: &str, more: Value) -> Value {
    let mut target = target();
    target.as_object_mut().unwrap().remove("Id");
    let mut properties = json!({
        "Name": "nightly", "ScheduleExpression": expression, "FlexibleTimeWindow": { "Mode": "OFF" }, "Target": target,
    });
    properties.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "Resources": { "Schedule": { "Type": "AWS::Scheduler::Schedule", "Properties": properties } } })
}

fn until(world: &mut World, time: &str) {
    world.advance(time.parse().unwrap());
}

/// When the tasks that can be described were created.
fn created(world: &World) -> Vec<String> {
    let mut times: Vec<Timestamp> = world.one_tasks(&place()).map(|task| task.created).collect();
    times.sort_unstable();
    times.iter().map(|time| time.strftime("%d %H:%M").to_string()).collect()
}

#[test]
fn a_schedule_starts_its_task_by_the_clocks_of_its_zone() {
    let mut world = world("2026-03-28T12:00:00Z");
    let template = schedule("cron(30 8 * * ? *)", json!({ "ScheduleExpressionTimezone": "Europe/Berlin" }));
    assert_eq!(create(&mut world, "jobs", &template), CreateComplete);
    assert!(world.next_due().is_none(), "a schedule is nothing that goes on");
    until(&mut world, "2026-03-29T06:29:59Z");
    assert!(created(&world).is_empty());
    until(&mut world, "2026-03-29T06:40:00Z");
    assert_eq!(created(&world), ["29 06:30"]);
    until(&mut world, "2026-10-26T07:40:00Z");
    assert_eq!(created(&world), ["26 07:30"]);
    let by = world.one_tasks(&place()).next().unwrap().started_by.clone();
    assert_eq!(by.as_deref(), Some("chronos-schedule/nightly"));
}

#[test]
fn a_rule_starts_its_targets_in_utc_after_its_interval() {
    let mut world = world("2026-03-28T12:00:00Z");
    let properties =
        json!({ "Name": "often", "ScheduleExpression": "rate(15 minutes)", "Targets": [target(), target()] });
    let template = json!({ "Resources": { "Rule": { "Type": "AWS::Events::Rule", "Properties": properties } } });
    assert_eq!(create(&mut world, "jobs", &template), CreateComplete);
    until(&mut world, "2026-03-28T12:31:00Z");
    assert_eq!(created(&world), ["28 12:15", "28 12:15", "28 12:30", "28 12:30"]);
}

#[test]
fn a_flexible_window_starts_it_later() {
    let mut world = world("2026-03-28T12:00:00Z");
    let window = json!({ "FlexibleTimeWindow": { "Mode": "FLEXIBLE", "MaximumWindowInMinutes": 30 } });
    assert_eq!(create(&mut world, "jobs", &schedule("cron(0 13 * * ? *)", window)), CreateComplete);
    until(&mut world, "2026-03-28T13:30:00Z");
    let first = created(&world);
    assert!(first.len() == 1 && first[0].as_str() >= "28 13:00" && first[0].as_str() < "28 13:30", "{first:?}");
}

#[test]
fn a_clock_that_jumps_a_year_starts_the_first_and_the_latest_tasks() {
    let mut world = world("2026-01-01T00:00:00Z");
    assert_eq!(create(&mut world, "jobs", &schedule("rate(1 minute)", json!({}))), CreateComplete);
    until(&mut world, "2027-01-01T00:00:30Z");
    assert_eq!(world.now(), "2027-01-01T00:00:30Z".parse().unwrap());
    let times = created(&world);
    assert!((50..=101).contains(&times.len()) && times.last().unwrap() == "01 00:00", "{times:?}");
    // And it goes on.
    until(&mut world, "2027-01-01T00:01:30Z");
    assert_eq!(created(&world).last().unwrap(), "01 00:01");
}

#[test]
fn a_schedule_that_is_deleted_or_switched_off_starts_nothing_any_more() {
    let mut world = world("2026-03-28T12:00:00Z");
    assert_eq!(create(&mut world, "jobs", &schedule("rate(1 hour)", json!({}))), CreateComplete);
    assert_eq!(created(&world), ["28 12:00"]);
    let off = schedule("rate(1 hour)", json!({ "State": "DISABLED" }));
    assert_eq!(update(&mut world, "jobs", &off, "off"), UpdateComplete);
    until(&mut world, "2026-03-28T15:30:00Z");
    assert!(created(&world).is_empty());
    let later =
        schedule("rate(1 hour)", json!({ "StartDate": "2026-03-28T16:00:00Z", "EndDate": "2026-03-28T17:30:00Z" }));
    assert_eq!(update(&mut world, "jobs", &later, "later"), UpdateComplete);
    until(&mut world, "2026-03-28T17:59:00Z");
    assert_eq!(created(&world), ["28 17:00"], "the others can no longer be described, or come after the end");
    assert_eq!(update(&mut world, "jobs", &schedule("cron(0 20 * * ? *)", json!({})), "cron"), UpdateComplete);
    world.delete_stack(&place(), "jobs", &[], false, &None).unwrap();
    settle(&mut world);
    until(&mut world, "2026-03-29T12:00:00Z");
    assert!(created(&world).is_empty());
}

#[test]
fn nothing_waits_for_a_schedule() {
    let mut world = world("2026-01-01T00:00:00Z");
    assert_eq!(create(&mut world, "jobs", &schedule("rate(1 minute)", json!({}))), CreateComplete);
    let limit = world.now() + SignedDuration::from_hours(24 * 365);
    world.settle(limit);
    assert!(world.now() < "2026-01-01T00:02:00Z".parse().unwrap(), "{}", world.now());
}

#[test]
fn scheduled_actions_open_and_close_a_service_however_far_the_clock_jumps() {
    let mut world = world("2026-03-28T12:00:00Z");
    let action = |name: &str, schedule: &str, least: u32, most: u32| {
        let bounds = json!({ "MinCapacity": least, "MaxCapacity": most });
        json!({
            "ScheduledActionName": name, "Schedule": schedule, "Timezone": "Europe/Berlin", "ScalableTargetAction": bounds,
        })
    };
    let mut template = service("shop:1");
    template["Resources"]["Target"] = json!({
        "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
        "Properties": {
            "MinCapacity": 0, "MaxCapacity": 4, "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount",
            "ResourceId": { "Fn::Select": [5, { "Fn::Split": [":", { "Ref": "Service" }] }] },
            "ScheduledActions": [
                action("open", "cron(0 7 ? * MON-FRI *)", 3, 4),
                action("close", "cron(0 20 ? * MON-FRI *)", 0, 0),
            ],
        },
    });
    assert_eq!(create(&mut world, "shop", &template), CreateComplete);
    let count = |world: &World| world.services(&place()).next().unwrap().desired;
    assert_eq!(count(&world), 2);
    until(&mut world, "2026-03-30T05:00:00Z");
    assert_eq!(count(&world), 3, "summer time has begun");
    until(&mut world, "2026-03-30T18:00:00Z");
    assert_eq!(count(&world), 0);
    until(&mut world, "2029-07-04T12:00:00Z");
    assert_eq!(count(&world), 3, "a Wednesday");
    until(&mut world, "2029-07-08T12:00:00Z");
    assert_eq!(count(&world), 0, "a Sunday");
    // The template's bounds come back with an update of the target.
    template["Resources"]["Target"]["Properties"]["MinCapacity"] = json!(1);
    world.update_stack(&place(), &input("shop", &template, "up"), &StackOptions::default()).unwrap();
    settle(&mut world);
    assert_eq!(count(&world), 1);
}
