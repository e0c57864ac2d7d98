//! A test that plays the provider of a custom resource and the instance that signals, without a server.

use jiff::SignedDuration;
use landfall::model::StackStatus;
use landfall::sim::world::StackOptions;
use landfall::sim::{SimConfig, World};
use serde_json::{Value, json};

use super::support::{input, place};

fn passes(world: &mut World) {
    world.advance(world.now() + SignedDuration::from_secs(30));
}

fn status(world: &mut World) -> StackStatus {
    passes(world);
    world.describe_stack(&place(), "shop").unwrap().status
}

fn begins(template: &Value) -> World {
    let mut world = World::new(SimConfig::default());
    world.create_stack(&place(), &input("shop", template, "create"), &StackOptions::default()).unwrap();
    assert_eq!(status(&mut world), StackStatus::CreateInProgress);
    world
}

/// A stack that waits for two signals.
fn waiting(seconds: u32) -> Value {
    json!({"Resources": {
        "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "Condition": {"Type": "AWS::CloudFormation::WaitCondition", "Properties": {
            "Handle": {"Ref": "Handle"}, "Timeout": seconds.to_string(), "Count": 2
        }}
    }})
}

fn signal(id: &str) -> String {
    json!({"Status": "SUCCESS", "UniqueId": id, "Data": "", "Reason": ""}).to_string()
}

fn handle(world: &World) -> String {
    world.find_stack(&place(), "shop").unwrap().resources["Handle"].physical_id.clone().unwrap()
}

/// Why the creation of a resource failed.
fn failure(world: &World) -> String {
    let events = &world.find_stack(&place(), "shop").unwrap().events;
    events.iter().find(|event| event.status == "CREATE_FAILED").unwrap().reason.clone().unwrap()
}

/// Answers the only request, and gives it.
fn answer(world: &mut World, status: &str, data: &Value) -> Value {
    let request = world.custom_requests().next().unwrap().clone();
    let words = json!({
        "Status": status, "Reason": "because", "PhysicalResourceId": "thing", "Data": data,
        "StackId": request["StackId"], "RequestId": request["RequestId"], "LogicalResourceId": request["LogicalResourceId"],
    });
    world.answer(request["ResponseURL"].as_str().unwrap(), words.to_string().as_bytes()).unwrap();
    request
}

#[test]
fn a_test_answers_the_requests_of_custom_resources() {
    let token = "arn:aws:sns:eu-west-1:111111111111:things";
    let template = json!({
        "Resources": {"Thing": {"Type": "Custom::Thing", "Properties": {"ServiceToken": token, "Size": 3}}},
        "Outputs": {"Name": {"Value": {"Fn::GetAtt": "Thing.Name"}}}
    });
    let mut world = begins(&template);
    let request = answer(&mut world, "SUCCESS", &json!({"Name": "lamp"}));
    assert_eq!(request["ResourceProperties"], json!({"ServiceToken": token, "Size": "3"}));
    assert_eq!(status(&mut world), StackStatus::CreateComplete);
    assert_eq!(world.describe_stack(&place(), "shop").unwrap().outputs[0].value, "lamp");
    assert_eq!(world.custom_requests().count(), 0);

    world.delete_stack(&place(), "shop", &[], false, &None).unwrap();
    assert_eq!(status(&mut world), StackStatus::DeleteInProgress);
    answer(&mut world, "FAILED", &json!({}));
    assert_eq!(status(&mut world), StackStatus::DeleteFailed);
}

#[test]
fn a_provider_that_never_answers_is_waited_for_an_hour() {
    let token = "arn:aws:lambda:eu-west-1:111111111111:function:things";
    let template = json!({"Resources": {"Thing": {"Type": "Custom::Thing", "Properties": {"ServiceToken": token}}}});
    let mut world = begins(&template);
    let request = world.custom_requests().next().unwrap().clone();
    world.advance(world.now() + SignedDuration::from_mins(58));
    assert_eq!(status(&mut world), StackStatus::CreateInProgress);
    world.advance(world.now() + SignedDuration::from_mins(2));
    assert_eq!(status(&mut world), StackStatus::RollbackInProgress);
    let deletion = world.custom_requests().next().unwrap().clone();
    assert_eq!(deletion["RequestType"], "Delete");
    assert!(deletion["PhysicalResourceId"].as_str().unwrap().starts_with("shop-Thing-"), "{deletion}");
    let reason = failure(&world);
    assert!(reason.starts_with("CloudFormation did not receive a response from your Custom Resource."), "{reason}");
    assert!(reason.contains(&format!("[{}]", request["RequestId"].as_str().unwrap())), "{reason}");
}

#[test]
fn a_wait_condition_times_out_with_what_it_received() {
    let mut world = begins(&waiting(600));
    let address = handle(&world);
    world.answer(&address, signal("one").as_bytes()).unwrap();
    assert_eq!(status(&mut world), StackStatus::CreateInProgress);
    world.advance(world.now() + SignedDuration::from_mins(10));
    assert_eq!(status(&mut world), StackStatus::RollbackComplete);
    assert_eq!(failure(&world), "WaitCondition timed out. Received 1 conditions when expecting 2");
}

#[test]
fn a_test_signals_a_wait_condition_at_its_address_or_at_the_path_of_it() {
    let mut world = begins(&waiting(43_200));
    let address = handle(&world);
    world.answer(&address, signal("one").as_bytes()).unwrap();
    assert_eq!(status(&mut world), StackStatus::CreateInProgress);
    let path = address.split_once(".com/").unwrap().1;
    world.answer(path, signal("two").as_bytes()).unwrap();
    assert_eq!(status(&mut world), StackStatus::CreateComplete);
    assert!(world.answer("/other", b"{}").is_err() && world.answer(&format!("{path}x"), b"{}").is_err());
}
