//! `AWS::IAM::Role` that ECS uses to start the task: it may write these logs, pull these images, read these secrets.
//!
//! Secrets that are encrypted with a customer's own KMS key also need `kms:Decrypt` on that key, and only the step's
//! `kms_keys` says which key it is. If a task needs none of these rights, the role exists without rights.

use crate::model::process::{Log, Task, Text};
use crate::model::{ImageName, What};

use super::super::image;
use super::super::shape::{Leaf, Leaves, Shape};
use super::role::{self, allow};
use super::{id, kms, log_group, secrets};

/// The role's ARN: the one that the step gives, or that of the role that is made.
pub(super) fn arn(task: &Task) -> Shape {
    Shape::key(&task.execution_role).unwrap_or_else(|| Shape::attribute(id::EXECUTION_ROLE, "Arn"))
}

/// The role; none if the step names one. `proxy` is the log configuration of the container that ECS adds.
pub(super) fn shape(task: &Task, proxy: Option<&Log>, what: &What) -> Option<Shape> {
    if task.execution_role.is_some() {
        return None;
    }
    let start = Shape::some_list(statements(task, proxy, what)).map(|all| role::policy_of("start-tasks", all));
    let rights = task.execution_rights.as_deref();
    let inline = start.into_iter().chain(role::own(rights)).collect();
    let managed = role::managed(rights);
    Some(role::shape(task, role::trust("ecs-tasks.amazonaws.com"), inline, managed))
}

fn statements(task: &Task, proxy: Option<&Log>, what: &What) -> Vec<Shape> {
    let own_log = log_group::written_to(task, proxy);
    let proxy = proxy.filter(|log| !log.is_own());
    let repositories = repositories(task, what);
    let token = (!repositories.is_empty()).then(|| {
        // GetAuthorizationToken takes no resource (service authorization reference, Amazon ECR).
        allow("RegistryToken", &["ecr:GetAuthorizationToken"], Shape::from("*"))
    });
    let some = |sid: &str, actions: &[&str], resources: Vec<Shape>| {
        Shape::some_list(resources).map(|resources| allow(sid, actions, resources))
    };
    let rights = secrets::secret_rights(task, proxy);
    let files = files(task);
    let object = |file: Text| Shape::Leaf(Leaf::ObjectArn(file));
    let buckets = Shape::Leaves(Leaves::Buckets(files.clone()));
    let keys: Vec<&Text> = task.kms_keys.iter().map(|key| &**key).collect();
    let images = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
    [
        some("Logs", &["logs:CreateLogStream", "logs:PutLogEvents"], log_groups(task, own_log, proxy)),
        some("CreateLogs", &["logs:CreateLogGroup"], created_log_groups(task, proxy)),
        token,
        some("Images", &images, repositories),
        (!rights.is_empty()).then(|| allow("Secrets", &["secretsmanager:GetSecretValue"], Shape::Joined(rights))),
        some("Parameters", &["ssm:GetParameters"], secrets::parameter_arns(task, proxy)),
        some("EnvironmentFiles", &["s3:GetObject"], files.iter().cloned().map(object).collect()),
        (!files.is_empty()).then(|| allow("EnvironmentBuckets", &["s3:GetBucketLocation"], buckets)),
    ]
    .into_iter()
    .flatten()
    .chain(kms::statements("Keys", &["kms:Decrypt"], &keys, None))
    .collect()
}

/// The step's own log group if something writes to it, and those that containers and the proxy name for the driver
/// `awslogs`.
///
/// By name, not by the log group's attribute: a change set says about what uses an attribute of a changed resource that it
/// may change too, and a longer retention would look as if it touched the role, the task definition and the service.
fn log_groups(task: &Task, own: bool, proxy: Option<&Log>) -> Vec<Shape> {
    let own = own.then(|| log_group::streams(task));
    own.into_iter().chain(awslogs(task, proxy).filter_map(log_group)).collect()
}

/// The log groups that the driver makes when it finds none.
fn created_log_groups(task: &Task, proxy: Option<&Log>) -> Vec<Shape> {
    let creates = |log: &&Log| log.options.get("awslogs-create-group").is_some_and(|on| on.raw() == "true");
    awslogs(task, proxy).filter(creates).filter_map(log_group).collect()
}

fn awslogs<'a>(task: &'a Task, proxy: Option<&'a Log>) -> impl Iterator<Item = &'a Log> {
    let own = task.container.iter().filter_map(|container| container.log.as_ref());
    own.chain(proxy).filter(|log| &*log.driver == "awslogs")
}

fn log_group(log: &Log) -> Option<Shape> {
    let (group, region) = (log.options.get("awslogs-group")?, log.options.get("awslogs-region")?);
    Some(Shape::Leaf(Leaf::LogGroupArn(group.clone(), Some(region.clone()))))
}

/// The objects that hold environment files and the configurations of log routers, each text once (ECS developer guide,
/// "Required IAM permissions" of environment files, and of FireLens).
fn files(task: &Task) -> Vec<Text> {
    let mut seen = std::collections::BTreeSet::new();
    let files = task.container.iter().flat_map(|container| {
        let router = container.firelens_configuration.as_deref().and_then(crate::model::process::Firelens::object);
        container.environment_files.iter().chain(router)
    });
    files.filter(|file| seen.insert(file.raw())).cloned().collect()
}

/// The repositories in ECR that the step's images come from, each image once.
fn repositories(task: &Task, what: &What) -> Vec<Shape> {
    let mut seen = std::collections::BTreeSet::new();
    let images = task.container.iter().filter_map(|container| Some((container, container.image()?)));
    let ecr =
        |name: &ImageName| what.images.get(name).is_some_and(|image| image::may_be_ecr(image.repository.pieces()));
    let images = images.filter(|(_, image)| ecr(image) && seen.insert(image.clone()));
    images
        .map(|(container, image)| Shape::Leaf(Leaf::ImageArn(image, container.image.place().location().clone())))
        .collect()
}
