//! AWS's errors, sorted by what follows from them.
//!
//! The order of questions: was it sent at all, did an answer come, can the answer be understood, and then AWS's code. Codes
//! are those of the services' models and of "Common error types" in their API references; CloudFormation says much
//! only in the sentence of a `ValidationError`, so its known sentences are read too.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::operation::{Operation, Service};
use crate::cloud::CloudError;

/// What an error of the SDK means for the port.
pub(super) fn sorted<E>(operation: Operation, error: &SdkError<E, HttpResponse>) -> CloudError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match error {
        SdkError::ServiceError(service) => {
            answered(operation, service.raw().status().as_u16(), service.err(), &body(service.raw()))
        }
        SdkError::ConstructionFailure(_) => before_sending(operation, error),
        SdkError::DispatchFailure(_) => before_sending(operation, error),
        SdkError::ResponseError(response) => {
            let status = response.raw().status().as_u16();
            lost(operation.as_str(), format!("HTTP status {status}, {}", unreadable(error, &body(response.raw()))))
        }
        // A timeout of the whole call: it may have been carried out.
        _ => lost(operation.as_str(), chain(error)),
    }
}

/// The same error for a call that follows one that changes nothing and failed: nothing was sent.
pub(super) fn not_sent(error: CloudError) -> CloudError {
    match error {
        CloudError::Lost { operation, message } | CloudError::Failing { operation, message } => {
            CloudError::Unreachable { operation, message }
        }
        other => other,
    }
}

/// No answer at all: no credentials, no connection, or a connection that broke.
fn before_sending<E>(operation: Operation, error: &SdkError<E, HttpResponse>) -> CloudError
where
    E: Error + Send + Sync + 'static,
{
    let name = operation.as_str();
    if let Some(credentials) = find::<CredentialsError>(error) {
        return no_credentials(operation, credentials);
    }
    if matches!(error, SdkError::ConstructionFailure(_)) {
        return CloudError::Invalid { operation: name, message: chain(error) };
    }
    match find::<hyper_util::client::legacy::Error>(error) {
        Some(http) if http.is_connect() => CloudError::Unreachable { operation: name, message: chain(error) },
        _ => lost(name, chain(error)),
    }
}

/// The call was not sent, for want of credentials; what AWS said when they were asked for decides.
fn no_credentials(operation: Operation, error: &CredentialsError) -> CloudError {
    let name = operation.as_str();
    if let Some(assume) = find::<SdkError<AssumeRoleError, HttpResponse>>(error) {
        let message = |error: &CloudError| format!("the target's role could not be assumed: {error}");
        return match sorted(Operation::GetCallerIdentity, assume) {
            CloudError::Throttled { message, .. } => CloudError::Throttled { operation: "AssumeRole", message },
            CloudError::Denied { message, .. } => CloudError::Denied { operation: "AssumeRole", message },
            CloudError::Unreachable { message, .. }
            | CloudError::Lost { message, .. }
            | CloudError::Failing { message, .. } => CloudError::Unreachable { operation: "AssumeRole", message },
            other => CloudError::Denied { operation: name, message: message(&other) },
        };
    }
    let message = format!("no credentials: {}", chain(error));
    match error {
        CredentialsError::ProviderTimedOut(_) => CloudError::Unreachable { operation: name, message },
        _ => CloudError::Denied { operation: name, message },
    }
}

/// AWS answered with an error, or something else did.
fn answered<E>(operation: Operation, status: u16, error: &E, body: &str) -> CloudError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let name = operation.as_str();
    let metadata = error.meta();
    let Some(code) = metadata.code().filter(|code| !code.is_empty()) else {
        return match status {
            429 => CloudError::Throttled { operation: name, message: "HTTP status 429".to_owned() },
            // An answer to HEAD has no body that could have a code.
            403 if operation.service() == Service::S3 => {
                CloudError::Denied { operation: name, message: "HTTP status 403".to_owned() }
            }
            301 if operation.service() == Service::S3 => {
                CloudError::Invalid { operation: name, message: "the bucket is in another region".to_owned() }
            }
            503 => CloudError::Failing { operation: name, message: "HTTP status 503".to_owned() },
            _ => lost(name, format!("HTTP status {status}, {}", unreadable(error, body))),
        };
    };
    let said = &super::answer::said(metadata.message().unwrap_or("no reason given"));
    let request = metadata.extra("aws_request_id").map_or(String::new(), |id| format!(", request {id}"));
    by_code(operation, status, code, said, format!("{said} ({code}{request})"))
}

