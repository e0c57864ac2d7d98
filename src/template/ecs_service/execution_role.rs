//! `AWS::IAM::Role` that ECS uses to start the task: it may write these logs, pull these images, read these secrets.
//!
//! Secrets that are encrypted with a customer's own KMS key also need `kms:Decrypt` on that key, and nothing in the
//! repository says which key it is: let the key's policy allow the role, or give the step an `execution_role` of your own.

use serde_json::{Value, json};

use crate::model::What;
use crate::model::process::{EcsService, Text};

use super::super::image;
use super::super::shape::{Known, Leaf, Leaves, Shape};
use super::{id, secrets};

/// The role's ARN: the one that the step gives, or that of the role that is made.
pub(super) fn arn(step: &EcsService) -> Shape {
    match &step.execution_role {
        Some(role) => Shape::text(role),
        None => Shape::attribute(id::EXECUTION_ROLE, "Arn"),
    }
}

/// The role; none where the step gives one.
pub(super) fn shape(step: &EcsService, what: &What) -> Option<Shape> {
    if step.execution_role.is_some() {
        return None;
    }
    let policy = Shape::map([
        ("PolicyName", Some("start-tasks".into())),
        (
            "PolicyDocument",
            Some(Shape::map([
                ("Version", Some("2012-10-17".into())),
                ("Statement", Some(Shape::List(statements(step, what)))),
            ])),
        ),
    ]);
    Some(Shape::resource(
        "AWS::IAM::Role",
        Shape::map([
            ("AssumeRolePolicyDocument", Some(Shape::Fixed(trust()))),
            ("Policies", Some(Shape::List(vec![policy]))),
        ]),
    ))
}

/// Lets ECS tasks assume a role.
pub(super) fn trust() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "ecs-tasks.amazonaws.com" },
            "Action": "sts:AssumeRole",
        }],
    })
}

fn statements(step: &EcsService, what: &What) -> Vec<Shape> {
    let repositories = repositories(step, what);
    let token = (!repositories.is_empty()).then(|| {
        // GetAuthorizationToken takes no resource (service authorization reference, Amazon ECR).
        allow("RegistryToken", &["ecr:GetAuthorizationToken"], Shape::from("*"))
    });
    let some = |sid: &str, actions: &[&str], resources: Vec<Shape>| {
        Shape::some_list(resources).map(|resources| allow(sid, actions, resources))
    };
    let files = environment_files(step);
    let object = |file: Text| Shape::Leaf(Leaf::ObjectArn(file));
    let buckets = Shape::Leaves(Leaves::Buckets(files.clone()));
    let logs = allow("Logs", &["logs:CreateLogStream", "logs:PutLogEvents"], Shape::List(log_groups(step)));
    let images = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
    [
        Some(logs),
        token,
        some("Images", &images, repositories),
        some("Secrets", &["secretsmanager:GetSecretValue"], secrets::secret_arns(step)),
        some("Parameters", &["ssm:GetParameters"], secrets::parameter_arns(step)),
        some("EnvironmentFiles", &["s3:GetObject"], files.iter().cloned().map(object).collect()),
        (!files.is_empty()).then(|| allow("EnvironmentBuckets", &["s3:GetBucketLocation"], buckets)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn allow(sid: &str, actions: &[&str], resource: Shape) -> Shape {
    Shape::map([
        ("Sid", Some(sid.into())),
        ("Effect", Some("Allow".into())),
        ("Action", Some(Shape::Fixed(json!(actions)))),
        ("Resource", Some(resource)),
    ])
}

/// The step's own log group, and those that containers name for the driver `awslogs`.
///
/// By name, not by the log group's attribute: a change set says of what uses an attribute of a changed resource that it
/// may change too, and a longer retention would look as if it touched the role, the task definition and the service.
fn log_groups(step: &EcsService) -> Vec<Shape> {
    let own = Known::LogGroupArn.into();
    let named = step.containers.iter().filter_map(|container| {
        let log = container.log.as_ref().filter(|log| &*log.driver == "awslogs")?;
        log.options.get("awslogs-group").map(|group| Shape::Leaf(Leaf::LogGroupArn(group.clone())))
    });
    std::iter::once(own).chain(named).collect()
}

/// The objects that hold environment files, each text once (ECS developer guide, "Required IAM permissions" of environment
/// files).
fn environment_files(step: &EcsService) -> Vec<Text> {
    let mut seen = std::collections::BTreeSet::new();
    let files = step.containers.iter().flat_map(|container| &container.environment_files);
    files.filter(|file| seen.insert(file.raw())).cloned().collect()
}

/// The repositories in ECR that the step's images come from, each image once.
fn repositories(step: &EcsService, what: &What) -> Vec<Shape> {
    let mut seen = std::collections::BTreeSet::new();
    let ecr = |container: &&crate::model::process::Container| {
        let image = what.images.get(&container.image);
        image.is_some_and(|image| image::may_be_ecr(image.repository.pieces()))
    };
    step.containers
        .iter()
        .filter(ecr)
        .filter(|container| seen.insert(container.image.clone()))
        .map(|container| Shape::Leaf(Leaf::ImageArn(container.image.clone(), container.at.clone())))
        .collect()
}
