//! Health checks of running tasks: those of containers and those of target groups.
//!
//! Rules from the ECS developer guide ("Determine Amazon ECS task health using container health checks", "Amazon ECS
//! services"): a check that keeps failing makes a task unhealthy, except in the grace period of its service; the service
//! starts a replacement first, where `MaximumPercent` has room for it, and then stops the unhealthy task. A deployment counts
//! the task as failed. What a fault does not make fail passes at once. Deliberately absent: Cloud Map's health checks, and the
//! time in which a load balancer drains the connections of a task that stops.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::World;
use super::ecs::{End, Service, Task, TaskState, number};
use crate::model::Place;
use crate::sim::fault::Fault;

/// A health check that fails.
#[derive(Clone, Debug, PartialEq)]
pub struct Failing {
    pub check: Check,
    /// When it has failed often enough.
    pub until: Timestamp,
    /// The task passed it before.
    pub passed: bool,
    /// It has failed often enough: the task is unhealthy.
    pub unhealthy: bool,
}

/// What checks the health of a task.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    /// The health check of the container with this name.
    Container(String),
    /// A target group, with the port of the target and the reason.
    Target { group: String, port: u32, reason: String },
}

/// What a check of health that is due soon finds. \[api: `HealthStatus`; `TargetHealthStateEnum`\]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are AWS's own")]
pub enum Health {
    Healthy,
    Unknown,
    Unhealthy,
}

impl Task {
    /// Whether it runs and its health checks count it as healthy.
    pub fn is_healthy(&self) -> bool {
        self.state == TaskState::Running && self.failing.as_ref().is_none_or(|check| check.passed && !check.unhealthy)
    }

    /// Whether it runs and its health checks count it as unhealthy.
    pub fn is_unhealthy(&self) -> bool {
        self.state == TaskState::Running && self.failing.as_ref().is_some_and(|check| check.unhealthy)
    }

    /// What checks of one kind say of it.
    pub fn health(&self, of: impl Fn(&Check) -> bool) -> Health {
        match self.failing.as_ref().filter(|failing| of(&failing.check)) {
            _ if self.state != TaskState::Running => Health::Unknown,
            Some(failing) if failing.unhealthy => Health::Unhealthy,
            Some(failing) if !failing.passed => Health::Unknown,
            _ => Health::Healthy,
        }
    }
}

impl Service {
    /// Tasks of a revision that the service keeps: those that start, and those that run and are not unhealthy.
    pub(super) fn wanted(&self, revision: &str) -> u32 {
        let all = self.running(Some(revision)) + self.pending(Some(revision));
        all.saturating_sub(self.unhealthy(Some(revision)))
    }

    /// Counts a failed task against the deployment that brings its revision.
    pub(super) fn count_failure(&mut self, revision: &str) {
        let newest = self.deployments.last_mut();
        if let Some(deployment) =
            newest.filter(|newest| newest.status.active() && super::rollout::aim(newest) == Some(revision))
        {
            deployment.failures += 1;
        }
    }
}

/// When a check of a task has failed often enough.
pub(super) fn next_check(task: &Task) -> Option<Timestamp> {
    let failing = task.failing.as_ref().filter(|failing| !failing.unhealthy && task.state == TaskState::Running);
    failing.map(|failing| failing.until)
}

impl World {
    /// What the health checks of the service's running tasks find.
    pub(super) fn check_health(&mut self, place: &Place, service: &mut Service) {
        let now = self.now;
        let mut found = Vec::new();
        for task in service.tasks.iter().filter(|task| task.state == TaskState::Running) {
            found.push((task.id.clone(), self.failing_check(place, service, task)));
        }
        let mut told = Vec::new();
        for (id, check) in found {
            let Some(task) = service.tasks.iter_mut().find(|task| task.id == id) else { continue };
            let Some((check, until)) = check else {
                task.failing = None;
                continue;
            };
            let passed = task.started.is_some_and(|started| started < now);
            let failing = task.failing.get_or_insert(Failing { check, until, passed, unhealthy: false });
            if failing.until <= now && !failing.unhealthy {
                failing.unhealthy = true;
                told.push((words(&service.name, &id, &failing.check), task.revision.clone()));
            }
        }
        for (message, revision) in told {
            service.steady = false;
            service.count_failure(&revision);
            self.say(service, message);
        }
    }

