//! How services get to the tasks that they were asked for: rolling deployments, failing tasks, the circuit breaker.
//! Deployments that move traffic go through the stages of `lifecycle` on their way.
//!
//! Rules from the ECS developer guide: a task that does not start, whose essential container exits as it starts, or that
//! fails its health checks counts as a failure; with a circuit breaker the deployment fails at the threshold, and with
//! rollback the last revision that worked is put back; without one ECS tries for ever.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::capacity::Placement;
use super::ecs::{Deployment, DeploymentStatus, End, Fate, Revision, Said, Service, Task, TaskState};
use super::interruption::Attempt;
use super::lifecycle::Shift;
use super::{Work, World};
use crate::model::Place;
use crate::sim::fault::Fault;

/// How long a stopped task can be described. \[doc: about an hour\]
pub(super) const STOPPED_FOR: SignedDuration = SignedDuration::from_hours(1);

impl World {
    /// The digest that an image resolves to: the pinned one, or one that follows from its reference.
    pub fn digest_of(image: &str) -> String {
        match image.split_once('@') {
            Some((_, digest)) => digest.to_owned(),
            None => format!("sha256:{}", blake3::hash(image.as_bytes()).to_hex()),
        }
    }

    /// Begins a service deployment of what the service's properties say now.
    pub(super) fn start_deployment(&mut self, place: &Place, service: &mut Service) {
        let now = self.now;
        let short = service.cluster.rsplit('/').next().unwrap_or("").to_owned();
        let stem = service.arn.split(":service/").next().unwrap_or("").to_owned();
        let mut superseded = false;
        if let Some(previous) = service.deployments.last_mut().filter(|deployment| deployment.status.active()) {
            previous.status = DeploymentStatus::Stopped;
            previous.reason = Some("The service deployment was superseded by a newer one.".to_owned());
            previous.finished = Some(now);
            previous.shift.iter_mut().for_each(Shift::abandon);
            superseded = true;
        }
        if superseded {
            self.wake(place, service.stack.clone());
        }
        let source = service
            .deployments
            .iter()
            .rev()
            .find(|deployment| deployment.status == DeploymentStatus::Successful)
            .map(|deployment| deployment.target.clone());
        let revision_id = self.ids.digits(19);
        let revision_arn = format!("{stem}:service-revision/{short}/{}/{revision_id}", service.name);
        let mut images = self.containers_of(place, &service.task_definition);
        images.extend(service.connected().then(|| self.proxy()));
        service.revisions.push(Revision {
            arn: revision_arn.clone(),
            task_definition: service.task_definition.clone(),
            created: now,
            images: self.resolved_images(place, images),
        });
        let (enabled, rolls_back) = service.breaker();
        let names = service.alarms().map(|(names, _)| names).unwrap_or_default();
        let off = self.gone_off(&names);
        let watched = names.into_iter().filter(|name| !off.contains(name)).collect();
        let shift = Shift::begin(service, source.is_some(), superseded, now);
        service.deployment_id = format!("ecs-svc/{}", self.ids.digits(19));
        service.steady = false;
        service.forgive();
        service.deployments.push(Deployment {
            arn: format!("{stem}:service-deployment/{short}/{}/{}", service.name, self.ids.hex(21)),
            status: DeploymentStatus::InProgress,
            reason: None,
            created: now,
            finished: None,
            target: revision_arn,
            source,
            failures: 0,
            threshold: enabled.then(|| service.threshold()),
            rolls_back,
            shift,
            watched,
            alarmed: Vec::new(),
            rollback: None,
        });
    }

    /// The container that ECS adds for Service Connect: its name and image.
    fn proxy(&mut self) -> (String, String) {
        let image = "ecs-service-connect-agent:interface-v1".to_owned();
        (format!("ecs-service-connect-{}", self.ids.letters(6)), image)
    }

    fn containers_of(&self, place: &Place, task_definition: &str) -> Vec<(String, String)> {
        let found = self.regions.get(place).and_then(|region| region.ecs.task_definitions.get(task_definition));
        found.map(super::ecs::TaskDefinition::containers).unwrap_or_default()
    }

