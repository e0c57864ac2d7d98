//! landfall's port on a simulated account, in process: every future is ready at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde_json::Value;

use super::error::{Answer, ApiError};
use super::seen::{change_set, container_ends, event, finding, not_placed, one_task, seen, service};
use super::settings;
use super::world::capacity::Capacity;
use super::world::ecs::TaskState;
use super::world::stack::Event;
use super::world::tasks::{Ran, RunTaskInput};
use super::world::template::check_inline;
use super::world::{self, Delivered, StackInput, World};
use crate::cloud::{
    At, Came, Change, ChangeSetRequest, ChangeSetSeen, CloudError, ClusterSeen, Fault, Finding, HookAnswer, Identity,
    LogStream, Observe, Result, RunTaskRequest, ServiceSeen, StackEvent, StackResource, StoppedTask, TaskSeen,
    TemplateObject, TemplateSource, WhichTask, sort,
};
use crate::model::drift::{Drifted, ServiceSettings};
use crate::model::{BucketName, Place, StackName, StackSeen};

/// The port on a simulated account that lives in the same process.
///
/// The account and region are those of the call; a role may do everything there. The owner of the world turns the clock.
#[derive(Clone, Debug)]
pub struct SimCloud {
    world: Arc<Mutex<World>>,
}

impl SimCloud {
    /// The port on this world.
    pub fn new(world: Arc<Mutex<World>>) -> Self {
        Self { world }
    }

    /// The world, to turn its clock, queue faults and read its ledger.
    pub fn world(&self) -> MutexGuard<'_, World> {
        // A poisoned lock means that a test thread failed; the world itself has no half-done states to protect.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call as the wire would make it: faults and budgets first.
    fn call<T>(&self, at: &At, operation: &'static str, act: impl FnMut(&mut World, &Place) -> Answer<T>) -> Result<T> {
        self.calls(at, [operation], act)
    }

    /// A method for which the wire makes several calls, in this order. The answer is what the last one shows; a stale one of
    /// them makes it stale.
    fn calls<T, const N: usize>(
        &self,
        at: &At,
        operations: [&'static str; N],
        mut act: impl FnMut(&mut World, &Place) -> Answer<T>,
    ) -> Result<T> {
        let mut world = self.world();
        let (mut answer, mut old) = (None, None);
        for operation in operations {
            let delivered = world.carry_out(&at.place, operation, |world| act(world, &at.place));
            match delivered.map_err(|error| translate(operation, error))? {
                Delivered::Answer(told) => answer = Some(told),
                Delivered::Old(told) => old = Some(told),
                // Where the answer has no body that anybody reads, its status is all of it.
                Delivered::Garbled(told) if is_bodiless(operation) => answer = Some(told),
                Delivered::Garbled(_) | Delivered::Broken(_) => {
                    let message = "the connection was closed before an answer came".to_owned();
                    return Err(sort(Fault { operation, came: Came::Nothing, message }));
                }
            }
        }
        let missing = || CloudError::Invalid { operation: "nothing", message: "no call was made".to_owned() };
        old.or(answer).ok_or_else(missing)
    }

    /// A read of something that may not be there.
    fn find<T>(
        &self,
        at: &At,
        operation: &'static str,
        act: impl FnMut(&mut World, &Place) -> Answer<T>,
    ) -> Result<Option<T>> {
        match self.call(at, operation, act) {
            Ok(found) => Ok(Some(found)),
            Err(CloudError::NotFound { .. }) => Ok(None),
            Err(other) => Err(other),
        }
    }
}

/// Whether all that is read of an operation's answer is its status.
fn is_bodiless(operation: &str) -> bool {
    matches!(
        operation,
        "ExecuteChangeSet"
            | "DeleteChangeSet"
            | "DeleteStack"
            | "CancelUpdateStack"
            | "ContinueUpdateRollback"
            | "HeadBucket"
            | "PutObject"
            | "DetectStackDrift"
    )
}

/// The account's error in the words of the port.
fn translate(operation: &'static str, error: ApiError) -> CloudError {
    let ApiError { code, message, status } = error;
    let said = message.clone();
    // An answer to HEAD has no body that could have a code; a bucket that does not exist has a status of its own.
    let came = match code {
        "NoSuchBucket" => Came::Error { status, code, said: &said },
        _ if operation == "HeadBucket" => Came::Status(status),
        _ => Came::Error { status, code, said: &said },
    };
    sort(Fault { operation, came, message })
}

fn no_stack(name: &str) -> ApiError {
    ApiError::validation(format!("Stack [{name}] does not exist"))
}

#[async_trait]
impl Observe for SimCloud {
    async fn identity(&self, at: &At) -> Result<Identity> {
        self.call(at, "GetCallerIdentity", |_, place| {
            let session = at.access.role.as_deref().and_then(|role| role.rsplit('/').next());
            let arn = match session {
                Some(role) => format!("arn:aws:sts::{}:assumed-role/{role}/landfall", place.account),
                None => format!("arn:aws:iam::{}:user/simulated", place.account),
            };
            Ok(Identity { account: place.account.clone(), arn: arn.into() })
        })
    }

