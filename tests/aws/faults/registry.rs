//! The operations of registries, over the wire alone: what a server says that meets every fault.

use landfall::aws::{AwsCloud, Operation};
use landfall::registry::{Registry as _, RegistryError};
use landfall::sim::CallEffect;
use serde_json::json;

use super::hasty;
use crate::aws::canned::{Canned, Reply};

const REPOSITORY: &str = "111111111111.dkr.ecr.eu-west-1.amazonaws.com/team/app";

/// What a registry's error is called.
pub(super) fn expected(effect: CallEffect) -> &'static str {
    match effect {
        CallEffect::Throttle => "Limited",
        CallEffect::Expire | CallEffect::Deny => "Denied",
        CallEffect::Stale => "Done",
        CallEffect::Fail
        | CallEffect::CallLost
        | CallEffect::ReplyLost
        | CallEffect::CallHangs
        | CallEffect::ReplyHangs
        | CallEffect::Garble
        | CallEffect::Stall => "Failed",
    }
}

fn refusal(status: u16, code: &str) -> Reply {
    Reply::Http(status, json!({"__type": code, "message": "as a fault says"}).to_string())
}

fn reply(operation: Operation, effect: CallEffect) -> Reply {
    match effect {
        CallEffect::Throttle => refusal(400, "ThrottlingException"),
        CallEffect::Fail => refusal(500, "ServerException"),
        CallEffect::Expire => refusal(400, "ExpiredTokenException"),
        CallEffect::Deny => refusal(400, "AccessDeniedException"),
        CallEffect::CallLost | CallEffect::ReplyLost => Reply::Close,
        CallEffect::CallHangs | CallEffect::ReplyHangs => Reply::Silence,
        CallEffect::Stall => Reply::CutShort,
        CallEffect::Garble => Reply::Http(200, "<html>it works!".to_owned()),
        // An answer from before the first image was pushed.
        CallEffect::Stale if operation == Operation::DescribeImages => {
            Reply::Http(200, json!({"imageDetails": []}).to_string())
        }
        CallEffect::Stale => {
            let failure = json!({"failureCode": "ImageNotFound", "failureReason": "no such tag"});
            Reply::Http(200, json!({"images": [], "failures": [failure]}).to_string())
        }
    }
}

fn kind<T>(answer: Result<T, RegistryError>) -> String {
    match answer {
        Ok(_) => "Done".to_owned(),
        Err(error) => format!("{error:?}").split([' ', '{']).next().unwrap_or_default().to_owned(),
    }
}

/// Plays one cell; says what is wrong about it.
pub(super) async fn check(operation: Operation, effect: CallEffect) -> Vec<String> {
    let server = Canned::new(vec![reply(operation, effect)]);
    let cloud = AwsCloud::new(hasty(&server.endpoint, operation, effect));
    let found = match operation {
        Operation::DescribeImages => kind(cloud.tags(REPOSITORY).await),
        _ => kind(cloud.describe(REPOSITORY, "1.0.0").await),
    };
    let right = expected(effect);
    if found == right {
        Vec::new()
    } else {
        vec![format!("{} {effect:?}: {found} and not {right}", operation.as_str())]
    }
}
