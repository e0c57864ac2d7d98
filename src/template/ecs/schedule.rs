//! `AWS::Scheduler::Schedule`: when tasks are started, and the role with which EventBridge Scheduler starts them.

use serde_json::json;

use crate::model::process::EcsSchedule;

use super::super::shape::{Known, Leaf, Shape};
use super::{execution_role, id, launch, role, task_role};

/// The schedule, without an explicit name, so that CloudFormation can replace it.
pub(super) fn shape(step: &EcsSchedule) -> Shape {
    let window = match step.flexible_window {
        Some(minutes) => json!({ "Mode": "FLEXIBLE", "MaximumWindowInMinutes": minutes }),
        None => json!({ "Mode": "OFF" }),
    };
    Shape::resource(
        "AWS::Scheduler::Schedule",
        Shape::map([
            ("ScheduleExpression", Some(Shape::text(&step.schedule))),
            ("ScheduleExpressionTimezone", step.time_zone.as_ref().map(Shape::text)),
            ("StartDate", step.start_date.as_ref().map(Shape::text)),
            ("EndDate", step.end_date.as_ref().map(Shape::text)),
            ("FlexibleTimeWindow", Some(Shape::Fixed(window))),
            ("State", Some(if step.enabled { "ENABLED" } else { "DISABLED" }.into())),
            ("Target", Some(target(step))),
        ]),
    )
}

fn target(step: &EcsSchedule) -> Shape {
    let role = step.role.as_ref().map_or_else(|| Shape::attribute(id::SCHEDULE_ROLE, "Arn"), Shape::role);
    let retries = step.retry_attempts.is_some() || step.event_age.is_some();
    let retry = Shape::map([
        ("MaximumRetryAttempts", step.retry_attempts.map(Shape::from)),
        ("MaximumEventAgeInSeconds", step.event_age.map(Shape::from)),
    ]);
    let queue = step.dead_letter_queue.as_ref().map(|queue| Shape::map([("Arn", Some(Shape::arn(queue)))]));
    Shape::map([
        ("Arn", Some(Known::ClusterArn.into())),
        ("RoleArn", Some(role)),
        ("EcsParameters", Some(parameters(step))),
        ("RetryPolicy", retries.then_some(retry)),
        ("DeadLetterConfig", queue),
    ])
}

/// What RunTask is asked for. A schedule cannot be tagged, so tasks get their tags from the task definition.
fn parameters(step: &EcsSchedule) -> Shape {
    let task = &step.task;
    Shape::map([
        ("TaskDefinitionArn", Some(Shape::reference(id::TASK_DEFINITION))),
        ("TaskCount", Some(step.task_count.into())),
        ("LaunchType", launch::launch_type(task)),
        ("CapacityProviderStrategy", launch::capacity_providers(task)),
        ("PlatformVersion", task.launch.platform_version.as_ref().map(Shape::text)),
        ("PlacementConstraints", launch::constraints(task)),
        ("PlacementStrategy", launch::strategies(task)),
        ("NetworkConfiguration", launch::network_of_schedule(task)),
        ("EnableExecuteCommand", Shape::key(&task.execute_command)),
        ("EnableECSManagedTags", Some(true.into())),
        ("PropagateTags", Some("TASK_DEFINITION".into())),
    ])
}

/// The role with which EventBridge Scheduler starts tasks; none if the step names one.
///
/// It may run every revision of this step's task definition, so that what is due while a new one is deployed still runs.
pub(super) fn role(step: &EcsSchedule) -> Option<Shape> {
    if step.role.is_some() {
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
    let run = role::allow_if("RunTask", &["ecs:RunTask"], Known::TaskDefinitionsArn.into(), in_cluster);
    let while_made = Shape::Fixed(json!({ "StringEquals": { "ecs:CreateAction": "RunTask" } }));
    let tag = role::allow_if("Tags", &["ecs:TagResource"], Known::TasksArn.into(), while_made);
    let to_tasks = Shape::Fixed(json!({ "StringEquals": { "iam:PassedToService": "ecs-tasks.amazonaws.com" } }));
    let pass = role::allow_if("Roles", &["iam:PassRole"], Shape::List(passed(step)), to_tasks);
    let queue = step.dead_letter_queue.as_ref().map(|queue| Shape::Leaf(Leaf::QueueArn(queue.clone())));
    let dead = queue.map(|queue| role::allow("DeadLetters", &["sqs:SendMessage"], queue));
    [run, tag, pass].into_iter().chain(dead).collect()
}

/// The two roles of a task. Given ones go through a check: in a policy, `*` in their ARNs would stand for other roles.
fn passed(step: &EcsSchedule) -> Vec<Shape> {
    let task = &step.task;
    let given =
        |role: &Option<crate::model::process::Text>| role.as_ref().map(|role| Shape::Leaf(Leaf::RoleArn(role.clone())));
    let execution = given(&task.execution_role).unwrap_or_else(|| execution_role::arn(task));
    std::iter::once(execution).chain(given(&task.task_role).or_else(|| task_role::arn(task))).collect()
}
