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
pub(super) fn own(rights: Option<&Rights>) -> Option<Shape> {
    let listed = rights.filter(|rights| !rights.statement.is_empty())?;
    Some(policy("own", listed.statement.iter().map(|one| statement(one)).collect()))
}

/// The managed policies of what a step's author writes.
pub(super) fn managed(rights: Option<&Rights>) -> Vec<Shape> {
    rights.into_iter().flat_map(|rights| &rights.managed_policy_arns).map(Shape::arn).collect()
}

fn statement(statement: &Statement) -> Shape {
    Shape::table(statement).with("Resource", Some(Shape::Leaves(Leaves::Arns(statement.resources.to_vec()))))
}
