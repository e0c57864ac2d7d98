//! What a call that did not succeed means: one function for every implementation of the port.
//!
//! The order of questions: was it sent, did an answer come, can the answer be understood, and then AWS's code. Codes are
//! those of the services' models and of "Common error types" in their API references; CloudFormation says much only in the
//! sentence of a `ValidationError`, so its known sentences are read too.

use super::{CloudError, lacks_room};

/// A call that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault<'a> {
    /// The AWS operation, as AWS writes it.
    pub operation: &'static str,
    /// What came back.
    pub came: Came<'a>,
    /// What is shown to people: AWS's sentence, with its code and whatever else is known.
    pub message: String,
}

/// What came back for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came<'a> {
    /// Nothing, because the call was never sent: there is no connection.
    NotSent,
    /// Nothing, or nothing that can be understood, after the call was sent.
    Nothing,
    /// An answer without a code; the HTTP status is all that it says.
    Status(u16),
    /// AWS's error.
    Error {
        /// The HTTP status.
        status: u16,
        /// The code, with or without the ending `Exception`.
        code: &'a str,
        /// The sentence.
        said: &'a str,
    },
}

/// Whether an operation changes anything. AWS names those that do not by the words they begin with.
pub fn changes(operation: &str) -> bool {
    const READS: [&str; 6] = ["Describe", "List", "Get", "BatchGet", "Head", "Detect"];
    !READS.iter().any(|read| operation.starts_with(read))
}

/// What follows from a call that did not succeed.
pub fn sort(fault: Fault<'_>) -> CloudError {
    let Fault { operation, came, message } = fault;
    match came {
        Came::NotSent => CloudError::Unreachable { operation, message },
        Came::Nothing => CloudError::Lost { operation, message },
        Came::Status(status) => by_status(operation, status, message),
        Came::Error { status, code, said } => {
            by_code(operation, status, code.strip_suffix("Exception").unwrap_or(code), said, message)
        }
    }
}

fn by_status(operation: &'static str, status: u16, message: String) -> CloudError {
    // An answer to HEAD has no body that could have a code.
    let object = matches!(operation, "HeadBucket" | "PutObject");
    match status {
        429 => CloudError::Throttled { operation, message },
        403 if object => CloudError::Denied { operation, message },
        301 if object => CloudError::Invalid { operation, message: "the bucket is in another region".to_owned() },
        503 => CloudError::Failing { operation, message },
        _ => CloudError::Lost { operation, message },
    }
}

fn by_code(operation: &'static str, status: u16, code: &str, said: &str, message: String) -> CloudError {
    match code {
        "Client" | "Server" | "Throttling" if operation == "RunTask" && lacks_room(said) => {
            CloudError::Conflict { operation, message }
        }
        "Throttling"
        | "Throttled"
        | "ThrottledRequest"
        | "TooManyRequests"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "SlowDown"
        | "PriorRequestNotComplete"
        | "ConcurrentResourcesLimitExceeded" => CloudError::Throttled { operation, message },
        "ExpiredToken" | "TokenRefreshRequired" => CloudError::Expired { operation, message },
        "RequestExpired" | "RequestTimeTooSkewed" | "RequestInTheFuture" => CloudError::Clock { operation, message },
        "SignatureDoesNotMatch" | "InvalidSignature" if speaks_of_time(said) => {
            CloudError::Clock { operation, message }
        }
        "AuthFailure"
        | "InvalidClientTokenId"
        | "UnrecognizedClient"
        | "SignatureDoesNotMatch"
        | "InvalidSignature"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "InvalidAccessKeyId"
        | "InvalidToken" => {
            let message = format!("AWS does not accept them: {message}; give landfall other credentials");
            CloudError::Credentials { operation, message }
        }
        "AccessDenied"
        | "UnauthorizedOperation"
        | "Unauthorized"
        | "NotAuthorized"
        | "OptInRequired"
        | "RegionDisabled" => CloudError::Denied { operation, message },
        "ChangeSetNotFound"
        | "StackNotFound"
        | "ClusterNotFound"
        | "ServiceNotFound"
        | "ServiceNotActive"
        | "ResourceNotFound"
        | "RepositoryNotFound"
        | "NoSuchBucket"
        | "NotFound"
        | "ServiceDeploymentNotFound" => CloudError::NotFound { operation, message },
        "AlreadyExists" | "NameAlreadyExists" => CloudError::AlreadyExists { operation, message },
        // \[api: ConflictException of RunTask\] The token is another request's.
        "Conflict" if operation == "RunTask" => CloudError::TokenReused { operation, message },
        "TokenAlreadyExists" => CloudError::TokenReused { operation, message },
        "InvalidChangeSetStatus"
        | "OperationInProgress"
        | "OperationAborted"
        | "StaleRequest"
        | "InvalidStateTransition" => CloudError::Conflict { operation, message },
        "ServiceUnavailable" => CloudError::Failing { operation, message },
        "ValidationError" | "Validation" => by_sentence(operation, said, message),
        // The endpoint does not have the operation.
        _ if status == 501 => CloudError::Invalid { operation, message },
        // AWS may have begun before it failed.
        _ if status >= 500 && changes(operation) => CloudError::Lost { operation, message },
        _ if status >= 500 => CloudError::Failing { operation, message },
        _ => CloudError::Invalid { operation, message },
    }
}

/// Whether AWS rejects a signature because of its date. \[doc: "Signature expired: … is now earlier than …", "Signature not
/// yet current: … is still later than …"\]
fn speaks_of_time(said: &str) -> bool {
    said.contains("Signature expired") || said.contains("not yet current")
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
