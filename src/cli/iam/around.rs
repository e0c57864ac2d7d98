//! Which actions CloudFormation needs for what steps make around their tasks: load balancers, scaling, schedules, and roles
//! with managed policies.
//!
//! Load balancers and target groups get names of at most 32 characters that CloudFormation makes from a few letters of the
//! stack's, scaling policies ids of their own: their statements name the account and the regions, not the projects.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::process::{ConnectTls, EcsService, OwnLoadBalancer, StepKind, Strategy, Task, Text};
use crate::model::{AccountId, Id};

use super::Reach;
use super::actions::{allow, arns, cut};

/// What the steps make around their services.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Around {
    balancing: bool,
    security_groups: bool,
    scaling: bool,
    alarms: bool,
    policies: bool,
    boundary: bool,
    infrastructure: bool,
    runs: bool,
    schedules: bool,
    discovery: bool,
}

impl Around {
    /// Adds what a step makes.
    pub(super) fn add(&mut self, step: &StepKind) {
        if let Some(task) = step.task() {
            self.add_task(task);
        }
        match step {
            StepKind::EcsService(service) => self.add_service(service),
            StepKind::EcsTask(_) => self.runs = true,
            StepKind::EcsSchedule(_) => self.schedules = true,
            StepKind::CloudFormation(raw) => self.runs |= raw.run.is_some(),
        }
    }

    fn add_task(&mut self, task: &Task) {
        let volumes = task.volume.iter().any(|volume| volume.managed_ebs_volume.is_some());
        self.infrastructure |= volumes;
        self.policies |= volumes;
        let mut rights = task.task_rights.iter().chain(&task.execution_rights);
        self.policies |= rights.any(|rights| !rights.managed_policy_arns.is_empty());
        self.boundary |= task.permissions_boundary.is_some();
    }

    fn add_service(&mut self, step: &EcsService) {
        for group in step.load_balancer.iter().filter_map(|balancer| balancer.own_target_group.as_ref()) {
            self.balancing = true;
            let made = group.own_load_balancer.as_deref();
            self.security_groups |= made.is_some_and(OwnLoadBalancer::makes_security_group);
        }
        if let Some(scaling) = &step.scaling {
            self.scaling = true;
            self.alarms |= !scaling.step_scaling.is_empty();
        }
        let deployment = &step.deployment_configuration;
        let traffic = *deployment.strategy != Strategy::Rolling && !step.load_balancer.is_empty()
            || step.load_balancer.iter().any(|balancer| balancer.advanced_configuration.is_some());
        let hooks = deployment.functions().next().is_some();
        self.infrastructure |= traffic || hooks;
        self.policies |= traffic;
        let mut encrypted = tls_of(step);
        if let Some(first) = encrypted.next() {
            self.infrastructure = true;
            self.policies |= first.role_arn.is_none() || encrypted.any(|tls| tls.role_arn.is_none());
        }
        self.discovery |= step.own_discovery().is_some();
    }

    /// The services of AWS that get a step's roles.
    pub(super) fn role_users(self) -> Vec<&'static str> {
        let infrastructure = self.infrastructure.then_some("ecs.amazonaws.com");
        let schedules = self.schedules.then_some("scheduler.amazonaws.com");
        std::iter::once("ecs-tasks.amazonaws.com").chain(infrastructure).chain(schedules).collect()
    }

    /// Whether tasks are run once.
    pub(super) fn runs_tasks(self) -> bool {
        self.runs
    }

    /// What roles need in addition to their inline policies.
    pub(super) fn role_actions(self) -> Vec<&'static str> {
        let mut actions = Vec::new();
        if self.policies {
            actions.extend(["iam:AttachRolePolicy", "iam:DetachRolePolicy"]);
        }
        if self.boundary {
            actions.extend(["iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary"]);
        }
        actions
    }

    /// The statements for everything but roles.
    pub(super) fn statements(self, account: &AccountId, reach: &Reach<'_>) -> Vec<Value> {
        let all = |service: &str| -> Vec<String> {
            let arn =
                |region: &&crate::model::Region| format!("arn:{}:{service}:{region}:{account}:*", region.partition());
            reach.regions.iter().map(arn).collect::<BTreeSet<_>>().into_iter().collect()
        };
        let everything = vec!["*".to_owned()];
        let mut statements = Vec::new();
        if self.balancing {
            statements.push(allow(BALANCING, &all("elasticloadbalancing")));
            statements.push(allow(&["elasticloadbalancing:Describe*"], &everything));
        }
        if self.security_groups {
            statements.push(allow(SECURITY_GROUPS, &all("ec2")));
            statements.push(allow(&["ec2:DescribeSecurityGroups"], &everything));
        }
        if self.scaling {
            // Its actions on targets and policies take ARNs of targets, which have ids of their own.
            statements.push(allow(SCALING, &all("application-autoscaling")));
            statements.push(allow(&["application-autoscaling:Describe*"], &everything));
        }
        if self.schedules {
            let name = |project: &Id| format!("schedule/default/{}", cut(project));
            statements.push(allow(SCHEDULES, &arns(account, reach, "scheduler", &name)));
        }
        if self.alarms {
            statements.push(allow(ALARMS, &all("cloudwatch")));
        }
        if self.discovery {
            // Services of Cloud Map have ids of their own, and making one asks for its namespace.
            statements.push(allow(DISCOVERY, &all("servicediscovery")));
            statements.push(allow(DISCOVERY_READS, &everything));
        }
        statements
    }
}

