//! How to get into a remote. Secrets are never shown: their `Debug` is a placeholder.

use std::fmt;
use std::path::{Path, PathBuf};

use url::Url;

use super::GitError;

/// A password, token or passphrase.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Takes the text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// How to get into a remote.
#[derive(Clone, Debug, Default)]
pub enum Credentials {
    /// What the operator's git does: the credential helper of their git configuration for https, the agent for ssh.
    #[default]
    Standard,
    /// A user name and a password or token, for https.
    Basic {
        /// The user.
        username: String,
        /// The password or token.
        password: Password,
    },
    /// A file of `https://user:password@host` lines, as `git credential-store` keeps it; read again at every connection, so
    /// that it may change under a running daemon.
    File(PathBuf),
    /// A private key, for ssh.
    Key {
        /// The key's file.
        private: PathBuf,
        /// What it is encrypted with.
        passphrase: Option<Password>,
    },
}

impl Credentials {
    /// Reads `LANDFALL_GIT_TOKEN`, or `LANDFALL_GIT_USERNAME` with `LANDFALL_GIT_PASSWORD`, or `LANDFALL_GIT_SSH_KEY` with
    /// `LANDFALL_GIT_SSH_PASSPHRASE`, or `LANDFALL_GIT_CREDENTIALS` (a file) through the given lookup; otherwise the standard.
    ///
    /// A token goes with the user name `x-access-token` unless another is given: GitHub and GitLab take any.
    pub fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let user = get("LANDFALL_GIT_USERNAME");
        if let Some(password) = get("LANDFALL_GIT_TOKEN").or_else(|| get("LANDFALL_GIT_PASSWORD")) {
            let username = user.unwrap_or_else(|| "x-access-token".to_owned());
            return Self::Basic { username, password: Password::new(password) };
        }
        if let Some(key) = get("LANDFALL_GIT_SSH_KEY") {
            let passphrase = get("LANDFALL_GIT_SSH_PASSPHRASE").map(Password::new);
            return Self::Key { private: PathBuf::from(key), passphrase };
        }
        match get("LANDFALL_GIT_CREDENTIALS") {
            Some(file) => Self::File(PathBuf::from(file)),
            None => Self::Standard,
        }
    }
}

/// The user name and password for a host in a file of `git credential-store` lines.
pub(super) fn stored(file: &Path, host: &str) -> Result<Option<(String, String)>, GitError> {
    let text = std::fs::read_to_string(file).map_err(|source| GitError::File {
        what: "credentials file",
        path: file.to_owned(),
        source,
    })?;
    Ok(text.lines().filter_map(|line| Url::parse(line.trim()).ok()).find_map(|url| {
        let here = url.scheme() == "https" && url.host_str() == Some(host);
        here.then(|| Some((decoded(url.username())?, decoded(url.password()?)?))).flatten()
    }))
}

/// Undoes percent-encoding.
pub(super) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first != b'%' {
            bytes.push(first);
            rest = after;
            continue;
        }
        let digits = std::str::from_utf8(after.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after.get(2..)?;
    }
    String::from_utf8(bytes).ok()
}
