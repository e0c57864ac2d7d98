//! Which API operations landfall calls, and for which method of the port.
//!
//! Everything that has to know is derived from here: the budget (which bucket a call draws from), the counters, the retry
//! rule (does it change anything) and the policies that `landfall iam` writes.

/// The service that an operation belongs to; also the prefix of its IAM action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// AWS CloudFormation.
    CloudFormation,
    /// Amazon ECS.
    Ecs,
    /// Amazon ECR.
    Ecr,
    /// Amazon S3.
    S3,
    /// Amazon CloudWatch Logs.
    Logs,
    /// AWS STS.
    Sts,
}

/// Operations that AWS counts together when it throttles.
///
/// For ECS these are the buckets of its documentation ("Request throttling for the Amazon ECS API"). CloudFormation's limits
/// are not published; reports say that each read is limited by itself, at about five a second for DescribeStacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// DescribeStacks.
    Stacks,
    /// DescribeStackEvents.
    StackEvents,
    /// ListStackResources.
    StackResources,
    /// GetTemplate.
    Templates,
    /// DescribeChangeSet.
    ChangeSets,
    /// DetectStackDrift and DescribeStackResourceDrifts.
    DriftDetections,
    /// Everything of CloudFormation that changes something.
    StackChanges,
    /// DescribeClusters.
    Clusters,
    /// DescribeServices.
    Services,
    /// What changes services and their deployments.
    ServiceChanges,
    /// ListServiceDeployments and DescribeServiceDeployments.
    ServiceDeployments,
    /// DescribeServiceRevisions.
    ServiceRevisions,
    /// DescribeTaskDefinition.
    TaskDefinitions,
    /// ListTasks and DescribeTasks.
    Tasks,
    /// RunTask and StopTask.
    TaskChanges,
    /// GetLogEvents.
    LogEvents,
    /// DescribeImages and BatchGetImage.
    Images,
    /// PutObject and HeadBucket.
    Objects,
    /// STS.
    Identity,
}

impl Bucket {
    /// Its name, for people and for the status API.
    pub fn as_str(self) -> &'static str {
        match self {
            Bucket::Stacks => "stacks",
            Bucket::StackEvents => "stack events",
            Bucket::StackResources => "stack resources",
            Bucket::Templates => "templates",
            Bucket::ChangeSets => "change sets",
            Bucket::DriftDetections => "drift detections",
            Bucket::StackChanges => "stack changes",
            Bucket::Clusters => "clusters",
            Bucket::Services => "services",
            Bucket::ServiceChanges => "service changes",
            Bucket::ServiceDeployments => "service deployments",
            Bucket::ServiceRevisions => "service revisions",
            Bucket::TaskDefinitions => "task definitions",
            Bucket::Tasks => "tasks",
            Bucket::TaskChanges => "task changes",
            Bucket::LogEvents => "log events",
            Bucket::Images => "images",
            Bucket::Objects => "objects",
            Bucket::Identity => "identity",
        }
    }
}

macro_rules! operations {
    ($($name:ident, $service:ident, $bucket:ident, $changes:literal;)*) => {
        /// An operation of an AWS API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "the names are AWS's own")]
        pub enum Operation {
            $($name,)*
        }

        impl Operation {
            /// Every operation that landfall calls.
            pub const ALL: &[Operation] = &[$(Operation::$name,)*];

            /// As AWS writes it.
            pub fn as_str(self) -> &'static str {
                match self { $(Operation::$name => stringify!($name),)* }
            }

            /// The service that it belongs to.
            pub fn service(self) -> Service {
                match self { $(Operation::$name => Service::$service,)* }
            }

            /// What it is throttled together with.
            pub fn bucket(self) -> Bucket {
                match self { $(Operation::$name => Bucket::$bucket,)* }
            }

            /// Whether it changes anything.
            pub fn changes(self) -> bool {
                match self { $(Operation::$name => $changes,)* }
            }
        }
    };
}

