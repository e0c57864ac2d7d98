//! Blue/green, linear and canary deployments: their stages, how traffic moves, and the hooks that stop them.
//!
//! Rules from the ECS developer guide ("Amazon ECS service deployments", "Pause hooks for Amazon ECS service deployments")
//! and the API's model: the new revision's tasks run next to the old one's until traffic has moved and the bake time is
//! over; linear and canary deployments come to `PRE_PRODUCTION_TRAFFIC_SHIFT` before every step; a hook waits until it is
//! answered or expires. A service that is created goes through the stages, too, but has no traffic to move and does not
//! bake. \[iss: hashicorp/terraform-provider-aws#43434\] A function that a hook calls answers at once that all is well, as
//! every image runs well, unless a fault says otherwise. Deliberately absent: functions themselves, and ones that answer
//! later.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::World;
use super::ecs::{Deployment, DeploymentStatus, Service, number};
use super::ids::Ids;
use crate::sim::fault::Fault;

/// How long a hook waits that does not say so. \[api: `DeploymentLifecycleHookTimeoutConfiguration`\]
const WAITS: u32 = 1_440;

/// Where a deployment that moves traffic is.
#[derive(Clone, Debug)]
pub struct Shift {
    pub stage: Stage,
    /// When it came to it.
    pub since: Timestamp,
    /// The hooks of its first stage exist.
    begun: bool,
    /// Steps in which production traffic has moved.
    moved: usize,
    /// How it moves.
    course: Course,
    /// Every hook that it came to, oldest first.
    pub hooks: Vec<Hook>,
}

/// How traffic moves.
#[derive(Clone, Debug, PartialEq)]
struct Course {
    /// Percent of production traffic after each step, and how long the step lasts.
    steps: Vec<(f64, SignedDuration)>,
    /// How long both revisions run afterwards.
    bake: SignedDuration,
}

/// A stage of a deployment, in the order in which they come. \[api: `ServiceDeploymentLifecycleStage`\]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are AWS's own")]
pub enum Stage {
    ReconcileService,
    PreScaleUp,
    ScaleUp,
    PostScaleUp,
    TestTrafficShift,
    PostTestTrafficShift,
    PreProductionTrafficShift,
    ProductionTrafficShift,
    PostProductionTrafficShift,
    BakeTime,
    CleanUp,
}

impl Stage {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::ReconcileService => "RECONCILE_SERVICE",
            Stage::PreScaleUp => "PRE_SCALE_UP",
            Stage::ScaleUp => "SCALE_UP",
            Stage::PostScaleUp => "POST_SCALE_UP",
            Stage::TestTrafficShift => "TEST_TRAFFIC_SHIFT",
            Stage::PostTestTrafficShift => "POST_TEST_TRAFFIC_SHIFT",
            Stage::PreProductionTrafficShift => "PRE_PRODUCTION_TRAFFIC_SHIFT",
            Stage::ProductionTrafficShift => "PRODUCTION_TRAFFIC_SHIFT",
            Stage::PostProductionTrafficShift => "POST_PRODUCTION_TRAFFIC_SHIFT",
            Stage::BakeTime => "BAKE_TIME",
            Stage::CleanUp => "CLEAN_UP",
        }
    }
}

/// A hook that a deployment came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    pub id: String,
    /// The ARN of the function that it calls; none for one that pauses.
    pub function: Option<String>,
    /// What became of it.
    pub status: HookStatus,
    /// When it acts by itself.
    pub expires: Timestamp,
    /// It then lets the deployment go on, instead of rolling it back.
    pub continues: bool,
}

/// What became of a hook. \[api: `DeploymentLifecycleHookStatus`, as far as it occurs here\]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are AWS's own")]
pub enum HookStatus {
    AwaitingAction,
    Succeeded,
    Failed,
    TimedOut,
}

impl HookStatus {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            HookStatus::AwaitingAction => "AWAITING_ACTION",
            HookStatus::Succeeded => "SUCCEEDED",
            HookStatus::Failed => "FAILED",
            HookStatus::TimedOut => "TIMED_OUT",
        }
    }
}

