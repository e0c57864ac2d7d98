//! One call for each operation, through the port.

use std::collections::BTreeMap;
use std::fmt::Debug;

use landfall::aws::Operation;
use landfall::cloud::{
    At, Change, ChangeSetRequest, CloudError, HookAnswer, LogStream, RunTaskRequest, TemplateObject, WhichTask,
};
use landfall::model::task::RunsOn;
use landfall::model::{BucketName, Id, StackName, TaskRun};

use super::account::{ACCOUNT, Account, BUCKET, READY};
use crate::aws::server::at;

/// What a call came to: the answer as text, to compare it with another one.
pub(super) type Came = Result<String, CloudError>;

fn told<T: Debug>(answer: Result<T, CloudError>) -> Came {
    answer.map(|answer| format!("{answer:?}"))
}

fn here() -> At {
    at(ACCOUNT, "eu-west-1")
}

fn run(account: &Account) -> RunTaskRequest {
    let run = TaskRun {
        definition: "Task".into(),
        cluster: "main".into(),
        on: RunsOn::LaunchType("EC2".into()),
        platform_version: None,
        network: None,
        constraints: vec![],
        strategies: vec![],
        execute_command: false,
        managed_tags: false,
        propagate_tags: false,
        tags: BTreeMap::new(),
        limit: 60,
        repeatable: false,
    };
    RunTaskRequest { definition: account.definition.as_str().into(), run, token: "lf-1".into() }
}

fn request() -> ChangeSetRequest {
    ChangeSetRequest {
        stack: StackName::seen("new"),
        name: "lf-1-1".into(),
        create: true,
        template: r#"{"Resources": {"Logs": {"Type": "AWS::Logs::LogGroup"}}}"#.into(),
        parameters: BTreeMap::new(),
        tags: BTreeMap::new(),
        capabilities: Vec::new(),
        token: "lf-1".into(),
        reverts: false,
    }
}

/// Makes the call of the port that needs the operation; none for an operation of a registry, which is not this port's.
///
/// There is no wildcard: a new operation does not compile until its call is here, and with it a row of cells.
pub(super) async fn call(operation: Operation, cloud: &dyn Change, account: &Account) -> Option<Came> {
    let here = here();
    let standing = StackName::seen("standing");
    let id = || account.world.find_stack(&here.place, "standing").unwrap().id.to_string();
    let object = || {
        let repository = Id::new("faults").unwrap();
        TemplateObject::of(BucketName::new(BUCKET).unwrap(), &repository, "{}")
    };
    Some(match operation {
        Operation::GetCallerIdentity => told(cloud.identity(&here).await),
        Operation::DescribeStacks => told(cloud.stacks(&here).await),
        Operation::GetTemplate => told(cloud.template(&here, &standing).await),
        Operation::DescribeChangeSet => told(cloud.change_set(&here, "standing", READY).await),
        Operation::DescribeStackEvents => told(cloud.last_token(&here, &id()).await),
        Operation::DescribeEvents => {
            let set = account.world.describe_change_set(&here.place, Some("standing"), READY).unwrap().1.id.clone();
            told(cloud.findings(&here, &set).await)
        }
        Operation::ListStackResources => told(cloud.resources(&here, &id()).await),
        Operation::DescribeServices
        | Operation::ListServiceDeployments
        | Operation::DescribeServiceDeployments
        | Operation::DescribeServiceRevisions => told(cloud.service(&here, &account.service).await),
        Operation::ListTasks => {
            let which = WhichTask::StartedBy { token: "somebody".into(), family: "standing".into() };
            told(cloud.task(&here, "main", &which).await)
        }
        Operation::DescribeTasks => {
            told(cloud.task(&here, "main", &WhichTask::Arn(account.task.as_str().into())).await)
        }
        Operation::GetLogEvents => {
            let task = account.task.rsplit('/').next().unwrap();
            let stream = LogStream { group: "standing".into(), stream: format!("run/app/{task}").into() };
            told(cloud.log_lines(&here, &stream, 10).await)
        }
        Operation::DescribeTaskDefinition => told(cloud.task_definition(&here, &account.definition).await),
        Operation::DetectStackDrift => told(cloud.detect_drift(&here, &id()).await),
        Operation::DescribeStackResourceDrifts => told(cloud.drift(&here, &id()).await),
        Operation::DescribeClusters => told(cloud.cluster(&here, "main").await),
        Operation::HeadBucket => told(cloud.bucket(&here, &BucketName::new(BUCKET).unwrap()).await),
        Operation::CreateChangeSet => told(cloud.create_change_set(&here, &request()).await),
        Operation::ExecuteChangeSet => told(cloud.execute_change_set(&here, &standing, READY, "lf-1").await),
        Operation::DeleteChangeSet => told(cloud.delete_change_set(&here, &standing, READY).await),
        Operation::DeleteStack => told(cloud.delete_stack(&here, &id(), "lf-1").await),
        Operation::CancelUpdateStack => told(cloud.cancel_update(&here, &StackName::seen("updating"), "lf-1").await),
        Operation::ContinueUpdateRollback => {
            told(cloud.continue_rollback(&here, &StackName::seen("stuck"), &[], "lf-1").await)
        }
        Operation::RollbackStack => told(cloud.rollback_stack(&here, &StackName::seen("kept"), "lf-1").await),
        Operation::UpdateTerminationProtection => told(cloud.set_protection(&here, &standing, true).await),
        Operation::ContinueServiceDeployment => {
            let (deployment, hook) = &account.hook;
            told(cloud.continue_service_deployment(&here, deployment, hook, HookAnswer::Continue).await)
        }
        Operation::UpdateService => {
            let settings = [("VolumeConfigurations".to_owned(), serde_json::Value::Null)].into();
            told(cloud.restore_service(&here, &account.service, &settings).await)
        }
        Operation::RunTask => told(cloud.run_task(&here, &run(account)).await),
        Operation::StopTask => told(cloud.stop_task(&here, "main", &account.task, "enough").await),
        Operation::PutObject => told(cloud.put_template(&here, &object(), "{}").await),
        Operation::DescribeImages | Operation::BatchGetImage => return None,
    })
}
