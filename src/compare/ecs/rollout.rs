//! How ECS will exchange the tasks of a service: what a reviewer has to expect after the merge.
//!
//! The rules are those of the API reference (`UpdateService`, `DeploymentConfiguration`, `DeploymentCircuitBreaker`,
//! `ThresholdConfiguration`): which properties begin a deployment, rounding of percentages, and the default threshold of
//! failures, half of the tasks but at least 3 and at most 200.

use serde::Serialize;
use serde_json::Value;

use super::super::known::{Known, Thing, at, flag, number, text};

/// Properties whose change begins a deployment, besides the task definition.
const TRIGGERS: &[&str] = &[
    "NetworkConfiguration",
    "PlatformVersion",
    "LoadBalancers",
    "ServiceRegistries",
    "ServiceConnectConfiguration",
    "VolumeConfigurations",
    "VpcLatticeConfigurations",
    "ForceNewDeployment",
    "LaunchType",
];
/// What ECS takes without a threshold: percent of the tasks, and the bounds of the failures that this gives.
const USUAL_PERCENT: f64 = 50.0;
const BOUNDS: (f64, f64) = (3.0, 200.0);

/// What ECS will do with a service.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rollout {
    /// Why tasks are exchanged.
    pub moves: Moves,
    /// How the new ones take over.
    pub shift: Shift,
    /// How many run when it is done; none if only AWS knows.
    pub tasks: Option<Tasks>,
    /// The most that run at once, old and new together; none if that is not known.
    pub at_most: Option<u64>,
    /// The fewest that stay healthy; none if that is not known.
    pub at_least: Option<u64>,
    /// When ECS gives up; none without a circuit breaker.
    pub breaker: Option<Breaker>,
    /// How many alarms end it.
    pub alarms: usize,
    /// Minutes for which old and new tasks run after all traffic has moved; none if it is not said.
    pub bake_minutes: Option<u64>,
    /// How many hooks wait for a person.
    pub pauses: usize,
}

impl Eq for Rollout {}

/// Why tasks are exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moves {
    /// The service is new.
    Created,
    /// The task definition changes.
    Revision,
    /// Something else of the service changes that begins a deployment.
    Configuration,
}

/// How the new tasks take over.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "strategy", rename_all = "kebab-case")]
pub enum Shift {
    /// Old tasks stop while new ones start.
    Rolling,
    /// All new tasks start, then all traffic moves.
    BlueGreen,
    /// Traffic moves in equal steps.
    Linear {
        /// Percent of the traffic in a step.
        percent: f64,
        /// Minutes between two steps.
        minutes: u64,
    },
    /// A part of the traffic moves first, then the rest.
    Canary {
        /// Percent of the traffic that moves first.
        percent: f64,
        /// Minutes until the rest follows.
        minutes: u64,
    },
    /// Something else than ECS moves it: CodeDeploy, or another controller.
    Elsewhere,
}

/// How many tasks run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Tasks {
    /// The fewest.
    pub least: u64,
    /// The most; equal to `least` unless the service scales.
    pub most: u64,
}

/// When ECS gives a rollout up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Breaker {
    /// After how many failed tasks; none if the number of tasks is not known.
    pub failures: Option<u64>,
    /// Whether it puts the last revision back then.
    pub rolls_back: bool,
}

/// What ECS will do with a service that both documents or only the one after have; none if it exchanges no tasks.
pub(super) fn between(id: &str, old: &Known, new: &Known) -> Option<Rollout> {
    let service = new.get(id)?;
    let moves = match old.get(id) {
        None => Moves::Created,
        Some(was) if revision(was, service, old, new) => Moves::Revision,
        Some(was) if was.text(&["Cluster"]) != service.text(&["Cluster"]) => Moves::Created,
        Some(was) if TRIGGERS.iter().any(|name| was.at(&[name]) != service.at(&[name])) => Moves::Configuration,
        Some(_) => return None,
    };
    Some(of(id, service, new, moves))
}

/// Whether the service gets another task definition: by its own text, or because the one it refers to has other properties than tags.
fn revision(was: &Thing, is: &Thing, old: &Known, new: &Known) -> bool {
    let (before, after) = (was.at(&["TaskDefinition"]), is.at(&["TaskDefinition"]));
    let referred = |known: &Known, value: Option<&Value>| {
        let id = value?.get("Ref")?.as_str()?.to_owned();
        let mut properties = known.get(&id)?.properties.clone();
        properties.as_object_mut()?.remove("Tags");
        Some(properties)
    };
    before != after || referred(old, before) != referred(new, after)
}

