//! Tasks that are run once, and the logs of containers.

use std::sync::Arc;

use aws_sdk_ecs::types as ecs;

use super::answer::{Pages, Reader, said};
use super::clients::AwsCloud;
use super::observe::found;
use super::operation::Operation;
use super::services::{TASKS_PER_CALL, is_missing};
use crate::cloud::{At, CloudError, LogStream, Result, RunTaskRequest, TaskEnd, TaskSeen, WhichTask, lacks_room};
use crate::model::TaskRun;
use crate::model::journal::ContainerEnd;
use crate::model::task::{RunsOn, TaskNetwork};

impl AwsCloud {
    pub(super) async fn task_seen(&self, at: &At, cluster: &str, which: &WhichTask) -> Result<Option<TaskSeen>> {
        match which {
            WhichTask::Arn(arn) => {
                let tasks = self.described(at, cluster, &[arn.to_string()]).await?;
                tasks.first().map(seen).transpose()
            }
            WhichTask::StartedBy { token, family } => {
                // Where `startedBy` filters, nothing else may: what has stopped is listed by family. \[doc: ListTasks\]
                let running = |call: ListTasks| call.started_by(token.as_ref());
                if let Some(task) = self.started_by(at, cluster, token, &running).await? {
                    return Ok(Some(task));
                }
                let stopped =
                    |call: ListTasks| call.family(family.as_ref()).desired_status(ecs::DesiredStatus::Stopped);
                self.started_by(at, cluster, token, &stopped).await
            }
        }
    }

    /// The first task of a listing that was started with the token.
    async fn started_by(
        &self,
        at: &At,
        cluster: &str,
        token: &str,
        filter: &(impl Fn(ListTasks) -> ListTasks + Send + Sync),
    ) -> Result<Option<TaskSeen>> {
        let operation = Operation::ListTasks;
        let mut pages = Pages::of(operation);
        loop {
            let next = pages.token();
            let answer = self
                .call(at, operation, |clients| {
                    filter(clients.ecs.list_tasks().cluster(cluster)).set_next_token(next.clone()).send()
                })
                .await;
            let Some(page) = found(answer)? else { return Ok(None) };
            let arns = Reader(operation).field("taskArns", page.task_arns)?;
            for arns in arns.chunks(TASKS_PER_CALL) {
                let tasks = self.described(at, cluster, arns).await?;
                if let Some(task) = tasks.iter().find(|task| task.started_by() == Some(token)) {
                    return seen(task).map(Some);
                }
            }
            if !pages.turn(page.next_token.as_deref())? {
                return Ok(None);
            }
        }
    }

    async fn described(&self, at: &At, cluster: &str, arns: &[String]) -> Result<Vec<ecs::Task>> {
        let operation = Operation::DescribeTasks;
        let answer = self
            .call(at, operation, |clients| {
                clients.ecs.describe_tasks().cluster(cluster).set_tasks(Some(arns.to_vec())).send()
            })
            .await;
        let Some(answer) = found(answer)? else { return Ok(Vec::new()) };
        let tasks = Reader(operation).field("tasks", answer.tasks)?;
        if tasks.is_empty() && !is_missing(answer.failures.as_deref().unwrap_or_default()) {
            return Err(Reader(operation).wrong("neither a task nor a failure"));
        }
        Ok(tasks)
    }

    pub(super) async fn run_one_task(&self, at: &At, request: &RunTaskRequest) -> Result<Arc<str>> {
        let operation = Operation::RunTask;
        let run = &request.run;
        let (launch, providers) = runs_on(&run.on, operation)?;
        let network = run.network.as_ref().map(|network| interface(network, operation)).transpose()?;
        let constraints = run.constraints.iter().map(|rule| {
            let call = ecs::PlacementConstraint::builder().r#type(rule.kind.as_ref().into());
            call.set_expression(rule.expression.as_deref().map(str::to_owned)).build()
        });
        let strategies = run.strategies.iter().map(|rule| {
            let call = ecs::PlacementStrategy::builder().r#type(rule.kind.as_ref().into());
            call.set_field(rule.field.as_deref().map(str::to_owned)).build()
        });
        let (constraints, strategies): (Vec<_>, Vec<_>) = (constraints.collect(), strategies.collect());
        let tags = tags(run);
        let answer = self
            .call(at, operation, |clients| {
                let call = clients.ecs.run_task().cluster(run.cluster.as_ref()).count(1);
                call.task_definition(request.definition.as_ref())
                    .client_token(request.token.as_ref())
                    .started_by(request.token.as_ref())
                    .set_launch_type(launch.clone())
                    .set_capacity_provider_strategy(some(&providers))
                    .set_platform_version(run.platform_version.as_deref().map(str::to_owned))
                    .set_network_configuration(network.clone())
                    .set_placement_constraints(some(&constraints))
                    .set_placement_strategy(some(&strategies))
                    .enable_execute_command(run.execute_command)
                    .enable_ecs_managed_tags(run.managed_tags)
                    .set_propagate_tags(run.propagate_tags.then_some(ecs::PropagateTags::TaskDefinition))
                    .set_tags(some(&tags))
                    .send()
            })
            .await?;
        if answer.tasks().is_empty() && !answer.failures().is_empty() {
            return Err(not_placed(answer.failures()));
        }
        let read = Reader(operation);
        let task = read.only("tasks", answer.tasks)?;
        read.text("taskArn", task.task_arn())
    }

