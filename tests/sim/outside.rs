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
    assert_eq!(world.next_due(), None);
}

#[test]
fn a_provider_that_never_answers_is_waited_for_an_hour() {
    let token = "arn:aws:lambda:eu-west-1:111111111111:function:things";
    let template = json!({"Resources": {"Thing": {"Type": "Custom::Thing", "Properties": {"ServiceToken": token}}}});
    let mut world = begins(&template);
    world.advance(world.now() + SignedDuration::from_mins(58));
    assert_eq!(status(&mut world), StackStatus::CreateInProgress);
    world.advance(world.now() + SignedDuration::from_mins(2));
    assert_eq!(status(&mut world), StackStatus::RollbackInProgress);
    assert_eq!(world.custom_requests().next().unwrap()["RequestType"], "Delete");
}

#[test]
fn a_test_signals_a_wait_condition_at_its_address_or_at_the_path_of_it() {
    let template = json!({"Resources": {
        "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "Condition": {"Type": "AWS::CloudFormation::WaitCondition", "Properties": {
            "Handle": {"Ref": "Handle"}, "Timeout": "43200", "Count": 2
        }}
    }});
    let mut world = begins(&template);
    let stack = world.find_stack(&place(), "shop").unwrap();
    let address = stack.resources["Handle"].physical_id.clone().unwrap();
    let signal = |id: &str| json!({"Status": "SUCCESS", "UniqueId": id, "Data": "", "Reason": ""}).to_string();
    world.answer(&address, signal("one").as_bytes()).unwrap();
    assert_eq!(status(&mut world), StackStatus::CreateInProgress);
    let path = address.split_once(".com/").unwrap().1;
    world.answer(path, signal("two").as_bytes()).unwrap();
    assert_eq!(status(&mut world), StackStatus::CreateComplete);
    assert!(world.answer("/other", b"{}").is_err() && world.answer(&format!("{path}x"), b"{}").is_err());
}
