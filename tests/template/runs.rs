//! What the task of an `ecs-task` is run with: filled from the step and the target, beside the template.

use landfall::model::TaskRun;
use serde_json::{Value, json};

use super::steps::rendered_by_name;

fn run(step: &str) -> (TaskRun, Value) {
    let run = rendered_by_name(step).content.task.expect("a step that runs a task");
    let written = serde_json::to_value(&run).unwrap();
    (run, written)
}

#[test]
fn a_task_runs_where_the_target_says() {
    assert_eq!(
        run("task-least").1,
        json!({
            "definition": "TaskDefinition",
            "cluster": "main",
            "on": {"launch-type": "FARGATE"},
            "network": {"subnets": ["subnet-0a0a0a0a", "subnet-0b0b0b0b"], "security_groups": ["sg-0a0a0a0a"]},
            "managed_tags": true,
            "propagate_tags": true,
            "limit": 1800,
        }),
    );
}

#[test]
fn capacity_network_and_placement_are_those_of_the_step() {
    assert_eq!(
        run("task-spot").1,
        json!({
            "definition": "TaskDefinition",
            "cluster": "main",
            "on": {"providers": [{"provider": "FARGATE_SPOT", "weight": 1}]},
            "platform_version": "1.4.0",
            "network": {"subnets": ["subnet-0c0c0c0c"], "security_groups": ["sg-0c0c0c0c"], "public_ip": true},
            "managed_tags": true,
            "propagate_tags": true,
            "limit": 1800,
        }),
    );
    assert_eq!(
        run("task-ec2").1,
        json!({
            "definition": "TaskDefinition",
            "cluster": "main",
            "on": {"launch-type": "EC2"},
            "constraints": [{"kind": "memberOf", "expression": "attribute:ecs.instance-type =~ m7.*"}],
            "strategies": [{"kind": "binpack", "field": "memory"}],
            "execute_command": true,
            "managed_tags": true,
            "propagate_tags": true,
            "limit": 7200,
            "repeatable": true,
        }),
    );
}

#[test]
fn how_long_it_may_take_is_no_other_run() {
    let (run, _) = run("task-least");
    let longer = TaskRun { limit: 60, repeatable: true, ..run.clone() };
    assert_eq!(run.identity(), longer.identity());
    let elsewhere = TaskRun { cluster: "other".into(), ..run.clone() };
    assert_ne!(run.identity(), elsewhere.identity());
}
