//! How a command ends: its exit code, and an error with everything that led to it.

use std::error::Error;
use std::fmt;

/// The exit codes of every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Done,
    /// 1: failed.
    Failed,
    /// 2: the command line or the configuration file is wrong.
    Usage,
    /// 3: the repository has errors.
    Problems,
    /// 4: there are changes, and `--exit-code` asked to be told.
    Changes,
    /// 5: something ordered is held: for `daemon --once`, and for commands that `--exit-code` asked to tell.
    Held,
    /// 6: git or AWS could not be seen.
    Unseen,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Problems => 3,
            Exit::Changes => 4,
            Exit::Held => 5,
            Exit::Unseen => 6,
        }
    }
}

/// Why a command could not do what it was asked.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What was tried, and on what.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// What went wrong below.
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl Failure {
    /// A failure with exit code 1.
    pub fn new(message: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, message: message.into(), help: None, source: None }
    }

    /// A failure of the command line or of the configuration, with exit code 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::new(message) }
    }

    /// Git or AWS could not be seen, with exit code 6.
    pub fn unseen(message: impl Into<String>) -> Self {
        Self { exit: Exit::Unseen, ..Self::new(message) }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what went wrong below.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.source {
            Some(source) => Some(&**source),
            None => None,
        }
    }
}

/// What a command gives.
pub type Outcome = Result<Exit, Failure>;

/// Says that git or AWS could not be seen when an error of another module came up.
pub trait Seeing<T> {
    /// Turns the error into a failure with exit code 6 and this message.
    fn seeing(self, message: impl FnOnce() -> String) -> Result<T, Failure>;
}

impl<T, E: Into<Box<dyn Error + Send + Sync>>> Seeing<T> for Result<T, E> {
    fn seeing(self, message: impl FnOnce() -> String) -> Result<T, Failure> {
        self.map_err(|error| Failure::unseen(message()).because(error))
    }
}

/// Says what was being done when an error of another module came up.
pub trait Doing<T> {
    /// Turns the error into a failure with exit code 1 and this message.
    fn doing(self, message: impl FnOnce() -> String) -> Result<T, Failure>;
}

impl<T, E: Into<Box<dyn Error + Send + Sync>>> Doing<T> for Result<T, E> {
    fn doing(self, message: impl FnOnce() -> String) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(message()).because(error))
    }
}

/// An error and everything that led to it, in one line.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let part = source.to_string();
        // The git library ends what it says with numbers of its own: `; class=Os (2); code=NotFound (-3)`.
        let part = part.split("; class=").next().unwrap_or_default().trim_end();
        if !text.ends_with(part) {
            text.push_str(": ");
            text.push_str(part);
        }
        next = source.source();
    }
    text
}
