//! Reading stacks: DescribeStacks, change sets, events, resources.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_cloudformation::types as cfn;
use serde_json::Value;

use super::answer::{Pages, Reader, said};
use super::clients::AwsCloud;
use super::drift::checked;
use super::operation::Operation;
use crate::cloud::{
    At, ChangeSetSeen, ChangeSetStatus, CloudError, ClusterSeen, Execution, Finding, Identity, LogStream, Observe,
    PropertyChange, ResourceChange, Result, ServiceSeen, StackEvent, StackResource, StoppedTask, TaskSeen, WhichTask,
    said_by_hook,
};
use crate::model::drift::{Drifted, ServiceSettings};
use crate::model::journal::{Effect, ExpectedChange, Fate};
use crate::model::{BucketName, StackName, StackSeen, StackStatus};

/// How many operations of others may lie above ours before we stop looking for it: a cancellation, and whoever came after.
const OPERATIONS_ABOVE: usize = 4;

#[async_trait]
impl Observe for AwsCloud {
    async fn identity(&self, at: &At) -> Result<Identity> {
        let clients = self.clients(at, Operation::GetCallerIdentity).await?;
        self.ask_identity(at, &clients).await
    }

    async fn stacks(&self, at: &At) -> Result<Vec<StackSeen>> {
        let operation = Operation::DescribeStacks;
        let (mut stacks, mut pages) = (Vec::new(), Pages::of(operation));
        loop {
            let token = pages.token();
            let page = self
                .call(at, operation, |clients| {
                    clients.cloudformation.describe_stacks().set_next_token(token.clone()).send()
                })
                .await?;
            let nested = |stack: &cfn::Stack| stack.parent_id().is_some();
            for stack in Reader(operation).field("Stacks", page.stacks)?.into_iter().filter(|stack| !nested(stack)) {
                stacks.push(stack_seen(Reader(operation), &stack)?);
            }
            if !pages.turn(page.next_token.as_deref())? {
                stacks.retain(|stack| stack.status != StackStatus::DeleteComplete);
                return Ok(stacks);
            }
        }
    }

    async fn stack(&self, at: &At, name_or_id: &str) -> Result<Option<StackSeen>> {
        let operation = Operation::DescribeStacks;
        let answer = self
            .call(at, operation, |clients| clients.cloudformation.describe_stacks().stack_name(name_or_id).send())
            .await;
        let Some(answer) = found(answer)? else { return Ok(None) };
        let read = Reader(operation);
        let stack = read.only("Stacks", answer.stacks)?;
        stack_seen(read, &stack).map(Some)
    }

    async fn template(&self, at: &At, stack: &StackName) -> Result<Option<String>> {
        let operation = Operation::GetTemplate;
        let answer = self
            .call(at, operation, |clients| {
                let call = clients.cloudformation.get_template().stack_name(stack.as_str());
                call.template_stage(cfn::TemplateStage::Original).send()
            })
            .await;
        let Some(answer) = found(answer)? else { return Ok(None) };
        Reader(operation).field("TemplateBody", answer.template_body).map(Some)
    }

    async fn change_set(&self, at: &At, stack: &str, name: &str) -> Result<Option<ChangeSetSeen>> {
        let operation = Operation::DescribeChangeSet;
        let read = Reader(operation);
        let mut pages = Pages::of(operation);
        let mut seen: Option<ChangeSetSeen> = None;
        loop {
            let token = pages.token();
            let page = self
                .call(at, operation, |clients| {
                    let call = clients.cloudformation.describe_change_set().stack_name(stack).change_set_name(name);
                    call.include_property_values(true).set_next_token(token.clone()).send()
                })
                .await;
            let Some(page) = found(page)? else { return Ok(None) };
            let changes = changes(read, page.changes())?;
            let more = pages.turn(page.next_token())?;
            match &mut seen {
                None => seen = Some(ChangeSetSeen { changes, ..change_set_head(read, &page)? }),
                Some(seen) => seen.changes.extend(changes),
            }
            if !more {
                return Ok(seen);
            }
        }
    }

    async fn findings(&self, at: &At, change_set: &str) -> Result<Vec<Finding>> {
        self.found_wrong(at, change_set).await
    }