fn of(id: &str, service: &Thing, known: &Known, moves: Moves) -> Rollout {
    let tasks = tasks(id, service, known);
    let daemon = is_daemon(service);
    let percent = |key: &str, usual: f64| service.number(&["DeploymentConfiguration", key]).unwrap_or(usual);
    let (least, most) = (
        percent("MinimumHealthyPercent", if daemon { 0.0 } else { 100.0 }),
        percent("MaximumPercent", if daemon { 100.0 } else { 200.0 }),
    );
    let shift = shift(service);
    let rolling = shift == Shift::Rolling;
    let at_most =
        tasks.map(|tasks| if rolling { whole((float(tasks.most) * most / 100.0).floor()) } else { tasks.most * 2 });
    let at_least =
        tasks.map(|tasks| if rolling { whole((float(tasks.least) * least / 100.0).ceil()) } else { tasks.least });
    let alarms = service
        .at(&["DeploymentConfiguration", "Alarms"])
        .filter(|alarms| alarms.get("Enable").and_then(flag) == Some(true));
    let alarms = alarms.and_then(|alarms| alarms.get("AlarmNames")?.as_array().map(Vec::len)).unwrap_or(0);
    let hooks = service.list(&["DeploymentConfiguration", "LifecycleHooks"]);
    Rollout {
        moves,
        shift,
        tasks,
        at_most,
        at_least,
        breaker: breaker(service, tasks),
        alarms,
        bake_minutes: service.number(&["DeploymentConfiguration", "BakeTimeInMinutes"]).map(whole),
        pauses: hooks.iter().filter(|hook| hook.get("TargetType").and_then(text).as_deref() == Some("PAUSE")).count(),
    }
}

fn is_daemon(service: &Thing) -> bool {
    service.text(&["SchedulingStrategy"]).is_some_and(|strategy| strategy == "DAEMON")
}

/// How many tasks a service runs: what it says, or the bounds within which it scales.
pub(in super::super) fn tasks(id: &str, service: &Thing, known: &Known) -> Option<Tasks> {
    let target = known.all("AWS::ApplicationAutoScaling::ScalableTarget").find(|(_, target)| {
        target.at(&["ResourceId"]).is_some_and(|resource| {
            crate::cfn::references(resource).iter().any(|reference| match reference {
                crate::cfn::Reference::Name(name) | crate::cfn::Reference::Attribute(name, _) => name == id,
                _ => false,
            })
        })
    });
    if let Some((_, target)) = target {
        let bound = |key: &str| target.number(&[key]).map(whole);
        return Some(Tasks { least: bound("MinCapacity")?, most: bound("MaxCapacity")? });
    }
    if is_daemon(service) {
        return None;
    }
    match service.at(&["DesiredCount"]) {
        // The default of CreateService by CloudFormation.
        None => Some(Tasks { least: 1, most: 1 }),
        Some(count) => number(count).map(whole).map(|count| Tasks { least: count, most: count }),
    }
}

fn breaker(service: &Thing, tasks: Option<Tasks>) -> Option<Breaker> {
    let breaker = service.at(&["DeploymentConfiguration", "DeploymentCircuitBreaker"])?;
    breaker.get("Enable").and_then(flag).filter(|on| *on)?;
    let kind = at(breaker, &["ThresholdConfiguration", "Type"]).and_then(text);
    let value = at(breaker, &["ThresholdConfiguration", "Value"]).and_then(number);
    let share = tasks.map(|tasks| (float(tasks.most) * value.unwrap_or(USUAL_PERCENT) / 100.0).ceil());
    let failures = match kind.as_deref() {
        Some("COUNT") => value.map(whole),
        Some("UNBOUNDED_PERCENT") => share.map(|share| whole(share.max(1.0))),
        _ => share.map(|share| whole(share.clamp(BOUNDS.0, BOUNDS.1))),
    };
    Some(Breaker { failures, rolls_back: breaker.get("Rollback").and_then(flag) == Some(true) })
}

/// The circuit breaker of a service as a fact.
pub(super) fn breaker_words(service: &Thing) -> String {
    let Some(breaker) = service.at(&["DeploymentConfiguration", "DeploymentCircuitBreaker"]) else {
        return "off".to_owned();
    };
    if breaker.get("Enable").and_then(flag) != Some(true) {
        return "off".to_owned();
    }
    let value = at(breaker, &["ThresholdConfiguration", "Value"]).and_then(text);
    let kind = at(breaker, &["ThresholdConfiguration", "Type"]).and_then(text);
    let threshold = match (kind.as_deref(), value) {
        (Some("COUNT"), Some(value)) => format!("{value} failures"),
        (Some("UNBOUNDED_PERCENT"), Some(value)) => format!("failures of {value} % of the tasks"),
        (_, value) => format!("failures of {} % of the tasks, 3 to 200", value.unwrap_or_else(|| "50".to_owned())),
    };
    let back = if breaker.get("Rollback").and_then(flag) == Some(true) { "rolls back" } else { "stops" };
    let kept = if breaker.get("ResetOnHealthyTask").and_then(flag) == Some(false) {
        ", counts on after a healthy task"
    } else {
        ""
    };
    format!("{back} after {threshold}{kept}")
}

