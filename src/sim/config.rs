//! How a simulated account is set up: clock, pace, clusters, limits.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::model::{Place, Region};

/// Everything that is chosen before a [`World`](super::World) begins.
#[derive(Clone, Debug, PartialEq)]
pub struct SimConfig {
    /// What its clock shows at the beginning.
    pub start: Timestamp,
    /// Chooses the random-looking parts of ids: the same seed and the same calls give the same ids.
    pub seed: u64,
    /// Which ECS clusters exist from the beginning.
    pub clusters: Clusters,
    /// Which buckets of S3 exist from the beginning.
    pub buckets: Buckets,
    /// Which roles, subnets and security groups exist from the beginning.
    pub existing: Existing,
    /// How long things take.
    pub pace: Pace,
    /// The most items on a page of any listing; small numbers exercise a client's paging.
    pub page_size: usize,
    /// How many reads of a stack show it as it was, after a change set began to execute.
    pub stale_reads: u32,
    /// Calls that an account may make, per region and group of operations; a group without an entry is not limited.
    pub limits: BTreeMap<&'static str, Rate>,
}

impl Default for SimConfig {
    fn default() -> Self {
        Self {
            start: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365 * 56),
            seed: 0,
            clusters: Clusters::Any,
            buckets: Buckets::Listed(BTreeMap::new()),
            existing: Existing::default(),
            pace: Pace::stepped(),
            page_size: 50,
            stale_reads: 0,
            limits: BTreeMap::new(),
        }
    }
}

/// Which ECS clusters exist without having been created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clusters {
    /// Every cluster that is asked for: any repository can be tried.
    Any,
    /// These, and a missing one fails as AWS does.
    Listed(BTreeSet<(Place, String)>),
}

/// Which buckets of S3 exist without having been created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Buckets {
    /// Every bucket exists once it is asked for, in the account and region of the first request, so that any repository can
    /// be tried.
    Any,
    /// These, by name, and a missing one fails as AWS does.
    Listed(BTreeMap<String, Place>),
}

/// What exists without a stack having made it. Without a list, everything of its kind exists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Existing {
    /// Regions that are enabled in the accounts.
    pub regions: Option<BTreeSet<Region>>,
    /// ARNs of the roles that CloudFormation and tasks can assume.
    pub roles: Option<BTreeSet<String>>,
    /// Subnets that services can use, by id.
    pub subnets: Option<BTreeSet<(Place, String)>>,
    /// Security groups that services can use, by id.
    pub security_groups: Option<BTreeSet<(Place, String)>>,
}

/// How long things take, in the simulated account's own time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Until a change set is made.
    pub change_set: SignedDuration,
    /// One operation on one resource.
    pub resource: SignedDuration,
    /// From the launch of a task until it runs or has failed.
    pub task: SignedDuration,
    /// How long a task that is run once does what it is for.
    pub run: SignedDuration,
    /// From the moment at which a container writes a line until CloudWatch Logs shows it.
    pub lines: SignedDuration,
}

impl Pace {
    /// About as long as AWS takes; for tests and seeds that turn the clock themselves.
    pub const fn stepped() -> Self {
        Self {
            change_set: SignedDuration::from_secs(3),
            resource: SignedDuration::from_secs(4),
            task: SignedDuration::from_secs(20),
            run: SignedDuration::from_secs(15),
            lines: SignedDuration::from_secs(4),
        }
    }

    /// For demonstrations: a stack with a service settles in about a second.
    pub const fn fast() -> Self {
        Self {
            change_set: SignedDuration::from_millis(80),
            resource: SignedDuration::from_millis(120),
            task: SignedDuration::from_millis(250),
            run: SignedDuration::from_millis(250),
            lines: SignedDuration::ZERO,
        }
    }
}

impl Pace {
    /// A duration that a template or AWS gives, for an account in which tasks take less time to start than at AWS.
    pub(super) fn scaled(self, duration: SignedDuration) -> SignedDuration {
        duration.mul_f64(self.task.as_secs_f64() / Self::stepped().task.as_secs_f64())
    }
}

/// A token bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Calls at once.
    pub burst: f64,
    /// Calls per second in the long run.
    pub sustained: f64,
}