    /// The check that a running task fails, and when it has failed often enough if it begins to fail now.
    fn failing_check(&self, place: &Place, service: &Service, task: &Task) -> Option<(Check, Timestamp)> {
        let images = &service.revision(&task.revision)?.images;
        let started = task.started?;
        let pace = self.config.pace;
        let seconds = |count: u32| pace.scaled(SignedDuration::from_secs(i64::from(count)));
        let grace = service.properties.get("HealthCheckGracePeriodSeconds").and_then(number).unwrap_or(0);
        let graced = |at: Timestamp| at.max(started + seconds(grace));
        for fault in &self.faults {
            let hit = |part: &String| {
                images.iter().find(|(_, image, digest)| image.contains(part.as_str()) || digest.contains(part.as_str()))
            };
            match fault {
                Fault::ImageUnhealthy { image } => {
                    let Some((name, ..)) = hit(image) else { continue };
                    let Some(check) = self.health_check(place, &task.task_definition, name) else { continue };
                    let part = |key: &str, default| check.get(key).and_then(number).unwrap_or(default);
                    // \[api: defaults of `HealthCheck`\]
                    let failures = part("Interval", 30).saturating_mul(part("Retries", 3));
                    let begin = self.now.max(started + seconds(part("StartPeriod", 0)));
                    return Some((Check::Container(name.clone()), graced(begin + seconds(failures))));
                }
                Fault::TargetUnhealthy { image, reason } if hit(image).is_some() => {
                    let Some((group, port)) = service.target_groups(&task.revision).into_iter().next() else {
                        continue;
                    };
                    let failures = self.target_group_patience(place, &group);
                    let check = Check::Target { group, port, reason: reason.clone() };
                    return Some((check, graced(self.now + seconds(failures))));
                }
                _ => {}
            }
        }
        None
    }

    /// The health check of a container, if its task definition gives one.
    pub(in crate::sim) fn health_check(&self, place: &Place, task_definition: &str, container: &str) -> Option<&Value> {
        let definition = self.find_task_definition(place, task_definition)?;
        let containers = definition.properties.get("ContainerDefinitions")?.as_array()?;
        let own = containers.iter().find(|one| one.get("Name").and_then(Value::as_str) == Some(container))?;
        let check = own.get("HealthCheck")?;
        let command = check.get("Command").and_then(Value::as_array).and_then(|words| words.first()?.as_str());
        (command != Some("NONE")).then_some(check)
    }

    /// Stops unhealthy tasks that are replaced, and one for which `most` tasks leave no room for a replacement.
    pub(super) fn replace_unhealthy(&mut self, service: &mut Service, target: &str, most: u32) {
        let unhealthy = service.unhealthy(Some(target));
        if unhealthy == 0 {
            return;
        }
        let desired = service.desired;
        let is_full = service.running(None) + service.pending(None) >= most;
        // A replacement counts once its own checks have an answer.
        let surplus = (service.healthy(Some(target)) + unhealthy).saturating_sub(desired);
        let surplus = surplus.max(u32::from(is_full && service.wanted(target) < desired));
        let now = self.now;
        let mut stopped = Vec::new();
        let own = service.tasks.iter_mut().filter(|task| task.revision == target && task.is_unhealthy());
        for task in own.take(usize::try_from(surplus).unwrap_or(usize::MAX)) {
            let reason = match task.failing.as_ref().map(|failing| &failing.check) {
                Some(Check::Target { group, .. }) => format!("Task failed ELB health checks in (target-group {group})"),
                _ => "Task failed container health checks".to_owned(),
            };
            let end = End { at: now, code: "ServiceSchedulerInitiated", reason, containers: Vec::new() };
            task.state = TaskState::Stopped(Box::new(end));
            stopped.push(format!("(task {})", task.id));
        }
        if !stopped.is_empty() {
            let (name, count) = (service.name.clone(), stopped.len());
            self.say(service, format!("(service {name}) has stopped {count} running tasks: {}.", stopped.join(" ")));
        }
    }
}

/// How ECS writes that a task is unhealthy. \[iss: events of services, as users quote them\]
fn words(service: &str, task: &str, check: &Check) -> String {
    match check {
        Check::Container(_) => format!("(service {service}) (task {task}) failed container health checks."),
        Check::Target { group, port, reason } => format!(
            "(service {service}) (task {task}) (port {port}) is unhealthy in (target-group {group}) due to (reason {reason})."
        ),
    }
}
