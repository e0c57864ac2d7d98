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
            xml.text("UserId", user_id(&caller.arn));
            xml.text("Account", caller.place.account.as_str());
        })),
        "AssumeRole" => assume(world, params, request_id),
        other => Err(ApiError::not_modelled(format_args!("the operation {other} of STS"))),
    }
}

/// The id of a user, or of a role with its session. \[api: GetCallerIdentity\]
fn user_id(arn: &str) -> String {
    let session = arn.split_once(":assumed-role/").and_then(|(_, resource)| resource.rsplit_once('/'));
    session.map_or_else(|| "AIDASIMULATED".to_owned(), |(_, session)| format!("AROASIMULATED:{session}"))
}

/// A refusal of a value that its member in AWS's model does not allow.
fn unfit(value: &str, member: &str, constraint: &str) -> ApiError {
    ApiError::validation(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {constraint}"
    ))
}

/// Refuses a name that a session cannot have. \[api: AssumeRole\]
fn check_session(name: &str) -> Answer<()> {
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || "_+=,.@-".contains(letter);
    let constraint = match name.len() {
        ..2 => "have length greater than or equal to 2",
        65.. => "have length less than or equal to 64",
        _ if !name.chars().all(is_allowed) => "satisfy regular expression pattern: [\\w+=,.@-]*",
        _ => return Ok(()),
    };
    Err(unfit(name, "roleSessionName", constraint))
}

/// Every role can be assumed; its ARN says whose account the session is in.
fn assume(world: &mut World, params: &Params, request_id: &str) -> Answer<String> {
    let role = params.required("RoleArn")?;
    let session = params.required("RoleSessionName")?;
    check_session(&session)?;
    let wrong = || ApiError::validation(format!("{role} is invalid"));
    let parts: Vec<&str> = role.split(':').collect();
    let ["arn", partition, "iam", "", account, resource] = parts.as_slice() else { return Err(wrong()) };
    let name = resource.strip_prefix("role/").ok_or_else(wrong)?.rsplit('/').next().ok_or_else(wrong)?;
    let account = AccountId::new(account).map_err(|_| wrong())?;
    let arn = format!("arn:{partition}:sts::{account}:assumed-role/{name}/{session}");
    let key = world.issue_session(account, arn.clone());
    let given = params.text("DurationSeconds").unwrap_or_else(|| "3600".to_owned());
    let seconds = given.parse::<i64>().ok().filter(|seconds| (900..=43_200).contains(seconds));
    let bounds = "have value from 900 to 43200";
    let seconds = seconds.ok_or_else(|| unfit(&given, "durationSeconds", bounds))?;
    let expires = world.now() + jiff::SignedDuration::from_secs(seconds);
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
