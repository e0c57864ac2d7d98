//! ECS's operations on tasks over JSON 1.1.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::ecs::Request;
use super::ecs_view as view;
use crate::sim::error::{Answer, ApiError};
use crate::sim::world::World;
use crate::sim::world::capacity::Capacity;
use crate::sim::world::ecs::TaskState;
use crate::sim::world::tasks::{OneTask, Ran, RunTaskInput};

/// Fields of RunTask that ECS shows again with the task.
const SHOWN: [&str; 2] = ["platformVersion", "enableExecuteCommand"];

impl Request<'_> {
    pub(super) fn list_tasks(&self, world: &mut World) -> Answer<Value> {
        let filters = ["serviceName", "family", "desiredStatus", "startedBy"];
        self.only(&[&filters[..], &["cluster", "nextToken", "maxResults"]].concat())?;
        let cluster = self.cluster(world)?;
        let (service, family, by) = (self.text("serviceName"), self.text("family"), self.text("startedBy"));
        if by.is_some() && filters.iter().filter(|key| self.input.get(**key).is_some()).count() > 1 {
            let words = "When startedBy is specified, it must be the only filter.";
            return Err(ApiError::new("InvalidParameterException", words));
        }
        // What ECS has begun to stop is listed as stopped; without a filter only the others are. \[doc: ListTasks\]
        let stopped = self.text("desiredStatus").as_deref() == Some("STOPPED");
        let fits = |is_stopped: bool, definition: &str, started_by: Option<&str>| {
            let short = definition.rsplit('/').next().unwrap_or(definition);
            is_stopped == stopped
                && family.as_ref().is_none_or(|family| short.split(':').next() == Some(family))
                && by.as_ref().is_none_or(|by| started_by == Some(by))
        };
        let place = &self.caller.place;
        let mut names = Vec::new();
        for found in world.services(place).filter(|service| service.cluster == cluster) {
            if service.as_ref().is_some_and(|wanted| *wanted != found.name && *wanted != found.arn) {
                continue;
            }
            let is_stopped = |state: &TaskState| matches!(state, TaskState::Stopped(_));
            let tasks = found
                .tasks
                .iter()
                .filter(|task| fits(is_stopped(&task.state), &task.task_definition, Some(&found.deployment_id)));
            names.extend(tasks.map(|task| task.arn.clone()));
        }
        let others = world.one_tasks(place).filter(|task| task.cluster == cluster && service.is_none());
        let fitting = others.filter(|task| fits(is_stopping(task), &task.task_definition, task.started_by.as_deref()));
        names.extend(fitting.map(|task| task.arn.clone()));
        self.list(world, "taskArns", names)
    }

    pub(super) fn describe_tasks(&self, world: &mut World) -> Answer<Value> {
        self.only(&["cluster", "tasks", "include"])?;
        let (cluster, tags) = (self.cluster(world)?, self.wants_tags()?);
        let names = self.texts("tasks");
        if names.is_empty() || names.len() > 100 {
            return Err(ApiError::new("InvalidParameterException", "Tasks: 1 to 100 can be described at once."));
        }
        let place = &self.caller.place;
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for name in names {
            let one = world.find_one_task(place, &name).filter(|task| task.cluster == cluster);
            match (world.find_task(place, &name).filter(|(service, _)| service.cluster == cluster), one) {
                (Some((service, task)), _) => found.push(view::task(world, place, service, task, tags)),
                (None, Some(task)) => found.push(view::one_task(task, tags)),
                (None, None) => failures.push(view::missing(&name)),
            }
        }
        Ok(json!({ "tasks": found, "failures": failures }))
    }

    pub(super) fn run_task(&self, world: &mut World) -> Answer<Value> {
        self.only(&[
            "cluster",
            "taskDefinition",
            "count",
            "clientToken",
            "startedBy",
            "group",
            "launchType",
            "capacityProviderStrategy",
            "platformVersion",
            "networkConfiguration",
            "placementConstraints",
            "placementStrategy",
            "enableExecuteCommand",
            "enableECSManagedTags",
            "propagateTags",
            "tags",
            "overrides",
        ])?;
        if self.input.get("launchType").is_some() && self.input.get("capacityProviderStrategy").is_some() {
            let words = "Specifying both a launch type and capacity provider strategy is not supported.";
            return Err(ApiError::new("InvalidParameterException", words));
        }
        let shown = SHOWN.iter().filter_map(|key| Some(((*key).to_owned(), self.input.get(*key)?.clone())));
        // \[api: RunTask, `propagateTags`\] \[?\] The words.
        let propagates = self.text("propagateTags").filter(|word| word != "NONE");
        if propagates.as_deref().is_some_and(|word| word != "TASK_DEFINITION") {
            let words = "Tags can be propagated from a task definition only when running a task.";
            return Err(ApiError::new("InvalidParameterException", words));
        }
        let input = RunTaskInput {
            cluster: self.text("cluster").unwrap_or_else(|| "default".to_owned()),
            definition: self.required("taskDefinition")?,
            token: self.text("clientToken"),
            started_by: self.text("startedBy"),
            group: self.text("group"),
            network: self.input.get("networkConfiguration").is_some(),
            overrides: self.input.get("overrides").cloned(),
            on: Capacity::of(&self.input.as_object().map(view::upper).unwrap_or_default()),
            tags: self.own_tags(),
            propagates_tags: propagates.is_some(),
            managed_tags: self.input.get("enableECSManagedTags").and_then(Value::as_bool) == Some(true),
            shown: shown.collect::<Map<_, _>>(),
            request: self.input.to_string(),
        };
        let (mut tasks, mut failures) = (Vec::new(), Vec::new());
        let count = self.input.get("count").map_or(Some(1), Value::as_u64).unwrap_or(0);
        for ran in world.try_tasks(&self.caller.place, &input, count)? {
            match ran {
                Ran::Task(task) => tasks.push(view::one_task(&task, true)),
                Ran::Unplaced(why) => {
                    failures.push(view::compact(json!({ "arn": why.arn, "reason": why.reason })));
                }
            }
        }
        Ok(json!({ "tasks": tasks, "failures": failures }))
    }

    fn own_tags(&self) -> BTreeMap<String, String> {
        let list = self.input.get("tags").and_then(Value::as_array);
        let text = |tag: &Value, name: &str| tag.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        list.into_iter().flatten().map(|tag| (text(tag, "key"), text(tag, "value"))).collect()
    }

    pub(super) fn stop_task(&self, world: &mut World) -> Answer<Value> {
        self.only(&["cluster", "task", "reason"])?;
        let cluster = self.cluster(world)?;
        let (place, name, reason) = (&self.caller.place, self.required("task")?, self.text("reason"));
        let of_service = world.find_task(place, &name).map(|(service, _)| service.cluster.clone());
        let own = of_service.clone().or_else(|| world.find_one_task(place, &name).map(|task| task.cluster.clone()));
        if own.is_some_and(|own| own != cluster) {
            return Err(ApiError::new("InvalidParameterException", "The referenced task was not found."));
        }
        if of_service.is_some() {
            world.stop_service_task(place, &name, reason.as_deref())?;
            let found = world.find_task(place, &name);
            return Ok(json!({ "task": found.map(|(service, task)| view::task(world, place, service, task, true)) }));
        }
        let task = world.stop_task(place, &name, reason.as_deref())?;
        Ok(json!({ "task": view::one_task(&task, true) }))
    }
}

/// Whether ECS has begun to stop it.
fn is_stopping(task: &OneTask) -> bool {
    task.stop.is_some() || matches!(task.state, TaskState::Stopped(_))
}
