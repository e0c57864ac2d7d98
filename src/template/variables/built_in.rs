//! The built-in names: `release.version`, `environment.name`, `images.web`, …

use std::sync::Arc;

use crate::model::process::BUILT_IN_NAMES;
use crate::model::{ImageName, Location, StackName};

use super::super::{Context, owner};
use super::{Fault, Resolved, Values};

/// Every built-in name that the context has.
pub(super) fn names(context: &Context<'_>) -> Vec<String> {
    let images = context
        .what
        .images
        .keys()
        .flat_map(|image| ["", ".tag", ".digest", ".arn"].map(|part| format!("images.{image}{part}")));
    BUILT_IN_NAMES.iter().map(|name| (*name).to_owned()).chain(images).collect()
}

/// What a built-in name stands for, in words; none if there is no such name.
pub(super) fn meaning(name: &str, context: &Context<'_>) -> Option<String> {
    if let Some(rest) = name.strip_prefix("images.") {
        let (image, part) = rest.split_once('.').unwrap_or((rest, ""));
        let image = ImageName::new(image).ok().filter(|image| context.what.images.contains_key(image))?;
        let release = &context.release.name;
        return match part {
            "" => Some(format!("image `{image}` as release {release} names it, with its repository")),
            "arn" => Some(format!("ARN of the ECR repository of image `{image}`")),
            "tag" | "digest" => Some(format!("{part} of image `{image}` in release {release}")),
            _ => None,
        };
    }
    let words = match name {
        "account.id" => "id of the target's account",
        "account.name" => "name of the target's account in landfall.toml",
        "environment.id" => "id of the environment",
        "environment.name" => "name of the environment",
        "project.id" => "id of the project",
        "project.name" => "name of the project",
        "release.channel" => "channel of the release",
        "release.version" => "name of the release",
        "stack.name" => "name of the stack",
        "step.id" => "id of the step",
        "step.name" => "name of the step",
        "target.cluster" => "cluster of the target",
        "target.name" => "name of the target",
        "target.partition" => {
            "partition of the target's region: aws, aws-cn, aws-us-gov, aws-eusc, aws-iso and its like"
        }
        "target.public_ip" => "ENABLED where the target gives tasks a public address, else DISABLED",
        "target.region" => "region of the target",
        "target.security_groups" => "security groups of the target, a list",
        "target.subnets" => "subnets of the target, a list",
        "tenant.id" => "id of the tenant",
        "tenant.name" => "name of the tenant",
        _ => return None,
    };
    Some(words.to_owned())
}

/// The value of a built-in name; none if there is no such name.
pub(super) fn value(
    name: &str,
    values: &Values<'_>,
    user: &Location,
    path: &mut Vec<String>,
) -> Option<Result<Resolved, Fault>> {
    if let Some(rest) = name.strip_prefix("images.") {
        return image(rest, values, path);
    }
    let context = values.context;
    let text: Arc<str> = match name {
        "account.id" => Arc::from(context.target.place.account.as_str()),
        "account.name" => Arc::from(context.target.account.as_str()),
        "environment.id" => Arc::from(context.environment.id.as_str()),
        "environment.name" => Arc::from(context.environment.name.as_str()),
        "project.id" => Arc::from(context.project.id.as_str()),
        "project.name" => Arc::from(context.project.name.as_str()),
        "release.channel" => Arc::from(context.release.channel.as_str()),
        "release.version" => Arc::from(context.release.name.as_str()),
        "stack.name" => Arc::from(StackName::of(&owner(context)).as_str()),
        "step.id" => Arc::from(context.step.id.as_str()),
        "step.name" => Arc::from(context.step.name.as_str()),
        "target.cluster" => context.target.cluster.clone(),
        "target.name" => Arc::from(context.target.name.as_str()),
        "target.partition" => Arc::from(context.target.place.region.partition()),
        "target.public_ip" => Arc::from(context.target.network.public_ip()),
        "target.region" => Arc::from(context.target.place.region.as_str()),
        "target.security_groups" => return Some(Ok(Resolved::List(context.target.network.security_groups.clone()))),
        "target.subnets" => return Some(Ok(Resolved::List(context.target.network.subnets.clone()))),
        "tenant.id" | "tenant.name" => {
            let Some(tenant) = context.tenant else { return Some(Err(Fault::no_tenant(name, context, user))) };
            Arc::from(if name == "tenant.id" { tenant.id.as_str() } else { tenant.name.as_str() })
        }
        _ => return None,
    };
    Some(Ok(Resolved::Text(text)))
}

/// `images.<name>` as a task definition would name it, `.tag`, `.digest`, `.arn`.
fn image(rest: &str, values: &Values<'_>, path: &mut Vec<String>) -> Option<Result<Resolved, Fault>> {
    let (name, part) = rest.split_once('.').unwrap_or((rest, ""));
    let name = ImageName::new(name).ok()?;
    let repository = values.context.what.images.get(&name)?;
    let Some(pin) = values.context.release.images.get(&name) else {
        return Some(Err(Fault::image_not_in_release(&name, values.context)));
    };
    Some(match part {
        "" => values
            .fill(&repository.repository, path)
            .map(|repository| Resolved::Text(Arc::from(super::super::image::reference(&repository, pin)))),
        "arn" => values.fill(&repository.repository, path).map(|repository| {
            let place = &values.context.target.place;
            let arn = super::super::image::repository_arn(&repository, place.account.as_str(), &place.region);
            Resolved::Text(Arc::from(arn))
        }),
        "tag" => Ok(Resolved::Text(pin.tag.clone())),
        "digest" => match &pin.digest {
            Some(digest) => Ok(Resolved::Text(digest.clone())),
            None => Err(Fault::no_digest(&name, values.context)),
        },
        _ => return None,
    })
}