    async fn stacks(&self, at: &At) -> Result<Vec<StackSeen>> {
        self.call(at, "DescribeStacks", |world, place| {
            Ok(world.describe_stacks(place).into_iter().filter(|stack| stack.nest.is_none()).map(seen).collect())
        })
    }

    async fn stack(&self, at: &At, name_or_id: &str) -> Result<Option<StackSeen>> {
        self.find(at, "DescribeStacks", |world, place| world.describe_stack(place, name_or_id).map(seen))
    }

    async fn template(&self, at: &At, stack: &StackName) -> Result<Option<String>> {
        self.find(at, "GetTemplate", |world, place| world.template(place, stack.as_str()).map(|body| body.to_string()))
    }

    async fn change_set(&self, at: &At, stack: &str, name: &str) -> Result<Option<ChangeSetSeen>> {
        self.find(at, "DescribeChangeSet", |world, place| {
            world.describe_change_set(place, Some(stack), name).map(|(stack, set)| change_set(set, &stack.id))
        })
    }

    async fn findings(&self, at: &At, change_set: &str) -> Result<Vec<Finding>> {
        self.call(at, "DescribeEvents", |world, place| {
            let (stack, set) = world.describe_change_set(place, None, change_set)?;
            let own = |event: &&Event| event.operation.as_deref() == Some(&*set.operation());
            Ok(stack.events.iter().chain(&stack.findings).filter(own).filter_map(finding).collect())
        })
    }

    async fn events(&self, at: &At, stack_id: &str, token: &str) -> Result<Vec<StackEvent>> {
        self.call(at, "DescribeStackEvents", |world, place| {
            let stack = world.find_stack(place, stack_id).ok_or_else(|| no_stack(stack_id))?;
            let first = stack.events.iter().position(|event| event.token.as_deref() == Some(token));
            let own = first.map(|first| stack.events.iter().skip(first).rev().map(event).collect());
            Ok(own.unwrap_or_default())
        })
    }

    async fn last_token(&self, at: &At, stack_id: &str) -> Result<Option<Arc<str>>> {
        self.call(at, "DescribeStackEvents", |world, place| {
            let stack = world.find_stack(place, stack_id).ok_or_else(|| no_stack(stack_id))?;
            Ok(stack.events.last().and_then(|event| event.token.clone()))
        })
    }

    async fn resources(&self, at: &At, stack_id: &str) -> Result<Vec<StackResource>> {
        self.call(at, "ListStackResources", |world, place| {
            let stack = world.find_stack(place, stack_id).ok_or_else(|| no_stack(stack_id))?;
            let resources = stack.resources.values().map(|resource| StackResource {
                logical_id: resource.logical.clone(),
                physical_id: resource.physical_id.clone(),
                kind: resource.kind.clone(),
                status: resource.status.clone(),
            });
            Ok(resources.collect())
        })
    }

    async fn service(&self, at: &At, arn: &str) -> Result<Option<ServiceSeen>> {
        const CALLS: [&str; 4] =
            ["DescribeServices", "ListServiceDeployments", "DescribeServiceDeployments", "DescribeServiceRevisions"];
        self.calls(at, CALLS, |world, place| {
            let found = world.services(place).find(|service| service.arn == arn && service.status == "ACTIVE");
            Ok(found.map(service))
        })
    }

    async fn stopped_tasks(&self, at: &At, service: &ServiceSeen) -> Result<Vec<StoppedTask>> {
        self.calls(at, ["ListTasks", "DescribeTasks"], |world, place| {
            let found = world.services(place).find(|known| *known.arn == *service.arn);
            let stopped = found.into_iter().flat_map(|service| &service.tasks).filter_map(|task| {
                let TaskState::Stopped(end) = &task.state else { return None };
                Some(StoppedTask {
                    arn: task.arn.as_str().into(),
                    task_definition: task.task_definition.as_str().into(),
                    code: end.code.to_owned(),
                    reason: end.reason.clone(),
                    containers: container_ends(&end.containers),
                    created: task.created,
                    at: end.at,
                })
            });
            Ok(stopped.collect())
        })
    }

