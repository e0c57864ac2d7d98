//! What the SDK says about a call that did not succeed, in the words of `cloud/`, which sorts it.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::operation::Operation;
use crate::cloud::{Came, CloudError, Fault, sort};

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
        Some(http) if http.is_connect() => sort(Fault { operation: name, came: Came::NotSent, message: chain(error) }),
        _ => lost(name, chain(error)),
    }
}

/// The call was not sent because credentials are missing; the answer to the request for them decides.
fn no_credentials(operation: Operation, error: &CredentialsError) -> CloudError {
    let name = operation.as_str();
    if let Some(assume) = find::<SdkError<AssumeRoleError, HttpResponse>>(error) {
        let operation = "AssumeRole";
        return match sorted(Operation::GetCallerIdentity, assume) {
            CloudError::Throttled { message, .. } => CloudError::Throttled { operation, message },
            CloudError::Denied { message, .. } => CloudError::Denied { operation, message },
            CloudError::Credentials { message, .. } => CloudError::Credentials { operation, message },
            CloudError::Expired { message, .. } => CloudError::Expired { operation, message },
            CloudError::Clock { message, .. } => CloudError::Clock { operation, message },
            CloudError::Unreachable { message, .. }
            | CloudError::Lost { message, .. }
            | CloudError::Failing { message, .. } => CloudError::Unreachable { operation, message },
            other => CloudError::Denied {
                operation: name,
                message: format!("the target's role could not be assumed: {other}"),
            },
        };
    }
    match error {
        CredentialsError::ProviderTimedOut(_) => {
            sort(Fault { operation: name, came: Came::NotSent, message: format!("no credentials: {}", chain(error)) })
        }
        CredentialsError::CredentialsNotLoaded(_) => {
            tracing::debug!(why = chain(error), "no credentials");
            CloudError::Credentials {
                operation: name,
                message:
                    "there are none: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run landfall \
                          where a container or an instance has a role"
                        .to_owned(),
            }
        }
        _ => CloudError::Credentials {
            operation: name,
            message: format!(
                "{}; give landfall credentials: environment, profile, container or instance role",
                chain(error)
            ),
        },
    }
}

/// AWS answered with an error, or something else did.
fn answered<E>(operation: Operation, status: u16, error: &E, body: &str) -> CloudError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    let metadata = error.meta();
    let operation = operation.as_str();
    let Some(code) = metadata.code().filter(|code| !code.is_empty()) else {
        let message = match status {
            301 | 403 | 429 | 503 => format!("HTTP status {status}"),
            _ => format!("HTTP status {status}, {}", unreadable(error, body)),
        };
        return sort(Fault { operation, came: Came::Status(status), message });
    };
    let said = &super::answer::said(metadata.message().unwrap_or("no reason given"));
    let request = metadata.extra("aws_request_id").map_or(String::new(), |id| format!(", request {id}"));
    let message = format!("{said} ({code}{request})");
    sort(Fault { operation, came: Came::Error { status, code, said }, message })
}

fn lost(operation: &'static str, message: String) -> CloudError {
    sort(Fault { operation, came: Came::Nothing, message })
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
