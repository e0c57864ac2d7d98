//! A simulated account in which a test decides what AWS says of change sets and services, and counts what is asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use landfall::cloud::{
    At, Change, ChangeSetRequest, ChangeSetSeen, ChangeSetStatus, CloudError, ClusterSeen, Execution, Finding,
    HookAnswer, Identity, LogStream, Observe, RunTaskRequest, ServiceSeen, StackEvent, StackResource, StoppedTask,
    TaskSeen, TemplateObject, WhichTask,
};
use landfall::model::drift::{Drifted, ServiceSettings};
use landfall::model::{BucketName, Place, StackName, StackSeen};
use landfall::sim::SimCloud;

/// The account.
pub(crate) struct Answering {
    pub(crate) sim: SimCloud,
    /// Why AWS fails every change set; none while it makes them as it should.
    pub(crate) reason: Mutex<Option<&'static str>>,
    /// What ECS says of services; none while the account says it.
    pub(crate) settings: Mutex<Option<ServiceSettings>>,
    /// How often each method was called.
    pub(crate) asked: Mutex<BTreeMap<&'static str, u32>>,
    /// How often the stacks of each place were listed.
    pub(crate) listed: Mutex<BTreeMap<Place, u32>>,
}

impl Answering {
    pub(crate) fn new(sim: SimCloud) -> Arc<Self> {
        Arc::new(Self {
            sim,
            reason: Mutex::default(),
            settings: Mutex::default(),
            asked: Mutex::default(),
            listed: Mutex::default(),
        })
    }

    fn failed(&self, seen: Option<ChangeSetSeen>) -> Option<ChangeSetSeen> {
        let reason = *self.reason.lock().unwrap();
        seen.map(|seen| match reason {
            Some(reason) => ChangeSetSeen {
                status: ChangeSetStatus::Failed,
                execution: Execution::Unavailable,
                reason: Some(reason.to_owned()),
                changes: Vec::new(),
                ..seen
            },
            None => seen,
        })
    }
}

macro_rules! answers {
    ($trait:ident, { $($name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)* }) => {
        #[async_trait]
        impl $trait for Answering {
            $(async fn $name(&self, at: &At, $($arg: $type),*) -> Result<$answer, CloudError> {
                *self.asked.lock().unwrap().entry(stringify!($name)).or_default() += 1;
                answers!(@$name self, at, $($arg),*)
            })*
        }
    };
    (@change_set $this:ident, $at:ident, $($arg:ident),*) => {
        $this.sim.change_set($at, $($arg),*).await.map(|seen| $this.failed(seen))
    };
    (@stacks $this:ident, $at:ident,) => {{
        *$this.listed.lock().unwrap().entry($at.place.clone()).or_default() += 1;
        $this.sim.stacks($at).await
    }};
    (@settings $this:ident, $at:ident, $arns:ident) => {{
        let settings = $this.settings.lock().unwrap().clone();
        match settings {
            Some(settings) => Ok($arns.iter().map(|arn| (arn.clone(), settings.clone())).collect()),
            None => $this.sim.settings($at, $arns).await,
        }
    }};
    (@$name:ident $this:ident, $at:ident, $($arg:ident),*) => { $this.sim.$name($at, $($arg),*).await };
}

answers!(Observe, {
    identity() -> Identity;
    stacks() -> Vec<StackSeen>;
    stack(name_or_id: &str) -> Option<StackSeen>;
    template(stack: &StackName) -> Option<String>;
    change_set(stack: &str, name: &str) -> Option<ChangeSetSeen>;
    findings(change_set: &str) -> Vec<Finding>;
    events(stack_id: &str, token: &str) -> Vec<StackEvent>;
    last_token(stack_id: &str) -> Option<Arc<str>>;
    resources(stack_id: &str) -> Vec<StackResource>;
    service(arn: &str) -> Option<ServiceSeen>;
    stopped_tasks(service: &ServiceSeen) -> Vec<StoppedTask>;
    task(cluster: &str, which: &WhichTask) -> Option<TaskSeen>;
    log_lines(stream: &LogStream, last: usize) -> Vec<String>;
    settings(arns: &[Arc<str>]) -> BTreeMap<Arc<str>, ServiceSettings>;
    task_definition(arn: &str) -> Option<serde_json::Value>;
    detect_drift(stack_id: &str) -> ();
    drift(stack_id: &str) -> Vec<Drifted>;
    cluster(name: &str) -> Option<ClusterSeen>;
    bucket(name: &BucketName) -> bool;
});

answers!(Change, {
    put_template(object: &TemplateObject, body: &str) -> ();
    create_change_set(request: &ChangeSetRequest) -> ();
    execute_change_set(stack: &StackName, name: &str, token: &str) -> ();
    delete_change_set(stack: &StackName, name: &str) -> ();
    delete_stack(stack_id: &str, token: &str) -> ();
    cancel_update(stack: &StackName, token: &str) -> ();
    continue_rollback(stack: &StackName, skip: &[Arc<str>], token: &str) -> ();
    rollback_stack(stack: &StackName, token: &str) -> ();
    set_protection(stack: &StackName, on: bool) -> ();
    restore_service(arn: &str, settings: &ServiceSettings) -> ();
    continue_service_deployment(deployment: &str, hook: &str, answer: HookAnswer) -> ();
    run_task(request: &RunTaskRequest) -> Arc<str>;
    stop_task(cluster: &str, task: &str, reason: &str) -> ();
});
