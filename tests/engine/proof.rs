//! What ECS says decides, whatever the stack says; and every status of a stack has its action.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::SignedDuration;
use landfall::cloud::{
    At, Change, ChangeSetRequest, ChangeSetSeen, CloudError, ClusterSeen, Finding, HookAnswer, Identity, LogStream,
    Observe, RunTaskRequest, ServiceDeploymentStatus, ServiceSeen, StackEvent, StackResource, StoppedTask, TaskSeen,
    TemplateObject, WhichTask,
};
use landfall::model::catalog::Gate;
use landfall::model::drift::{Drifted, ServiceSettings};
use landfall::model::journal::{Call, Entry, Evidence, Outcome};
use landfall::model::{BucketName, StackName, StackSeen, StackStatus};
use landfall::sim::SimCloud;
use serde_json::json;

use super::support::*;

/// The account, seen through glasses.
struct Seen {
    sim: SimCloud,
    service: Box<dyn Fn(&mut ServiceSeen) + Send + Sync>,
    stack: Box<dyn Fn(&mut StackSeen) + Send + Sync>,
}

impl Seen {
    fn service(sim: &SimCloud, change: impl Fn(&mut ServiceSeen) + Send + Sync + 'static) -> Self {
        Self { sim: sim.clone(), service: Box::new(change), stack: Box::new(|_| {}) }
    }
}

macro_rules! through {
    ($trait:ident, { $($name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)* } $($more:item)*) => {
        #[async_trait]
        impl $trait for Seen {
            $(async fn $name(&self, at: &At, $($arg: $type),*) -> Result<$answer, CloudError> {
                self.sim.$name(at, $($arg),*).await
            })*
            $($more)*
        }
    };
}

through!(Observe, {
    identity() -> Identity;
    stacks() -> Vec<StackSeen>;
    template(stack: &StackName) -> Option<String>;
    change_set(stack: &str, name: &str) -> Option<ChangeSetSeen>;
    findings(change_set: &str) -> Vec<Finding>;
    events(stack_id: &str, token: &str) -> Vec<StackEvent>;
    last_token(stack_id: &str) -> Option<Arc<str>>;
    resources(stack_id: &str) -> Vec<StackResource>;
    stopped_tasks(service: &ServiceSeen) -> Vec<StoppedTask>;
    task(cluster: &str, which: &WhichTask) -> Option<TaskSeen>;
    log_lines(stream: &LogStream, last: usize) -> Vec<String>;
    settings(arns: &[Arc<str>]) -> BTreeMap<Arc<str>, ServiceSettings>;
    task_definition(arn: &str) -> Option<serde_json::Value>;
    detect_drift(stack_id: &str) -> ();
    drift(stack_id: &str) -> Vec<Drifted>;
    cluster(name: &str) -> Option<ClusterSeen>;
    bucket(name: &BucketName) -> bool;
}
async fn service(&self, at: &At, arn: &str) -> Result<Option<ServiceSeen>, CloudError> {
    let mut seen = self.sim.service(at, arn).await?;
    seen.as_mut().into_iter().for_each(|service| (self.service)(service));
    Ok(seen)
}
async fn stack(&self, at: &At, name_or_id: &str) -> Result<Option<StackSeen>, CloudError> {
    let mut seen = self.sim.stack(at, name_or_id).await?;
    seen.as_mut().into_iter().for_each(|stack| (self.stack)(stack));
    Ok(seen)
});