impl Shift {
    /// The beginning of a deployment of this service; none if tasks are replaced one by one. `replaces` says that there is
    /// a revision to move traffic from, `reconciles` that another deployment had not ended.
    pub(super) fn begin(service: &Service, replaces: bool, reconciles: bool, now: Timestamp) -> Option<Self> {
        let course = course(service).map(|course| if replaces { course } else { at_once() })?;
        let stage = if reconciles { Stage::ReconcileService } else { Stage::PreScaleUp };
        Some(Self { stage, since: now, begun: false, moved: 0, course, hooks: Vec::new() })
    }

    /// Whether the new revision's tasks run next to the old one's and take no traffic from them yet.
    pub(super) fn beside(&self) -> bool {
        self.stage != Stage::CleanUp
    }

    /// Whether the new revision may have tasks.
    pub(super) fn launches(&self) -> bool {
        self.stage >= Stage::ScaleUp
    }

    /// Percent of the test and of the production traffic that goes to the new revision.
    pub fn weights(&self) -> (f64, f64) {
        let test = if self.stage >= Stage::TestTrafficShift { 100.0 } else { 0.0 };
        let step = self.moved.checked_sub(1).and_then(|last| self.course.steps.get(last));
        (test, step.map_or(0.0, |(percent, _)| *percent))
    }

    fn waiting(&mut self) -> impl Iterator<Item = &mut Hook> {
        self.hooks.iter_mut().filter(|hook| hook.status == HookStatus::AwaitingAction)
    }

    /// Whether a function said no.
    fn is_refused(&self) -> bool {
        self.hooks.iter().any(|hook| hook.function.is_some() && hook.status == HookStatus::Failed)
    }

    /// It can no longer be answered.
    pub(super) fn abandon(&mut self) {
        self.waiting().for_each(|hook| hook.status = HookStatus::Failed);
    }

    /// The stage that comes now; none while this one lasts. `all` says that every task of the new revision runs.
    fn next(&self, all: bool, now: Timestamp) -> Option<Stage> {
        Some(match self.stage {
            Stage::ReconcileService => Stage::PreScaleUp,
            Stage::PreScaleUp => Stage::ScaleUp,
            Stage::ScaleUp if all => Stage::PostScaleUp,
            Stage::PostScaleUp => Stage::TestTrafficShift,
            Stage::TestTrafficShift => Stage::PostTestTrafficShift,
            Stage::PostTestTrafficShift => Stage::PreProductionTrafficShift,
            Stage::PreProductionTrafficShift => Stage::ProductionTrafficShift,
            Stage::ProductionTrafficShift | Stage::BakeTime if self.lasts_until().is_some_and(|end| end > now) => {
                return None;
            }
            Stage::ProductionTrafficShift if self.moved < self.course.steps.len() => Stage::PreProductionTrafficShift,
            Stage::ProductionTrafficShift => Stage::PostProductionTrafficShift,
            Stage::PostProductionTrafficShift => Stage::BakeTime,
            Stage::BakeTime => Stage::CleanUp,
            Stage::ScaleUp | Stage::CleanUp => return None,
        })
    }

    /// When the stage is over that lasts for a certain time.
    fn lasts_until(&self) -> Option<Timestamp> {
        let lasting = match self.stage {
            Stage::ProductionTrafficShift => self.course.steps.get(self.moved.checked_sub(1)?)?.1,
            Stage::BakeTime => self.course.bake,
            _ => return None,
        };
        self.since.checked_add(lasting).ok()
    }

    /// When something happens by itself.
    pub(super) fn due(&self, now: Timestamp) -> Option<Timestamp> {
        let hooks = self.hooks.iter().filter(|hook| hook.status == HookStatus::AwaitingAction);
        hooks.map(|hook| hook.expires).chain(self.lasts_until()).filter(|at| *at > now).min()
    }

    fn enter(&mut self, stage: Stage, hooks: Vec<Hook>, now: Timestamp) {
        if stage == Stage::ProductionTrafficShift {
            self.moved += 1;
        }
        self.stage = stage;
        self.since = now;
        self.hooks.extend(hooks);
    }
}

impl Deployment {
    /// Begins to restore the old revision; without one, the deployment stops.
    pub(super) fn roll_back(&mut self, reason: &str, now: Timestamp) {
        if self.source.is_some() {
            self.status = DeploymentStatus::RollbackInProgress;
            self.rollback = Some((now, reason.to_owned()));
        } else {
            self.status = DeploymentStatus::Stopped;
            self.finished = Some(now);
            self.reason = Some(reason.to_owned());
        }
        if let Some(shift) = &mut self.shift {
            shift.abandon();
        }
    }

