//! Reading ECS: a service with its newest deployment, stopped tasks, clusters.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_ecs::types as ecs;

use super::answer::{Pages, Reader, said};
use super::clients::AwsCloud;
use super::observe::found;
use super::operation::Operation;
use super::settings::settings_of;
use crate::cloud::{
    At, ClusterSeen, HookAnswer, HookStatus, PauseHook, Percent, ResolvedImage, Result, ServiceDeployment,
    ServiceDeploymentStatus, ServiceEvent, ServiceSeen, StoppedTask, TrafficShift,
};
use crate::model::journal::ContainerEnd;

/// DescribeTasks takes at most so many. \[doc\]
pub(super) const TASKS_PER_CALL: usize = 100;
/// The longest page of ListServiceDeployments. \[doc\]
const DEPLOYMENTS_PER_PAGE: i32 = 100;

impl AwsCloud {
    pub(super) async fn service_seen(&self, at: &At, arn: &str) -> Result<Option<ServiceSeen>> {
        let operation = Operation::DescribeServices;
        let cluster = cluster_of(arn);
        let answer = self
            .call(at, operation, |clients| {
                clients.ecs.describe_services().set_cluster(cluster.clone()).services(arn).send()
            })
            .await;
        let Some(answer) = found(answer)? else { return Ok(None) };
        if is_missing(answer.failures()) {
            return Ok(None);
        }
        let read = Reader(operation);
        let service = read.only("services", answer.services)?;
        // A deleted service can be described for a while.
        if service.status() == Some("INACTIVE") {
            return Ok(None);
        }
        let mut seen = service_head(read, &service)?;
        seen.deployment = self.newest_deployment(at, &seen).await?;
        Ok(Some(seen))
    }

    /// The newest of all service deployments, with the revision that it brings.
    async fn newest_deployment(&self, at: &At, service: &ServiceSeen) -> Result<Option<ServiceDeployment>> {
        let Some(arn) = self.newest_deployment_arn(at, service).await? else { return Ok(None) };
        let operation = Operation::DescribeServiceDeployments;
        let read = Reader(operation);
        let answer = self
            .call(at, operation, |clients| {
                clients.ecs.describe_service_deployments().service_deployment_arns(arn.as_ref()).send()
            })
            .await?;
        let deployment = read.only("serviceDeployments", answer.service_deployments)?;
        let target = read.field("targetServiceRevision", deployment.target_service_revision())?;
        let revision = self.revision(at, &read.text("targetServiceRevision.arn", target.arn())?).await?;
        let status = read.word("status", deployment.status().map(|status| status.as_str()))?;
        Ok(Some(ServiceDeployment {
            arn,
            status: deployment_status(status),
            reason: deployment.status_reason().map(said),
            created: read.time("createdAt", deployment.created_at())?,
            task_definition: Reader(Operation::DescribeServiceRevisions)
                .text("taskDefinition", revision.task_definition())?,
            running: count(target.running_task_count),
            requested: count(target.requested_task_count),
            failures: deployment.deployment_circuit_breaker().map_or(0, |breaker| count(breaker.failure_count)),
            images: images(&revision),
            shift: shift(read, &deployment)?,
        }))
    }

    /// AWS promises no order, so every page is read; it keeps them for 90 days.
    async fn newest_deployment_arn(&self, at: &At, service: &ServiceSeen) -> Result<Option<Arc<str>>> {
        let operation = Operation::ListServiceDeployments;
        let read = Reader(operation);
        let (mut newest, mut pages) = (None, Pages::of(operation));
        loop {
            let token = pages.token();
            let page = self
                .call(at, operation, |clients| {
                    let call = clients.ecs.list_service_deployments().service(service.arn.as_ref());
                    let call = call.cluster(service.cluster.as_ref()).max_results(DEPLOYMENTS_PER_PAGE);
                    call.set_next_token(token.clone()).send()
                })
                .await?;
            for brief in read.field("serviceDeployments", page.service_deployments)? {
                let created = read.time("createdAt", brief.created_at())?;
                let arn = read.text("serviceDeploymentArn", brief.service_deployment_arn())?;
                if newest.as_ref().is_none_or(|(at, _)| *at < created) {
                    newest = Some((created, arn));
                }
            }
            if !pages.turn(page.next_token.as_deref())? {
                return Ok(newest.map(|(_, arn)| arn));
            }
        }
    }

