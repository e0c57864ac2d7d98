//! The parameters of CloudFormation's and STS's operations that are modelled. All others are refused by name.
//!
//! One line per operation: the names of members with `.` between, without `member` and numbers. A name with `=` is not
//! modelled, and accepted at these values: with them, AWS does what is done here.

use super::query::Params;
use crate::sim::error::{Answer, ApiError};

/// What every operation has that takes a template. What is not validated early fails later.
macro_rules! with_template {
    ($more:literal) => {
        concat!(
            "StackName TemplateBody TemplateURL Parameters.ParameterKey Parameters.ParameterValue \
             Parameters.UsePreviousValue Capabilities RoleARN Tags.Key Tags.Value NotificationARNs \
             RollbackConfiguration.MonitoringTimeInMinutes RollbackConfiguration.RollbackTriggers.Arn \
             RollbackConfiguration.RollbackTriggers.Type DeploymentConfig.Mode=STANDARD \
             DeploymentConfig.DisableRollback=false DisableValidation=true|false ",
            $more
        )
    };
}

/// The parameters of an operation; none if it is not modelled.
fn of(operation: &str) -> Option<&'static str> {
    Some(match operation {
        "CreateStack" => with_template!(
            "DisableRollback OnFailure ClientRequestToken EnableTerminationProtection TimeoutInMinutes StackPolicyBody \
             RetainExceptOnCreate=false"
        ),
        "UpdateStack" => {
            with_template!(
                "UsePreviousTemplate DisableRollback ClientRequestToken StackPolicyBody StackPolicyDuringUpdateBody \
                 RetainExceptOnCreate=false"
            )
        }
        "CreateChangeSet" => with_template!(
            "UsePreviousTemplate ChangeSetName ClientToken Description ChangeSetType OnStackFailure \
             IncludeNestedStacks ImportExistingResources DeploymentMode=REVERT_DRIFT ResourcesToImport.ResourceType \
             ResourcesToImport.LogicalResourceId ResourcesToImport.ResourceIdentifier.entry.key ResourcesToImport.ResourceIdentifier.entry.value"
        ),
        "DeleteStack" => {
            "StackName RetainResources RoleARN ClientRequestToken DeletionMode DeploymentConfig.Mode=STANDARD \
             DeploymentConfig.DisableRollback=false"
        }
        "DescribeChangeSet" => "ChangeSetName StackName NextToken IncludePropertyValues",
        "ExecuteChangeSet" => "ChangeSetName StackName ClientRequestToken DisableRollback RetainExceptOnCreate=false",
        "DeleteChangeSet" => "ChangeSetName StackName",
        "ListChangeSets" | "DescribeStackEvents" | "ListStackResources" | "DescribeStacks" => "StackName NextToken",
        "ListStacks" => "NextToken StackStatusFilter",
        "DescribeStackResources" => "StackName LogicalResourceId PhysicalResourceId",
        "DescribeStackResource" => "StackName LogicalResourceId",
        "GetTemplate" => "StackName ChangeSetName TemplateStage",
        "GetTemplateSummary" => {
            "StackName TemplateBody TemplateURL CallAs=SELF \
             TemplateSummaryConfig.TreatUnrecognizedResourceTypesAsWarnings=false"
        }
        "ValidateTemplate" => "TemplateBody TemplateURL",
        "CancelUpdateStack" => "StackName ClientRequestToken",
        "ContinueUpdateRollback" => "StackName ResourcesToSkip ClientRequestToken ForceRollback=false",
        "RollbackStack" => {
            "StackName ClientRequestToken RetainExceptOnCreate=false DeploymentConfig.Mode=STANDARD \
             DeploymentConfig.DisableRollback=false"
        }
        "UpdateTerminationProtection" => "StackName EnableTerminationProtection",
        "SignalResource" => "StackName LogicalResourceId UniqueId Status=SUCCESS|FAILURE",
        "SetStackPolicy" => "StackName StackPolicyBody",
        "GetStackPolicy" => "StackName",
        "DescribeEvents" => "StackName ChangeSetName OperationId Filters.FailedEvents NextToken",
        "DetectStackDrift" => "StackName LogicalResourceIds",
        "DetectStackResourceDrift" => "StackName LogicalResourceId",
        "DescribeStackDriftDetectionStatus" => "StackDriftDetectionId",
        "DescribeStackResourceDrifts" => "StackName StackResourceDriftStatusFilters NextToken MaxResults",
        "ListHookResults" => "TargetType TargetId TypeArn Status NextToken",
        "GetHookResult" => "HookResultId",
        "ListExports" => "NextToken",
        "ListImports" => "ExportName NextToken",
        "GetCallerIdentity" => "",
        "DescribeTargetHealth" => "TargetGroupArn Targets.Id Targets.Port",
        "DescribeTargetGroups" => "TargetGroupArns Names LoadBalancerArn Marker PageSize",
        "DescribeLoadBalancers" => "LoadBalancerArns Names Marker PageSize",
        "AssumeRole" => "RoleArn RoleSessionName ExternalId DurationSeconds",
        _ => return None,
    })
}

/// Refuses an operation that is not modelled, and what of its parameters is not: nothing is taken and ignored.
pub(super) fn check(service: &str, operation: &str, params: &Params) -> Answer<()> {
    let known =
        of(operation).ok_or_else(|| ApiError::not_modelled(format_args!("the operation {operation} of {service}")))?;
    for (name, value) in params.given() {
        if matches!(name.as_str(), "Action" | "Version") {
            continue;
        }
        let found = known.split_whitespace().find(|known| known.split('=').next() == Some(&name));
        let Some(found) = found else {
            return Err(ApiError::not_modelled(format_args!("the parameter {name} of {operation}")));
        };
        let at = found.split_once('=').map(|(_, values)| values);
        if at.is_some_and(|values| values.split('|').all(|known| known != value)) {
            return Err(ApiError::not_modelled(format_args!("{name} = {value} of {operation}")));
        }
    }
    Ok(())
}
