//! STS: who am I, and sessions of roles in any account.

use super::caller::Caller;
use super::parameters;
use super::query::{Params, wrap};
use crate::model::AccountId;
use crate::sim::error::{Answer, ApiError};
use crate::sim::world::World;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

pub(super) fn call(
    world: &mut World,
    caller: &Caller,
    action: &str,
    params: &Params,
    request_id: &str,
) -> Answer<String> {
    parameters::check("STS", action, params)?;
    match action {
        "GetCallerIdentity" => Ok(wrap(NAMESPACE, action, request_id, |xml| {
            xml.text("Arn", &caller.arn);
            xml.text("UserId", "AIDASIMULATED");
            xml.text("Account", caller.place.account.as_str());
        })),
        "AssumeRole" => assume(world, params, request_id),
        other => Err(ApiError::not_modelled(format_args!("the operation {other} of STS"))),
    }
}

/// Every role can be assumed; its ARN says whose account the session is in.
fn assume(world: &mut World, params: &Params, request_id: &str) -> Answer<String> {
    let role = params.required("RoleArn")?;
    let session = params.required("RoleSessionName")?;
    let wrong = || ApiError::validation(format!("{role} is invalid"));
    let parts: Vec<&str> = role.split(':').collect();
    let ["arn", partition, "iam", "", account, resource] = parts.as_slice() else { return Err(wrong()) };
    let name = resource.strip_prefix("role/").ok_or_else(wrong)?.rsplit('/').next().ok_or_else(wrong)?;
    let account = AccountId::new(account).map_err(|_| wrong())?;
    let arn = format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}");
    let key = world.issue_session(account, arn.clone());
    let seconds: i64 = params.text("DurationSeconds").and_then(|text| text.parse().ok()).unwrap_or(3600);
    let expires = world.now() + jiff::SignedDuration::from_secs(seconds.clamp(900, 43_200));
    Ok(wrap(NAMESPACE, "AssumeRole", request_id, |xml| {
        xml.open("Credentials");
        xml.text("AccessKeyId", &key);
        xml.text("SecretAccessKey", "simulated");
        xml.text("SessionToken", format!("simulated-{key}"));
        xml.time("Expiration", Some(expires));
        xml.close("Credentials");
        xml.open("AssumedRoleUser");
        xml.text("AssumedRoleId", format!("AROASIMULATED:{session}"));
        xml.text("Arn", &arn);
        xml.close("AssumedRoleUser");
    }))
}
