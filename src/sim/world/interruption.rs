//! Tasks that end or stay behind although their deployment is fine, and how soon ECS tries again.
//!
//! A task that stops after it ran is replaced at once. Tasks that do not get as far are throttled: the time between attempts
//! grows up to 27 minutes, until one runs or the service is updated. \[doc: "Amazon ECS service throttle logic"\]

use jiff::{SignedDuration, Timestamp};

use super::ecs::{End, Fate, Service, TaskState};
use super::{Work, World};
use crate::model::Place;
use crate::sim::error::{Answer, ApiError};
use crate::sim::fault::Fault;
use crate::sim::ledger::Effect;

/// The longest time between attempts.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(27);
/// \[?\] Attempts in a row that fail before ECS begins to throttle.
const FREE_ATTEMPTS: u32 = 3;

/// What became of the tasks that were to start at one time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attempt {
    /// One runs.
    pub(super) runs: bool,
    /// One does not.
    pub(super) fails: bool,
    /// One does not, because its image cannot be pulled.
    pub(super) lacks_image: bool,
}

impl Service {
    /// Its tasks are launched at once again.
    pub(super) fn forgive(&mut self) {
        self.failed_starts = 0;
        self.throttled_until = None;
        self.shortage = Default::default();
    }

    /// Whether a launch has to wait.
    pub(super) fn is_throttled(&self, now: Timestamp) -> bool {
        self.throttled_until.is_some_and(|until| until > now)
    }
}

impl World {
    /// Counts attempts to start tasks, and makes the next one wait. \[?\] How the time grows: by the time that a task takes
    /// to start.
    pub(super) fn throttle(&mut self, service: &mut Service, attempt: Attempt) {
        let now = self.now;
        if attempt.runs {
            service.forgive();
            return;
        }
        if !attempt.fails {
            return;
        }
        service.failed_starts = service.failed_starts.saturating_add(1);
        let over = service.failed_starts.saturating_sub(FREE_ATTEMPTS);
        if over == 0 || !attempt.lacks_image {
            return;
        }
        let pace = self.config.pace;
        let pause = pace.task.saturating_mul(i32::try_from(over).unwrap_or(i32::MAX)).min(pace.scaled(LONGEST_PAUSE));
        service.throttled_until = Some(now + pause);
        if over == 1 {
            let words = "is unable to consistently start tasks successfully. For more information, see the Troubleshooting \
                         section of the Amazon ECS Developer Guide.";
            let message = format!("(service {}) {words}", service.name);
            self.say(service, message);
        }
    }

    /// Tasks that a fault kept pending start once it is cleared.
    pub(super) fn resume_tasks(&mut self, place: &Place, service: &mut Service) {
        let hanging = |task: &super::ecs::Task| task.state == TaskState::Pending(None);
        let mut resumed = Vec::new();
        for task in service.tasks.iter().filter(|task| hanging(task)) {
            let fate = service.revision(&task.revision).map(|revision| self.fate(place, &revision.images));
            resumed.extend(fate.filter(|fate| *fate != Fate::Hangs).map(|fate| (task.id.clone(), fate)));
        }
        let due = self.now + self.config.pace.task;
        for (id, fate) in resumed {
            if let Some(task) = service.tasks.iter_mut().find(|task| task.id == id) {
                task.fate = fate;
                task.state = TaskState::Pending(Some(due));
            }
        }
    }

    /// Ends the running tasks of a service that faults end. The service starts new ones.
    pub(super) fn interrupt_tasks(&mut self, service: &mut Service) {
        let now = self.now;
        let running = service.tasks.iter().filter(|task| task.state == TaskState::Running);
        let running: Vec<_> = running.map(|task| (task.id.clone(), task.revision.clone())).collect();
        for (id, revision) in running {
            let images = service.revision(&revision).map(|revision| revision.images.clone()).unwrap_or_default();
            let Some((container, code, reason)) = self.interruption(&images) else { continue };
            let Some(task) = service.tasks.iter_mut().find(|task| task.id == id) else { continue };
            task.state = TaskState::Stopped(Box::new(End {
                at: now,
                code: "EssentialContainerExited",
                reason: "Essential container in task exited".to_owned(),
                containers: vec![(container, Some(code), reason)],
            }));
            service.steady = false;
        }
    }

    /// The container that a fault ends, its exit code and its reason; uses the fault up.
    pub(super) fn interruption(
        &mut self,
        images: &[(String, String, String)],
    ) -> Option<(String, i32, Option<String>)> {
        let (at, container) = self.faults.iter().enumerate().find_map(|(at, fault)| {
            let Fault::TasksStop { image: part, .. } = fault else { return None };
            let own = images.iter().find(|(_, image, digest)| image.contains(part) || digest.contains(part));
            own.map(|(container, ..)| (at, container.clone()))
        })?;
        let Fault::TasksStop { exit_code, reason, times, .. } = self.faults.get_mut(at)? else { return None };
        let found = (container, *exit_code, reason.clone());
        *times = times.saturating_sub(1);
        if *times == 0 {
            self.faults.remove(at);
        }
        Some(found)
    }

    /// StopTask, for a task that a service runs: the service starts another one.
    ///
    /// # Errors
    /// No service has such a task.
    pub fn stop_service_task(&mut self, place: &Place, name: &str, reason: Option<&str>) -> Answer<()> {
        let missing = || ApiError::new("InvalidParameterException", "The referenced task was not found.");
        let found = self.find_task(place, name).map(|(service, task)| (service.arn.clone(), task.arn.clone()));
        let (service, arn) = found.ok_or_else(missing)?;
        let now = self.now;
        let own = self.region(place).ecs.services.get_mut(&service).ok_or_else(missing)?;
        let task = own.tasks.iter_mut().find(|task| task.arn == arn).ok_or_else(missing)?;
        let ended = matches!(task.state, TaskState::Stopped(_));
        if !ended {
            let reason = reason.unwrap_or("Task stopped by user").to_owned();
            let end = End { at: now, code: "UserInitiated", reason, containers: Vec::new() };
            task.state = TaskState::Stopped(Box::new(end));
            own.steady = false;
        }
        self.record(place, "StopTask", arn, None, if ended { Effect::Replayed } else { Effect::Effective });
        self.schedule(now, Work::Service { place: place.clone(), arn: service });
        Ok(())
    }
}
