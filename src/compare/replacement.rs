//! Which properties recreate a resource when they change.
//!
//! From the public resource schemas (`createOnlyProperties` and `conditionalCreateOnlyProperties`), as cfn-lint 1.58 ships
//! them under MIT-0 in `cfnlint/data/schemas/resources`, October 2026. Only types that landfall renders are listed; for all
//! others nothing is promised.

/// Whether a change of a property recreates its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recreates {
    /// It changes in place.
    Never,
    /// It depends, or is not known.
    Perhaps,
    /// A new resource takes the old one's place.
    Always,
}

struct Type {
    name: &'static str,
    always: &'static [&'static str],
    perhaps: &'static [&'static str],
}

const TYPES: &[Type] = &[
    Type {
        name: "AWS::ECS::Service",
        always: &["Cluster", "Role", "SchedulingStrategy", "ServiceName"],
        perhaps: &["LaunchType"],
    },
    Type {
        name: "AWS::ECS::TaskDefinition",
        always: &[
            "ContainerDefinitions",
            "Cpu",
            "EnableFaultInjection",
            "EphemeralStorage",
            "ExecutionRoleArn",
            "Family",
            "InferenceAccelerators",
            "IpcMode",
            "Memory",
            "NetworkMode",
            "PidMode",
            "PlacementConstraints",
            "ProxyConfiguration",
            "RequiresCompatibilities",
            "RuntimePlatform",
            "TaskRoleArn",
            "Volumes",
        ],
        perhaps: &[],
    },
    Type { name: "AWS::IAM::Role", always: &["Path", "RoleName"], perhaps: &[] },
    Type { name: "AWS::Logs::LogGroup", always: &["LogGroupName"], perhaps: &[] },
];

/// Whether a change of `property` recreates a resource of type `kind`.
pub fn recreates(kind: &str, property: &str) -> Recreates {
    match TYPES.iter().find(|known| known.name == kind) {
        Some(known) if known.always.contains(&property) => Recreates::Always,
        Some(known) if known.perhaps.contains(&property) => Recreates::Perhaps,
        Some(_) => Recreates::Never,
        None => Recreates::Perhaps,
    }
}
