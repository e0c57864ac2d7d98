//! How one set of tasks takes the place of another.

use super::{Decimal, Flag, Given, Text, Within, table, words};

/// `[step.deployment_configuration]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// How traffic moves.
    pub strategy: Strategy,
    /// Minutes in which both sets run after all traffic has moved.
    pub bake_minutes: Option<u32>,
    /// Alarms that make a deployment fail.
    pub alarms: Option<DeploymentAlarms>,
    /// What happens at certain stages.
    pub hooks: Vec<LifecycleHook>,
    /// When a deployment has succeeded before every task is healthy.
    pub early_success: Option<EarlySuccess>,
}

table! {
    /// `early_success_criteria`.
    pub struct EarlySuccess {
        /// Whether a deployment may succeed early; may be `#{…}`.
        enable: Flag,
        /// Percent of the tasks that must be healthy; may be `#{…}`.
        healthy_percent: Option<Given<Within<0, 100>>>,
        /// Whether the deployment waits until the old tasks are gone; may be `#{…}`.
        source_service_revision_cleanup: Option<Given<RevisionCleanup>>,
    }
}

words! {
    /// `source_service_revision_cleanup`.
    pub enum RevisionCleanup {
        /// It waits.
        Blocking = "blocking" "BLOCKING",
        /// It does not wait.
        Deferred = "deferred" "DEFERRED",
    }
}

/// How traffic moves from one set of tasks to the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// Task by task.
    #[default]
    Rolling,
    /// All at once.
    BlueGreen,
    /// In equal steps.
    Linear {
        /// Percent of a step.
        step_percent: Option<Decimal>,
        /// Minutes between two steps.
        step_bake_minutes: Option<u32>,
    },
    /// A part, then the rest.
    Canary {
        /// Percent of the part.
        percent: Option<Decimal>,
        /// Minutes until the rest.
        bake_minutes: Option<u32>,
    },
}

impl Strategy {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Strategy::Rolling => "ROLLING",
            Strategy::BlueGreen => "BLUE_GREEN",
            Strategy::Linear { .. } => "LINEAR",
            Strategy::Canary { .. } => "CANARY",
        }
    }
}

/// `alarms`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentAlarms {
    pub names: Vec<Text>,
    /// The last working deployment is put back.
    pub rollback: Flag,
}

/// What happens at certain stages of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifecycleHook {
    /// At which, as AWS writes them.
    pub stages: Vec<&'static str>,
    /// What.
    pub action: HookAction,
    /// Minutes that it may take.
    pub timeout_minutes: Option<u32>,
    /// The deployment goes on after that time, instead of back.
    pub timeout_continues: bool,
}

/// What a hook does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookAction {
    /// It calls a function of Lambda, which says whether to go on.
    Lambda {
        /// ARN of the function.
        function: Text,
        /// ARN of the role with which ECS calls it; without one, a role is made.
        role: Option<Text>,
    },
    /// It waits until a person lets the deployment go on.
    Pause,
}

/// `threshold_configuration` of the circuit breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// `COUNT`, `BOUNDED_PERCENT` or `UNBOUNDED_PERCENT`.
    pub kind: &'static str,
    /// Failed tasks, or percent of the desired count.
    pub value: u32,
}
