//! Faults: what goes wrong, queued on the world and used up as it happens.

use super::operations;

/// Something that will go wrong. As JSON it is an object with `fault`, for `POST /_landfall/faults`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// The containers of an image exit as soon as they start. Lasts until it is cleared.
    ImageCrashes {
        /// A part of the image's reference, or all of it.
        image: String,
        exit_code: i32,
        /// What ECS adds to the container, if anything.
        #[serde(default)]
        reason: Option<String>,
    },
    /// An image cannot be pulled. Lasts until it is cleared.
    ImageMissing {
        /// A part of the image's reference, or all of it.
        image: String,
    },
    /// Tasks with an image stay pending: a service that never settles, a task that never starts. Lasts until it is cleared.
    ImageHangs {
        /// A part of the image's reference, or all of it.
        image: String,
    },
    /// A task that is run once with this image does not end by itself. Lasts until it is cleared.
    ImageStays {
        /// A part of the image's reference, or all of it.
        image: String,
        /// The exit code with which it ends when it is stopped.
        #[serde(default = "terminated")]
        exit_code: i32,
    },
    /// The health check of a container with this image fails, if its task definition has one. Lasts until it is cleared.
    ImageUnhealthy {
        /// A part of the image's reference, or all of it.
        image: String,
    },
    /// The target groups of a service find the tasks with this image unhealthy. Lasts until it is cleared.
    TargetUnhealthy {
        /// A part of the image's reference, or all of it.
        image: String,
        /// What the load balancer gives as the reason.
        #[serde(default = "bad_gateway")]
        reason: String,
    },
    /// A container of a running task exits, and its task stops.
    TasksStop {
        /// A part of the image's reference, or all of it.
        image: String,
        exit_code: i32,
        /// What ECS adds to the container, if anything.
        #[serde(default)]
        reason: Option<String>,
        /// How many tasks.
        #[serde(default = "once")]
        times: u32,
    },
    /// The containers of an image write these lines when they start. Lasts until it is cleared.
    ImageSays {
        /// A part of the image's reference, or all of it.
        image: String,
        /// Them, one after the other.
        lines: Vec<String>,
    },
    /// A function that hooks of deployments call says that they may not go on. Lasts until it is cleared.
    HookFails {
        /// A part of the function's ARN, or all of it.
        function: String,
    },
    /// An alarm of CloudWatch goes off. Lasts until it is cleared.
    Alarm {
        /// The alarm's name.
        alarm: String,
    },
    /// An operation on a resource of a stack fails.
    ResourceFails {
        /// Name of the stack.
        stack: String,
        /// Logical id, or type, of the resource.
        resource: String,
        /// During which operation.
        during: During,
        /// What CloudFormation gives as the reason.
        reason: String,
        /// How many times.
        #[serde(default = "once")]
        times: u32,
    },
    /// A call does not get the answer that it should.
    Call {
        /// The operation: `CreateChangeSet`, `DescribeStacks`, …
        operation: String,
        /// Only in this account; in every account if none is named.
        #[serde(default)]
        account: Option<String>,
        /// What happens to it.
        effect: CallEffect,
        /// How many calls go through before: 1 hits the second page of a listing.
        #[serde(default)]
        skip: u32,
        /// How many calls are hit.
        #[serde(default = "once")]
        times: u32,
    },
}

impl Fault {
    /// Refuses a fault that can never strike.
    ///
    /// # Errors
    /// A sentence that says why.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::Call { operation, .. } => operations::known(operation),
            _ => Ok(()),
        }
    }
}

/// What a process ends with that SIGTERM ends.
fn terminated() -> i32 {
    143
}

/// How a load balancer describes an application that answers with an error.
fn bad_gateway() -> String {
    "Health checks failed with these codes: [502]".to_owned()
}

fn once() -> u32 {
    1
}

/// The operation on a resource that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum During {
    /// Creating it.
    Create,
    /// Updating it.
    Update,
    /// Putting it back in the rollback of an update.
    Rollback,
    /// Deleting it, whether with its stack or in a rollback or a cleanup.
    Delete,
}

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallEffect {
    /// AWS carries it out, and the connection breaks before the answer.
    ReplyLost,
    /// The connection breaks before AWS has the call.
    CallLost,
    /// AWS carries it out, and never answers: the client's timeout ends it.
    ReplyHangs,
    /// AWS never gets the call, and the connection stays open: the client's timeout ends it.
    CallHangs,
    /// AWS carries it out, and the answer stops after its beginning, on a connection that stays open.
    Stall,
    /// AWS carries it out, and its answer arrives with an unreadable body.
    Garble,
    /// AWS throttles it.
    Throttle,
    /// AWS denies it.
    Deny,
    /// AWS rejects its credentials: they have expired.
    Expire,
    /// AWS answers that it is broken (500).
    Fail,
    /// A read is answered with what was there when the fault was queued. A change is carried out as usual.
    Stale,
}
