//! A world in one account and region, and the templates that the tests deploy to it.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use landfall::model::{AccountId, Place, Region, StackStatus};
use landfall::sim::World;
use landfall::sim::world::{ChangeSetInput, Imports, StackInput, StackOptions};
use serde_json::{Value, json};

pub(super) fn place() -> Place {
    Place { account: AccountId::new("111111111111").unwrap(), region: Region::new("eu-west-1").unwrap() }
}

/// A log group, a role, a task definition and a service that runs `image`.
pub(super) fn service(image: &str) -> Value {
    json!({
        "Description": "shop [landfall/1 1.0.0 0123abcd]",
        "Resources": {
            "Service": {
                "Type": "AWS::ECS::Service",
                "Properties": {
                    "Cluster": "main",
                    "TaskDefinition": {"Ref": "TaskDefinition"},
                    "DesiredCount": 2,
                    "DeploymentConfiguration": {
                        "MinimumHealthyPercent": 100, "MaximumPercent": 200,
                        "DeploymentCircuitBreaker": {"Enable": true, "Rollback": true}
                    }
                }
            },
            "LogGroup": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Ref": "AWS::StackName"}, "RetentionInDays": 14}},
            "ExecutionRole": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}}},
            "TaskDefinition": {
                "Type": "AWS::ECS::TaskDefinition",
                "Properties": {
                    "Family": {"Ref": "AWS::StackName"},
                    "Cpu": "256", "Memory": "512",
                    "ExecutionRoleArn": {"Fn::GetAtt": ["ExecutionRole", "Arn"]},
                    "ContainerDefinitions": [{
                        "Name": "app", "Image": image,
                        "LogConfiguration": {"LogDriver": "awslogs", "Options": {
                            "awslogs-group": {"Ref": "LogGroup"}, "awslogs-region": "eu-west-1",
                        }}
                    }]
                }
            }
        },
        "Outputs": {"Service": {"Value": {"Ref": "Service"}}}
    })
}

pub(super) fn input(name: &str, template: &Value, token: &str) -> StackInput {
    StackInput {
        name: name.to_owned(),
        template: Some(template.to_string()),
        parameters: BTreeMap::new(),
        tags: Some(BTreeMap::from([("team".to_owned(), "shop".to_owned())])),
        capabilities: vec!["CAPABILITY_NAMED_IAM".to_owned()],
        role: None,
        notifications: None,
        monitoring: None,
        token: Some(token.to_owned()),
        skips_validation: false,
    }
}

pub(super) fn change_set(stack: &str, name: &str, kind: &str, template: &Value) -> ChangeSetInput {
    ChangeSetInput {
        name: name.to_owned(),
        kind: kind.to_owned(),
        stack: input(stack, template, &format!("token-{name}")),
        description: None,
        on_failure: None,
        reverts: false,
        nested: false,
        imports: Imports::default(),
    }
}

/// Lets everything that goes on come to its end, within a day.
pub(super) fn settle(world: &mut World) {
    world.settle(world.now() + SignedDuration::from_hours(24));
}

/// Creates a stack directly and waits.
pub(super) fn create(world: &mut World, name: &str, template: &Value) -> StackStatus {
    world.create_stack(&place(), &input(name, template, &format!("create-{name}")), &StackOptions::default()).unwrap();
    settle(world);
    status(world, name)
}

/// Updates a stack directly and waits.
pub(super) fn update(world: &mut World, name: &str, template: &Value, token: &str) -> StackStatus {
    world.update_stack(&place(), &input(name, template, token), &StackOptions::default()).unwrap();
    settle(world);
    status(world, name)
}

pub(super) fn status(world: &mut World, name: &str) -> StackStatus {
    world.describe_stack(&place(), name).unwrap().status
}

/// Events as `logical status`, oldest first.
pub(super) fn events(world: &World, name: &str) -> Vec<String> {
    let stack = world.find_stack(&place(), name).unwrap();
    stack.events.iter().map(|event| format!("{} {}", event.logical, event.status)).collect()
}
