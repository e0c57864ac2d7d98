//! Which actions on which resources: landfall's own calls, and those that CloudFormation makes for the resources of a step.
//!
//! CloudFormation works with the rights of whoever executes the change set. The actions per resource type are those of the
//! handlers in its resource schemas; which of them take a resource is in the "Service Authorization Reference".

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::aws::Operation;
use crate::aws::operation::{Bucket, Service};
use crate::cloud::TemplateObject;
use crate::model::{AccountId, Id};

use super::Reach;

/// CloudFormation cuts the stack's name in the names that it makes up, at no less than this for roles and schedules, whose names have
/// at most 64 characters and end in the logical id and twelve random ones.
const KEPT_OF_STACK_NAME: usize = 20;

/// `AWS::Logs::LogGroup`.
const LOG_GROUP: &[&str] = &[
    "logs:CreateLogGroup",
    "logs:DeleteLogGroup",
    "logs:DeleteRetentionPolicy",
    "logs:ListTagsForResource",
    "logs:PutRetentionPolicy",
    "logs:TagResource",
    "logs:UntagResource",
];

/// `AWS::IAM::Role`.
const ROLE: &[&str] = &[
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
];

/// `AWS::ECS::Service`.
const SERVICE: &[&str] =
    &["ecs:CreateService", "ecs:DeleteService", "ecs:TagResource", "ecs:UntagResource", "ecs:UpdateService"];

/// `AWS::ECS::TaskDefinition`; describing and deregistering take no resource.
const TASK_DEFINITION: &[&str] = &[
    "ecs:DeregisterTaskDefinition",
    "ecs:DescribeTaskDefinition",
    "ecs:ListTagsForResource",
    "ecs:RegisterTaskDefinition",
];

/// The statements for everything that is reached with the same credentials in an account.
pub(super) fn statements(account: &AccountId, reach: &Reach<'_>) -> Vec<Value> {
    let mut statements = vec![reads()];
    if reach.projects.is_empty() {
        return statements;
    }
    let each = |service: &'static str, rest: &dyn Fn(&Id) -> String| arns(account, reach, service, rest);
    let stacks = each("cloudformation", &|project| format!("stack/{project}-*"));
    let mut calls = own(|operation| operation.service() == Service::CloudFormation);
    calls.push("cloudformation:DetectStackResourceDrift".to_owned());
    calls.sort_unstable();
    statements.push(allow(&calls, &stacks));
    if !reach.tasks {
        return statements;
    }
    let names = &reach.names;
    let given = |service, all: &BTreeSet<String>, rest: &dyn Fn(&str) -> String| {
        all.iter().flat_map(|name| in_regions(account, reach, service, &rest(name))).collect::<Vec<_>>()
    };
    let mut groups = each("logs", &|project| format!("log-group:/landfall/{project}-*"));
    groups.extend(given("logs", &names.log_groups, &|name| format!("log-group:{name}")));
    let streams: Vec<String> = groups.iter().map(|group| format!("{group}:log-stream:*")).collect();
    statements.push(allow(LOG_GROUP, &groups));
    statements.push(allow(&own(|operation| operation.service() == Service::Logs), &streams));
    statements.push(allow(SERVICE, &services(account, reach, "service")));
    let answers = own(|operation| operation.bucket() == Bucket::ServiceChanges);
    statements.push(allow(&answers, &services(account, reach, "service-deployment")));
    statements.push(allow(TASK_DEFINITION, &["*".to_owned()]));
    let mut definitions = each("ecs", &|project| format!("task-definition/{project}-*"));
    definitions.extend(given("ecs", &names.families, &|name| format!("task-definition/{name}:*")));
    statements.push(allow(&["ecs:TagResource", "ecs:UntagResource"], &definitions));
    if reach.around.runs_tasks() {
        statements.extend(runs(account, reach, &definitions));
    }
    statements.extend(roles(account, reach));
    if reach.load_balancers {
        let reads = ["elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeLoadBalancers"];
        statements.push(allow(&reads, &["*".to_owned()]));
    }
    statements.extend(reach.around.statements(account, reach));
    statements.extend(buckets(reach));
    statements
}

/// What landfall reads. DescribeStacks without a name also asks for ListStacks (CloudFormation API reference); for ECS the
/// resources' names are known only once they were read. CloudFormation detects drift with the rights of whoever asks it to, which
/// must include these of its own besides the reads of the resources. \[doc: "Detect unmanaged configuration changes"\]
fn reads() -> Value {
    let mut actions = own(|operation| operation.service() == Service::Ecs && !operation.changes());
    let stacks = ["BatchDescribeTypeConfigurations", "DescribeStacks", "ListStacks"];
    actions.extend(stacks.map(|action| format!("cloudformation:{action}")));
    actions.push("logs:DescribeLogGroups".to_owned());
    allow(&actions, &["*".to_owned()])
}

