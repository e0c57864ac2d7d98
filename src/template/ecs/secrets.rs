//! References to secrets: what a container reads, and what the execution role may read for it.

use std::collections::HashSet;

use crate::model::process::{Log, Secret, Task, Text};

use super::super::shape::{Leaf, Leaves, Shape};

/// What `ValueFrom` says.
///
/// `arn:…:secret:name-AbCdEf:key:stage:id` names one key of a secret's JSON value, and a version; each may be empty (ECS developer
/// guide, "Pass Secrets Manager secrets through environment variables").
pub(super) fn value_from(secret: &Secret) -> Option<Shape> {
    let of_secret = secret.secret.as_deref().map(|arn| Leaf::SecretValue(arn.clone(), secret.part()));
    let of_parameter = || secret.parameter.as_deref().map(|name| Leaf::ParameterArn(name.clone()));
    of_secret.or_else(of_parameter).map(Shape::Leaf)
}

/// Every secret that the step's containers read, as variables or as options of a log driver; `proxy` is the log
/// configuration of a container that ECS adds.
fn all<'a>(task: &'a Task, proxy: Option<&'a Log>) -> impl Iterator<Item = &'a Secret> {
    let own = task.container.iter().flat_map(|container| {
        container.secrets.values().chain(container.log.iter().flat_map(|log| log.secrets.values()))
    });
    own.chain(proxy.into_iter().flat_map(|log| log.secrets.values())).map(|secret| &**secret)
}

/// What a policy names the Secrets Manager secrets by, those for registries and file systems among them, each text once.
pub(super) fn secret_rights(task: &Task, proxy: Option<&Log>) -> Vec<Shape> {
    let arns = all(task, proxy).filter_map(|secret| secret.secret.as_deref());
    let registries = task
        .container
        .iter()
        .filter_map(|container| Some(&*container.repository_credentials.as_ref()?.credentials_parameter));
    let files = task.volume.iter().filter_map(|volume| {
        let fsx = volume.fsx_windows_file_server_volume_configuration.as_ref()?;
        Some(&*fsx.authorization_config.credentials_parameter)
    });
    once(arns.chain(registries).chain(files))
        .into_iter()
        .map(|text| Shape::Leaves(Leaves::SecretRights(text)))
        .collect()
}

/// The ARNs of the SSM parameters, each text once.
pub(super) fn parameter_arns(task: &Task, proxy: Option<&Log>) -> Vec<Shape> {
    let names = all(task, proxy).filter_map(|secret| secret.parameter.as_deref());
    once(names).into_iter().map(|text| Shape::Leaf(Leaf::ParameterArn(text))).collect()
}

fn once<'a>(texts: impl Iterator<Item = &'a Text>) -> Vec<Text> {
    let mut seen = HashSet::new();
    texts.filter(|text| seen.insert(text.raw())).cloned().collect()
}
