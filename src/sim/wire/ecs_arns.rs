//! ARNs of another region or account in calls to ECS, which ECS refuses before it looks for anything.

use serde_json::Value;

use crate::model::Place;
use crate::sim::error::{Answer, ApiError};

/// Fields that name something of ECS, alone or as a list.
const NAMES: &[&str] = &[
    "cluster",
    "clusters",
    "resourceArn",
    "service",
    "serviceDeploymentArn",
    "serviceDeploymentArns",
    "serviceName",
    "serviceRevisionArns",
    "services",
    "task",
    "taskDefinition",
    "tasks",
];

/// Refuses what is not of this place.
pub(super) fn check(place: &Place, input: &Value) -> Answer<()> {
    let named = NAMES.iter().filter_map(|name| input.get(name));
    let texts = named.flat_map(|value| match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>(),
        one => one.as_str().into_iter().collect(),
    });
    for text in texts {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", _, "ecs", region, account, _] = parts.as_slice() else { continue };
        if *region != place.region.as_str() {
            // \[iss: aws/aws-cli#3175\]
            return Err(ApiError::new("InvalidParameterException", "Invalid Region in ARN"));
        }
        if *account != place.account.as_str() {
            // \[?\] The words are those that ECS has for another cluster. \[iss: aws/aws-toolkit-vscode#2915\]
            let words = format!("Invalid identifier: Identifier is for {account}. Your accountId is {}", place.account);
            return Err(ApiError::new("InvalidParameterException", words));
        }
    }
    Ok(())
}
