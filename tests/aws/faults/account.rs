//! The account of the cells: something there for every operation to read or to change.

use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use landfall::cloud::Observe as _;
use landfall::model::Place;
use landfall::sim::world::tasks::RunTaskInput;
use landfall::sim::world::{ChangeSetInput, Imports, StackInput, StackOptions};
use landfall::sim::{Buckets, During, Fault, SimCloud, SimConfig, World};
use serde_json::{Value, json};

use crate::aws::server::at;

pub(super) const ACCOUNT: &str = "111111111111";
pub(super) const BUCKET: &str = "templates";
/// A change set of `standing` that can be executed.
pub(super) const READY: &str = "ready";

/// What is in the account, for the calls to name.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) world: World,
    /// Service of the stack `standing`.
    pub(super) service: String,
    /// The service deployment that waits at a pause hook, and the hook.
    pub(super) hook: (String, String),
    /// Task definition of the service.
    pub(super) definition: String,
    /// A one-off task that runs.
    pub(super) task: String,
}

pub(super) fn place() -> Place {
    at(ACCOUNT, "eu-west-1").place
}

/// A service that runs an image, and writes a log.
fn template(image: &str, configuration: &Value) -> String {
    json!({"Resources": {
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Ref": "AWS::StackName"}}},
        "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
            "Family": {"Ref": "AWS::StackName"}, "Cpu": "256", "Memory": "512",
            "ContainerDefinitions": [{"Name": "app", "Image": image, "LogConfiguration": {"LogDriver": "awslogs",
                "Options": {"awslogs-group": {"Ref": "Logs"}, "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "run"}}}]}},
        "Service": {"Type": "AWS::ECS::Service", "Properties": {
            "Cluster": "main", "TaskDefinition": {"Ref": "Task"}, "DesiredCount": 1,
            "DeploymentConfiguration": configuration}}
    }})
    .to_string()
}

fn input(name: &str, template: String) -> StackInput {
    StackInput { name: name.to_owned(), template: Some(template), ..StackInput::default() }
}

fn fails(stack: &str, during: During) -> Fault {
    let (stack, resource) = (stack.to_owned(), "Service".to_owned());
    Fault::ResourceFails { stack, resource, during, reason: "not today".to_owned(), times: 1 }
}

fn later(world: &mut World) {
    let to = world.now() + SignedDuration::from_mins(5);
    world.advance(to);
}

impl Account {
    pub(super) async fn new() -> Self {
        let buckets = Buckets::Listed([(BUCKET.to_owned(), place())].into());
        let mut world = World::new(SimConfig { buckets, ..SimConfig::default() });
        let place = place();
        world.queue_fault(Fault::ImageStays { image: "shop:1".to_owned(), exit_code: 143 });
        world.queue_fault(Fault::ImageSays { image: "shop:1".to_owned(), lines: vec!["ready".to_owned()] });
        world.queue_fault(Fault::ImageHangs { image: "shop:never".to_owned() });
        let options = StackOptions::default();
        for name in ["standing", "updating", "stuck", "kept", "paused"] {
            world.create_stack(&place, &input(name, template("shop:1", &json!({}))), &options).unwrap();
        }
        later(&mut world);
        [fails("stuck", During::Update), fails("stuck", During::Rollback), fails("kept", During::Update)]
            .into_iter()
            .for_each(|fault| world.queue_fault(fault));
        let pauses = json!({"Strategy": "BLUE_GREEN", "LifecycleHooks": [
            {"TargetType": "PAUSE", "LifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}]});
        world.update_stack(&place, &input("updating", template("shop:never", &json!({}))), &options).unwrap();
        world.update_stack(&place, &input("stuck", template("shop:2", &json!({}))), &options).unwrap();
        world.update_stack(&place, &input("paused", template("shop:2", &pauses)), &options).unwrap();
        let keep = StackOptions { keep_failed: true, ..StackOptions::default() };
        world.update_stack(&place, &input("kept", template("shop:2", &json!({}))), &keep).unwrap();
        let set = ChangeSetInput {
            name: READY.to_owned(),
            kind: "UPDATE".to_owned(),
            stack: input("standing", template("shop:2", &json!({}))),
            description: None,
            on_failure: None,
            reverts: false,
            nested: false,
            imports: Imports::default(),
        };
        world.create_change_set(&place, &set).unwrap();
        later(&mut world);
        let family = |name: &'static str| {
            move |service: &&landfall::sim::world::ecs::Service| service.task_definition.contains(name)
        };
        let standing = world.services(&place).find(family("/standing:")).unwrap().clone();
        let run = RunTaskInput {
            cluster: "main".to_owned(),
            definition: standing.task_definition.clone(),
            started_by: Some("somebody".to_owned()),
            ..RunTaskInput::default()
        };
        let task = world.run_task(&place, &run).unwrap().arn;
        later(&mut world);
        let paused = world.services(&place).find(family("/paused:")).unwrap().arn.clone();
        let cloud = SimCloud::new(Arc::new(Mutex::new(world.clone())));
        let paused = cloud.service(&at(ACCOUNT, "eu-west-1"), &paused).await.unwrap().unwrap().deployment.unwrap();
        let hook = (paused.arn.to_string(), paused.waits_at().unwrap().id.to_string());
        Self { world, service: standing.arn, hook, definition: standing.task_definition, task }
    }

    /// Deletes what most reads look at, so that a fresh answer is another one than before.
    pub(super) fn change(world: &mut World) {
        let place = place();
        world.delete_change_set(&place, Some("standing"), READY).unwrap();
        world.cancel_update_stack(&place, "paused", &None).unwrap();
        later(world);
        for name in ["standing", "paused"] {
            world.delete_stack(&place, name, &[], true, &None).unwrap();
        }
        let task = world.one_tasks(&place).next().unwrap().arn.clone();
        world.stop_task(&place, &task, None).unwrap();
        later(world);
    }
}
