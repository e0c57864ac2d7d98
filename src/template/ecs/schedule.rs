//! `AWS::Scheduler::Schedule`: when tasks are started, and the role with which EventBridge Scheduler starts them.

use serde_json::json;

use crate::model::process::{EcsSchedule, Literal, Task, Times};

use super::super::shape::{Known, Leaf, Shape};
use super::{execution_role, id, launch, role, task_definition, task_role};

/// The schedules by logical id, without explicit names, so that CloudFormation can replace them.
pub(super) fn shapes(step: &EcsSchedule) -> Vec<(String, Shape)> {
    let id = |name: Option<&Literal>| format!("{}{}", id::SCHEDULE, name.map(|name| &**name).unwrap_or_default());
    step.schedule.each().map(|(name, times)| (id(name), shape(step, times))).collect()
}

fn shape(step: &EcsSchedule, times: &Times) -> Shape {
    let (mode, minutes) = match &times.flexible_window_in_minutes {
        Some(minutes) => ("FLEXIBLE", Shape::key(minutes)),
        None => ("OFF", None),
    };
    let window = Shape::map([("Mode", Some(mode.into())), ("MaximumWindowInMinutes", minutes)]);
    let properties =
        Shape::table(times).with("FlexibleTimeWindow", Some(window)).with("Target", Some(target(step, times)));
    Shape::resource("AWS::Scheduler::Schedule", properties)
}

fn target(step: &EcsSchedule, times: &Times) -> Shape {
    let schedule = &step.schedule;
    Shape::table(schedule)
        .or("RoleArn", || Shape::attribute(id::SCHEDULE_ROLE, "Arn"))
        .with("RetryPolicy", schedule.retry_policy.as_ref().and_then(Shape::some_table))
        .with("Arn", Some(Known::ClusterArn.into()))
        .with("EcsParameters", Some(parameters(&step.task, times)))
        .with("Input", Shape::key(&times.input))
}

/// What RunTask is asked for. A schedule cannot be tagged, so tasks get their tags from the task definition.
fn parameters(task: &Task, times: &Times) -> Shape {
    launch::shared(&task.runs_on)
        .with("TaskDefinitionArn", Some(Shape::reference(id::TASK_DEFINITION)))
        .with("TaskCount", Shape::key(&times.task_count))
        .with("PlacementStrategy", Shape::key(&task.runs_on.placement_strategies))
        .with("NetworkConfiguration", launch::network_of_schedule(&task.runs_on))
        .with("EnableExecuteCommand", Shape::key(&task.execute_command))
        .with("EnableECSManagedTags", Some(true.into()))
        .with("PropagateTags", Some("TASK_DEFINITION".into()))
}

/// The role with which EventBridge Scheduler starts tasks; none if the step names one.
///
/// It may run every revision of this step's task definition, so that what is due while a new one is deployed still runs.
pub(super) fn role(step: &EcsSchedule) -> Option<Shape> {
    if step.schedule.schedule_role.is_some() {
        return None;
    }
    let policy = role::policy("run-tasks", statements(step));
    Some(role::shape(&step.task, trust(), vec![policy], Vec::new()))
}

/// Lets EventBridge Scheduler assume the role for schedules of this account in their group alone (EventBridge Scheduler user
/// guide, "Confused deputy prevention").
fn trust() -> Shape {
    let source = Shape::map([
        ("aws:SourceAccount", Some(Known::Account.into())),
        ("aws:SourceArn", Some(Known::ScheduleGroupArn.into())),
    ]);
    let statement = Shape::map([
        ("Effect", Some("Allow".into())),
        ("Principal", Some(Shape::Fixed(json!({ "Service": "scheduler.amazonaws.com" })))),
        ("Action", Some("sts:AssumeRole".into())),
        ("Condition", Some(Shape::map([("StringEquals", Some(source))]))),
    ]);
    Shape::map([("Version", Some("2012-10-17".into())), ("Statement", Some(Shape::List(vec![statement])))])
}

/// RunTask, and what it needs to tag tasks and to give them their roles (ECS developer guide, "EventBridge IAM role"; tagging
/// while a task is made is asked for separately). The queue is written with the same role (EventBridge Scheduler user guide,
/// "Configuring a dead-letter queue").
fn statements(step: &EcsSchedule) -> Vec<Shape> {
    let cluster = Shape::map([("ecs:cluster", Some(Known::ClusterArn.into()))]);
    let in_cluster = Shape::map([("ArnEquals", Some(cluster))]);
    let run = role::allow_if("RunTask", &["ecs:RunTask"], task_definition::revisions(&step.task), in_cluster);
    let while_made = Shape::Fixed(json!({ "StringEquals": { "ecs:CreateAction": "RunTask" } }));
    let tag = role::allow_if("Tags", &["ecs:TagResource"], Known::TasksArn.into(), while_made);
    let to_tasks = Shape::Fixed(json!({ "StringEquals": { "iam:PassedToService": "ecs-tasks.amazonaws.com" } }));
    let pass = role::allow_if("Roles", &["iam:PassRole"], Shape::List(passed(step)), to_tasks);
    let queue =
        step.schedule.dead_letter_config.as_ref().map(|queue| Shape::Leaf(Leaf::QueueArn((*queue.arn).clone())));
    let dead = queue.map(|queue| role::allow("DeadLetters", &["sqs:SendMessage"], queue));
    [run, tag, pass].into_iter().chain(dead).collect()
}

/// The two roles of a task. Given ones go through a check (`RoleArn`): in a policy, `*` in their ARNs would stand for other roles.
fn passed(step: &EcsSchedule) -> Vec<Shape> {
    let task = &step.task;
    std::iter::once(execution_role::arn(task)).chain(task_role::arn(task)).collect()
}