    async fn task(&self, at: &At, _cluster: &str, which: &WhichTask) -> Result<Option<TaskSeen>> {
        match which {
            WhichTask::Arn(arn) => {
                self.call(at, "DescribeTasks", |world, place| Ok(world.find_one_task(place, arn).map(one_task)))
            }
            WhichTask::StartedBy { token, .. } => self.calls(at, ["ListTasks", "DescribeTasks"], |world, place| {
                let found = world.one_tasks(place).find(|task| task.started_by.as_deref() == Some(&**token));
                Ok(found.map(one_task))
            }),
        }
    }

    async fn log_lines(&self, at: &At, stream: &LogStream, last: usize) -> Result<Vec<String>> {
        let lines = self.find(at, "GetLogEvents", |world, place| {
            world.log_events(place, &stream.group, &stream.stream, last, false)
        })?;
        Ok(lines.unwrap_or_default().into_iter().map(|(_, line)| line).collect())
    }

    async fn settings(&self, at: &At, arns: &[Arc<str>]) -> Result<BTreeMap<Arc<str>, ServiceSettings>> {
        let mut clusters: BTreeMap<&str, Vec<&Arc<str>>> = BTreeMap::new();
        for arn in arns {
            clusters.entry(arn.rsplit_once('/').map_or("", |(cluster, _)| cluster)).or_default().push(arn);
        }
        let mut all = BTreeMap::new();
        for arns in clusters.values().flat_map(|arns| arns.chunks(10)) {
            all.extend(self.call(at, "DescribeServices", |world, place| {
                let mut found = Vec::new();
                for arn in arns {
                    let known = world.services(place).find(|service| service.arn == ***arn);
                    let known = known.filter(|service| service.status == "ACTIVE");
                    found.extend(known.map(|service| (Arc::clone(arn), settings::settings(service))));
                }
                Ok(found)
            })?);
        }
        Ok(all)
    }

    async fn task_definition(&self, at: &At, arn: &str) -> Result<Option<Value>> {
        self.call(at, "DescribeTaskDefinition", |world, place| {
            Ok(world.find_task_definition(place, arn).map(settings::task_definition))
        })
    }

    async fn detect_drift(&self, at: &At, stack_id: &str) -> Result<()> {
        let asked = self.call(at, "DetectStackDrift", |world, place| world.detect_drift(place, stack_id, &[]));
        match asked {
            Err(CloudError::Invalid { message, .. }) if message.contains("already in progress") => Ok(()),
            asked => asked.map(drop),
        }
    }

    async fn drift(&self, at: &At, stack_id: &str) -> Result<Vec<Drifted>> {
        self.call(at, "DescribeStackResourceDrifts", |world, place| {
            let stack = world.find_stack(place, stack_id).ok_or_else(|| no_stack(stack_id))?;
            let differ = stack.drift.resources.values().filter(|drift| drift.status != "IN_SYNC");
            Ok(differ.flat_map(settings::drifted).collect())
        })
    }

    async fn cluster(&self, at: &At, name: &str) -> Result<Option<ClusterSeen>> {
        self.call(at, "DescribeClusters", |world, place| {
            Ok(world.describe_cluster(place, name).map(|cluster| ClusterSeen {
                arn: cluster.arn.as_str().into(),
                status: if cluster.active { "ACTIVE" } else { "INACTIVE" }.to_owned(),
            }))
        })
    }

    async fn bucket(&self, at: &At, name: &BucketName) -> Result<bool> {
        let owner = at.place.account.as_str();
        let found = self.find(at, "HeadBucket", |world, place| world.head_bucket(place, name.as_str(), Some(owner)))?;
        Ok(found.is_some())
    }
}

#[async_trait]
impl Change for SimCloud {
    async fn put_template(&self, at: &At, object: &TemplateObject, body: &str) -> Result<()> {
        let owner = at.place.account.as_str();
        let put = self.call(at, "PutObject", |world, place| {
            world.put_object(place, object.bucket.as_str(), &object.key, body.as_bytes(), Some(owner))
        });
        put.map_err(|error| object.not_put(at, error))
    }

