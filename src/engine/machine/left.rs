//! The services of a stack as a proved deployment leaves them: what a later change by others is measured by.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Seen;
use crate::model::drift::ServiceLeft;

/// A type whose presence means that something else than the template sets counts.
const SCALES: &str = "AWS::ApplicationAutoScaling::ScalableTarget";

/// The services that were read, by ARN; a count that scaling sets is left out.
pub(super) fn services(seen: &Seen) -> BTreeMap<Arc<str>, ServiceLeft> {
    let resources = seen.resources.as_deref().unwrap_or_default();
    let scaled = resources.iter().any(|resource| resource.kind == SCALES);
    let left = |(arn, service): (&String, &Option<crate::cloud::ServiceSeen>)| {
        let mut settings = service.as_ref()?.settings.clone();
        let of_it = |physical: &Option<String>| physical.as_deref() == Some(arn.as_str());
        let resource = resources.iter().find(|resource| of_it(&resource.physical_id))?;
        if scaled {
            settings.remove("DesiredCount");
        }
        Some((arn.as_str().into(), ServiceLeft { resource: resource.logical_id.as_str().into(), settings }))
    };
    seen.services.iter().flatten().filter_map(left).collect()
}
