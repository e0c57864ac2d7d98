//! The operations that the account knows, of all services: those that a fault can hit and a scenario can wait for.

/// By service. \[api: botocore's names\]
const OPERATIONS: &[&str] = &[
    // CloudFormation
    "CancelUpdateStack",
    "ContinueUpdateRollback",
    "CreateChangeSet",
    "CreateStack",
    "DeleteChangeSet",
    "DeleteStack",
    "DescribeChangeSet",
    "DescribeEvents",
    "DescribeStackDriftDetectionStatus",
    "DescribeStackEvents",
    "DescribeStackResource",
    "DescribeStackResourceDrifts",
    "DescribeStackResources",
    "DescribeStacks",
    "DetectStackDrift",
    "DetectStackResourceDrift",
    "ExecuteChangeSet",
    "GetHookResult",
    "GetStackPolicy",
    "GetTemplate",
    "GetTemplateSummary",
    "ListChangeSets",
    "ListExports",
    "ListHookResults",
    "ListImports",
    "ListStackResources",
    "ListStacks",
    "RollbackStack",
    "SetStackPolicy",
    "SignalResource",
    "UpdateStack",
    "UpdateTerminationProtection",
    "ValidateTemplate",
    // ECS
    "ContinueServiceDeployment",
    "CreateCluster",
    "CreateService",
    "DeleteCluster",
    "DeleteService",
    "DeregisterTaskDefinition",
    "DescribeClusters",
    "DescribeServiceDeployments",
    "DescribeServiceRevisions",
    "DescribeServices",
    "DescribeTaskDefinition",
    "DescribeTasks",
    "ListClusters",
    "ListServiceDeployments",
    "ListServices",
    "ListTagsForResource",
    "ListTaskDefinitions",
    "ListTasks",
    "RegisterTaskDefinition",
    "RunTask",
    "StopServiceDeployment",
    "StopTask",
    "TagResource",
    "UntagResource",
    "UpdateService",
    // ECR
    "BatchDeleteImage",
    "BatchGetImage",
    "CreateRepository",
    "DeleteRepository",
    "DescribeImages",
    "DescribeRepositories",
    "ListImages",
    "PutImage",
    // Elastic Load Balancing
    "DescribeLoadBalancers",
    "DescribeTargetGroups",
    "DescribeTargetHealth",
    // STS, CloudWatch Logs, S3
    "AssumeRole",
    "GetCallerIdentity",
    "DescribeLogGroups",
    "DescribeLogStreams",
    "FilterLogEvents",
    "GetLogEvents",
    "CreateBucket",
    "GetObject",
    "HeadBucket",
    "HeadObject",
    "PutObject",
];

/// Whether the account knows an operation.
///
/// # Errors
/// A sentence that names the operation.
pub(super) fn known(operation: &str) -> Result<(), String> {
    if OPERATIONS.contains(&operation) {
        return Ok(());
    }
    let close = OPERATIONS.iter().find(|known| known.eq_ignore_ascii_case(operation));
    let hint = close.map(|known| format!(": did you mean `{known}`?")).unwrap_or_default();
    Err(format!("the account does not know the operation `{operation}`{hint}"))
}