    async fn events(&self, at: &At, stack_id: &str, token: &str) -> Result<Vec<StackEvent>> {
        let mut pages = Pages::of(Operation::DescribeStackEvents);
        let mut window = EventWindow::new(token);
        loop {
            let (events, next) = self.event_page(at, stack_id, pages.token()).await?;
            for event in events {
                if !window.take(event) {
                    return Ok(window.events());
                }
            }
            if !pages.turn(next.as_deref())? {
                return Ok(window.events());
            }
        }
    }

    async fn last_token(&self, at: &At, stack_id: &str) -> Result<Option<Arc<str>>> {
        let (events, _) = self.event_page(at, stack_id, None).await?;
        Ok(events.into_iter().next().and_then(|event| event.token))
    }

    async fn resources(&self, at: &At, stack_id: &str) -> Result<Vec<StackResource>> {
        let operation = Operation::ListStackResources;
        let read = Reader(operation);
        let (mut resources, mut pages) = (Vec::new(), Pages::of(operation));
        loop {
            let token = pages.token();
            let page = self
                .call(at, operation, |clients| {
                    let call = clients.cloudformation.list_stack_resources().stack_name(stack_id);
                    call.set_next_token(token.clone()).send()
                })
                .await?;
            for resource in read.field("StackResourceSummaries", page.stack_resource_summaries)? {
                resources.push(stack_resource(read, &resource)?);
            }
            if !pages.turn(page.next_token.as_deref())? {
                return Ok(resources);
            }
        }
    }

    async fn service(&self, at: &At, arn: &str) -> Result<Option<ServiceSeen>> {
        self.service_seen(at, arn).await
    }

    async fn stopped_tasks(&self, at: &At, service: &ServiceSeen) -> Result<Vec<StoppedTask>> {
        self.tasks_that_stopped(at, service).await
    }

    async fn task(&self, at: &At, cluster: &str, which: &WhichTask) -> Result<Option<TaskSeen>> {
        self.task_seen(at, cluster, which).await
    }

    async fn log_lines(&self, at: &At, stream: &LogStream, last: usize) -> Result<Vec<String>> {
        self.last_events(at, stream, last).await
    }

    async fn settings(&self, at: &At, arns: &[Arc<str>]) -> Result<BTreeMap<Arc<str>, ServiceSettings>> {
        self.settings_seen(at, arns).await
    }

    async fn task_definition(&self, at: &At, arn: &str) -> Result<Option<Value>> {
        self.definition_seen(at, arn).await
    }

    async fn detect_drift(&self, at: &At, stack_id: &str) -> Result<()> {
        self.start_detection(at, stack_id).await
    }

    async fn drift(&self, at: &At, stack_id: &str) -> Result<Vec<Drifted>> {
        self.detected(at, stack_id).await
    }

    async fn cluster(&self, at: &At, name: &str) -> Result<Option<ClusterSeen>> {
        self.cluster_seen(at, name).await
    }

    async fn bucket(&self, at: &At, name: &BucketName) -> Result<bool> {
        self.bucket_seen(at, name).await
    }
}

impl AwsCloud {
    async fn event_page(
        &self,
        at: &At,
        stack_id: &str,
        token: Option<String>,
    ) -> Result<(Vec<StackEvent>, Option<String>)> {
        let operation = Operation::DescribeStackEvents;
        let read = Reader(operation);
        let page = self
            .call(at, operation, |clients| {
                let call = clients.cloudformation.describe_stack_events().stack_name(stack_id);
                call.set_next_token(token.clone()).send()
            })
            .await?;
        let events = read.field("StackEvents", page.stack_events)?;
        let events = events.iter().map(|event| stack_event(read, event)).collect::<Result<_>>()?;
        Ok((events, page.next_token))
    }
}

/// Finds where an operation begins in a history that is read backwards.
struct EventWindow<'a> {
    token: &'a str,
    events: Vec<StackEvent>,
    ours: bool,
    above: usize,
    previous: Option<Arc<str>>,
}

impl<'a> EventWindow<'a> {
    fn new(token: &'a str) -> Self {
        Self { token, events: Vec::new(), ours: false, above: 0, previous: None }
    }