    /// Answers a hook that waits; false where none of this id does.
    pub(super) fn answer(&mut self, id: &str, goes_on: bool, now: Timestamp) -> bool {
        let active = self.status == DeploymentStatus::InProgress;
        let hook = self.shift.as_mut().filter(|_| active).and_then(|shift| shift.waiting().find(|hook| hook.id == id));
        let Some(hook) = hook else { return false };
        hook.status = if goes_on { HookStatus::Succeeded } else { HookStatus::Failed };
        if !goes_on {
            self.roll_back("The service deployment was rolled back by ContinueServiceDeployment.", now);
        }
        true
    }

    /// Hooks whose time is over act by themselves.
    fn expire(&mut self, now: Timestamp) {
        let Some(shift) = &mut self.shift else { return };
        let mut back = false;
        for hook in shift.waiting().filter(|hook| hook.expires <= now) {
            hook.status = HookStatus::TimedOut;
            back |= !hook.continues;
        }
        if back {
            self.roll_back("The service deployment was rolled back because a lifecycle hook timed out.", now);
        }
    }
}

impl World {
    /// Takes a deployment through as many stages as it can come to now.
    pub(super) fn shift(&mut self, service: &mut Service) {
        let now = self.now;
        let configuration = service.properties.get("DeploymentConfiguration").cloned().unwrap_or_default();
        let desired = service.desired;
        let Some(target) = service.newest().map(|deployment| deployment.target.clone()) else { return };
        let all = service.healthy(Some(&target)) == desired;
        let Some(deployment) = service.deployments.last_mut() else { return };
        if deployment.status == DeploymentStatus::InProgress {
            deployment.expire(now);
        }
        let active = deployment.status == DeploymentStatus::InProgress;
        let Some(shift) = &mut deployment.shift else { return };
        if !active {
            return shift.abandon();
        }
        if !std::mem::replace(&mut shift.begun, true) {
            shift.hooks = hooks(&configuration, shift.stage, now, &self.faults, &mut self.ids);
        }
        while shift.waiting().next().is_none() && !shift.is_refused() {
            let Some(stage) = shift.next(all, now) else { return };
            let hooks = hooks(&configuration, stage, now, &self.faults, &mut self.ids);
            shift.enter(stage, hooks, now);
        }
        if shift.is_refused() {
            deployment.roll_back("The service deployment was rolled back because a lifecycle hook failed.", now);
        }
    }
}

/// The hooks of a stage.
fn hooks(configuration: &Value, stage: Stage, now: Timestamp, faults: &[Fault], ids: &mut Ids) -> Vec<Hook> {
    let listed = configuration.get("LifecycleHooks").and_then(Value::as_array);
    let at_stage = |hook: &&Value| {
        let stages = hook.get("LifecycleStages").and_then(Value::as_array);
        stages.into_iter().flatten().any(|named| named.as_str() == Some(stage.as_str()))
    };
    let hook = |hook: &Value| {
        let timeout = hook.get("TimeoutConfiguration");
        let minutes = timeout.and_then(|t| t.get("TimeoutInMinutes")).and_then(number).unwrap_or(WAITS);
        let action = timeout.and_then(|t| t.get("Action")).and_then(Value::as_str);
        let function = hook.get("HookTargetArn").and_then(Value::as_str).map(str::to_owned);
        Hook {
            id: format!("ecs-{}-{}", if function.is_some() { "hook" } else { "pause" }, ids.hex(43)),
            status: function.as_deref().map_or(HookStatus::AwaitingAction, |function| answer_of(function, faults)),
            function,
            expires: now + SignedDuration::from_mins(i64::from(minutes)),
            continues: action == Some("CONTINUE"),
        }
    };
    listed.into_iter().flatten().filter(at_stage).map(hook).collect()
}

/// What a function says about a deployment.
fn answer_of(function: &str, faults: &[Fault]) -> HookStatus {
    let fails = |fault: &Fault| matches!(fault, Fault::HookFails { function: part } if function.contains(part));
    if faults.iter().any(fails) { HookStatus::Failed } else { HookStatus::Succeeded }
}

