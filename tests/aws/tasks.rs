//! Tasks that are run once, and what they wrote, on any server that speaks AWS's protocols.

use std::collections::BTreeMap;
use std::time::Duration;

use landfall::cloud::{Change, CloudError, LogStream, Observe, RunTaskRequest, TaskEnd, TaskSeen, WhichTask};
use landfall::model::TaskRun;
use landfall::model::task::{RunsOn, TaskNetwork};

use super::checks::{Context, Outcome, same, say, template};

/// A task definition with a container that logs, and everything that it needs.
fn one_task(name: &str, family: &str) -> String {
    format!(
        r#"
    "Logs": {{"Type": "AWS::Logs::LogGroup", "Properties": {{"LogGroupName": "/conformance/{name}"}}}},
    "Cluster": {{"Type": "AWS::ECS::Cluster", "Properties": {{"ClusterName": "{name}"}}}},
    "Role": {{"Type": "AWS::IAM::Role", "Properties": {{"AssumeRolePolicyDocument": {{
        "Version": "2012-10-17",
        "Statement": [{{"Effect": "Allow", "Principal": {{"Service": "ecs-tasks.amazonaws.com"}},
            "Action": "sts:AssumeRole"}}]}}}}}},
    "Task": {{"Type": "AWS::ECS::TaskDefinition", "Properties": {{
        "Family": "{family}", "Cpu": "256", "Memory": "512", "NetworkMode": "awsvpc",
        "RequiresCompatibilities": ["FARGATE"], "ExecutionRoleArn": {{"Fn::GetAtt": ["Role", "Arn"]}},
        "ContainerDefinitions": [{{"Name": "app", "Image": "{family}:1", "Essential": true,
            "LogConfiguration": {{"LogDriver": "awslogs", "Options": {{"awslogs-group": {{"Ref": "Logs"}},
                "awslogs-region": {{"Ref": "AWS::Region"}}, "awslogs-stream-prefix": "run"}}}}}}]}}}}"#
    )
}

impl Context<'_> {
    /// Deploys the task definition of a family, and says how it is run.
    async fn task(&self, name: &str, family: &str) -> Result<RunTaskRequest, String> {
        let stack = self.deploy(&self.request("one", true, &template(&one_task(name, family)))).await?;
        let resources = self.cloud.resources(&self.here(), &stack.id).await.map_err(say)?;
        let task = resources.iter().find(|one| one.logical_id == "Task").and_then(|one| one.physical_id.clone());
        let network = TaskNetwork { subnets: vec!["subnet-0a".into()], security_groups: vec![], public_ip: false };
        let run = TaskRun {
            definition: "Task".into(),
            cluster: name.into(),
            on: RunsOn::LaunchType("FARGATE".into()),
            platform_version: None,
            network: Some(network),
            constraints: vec![],
            strategies: vec![],
            execute_command: false,
            managed_tags: true,
            propagate_tags: true,
            tags: BTreeMap::from([("purpose".to_owned(), "conformance".to_owned())]),
            limit: 60,
            repeatable: false,
        };
        let definition = task.ok_or("the task definition has no physical id")?.into();
        Ok(RunTaskRequest { definition, run, token: format!("{name}-token").into() })
    }

    /// Looks at a task until it has ended.
    async fn ended(&self, cluster: &str, arn: &str) -> Result<TaskEnd, String> {
        for _ in 0..100 {
            match self.cloud.task(&self.here(), cluster, &WhichTask::Arn(arn.into())).await.map_err(say)? {
                Some(TaskSeen { end: Some(end), .. }) => return Ok(end),
                Some(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                None => return Err("the task is not there".to_owned()),
            }
        }
        Err("the task never ends".to_owned())
    }
}

pub(super) async fn a_task_runs_once_and_leaves_its_lines(context: &Context<'_>) -> Outcome {
    let (here, cloud) = (context.here(), context.cloud);
    let family = "writes-and-fails";
    let request = context.task("once", family).await?;
    let arn = cloud.run_task(&here, &request).await.map_err(say)?;
    let by = WhichTask::StartedBy { token: request.token.clone(), family: family.into() };
    let found = cloud.task(&here, "once", &by).await.map_err(say)?.ok_or("startedBy finds no task")?;
    same("the task that startedBy finds", &found.arn, &arn)?;
    same("the task of a repetition", cloud.run_task(&here, &request).await.map_err(say)?, arn.clone())?;
    let end = context.ended("once", &arn).await?;
    same("the stop code", end.code.as_str(), "EssentialContainerExited")?;
    let codes: Vec<_> = end.containers.iter().map(|one| (one.name.as_str(), one.exit_code)).collect();
    same("the containers' ends", codes, vec![("app", Some(3))])?;
    let found = cloud.task(&here, "once", &by).await.map_err(say)?.ok_or("startedBy finds no stopped task")?;
    same("the stopped task that startedBy finds", &found.arn, &arn)?;
    same("the task of a late repetition", cloud.run_task(&here, &request).await.map_err(say)?, arn.clone())?;
    let mut other = request.clone();
    other.run.network = None;
    other.run.tags.clear();
    let conflict = cloud.run_task(&here, &other).await;
    same("that a token means one request", matches!(conflict, Err(CloudError::TokenReused { .. })), true)?;
    let id = arn.rsplit('/').next().unwrap_or_default();
    let stream = LogStream { group: "/conformance/once".into(), stream: format!("run/app/{id}").into() };
    let lines = cloud.log_lines(&here, &stream, 2).await.map_err(say)?;
    same("the last lines", lines, vec!["second".to_owned(), "third".to_owned()])?;
    let none = LogStream { stream: "run/app/none".into(), ..stream };
    same("the lines of no stream", cloud.log_lines(&here, &none, 2).await.map_err(say)?, vec![])
}

pub(super) async fn a_task_is_stopped(context: &Context<'_>) -> Outcome {
    let (here, cloud) = (context.here(), context.cloud);
    let request = context.task("stops", "never-ends").await?;
    let arn = cloud.run_task(&here, &request).await.map_err(say)?;
    for _ in 0..2 {
        cloud.stop_task(&here, "stops", &arn, "it takes too long").await.map_err(say)?;
    }
    let end = context.ended("stops", &arn).await?;
    same("the stop code", end.code.as_str(), "UserInitiated")?;
    same("the reason", end.reason.as_str(), "it takes too long")?;
    cloud.stop_task(&here, "stops", &arn, "again").await.map_err(say)?;
    let (cluster, id) = arn.rsplit_once('/').ok_or("the ARN has no id")?;
    let none = WhichTask::Arn(format!("{cluster}/{}", "0".repeat(id.len())).into());
    same("a task that is not there", cloud.task(&here, "stops", &none).await.map_err(say)?, None)
}