    /// One look at a service: due tasks first, then what must be launched, stopped or concluded.
    pub(super) fn tick_service(&mut self, place: &Place, arn: &str) {
        let Some(mut service) = self.region(place).ecs.services.remove(arn) else { return };
        if service.status == "ACTIVE" {
            self.resume_tasks(place, &mut service);
            self.settle_tasks(place, &mut service);
            self.interrupt_tasks(&mut service);
            self.check_health(place, &mut service);
            self.break_circuit(&mut service);
            self.watch_alarms(&mut service);
            self.shift(&mut service);
            self.launch_and_drain(place, &mut service);
            self.conclude(place, &mut service);
            if let Some(next) = next_change(&service, self.now) {
                self.schedule(next, Work::Service { place: place.clone(), arn: arn.to_owned() });
            }
        }
        self.region(place).ecs.services.insert(arn.to_owned(), service);
        self.free_places(place);
    }

    pub(super) fn say(&mut self, service: &mut Service, message: String) {
        service.events.push_front(Said { id: self.ids.uuid(), at: self.now, message });
        service.events.truncate(100);
    }

    fn settle_tasks(&mut self, place: &Place, service: &mut Service) {
        let now = self.now;
        service.tasks.retain(|task| match &task.state {
            TaskState::Stopped(end) => end.at + STOPPED_FOR > now,
            _ => true,
        });
        let (mut failed, mut started) = (Vec::new(), Vec::new());
        let mut attempt = Attempt::default();
        for task in &mut service.tasks {
            let TaskState::Pending(Some(due)) = task.state else { continue };
            if due > now {
                continue;
            }
            if !matches!(task.fate, Fate::CannotPull(_)) {
                started.push((task.task_definition.clone(), task.id.clone()));
            }
            match ending(&task.fate, now) {
                None => {
                    task.state = TaskState::Running;
                    task.started = Some(now);
                    attempt.runs = true;
                }
                Some(end) => {
                    attempt.fails = true;
                    attempt.lacks_image |= matches!(task.fate, Fate::CannotPull(_));
                    task.state = TaskState::Stopped(Box::new(end));
                    failed.push((task.id.clone(), task.revision.clone()));
                }
            }
        }
        for (definition, id) in started {
            self.write_logs(place, &definition, &id);
        }
        self.throttle(service, attempt);
        for (id, revision) in failed {
            service.count_failure(&revision);
            let message = format!("(service {}) has stopped 1 running tasks: (task {id}).", service.name);
            self.say(service, message);
        }
    }

    fn break_circuit(&mut self, service: &mut Service) {
        let now = self.now;
        let id = service.deployment_id.clone();
        let name = service.name.clone();
        let mut words = Vec::new();
        if let Some(deployment) = service.deployments.last_mut() {
            let fired = deployment.threshold.is_some_and(|threshold| deployment.failures >= threshold);
            if deployment.status == DeploymentStatus::InProgress && fired {
                let reason = "Service deployment rolled back because the circuit breaker threshold was exceeded.";
                words.push(format!("(service {name}) (deployment {id}) deployment failed: tasks failed to start."));
                if deployment.rolls_back && deployment.source.is_some() {
                    deployment.status = DeploymentStatus::RollbackInProgress;
                    deployment.rollback = Some((now, reason.to_owned()));
                    words.push(format!("(service {name}) rolling back to the last completed deployment."));
                } else {
                    deployment.status = DeploymentStatus::Stopped;
                    deployment.finished = Some(now);
                    deployment.reason = Some("The deployment circuit breaker threshold was exceeded.".to_owned());
                }
            }
        }
        for message in words {
            self.say(service, message);
        }
    }