operations! {
    GetCallerIdentity, Sts, Identity, false;
    DescribeStacks, CloudFormation, Stacks, false;
    GetTemplate, CloudFormation, Templates, false;
    DescribeChangeSet, CloudFormation, ChangeSets, false;
    DescribeStackEvents, CloudFormation, StackEvents, false;
    DescribeEvents, CloudFormation, StackEvents, false;
    ListStackResources, CloudFormation, StackResources, false;
    DetectStackDrift, CloudFormation, DriftDetections, false;
    DescribeStackResourceDrifts, CloudFormation, DriftDetections, false;
    CreateChangeSet, CloudFormation, StackChanges, true;
    ExecuteChangeSet, CloudFormation, StackChanges, true;
    DeleteChangeSet, CloudFormation, StackChanges, true;
    DeleteStack, CloudFormation, StackChanges, true;
    CancelUpdateStack, CloudFormation, StackChanges, true;
    ContinueUpdateRollback, CloudFormation, StackChanges, true;
    RollbackStack, CloudFormation, StackChanges, true;
    UpdateTerminationProtection, CloudFormation, StackChanges, true;
    DescribeServices, Ecs, Services, false;
    ListServiceDeployments, Ecs, ServiceDeployments, false;
    DescribeServiceDeployments, Ecs, ServiceDeployments, false;
    DescribeServiceRevisions, Ecs, ServiceRevisions, false;
    DescribeTaskDefinition, Ecs, TaskDefinitions, false;
    ListTasks, Ecs, Tasks, false;
    DescribeTasks, Ecs, Tasks, false;
    ContinueServiceDeployment, Ecs, ServiceChanges, true;
    UpdateService, Ecs, ServiceChanges, true;
    DescribeClusters, Ecs, Clusters, false;
    RunTask, Ecs, TaskChanges, true;
    StopTask, Ecs, TaskChanges, true;
    GetLogEvents, Logs, LogEvents, false;
    DescribeImages, Ecr, Images, false;
    BatchGetImage, Ecr, Images, false;
    HeadBucket, S3, Objects, false;
    PutObject, S3, Objects, true;
}

impl Operation {
    /// The IAM action that allows it, like `cloudformation:DescribeStacks`.
    pub fn action(self) -> String {
        let prefix = match self.service() {
            Service::CloudFormation => "cloudformation",
            Service::Ecs => "ecs",
            Service::Ecr => "ecr",
            Service::S3 => "s3",
            Service::Logs => "logs",
            Service::Sts => "sts",
        };
        // HeadBucket has no action of its own (S3 API reference).
        let name = if self == Operation::HeadBucket { "ListBucket" } else { self.as_str() };
        format!("{prefix}:{name}")
    }
}

/// What each method of the ports calls. The first call for an account also asks GetCallerIdentity, but for those to a
/// registry.
pub const METHODS: &[(&str, &[Operation])] = &[
    ("identity", &[Operation::GetCallerIdentity]),
    ("stacks", &[Operation::DescribeStacks]),
    ("stack", &[Operation::DescribeStacks]),
    ("template", &[Operation::GetTemplate]),
    ("change_set", &[Operation::DescribeChangeSet]),
    ("findings", &[Operation::DescribeEvents]),
    ("events", &[Operation::DescribeStackEvents]),
    ("last_token", &[Operation::DescribeStackEvents]),
    ("resources", &[Operation::ListStackResources]),
    (
        "service",
        &[
            Operation::DescribeServices,
            Operation::ListServiceDeployments,
            Operation::DescribeServiceDeployments,
            Operation::DescribeServiceRevisions,
        ],
    ),
    ("stopped_tasks", &[Operation::ListTasks, Operation::DescribeTasks]),
    ("task", &[Operation::ListTasks, Operation::DescribeTasks]),
    ("log_lines", &[Operation::GetLogEvents]),
    ("settings", &[Operation::DescribeServices]),
    ("task_definition", &[Operation::DescribeTaskDefinition]),
    ("detect_drift", &[Operation::DetectStackDrift]),
    ("drift", &[Operation::DescribeStackResourceDrifts]),
    ("cluster", &[Operation::DescribeClusters]),
    ("bucket", &[Operation::HeadBucket]),
    ("put_template", &[Operation::PutObject]),
    ("create_change_set", &[Operation::CreateChangeSet]),
    ("execute_change_set", &[Operation::ExecuteChangeSet]),
    ("delete_change_set", &[Operation::DeleteChangeSet]),
    ("delete_stack", &[Operation::DeleteStack]),
    ("cancel_update", &[Operation::CancelUpdateStack]),
    ("continue_rollback", &[Operation::ContinueUpdateRollback]),
    ("rollback_stack", &[Operation::RollbackStack]),
    ("set_protection", &[Operation::UpdateTerminationProtection]),
    ("restore_service", &[Operation::UpdateService]),
    ("continue_service_deployment", &[Operation::ContinueServiceDeployment]),
    ("run_task", &[Operation::RunTask]),
    ("stop_task", &[Operation::StopTask]),
    ("tags", &[Operation::DescribeImages]),
    ("describe", &[Operation::BatchGetImage]),
];