through!(Change, {
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

/// Deploys a service whose newest service deployment is seen so.
async fn deployed(change: impl Fn(&mut ServiceSeen) + Send + Sync + 'static) -> (Scene, Outcome) {
    let mut scene = Scene::new();
    let mut engine = scene.engine_on(scene.store.clone(), Arc::new(Seen::service(&scene.sim, change))).await;
    engine.carry_out(&web("1.0.0", "shop:1"), scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    assert_eq!(scene.status("web"), Some(StackStatus::CreateComplete), "the stack says that it is complete");
    let outcome = scene.outcome().await;
    (scene, outcome)
}

#[tokio::test]
async fn a_service_that_ecs_put_back_is_a_failure_whatever_the_stack_says() {
    for status in [ServiceDeploymentStatus::RollbackSuccessful, ServiceDeploymentStatus::RollbackFailed] {
        let (scene, outcome) = deployed(move |service| service.deployment.as_mut().unwrap().status = status).await;
        assert_eq!(&*failed(&outcome).code, "service-rolled-back");
        let kept = |item: &Evidence| matches!(item, Evidence::ServiceDeployment { status: seen, .. } if seen == status.as_str());
        assert!(scene.evidence().await.iter().any(kept), "what ECS said is kept");
        assert_eq!(scene.engine().await.facts().running(&slot()), None);
    }
    let stopped = |service: &mut ServiceSeen| {
        service.deployment.as_mut().unwrap().status = ServiceDeploymentStatus::Stopped;
    };
    assert_eq!(&*failed(&deployed(stopped).await.1).code, "service-deployment-stopped");
}

#[tokio::test]
async fn another_image_than_the_releases_is_a_failure() {
    let (_, outcome) = deployed(|service| {
        let image = service.deployment.as_mut().unwrap().images.get_mut("app").unwrap();
        image.digest = Some(format!("sha256:{}", "0".repeat(64)));
    })
    .await;
    let cause = failed(&outcome);
    assert_eq!(&*cause.code, "wrong-image");
    assert!(cause.sentence.contains("container `app` runs sha256:0000"), "{}", cause.sentence);
}

#[tokio::test]
async fn containers_that_others_add_are_not_looked_at() {
    let mut template = service("shop:1");
    template["Resources"]["Service"]["Properties"]["ServiceConnectConfiguration"] = json!({ "Enabled": true });
    let mut scene = Scene::new();
    let outcome = scene.deploy(&plan("1.0.0", vec![put(0, "web", content("web", "1.0.0", &template))])).await;
    assert_eq!(outcome, Outcome::Proved);
    let evidence = scene.evidence().await;
    let ran = evidence.iter().find_map(|item| match item {
        Evidence::ServiceDeployment { images, .. } => Some(images.keys().cloned().collect::<Vec<_>>()),
        _ => None,
    });
    let ran = ran.unwrap();
    assert!(ran.iter().any(|name| name == "app"), "{ran:?}");
    assert!(ran.iter().any(|name| name.starts_with("ecs-service-connect-")), "{ran:?}");
}

#[tokio::test]
async fn what_is_not_shown_is_waited_for_and_never_believed() {
    let unresolved = |service: &mut ServiceSeen| {
        service.deployment.as_mut().unwrap().images.clear();
    };
    let other = |service: &mut ServiceSeen| {
        service.deployment.as_mut().unwrap().task_definition = "arn:aws:ecs:::task-definition/other:1".into();
    };
    let unknown = |service: &mut ServiceSeen| {
        service.deployment.as_mut().unwrap().status = ServiceDeploymentStatus::Unknown;
    };
    for (outcome, missing) in [
        (deployed(unresolved).await.1, "has not resolved the image of container `app`"),
        (deployed(other).await.1, "which is not the stack's task definition"),
        (deployed(unknown).await.1, "the service deployment is UNKNOWN"),
    ] {
        let cause = failed(&outcome);
        assert_eq!(&*cause.code, "not-proved");
        assert!(cause.sentence.contains(missing), "{}", cause.sentence);
    }
    let idle = |service: &mut ServiceSeen| service.desired = 0;
    assert_eq!(deployed(idle).await.1, Outcome::StackStatusOnly, "no task proves nothing");
}

/// A stack that is found as it should be needs no call, and its services are waited for as long as after one.
#[tokio::test]
async fn services_of_a_stack_that_is_found_are_not_waited_for_without_end() {
    let mut scene = Scene::new();
    assert_eq!(scene.deploy(&web("1.0.0", "shop:1")).await, Outcome::Proved);
    let calls = scene.operations();
    let hangs = |service: &mut ServiceSeen| {
        service.deployment.as_mut().unwrap().status = ServiceDeploymentStatus::InProgress;
    };
    let mut found = web("1.0.0", "shop:1");
    found.begin.iter_mut().flat_map(|begin| &mut begin.orders).for_each(|order| order.as_found = true);
    let mut engine = scene.engine_on(scene.store.clone(), Arc::new(Seen::service(&scene.sim, hangs))).await;
    engine.carry_out(&found, scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    let outcome = scene.outcome().await;
    assert_eq!(&*failed(&outcome).code, "not-proved", "{outcome:?}");
    assert_eq!(scene.operations(), calls, "nothing is asked of AWS for it");
}

/// What a deployment does first with a stack of ours that it finds in this status.
async fn first_action(status: StackStatus) -> String {
    let mut scene = Scene::new();
    scene.deploy(&web("1.0.0", "shop:1")).await;
    let seen =
        Seen { sim: scene.sim.clone(), service: Box::new(|_| {}), stack: Box::new(move |stack| stack.status = status) };
    let before = scene.records().await.len();
    let mut engine = scene.engine_on(scene.store.clone(), Arc::new(seen)).await;
    engine.carry_out(&web("1.1.0", "shop:2"), scene.now).await.unwrap();
    engine.advance(scene.now).await.unwrap();
    let first = scene.records().await.into_iter().skip(before).find_map(|record| match record.entry {
        Entry::Intent { call: Call::CreateChangeSet, .. } => Some("change set".to_owned()),
        Entry::Intent { call, .. } => Some(format!("{call:?}")),
        Entry::Waits { cause: Some(cause), .. } => Some(cause.code.to_string()),
        Entry::Stopped { cause, .. } => Some(format!("gate {}", cause.gate.map_or("", Gate::as_str))),
        Entry::StackEnded { outcome, .. } => Some(format!("ends: {}", failed(&outcome).code)),
        _ => None,
    });
    first.expect("something that is done")
}

#[tokio::test]
async fn every_status_of_a_stack_has_its_action() {
    for status in StackStatus::ALL {
        use StackStatus as S;
        let wanted = match status {
            S::CreateComplete
            | S::UpdateComplete
            | S::UpdateRollbackComplete
            | S::ImportComplete
            | S::ImportRollbackComplete
            | S::ReviewInProgress
            | S::DeleteComplete => "change set",
            S::CreateInProgress
            | S::RollbackInProgress
            | S::DeleteInProgress
            | S::UpdateInProgress
            | S::UpdateCompleteCleanupInProgress
            | S::UpdateRollbackInProgress
            | S::UpdateRollbackCompleteCleanupInProgress
            | S::ImportInProgress
            | S::ImportRollbackInProgress => "stack-busy",
            // Its resources are there, as nobody ever sees them in this status.
            S::RollbackComplete => "gate remove",
            S::RollbackFailed | S::DeleteFailed => "gate remove",
            S::CreateFailed | S::UpdateFailed => "gate rollback",
            S::UpdateRollbackFailed => "gate continue",
            S::ImportRollbackFailed => "ends: stack-broken",
        };
        assert_eq!(first_action(status).await, wanted, "{status}");
    }
}

#[tokio::test]
async fn an_engine_that_is_fenced_out_half_way_changes_nothing_more() {
    let mut calm = Scene::new();
    calm.deploy(&web("1.0.0", "shop:1")).await;
    let mut fenced = 0;
    for polls in 0..60 {
        let mut scene = Scene::new();
        let mut old = scene.slow_engine().await;
        old.carry_out(&web("1.0.0", "shop:1"), scene.now).await.unwrap();
        let now = scene.now;
        let mut advance = Box::pin(old.advance(now));
        let mut result = None;
        for _ in 0..polls {
            if let std::task::Poll::Ready(ready) = futures::poll!(&mut advance) {
                result = Some(ready);
                break;
            }
        }
        // Another process takes over; the old one goes on as if nothing had happened.
        let mut new = scene.engine().await;
        let accepted = scene.ledger().len();
        let result = match result {
            Some(result) => result,
            None => advance.as_mut().await,
        };
        assert!(scene.ledger().len() <= accepted + 1, "at most the call that was on its way, after {polls} polls");
        drop(advance);
        if let Err(error) = result {
            assert!(error.to_string().contains("store"), "{error}");
            fenced += 1;
        }
        scene.finish(&mut new).await;
        assert_eq!(scene.outcome().await, Outcome::Proved, "after {polls} polls");
        assert_eq!(scene.operations(), calm.operations(), "after {polls} polls");
        assert!(
            old.advance(scene.now + SignedDuration::from_secs(1)).await.is_ok_and(|progress| !progress.moved)
                || fenced > 0
        );
    }
    assert!(fenced > 5, "only {fenced} times");
}
