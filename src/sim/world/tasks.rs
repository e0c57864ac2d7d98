//! Tasks that no service runs: RunTask, their life, StopTask.
//!
//! A task is provisioned, runs, and stops when its containers have ended. A client token means one request in one cluster for
//! a day, but no longer than an hour after the task's end \[doc: Ensuring idempotency\]; a stopped task can be described for
//! about an hour.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::capacity::{Capacity, Placement, Unplaced};
use super::ecs::{Cluster, End, Fate, Service, TaskDefinition, TaskState};
use super::ecs_hands::all_tags;
use super::rollout::STOPPED_FOR;
use super::timers::is_on;
use super::{Work, World, overrides};
use crate::model::Place;
use crate::sim::error::{Answer, ApiError};
use crate::sim::fault::Fault;
use crate::sim::ledger::Effect;

/// How long a client token is remembered at most.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// What a container ends with that SIGTERM ends.
const TERMINATED: i32 = 143;

/// What RunTask is asked for, as far as the account looks at it.
#[derive(Clone, Debug, Default)]
pub struct RunTaskInput {
    /// Name or ARN of the cluster.
    pub cluster: String,
    /// ARN, `family:revision` or family of the task definition.
    pub definition: String,
    /// The client token.
    pub token: Option<String>,
    /// `startedBy`.
    pub started_by: Option<String>,
    /// `group`; the family unless said.
    pub group: Option<String>,
    /// Whether it says which subnets.
    pub network: bool,
    /// What it runs on.
    pub on: Capacity,
    /// What it gets instead of what its task definition says, as ECS writes it.
    pub overrides: Option<Value>,
    /// Its own tags.
    pub tags: BTreeMap<String, String>,
    /// Whether it gets those of its task definition too.
    pub propagates_tags: bool,
    /// Whether ECS adds its own.
    pub managed_tags: bool,
    /// What is asked for and only shown again, keys as ECS writes them: `platformVersion`, …
    pub shown: Map<String, Value>,
    /// Everything that is asked for, as text: the same token with another text is a conflict.
    pub request: String,
}

/// A task that no service runs.
#[derive(Clone, Debug)]
pub struct OneTask {
    pub arn: String,
    pub id: String,
    /// ARN of its cluster.
    pub cluster: String,
    /// ARN of its task definition.
    pub task_definition: String,
    pub group: String,
    /// Who started it, as they say.
    pub started_by: Option<String>,
    /// What was asked for and is only shown again, keys as ECS writes them.
    pub shown: Map<String, Value>,
    pub placement: Placement,
    pub tags: BTreeMap<String, String>,
    /// Container, image, digest.
    pub images: Vec<(String, String, String)>,
    /// Where it is in its life.
    pub state: TaskState,
    /// What becomes of it.
    pub fate: Fate,
    /// When it was created.
    pub created: Timestamp,
    /// When it started to run.
    pub started: Option<Timestamp>,
    /// When its containers end by themselves; none before it runs, and where they do not.
    pub ends: Option<Timestamp>,
    /// When and why it is stopped on request.
    pub stop: Option<(Timestamp, String)>,
}

/// What comes of RunTask.
#[derive(Clone, Debug)]
pub enum Ran {
    Task(Box<OneTask>),
    /// There is no place for it: nothing was started.
    Unplaced(Unplaced),
}

/// A request that carried a client token.
#[derive(Clone, Debug)]
pub struct Asked {
    request: String,
    /// ARNs of the tasks.
    tasks: Vec<String>,
    at: Timestamp,
}

impl World {
    /// RunTask, for one task that has to have a place.
    ///
    /// # Errors
    /// What ECS says against the request, or the reason why the task has no place.
    pub fn run_task(&mut self, place: &Place, input: &RunTaskInput) -> Answer<OneTask> {
        match self.try_task(place, input)? {
            Ran::Task(task) => Ok(*task),
            Ran::Unplaced(why) => Err(ApiError::new("ConflictException", why.reason)),
        }
    }

    /// RunTask, for one task. The same token and request again give the same task.
    ///
    /// # Errors
    /// What ECS says against the request.
    pub fn try_task(&mut self, place: &Place, input: &RunTaskInput) -> Answer<Ran> {
        self.try_tasks(place, input, 1)?.pop().ok_or_else(wrong_count)
    }