fn shift(service: &Thing) -> Shift {
    if service.text(&["DeploymentController", "Type"]).is_some_and(|kind| kind != "ECS") {
        return Shift::Elsewhere;
    }
    let part = |path: &[&str], usual: f64| at(&service.properties, path).and_then(number).unwrap_or(usual);
    match service.text(&["DeploymentConfiguration", "Strategy"]).as_deref() {
        Some("BLUE_GREEN") => Shift::BlueGreen,
        Some("LINEAR") => Shift::Linear {
            percent: part(&["DeploymentConfiguration", "LinearConfiguration", "StepPercent"], 10.0),
            minutes: whole(part(&["DeploymentConfiguration", "LinearConfiguration", "StepBakeTimeInMinutes"], 6.0)),
        },
        Some("CANARY") => Shift::Canary {
            percent: part(&["DeploymentConfiguration", "CanaryConfiguration", "CanaryPercent"], 5.0),
            minutes: whole(part(&["DeploymentConfiguration", "CanaryConfiguration", "CanaryBakeTimeInMinutes"], 10.0)),
        },
        _ => Shift::Rolling,
    }
}

/// The strategy of a service as a fact.
pub(super) fn strategy(service: &Thing) -> String {
    let bake = service.number(&["DeploymentConfiguration", "BakeTimeInMinutes"]);
    let bake = bake.map(|minutes| format!(", bakes {minutes} min")).unwrap_or_default();
    format!("{}{bake}", shift(service))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is below 0 or too large is cut at the bound"
)]
fn whole(number: f64) -> u64 {
    number as u64
}

#[expect(clippy::cast_precision_loss, reason = "numbers of tasks are small")]
fn float(number: u64) -> f64 {
    number as f64
}

impl std::fmt::Display for Shift {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rolling => f.write_str("rolling"),
            Self::BlueGreen => f.write_str("blue/green"),
            Self::Linear { percent, minutes } => write!(f, "linear in steps of {percent} % every {minutes} min"),
            Self::Canary { percent, minutes } => write!(f, "canary with {percent} % for {minutes} min"),
            Self::Elsewhere => f.write_str("by another deployment controller"),
        }
    }
}

impl std::fmt::Display for Tasks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.least, self.most) {
            (1, 1) => f.write_str("1 task"),
            (least, most) if least == most => write!(f, "{least} tasks"),
            (least, most) => write!(f, "{least} to {most} tasks"),
        }
    }
}

/// The sentence without a capital and a full stop: `rolling: 4 tasks, at most 8 at once, gives up after 3 failures, rolls back`.
impl std::fmt::Display for Rollout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.moves == Moves::Created {
            f.write_str("new service, ")?;
        }
        write!(f, "{}: ", self.shift)?;
        match self.tasks {
            Some(tasks) => write!(f, "{tasks}")?,
            None => f.write_str("a number of tasks that AWS decides")?,
        }
        if self.moves != Moves::Created {
            if let Some(most) = self.at_most.filter(|most| self.tasks.is_none_or(|tasks| tasks.most < *most)) {
                write!(f, ", at most {most} at once")?;
            }
            if let Some(least) = self.at_least.filter(|least| self.tasks.is_some_and(|tasks| *least < tasks.least)) {
                write!(f, ", at least {least} healthy")?;
            }
        }
        if let Some(minutes) = self.bake_minutes {
            write!(f, ", bakes {minutes} min")?;
        }
        match self.pauses {
            0 => {}
            1 => f.write_str(", pauses once for a decision")?,
            more => write!(f, ", pauses {more} times for a decision")?,
        }
        match (self.breaker, self.shift) {
            (_, Shift::Elsewhere) => {}
            (Some(Breaker { failures: Some(1), rolls_back }), _) => {
                write!(f, ", gives up after 1 failure{}", back(rolls_back))?
            }
            (Some(Breaker { failures: Some(failures), rolls_back }), _) => {
                write!(f, ", gives up after {failures} failures{}", back(rolls_back))?
            }
            (Some(Breaker { failures: None, rolls_back }), _) => {
                write!(f, ", gives up after failures{}", back(rolls_back))?
            }
            (None, _) => f.write_str(", never gives up by itself")?,
        }
        match self.alarms {
            0 => Ok(()),
            1 => f.write_str(", watches 1 alarm"),
            more => write!(f, ", watches {more} alarms"),
        }
    }
}

fn back(rolls_back: bool) -> &'static str {
    if rolls_back { ", rolls back" } else { ", leaves what runs" }
}