    /// A deployment whose alarm goes off has failed. \[?\] The words of its reason.
    fn watch_alarms(&mut self, service: &mut Service) {
        let rolls_back = service.alarms().is_some_and(|(_, rolls_back)| rolls_back);
        let watched = service.newest().map(|deployment| deployment.watched.clone()).unwrap_or_default();
        let (now, alarmed) = (self.now, self.gone_off(&watched));
        let (id, name) = (service.deployment_id.clone(), service.name.clone());
        let newest = service.deployments.last_mut();
        let Some(deployment) = newest.filter(|d| d.status == DeploymentStatus::InProgress && !alarmed.is_empty())
        else {
            return;
        };
        deployment.alarmed = alarmed;
        let back = rolls_back && deployment.source.is_some();
        if back {
            deployment.roll_back("Service deployment rolled back because of an alarm.", now);
        } else {
            deployment.status = DeploymentStatus::Stopped;
            deployment.finished = Some(now);
            deployment.reason = Some("The service deployment failed because of an alarm.".to_owned());
        }
        self.say(service, format!("(service {name}) (deployment {id}) deployment failed: alarm detected."));
        if back {
            self.say(service, format!("(service {name}) rolling back to the last completed deployment."));
        }
    }

    fn launch_and_drain(&mut self, place: &Place, service: &mut Service) {
        let Some(target) = goal(service) else { return };
        let shift = service.newest().filter(|deployment| deployment.status == DeploymentStatus::InProgress);
        let shift = shift.and_then(|deployment| deployment.shift.as_ref());
        if shift.is_some_and(|shift| !shift.launches()) {
            return;
        }
        let beside = shift.is_some_and(Shift::beside);
        if !beside {
            self.drain(service, &target);
        }
        let desired = service.desired;
        let most = (desired.saturating_mul(service.percent("MaximumPercent", 200)) / 100).max(1);
        self.replace_unhealthy(service, &target, if beside { u32::MAX } else { most });
        let have = service.wanted(&target);
        let active = service.running(None) + service.pending(None);
        let room = if active == have || beside { desired } else { most.saturating_sub(active) };
        let missing = desired.saturating_sub(have).min(room);
        let (placed, short) = self.placements(place, service, &target, missing);
        self.fall_short(place, service, &target, short);
        if placed.is_empty() || service.is_throttled(self.now) {
            return;
        }
        let Some(revision) = service.revision(&target).cloned() else { return };
        let mut started = Vec::new();
        for placement in placed {
            let task = self.launch(place, service, &revision, placement);
            started.push(format!("(task {})", task.id));
            service.tasks.push(task);
        }
        service.steady = false;
        let message = format!("(service {}) has started {} tasks: {}.", service.name, started.len(), started.join(" "));
        self.say(service, message);
    }

    fn launch(&mut self, place: &Place, service: &Service, revision: &Revision, placement: Placement) -> Task {
        let id = self.ids.hex(32);
        let cluster = service.cluster.rsplit('/').next().unwrap_or("");
        let fate = self.fate(place, &revision.images);
        // \[?\] Tasks whose containers exit at once are not throttled; here they come more slowly, so that a year of them is
        // bounded.
        let wait = self.config.pace.task * i32::try_from(service.failed_starts / 10 + 1).unwrap_or(10).min(10);
        let due = (fate != Fate::Hangs).then(|| self.now + wait);
        let partition = place.region.partition();
        Task {
            arn: format!("arn:{partition}:ecs:{}:{}:task/{cluster}/{id}", place.region, place.account),
            id,
            revision: revision.arn.clone(),
            task_definition: revision.task_definition.clone(),
            placement,
            tags: self.service_task_tags(place, service, &revision.task_definition),
            state: TaskState::Pending(due),
            fate,
            created: self.now,
            started: None,
            failing: None,
        }
    }

    /// What becomes of a task with these images: container, image, digest.
    pub(super) fn fate(&self, place: &Place, images: &[(String, String, String)]) -> Fate {
        for (container, image, digest) in images {
            let names = |part: &String| image.contains(part.as_str()) || digest.contains(part.as_str());
            for fault in &self.faults {
                match fault {
                    Fault::ImageCrashes { image: part, exit_code, reason } if names(part) => {
                        return Fate::Crashes(container.clone(), *exit_code, reason.clone());
                    }
                    Fault::ImageMissing { image: part } if names(part) => return Fate::CannotPull(image.clone()),
                    Fault::ImageHangs { image: part } if names(part) => return Fate::Hangs,
                    _ => {}
                }
            }
        }
        let lacking = images.iter().find(|(_, image, digest)| self.lacks_image(place, image, digest));
        lacking.map_or(Fate::Runs, |(_, image, _)| Fate::CannotPull(image.clone()))
    }