    /// RunTask, for some tasks. The same token and request again give the same tasks.
    ///
    /// # Errors
    /// What ECS says against the request.
    pub fn try_tasks(&mut self, place: &Place, input: &RunTaskInput, count: u64) -> Answer<Vec<Ran>> {
        // \[api: RunTask, `count`\]
        if !(1..=10).contains(&count) {
            return Err(wrong_count());
        }
        let (cluster, definition) = self.asked_for(place, input)?;
        let subject = format!("{}:{}", definition.family, definition.revision);
        let before = self.asked_before(place, &cluster.arn, input)?;
        if !before.is_empty() {
            self.record(place, "RunTask", subject, input.token.as_deref(), Effect::Replayed);
            return Ok(before.into_iter().map(|task| Ran::Task(Box::new(task))).collect());
        }
        let mut all = Vec::new();
        for _ in 0..count {
            let ran = self.start_task(place, input, &cluster, &definition)?;
            if let Ran::Task(task) = &ran {
                self.remember_task(place, &cluster.arn, input, task);
            }
            all.push(ran);
        }
        if all.iter().any(|ran| matches!(ran, Ran::Task(_))) {
            self.record(place, "RunTask", subject, input.token.as_deref(), Effect::Effective);
        }
        Ok(all)
    }

    /// Starts a task that something of the account asks for, and no call.
    ///
    /// # Errors
    /// What ECS says against it.
    pub(super) fn start_unasked(&mut self, place: &Place, input: &RunTaskInput) -> Answer<()> {
        let (cluster, definition) = self.asked_for(place, input)?;
        if let Ran::Task(task) = self.start_task(place, input, &cluster, &definition)? {
            self.remember_task(place, &cluster.arn, input, &task);
        }
        Ok(())
    }

    /// The cluster and the task definition that a request names.
    fn asked_for(&mut self, place: &Place, input: &RunTaskInput) -> Answer<(Cluster, TaskDefinition)> {
        input.overrides.as_ref().map_or(Ok(()), overrides::check_members)?;
        let cluster = self.cluster(place, &input.cluster).filter(|cluster| cluster.active);
        let cluster = cluster.ok_or_else(|| ApiError::new("ClusterNotFoundException", "Cluster not found."))?;
        Ok((cluster, self.usable_definition(place, &input.definition)?.clone()))
    }

    /// The tags of a task that a service starts. \[doc: "Tagging your resources": propagated and ECS-managed tags\]
    pub(super) fn service_task_tags(
        &self,
        place: &Place,
        service: &Service,
        definition: &str,
    ) -> BTreeMap<String, String> {
        let mut tags = match service.properties.get("PropagateTags").and_then(Value::as_str) {
            Some("SERVICE") => all_tags(&service.properties, &service.inherited),
            Some("TASK_DEFINITION") => {
                let found = self.find_task_definition(place, definition);
                found.map(|found| all_tags(&found.properties, &found.inherited)).unwrap_or_default()
            }
            _ => BTreeMap::new(),
        };
        if is_on(service.properties.get("EnableECSManagedTags")) {
            let cluster = service.cluster.rsplit('/').next().unwrap_or_default();
            tags.insert("aws:ecs:clusterName".to_owned(), cluster.to_owned());
            tags.insert("aws:ecs:serviceName".to_owned(), service.name.clone());
        }
        tags
    }

