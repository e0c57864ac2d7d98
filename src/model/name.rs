//! Names and ids: short strings that are valid once built.
//!
//! A name is what people write and what files refer to; an [`Id`] is what goes into stack names and facts. By default they
//! are equal; a file that says `id = "…"` keeps its id when it is renamed.

use std::fmt;
use std::sync::Arc;

/// Why a string is not a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing is written.
    #[error("a name cannot be empty")]
    Empty,
    /// Longer than allowed.
    #[error("`{0}` is longer than {1} characters")]
    TooLong(String, usize),
    /// A character that is not allowed, and what is.
    #[error("`{name}` has `{character}` at position {position}: {allowed}")]
    Character {
        /// The string as it was given.
        name: String,
        /// The first character that is not allowed.
        character: char,
        /// Its position in characters, from 1.
        position: usize,
        /// What is allowed, for people.
        allowed: &'static str,
    },
}

/// The longest name or id of anything but a release, in characters.
pub const MAX_NAME: usize = 40;
/// The longest name of a release, in characters.
pub const MAX_RELEASE: usize = 100;

const PLAIN: &str = "a lower-case letter first, then lower-case letters, digits and `-`";
const RELEASE: &str = "a letter or digit first, then letters, digits, `.`, `_` and `-`";

fn check(
    text: &str,
    max: usize,
    allowed: &'static str,
    first: fn(char) -> bool,
    rest: fn(char) -> bool,
) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    for (index, character) in text.chars().enumerate() {
        let fine = if index == 0 { first(character) } else { rest(character) };
        if !fine {
            return Err(NameError::Character { name: text.to_owned(), character, position: index + 1, allowed });
        }
    }
    // Every allowed character is one byte.
    if text.len() > max { Err(NameError::TooLong(text.to_owned(), max)) } else { Ok(()) }
}

fn check_plain(text: &str) -> Result<(), NameError> {
    check(
        text,
        MAX_NAME,
        PLAIN,
        |c| c.is_ascii_lowercase(),
        |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-',
    )
}

fn check_release(text: &str) -> Result<(), NameError> {
    check(
        text,
        MAX_RELEASE,
        RELEASE,
        |c| c.is_ascii_alphanumeric(),
        |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'),
    )
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident, $check:path;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the characters and the length.
            pub fn new(text: &str) -> Result<Self, NameError> {
                $check(text).map(|()| Self(Arc::from(text)))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::new(&text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.to_string()
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    )*};
}

names! {
    /// What goes into stack names, tags and facts: stable through a rename.
    Id, check_plain;
    /// The stem of a file in `environments/`.
    EnvironmentName, check_plain;
    /// The stem of a file in `targets/`.
    TargetName, check_plain;
    /// The stem of a file in `lifecycles/`.
    LifecycleName, check_plain;
    /// The stem of a file in `tenants/`.
    TenantName, check_plain;
    /// A key of `[accounts]` in `landfall.toml`.
    AccountName, check_plain;
    /// The name of a folder in `projects/`.
    ProjectName, check_plain;
    /// The name of a step in `process.toml`.
    StepName, check_plain;
    /// A key of `[images]` in `process.toml`.
    ImageName, check_plain;
    /// A channel of a project; `default` where none is said.
    ChannelName, check_plain;
    /// The stem of a file in `freezes/`.
    FreezeName, check_plain;
    /// A label that a step asks for and a target offers.
    RoleLabel, check_plain;
    /// The stem of a file in `releases/`: letters, digits, `.`, `_`, `-`, at most 100.
    ReleaseName, check_release;
}

impl Default for ChannelName {
    /// `default`: the channel of a project that names none, and of a release that says none.
    fn default() -> Self {
        Self(Arc::from("default"))
    }
}

macro_rules! ids {
    ($($name:ident),*) => {$(
        impl From<&$name> for Id {
            /// The id that a thing has when its file gives none.
            fn from(name: &$name) -> Id {
                Id(name.0.clone())
            }
        }
    )*};
}
ids!(EnvironmentName, TargetName, TenantName, ProjectName, StepName);
