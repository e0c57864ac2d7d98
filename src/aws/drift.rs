//! CloudFormation's drift detection: starting it, and what it found.

use aws_sdk_cloudformation::types as cfn;
use serde_json::Value;

use super::answer::{Pages, Reader};
use super::clients::AwsCloud;
use super::operation::Operation;
use crate::cloud::{At, CloudError, Result};
use crate::model::drift::{Drifted, shown};
use crate::model::observed::DriftChecked;

impl AwsCloud {
    pub(super) async fn start_detection(&self, at: &At, stack_id: &str) -> Result<()> {
        let answer = self
            .call(at, Operation::DetectStackDrift, |clients| {
                clients.cloudformation.detect_stack_drift().stack_name(stack_id).send()
            })
            .await;
        match answer {
            // CloudFormation has no code of its own for it: "Drift detection is already in progress for stack …".
            Err(CloudError::Invalid { message, .. } | CloudError::Conflict { message, .. })
                if message.contains("already in progress") =>
            {
                Ok(())
            }
            answer => answer.map(drop),
        }
    }

    pub(super) async fn detected(&self, at: &At, stack_id: &str) -> Result<Vec<Drifted>> {
        let operation = Operation::DescribeStackResourceDrifts;
        let read = Reader(operation);
        let (mut found, mut pages) = (Vec::new(), Pages::of(operation));
        loop {
            let token = pages.token();
            let page = self
                .call(at, operation, |clients| {
                    let call = clients.cloudformation.describe_stack_resource_drifts().stack_name(stack_id);
                    let call = call
                        .stack_resource_drift_status_filters(cfn::StackResourceDriftStatus::Modified)
                        .stack_resource_drift_status_filters(cfn::StackResourceDriftStatus::Deleted);
                    call.set_next_token(token.clone()).send()
                })
                .await?;
            for resource in read.field("StackResourceDrifts", page.stack_resource_drifts)? {
                found.extend(drifted(read, &resource)?);
            }
            if !pages.turn(page.next_token.as_deref())? {
                return Ok(found);
            }
        }
    }
}

/// Where a resource differs from its template.
fn drifted(read: Reader, resource: &cfn::StackResourceDrift) -> Result<Vec<Drifted>> {
    let logical = read.text("LogicalResourceId", resource.logical_resource_id())?;
    let kind = read.text("ResourceType", resource.resource_type())?;
    let of = |path: &str, was: Option<String>, is: Option<String>| Drifted {
        resource: logical.clone(),
        kind: kind.clone(),
        path: path.strip_prefix('/').unwrap_or(path).to_owned(),
        was,
        is,
    };
    let status = resource.stack_resource_drift_status().map(|status| status.as_str());
    match read.word("StackResourceDriftStatus", status)? {
        "DELETED" => Ok(vec![of("", resource.physical_resource_id().map(str::to_owned), None)]),
        "MODIFIED" => resource
            .property_differences()
            .iter()
            .map(|one| {
                let path = read.text("PropertyPath", one.property_path())?;
                Ok(of(&path, value(one.expected_value()), value(one.actual_value())))
            })
            .collect(),
        other => Err(read.wrong(format!("asked for what differs, got a resource that is {other}"))),
    }
}

/// AWS writes `null` for a property that is not there.
fn value(text: Option<&str>) -> Option<String> {
    text.filter(|text| *text != "null").map(|text| shown(&Value::from(text)))
}

/// What the listing tells of the last detection. CloudFormation forgets it (`NOT_CHECKED`) when the stack is updated.
pub(super) fn checked(read: Reader, drift: Option<&cfn::StackDriftInformation>) -> Result<Option<DriftChecked>> {
    let Some(drift) = drift else { return Ok(None) };
    let drifted = match drift.stack_drift_status().map(|status| status.as_str()) {
        Some("DRIFTED") => true,
        Some("IN_SYNC") => false,
        _ => return Ok(None),
    };
    let Some(at) = drift.last_check_timestamp() else { return Ok(None) };
    let at = read.time("DriftInformation.LastCheckTimestamp", Some(at))?;
    Ok(Some(DriftChecked { drifted, at }))
}
