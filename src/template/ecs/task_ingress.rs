//! The security group that admits an own load balancer to the tasks, in addition to the tasks' other groups.
//!
//! It is a separate group, not rules in the tasks' groups: those belong to someone else, and only values say how many there
//! are. It allows no outbound traffic: the other groups decide what tasks may reach. Tasks without their own network
//! interface have no security group. If the step names the load balancer's groups, this group is not made.

use serde_json::json;

use crate::model::process::{EcsService, OwnLoadBalancer};

use super::super::shape::Shape;
use super::balancing::Own;
use super::{balancing, id};

/// Whether the tasks get a security group.
pub(super) fn is_made(step: &EcsService) -> bool {
    let_in(step).next().is_some()
}

/// Target groups whose load balancer is let in.
fn let_in(step: &EcsService) -> impl Iterator<Item = Own<'_>> {
    let own_interface = step.task.runs_on.has_interface();
    let made = |own: &Own<'_>| own.group.own_load_balancer.as_deref().is_some_and(OwnLoadBalancer::reaches_tasks);
    balancing::own_groups(step).filter(move |own| own_interface && made(own))
}

/// The group; none if no load balancer needs it.
pub(super) fn shape(step: &EcsService) -> Option<Shape> {
    let first = let_in(step).next()?;
    let rules = let_in(step).flat_map(|own| doors(&own).into_iter().map(|door| rule(&own, door)).collect::<Vec<_>>());
    // A group without rules for what leaves lets everything out; one for the task itself stands in their place (CloudFormation
    // user guide, `AWS::EC2::SecurityGroup`, "Remove default rule").
    let nothing_leaves = json!([{ "IpProtocol": "-1", "CidrIp": "127.0.0.1/32" }]);
    Some(Shape::resource(
        "AWS::EC2::SecurityGroup",
        Shape::map([
            ("GroupDescription", Some("Lets the load balancer reach the tasks".into())),
            ("VpcId", Shape::key(&first.group.vpc_id)),
            ("SecurityGroupIngress", Some(Shape::List(rules.collect()))),
            ("SecurityGroupEgress", Some(Shape::Fixed(nothing_leaves))),
        ]),
    ))
}

/// Protocols and ports of traffic and of health checks, which never go over UDP.
fn doors(own: &Own<'_>) -> Vec<(&'static str, Option<Shape>)> {
    let port = Shape::key(&own.balancer.port);
    let traffic = own.group.protocol.transports();
    let mut doors: Vec<_> = traffic.iter().map(|protocol| (*protocol, port.clone())).collect();
    match &own.group.health_check.port {
        None if traffic.contains(&"tcp") => {}
        Some(checked) if checked.number() == Some(own.balancer.port.0) && traffic.contains(&"tcp") => {}
        checked => doors.push(("tcp", checked.as_ref().and_then(Shape::key).or(port))),
    }
    doors
}

fn rule(own: &Own<'_>, (protocol, port): (&str, Option<Shape>)) -> Shape {
    Shape::map([
        ("IpProtocol", Some(protocol.into())),
        ("FromPort", port.clone()),
        ("ToPort", port),
        ("SourceSecurityGroupId", Some(Shape::attribute(&balancing::security_group_id(own), "GroupId"))),
    ])
}

/// What others need to know of it, by the name of the output.
pub(super) fn outputs(step: &EcsService) -> Vec<(String, Shape)> {
    let group = || (format!("{}Id", id::TASK_SECURITY_GROUP), Shape::attribute(id::TASK_SECURITY_GROUP, "GroupId"));
    is_made(step).then(group).into_iter().collect()
}
