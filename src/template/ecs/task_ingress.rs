//! The security group that admits an own load balancer to the tasks, in addition to the tasks' other groups.
//!
//! It is a separate group, not rules in the tasks' groups: those belong to someone else, and only values say how many there
//! are. It allows no outbound traffic: the other groups decide what tasks may reach. Tasks without their own network
//! interface have no security group. If the step names the load balancer's groups, this group is not made.

use serde_json::json;

use crate::model::process::{EcsService, IdOf, NetworkMode, OwnLoadBalancer, OwnTargetGroup};

use super::super::shape::Shape;
use super::{balancing, id};

/// Whether the tasks get a security group.
pub(super) fn is_made(step: &EcsService) -> bool {
    let_in(step).next().is_some()
}

/// Target groups whose load balancer is let in, with the port at which tasks register.
fn let_in(step: &EcsService) -> impl Iterator<Item = (u16, &OwnTargetGroup)> {
    let own_interface = step.task.launch.network == NetworkMode::Awsvpc;
    let made = |own: &OwnTargetGroup| own.balancer.as_ref().is_some_and(OwnLoadBalancer::reaches_tasks);
    let all = balancing::own_groups(step).map(|(balancer, own)| (balancer.port, own));
    all.filter(move |(_, own)| own_interface && made(own))
}

/// The group; none if no load balancer needs it.
pub(super) fn shape(step: &EcsService) -> Option<Shape> {
    let (_, first) = let_in(step).next()?;
    let rules = let_in(step).flat_map(|(port, own)| doors(port, own).into_iter().map(move |door| rule(own, door)));
    // A group without rules for what leaves lets everything out; one for the task itself stands in their place (CloudFormation
    // user guide, `AWS::EC2::SecurityGroup`, "Remove default rule").
    let nothing_leaves = json!([{ "IpProtocol": "-1", "CidrIp": "127.0.0.1/32" }]);
    Some(Shape::resource(
        "AWS::EC2::SecurityGroup",
        Shape::map([
            ("GroupDescription", Some("Lets the load balancer reach the tasks".into())),
            ("VpcId", Some(Shape::id(&first.vpc, IdOf::Vpc))),
            ("SecurityGroupIngress", Some(Shape::List(rules.collect()))),
            ("SecurityGroupEgress", Some(Shape::Fixed(nothing_leaves))),
        ]),
    ))
}

/// Protocols and ports of traffic and of health checks, which never go over UDP.
fn doors(port: u16, own: &OwnTargetGroup) -> Vec<(&'static str, u16)> {
    let traffic: &[&str] = match own.protocol {
        "UDP" => &["udp"],
        "TCP_UDP" => &["tcp", "udp"],
        _ => &["tcp"],
    };
    let mut doors: Vec<_> = traffic.iter().map(|protocol| (*protocol, port)).collect();
    let check = ("tcp", own.health_check.port.unwrap_or(port));
    if !doors.contains(&check) {
        doors.push(check);
    }
    doors
}

fn rule(own: &OwnTargetGroup, (protocol, port): (&str, u16)) -> Shape {
    Shape::map([
        ("IpProtocol", Some(protocol.into())),
        ("FromPort", Some(port.into())),
        ("ToPort", Some(port.into())),
        ("SourceSecurityGroupId", Some(Shape::attribute(&balancing::security_group_id(own), "GroupId"))),
    ])
}

/// What others need to know of it, by the name of the output.
pub(super) fn outputs(step: &EcsService) -> Vec<(String, Shape)> {
    let group = || (format!("{}Id", id::TASK_SECURITY_GROUP), Shape::attribute(id::TASK_SECURITY_GROUP, "GroupId"));
    is_made(step).then(group).into_iter().collect()
}
