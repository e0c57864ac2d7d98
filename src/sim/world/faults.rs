//! What goes wrong with calls: faults that are queued for them, and the budgets of the account.
//!
//! The wire and the port in process both make their calls through [`World::carry_out`], so that the same fault has the same
//! effect on either side.

use jiff::Timestamp;

use super::ecs::TaskState;
use super::{Work, World};
use crate::model::Place;
use crate::sim::config::{Rate, bucket_of};
use crate::sim::error::{Answer, ApiError};
use crate::sim::fault::{CallEffect, During, Fault};

/// What the caller gets of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivered<T> {
    /// All of it.
    Answer(T),
    /// All of it, and it is out of date.
    Old(T),
    /// Its status, and a body that cannot be read.
    Garbled(T),
    /// Nothing that can be used.
    Broken(Broken),
}

/// How an answer does not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The connection is closed before it.
    Closed,
    /// The connection stays open, and nothing comes.
    Silent,
    /// It stops after its beginning, and the connection stays open.
    Stalled,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    level: f64,
    at: Timestamp,
}

impl World {
    pub fn queue_fault(&mut self, fault: Fault) {
        if matches!(
            fault,
            Fault::Call { times: 0, .. } | Fault::ResourceFails { times: 0, .. } | Fault::TasksStop { times: 0, .. }
        ) {
            return;
        }
        if is_stale(&fault) && self.before.is_none() {
            self.before = Some(Box::new(self.clone()));
        }
        let wakes = matches!(
            fault,
            Fault::Alarm { .. }
                | Fault::ImageUnhealthy { .. }
                | Fault::TargetUnhealthy { .. }
                | Fault::TasksStop { .. }
        );
        self.faults.push(fault);
        if wakes {
            self.wake_all();
        }
    }

    /// Everything that goes on looks at the faults.
    pub(super) fn wake_all(&mut self) {
        let mut work = Vec::new();
        for (place, region) in &self.regions {
            let services = region.ecs.services.values().filter(|service| service.status == "ACTIVE");
            work.extend(services.map(|service| Work::Service { place: place.clone(), arn: service.arn.clone() }));
            let tasks = region.ecs.tasks.values().filter(|task| !matches!(task.state, TaskState::Stopped(_)));
            work.extend(tasks.map(|task| Work::Task { place: place.clone(), arn: task.arn.clone() }));
            let stacks = region.stacks.values().filter(|stack| stack.operation.is_some());
            work.extend(stacks.map(|stack| Work::Stack { place: place.clone(), id: stack.id.clone() }));
        }
        work.into_iter().for_each(|work| self.schedule(self.now, work));
    }

    /// Those of these alarms that have gone off.
    pub(super) fn gone_off(&self, alarms: &[String]) -> Vec<String> {
        let rings = |name: &&String| self.faults.iter().any(|f| matches!(f, Fault::Alarm { alarm } if alarm == *name));
        alarms.iter().filter(rings).cloned().collect()
    }

    /// The faults that are queued and not used up.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Remembers what was only as long as a fault shows it.
    pub(super) fn keep_before(&mut self) {
        if !self.faults.iter().any(is_stale) {
            self.before = None;
        }
    }

