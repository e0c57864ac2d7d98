//! What goes wrong at AWS, sorted by what follows from it.

use crate::model::journal::Cause;

/// What follows from an error, whatever its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// An outage: AWS, the way to it, the credentials or the rights are not as they should be at the moment. Whoever asks
    /// waits and asks again; nothing that is deployed is at fault.
    Outage,
    /// The call failed for what it asks. Another attempt may go another way.
    Failed,
    /// AWS will never accept this request: asking again gets the same answer.
    Never,
    /// It is not known whether AWS carried the call out: read before anything else.
    Unknown,
}

/// An error of the cloud, sorted by what follows from it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloudError {
    /// Too many calls.
    #[error("AWS throttles {operation}: {message}")]
    Throttled {
        /// Name of the operation in AWS's API, such as `CreateChangeSet`.
        operation: &'static str,
        /// The message of AWS.
        message: String,
    },
    /// No right to do it.
    #[error("AWS denies {operation}: {message}")]
    Denied {
        /// Name of the operation in AWS's API, such as `CreateChangeSet`.
        operation: &'static str,
        /// The message of AWS.
        message: String,
    },
    /// No credentials, or credentials that are not usable here. The message says what to do.
    #[error("{operation} has no usable credentials: {message}")]
    Credentials {
        /// Name of the operation in AWS's API, such as `CreateChangeSet`.
        operation: &'static str,
        /// What is wrong with them.
        message: String,
    },
    /// The credentials have expired.
    #[error("the credentials for {operation} have expired: {message}")]
    Expired {
        /// Name of the operation in AWS's API, such as `CreateChangeSet`.
        operation: &'static str,
        /// The message of AWS.
        message: String,
    },
    /// AWS rejects the request because of its date: this machine's clock is wrong.
    #[error("AWS rejects the date of {operation}: {message}")]
    Clock {
        /// Name of the operation in AWS's API, such as `CreateChangeSet`.
        operation: &'static str,
        /// The message of AWS.
        message: String,
    },
    /// The thing that the call names does not exist.
    #[error("{operation}: {message}")]
    NotFound {
        /// Name of the operation in AWS's API, such as `CreateChangeSet`.
        operation: &'static str,
        /// The message of AWS.
        message: String,
    },
    /// The stack or the change set is in a state that does not allow it: another operation is in progress, or it is stale.
    #[error("{operation} is not possible now: {message}")]
    Conflict {
        /// Name of the operation in AWS's API, such as `CreateChangeSet`.
        operation: &'static str,
        /// The message of AWS.
        message: String,
    },
    /// Something of that name is there already.
    #[error("{operation}: {message}")]
    AlreadyExists {
        /// Name of the operation in AWS's API, such as `CreateChangeSet`.
        operation: &'static str,
        /// The message of AWS.
        message: String,
    },
    /// The token was used for a different request.
    #[error("{operation}: the token was used before, for something else: {message}")]
    TokenReused {
        /// Name of the operation in AWS's API, such as `CreateChangeSet`.
        operation: &'static str,
        /// The message of AWS.
        message: String,
    },
    /// AWS will never take this request.
    #[error("AWS rejects {operation}: {message}")]
    Invalid {
        /// Name of the operation in AWS's API, such as `CreateChangeSet`.
        operation: &'static str,
        /// The message of AWS.
        message: String,
    },
    /// AWS is broken at the moment (5xx), and says so.
    #[error("AWS fails at {operation}: {message}")]
    Failing {
        /// Name of the operation in AWS's API, such as `CreateChangeSet`.
        operation: &'static str,
        /// The message of AWS.
        message: String,
    },
    /// No connection could be made: the call was not carried out.
    #[error("{operation} did not reach AWS: {message}")]
    Unreachable {
        /// Name of the operation in AWS's API, such as `CreateChangeSet`.
        operation: &'static str,
        /// What went wrong.
        message: String,
    },
    /// The call was sent, and no answer or no understandable answer came: it may have been carried out.
    #[error("{operation} got no readable answer: {message}")]
    Lost {
        /// Name of the operation in AWS's API, such as `CreateChangeSet`.
        operation: &'static str,
        /// What went wrong.
        message: String,
    },
}