    /// Stops tasks of other revisions as far as the minimum healthy percentage allows.
    fn drain(&mut self, service: &mut Service, target: &str) {
        let least = service.desired.saturating_mul(service.percent("MinimumHealthyPercent", 100)).div_ceil(100);
        let now = self.now;
        let id = service.deployment_id.clone();
        let mut healthy = service.healthy(None);
        let mut stopped = Vec::new();
        for task in service.tasks.iter_mut().filter(|task| task.revision != target) {
            let stoppable = match task.state {
                TaskState::Pending(_) => true,
                TaskState::Running if !task.is_healthy() => true,
                TaskState::Running if healthy > least => {
                    healthy -= 1;
                    true
                }
                _ => false,
            };
            if stoppable {
                task.state = scaled_in(now, &id);
                stopped.push(format!("(task {})", task.id));
            }
        }
        let have = service.wanted(target);
        let surplus = usize::try_from(have.saturating_sub(service.desired)).unwrap_or(0);
        // Those that do not run yet go first.
        let mut order: Vec<usize> = (0..service.tasks.len()).collect();
        order.sort_by_key(|at| service.tasks.get(*at).is_some_and(|task| task.state == TaskState::Running));
        let stopped_or_unhealthy = |task: &Task| matches!(task.state, TaskState::Stopped(_)) || task.is_unhealthy();
        let own = |task: &Task| task.revision == target && !stopped_or_unhealthy(task);
        order.retain(|at| service.tasks.get(*at).is_some_and(own));
        for at in order.into_iter().take(surplus) {
            let Some(task) = service.tasks.get_mut(at) else { continue };
            task.state = scaled_in(now, &id);
            stopped.push(format!("(task {})", task.id));
        }
        if !stopped.is_empty() {
            service.steady = false;
            let message = format!(
                "(service {}) has stopped {} running tasks: {}.",
                service.name,
                stopped.len(),
                stopped.join(" ")
            );
            self.say(service, message);
        }
    }

    fn conclude(&mut self, place: &Place, service: &mut Service) {
        let target = goal(service);
        let settled = target.is_some()
            && service.running(target.as_deref()) == service.desired
            && service.running(None) == service.desired
            && service.healthy(None) == service.desired
            && service.pending(None) == 0
            && service.newest().is_none_or(|newest| {
                newest.status != DeploymentStatus::InProgress
                    || newest.shift.as_ref().is_none_or(|shift| !shift.beside())
            });
        let id = service.deployment_id.clone();
        let name = service.name.clone();
        let now = self.now;
        if settled && !service.steady {
            self.say(service, format!("(service {name}) has reached a steady state."));
        }
        service.steady = settled;
        let ended = match service.deployments.last_mut() {
            Some(deployment) if deployment.status == DeploymentStatus::InProgress && settled => {
                deployment.status = DeploymentStatus::Successful;
                deployment.finished = Some(now);
                self.say(service, format!("(service {name}) (deployment {id}) deployment completed."));
                true
            }
            Some(deployment) if deployment.status == DeploymentStatus::RollbackInProgress && settled => {
                deployment.status = DeploymentStatus::RollbackSuccessful;
                deployment.finished = Some(now);
                deployment.reason = deployment.rollback.as_ref().map(|(_, reason)| reason.clone());
                let old = target
                    .and_then(|target| service.revision(&target))
                    .map(|revision| revision.task_definition.clone());
                service.task_definition = old.unwrap_or_else(|| service.task_definition.clone());
                true
            }
            Some(deployment) => !deployment.status.active() && deployment.finished == Some(now),
            None => false,
        };
        if ended {
            self.wake(place, service.stack.clone());
        }
    }

