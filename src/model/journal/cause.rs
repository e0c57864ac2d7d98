//! Why a deployment failed or waits, and what follows from its code.

use std::sync::Arc;

use crate::model::StackName;
use crate::model::catalog::Gate;

/// Why something failed or waits.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Cause {
    /// A stable code: `container-exits`, `image-not-pulled`, `resource-failed`, `unexpected-replacement`, …
    pub code: Arc<str>,
    /// One sentence for people: the root cause first.
    pub sentence: String,
    /// The stack in which it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<StackName>,
    /// The gate that an `[[allow]]` would open, if that is the way out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
    /// The resources that the gate is about and whose change was predicted: an allowance that names them and the release
    /// opens it. Empty where the gate is not about resources, or where nothing was predicted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreseen: Vec<Arc<str>>,
}

impl Cause {
    /// The code of a deployment that gives way because nothing progresses.
    pub const STALLED: &str = "stalled";
    /// The code of one that gives way because its release was blocked.
    pub const BLOCKED: &str = "blocked";
    /// The code of one that gives way because its release no longer has a file.
    pub const WITHDRAWN: &str = "withdrawn";
    /// The code of waiting at a pause hook.
    pub const PAUSED: &str = "paused";
    /// The code of the same for a new stack, which has no old release.
    pub const PAUSED_FIRST: &str = "paused-first";
    /// The code of a task whose end cannot be learned.
    pub const TASK_LOST: &str = "task-lost";
    /// The code of a task that failed and must not be repeated by itself.
    pub const TASK_FAILED: &str = "task-failed";
    /// The code of a failure that an allowance decided: the old release was put back at a pause hook.
    pub const PUT_BACK: &str = "put-back-at-hook";
    /// The code of waiting for stacks that use an export of a stack that is to be deleted.
    pub const EXPORT_IN_USE: &str = "export-in-use";
    /// The code of a call that AWS will never accept.
    pub const REFUSED: &str = "aws-refused";
    /// The code of a change set that AWS cannot make from the template.
    pub const NO_CHANGE_SET: &str = "change-set-failed";
    /// The code of waiting after a change set that AWS failed because something denied or throttled on the way.
    pub const UNMADE: &str = "change-set-outage";
    /// The code of a failure without an answer: ECS restored the old release when a pause hook expired.
    pub const EXPIRED: &str = "hook-expired";

    /// Every gate whose allowance ends the wait; the first is the one that goes on.
    pub fn gates(&self) -> impl Iterator<Item = Gate> {
        let other = match &*self.code {
            Self::PAUSED | Self::PAUSED_FIRST => Some(Gate::Rollback),
            Self::TASK_LOST => Some(Gate::Continue),
            _ => None,
        };
        self.gate.into_iter().chain(other)
    }

    /// Whether it is a pause hook that is waited at.
    pub fn is_pause(&self) -> bool {
        matches!(&*self.code, Self::PAUSED | Self::PAUSED_FIRST)
    }

    /// Whether trying again by itself would ask again for what was answered, or not answered.
    pub fn is_decided(&self) -> bool {
        matches!(&*self.code, Self::PUT_BACK | Self::EXPIRED)
    }

    /// Whether it is a wait for something that landfall looks at again, and that may last longer: an outage of AWS, or stacks
    /// that use an export.
    pub fn is_looked_at_again(&self) -> bool {
        self.is_outage() || &*self.code == Self::EXPORT_IN_USE
    }

    /// Whether it is a wait for AWS: rights, credentials, the network, or AWS itself.
    pub fn is_outage(&self) -> bool {
        self.code.starts_with("aws-") || &*self.code == Self::UNMADE
    }

    /// Whether AWS answers the same whenever it is asked again with this content: an unknown resource type, a template
    /// error, an export that does not exist.
    pub fn is_lasting(&self) -> bool {
        matches!(&*self.code, Self::REFUSED | Self::NO_CHANGE_SET)
    }
}
