//! Crashes: every call to the store and to the cloud is a place at which the daemon's turn can end, before the call is made
//! or after it was made and before its answer is seen.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use jiff::Timestamp;
use landfall::cloud::{
    At, Change, ChangeSetRequest, ChangeSetSeen, ClusterSeen, Finding, HookAnswer, Identity, LogStream, Observe,
    Result, RunTaskRequest, ServiceSeen, StackEvent, StackResource, StoppedTask, TaskSeen, TemplateObject, WhichTask,
};
use landfall::model::drift::{Drifted, ServiceSettings};
use landfall::model::journal::{Entry, Fence, Record, StoreId};
use landfall::model::{BucketName, StackName, StackSeen};
use landfall::store::{self, Lease, Store};
use tokio::sync::Notify;

/// Counts calls; at the chosen one the turn never goes on.
#[derive(Debug, Default)]
pub(super) struct Plan {
    left: AtomicU64,
    happened: AtomicBool,
    notify: Notify,
    frozen: AtomicBool,
    thaw: Notify,
}

impl Plan {
    /// Crashes at the nth point from now; 0 never does.
    pub(super) fn after(points: u64) -> Arc<Self> {
        Arc::new(Self { left: AtomicU64::new(points), ..Self::default() })
    }

    /// Chooses the point anew.
    pub(super) fn set(&self, points: u64) {
        self.left.store(points, Ordering::SeqCst);
    }

    /// Returns when the point is reached.
    pub(super) async fn reached(&self) {
        while !self.happened.load(Ordering::SeqCst) {
            self.notify.notified().await;
        }
    }

    /// Makes the point a pause: the process was not dead, only very slow.
    pub(super) fn wake_up(&self) {
        self.frozen.store(true, Ordering::SeqCst);
        self.thaw.notify_waiters();
    }

    async fn point(&self) {
        let left = self.left.load(Ordering::SeqCst);
        if left == 0 {
            return;
        }
        self.left.store(left - 1, Ordering::SeqCst);
        if left == 1 {
            self.happened.store(true, Ordering::SeqCst);
            let thawed = self.thaw.notified();
            self.notify.notify_one();
            if !self.frozen.load(Ordering::SeqCst) {
                thawed.await;
            }
        }
    }
}

/// Something whose calls are points of a plan.
pub(super) struct Crashing<T: ?Sized> {
    inner: Arc<T>,
    plan: Arc<Plan>,
}

impl<T: ?Sized> Crashing<T> {
    pub(super) fn new(inner: Arc<T>, plan: Arc<Plan>) -> Self {
        Self { inner, plan }
    }
}

macro_rules! call {
    ($self:ident.$method:ident($($argument:expr),*)) => {{
        $self.plan.point().await;
        let answer = $self.inner.$method($($argument),*).await;
        $self.plan.point().await;
        answer
    }};
}

#[async_trait]
impl<T: Store + ?Sized> Store for Crashing<T> {
    async fn id(&self) -> store::Result<StoreId> {
        self.inner.id().await
    }
    async fn whereabouts(&self) -> store::Result<store::Whereabouts> {
        self.inner.whereabouts().await
    }
    async fn settle(&self) -> store::Result<()> {
        call!(self.settle())
    }
    async fn acquire(&self, owner: &str, now: Timestamp, until: Timestamp) -> store::Result<Lease> {
        call!(self.acquire(owner, now, until))
    }
    async fn renew(&self, lease: &Lease, until: Timestamp) -> store::Result<Lease> {
        call!(self.renew(lease, until))
    }
    async fn release(&self, lease: &Lease) -> store::Result<()> {
        call!(self.release(lease))
    }
    async fn check(&self, fence: Fence) -> store::Result<()> {
        // Between the check and the call there is no point: no process can do both at once, and tokens cover the gap.
        self.inner.check(fence).await
    }
    async fn append(&self, fence: Fence, at: Timestamp, entries: Vec<Entry>) -> store::Result<Vec<Record>> {
        call!(self.append(fence, at, entries))
    }
    async fn records(&self, after: u64, limit: u32) -> store::Result<Vec<Record>> {
        self.inner.records(after, limit).await
    }
}

