//! The shape of an ARN: `arn:<partition>:<service>:<region>:<account>:<resource>`.

use crate::model::PARTITIONS;

/// Whether the text is an ARN of this service whose resource begins so; otherwise why not.
///
/// A text with placeholders is not known yet and passes; it is checked again when it is filled in by AWS itself.
pub(crate) fn fits(text: &str, service: &str, resource: &str) -> Result<(), String> {
    if text.contains("#{") {
        return Ok(());
    }
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [arn, partition, its_service, region, account, its_resource] = parts.as_slice() else {
        return Err("expected `arn:`, partition, service, region, account and resource, joined by `:`".to_owned());
    };
    if *arn != "arn" {
        return Err("it must begin with `arn:`".to_owned());
    }
    if !PARTITIONS.contains(partition) {
        return Err(format!("`{partition}` is not a partition: expected one of {}", PARTITIONS.join(", ")));
    }
    if *its_service != service {
        return Err(format!("it belongs to the service `{its_service}`, not to `{service}`"));
    }
    // IAM is one for all regions; everything else here lies in one.
    if (service == "iam") != region.is_empty() {
        return Err(if region.is_empty() { "it has no region" } else { "it must not have a region" }.to_owned());
    }
    if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("`{account}` is not an account id of twelve digits"));
    }
    if !its_resource.starts_with(resource) || its_resource.len() == resource.len() {
        return Err(format!("its last part must be `{resource}` followed by a name"));
    }
    Ok(())
}
