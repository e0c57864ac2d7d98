//! Load balancers and target groups that stacks made, and the tasks that services register in them.
//!
//! A task of a service is a target as long as it runs. A deployment that moves traffic uses the target group and the alternate
//! one in turns. \[doc: "Amazon ECS blue/green deployments"\] A task with a network of its own has an address that follows
//! from its id; another one runs on an instance that is made up in the same way.

use serde_json::{Map, Value};

use super::World;
use super::ecs::{DeploymentStatus, Service, Task, number};
use super::health::{Check, Health};
use super::neighbours::{LISTENER, RULE, TARGET_GROUP, mentions};
use super::stack::Resource;
use crate::model::Place;

const LOAD_BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";

/// A target of a target group.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// An address, or the id of an instance.
    pub id: String,
    pub port: u32,
    /// What the target group's health checks say.
    pub health: Health,
    /// Why it is unhealthy.
    pub reason: Option<String>,
}

/// A load balancer or target group that a stack made.
#[derive(Clone, Debug)]
pub struct Balancing {
    pub arn: String,
    pub name: String,
    pub attributes: std::collections::BTreeMap<String, String>,
    pub properties: Map<String, Value>,
}

/// Whether the tasks of a service have a network interface each.
pub fn has_own_network(service: &Service) -> bool {
    service.properties.get("NetworkConfiguration").is_some_and(Value::is_object)
}

/// The private address of a task.
pub fn address_of(task: &Task) -> String {
    let hash = blake3::hash(task.id.as_bytes());
    let [a, b, c, ..] = *hash.as_bytes();
    format!("10.{a}.{b}.{}", c.clamp(4, 254))
}

fn instance_of(task: &Task) -> String {
    format!("i-{}", blake3::hash(task.id.as_bytes()).to_hex().chars().take(17).collect::<String>())
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(super::eval::as_text)
}

impl Service {
    /// The target groups in which the tasks of a revision are, with the port of the container.
    pub(super) fn target_groups(&self, revision: &str) -> Vec<(String, u32)> {
        let at = self.deployments.iter().position(|deployment| deployment.target == revision).unwrap_or(0);
        let earlier = self.deployments.iter().take(at);
        let turn = earlier.filter(|deployment| deployment.status == DeploymentStatus::Successful).count();
        let balancers = self.properties.get("LoadBalancers").and_then(Value::as_array);
        let group = |balancer: &Value| {
            let alternate =
                balancer.get("AdvancedConfiguration").and_then(|more| text(more, "AlternateTargetGroupArn"));
            let group = alternate.filter(|_| turn % 2 == 1).or_else(|| text(balancer, "TargetGroupArn"))?;
            Some((group, balancer.get("ContainerPort").and_then(number)?))
        };
        balancers.into_iter().flatten().filter_map(group).collect()
    }
}

impl World {
    /// After how many seconds of failed checks a target of this group is unhealthy. \[doc: CreateTargetGroup, defaults\]
    pub(super) fn target_group_patience(&self, place: &Place, arn: &str) -> u32 {
        let group = self.balancing(place, TARGET_GROUP).into_iter().find(|group| group.arn == arn);
        let part = |key: &str, default| {
            group.as_ref().and_then(|group| group.properties.get(key).and_then(number)).unwrap_or(default)
        };
        part("HealthCheckIntervalSeconds", 30).saturating_mul(part("UnhealthyThresholdCount", 2))
    }

    /// The target groups that stacks of a region made.
    pub fn target_groups(&self, place: &Place) -> Vec<Balancing> {
        self.balancing(place, TARGET_GROUP)
    }

    /// The load balancers that stacks of a region made.
    pub fn load_balancers(&self, place: &Place) -> Vec<Balancing> {
        self.balancing(place, LOAD_BALANCER)
    }

    fn of_stacks(&self, place: &Place) -> impl Iterator<Item = &Resource> {
        let stacks = self.regions.get(place).into_iter().flat_map(|region| region.stacks.values());
        stacks.filter(|stack| stack.lives()).flat_map(|stack| stack.resources.values())
    }

    fn balancing(&self, place: &Place, kind: &str) -> Vec<Balancing> {
        let own = self.of_stacks(place).filter(|resource| resource.kind == kind);
        let view = |resource: &Resource| {
            let arn = resource.physical_id.clone()?;
            let name = arn.split('/').rev().nth(1).unwrap_or_default().to_owned();
            let properties = self.live(place, resource)?;
            Some(Balancing { arn, name, attributes: resource.attributes.clone(), properties })
        };
        own.filter_map(view).collect()
    }

    /// ARNs of the load balancers whose listeners and rules forward to a target group.
    pub fn balancers_of(&self, place: &Place, group: &str) -> Vec<String> {
        let mut balancers: Vec<String> = Vec::new();
        let listeners: Vec<&Resource> = self.of_stacks(place).filter(|one| one.kind == LISTENER).collect();
        let balancer = |arn: &str| {
            let listener = listeners.iter().find(|one| one.physical_id.as_deref() == Some(arn))?;
            listener.properties.get("LoadBalancerArn").and_then(super::eval::as_text)
        };
        for resource in self.of_stacks(place) {
            let forwards = |key: &str| resource.properties.get(key).is_some_and(|actions| mentions(actions, group));
            let found = match resource.kind.as_str() {
                LISTENER if forwards("DefaultActions") => resource.physical_id.as_deref().and_then(balancer),
                RULE if forwards("Actions") => {
                    resource.properties.get("ListenerArn").and_then(Value::as_str).and_then(balancer)
                }
                _ => None,
            };
            balancers.extend(found.filter(|found| !balancers.contains(found)));
        }
        balancers
    }

    /// The targets of a target group.
    pub fn registered_targets(&self, place: &Place, group: &Balancing) -> Vec<Target> {
        let by_address = group.properties.get("TargetType").and_then(Value::as_str) == Some("ip");
        let mut targets = Vec::new();
        for service in self.services(place) {
            for task in service.tasks.iter().filter(|task| task.state == super::ecs::TaskState::Running) {
                let groups = service.target_groups(&task.revision);
                let own = groups.into_iter().filter(|(arn, _)| *arn == group.arn);
                targets.extend(own.map(|(_, port)| target(task, &group.arn, port, by_address)));
            }
        }
        targets
    }
}

fn target(task: &Task, group: &str, port: u32, by_address: bool) -> Target {
    let checks = |check: &Check| matches!(check, Check::Target { group: own, .. } if own == group);
    let reason = task.failing.as_ref().and_then(|failing| match &failing.check {
        Check::Target { group: own, reason, .. } if own == group => Some(reason.clone()),
        _ => None,
    });
    Target {
        id: if by_address { address_of(task) } else { instance_of(task) },
        port,
        health: task.health(checks),
        reason,
    }
}
