//! Tasks that no service runs: RunTask, their life, StopTask.
//!
//! A task is provisioned, runs, and stops when its containers have ended. A client token means one request in one cluster for
//! a day, but no longer than an hour after the task's end \[doc: Ensuring idempotency\]; a stopped task can be described for
//! about an hour.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::ecs::{End, Fate, TaskState};
use super::rollout::STOPPED_FOR;
use super::{Work, World};
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
    /// What is asked for and only shown again, keys as ECS writes them: `launchType`, …
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

/// A request that carried a client token.
#[derive(Clone, Debug)]
pub struct Asked {
    request: String,
    task: String,
    at: Timestamp,
}

impl World {
    /// RunTask, for one task. The same token and request again give the same task.
    pub fn run_task(&mut self, place: &Place, input: &RunTaskInput) -> Answer<OneTask> {
        let invalid = |words: &str| ApiError::new("InvalidParameterException", words);
        let cluster = self.cluster(place, &input.cluster).filter(|cluster| cluster.active);
        let cluster = cluster.ok_or_else(|| ApiError::new("ClusterNotFoundException", "Cluster not found."))?;
        let definition = self.usable_definition(place, &input.definition)?.clone();
        let subject = format!("{}:{}", definition.family, definition.revision);
        if let Some(before) = self.asked_before(place, &cluster.arn, input)? {
            self.record(place, "RunTask", subject, input.token.as_deref(), Effect::Replayed);
            return Ok(before);
        }
        let vpc = definition.text("NetworkMode").as_deref() == Some("awsvpc");
        if vpc && !input.network {
            return Err(invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified."));
        }
        if !vpc && input.network {
            return Err(invalid(
                "Network Configuration is not valid for the given networkMode of this task definition.",
            ));
        }
        let images = definition.containers().into_iter();
        let images = images.map(|(name, image)| (name, image.clone(), Self::digest_of(&image))).collect::<Vec<_>>();
        let id = self.ids.hex(32);
        let partition = place.region.partition();
        let fate = self.fate(&images);
        let starts = (fate != Fate::Hangs).then(|| self.now + self.config.pace.task);
        let task = OneTask {
            arn: format!("arn:{partition}:ecs:{}:{}:task/{}/{id}", place.region, place.account, cluster.name),
            id,
            cluster: cluster.arn.clone(),
            task_definition: definition.arn.clone(),
            group: input.group.clone().unwrap_or_else(|| format!("family:{}", definition.family)),
            started_by: input.started_by.clone(),
            shown: input.shown.clone(),
            images,
            state: TaskState::Pending(starts),
            fate,
            created: self.now,
            started: None,
            ends: None,
            stop: None,
        };
        self.remember_task(place, &cluster.arn, input, &task);
        self.record(place, "RunTask", subject, input.token.as_deref(), Effect::Effective);
        if let Some(starts) = starts {
            self.schedule(starts, Work::Task { place: place.clone(), arn: task.arn.clone() });
        }
        Ok(task)
    }

    /// The task that an earlier request with the same token started.
    fn asked_before(&mut self, place: &Place, cluster: &str, input: &RunTaskInput) -> Answer<Option<OneTask>> {
        let Some(token) = &input.token else { return Ok(None) };
        if token.is_empty() || token.len() > 64 || !token.bytes().all(|byte| (33..=126).contains(&byte)) {
            let words = "Client token must be 1 to 64 characters in the range of 33-126.";
            return Err(ApiError::new("InvalidParameterException", words));
        }
        let now = self.now;
        let ecs = &self.region(place).ecs;
        let Some(asked) = ecs.tokens.get(&(cluster.to_owned(), token.clone())) else { return Ok(None) };
        let task = ecs.tasks.get(&asked.task).filter(|task| task.describable(now));
        let Some(task) = task.filter(|_| asked.at + REMEMBERED > now) else { return Ok(None) };
        if asked.request != input.request {
            return Err(ApiError::new(
                "ConflictException",
                format!("The provided clientToken is already in use with a different RunTask request: {}", task.arn),
            ));
        }
        Ok(Some(task.clone()))
    }

    fn remember_task(&mut self, place: &Place, cluster: &str, input: &RunTaskInput, task: &OneTask) {
        let now = self.now;
        let ecs = &mut self.region(place).ecs;
        ecs.tasks.retain(|_, task| task.describable(now));
        ecs.tasks.insert(task.arn.clone(), task.clone());
        if let Some(token) = &input.token {
            let asked = Asked { request: input.request.clone(), task: task.arn.clone(), at: now };
            ecs.tokens.insert((cluster.to_owned(), token.clone()), asked);
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
            (TaskState::Pending(None), None) if self.fate(&task.images) != Fate::Hangs => {
                let starts = now + self.config.pace.task;
                task.fate = self.fate(&task.images);
                task.state = TaskState::Pending(Some(starts));
                self.schedule(starts, Work::Task { place: place.clone(), arn: task.arn.clone() });
                None
            }
            _ => return,
        };
        if let Some(end) = end {
            task.state = TaskState::Stopped(Box::new(end));
        }
        self.region(place).ecs.tasks.insert(arn.to_owned(), task);
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