#[async_trait]
impl<T: Change + ?Sized> Observe for Crashing<T> {
    async fn identity(&self, at: &At) -> Result<Identity> {
        call!(self.identity(at))
    }
    async fn stacks(&self, at: &At) -> Result<Vec<StackSeen>> {
        call!(self.stacks(at))
    }
    async fn stack(&self, at: &At, name_or_id: &str) -> Result<Option<StackSeen>> {
        call!(self.stack(at, name_or_id))
    }
    async fn template(&self, at: &At, stack: &StackName) -> Result<Option<String>> {
        call!(self.template(at, stack))
    }
    async fn change_set(&self, at: &At, stack: &str, name: &str) -> Result<Option<ChangeSetSeen>> {
        call!(self.change_set(at, stack, name))
    }
    async fn findings(&self, at: &At, change_set: &str) -> Result<Vec<Finding>> {
        call!(self.findings(at, change_set))
    }
    async fn events(&self, at: &At, stack_id: &str, token: &str) -> Result<Vec<StackEvent>> {
        call!(self.events(at, stack_id, token))
    }
    async fn last_token(&self, at: &At, stack_id: &str) -> Result<Option<Arc<str>>> {
        call!(self.last_token(at, stack_id))
    }
    async fn resources(&self, at: &At, stack_id: &str) -> Result<Vec<StackResource>> {
        call!(self.resources(at, stack_id))
    }
    async fn service(&self, at: &At, arn: &str) -> Result<Option<ServiceSeen>> {
        call!(self.service(at, arn))
    }
    async fn stopped_tasks(&self, at: &At, service: &ServiceSeen) -> Result<Vec<StoppedTask>> {
        call!(self.stopped_tasks(at, service))
    }
    async fn task(&self, at: &At, cluster: &str, which: &WhichTask) -> Result<Option<TaskSeen>> {
        call!(self.task(at, cluster, which))
    }
    async fn log_lines(&self, at: &At, stream: &LogStream, last: usize) -> Result<Vec<String>> {
        call!(self.log_lines(at, stream, last))
    }
    async fn settings(&self, at: &At, arns: &[Arc<str>]) -> Result<BTreeMap<Arc<str>, ServiceSettings>> {
        call!(self.settings(at, arns))
    }
    async fn task_definition(&self, at: &At, arn: &str) -> Result<Option<serde_json::Value>> {
        call!(self.task_definition(at, arn))
    }
    async fn detect_drift(&self, at: &At, stack_id: &str) -> Result<()> {
        call!(self.detect_drift(at, stack_id))
    }
    async fn drift(&self, at: &At, stack_id: &str) -> Result<Vec<Drifted>> {
        call!(self.drift(at, stack_id))
    }
    async fn cluster(&self, at: &At, name: &str) -> Result<Option<ClusterSeen>> {
        call!(self.cluster(at, name))
    }
    async fn bucket(&self, at: &At, name: &BucketName) -> Result<bool> {
        call!(self.bucket(at, name))
    }
}

#[async_trait]
impl<T: Change + ?Sized> Change for Crashing<T> {
    async fn put_template(&self, at: &At, object: &TemplateObject, body: &str) -> Result<()> {
        call!(self.put_template(at, object, body))
    }
    async fn create_change_set(&self, at: &At, request: &ChangeSetRequest) -> Result<()> {
        call!(self.create_change_set(at, request))
    }
    async fn execute_change_set(&self, at: &At, stack: &StackName, name: &str, token: &str) -> Result<()> {
        call!(self.execute_change_set(at, stack, name, token))
    }
    async fn delete_change_set(&self, at: &At, stack: &StackName, name: &str) -> Result<()> {
        call!(self.delete_change_set(at, stack, name))
    }
    async fn delete_stack(&self, at: &At, stack_id: &str, token: &str) -> Result<()> {
        call!(self.delete_stack(at, stack_id, token))
    }
    async fn cancel_update(&self, at: &At, stack: &StackName, token: &str) -> Result<()> {
        call!(self.cancel_update(at, stack, token))
    }
    async fn continue_rollback(&self, at: &At, stack: &StackName, skip: &[Arc<str>], token: &str) -> Result<()> {
        call!(self.continue_rollback(at, stack, skip, token))
    }
    async fn rollback_stack(&self, at: &At, stack: &StackName, token: &str) -> Result<()> {
        call!(self.rollback_stack(at, stack, token))
    }
    async fn set_protection(&self, at: &At, stack: &StackName, on: bool) -> Result<()> {
        call!(self.set_protection(at, stack, on))
    }
    async fn restore_service(&self, at: &At, arn: &str, settings: &ServiceSettings) -> Result<()> {
        call!(self.restore_service(at, arn, settings))
    }
    async fn continue_service_deployment(
        &self,
        at: &At,
        deployment: &str,
        hook: &str,
        answer: HookAnswer,
    ) -> Result<()> {
        call!(self.continue_service_deployment(at, deployment, hook, answer))
    }
    async fn run_task(&self, at: &At, request: &RunTaskRequest) -> Result<Arc<str>> {
        call!(self.run_task(at, request))
    }
    async fn stop_task(&self, at: &At, cluster: &str, task: &str, reason: &str) -> Result<()> {
        call!(self.stop_task(at, cluster, task, reason))
    }
}
