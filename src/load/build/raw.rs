//! Steps of kind `cloudformation`.

use std::sync::Arc;

use super::{Maker, run, variables};
use crate::load::schema::process::StackEntry;
use crate::load::what::WhatDrafts;
use crate::model::process::{CloudFormation, ContainerImage, GivenParameter};

/// The longest path below `templates/`.
const MAX_PATH: usize = 200;

/// A step; none if its template does not exist or cannot be read.
pub(crate) fn cloudformation(make: &mut Maker<'_>, entry: &StackEntry, drafts: &WhatDrafts) -> Option<CloudFormation> {
    if !is_path(&entry.template) {
        let title = format!("`{}` is not the path of a file below `templates/`", *entry.template);
        make.invalid(entry.template.span(), title);
    }
    let parameters = entry.parameters.iter().filter_map(|(name, written)| {
        let value = variables::one(make, written)?;
        Some((Arc::from(name.as_str()), GivenParameter { value, at: make.file.at(written.span().start) }))
    });
    let parameters = parameters.collect();
    let run = match &entry.run {
        Some(written) => Some(run::of_template(make, written)?),
        None => None,
    };
    let template = drafts.template(&entry.template)?;
    // What is written in the step wins over what the template says by itself.
    let mut images: std::collections::BTreeMap<Arc<str>, ContainerImage> =
        template.containers.iter().filter_map(|(container, image)| Some((container.clone(), image.clone()?))).collect();
    for (container, written) in &entry.images {
        if let Some(image) = make.name(written) {
            let at = make.file.at(written.span().start);
            images.insert(Arc::from(container.as_str()), ContainerImage { image, at });
        }
    }
    let capabilities = entry.capabilities.iter().map(|one| Arc::from(one.as_str())).collect();
    Some(CloudFormation { template: template.template.clone(), capabilities, parameters, images, run })
}

/// Whether a text is a path of plain names: nothing in it leads out of the folder.
pub(crate) fn is_path(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name = |part: &str| part.starts_with(|c: char| c.is_ascii_alphanumeric()) && part.chars().all(plain);
    text.len() <= MAX_PATH && text.split('/').all(name)
}