    /// Takes the next older event; whether still older ones matter.
    fn take(&mut self, event: StackEvent) -> bool {
        if event.token.as_deref() == Some(self.token) {
            self.ours = true;
        } else if self.ours {
            return false;
        } else if self.above == 0 || event.token != self.previous {
            self.above += 1;
            self.previous = event.token.clone();
        }
        self.events.push(event);
        self.ours || self.above <= OPERATIONS_ABOVE
    }

    /// The events since the operation's beginning; none if the operation has none yet.
    fn events(self) -> Vec<StackEvent> {
        if self.ours { self.events } else { Vec::new() }
    }
}

/// Turns "it does not exist" into none.
pub(super) fn found<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(CloudError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn stack_seen(read: Reader, stack: &cfn::Stack) -> Result<StackSeen> {
    let status = read.word("StackStatus", stack.stack_status().map(|status| status.as_str()))?;
    let status =
        StackStatus::parse(status).ok_or_else(|| read.wrong(format!("landfall does not know the status {status}")))?;
    Ok(StackSeen {
        name: StackName::seen(&read.text("StackName", stack.stack_name())?),
        id: read.text("StackId", stack.stack_id())?,
        status,
        reason: stack.stack_status_reason().map(said),
        description: stack.description().map(str::to_owned),
        tags: pairs(stack.tags().iter().map(|tag| (tag.key(), tag.value()))),
        outputs: pairs(stack.outputs().iter().map(|output| (output.output_key(), output.output_value()))),
        parameters: pairs(stack.parameters().iter().map(|one| (one.parameter_key(), one.parameter_value()))),
        created: read.time("CreationTime", stack.creation_time())?,
        updated: stack.last_updated_time().map(|time| read.time("LastUpdatedTime", Some(time))).transpose()?,
        protected: stack.enable_termination_protection().unwrap_or(false),
        drift: checked(read, stack.drift_information())?,
    })
}

fn pairs<'a>(pairs: impl Iterator<Item = (Option<&'a str>, Option<&'a str>)>) -> BTreeMap<String, String> {
    pairs.filter_map(|(key, value)| Some((key?.to_owned(), value.unwrap_or("").to_owned()))).collect()
}

fn change_set_head(
    read: Reader,
    page: &aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput,
) -> Result<ChangeSetSeen> {
    let status = match read.word("Status", page.status().map(|status| status.as_str()))? {
        "CREATE_PENDING" | "CREATE_IN_PROGRESS" => ChangeSetStatus::Creating,
        "CREATE_COMPLETE" => ChangeSetStatus::Complete,
        "FAILED" | "DELETE_FAILED" => ChangeSetStatus::Failed,
        "DELETE_PENDING" | "DELETE_IN_PROGRESS" | "DELETE_COMPLETE" => ChangeSetStatus::Deleted,
        other => return Err(read.wrong(format!("landfall does not know the status {other}"))),
    };
    let execution = match read.word("ExecutionStatus", page.execution_status().map(|status| status.as_str()))? {
        "UNAVAILABLE" => Execution::Unavailable,
        "AVAILABLE" => Execution::Available,
        "EXECUTE_IN_PROGRESS" => Execution::InProgress,
        "EXECUTE_COMPLETE" => Execution::Complete,
        "EXECUTE_FAILED" => Execution::Failed,
        "OBSOLETE" => Execution::Obsolete,
        other => return Err(read.wrong(format!("landfall does not know the execution status {other}"))),
    };
    Ok(ChangeSetSeen {
        name: read.text("ChangeSetName", page.change_set_name())?,
        id: read.text("ChangeSetId", page.change_set_id())?,
        stack_id: read.text("StackId", page.stack_id())?,
        status,
        execution,
        reason: page.status_reason().map(said),
        changes: Vec::new(),
    })
}

/// The rows about resources; a change set may also have rows of other types, which AWS may add.
fn changes(read: Reader, rows: &[cfn::Change]) -> Result<Vec<ResourceChange>> {
    rows.iter().filter_map(cfn::Change::resource_change).map(|row| resource_change(read, row)).collect()
}

