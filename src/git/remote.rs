//! Where the tracked branch lives: an address, a branch, and how to get in.

use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use super::{Credentials, GitError};

/// A repository that is followed.
#[derive(Clone)]
pub struct Remote {
    /// `https://…`, `ssh://…`, `user@host:path`, `file://…` or a path.
    pub url: String,
    /// The branch; none is the remote's default.
    pub branch: Option<String>,
    /// How to get in.
    pub credentials: Credentials,
    /// A PEM file of certificate authorities that are trusted in addition to the system's.
    pub ca: Option<PathBuf>,
    /// The known hosts file for ssh; none is `~/.ssh/known_hosts`.
    pub known_hosts: Option<PathBuf>,
    /// How long the remote may be silent, while connecting and after.
    pub timeout: Duration,
    /// How long one visit may take altogether, with all that is fetched, however busy the remote seems.
    pub limit: Duration,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote")
            .field("url", &self.shown())
            .field("branch", &self.branch)
            .field("credentials", &self.credentials)
            .field("ca", &self.ca)
            .field("known_hosts", &self.known_hosts)
            .field("timeout", &self.timeout)
            .field("limit", &self.limit)
            .finish()
    }
}

impl Remote {
    /// How long a remote may be silent unless the operator says otherwise.
    pub const TIMEOUT: Duration = Duration::from_secs(30);

    /// How long one visit may take unless the operator says otherwise.
    pub const LIMIT: Duration = Duration::from_secs(15 * 60);

    /// The default branch of an address, with the standard credentials, [`Remote::TIMEOUT`] and [`Remote::LIMIT`].
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            branch: None,
            credentials: Credentials::Standard,
            ca: None,
            known_hosts: None,
            timeout: Self::TIMEOUT,
            limit: Self::LIMIT,
        }
    }

    /// The folder of a remote on this machine, for watching it; none if it is elsewhere.
    pub fn local(&self) -> Option<PathBuf> {
        match self.address() {
            Ok(Address::Local(path)) => Some(path),
            _ => None,
        }
    }

    /// The address for messages: without a password.
    pub fn shown(&self) -> String {
        shown(&self.url)
    }

    pub(super) fn address(&self) -> Result<Address, GitError> {
        let refuse = |why: &str| GitError::Address { remote: self.shown(), why: why.to_owned() };
        if self.url.is_empty() {
            return Err(refuse("it is empty"));
        }
        if !self.url.contains("://") {
            return Ok(match scp(&self.url) {
                Some((user, host)) => Address::Ssh { user, host, port: 22 },
                None => Address::Local(PathBuf::from(&self.url)),
            });
        }
        let url = Url::parse(&self.url).map_err(|error| refuse(&error.to_string()))?;
        let host = || url.host_str().map(str::to_owned).ok_or_else(|| refuse("it names no host"));
        match url.scheme() {
            "file" => {
                url.to_file_path().map(Address::Local).map_err(|()| refuse("it does not name a path on this machine"))
            }
            "https" | "http" => {
                host()?;
                Ok(Address::Http(Box::new(url)))
            }
            "ssh" => Ok(Address::Ssh {
                user: Some(url.username().to_owned()).filter(|user| !user.is_empty()),
                host: host()?.trim_matches(['[', ']']).to_owned(),
                port: url.port().unwrap_or(22),
            }),
            other => Err(refuse(&format!("`{other}` is neither https, ssh nor a path"))),
        }
    }
}

impl Address {
    /// What the library connects to: without a user name, which it would show with an empty password of its own accord.
    pub(super) fn bare(&self, given: &str) -> String {
        match self {
            Self::Http(url) => {
                let mut url = url.as_ref().clone();
                let gone = url.set_username("").and_then(|()| url.set_password(None));
                debug_assert!(gone.is_ok(), "an address with a host takes both");
                url.to_string()
            }
            Self::Local(_) | Self::Ssh { .. } => given.to_owned(),
        }
    }
}

/// The kinds of address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// On this machine.
    Local(PathBuf),
    /// Over https, or http without credentials; with the user name and password that the address has.
    Http(Box<Url>),
    /// Over ssh.
    Ssh {
        /// The user that the address names.
        user: Option<String>,
        /// Name or address of the server.
        host: String,
        port: u16,
    },
}

/// `user@host:path`, as git reads it: a colon before the first slash. A single letter is a drive, not a host.
fn scp(text: &str) -> Option<(Option<String>, String)> {
    let (before, _) = text.split_once(':')?;
    if before.contains('/') || before.len() < 2 || Path::new(text).exists() {
        return None;
    }
    let (user, host) = match before.rsplit_once('@') {
        Some((user, host)) => (Some(user.to_owned()), host),
        None => (None, before),
    };
    Some((user, host.trim_matches(['[', ']']).to_owned()))
}

fn shown(text: &str) -> String {
    match Url::parse(text) {
        Ok(mut url) if url.password().is_some() => match url.set_password(None) {
            Ok(()) => url.to_string(),
            Err(()) => format!("{}://…", url.scheme()),
        },
        _ => text.to_owned(),
    }
}