/// The buckets for templates: landfall puts them there and CloudFormation reads them with the same rights. Looking whether a
/// bucket is there is allowed by `s3:ListBucket` (HeadBucket, S3 API reference).
fn buckets(reach: &Reach<'_>) -> Vec<Value> {
    let named = reach.targets.iter().filter_map(|target| Some((target, target.template_bucket.as_ref()?)));
    let arns: BTreeSet<String> =
        named.map(|(target, name)| format!("arn:{}:s3:::{name}", target.region().partition())).collect();
    let (Some(repository), false) = (reach.repository, arns.is_empty()) else { return Vec::new() };
    let prefix = TemplateObject::prefix(repository);
    let objects: Vec<String> = arns.iter().map(|arn| format!("{arn}/{prefix}*")).collect();
    let buckets: Vec<String> = arns.into_iter().collect();
    vec![allow(&["s3:GetObject", "s3:PutObject"], &objects), allow(&["s3:ListBucket"], &buckets)]
}

/// Running the tasks of steps in the targets' clusters, tagging them while they are made, and stopping them.
fn runs(account: &AccountId, reach: &Reach<'_>, definitions: &[String]) -> Vec<Value> {
    let arn = |target: &&crate::model::Target, rest: String| {
        let region = target.region();
        format!("arn:{}:ecs:{region}:{account}:{rest}", region.partition())
    };
    let each = |rest: fn(&str) -> String| -> Vec<String> {
        let all = reach.targets.iter().map(|target| arn(target, rest(&target.cluster)));
        all.collect::<BTreeSet<_>>().into_iter().collect()
    };
    let mut run = allow(&[Operation::RunTask.action()], definitions);
    run["Condition"] = json!({ "ArnEquals": { "ecs:cluster": each(|cluster| format!("cluster/{cluster}")) } });
    let tasks = each(|cluster| format!("task/{cluster}/*"));
    let mut tag = allow(&["ecs:TagResource"], &tasks);
    tag["Condition"] = json!({ "StringEquals": { "ecs:CreateAction": "RunTask" } });
    vec![run, tag, allow(&[Operation::StopTask.action()], &tasks)]
}

/// The roles that stacks make, and that they hand to ECS.
fn roles(account: &AccountId, reach: &Reach<'_>) -> Vec<Value> {
    let made: Vec<String> = arns(account, reach, "iam", &|project| format!("role/{}", cut(project)));
    let passed: Vec<String> = made.iter().chain(&reach.given_roles).cloned().collect();
    let mut pass = allow(&["iam:PassRole"], &passed);
    let users = reach.around.role_users();
    let users = match users.as_slice() {
        [one] => json!(one),
        several => json!(several),
    };
    pass["Condition"] = json!({ "StringEquals": { "iam:PassedToService": users } });
    let mut actions: Vec<&str> = ROLE.iter().copied().chain(reach.around.role_actions()).collect();
    actions.sort_unstable();
    vec![allow(&actions, &made), pass]
}

/// The beginning of the name of a role or a schedule that CloudFormation makes from a stack's name.
pub(super) fn cut(project: &Id) -> String {
    let prefix = format!("{project}-");
    format!("{}*", prefix.get(..KEPT_OF_STACK_NAME).unwrap_or(&prefix))
}

/// One ARN per cluster and project, of the services' own names or of what is named after them.
fn services(account: &AccountId, reach: &Reach<'_>, kind: &str) -> Vec<String> {
    let mut all = BTreeSet::new();
    for target in &reach.targets {
        let (region, cluster) = (target.region(), &target.cluster);
        let own = reach.projects.keys().map(|project| format!("{project}-*"));
        for name in own.chain(reach.names.services.iter().cloned()) {
            // What is named after a service has an id of its own behind its name.
            let rest = if kind == "service" || name.ends_with('*') { "" } else { "/*" };
            let partition = region.partition();
            all.insert(format!("arn:{partition}:ecs:{region}:{account}:{kind}/{cluster}/{name}{rest}"));
        }
    }
    all.into_iter().collect()
}

/// One ARN per region and project; IAM's have no region.
pub(super) fn arns(account: &AccountId, reach: &Reach<'_>, service: &str, rest: &dyn Fn(&Id) -> String) -> Vec<String> {
    let each = |project: &&Id| in_regions(account, reach, service, &rest(project));
    let all: BTreeSet<String> = reach.projects.keys().flat_map(each).collect();
    all.into_iter().collect()
}

/// One ARN per region; IAM's have no region.
fn in_regions(account: &AccountId, reach: &Reach<'_>, service: &str, rest: &str) -> Vec<String> {
    let arn = |region: &&crate::model::Region| {
        let place = if service == "iam" { "" } else { region.as_str() };
        format!("arn:{}:{service}:{place}:{account}:{rest}", region.partition())
    };
    reach.regions.iter().map(arn).collect()
}

/// The actions of landfall's own calls.
fn own(which: impl Fn(&Operation) -> bool) -> Vec<String> {
    let all: BTreeSet<String> = Operation::ALL.iter().filter(|one| which(one)).map(|one| one.action()).collect();
    all.into_iter().collect()
}

pub(super) fn allow(actions: &[impl AsRef<str>], resources: &[String]) -> Value {
    let actions: Vec<&str> = actions.iter().map(AsRef::as_ref).collect();
    json!({ "Effect": "Allow", "Action": actions, "Resource": resources })
}