    pub(super) async fn stop_one_task(&self, at: &At, cluster: &str, task: &str, reason: &str) -> Result<()> {
        let answer = self
            .call(at, Operation::StopTask, |clients| {
                clients.ecs.stop_task().cluster(cluster).task(task).reason(reason).send()
            })
            .await;
        match answer {
            // One that stopped more than an hour ago. \[reports: "The referenced task was not found."\]
            Err(CloudError::Invalid { message, .. }) if message.contains("not found") => Ok(()),
            other => found(other).map(drop),
        }
    }

    pub(super) async fn last_events(&self, at: &At, stream: &LogStream, last: usize) -> Result<Vec<String>> {
        let operation = Operation::GetLogEvents;
        let limit = i32::try_from(last).unwrap_or(i32::MAX);
        let answer = self
            .call(at, operation, |clients| {
                let call = clients.logs.get_log_events().log_group_name(stream.group.as_ref());
                call.log_stream_name(stream.stream.as_ref()).start_from_head(false).limit(limit).send()
            })
            .await;
        let Some(answer) = found(answer)? else { return Ok(Vec::new()) };
        let events = Reader(operation).field("events", answer.events)?;
        Ok(events.into_iter().filter_map(|event| event.message).collect())
    }
}

type ListTasks = aws_sdk_ecs::operation::list_tasks::builders::ListTasksFluentBuilder;

/// A list, or nothing where it is empty: an empty list is not the same as none to ECS.
fn some<T: Clone>(list: &[T]) -> Option<Vec<T>> {
    (!list.is_empty()).then(|| list.to_vec())
}

fn seen(task: &ecs::Task) -> Result<TaskSeen> {
    let read = Reader(Operation::DescribeTasks);
    let status = read.text("lastStatus", task.last_status())?;
    let end = (&*status == "STOPPED").then(|| {
        let containers = task.containers().iter().map(|container| ContainerEnd {
            name: container.name().unwrap_or("").to_owned(),
            exit_code: container.exit_code(),
            reason: container.reason().map(said),
        });
        Ok(TaskEnd {
            code: task.stop_code().map_or("", |code| code.as_str()).to_owned(),
            reason: said(task.stopped_reason().unwrap_or("")),
            containers: containers.collect(),
            at: read.time("stoppedAt", task.stopped_at().or(task.stopping_at()))?,
        })
    });
    Ok(TaskSeen {
        arn: read.text("taskArn", task.task_arn())?,
        stopping: task.desired_status() == Some("STOPPED"),
        status: status.to_string(),
        end: end.transpose()?,
    })
}

/// Launch type, or strategy over capacity providers: never both.
fn runs_on(
    on: &RunsOn,
    operation: Operation,
) -> Result<(Option<ecs::LaunchType>, Vec<ecs::CapacityProviderStrategyItem>)> {
    match on {
        RunsOn::LaunchType(name) => Ok((Some(name.as_ref().into()), Vec::new())),
        RunsOn::Providers(providers) => {
            let items = providers.iter().map(|one| {
                let number = |number: Option<u32>| number.map_or(0, |number| i32::try_from(number).unwrap_or(i32::MAX));
                let item = ecs::CapacityProviderStrategyItem::builder().capacity_provider(one.provider.as_ref());
                item.weight(number(one.weight)).base(number(one.base)).build().map_err(|e| unbuilt(operation, &e))
            });
            Ok((None, items.collect::<Result<_>>()?))
        }
    }
}

fn interface(network: &TaskNetwork, operation: Operation) -> Result<ecs::NetworkConfiguration> {
    let texts = |list: &[Arc<str>]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let public = if network.public_ip { ecs::AssignPublicIp::Enabled } else { ecs::AssignPublicIp::Disabled };
    let vpc = ecs::AwsVpcConfiguration::builder()
        .set_subnets(Some(texts(&network.subnets)))
        .set_security_groups(some(&texts(&network.security_groups)))
        .assign_public_ip(public)
        .build()
        .map_err(|error| unbuilt(operation, &error))?;
    Ok(ecs::NetworkConfiguration::builder().awsvpc_configuration(vpc).build())
}

fn tags(run: &TaskRun) -> Vec<ecs::Tag> {
    run.tags.iter().map(|(key, value)| ecs::Tag::builder().key(key).value(value).build()).collect()
}

/// Nothing was sent: a part that AWS asks for is missing.
fn unbuilt(operation: Operation, error: &impl std::fmt::Display) -> CloudError {
    CloudError::Invalid { operation: operation.as_str(), message: error.to_string() }
}

/// ECS accepted the call, and found no place for the task: nothing runs. A cluster that is full now may have room later.
fn not_placed(failures: &[ecs::Failure]) -> CloudError {
    let words = failures.iter().map(|failure| {
        let detail = failure.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
        format!("{}{detail}", failure.reason().unwrap_or("no reason given"))
    });
    let words = said(&words.collect::<Vec<_>>().join(", "));
    let (operation, message) = (Operation::RunTask.as_str(), format!("no capacity for the task: {words}"));
    let full = |failure: &ecs::Failure| failure.reason().is_some_and(lacks_room);
    match failures.iter().all(full) {
        true => CloudError::Conflict { operation, message },
        false => CloudError::Invalid { operation, message },
    }
}
