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
    /// There is no capacity for tasks, or for more than so many in each cluster. Lasts until it is cleared.
    NoCapacity {
        /// Name or ARN of the cluster; every cluster if none is named.
        #[serde(default)]
        cluster: Option<String>,
        /// `EC2`, `FARGATE`, …: only for tasks of this launch type. Those of `FARGATE_SPOT` have `FARGATE`.
        #[serde(default)]
        launch_type: Option<String>,
        /// `FARGATE_SPOT`, `FARGATE`, or one of the cluster: only for tasks of this capacity provider.
        #[serde(default)]
        capacity_provider: Option<String>,
        /// So many tasks have a place; those that run count.
        #[serde(default)]
        room: u32,
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
    /// A Hook of CloudFormation finds something wrong with what it looks at. Lasts until it is cleared.
    GuardHook {
        /// The name of its type, such as `Example::Guard::Hook`.
        hook: String,
        /// What it looks at.
        target: HookTarget,
        /// What it does about it.
        mode: HookMode,
        /// What it says.
        reason: String,
        /// Only this stack.
        #[serde(default)]
        stack: Option<String>,
        /// Only this resource, by its logical id or its type.
        #[serde(default)]
        resource: Option<String>,
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
            Self::GuardHook { hook, .. } if !is_hook(hook) => {
                Err(format!("`{hook}` is not the name of a hook: write it like Example::Guard::Hook"))
            }
            Self::GuardHook { target, resource: Some(_), .. } if *target != HookTarget::Resource => {
                Err("only a hook with the target RESOURCE can look at one `resource`".to_owned())
            }
            Self::NoCapacity { launch_type: Some(name), .. } if !LAUNCH_TYPES.contains(&name.as_str()) => {
                Err(format!("`{name}` is not a launch type: use one of {}", LAUNCH_TYPES.join(", ")))
            }
            _ => Ok(()),
        }
    }
}

/// \[api: `HookTypeName`\]
fn is_hook(name: &str) -> bool {
    let part = |part: &str| (2..=64).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let parts: Vec<&str> = name.split("::").collect();
    parts.len() == 3 && parts.into_iter().all(part)
}

/// What a hook looks at. \[api: `ListHookResultsTargetType`, as far as it occurs here\]
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HookTarget {
    /// The creation of a change set.
    ChangeSet,
    /// The creation, update, import or deletion of a resource.
    Resource,
    /// The creation, update or deletion of a stack.
    Stack,
}

impl HookTarget {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChangeSet => "CHANGE_SET",
            Self::Resource => "RESOURCE",
            Self::Stack => "STACK",
        }
    }
}

/// What a hook does about what it finds. \[api: `HookFailureMode`\]
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HookMode {
    /// The operation fails.
    Fail,
    /// The operation goes on.
    Warn,
}

impl HookMode {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "FAIL",
            Self::Warn => "WARN",
        }
    }
}

/// \[api: `LaunchType`\]
const LAUNCH_TYPES: [&str; 4] = ["EC2", "EXTERNAL", "FARGATE", "MANAGED_INSTANCES"];

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
    /// Importing it.
    Import,
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
