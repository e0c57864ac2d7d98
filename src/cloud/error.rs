//! What goes wrong at AWS, sorted by what follows from it.

/// What follows from an error, whatever its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// Look again later; nothing has to change first.
    Retry,
    /// Somebody has to change something: rights, names, a request that AWS will never take.
    Stuck,
    /// Nobody knows whether the call was carried out: read before anything else.
    Unknown,
}

/// An error of the cloud, sorted by what follows from it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloudError {
    /// Too many calls.
    #[error("AWS throttles {operation}: {message}")]
    Throttled {
        /// The AWS operation.
        operation: &'static str,
        /// AWS's words.
        message: String,
    },
    /// No right to do it, or no credentials.
    #[error("AWS denies {operation}: {message}")]
    Denied {
        /// The AWS operation.
        operation: &'static str,
        /// AWS's words.
        message: String,
    },
    /// The thing that the call names does not exist.
    #[error("{operation}: {message}")]
    NotFound {
        /// The AWS operation.
        operation: &'static str,
        /// AWS's words.
        message: String,
    },
    /// The stack or the change set is in a state that does not allow it: somebody else was there, or it is stale.
    #[error("{operation} is not possible now: {message}")]
    Conflict {
        /// The AWS operation.
        operation: &'static str,
        /// AWS's words.
        message: String,
    },
    /// Something of that name is there already.
    #[error("{operation}: {message}")]
    AlreadyExists {
        /// The AWS operation.
        operation: &'static str,
        /// AWS's words.
        message: String,
    },
    /// The token was used for a different request.
    #[error("{operation}: the token was used before, for something else: {message}")]
    TokenReused {
        /// The AWS operation.
        operation: &'static str,
        /// AWS's words.
        message: String,
    },
    /// AWS will never take this request.
    #[error("AWS refuses {operation}: {message}")]
    Invalid {
        /// The AWS operation.
        operation: &'static str,
        /// AWS's words.
        message: String,
    },
    /// AWS is broken at the moment (5xx), and says so.
    #[error("AWS fails at {operation}: {message}")]
    Failing {
        /// The AWS operation.
        operation: &'static str,
        /// AWS's words.
        message: String,
    },
    /// No connection could be made: the call was not carried out.
    #[error("{operation} did not reach AWS: {message}")]
    Unreachable {
        /// The AWS operation.
        operation: &'static str,
        /// What went wrong.
        message: String,
    },
    /// The call was sent, and no answer or no understandable answer came: it may have been carried out.
    #[error("{operation} got no answer that can be understood: {message}")]
    Lost {
        /// The AWS operation.
        operation: &'static str,
        /// What went wrong.
        message: String,
    },
}

impl CloudError {
    /// What follows from it. For reads, treat [`Consequence::Unknown`] like [`Consequence::Retry`].
    pub fn consequence(&self) -> Consequence {
        match self {
            CloudError::Throttled { .. }
            | CloudError::Failing { .. }
            | CloudError::Unreachable { .. }
            | CloudError::Conflict { .. } => Consequence::Retry,
            CloudError::Denied { .. }
            | CloudError::NotFound { .. }
            | CloudError::AlreadyExists { .. }
            | CloudError::TokenReused { .. }
            | CloudError::Invalid { .. } => Consequence::Stuck,
            CloudError::Lost { .. } => Consequence::Unknown,
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
