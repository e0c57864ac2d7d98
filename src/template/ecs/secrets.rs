//! References to secrets: what a container reads, and what the execution role may read for it.

use std::collections::HashSet;

use crate::model::process::{LogConfiguration, Secret, Task, Text};

use super::super::shape::{Leaf, Leaves, Shape};

/// What `ValueFrom` says.
///
/// `arn:…:secret:name-AbCdEf:key:stage:id` names one key of a secret's JSON value, and a version; each may be empty (ECS developer
/// guide, "Pass Secrets Manager secrets through environment variables").
pub(super) fn value_from(secret: &Secret) -> Shape {
    Shape::Leaf(match secret {
        Secret::Secret { arn, part } => Leaf::SecretValue(arn.clone(), part.clone()),
        Secret::Parameter { name } => Leaf::ParameterArn(name.clone()),
    })
}

/// Every secret that the step's containers read, as variables or as options of a log driver; `proxy` is the log
/// configuration of a container that ECS adds.
fn all<'a>(task: &'a Task, proxy: Option<&'a LogConfiguration>) -> impl Iterator<Item = &'a Secret> {
    let own = task.containers.iter().flat_map(|container| {
        container.secrets.values().chain(container.log.iter().flat_map(|log| log.secrets.values()))
    });
    own.chain(proxy.into_iter().flat_map(|log| log.secrets.values()))
}

/// What a policy names the Secrets Manager secrets by, those with which registries are entered among them, each text once.
pub(super) fn secret_rights(task: &Task, proxy: Option<&LogConfiguration>) -> Vec<Shape> {
    let arns = all(task, proxy).filter_map(|secret| match secret {
        Secret::Secret { arn, .. } => Some(arn),
        Secret::Parameter { .. } => None,
    });
    let registries = task.containers.iter().filter_map(|container| container.repository_credentials.as_ref());
    once(arns.chain(registries)).into_iter().map(|text| Shape::Leaves(Leaves::SecretRights(text))).collect()
}

/// The ARNs of the SSM parameters, each text once.
pub(super) fn parameter_arns(task: &Task, proxy: Option<&LogConfiguration>) -> Vec<Shape> {
    let names = all(task, proxy).filter_map(|secret| match secret {
        Secret::Parameter { name } => Some(name),
        Secret::Secret { .. } => None,
    });
    once(names).into_iter().map(|text| Shape::Leaf(Leaf::ParameterArn(text))).collect()
}

fn once<'a>(texts: impl Iterator<Item = &'a Text>) -> Vec<Text> {
    let mut seen = HashSet::new();
    texts.filter(|text| seen.insert(text.raw())).cloned().collect()
}
