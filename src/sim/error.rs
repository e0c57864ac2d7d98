//! Errors of the simulated account: AWS's code, message and HTTP status.

/// An error as AWS gives it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// The code that clients tell errors apart by: `ValidationError`, `Throttling`, …
    pub code: &'static str,
    /// The sentence.
    pub message: String,
    /// The HTTP status.
    pub status: u16,
}

/// A result of the simulated account.
pub type Answer<T> = Result<T, ApiError>;

impl ApiError {
    /// An error that the caller caused: HTTP 400.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), status: 400 }
    }

    /// CloudFormation's word for nearly everything that it refuses.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationError", message)
    }

    /// The call or a part of it is not modelled here.
    pub fn not_modelled(what: impl std::fmt::Display) -> Self {
        Self { code: "NotModelled", message: format!("the simulated account does not model {what}"), status: 501 }
    }
}