    /// Changes a service to new properties; a new deployment begins if one is needed for them.
    pub(super) fn change_service(&mut self, place: &Place, arn: &str, properties: &Map<String, Value>) -> bool {
        let Some(mut service) = self.region(place).ecs.services.remove(arn) else { return false };
        let text = |key: &str| properties.get(key).and_then(Value::as_str).map(str::to_owned);
        let named = text("TaskDefinition").unwrap_or_else(|| service.task_definition.clone());
        let task_definition = self.find_task_definition(place, &named).map_or(named, |found| found.arn.clone());
        let nonce = |map: &Map<String, Value>| map.get("ForceNewDeployment").cloned();
        // \[doc: UpdateService\] Desired count, propagated tags and tags start no deployment.
        let rolls = |map: &Map<String, Value>| {
            let mut rest = map.clone();
            for key in ["DesiredCount", "PropagateTags", "Tags", "TaskDefinition", "DeploymentConfiguration"] {
                rest.remove(key);
            }
            Value::Object(rest)
        };
        let deploy = task_definition != service.task_definition
            || nonce(properties) != nonce(&service.properties)
            || !super::eval::same(&rolls(properties), &rolls(&service.properties));
        service.task_definition = task_definition;
        if let Some(count) = properties.get("DesiredCount").and_then(super::ecs::number) {
            service.desired = count;
        }
        service.properties = properties.clone();
        if deploy {
            self.start_deployment(place, &mut service);
        }
        self.region(place).ecs.services.insert(arn.to_owned(), service);
        self.schedule(self.now, Work::Service { place: place.clone(), arn: arn.to_owned() });
        deploy
    }
}

/// A task that the service does not need any more.
fn scaled_in(at: Timestamp, deployment: &str) -> TaskState {
    TaskState::Stopped(Box::new(End {
        at,
        code: "ServiceSchedulerInitiated",
        reason: format!("Scaling activity initiated by (deployment {deployment})"),
        containers: Vec::new(),
    }))
}

/// The revision that a deployment is working towards.
pub(super) fn aim(deployment: &Deployment) -> Option<&str> {
    match deployment.status {
        DeploymentStatus::RollbackInProgress | DeploymentStatus::RollbackSuccessful => deployment.source.as_deref(),
        DeploymentStatus::Stopped | DeploymentStatus::RollbackFailed => None,
        _ => Some(&deployment.target),
    }
}

/// The revision whose tasks the service should run.
fn goal(service: &Service) -> Option<String> {
    service.newest().and_then(aim).map(str::to_owned)
}

fn next_change(service: &Service, now: Timestamp) -> Option<Timestamp> {
    let due = |task: &Task| match task.state {
        TaskState::Pending(due) => due,
        _ => None,
    };
    let deployment = service.newest().filter(|deployment| deployment.status == DeploymentStatus::InProgress);
    let shift = deployment.and_then(|deployment| deployment.shift.as_ref()?.due(now));
    let health = service.tasks.iter().filter_map(super::health::next_check);
    let throttle = service.throttled_until.filter(|until| *until > now);
    service
        .tasks
        .iter()
        .filter_map(due)
        .chain(shift)
        .chain(health)
        .chain(throttle)
        .chain(service.shortage.due(now))
        .min()
}

/// How a task ends right after or instead of starting; none if it runs.
pub(super) fn ending(fate: &Fate, now: Timestamp) -> Option<End> {
    match fate {
        Fate::Runs | Fate::Hangs => None,
        Fate::Crashes(container, code, reason) => Some(End {
            at: now,
            code: "EssentialContainerExited",
            reason: "Essential container in task exited".to_owned(),
            containers: vec![(container.clone(), Some(*code), reason.clone())],
        }),
        Fate::CannotPull(image) => {
            let reason = format!(
                "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref {image}: \
                 {image}: not found"
            );
            Some(End { at: now, code: "TaskFailedToStart", reason, containers: Vec::new() })
        }
    }
}
