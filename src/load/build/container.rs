//! Containers of a step, and references to secrets.

use std::ops::Range;

use super::Maker;
use crate::load::codes;
use crate::load::finding::Finding;
use crate::model::ImageName;
use crate::model::process::{Container, Log, Secret};

/// Refuses what is not the name of an image, and references to secrets that do not name exactly one value.
pub(crate) fn names(make: &mut Maker<'_>, entry: &Container) {
    let _: Option<ImageName> = make.name_at(&entry.image, entry.image.span());
    for one in entry.secrets.values() {
        secret(make, one, one.span());
    }
    entry.log.iter().for_each(|log| secrets_of_log(make, log));
}

/// Refuses references to secrets that do not name exactly one value.
pub(crate) fn secrets_of_log(make: &mut Maker<'_>, log: &Log) {
    log.secrets.values().for_each(|one| secret(make, one, one.span()));
}

/// Refuses a reference that does not name exactly one value.
fn secret(make: &mut Maker<'_>, written: &Secret, span: Range<usize>) {
    let of_secret = [&written.key, &written.version_stage, &written.version_id];
    match (&written.secret, &written.parameter) {
        (Some(_), None) => {
            if let (Some(_), Some(id)) = (&written.version_stage, &written.version_id) {
                make.invalid(id.span(), "a secret has `version_stage` or `version_id`, not both");
            }
        }
        (None, Some(_)) if of_secret.iter().all(|it| it.is_none()) => {}
        _ => {
            let title = "a secret is either `secret`, with `key` if its value is JSON, or `parameter` alone";
            let finding = Finding::new(codes::SECRET_REFERENCE, make.file, span, title);
            make.findings.push(finding.label("not exactly one reference"));
        }
    }
}