    /// Forgets all faults. What they held up goes on.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
        self.before = None;
        self.wake_all();
    }

    /// Carries a call out as its faults and the budget let it.
    ///
    /// # Errors
    /// What `act` answers, and what a fault or an empty budget lets AWS answer instead.
    pub fn carry_out<T>(
        &mut self,
        place: &Place,
        operation: &str,
        act: impl FnOnce(&mut World) -> Answer<T>,
    ) -> Answer<Delivered<T>> {
        self.check_region(place, operation)?;
        let Some(effect) = self.take_call_fault(place, operation) else {
            self.draw(place, operation)?;
            let answer = act(self)?;
            self.count_call(operation);
            return Ok(Delivered::Answer(answer));
        };
        let broken = match effect {
            CallEffect::Throttle => return Err(throttled(operation)),
            CallEffect::Deny => return Err(denied(place, operation)),
            CallEffect::Expire => return Err(expired(operation)),
            CallEffect::Fail => return Err(failing()),
            CallEffect::CallLost => return Ok(Delivered::Broken(Broken::Closed)),
            CallEffect::CallHangs => return Ok(Delivered::Broken(Broken::Silent)),
            CallEffect::Stale => {
                let old = self.before.take().filter(|_| reads(operation));
                let answer = match &old {
                    Some(old) => act(&mut old.clone()).map(Delivered::Old),
                    None => act(self).map(Delivered::Answer),
                };
                self.before = old;
                self.keep_before();
                if answer.is_ok() {
                    self.count_call(operation);
                }
                return answer;
            }
            CallEffect::ReplyLost => Broken::Closed,
            CallEffect::ReplyHangs => Broken::Silent,
            CallEffect::Stall => Broken::Stalled,
            CallEffect::Garble => {
                let answer = act(self)?;
                self.count_call(operation);
                return Ok(Delivered::Garbled(answer));
            }
        };
        // Carried out, whatever comes of it.
        if act(self).is_ok() {
            self.count_call(operation);
        }
        Ok(Delivered::Broken(broken))
    }

    /// Refuses a call in a region that is not enabled, where the keys of the account are unknown. \[doc: "Enable or disable AWS
    /// Regions in your account"\] \[reports\] The words.
    fn check_region(&self, place: &Place, operation: &str) -> Answer<()> {
        let enabled = &self.config.existing.regions;
        // The global endpoint of STS is that of us-east-1, where every account is known.
        let global = matches!(operation, "AssumeRole" | "GetCallerIdentity") && place.region.as_str() == "us-east-1";
        if global || enabled.as_ref().is_none_or(|enabled| enabled.contains(&place.region)) {
            return Ok(());
        }
        let (code, message) = match operation {
            _ if is_s3(operation) => {
                ("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
            }
            _ if is_json(operation) => {
                ("UnrecognizedClientException", "The security token included in the request is invalid.")
            }
            _ => ("InvalidClientTokenId", "The security token included in the request is invalid."),
        };
        Err(ApiError { code, message: message.to_owned(), status: 403 })
    }

    fn take_call_fault(&mut self, place: &Place, operation: &str) -> Option<CallEffect> {
        let at = self.faults.iter().position(|fault| match fault {
            Fault::Call { operation: name, account, .. } => {
                name == operation && account.as_ref().is_none_or(|id| id == place.account.as_str())
            }
            _ => false,
        })?;
        let Fault::Call { effect, skip, times, .. } = self.faults.get_mut(at)? else { return None };
        if *skip > 0 {
            *skip -= 1;
            return None;
        }
        let effect = *effect;
        *times = times.saturating_sub(1);
        if *times == 0 {
            self.faults.remove(at);
        }
        Some(effect)
    }

    fn draw(&mut self, place: &Place, operation: &str) -> Answer<()> {
        let Some(group) = bucket_of(operation) else { return Ok(()) };
        let Some(Rate { burst, sustained }) = self.config.limits.get(group).copied() else { return Ok(()) };
        let now = self.now;
        let bucket = self.budgets.entry((place.clone(), group)).or_insert(Budget { level: burst, at: now });
        let seconds = now.duration_since(bucket.at).as_secs_f64();
        bucket.level = (bucket.level + seconds * sustained).min(burst);
        bucket.at = now;
        if bucket.level < 1.0 {
            return Err(throttled(operation));
        }
        bucket.level -= 1.0;
        Ok(())
    }

    /// The reason with which an operation on a resource fails, if a fault says so; uses the fault up.
    pub(super) fn resource_fault(&mut self, stack: &str, logical: &str, kind: &str, when: During) -> Option<String> {
        let at = self.faults.iter().position(|fault| match fault {
            Fault::ResourceFails { stack: name, resource, during, .. } => {
                name == stack && *during == when && (resource == logical || resource == kind)
            }
            _ => false,
        })?;
        let Fault::ResourceFails { reason, times, .. } = self.faults.get_mut(at)? else { return None };
        let reason = reason.clone();
        *times = times.saturating_sub(1);
        if *times == 0 {
            self.faults.remove(at);
        }
        Some(reason)
    }
}

fn is_stale(fault: &Fault) -> bool {
    matches!(fault, Fault::Call { effect: CallEffect::Stale, .. })
}

/// Whether an operation only reads: AWS names its operations after what they do.
fn reads(operation: &str) -> bool {
    ["Describe", "Get", "List", "Head", "BatchGet"].iter().any(|verb| operation.starts_with(verb))
}

fn is_s3(operation: &str) -> bool {
    matches!(operation, "PutObject" | "GetObject" | "HeadBucket" | "CreateBucket")
}

/// The services that speak JSON end the names of their errors in `Exception`; the others do not.
fn is_json(operation: &str) -> bool {
    let xml = ["cloudformation", "elasticloadbalancing"];
    bucket_of(operation).and_then(|group| group.split(':').next()).is_some_and(|service| !xml.contains(&service))
}

fn throttled(operation: &str) -> ApiError {
    if is_s3(operation) {
        return ApiError { code: "SlowDown", message: "Please reduce your request rate.".to_owned(), status: 503 };
    }
    let code = if is_json(operation) { "ThrottlingException" } else { "Throttling" };
    ApiError::new(code, "Rate exceeded")
}

fn failing() -> ApiError {
    ApiError {
        code: "InternalFailure",
        message: "The request processing has failed because of an unknown error.".to_owned(),
        status: 500,
    }
}

/// \[doc: "Common error types" of the services; S3 error responses\]
fn expired(operation: &str) -> ApiError {
    let (code, status) = match operation {
        _ if is_s3(operation) => ("ExpiredToken", 400),
        _ if is_json(operation) => ("ExpiredTokenException", 400),
        _ => ("ExpiredToken", 403),
    };
    ApiError { code, message: "The security token included in the request is expired".to_owned(), status }
}

fn denied(place: &Place, operation: &str) -> ApiError {
    if is_s3(operation) {
        return ApiError { code: "AccessDenied", message: "Access Denied".to_owned(), status: 403 };
    }
    let service = match operation {
        "GetCallerIdentity" | "AssumeRole" => "sts",
        _ => bucket_of(operation).and_then(|group| group.split(':').next()).unwrap_or("cloudformation"),
    };
    let json = is_json(operation);
    let code = if json { "AccessDeniedException" } else { "AccessDenied" };
    ApiError {
        code,
        message: format!(
            "User: arn:aws:sts::{}:assumed-role/simulated/session is not authorized to perform: {service}:{operation}",
            place.account
        ),
        status: if json { 400 } else { 403 },
    }
}
