//! What CloudFormation found wrong before it changed anything: its validation, and Hooks.
//!
//! Only DescribeEvents tells that. What goes on during an operation is read from DescribeStackEvents (`observe`), which has the
//! tokens, the resources and the Hooks of an operation, and whose order and paging are known: the end of an operation is judged by it.

use aws_sdk_cloudformation::types as cfn;

use super::answer::{Pages, Reader, said};
use super::clients::AwsCloud;
use super::operation::Operation;
use crate::cloud::{At, Finding, Result};

impl AwsCloud {
    pub(super) async fn found_wrong(&self, at: &At, change_set: &str) -> Result<Vec<Finding>> {
        let operation = Operation::DescribeEvents;
        let failed = cfn::EventFilter::builder().failed_events(true).build();
        let (mut found, mut pages) = (Vec::new(), Pages::of(operation));
        loop {
            let token = pages.token();
            let page = self
                .call(at, operation, |clients| {
                    let call = clients.cloudformation.describe_events().change_set_name(change_set);
                    call.filters(failed.clone()).set_next_token(token.clone()).send()
                })
                .await?;
            let events = Reader(operation).field("OperationEvents", page.operation_events)?;
            found.extend(events.iter().filter_map(finding));
            if !pages.turn(page.next_token.as_deref())? {
                return Ok(found);
            }
        }
    }
}

/// What an event says was found; none for an event of another type, which AWS may add.
fn finding(event: &cfn::OperationEvent) -> Option<Finding> {
    let warns = |mode: Option<&cfn::HookFailureMode>| mode.is_some_and(|mode| mode.as_str() == "WARN");
    let (path, reason, warns) = match event.event_type()?.as_str() {
        "VALIDATION_ERROR" => (
            event.validation_path().unwrap_or_default(),
            event.validation_status_reason(),
            warns(event.validation_failure_mode()),
        ),
        "HOOK_INVOCATION_ERROR" => ("", event.hook_status_reason(), warns(event.hook_failure_mode())),
        _ => return None,
    };
    Some(Finding {
        resource: said(event.logical_resource_id().unwrap_or_default()),
        path: said(path),
        reason: said(reason.unwrap_or("AWS gives no reason")),
        fails: !warns,
    })
}