    async fn create_change_set(&self, at: &At, request: &ChangeSetRequest) -> Result<()> {
        let mut input = world::ChangeSetInput {
            name: request.name.to_string(),
            kind: if request.create { "CREATE" } else { "UPDATE" }.to_owned(),
            stack: StackInput {
                name: request.stack.as_str().to_owned(),
                template: None,
                parameters: request.parameters.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect(),
                tags: Some(request.tags.clone()),
                capabilities: request.capabilities.iter().map(ToString::to_string).collect(),
                role: None,
                notifications: None,
                monitoring: None,
                token: Some(request.token.to_string()),
                skips_validation: false,
            },
            description: None,
            on_failure: None,
            reverts: request.reverts,
            nested: false,
            imports: world::Imports::default(),
        };
        let answer = self.call(at, "CreateChangeSet", |world, place| {
            input.stack.template = Some(match &request.template {
                TemplateSource::Body(body) => {
                    check_inline(body)?;
                    body.to_string()
                }
                TemplateSource::Object(object) => world.template_at(place, &object.url(&place.region, None), None)?,
            });
            world.create_change_set(place, &input).map(|_| ())
        });
        match &request.template {
            TemplateSource::Body(_) => answer,
            TemplateSource::Object(object) => answer.map_err(|error| object.not_read(error)),
        }
    }

    async fn execute_change_set(&self, at: &At, stack: &StackName, name: &str, token: &str) -> Result<()> {
        self.call(at, "ExecuteChangeSet", |world, place| {
            world.execute_change_set(place, Some(stack.as_str()), name, None, &Some(token.to_owned()))
        })
    }

    async fn delete_change_set(&self, at: &At, stack: &StackName, name: &str) -> Result<()> {
        self.call(at, "DeleteChangeSet", |world, place| world.delete_change_set(place, Some(stack.as_str()), name))
    }

    async fn delete_stack(&self, at: &At, stack_id: &str, token: &str) -> Result<()> {
        self.call(at, "DeleteStack", |world, place| {
            world.delete_stack(place, stack_id, &[], false, &Some(token.to_owned()))
        })
    }

    async fn cancel_update(&self, at: &At, stack: &StackName, token: &str) -> Result<()> {
        self.call(at, "CancelUpdateStack", |world, place| {
            world.cancel_update_stack(place, stack.as_str(), &Some(token.to_owned()))
        })
    }

    async fn continue_rollback(&self, at: &At, stack: &StackName, skip: &[Arc<str>], token: &str) -> Result<()> {
        let skip: Vec<String> = skip.iter().map(ToString::to_string).collect();
        self.call(at, "ContinueUpdateRollback", |world, place| {
            world.continue_update_rollback(place, stack.as_str(), &skip, &Some(token.to_owned()))
        })
    }

    async fn rollback_stack(&self, at: &At, stack: &StackName, token: &str) -> Result<()> {
        self.call(at, "RollbackStack", |world, place| {
            world.rollback_stack(place, stack.as_str(), &Some(token.to_owned())).map(|_| ())
        })
    }

    async fn set_protection(&self, at: &At, stack: &StackName, on: bool) -> Result<()> {
        self.call(at, "UpdateTerminationProtection", |world, place| {
            world.set_protection(place, stack.as_str(), on).map(|_| ())
        })
    }

    async fn restore_service(&self, at: &At, arn: &str, settings: &ServiceSettings) -> Result<()> {
        self.call(at, "UpdateService", |world, place| {
            world.update_service(place, arn, settings::given(settings), false)
        })
    }

    async fn continue_service_deployment(
        &self,
        at: &At,
        deployment: &str,
        hook: &str,
        answer: HookAnswer,
    ) -> Result<()> {
        self.call(at, "ContinueServiceDeployment", |world, place| {
            world.continue_service_deployment(place, deployment, hook, answer == HookAnswer::Continue)
        })
    }

    async fn run_task(&self, at: &At, request: &RunTaskRequest) -> Result<Arc<str>> {
        let input = RunTaskInput {
            cluster: request.run.cluster.to_string(),
            definition: request.definition.to_string(),
            token: Some(request.token.to_string()),
            started_by: Some(request.token.to_string()),
            network: request.run.network.is_some(),
            on: Capacity::from(&request.run.on),
            request: format!("{} {}", request.definition, request.run.identity()),
            ..RunTaskInput::default()
        };
        match self.call(at, "RunTask", |world, place| world.try_task(place, &input))? {
            Ran::Task(task) => Ok(task.arn.as_str().into()),
            Ran::Unplaced(why) => Err(not_placed(&why)),
        }
    }

    async fn stop_task(&self, at: &At, _cluster: &str, task: &str, reason: &str) -> Result<()> {
        self.call(at, "StopTask", |world, place| match world.stop_task(place, task, Some(reason)) {
            Err(error) if error.message.contains("not found") => Ok(()),
            other => other.map(drop),
        })
    }
}
