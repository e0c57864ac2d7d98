//! What landfall relies on in what it renders, and patches therefore leave as it is.
//!
//! Success is proved from the service's deployment, its task definition and the images that ECS resolved for the step's
//! containers; evidence of a failure is found by family and log group. All else is the author's.

use serde_json::Value;

use crate::cfn::{Document, Resource};

use super::check::{Found, PatchFault};
use super::pointer;

/// Types, pointers to what stays in their properties, and why.
const STAYS: [(&str, &str, &str); 7] = [
    ("AWS::ECS::Service", "/TaskDefinition", "success is proved from it"),
    ("AWS::ECS::Service", "/Cluster", "the target decides where a stack is"),
    ("AWS::ECS::Service", "/DeploymentController", "success is proved from the deployments that ECS makes"),
    ("AWS::ECS::TaskDefinition", "/Family", "landfall finds roles and the logs of a failure by this name"),
    (
        "AWS::Logs::LogGroup",
        "/LogGroupName",
        "containers and roles refer to it; to use another log group, set a container's `log`",
    ),
    ("AWS::Scheduler::Schedule", "/Target/Arn", "the target decides where a stack is"),
    ("AWS::Scheduler::Schedule", "/Target/EcsParameters/TaskDefinitionArn", "it decides which task the step runs"),
];

/// What a patch must not change in a container besides its name, and why.
const STAYS_OF_CONTAINERS: [(&str, &str); 2] = [
    ("Image", "the release supplies it, and success is proved from it"),
    ("VersionConsistency", "success is proved from the digest that ECS resolves"),
];

/// What patches changed of that.
pub(super) fn broken(before: &Document, after: &Document) -> Vec<Found> {
    let mut found = Vec::new();
    for was in before.resources() {
        let Some(is) = after.resource(was.id) else { continue };
        let base = pointer(&pointer("/Resources", was.id), "Properties");
        for (_, path, why) in STAYS.iter().filter(|(kind, _, _)| *kind == was.kind()) {
            if property(&was, path) != property(&is, path) {
                let shown = path.trim_start_matches('/').replace('/', ".");
                let title = format!("a patch cannot change `{shown}` of `{}`", was.id);
                found.push(fault(format!("{base}{path}"), title, why));
            }
        }
        if was.kind() == "AWS::ECS::TaskDefinition" {
            containers(&was, &is, &pointer(&base, "ContainerDefinitions"), &mut found);
        }
    }
    found
}

fn fault(pointer: String, title: String, why: &str) -> Found {
    Found { fault: PatchFault::Proof, pointer, title, help: Some(why.to_owned()), edition: 0 }
}

fn property<'a>(resource: &Resource<'a>, path: &str) -> Option<&'a Value> {
    let (first, rest) = path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
    let found = resource.property(first)?;
    if rest.is_empty() { Some(found) } else { found.pointer(&format!("/{rest}")) }
}

fn list<'a>(resource: &Resource<'a>) -> &'a [Value] {
    resource.property("ContainerDefinitions").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn name(container: &Value) -> Option<&str> {
    container.get("Name").and_then(Value::as_str)
}

/// Every container of the step still exists with its image.
fn containers(was: &Resource<'_>, is: &Resource<'_>, base: &str, found: &mut Vec<Found>) {
    for container in list(was) {
        let Some(own) = name(container) else { continue };
        let there = list(is).iter().enumerate().find(|(_, container)| name(container) == Some(own));
        let Some((index, there)) = there else {
            let title = format!("a patch cannot remove or rename container `{own}`");
            found.push(fault(base.to_owned(), title, "success is proved from the step's containers"));
            continue;
        };
        for (key, why) in STAYS_OF_CONTAINERS {
            if container.get(key) != there.get(key) {
                let title = format!("a patch cannot change `{key}` of container `{own}`");
                found.push(fault(format!("{base}/{index}/{key}"), title, why));
            }
        }
    }
}