/// ECS's documented buckets, per account and region. \[doc: Amazon ECS API Reference, "Request throttling"\]
pub fn documented_limits() -> BTreeMap<&'static str, Rate> {
    [
        ("ecs:task-definition-modify", 20.0, 1.0),
        ("ecs:task-definition-read", 50.0, 20.0),
        ("ecs:service-modify", 50.0, 5.0),
        ("ecs:service-read", 100.0, 20.0),
        ("ecs:service-deployment-read", 50.0, 20.0),
        ("ecs:service-revision-read", 50.0, 20.0),
        ("ecs:cluster-resource-read", 100.0, 20.0),
        ("ecs:cluster-resource-modify", 100.0, 40.0),
        ("ecs:tag-modify", 20.0, 10.0),
        ("ecs:tag-read", 50.0, 20.0),
        ("ecs:cluster-modify", 20.0, 1.0),
        ("ecs:cluster-read", 50.0, 20.0),
    ]
    .into_iter()
    .map(|(group, burst, sustained)| (group, Rate { burst, sustained }))
    .collect()
}

/// Groups of operations that may have a rate.
pub(super) fn groups() -> impl Iterator<Item = &'static str> {
    let others = [
        "logs:GetLogEvents",
        "cloudformation:DescribeStacks",
        "cloudformation:DescribeStackEvents",
        "cloudformation:GetTemplate",
        "cloudformation:CreateChangeSet",
        "cloudformation:ExecuteChangeSet",
        "cloudformation:CreateStack",
    ];
    documented_limits().into_keys().chain(others)
}

/// The bucket that an operation draws from: `ecs:service-read`, or `cloudformation:DescribeStacks`.
pub(super) fn bucket_of(operation: &str) -> Option<&'static str> {
    Some(match operation {
        "RegisterTaskDefinition" | "DeregisterTaskDefinition" => "ecs:task-definition-modify",
        "DescribeTaskDefinition" | "ListTaskDefinitions" => "ecs:task-definition-read",
        "CreateService" | "UpdateService" | "DeleteService" | "StopServiceDeployment" | "ContinueServiceDeployment" => {
            "ecs:service-modify"
        }
        "DescribeServices" | "ListServices" => "ecs:service-read",
        "DescribeServiceDeployments" | "ListServiceDeployments" => "ecs:service-deployment-read",
        "DescribeServiceRevisions" => "ecs:service-revision-read",
        "ListTasks" | "DescribeTasks" => "ecs:cluster-resource-read",
        "RunTask" | "StopTask" => "ecs:cluster-resource-modify",
        "TagResource" | "UntagResource" => "ecs:tag-modify",
        "ListTagsForResource" => "ecs:tag-read",
        "GetLogEvents" => "logs:GetLogEvents",
        "FilterLogEvents" => "logs:FilterLogEvents",
        "DescribeLogGroups" => "logs:DescribeLogGroups",
        "DescribeLogStreams" => "logs:DescribeLogStreams",
        "BatchDeleteImage" => "ecr:BatchDeleteImage",
        "BatchGetImage" => "ecr:BatchGetImage",
        "CreateRepository" => "ecr:CreateRepository",
        "DeleteRepository" => "ecr:DeleteRepository",
        "DescribeImages" => "ecr:DescribeImages",
        "DescribeRepositories" => "ecr:DescribeRepositories",
        "ListImages" => "ecr:ListImages",
        "PutImage" => "ecr:PutImage",
        "CreateCluster" | "DeleteCluster" => "ecs:cluster-modify",
        "DescribeClusters" | "ListClusters" => "ecs:cluster-read",
        "DescribeTargetHealth" => "elasticloadbalancing:DescribeTargetHealth",
        "DescribeTargetGroups" => "elasticloadbalancing:DescribeTargetGroups",
        "DescribeLoadBalancers" => "elasticloadbalancing:DescribeLoadBalancers",
        "DescribeStacks" => "cloudformation:DescribeStacks",
        "DescribeStackEvents" => "cloudformation:DescribeStackEvents",
        "GetTemplate" => "cloudformation:GetTemplate",
        "CreateChangeSet" => "cloudformation:CreateChangeSet",
        "ExecuteChangeSet" => "cloudformation:ExecuteChangeSet",
        "CreateStack" | "UpdateStack" => "cloudformation:CreateStack",
        _ => return None,
    })
}