/// What ECS, or this account, does not take of a service's hooks.
pub(super) fn refused(configuration: &Value) -> Option<String> {
    let hooks = configuration.get("LifecycleHooks")?.as_array()?;
    let moves = configuration.get("Strategy").and_then(Value::as_str).is_some_and(|strategy| strategy != "ROLLING");
    let text = |hook: &Value, key: &str| hook.get(key).and_then(Value::as_str).map(str::to_owned);
    let pauses = |hook: &&Value| text(hook, "TargetType").as_deref() == Some("PAUSE");
    if !hooks.is_empty() && !moves {
        return Some(
            "the simulated account does not model DeploymentConfiguration.LifecycleHooks of AWS::ECS::Service but for \
             the strategies BLUE_GREEN, LINEAR and CANARY"
                .to_owned(),
        );
    }
    if let Some(wrong) = hooks.iter().find(|hook| pauses(hook) == text(hook, "HookTargetArn").is_some()) {
        let must = if pauses(&wrong) { "must not" } else { "must" };
        return Some(invalid(&format!("hookTargetArn {must} be specified for this lifecycle hook.")));
    }
    let pausing = hooks.iter().filter(pauses);
    let stages = pausing.filter_map(|hook| hook.get("LifecycleStages")?.as_array()).flatten();
    let moving = |stage: &&str| matches!(*stage, "TEST_TRAFFIC_SHIFT" | "PRODUCTION_TRAFFIC_SHIFT");
    let refused = stages.filter_map(Value::as_str).find(moving);
    refused.map(|stage| invalid(&format!("PAUSE lifecycle hooks are not supported at {stage}.")))
}

/// How CloudFormation gives what ECS refuses.
fn invalid(why: &str) -> String {
    format!(
        "Resource handler returned message: \"Invalid request provided: {why} (Service: AmazonECS; Status Code: 400; Error \
         Code: InvalidParameterException)\" (HandlerErrorCode: InvalidRequest)"
    )
}

/// All at once and without a bake time.
fn at_once() -> Course {
    Course { steps: vec![(100.0, SignedDuration::ZERO)], bake: SignedDuration::ZERO }
}

/// How traffic moves in this service's deployments; none if tasks are replaced one by one. \[api: defaults of
/// `LinearConfiguration` and `CanaryConfiguration`\]
fn course(service: &Service) -> Option<Course> {
    let configuration = service.properties.get("DeploymentConfiguration")?;
    let part = |name: &str| configuration.get(name);
    let percent = |part: Option<&Value>, key: &str, default: f64| {
        let text = part.and_then(|part| part.get(key)).and_then(super::eval::as_text);
        text.and_then(|text| text.parse::<f64>().ok()).unwrap_or(default)
    };
    let minutes = |part: Option<&Value>, key: &str, default: u32| {
        let number = part.and_then(|part| part.get(key)).and_then(number).unwrap_or(default);
        SignedDuration::from_mins(i64::from(number))
    };
    let steps = match configuration.get("Strategy").and_then(Value::as_str)? {
        "BLUE_GREEN" => at_once().steps,
        "LINEAR" => {
            let linear = part("LinearConfiguration");
            let each = minutes(linear, "StepBakeTimeInMinutes", 6);
            let step = percent(linear, "StepPercent", 10.0).clamp(3.0, 100.0);
            let all = (1..=34).map(|count| (f64::from(count) * step).min(100.0));
            let mut steps: Vec<(f64, SignedDuration)> = Vec::new();
            for weight in all {
                steps.push((weight, each));
                if weight >= 100.0 {
                    break;
                }
            }
            steps
        }
        "CANARY" => {
            let canary = part("CanaryConfiguration");
            let first = percent(canary, "CanaryPercent", 5.0).clamp(0.1, 100.0);
            vec![(first, minutes(canary, "CanaryBakeTimeInMinutes", 10)), (100.0, SignedDuration::ZERO)]
        }
        _ => return None,
    };
    Some(Course { steps, bake: minutes(Some(configuration), "BakeTimeInMinutes", 0) })
}

/// Whether the service's deployments move traffic.
pub(super) fn moves_traffic(service: &Service) -> bool {
    course(service).is_some()
}