    async fn revision(&self, at: &At, arn: &str) -> Result<ecs::ServiceRevision> {
        let operation = Operation::DescribeServiceRevisions;
        let answer = self
            .call(at, operation, |clients| clients.ecs.describe_service_revisions().service_revision_arns(arn).send())
            .await?;
        Reader(operation).only("serviceRevisions", answer.service_revisions)
    }

    pub(super) async fn tasks_that_stopped(&self, at: &At, service: &ServiceSeen) -> Result<Vec<StoppedTask>> {
        let operation = Operation::DescribeTasks;
        let mut stopped = Vec::new();
        for arns in self.stopped_task_arns(at, service).await?.chunks(TASKS_PER_CALL) {
            let answer = self
                .call(at, operation, |clients| {
                    let call = clients.ecs.describe_tasks().cluster(service.cluster.as_ref());
                    call.set_tasks(Some(arns.to_vec())).send()
                })
                .await?;
            for task in Reader(operation).field("tasks", answer.tasks)? {
                // One that is still stopping has no exit codes yet.
                if task.last_status() == Some("STOPPED") {
                    stopped.push(stopped_task(Reader(operation), &task)?);
                }
            }
        }
        Ok(stopped)
    }

    async fn stopped_task_arns(&self, at: &At, service: &ServiceSeen) -> Result<Vec<String>> {
        let operation = Operation::ListTasks;
        let name = service.arn.rsplit('/').next().unwrap_or(&service.arn);
        let (mut arns, mut pages) = (Vec::new(), Pages::of(operation));
        loop {
            let token = pages.token();
            let page = self
                .call(at, operation, |clients| {
                    let call = clients.ecs.list_tasks().cluster(service.cluster.as_ref()).service_name(name);
                    call.desired_status(ecs::DesiredStatus::Stopped).set_next_token(token.clone()).send()
                })
                .await?;
            arns.extend(Reader(operation).field("taskArns", page.task_arns)?);
            if !pages.turn(page.next_token.as_deref())? {
                return Ok(arns);
            }
        }
    }

    pub(super) async fn cluster_seen(&self, at: &At, name: &str) -> Result<Option<ClusterSeen>> {
        let operation = Operation::DescribeClusters;
        let answer = self.call(at, operation, |clients| clients.ecs.describe_clusters().clusters(name).send()).await;
        let Some(answer) = found(answer)? else { return Ok(None) };
        if is_missing(answer.failures()) {
            return Ok(None);
        }
        let read = Reader(operation);
        let cluster = read.only("clusters", answer.clusters)?;
        Ok(Some(ClusterSeen {
            arn: read.text("clusterArn", cluster.cluster_arn())?,
            status: read.text("status", cluster.status())?.to_string(),
        }))
    }
}

/// The cluster's name in a service's ARN; old ARNs have none, and ECS then means the cluster `default`.
pub(super) fn cluster_of(arn: &str) -> Option<String> {
    let (cluster, _) = arn.split_once(":service/")?.1.split_once('/')?;
    Some(cluster.to_owned())
}

pub(super) fn is_missing(failures: &[ecs::Failure]) -> bool {
    failures.iter().any(|failure| failure.reason() == Some("MISSING"))
}

fn service_head(read: Reader, service: &ecs::Service) -> Result<ServiceSeen> {
    let events = service.events().iter().map(|event| {
        Ok(ServiceEvent {
            id: read.text("events.id", event.id())?,
            at: read.time("events.createdAt", event.created_at())?,
            message: said(event.message().unwrap_or("")),
        })
    });
    Ok(ServiceSeen {
        arn: read.text("serviceArn", service.service_arn())?,
        cluster: read.text("clusterArn", service.cluster_arn())?,
        task_definition: read.text("taskDefinition", service.task_definition())?,
        desired: count(service.desired_count),
        running: count(service.running_count),
        events: events.collect::<Result<_>>()?,
        deployment: None,
        settings: settings_of(service),
    })
}