impl CloudError {
    /// What follows from it. For reads, treat [`Consequence::Unknown`] like [`Consequence::Outage`].
    pub fn consequence(&self) -> Consequence {
        match self {
            CloudError::Throttled { .. }
            | CloudError::Failing { .. }
            | CloudError::Unreachable { .. }
            | CloudError::Denied { .. }
            | CloudError::Credentials { .. }
            | CloudError::Expired { .. }
            | CloudError::Clock { .. }
            | CloudError::Conflict { .. } => Consequence::Outage,
            CloudError::NotFound { .. } | CloudError::AlreadyExists { .. } | CloudError::TokenReused { .. } => {
                Consequence::Failed
            }
            CloudError::Invalid { .. } => Consequence::Never,
            CloudError::Lost { .. } => Consequence::Unknown,
        }
    }

    /// Whether a person has to do something before it can end: rights, credentials, the clock.
    pub fn needs_a_person(&self) -> bool {
        self.cure().is_some() || matches!(self, CloudError::Credentials { .. })
    }

    /// What a person does about it, as half a sentence; none if only waiting helps, or if the message says it.
    pub fn cure(&self) -> Option<&'static str> {
        match self {
            CloudError::Denied { operation: "GetCallerIdentity", .. } => Some(
                "this call needs no right, so a policy denies it: look for a Deny in the organisation's policies, in a \
                 permissions boundary and in a session policy",
            ),
            CloudError::Denied { .. } => Some("`landfall iam` prints the policies that grant it"),
            CloudError::Expired { .. } => Some(
                "renew the credentials that landfall runs with; it reads those of a process's environment only once, at its start",
            ),
            CloudError::Clock { .. } => {
                Some("set the clock of the machine that landfall runs on: AWS accepts a difference of 5 minutes")
            }
            _ => None,
        }
    }

    /// The error in a sentence, with its cure, and without what differs each time: the request's id.
    pub fn with_cure(&self) -> String {
        let mut text = self.to_string();
        if let Some((begin, rest)) = text.split_once(", request ")
            && let Some((_, end)) = rest.split_once(')')
        {
            text = format!("{begin}){end}");
        }
        match self.cure() {
            Some(cure) => format!("{text}; {cure}"),
            None => text,
        }
    }

    /// A stable code for the journal, the API and people.
    pub fn code(&self) -> &'static str {
        match self {
            CloudError::Throttled { .. } => "aws-throttled",
            CloudError::Denied { .. } => "aws-denied",
            CloudError::Credentials { .. } => "aws-credentials",
            CloudError::Expired { .. } => "aws-credentials-expired",
            CloudError::Clock { .. } => "aws-clock",
            CloudError::NotFound { .. } => "aws-not-found",
            CloudError::Conflict { .. } => "aws-conflict",
            CloudError::AlreadyExists { .. } => "aws-already-exists",
            CloudError::TokenReused { .. } => "aws-token-reused",
            CloudError::Invalid { .. } => Cause::REFUSED,
            CloudError::Failing { .. } => "aws-failing",
            CloudError::Unreachable { .. } => "aws-unreachable",
            CloudError::Lost { .. } => "aws-no-answer",
        }
    }

    /// The same error with more to say: `words` gets what it is, and its message.
    pub fn explained(mut self, words: impl FnOnce(&Self, &str) -> String) -> Self {
        let message = std::mem::take(self.message_mut());
        let said = words(&self, &message);
        *self.message_mut() = said;
        self
    }

    fn message_mut(&mut self) -> &mut String {
        let (CloudError::Throttled { message, .. }
        | CloudError::Denied { message, .. }
        | CloudError::Credentials { message, .. }
        | CloudError::Expired { message, .. }
        | CloudError::Clock { message, .. }
        | CloudError::NotFound { message, .. }
        | CloudError::Conflict { message, .. }
        | CloudError::AlreadyExists { message, .. }
        | CloudError::TokenReused { message, .. }
        | CloudError::Invalid { message, .. }
        | CloudError::Failing { message, .. }
        | CloudError::Unreachable { message, .. }
        | CloudError::Lost { message, .. }) = self;
        message
    }
}
