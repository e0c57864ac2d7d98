//! Roles that are made, and what their policies say.

use serde_json::{Value, json};

use crate::model::process::{Rights, Statement, Task};

use super::super::shape::{Leaves, Shape};

/// `AWS::IAM::Role`, without an explicit name, so that it can be replaced.
pub(super) fn shape(task: &Task, trust: impl Into<Shape>, inline: Vec<Shape>, managed: Vec<Shape>) -> Shape {
    Shape::resource(
        "AWS::IAM::Role",
        Shape::map([
            ("AssumeRolePolicyDocument", Some(trust.into())),
            ("Policies", Shape::some_list(inline)),
            ("ManagedPolicyArns", Shape::some_list(managed)),
            ("PermissionsBoundary", task.permissions_boundary.as_ref().map(Shape::arn)),
        ]),
    )
}

/// Lets a service of AWS assume a role.
pub(super) fn trust(service: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": service },
            "Action": "sts:AssumeRole",
        }],
    })
}

pub(super) fn policy(name: &str, statements: Vec<Shape>) -> Shape {
    policy_of(name, Shape::List(statements))
}

/// An inline policy with a list of statements.
pub(super) fn policy_of(name: &str, statements: Shape) -> Shape {
    Shape::map([
        ("PolicyName", Some(name.into())),
        ("PolicyDocument", Some(Shape::map([("Version", Some("2012-10-17".into())), ("Statement", Some(statements))]))),
    ])
}

/// A statement that landfall itself writes.
pub(super) fn allow(sid: &str, actions: &[&str], resource: Shape) -> Shape {
    Shape::map([
        ("Sid", Some(sid.into())),
        ("Effect", Some("Allow".into())),
        ("Action", Some(Shape::Fixed(json!(actions)))),
        ("Resource", Some(resource)),
    ])
}

/// A statement that landfall itself writes, and that holds under a condition.
pub(super) fn allow_if(sid: &str, actions: &[&str], resource: Shape, condition: Shape) -> Shape {
    Shape::map([
        ("Sid", Some(sid.into())),
        ("Effect", Some("Allow".into())),
        ("Action", Some(Shape::Fixed(json!(actions)))),
        ("Resource", Some(resource)),
        ("Condition", Some(condition)),
    ])
}

/// The inline policy with the rights that a step lists; none if it lists none.
pub(super) fn own(rights: &Rights) -> Option<Shape> {
    (!rights.statements.is_empty()).then(|| policy("own", rights.statements.iter().map(statement).collect()))
}

/// The managed policies of what a step's author writes.
pub(super) fn managed(rights: &Rights) -> Vec<Shape> {
    rights.policies.iter().map(Shape::arn).collect()
}

fn statement(statement: &Statement) -> Shape {
    let texts = |texts: &[crate::model::process::Text]| Shape::Leaves(Leaves::Texts(texts.to_vec()));
    let conditions = statement.conditions.iter().map(|(operator, keys)| {
        let keys = keys.iter().map(|(key, values)| (key.to_string(), texts(values))).collect();
        (operator.to_string(), Shape::Map(keys))
    });
    let conditions = conditions.collect::<Vec<_>>();
    Shape::map([
        ("Effect", Some(if statement.deny { "Deny" } else { "Allow" }.into())),
        ("Action", Some(texts(&statement.actions))),
        ("Resource", Some(Shape::Leaves(Leaves::Arns(statement.resources.clone())))),
        ("Condition", (!conditions.is_empty()).then_some(Shape::Map(conditions))),
    ])
}