/// ECS counts in signed numbers, but never below zero.
fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

fn deployment_status(word: &str) -> ServiceDeploymentStatus {
    use ServiceDeploymentStatus as Status;
    let known = [
        Status::Pending,
        Status::InProgress,
        Status::StopRequested,
        Status::Stopped,
        Status::Successful,
        Status::RollbackRequested,
        Status::RollbackInProgress,
        Status::RollbackSuccessful,
        Status::RollbackFailed,
    ];
    known.into_iter().find(|status| status.as_str() == word).unwrap_or(Status::Unknown)
}

/// Where it is on its way; none for a rolling deployment.
fn shift(read: Reader, deployment: &ecs::ServiceDeployment) -> Result<Option<TrafficShift>> {
    let configuration = deployment.deployment_configuration();
    let strategy = configuration.and_then(|configuration| configuration.strategy()).map(|strategy| strategy.as_str());
    let Some(strategy) = strategy.filter(|strategy| *strategy != "ROLLING") else { return Ok(None) };
    let target = deployment.target_service_revision();
    let pauses = deployment
        .lifecycle_hook_details()
        .iter()
        .filter(|hook| hook.target_type() == Some(&ecs::DeploymentLifecycleHookTargetType::Pause));
    Ok(Some(TrafficShift {
        strategy: strategy.to_owned(),
        stage: deployment.lifecycle_stage().map_or("", |stage| stage.as_str()).to_owned(),
        test: target.and_then(|target| target.requested_test_traffic_weight()).map(Percent::new),
        production: target.and_then(|target| target.requested_production_traffic_weight()).map(Percent::new),
        hooks: pauses.map(|hook| pause_hook(read, hook)).collect::<Result<_>>()?,
    }))
}

fn pause_hook(read: Reader, hook: &ecs::DeploymentLifecycleHookDetail) -> Result<PauseHook> {
    let status = read.word("lifecycleHookDetails.status", hook.status().map(|status| status.as_str()))?;
    let expires = hook.expires_at().map(|at| read.time("lifecycleHookDetails.expiresAt", Some(at))).transpose()?;
    Ok(PauseHook {
        id: read.text("lifecycleHookDetails.hookId", hook.hook_id())?,
        status: HookStatus::parse(status),
        expires,
        then: match hook.timeout_action() {
            Some(ecs::DeploymentLifecycleHookAction::Continue) => HookAnswer::Continue,
            _ => HookAnswer::Rollback,
        },
    })
}

fn images(revision: &ecs::ServiceRevision) -> BTreeMap<String, ResolvedImage> {
    let images = revision.container_images().iter().filter_map(|image| {
        let resolved = ResolvedImage {
            image: image.image().unwrap_or("").to_owned(),
            digest: image.image_digest().filter(|digest| !digest.is_empty()).map(str::to_owned),
        };
        Some((image.container_name()?.to_owned(), resolved))
    });
    images.collect()
}

fn stopped_task(read: Reader, task: &ecs::Task) -> Result<StoppedTask> {
    let containers = task.containers().iter().map(|container| ContainerEnd {
        name: container.name().unwrap_or("").to_owned(),
        exit_code: container.exit_code(),
        reason: container.reason().map(said),
    });
    Ok(StoppedTask {
        arn: read.text("taskArn", task.task_arn())?,
        task_definition: read.text("taskDefinitionArn", task.task_definition_arn())?,
        code: task.stop_code().map_or("", |code| code.as_str()).to_owned(),
        reason: said(task.stopped_reason().unwrap_or("")),
        containers: containers.collect(),
        created: read.time("createdAt", task.created_at().or(task.started_at()).or(task.stopped_at()))?,
        at: read.time("stoppedAt", task.stopped_at().or(task.stopping_at()))?,
    })
}