fn resource_change(read: Reader, row: &cfn::ResourceChange) -> Result<ResourceChange> {
    let change = ExpectedChange {
        resource: read.text("LogicalResourceId", row.logical_resource_id())?,
        kind: read.text("ResourceType", row.resource_type())?,
        effect: effect(read, row)?,
        fate: row.policy_action().and_then(|policy| match policy.as_str() {
            "Delete" | "ReplaceAndDelete" => Some(Fate::Deleted),
            "Snapshot" | "ReplaceAndSnapshot" => Some(Fate::Snapshot),
            "Retain" | "ReplaceAndRetain" => Some(Fate::Kept),
            _ => None,
        }),
    };
    Ok(ResourceChange { change, causes: row.details().iter().filter_map(property_change).collect() })
}

/// A modification that does not say whether it replaces may replace.
fn effect(read: Reader, row: &cfn::ResourceChange) -> Result<Effect> {
    let replacement = row.replacement().map(cfn::Replacement::as_str);
    match read.word("Action", row.action().map(|action| action.as_str()))? {
        "Add" | "Import" => Ok(Effect::Add),
        "Remove" => Ok(Effect::Remove),
        "SyncWithActual" => Ok(Effect::Modify),
        "Dynamic" => Ok(Effect::MayReplace),
        "Modify" => Ok(match replacement {
            Some("True") => Effect::Replace,
            Some("False") => Effect::Modify,
            _ => Effect::MayReplace,
        }),
        other => Err(read.wrong(format!("landfall does not know the action {other}"))),
    }
}

/// Named by the property, or by the attribute where it is another one than `Properties`.
fn property_change(detail: &cfn::ResourceChangeDetail) -> Option<PropertyChange> {
    let target = detail.target()?;
    let attribute = target.attribute()?.as_str();
    let name = match target.name() {
        Some(name) if attribute == "Properties" => name.to_owned(),
        Some(name) => format!("{attribute}.{name}"),
        None => attribute.to_owned(),
    };
    Some(PropertyChange {
        name,
        recreates: target.requires_recreation().map_or("Never", |word| word.as_str()).to_owned(),
        certain: detail.evaluation().is_none_or(|word| word.as_str() == "Static"),
        before: target.before_value().map(str::to_owned),
        after: target.after_value().map(str::to_owned),
    })
}

fn stack_event(read: Reader, event: &cfn::StackEvent) -> Result<StackEvent> {
    // An event of a Hook has no resource status of its own. One that only warns is no failure.
    let hook = event.hook_status().map(|status| status.as_str()).filter(|status| status.ends_with("_FAILED"));
    let fails = event.hook_failure_mode().is_some_and(|mode| mode.as_str() == "FAIL");
    let (status, reason) = match hook.filter(|_| fails) {
        Some(status) => {
            let words = said_by_hook(event.hook_type().unwrap_or_default(), event.hook_status_reason());
            (status.to_owned(), Some(said(&words)))
        }
        None => (
            event.resource_status().map_or("", |status| status.as_str()).to_owned(),
            event.resource_status_reason().filter(|text| !text.is_empty()).map(said),
        ),
    };
    Ok(StackEvent {
        id: read.text("EventId", event.event_id())?,
        at: read.time("Timestamp", event.timestamp())?,
        resource: event.logical_resource_id().unwrap_or("").to_owned(),
        physical_id: event.physical_resource_id().filter(|id| !id.is_empty()).map(str::to_owned),
        kind: event.resource_type().unwrap_or("").to_owned(),
        status,
        reason,
        token: event.client_request_token().filter(|text| !text.is_empty()).map(Arc::from),
    })
}

fn stack_resource(read: Reader, resource: &cfn::StackResourceSummary) -> Result<StackResource> {
    Ok(StackResource {
        logical_id: read.text("LogicalResourceId", resource.logical_resource_id())?.to_string(),
        physical_id: resource.physical_resource_id().filter(|id| !id.is_empty()).map(str::to_owned),
        kind: read.text("ResourceType", resource.resource_type())?.to_string(),
        status: read.word("ResourceStatus", resource.resource_status().map(|status| status.as_str()))?.to_owned(),
    })
}