fn by_code(operation: Operation, status: u16, code: &str, said: &str, message: String) -> CloudError {
    let name = operation.as_str();
    match code.strip_suffix("Exception").unwrap_or(code) {
        "Throttling"
        | "Throttled"
        | "ThrottledRequest"
        | "TooManyRequests"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "SlowDown"
        | "PriorRequestNotComplete"
        | "ConcurrentResourcesLimitExceeded" => CloudError::Throttled { operation: name, message },
        "AccessDenied"
        | "UnauthorizedOperation"
        | "Unauthorized"
        | "NotAuthorized"
        | "AuthFailure"
        | "InvalidClientTokenId"
        | "UnrecognizedClient"
        | "SignatureDoesNotMatch"
        | "InvalidSignature"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "ExpiredToken"
        | "RequestExpired"
        | "OptInRequired"
        | "InvalidAccessKeyId"
        | "RegionDisabled" => CloudError::Denied { operation: name, message },
        "ChangeSetNotFound"
        | "StackNotFound"
        | "ClusterNotFound"
        | "ServiceNotFound"
        | "ServiceNotActive"
        | "ResourceNotFound"
        | "RepositoryNotFound"
        | "NoSuchBucket"
        | "NotFound"
        | "ServiceDeploymentNotFound" => CloudError::NotFound { operation: name, message },
        "AlreadyExists" | "NameAlreadyExists" => CloudError::AlreadyExists { operation: name, message },
        // \[api: ConflictException of RunTask\] The token is another request's.
        "Conflict" if operation == Operation::RunTask => CloudError::TokenReused { operation: name, message },
        "TokenAlreadyExists" => CloudError::TokenReused { operation: name, message },
        "InvalidChangeSetStatus"
        | "OperationInProgress"
        | "OperationAborted"
        | "StaleRequest"
        | "InvalidStateTransition" => CloudError::Conflict { operation: name, message },
        "ServiceUnavailable" => CloudError::Failing { operation: name, message },
        "ValidationError" | "Validation" => by_sentence(name, said, message),
        // AWS may have begun before it failed.
        _ if status >= 500 && operation.changes() => lost(name, message),
        _ if status >= 500 => CloudError::Failing { operation: name, message },
        _ => CloudError::Invalid { operation: name, message },
    }
}

/// What CloudFormation means by a ValidationError.
fn by_sentence(operation: &'static str, said: &str, message: String) -> CloudError {
    let wrong_state = said.contains("_IN_PROGRESS")
        || said.contains("cannot be called from current stack status")
        || (said.contains(" is in ") && said.contains(" state and can not be "));
    if said.contains("does not exist") {
        CloudError::NotFound { operation, message }
    } else if wrong_state {
        CloudError::Conflict { operation, message }
    } else if said.contains("already exists") {
        CloudError::AlreadyExists { operation, message }
    } else {
        CloudError::Invalid { operation, message }
    }
}

fn lost(operation: &'static str, message: String) -> CloudError {
    CloudError::Lost { operation, message }
}

/// What came instead of an answer: its beginning, on one line.
fn unreadable(error: &(dyn Error + 'static), body: &str) -> String {
    let mut begin: String = body.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = begin.char_indices().nth(120) {
        begin.truncate(at);
        begin.push('…');
    }
    let cause = std::iter::successors(error.source(), |&error| error.source()).last();
    let cause = cause.map_or(String::new(), |cause| format!(": {cause}"));
    if begin.is_empty() { format!("an empty body{cause}") } else { format!("`{begin}`{cause}") }
}

fn body(response: &HttpResponse) -> String {
    response.body().bytes().map_or(String::new(), |bytes| String::from_utf8_lossy(bytes).into_owned())
}

/// The whole chain in one line.
fn chain(error: &(impl Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        next = error.source();
    }
    match parts.is_empty() {
        true => DisplayErrorContext(error).to_string(),
        false => parts.join(": "),
    }
}

fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref::<T>())
}
