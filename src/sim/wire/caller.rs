//! Who calls, and where: read from the request's signature, which is not checked.

use axum::http::HeaderMap;

use crate::model::{AccountId, Place, Region};
use crate::sim::error::{Answer, ApiError};
use crate::sim::world::World;

/// The caller of a request.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) place: Place,
    /// The service that the request was signed for.
    pub(super) service: String,
    /// ARN of the user or session.
    pub(super) arn: String,
}

impl Caller {
    /// Reads the credential scope: `Credential=KEY/DATE/REGION/SERVICE/aws4_request`.
    pub(super) fn read(headers: &HeaderMap, world: &World) -> Answer<Self> {
        let missing = || ApiError {
            code: "MissingAuthenticationToken",
            message: "Request is missing Authentication Token".to_owned(),
            status: 403,
        };
        let header = headers.get("authorization").and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
        let (_, scope) = header.split_once("Credential=").ok_or_else(missing)?;
        let scope = scope.split([',', ' ']).next().unwrap_or(scope);
        let parts: Vec<&str> = scope.split('/').collect();
        let [key, _date, region, service, _] = parts.as_slice() else { return Err(missing()) };
        let region = Region::new(region).map_err(|error| ApiError::validation(error.to_string()))?;
        let (account, arn) = account(key, region.partition(), world)?;
        Ok(Self { place: Place { account, region }, service: (*service).to_owned(), arn })
    }
}

fn account(key: &str, partition: &str, world: &World) -> Answer<(AccountId, String)> {
    if let Some((account, arn)) = world.session(key) {
        return Ok((account.clone(), arn.clone()));
    }
    let account = AccountId::new(key).map_err(|_| ApiError {
        code: "InvalidClientTokenId",
        message:
            "The security token included in the request is invalid: the simulated account takes a twelve-digit account \
                  id as the access key id, or the keys of an AssumeRole"
                .to_owned(),
        status: 403,
    })?;
    let arn = format!("arn:{partition}:iam::{account}:user/simulated");
    Ok((account, arn))
}
