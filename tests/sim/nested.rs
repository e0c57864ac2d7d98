//! What of nested stacks takes longer than a script of the wire would wait for.

use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use landfall::cloud::{At, Observe as _};
use landfall::model::StackStatus;
use landfall::model::place::Access;
use landfall::sim::world::StackOptions;
use landfall::sim::{SimCloud, SimConfig, World};
use serde_json::json;

use super::support::{input, place, settle};

/// A nested stack has its root's tags. As a stack of its own, landfall would take it for one whose cause is gone, and delete it
/// in an environment that prunes.
#[tokio::test]
async fn landfall_sees_a_nested_stack_as_a_resource_and_not_as_a_stack() {
    let mut world = World::new(SimConfig::default());
    let inner = json!({"Resources": {"Logs": {"Type": "AWS::Logs::LogGroup"}}});
    world.create_bucket(&place(), "parts").unwrap();
    world.put_object(&place(), "parts", "inner.json", inner.to_string().as_bytes(), None).unwrap();
    let url = "https://parts.s3.eu-west-1.amazonaws.com/inner.json";
    let template =
        json!({"Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}});
    world.create_stack(&place(), &input("shop", &template, "create"), &StackOptions::default()).unwrap();
    settle(&mut world);
    let all = world.describe_stacks(&place());
    let tags: Vec<_> = all.iter().map(|stack| stack.tags.get("team").map(String::as_str)).collect();
    assert_eq!(tags, [Some("shop"); 2], "both have the tags");
    let cloud = SimCloud::new(Arc::new(Mutex::new(world)));
    let at = At { place: place(), access: Access::default() };
    let seen = cloud.stacks(&at).await.unwrap();
    assert_eq!(seen.iter().map(|stack| stack.name.as_str()).collect::<Vec<_>>(), ["shop"]);
    let resources = cloud.resources(&at, &seen[0].id).await.unwrap();
    assert_eq!(resources.iter().map(|own| &*own.logical_id).collect::<Vec<_>>(), ["Inner"]);
}

#[test]
fn a_nested_stack_that_takes_too_long_fails_with_its_parent() {
    let mut world = World::new(SimConfig::default());
    let inner = json!({"Resources": {
        "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "Condition": {"Type": "AWS::CloudFormation::WaitCondition", "Properties": {
            "Handle": {"Ref": "Handle"}, "Timeout": "3600"
        }}
    }});
    world.create_bucket(&place(), "parts").unwrap();
    world.put_object(&place(), "parts", "inner.json", inner.to_string().as_bytes(), None).unwrap();
    let url = "https://parts.s3.eu-west-1.amazonaws.com/inner.json";
    let template = json!({"Resources": {"Inner": {
        "Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url, "TimeoutInMinutes": 5}
    }}});
    world.create_stack(&place(), &input("shop", &template, "create"), &StackOptions::default()).unwrap();
    world.advance(world.now() + SignedDuration::from_mins(4));
    assert_eq!(world.describe_stack(&place(), "shop").unwrap().status, StackStatus::CreateInProgress);
    settle(&mut world);
    assert_eq!(world.describe_stack(&place(), "shop").unwrap().status, StackStatus::RollbackComplete);
    let stack = world.find_stack(&place(), "shop").unwrap();
    let failed = stack.events.iter().find(|event| event.status == "CREATE_FAILED").unwrap();
    let reason = failed.reason.as_deref().unwrap();
    assert!(reason.contains("was not successfully created: Stack creation time exceeded"), "{reason}");
    assert!(stack.events.last().unwrap().at.duration_since(stack.created) < SignedDuration::from_mins(6));
    assert_eq!(world.next_due(), None);
}