    fn start_task(
        &mut self,
        place: &Place,
        input: &RunTaskInput,
        cluster: &Cluster,
        definition: &TaskDefinition,
    ) -> Answer<Ran> {
        let invalid = |words: &str| ApiError::new("InvalidParameterException", words);
        let vpc = definition.text("NetworkMode").as_deref() == Some("awsvpc");
        if vpc && !input.network {
            return Err(invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified."));
        }
        if !vpc && input.network {
            return Err(invalid(
                "Network Configuration is not valid for the given networkMode of this task definition.",
            ));
        }
        let mut shown = input.shown.clone();
        if let Some(overrides) = &input.overrides {
            overrides::check(definition, overrides)?;
            shown.insert("overrides".to_owned(), overrides.clone());
        }
        let (placement, waits) = match self.place_once(place, &cluster.arn, &input.on) {
            Ok(found) => found,
            Err(why) => return Ok(Ran::Unplaced(why)),
        };
        let images = self.resolved_images(place, definition.containers());
        let partition = place.region.partition();
        let fate = self.fate(place, &images);
        let starts = (!waits && fate != Fate::Hangs).then(|| self.now + self.config.pace.task);
        let id = self.ids.hex(32);
        let task = OneTask {
            arn: format!("arn:{partition}:ecs:{}:{}:task/{}/{id}", place.region, place.account, cluster.name),
            id,
            cluster: cluster.arn.clone(),
            task_definition: definition.arn.clone(),
            group: input.group.clone().unwrap_or_else(|| format!("family:{}", definition.family)),
            started_by: input.started_by.clone(),
            shown,
            placement,
            tags: run_task_tags(input, cluster, definition),
            images,
            state: TaskState::Pending(starts),
            fate,
            created: self.now,
            started: None,
            ends: None,
            stop: None,
        };
        if let Some(starts) = starts {
            self.schedule(starts, Work::Task { place: place.clone(), arn: task.arn.clone() });
        }
        Ok(Ran::Task(Box::new(task)))
    }

    /// The tasks that an earlier request with the same token started.
    fn asked_before(&mut self, place: &Place, cluster: &str, input: &RunTaskInput) -> Answer<Vec<OneTask>> {
        let Some(token) = &input.token else { return Ok(Vec::new()) };
        if token.is_empty() || token.len() > 64 || !token.bytes().all(|byte| (33..=126).contains(&byte)) {
            let words = "Client token must be 1 to 64 characters in the range of 33-126.";
            return Err(ApiError::new("InvalidParameterException", words));
        }
        let now = self.now;
        let ecs = &mut self.region(place).ecs;
        let key = (cluster.to_owned(), token.clone());
        let Some(asked) = ecs.tokens.get(&key) else { return Ok(Vec::new()) };
        let known = asked.tasks.iter().filter_map(|arn| ecs.tasks.get(arn)).filter(|task| task.describable(now));
        let tasks: Vec<OneTask> = known.filter(|_| asked.at + REMEMBERED > now).cloned().collect();
        match tasks.first() {
            Some(first) if asked.request != input.request => Err(ApiError::new(
                "ConflictException",
                format!("The provided clientToken is already in use with a different RunTask request: {}", first.arn),
            )),
            Some(_) => Ok(tasks),
            None => {
                ecs.tokens.remove(&key);
                Ok(tasks)
            }
        }
    }

    fn remember_task(&mut self, place: &Place, cluster: &str, input: &RunTaskInput, task: &OneTask) {
        let now = self.now;
        let ecs = &mut self.region(place).ecs;
        ecs.tasks.retain(|_, task| task.describable(now));
        ecs.tasks.insert(task.arn.clone(), task.clone());
        if let Some(token) = &input.token {
            let new = || Asked { request: input.request.clone(), tasks: Vec::new(), at: now };
            let asked = ecs.tokens.entry((cluster.to_owned(), token.clone())).or_insert_with(new);
            asked.tasks.push(task.arn.clone());
        }
    }

    /// A task that no service runs, by ARN or id, as long as it can be described.
    pub fn find_one_task(&self, place: &Place, name: &str) -> Option<&OneTask> {
        let id = name.rsplit('/').next().unwrap_or(name);
        self.one_tasks(place).find(|task| task.id == id)
    }

    /// Every task that no service runs and that can be described, by ARN.
    pub fn one_tasks(&self, place: &Place) -> impl Iterator<Item = &OneTask> {
        let tasks = self.regions.get(place).into_iter().flat_map(|region| region.ecs.tasks.values());
        tasks.filter(|task| task.describable(self.now))
    }

    /// StopTask, for a task that no service runs. One that has stopped is fine.
    pub fn stop_task(&mut self, place: &Place, name: &str, reason: Option<&str>) -> Answer<OneTask> {
        let missing = || ApiError::new("InvalidParameterException", "The referenced task was not found.");
        let arn = self.find_one_task(place, name).map(|task| task.arn.clone()).ok_or_else(missing)?;
        let at = self.now + self.config.pace.change_set;
        let task = self.region(place).ecs.tasks.get_mut(&arn).ok_or_else(missing)?;
        let ended = matches!(task.state, TaskState::Stopped(_)) || task.stop.is_some();
        if !ended {
            task.stop = Some((at, reason.unwrap_or("Task stopped by user").to_owned()));
        }
        let task = task.clone();
        self.record(place, "StopTask", arn.clone(), None, if ended { Effect::Replayed } else { Effect::Effective });
        if !ended {
            self.schedule(at, Work::Task { place: place.clone(), arn });
        }
        Ok(task)
    }

    /// One look at a task: it starts, ends, or is stopped.
    pub(super) fn tick_task(&mut self, place: &Place, arn: &str) {
        let Some(mut task) = self.region(place).ecs.tasks.get(arn).cloned() else { return };
        let now = self.now;
        let stopped = task.stop.as_ref().filter(|(at, _)| *at <= now).map(|(_, reason)| reason.clone());
        let end = match (&task.state, stopped) {
            (TaskState::Stopped(_), _) => return,
            (_, Some(reason)) => {
                let code = self.stays(&task).unwrap_or(TERMINATED);
                Some(task.end(now, "UserInitiated", reason, |_| Some(code)))
            }
            (TaskState::Pending(Some(due)), None) if *due <= now => self.begin_task(place, &mut task),
            (TaskState::Running, None) if task.ends.is_some_and(|ends| ends <= now) => Some(task.exited(now)),
            (TaskState::Running, None) => match self.interruption(&task.images) {
                Some((container, code, reason)) => {
                    task.fate = Fate::Crashes(container, code, reason);
                    Some(task.exited(now))
                }
                None => return,
            },
            (TaskState::Pending(None), None)
                if self.fate(place, &task.images) != Fate::Hangs && !self.waits_for_instance(place, &task) =>
            {
                let starts = now + self.config.pace.task;
                task.fate = self.fate(place, &task.images);
                task.state = TaskState::Pending(Some(starts));
                self.schedule(starts, Work::Task { place: place.clone(), arn: task.arn.clone() });
                self.free_places(place);
                None
            }
            _ => return,
        };
        let ended = end.is_some();
        if let Some(end) = end {
            task.state = TaskState::Stopped(Box::new(end));
        }
        self.region(place).ecs.tasks.insert(arn.to_owned(), task);
        if ended {
            self.free_places(place);
        }
    }

    /// The containers start, unless they cannot; the end, where it comes at once.
    fn begin_task(&mut self, place: &Place, task: &mut OneTask) -> Option<End> {
        let now = self.now;
        if let Fate::CannotPull(_) = &task.fate {
            return super::rollout::ending(&task.fate, now);
        }
        task.started = Some(now);
        self.write_logs(place, &task.task_definition, &task.id);
        if let Fate::Crashes(..) = &task.fate {
            return Some(task.exited(now));
        }
        task.state = TaskState::Running;
        if self.stays(task).is_none() {
            let ends = now + self.config.pace.run;
            task.ends = Some(ends);
            self.schedule(ends, Work::Task { place: place.clone(), arn: task.arn.clone() });
        }
        None
    }

    /// With which code a task ends that does not end by itself.
    fn stays(&self, task: &OneTask) -> Option<i32> {
        self.faults.iter().find_map(|fault| match fault {
            Fault::ImageStays { image, exit_code } => task
                .images
                .iter()
                .any(|(_, reference, digest)| reference.contains(image) || digest.contains(image))
                .then_some(*exit_code),
            _ => None,
        })
    }
}

impl OneTask {
    /// Whether it can be described.
    fn describable(&self, now: Timestamp) -> bool {
        match &self.state {
            TaskState::Stopped(end) => end.at + STOPPED_FOR > now,
            _ => true,
        }
    }

