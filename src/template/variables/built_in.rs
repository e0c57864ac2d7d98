//! The built-in names: `release.version`, `environment.name`, `images.web`, …

use std::sync::Arc;

use crate::model::process::BUILT_IN_NAMES;
use crate::model::{ImageName, StackName};

use super::super::{Context, owner};
use super::{Fault, Resolved, Values};

/// Every built-in name that the context has.
pub(super) fn names(context: &Context<'_>) -> Vec<String> {
    let images =
        context.what.images.keys().flat_map(|image| {
            [format!("images.{image}"), format!("images.{image}.tag"), format!("images.{image}.digest")]
        });
    BUILT_IN_NAMES.iter().map(|name| (*name).to_owned()).chain(images).collect()
}

/// The value of a built-in name; none where there is no such name.
pub(super) fn value(name: &str, values: &Values<'_>, path: &mut Vec<String>) -> Option<Result<Resolved, Fault>> {
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
        "target.region" => Arc::from(context.target.place.region.as_str()),
        _ => return None,
    };
    Some(Ok(Resolved::Text(text)))
}

/// `images.<name>` as a task definition would name it, `.tag`, `.digest`.
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
        "tag" => Ok(Resolved::Text(pin.tag.clone())),
        "digest" => match &pin.digest {
            Some(digest) => Ok(Resolved::Text(digest.clone())),
            None => Err(Fault::no_digest(&name, values.context)),
        },
        _ => return None,
    })
}