/// The roles that a step gives: to tasks, to ECS, and to its volumes, hooks and traffic.
pub(super) fn given_roles(step: &StepKind) -> Vec<&Text> {
    let mut roles = step.task().map_or_else(Vec::new, given_to_task);
    match step {
        StepKind::EcsService(service) => roles.extend(given_to_service(service)),
        StepKind::EcsTask(_) => {}
        StepKind::EcsSchedule(schedule) => roles.extend(schedule.schedule.schedule_role.as_deref()),
        StepKind::CloudFormation(_) => {}
    }
    roles
}

fn given_to_task(task: &Task) -> Vec<&Text> {
    let volumes = task.volume.iter().filter_map(|volume| volume.managed_ebs_volume.as_ref()?.role_arn.as_deref());
    let own = task.task_role.iter().chain(&task.execution_role).map(|role| &**role);
    own.chain(volumes).collect()
}

fn given_to_service(step: &EcsService) -> impl Iterator<Item = &Text> {
    let hooks = step.deployment_configuration.functions().filter_map(|(_, role)| role);
    let advanced = step.load_balancer.iter().filter_map(|balancer| balancer.advanced_configuration.as_ref());
    let traffic = advanced.filter_map(|advanced| advanced.role_arn.as_deref());
    let lattice = step.options.vpc_lattice_configurations.iter().map(|one| &*one.role_arn);
    hooks.chain(traffic).chain(lattice).chain(tls_of(step).filter_map(|tls| tls.role_arn.as_deref()))
}

fn tls_of(step: &EcsService) -> impl Iterator<Item = &ConnectTls> {
    let services = step.connection().into_iter().flat_map(|connection| &connection.services);
    services.filter_map(|service| service.tls.as_ref())
}

/// Target groups, load balancers, listeners and rules.
const BALANCING: &[&str] = &[
    "elasticloadbalancing:AddListenerCertificates",
    "elasticloadbalancing:AddTags",
    "elasticloadbalancing:CreateListener",
    "elasticloadbalancing:CreateLoadBalancer",
    "elasticloadbalancing:CreateRule",
    "elasticloadbalancing:CreateTargetGroup",
    "elasticloadbalancing:DeleteListener",
    "elasticloadbalancing:DeleteLoadBalancer",
    "elasticloadbalancing:DeleteRule",
    "elasticloadbalancing:DeleteTargetGroup",
    "elasticloadbalancing:ModifyListener",
    "elasticloadbalancing:ModifyLoadBalancerAttributes",
    "elasticloadbalancing:ModifyRule",
    "elasticloadbalancing:ModifyTargetGroup",
    "elasticloadbalancing:ModifyTargetGroupAttributes",
    "elasticloadbalancing:RemoveListenerCertificates",
    "elasticloadbalancing:RemoveTags",
    "elasticloadbalancing:SetRulePriorities",
    "elasticloadbalancing:SetSecurityGroups",
    "elasticloadbalancing:SetSubnets",
];

/// The security group of a load balancer, and the one that lets it reach the tasks.
const SECURITY_GROUPS: &[&str] = &[
    "ec2:AuthorizeSecurityGroupEgress",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateSecurityGroup",
    "ec2:CreateTags",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteTags",
    "ec2:RevokeSecurityGroupEgress",
    "ec2:RevokeSecurityGroupIngress",
];

/// Scalable targets, their policies and schedules.
const SCALING: &[&str] = &[
    "application-autoscaling:DeleteScalingPolicy",
    "application-autoscaling:DeleteScheduledAction",
    "application-autoscaling:DeregisterScalableTarget",
    "application-autoscaling:ListTagsForResource",
    "application-autoscaling:PutScalingPolicy",
    "application-autoscaling:PutScheduledAction",
    "application-autoscaling:RegisterScalableTarget",
    "application-autoscaling:TagResource",
    "application-autoscaling:UntagResource",
];

/// Schedules.
const SCHEDULES: &[&str] =
    &["scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:GetSchedule", "scheduler:UpdateSchedule"];

/// Services of Cloud Map.
const DISCOVERY: &[&str] = &[
    "servicediscovery:CreateService",
    "servicediscovery:DeleteService",
    "servicediscovery:GetNamespace",
    "servicediscovery:GetService",
    "servicediscovery:GetServiceAttributes",
    "servicediscovery:ListTagsForResource",
    "servicediscovery:TagResource",
    "servicediscovery:UntagResource",
    "servicediscovery:UpdateService",
];

/// Reads of Cloud Map that take no resource.
const DISCOVERY_READS: &[&str] = &["servicediscovery:GetOperation", "servicediscovery:ListServices"];

/// Alarms of scaling policies.
const ALARMS: &[&str] = &[
    "cloudwatch:DeleteAlarms",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:ListTagsForResource",
    "cloudwatch:PutMetricAlarm",
    "cloudwatch:TagResource",
    "cloudwatch:UntagResource",
];