    fn end(&self, at: Timestamp, code: &'static str, reason: String, exit: impl Fn(&str) -> Option<i32>) -> End {
        let exit = |name: &String| if self.started.is_some() { exit(name) } else { None };
        let containers = self.images.iter().map(|(name, ..)| (name.clone(), exit(name), None)).collect();
        End { at, code, reason, containers }
    }

    /// The end that its containers bring: with 0, or as its fate is; the others are killed then.
    fn exited(&self, at: Timestamp) -> End {
        let words = "Essential container in task exited".to_owned();
        let Fate::Crashes(container, code, reason) = &self.fate else {
            return self.end(at, "EssentialContainerExited", words, |_| Some(0));
        };
        let exit = |name: &str| Some(if name == container { *code } else { 137 });
        let mut end = self.end(at, "EssentialContainerExited", words, exit);
        for (name, _, why) in &mut end.containers {
            if name == container {
                why.clone_from(reason);
            }
        }
        end
    }
}

fn wrong_count() -> ApiError {
    ApiError::new("InvalidParameterException", "count must be from 1 to 10.")
}

/// The tags of a task of RunTask: its own, those of its task definition if they are propagated, and the one that ECS adds. \[doc:
/// "Tagging your resources"\]
fn run_task_tags(input: &RunTaskInput, cluster: &Cluster, definition: &TaskDefinition) -> BTreeMap<String, String> {
    let mut tags = match input.propagates_tags {
        true => all_tags(&definition.properties, &definition.inherited),
        false => BTreeMap::new(),
    };
    if input.managed_tags {
        tags.insert("aws:ecs:clusterName".to_owned(), cluster.name.clone());
    }
    tags.extend(input.tags.clone());
    tags
}
