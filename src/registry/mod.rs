//! Registries of images: which tags there are, and which digests a tag means.
//!
//! ```text
//! release new ─► Registry ─► tags ─► choose (pure) ─► one tag, and why the others are refused
//!                   │
//!                   └──────► describe ─► digests that the release records
//! ```
//!
//! [`Registry`] is the port. [`OciRegistry`] asks any registry that speaks the OCI distribution specification; `aws/` asks
//! ECR through its own API, because only that reports when an image was pushed. [`choose()`] picks a tag by a channel's
//! rules. Everything a registry says is untrusted data: answers are limited in size and time, and checked against the
//! announced digest.
//!
//! Deliberately absent: pushing or deleting anything, pulling layers, and running a credential helper (`cli/` does that for
//! its user).

pub mod auth;
pub mod choose;
pub mod manifest;
pub mod name;
pub mod oci;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

pub use auth::{Credentials, Login, NoCredentials};
pub use choose::{Chosen, Refused, Why, choose};
pub use name::RepositoryName;
pub use oci::{Limits, OciRegistry};

/// A tag of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagSeen {
    /// The tag.
    pub name: Arc<str>,
    /// When the registry received its image; none if the registry does not report it.
    pub pushed: Option<Timestamp>,
}

/// What a tag means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// `sha256:` and 64 digits: the digest of the index, or of the one image.
    pub digest: Arc<str>,
    /// Digests of the images by platform, such as `linux/amd64`; empty if there is no index.
    pub platforms: BTreeMap<Arc<str>, Arc<str>>,
}

/// A registry, asked about one repository at a time: `registry/path`, without a tag.
#[async_trait]
pub trait Registry: Send + Sync {
    /// Every tag of the repository, in no particular order.
    ///
    /// # Errors
    /// The registry cannot be asked, does not let us in, or answers what makes no sense.
    async fn tags(&self, repository: &str) -> Result<Vec<TagSeen>, RegistryError>;

    /// What a tag means; none if the repository has no such tag.
    ///
    /// # Errors
    /// As [`Registry::tags`].
    async fn describe(&self, repository: &str, tag: &str) -> Result<Option<Image>, RegistryError>;
}

/// Why a registry gives no answer. Nothing that a registry said is in a message unescaped, and no password.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The repository's name is none.
    #[error("`{repository}` is not the name of a repository in a registry: {why}")]
    Name {
        /// As it was given.
        repository: String,
        /// What is wrong with it.
        why: String,
    },
    /// No answer came.
    #[error("cannot ask the registry {registry} for {what}")]
    Unreachable {
        /// Host name of the registry, with its port if it has one.
        registry: String,
        /// What was asked for.
        what: String,
        /// The error underneath.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The registry does not take the credentials, or there are none.
    #[error("the registry {registry} denies access to {what}: {why}")]
    Denied {
        /// Host name of the registry, with its port if it has one.
        registry: String,
        /// What was asked for.
        what: String,
        /// What was shown, and what to do about it.
        why: String,
    },
    /// The repository does not exist, or these credentials may not see it.
    #[error("the registry {registry} has no repository {path}, or does not show it to these credentials")]
    Missing {
        /// Host name of the registry, with its port if it has one.
        registry: String,
        /// The repository.
        path: String,
    },
    /// Too much was asked of it.
    #[error("the registry {registry} limits requests: try again later (HTTP status 429)")]
    Limited {
        /// Host name of the registry, with its port if it has one.
        registry: String,
    },
    /// It answered, and the answer makes no sense.
    #[error("unexpected answer from the registry {registry} for {what}: {why}")]
    Answer {
        /// Host name of the registry, with its port if it has one.
        registry: String,
        /// What was asked for.
        what: String,
        /// What is wrong with the answer.
        why: String,
    },
    /// Another service that had to be asked failed.
    #[error("cannot ask the registry {registry} for {what}")]
    Failed {
        /// Host name of the registry, with its port if it has one.
        registry: String,
        /// What was asked for.
        what: String,
        /// The error underneath.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
