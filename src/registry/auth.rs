//! Credentials: what docker's configuration file contains for a registry, and what a registry asks for.
//!
//! A registry that needs credentials answers 401 with a challenge (RFC 7235). `Basic` needs user and password. `Bearer`
//! names a token service (distribution, "Token Authentication Specification") that exchanges them for a token for one
//! repository.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// What is shown to a registry.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// User and password, or an access token in its place.
    Basic { user: String, password: String },
    /// A token that the token service takes in place of both.
    Identity(String),
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Login::Basic { .. } => "Login::Basic(…)",
            Login::Identity(_) => "Login::Identity(…)",
        })
    }
}

impl Login {
    /// As helpers and environment variables give it: the user `<token>` means that the secret is an identity token.
    pub fn of(user: impl Into<String>, secret: impl Into<String>) -> Self {
        match (user.into(), secret.into()) {
            (user, secret) if user == "<token>" => Login::Identity(secret),
            (user, password) => Login::Basic { user, password },
        }
    }
}

/// Who knows the credentials of registries.
pub trait Credentials: Send + Sync {
    /// The credentials for a registry, by the key under which docker keeps them; none for anonymous requests.
    ///
    /// # Errors
    /// In a sentence: they are configured and cannot be had.
    fn login(&self, key: &str) -> Result<Option<Login>, String>;
}

/// Requests without credentials.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCredentials;

impl Credentials for NoCredentials {
    fn login(&self, _key: &str) -> Result<Option<Login>, String> {
        Ok(None)
    }
}

/// Docker's configuration file (`~/.docker/config.json`), as far as it is about registries.
#[derive(Clone, Default, Deserialize)]
pub struct DockerConfig {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    #[serde(default, rename = "credHelpers")]
    helpers: BTreeMap<String, String>,
    #[serde(default, rename = "credsStore")]
    store: Option<String>,
}

#[derive(Clone, Default, Deserialize)]
struct Entry {
    auth: Option<String>,
    #[serde(rename = "identitytoken")]
    identity_token: Option<String>,
}

/// Where the configuration file has a registry's credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// In the file.
    Here(Login),
    /// The program `docker-credential-<name>` knows them.
    Helper(String),
}

impl DockerConfig {
    /// Reads the file's text.
    ///
    /// # Errors
    /// It is not JSON of that form.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Where the credentials of a registry are: its own helper, the common store, or the file; none if nothing is
    /// configured. An entry may be written with a scheme and a path, as older versions of docker did.
    ///
    /// # Errors
    /// In a sentence: the entry cannot be read, or names a helper that no program can be called after.
    pub fn find(&self, key: &str) -> Result<Option<Found>, String> {
        if let Some(helper) = self.helpers.get(host(key)).or(self.store.as_ref()).filter(|name| !name.is_empty()) {
            let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            return match helper.chars().all(fine) {
                true => Ok(Some(Found::Helper(helper.clone()))),
                false => Err(format!("`{}` is not the name of a credential helper", helper.escape_default())),
            };
        }
        let own = self
            .auths
            .get(key)
            .or_else(|| self.auths.iter().find(|(written, _)| host(written) == host(key)).map(|(_, entry)| entry));
        let Some(entry) = own else { return Ok(None) };
        if let Some(token) = entry.identity_token.as_ref().filter(|token| !token.is_empty()) {
            return Ok(Some(Found::Here(Login::Identity(token.clone()))));
        }
        let Some(auth) = entry.auth.as_ref().filter(|auth| !auth.is_empty()) else { return Ok(None) };
        let decoded = STANDARD.decode(auth).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        match decoded.as_deref().and_then(|text| text.split_once(':')) {
            Some((user, password)) => Ok(Some(Found::Here(Login::of(user, password.trim_end_matches('\0'))))),
            None => Err(format!("its entry for {key} is not `user:password` in base64")),
        }
    }
}

/// The host of a key with or without a scheme and a path.
fn host(key: &str) -> &str {
    let rest = key.split_once("://").map_or(key, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// What a registry asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// User and password.
    Basic,
    /// A token of this service.
    Bearer {
        /// Where it is given out.
        realm: String,
        /// For which registry.
        service: Option<String>,
        /// For what.
        scope: Option<String>,
    },
}

impl Challenge {
    /// Reads the value of a `WWW-Authenticate` header; none if it asks for something else.
    pub fn parse(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Challenge::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let mut parameters = parameters(rest);
        let realm = parameters.remove("realm")?;
        Some(Challenge::Bearer { realm, service: parameters.remove("service"), scope: parameters.remove("scope") })
    }
}

/// `name="value"` pairs, separated by commas; a comma inside of quotes belongs to the value.
fn parameters(text: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        let name = name.trim_matches([' ', ',']).to_ascii_lowercase();
        all.insert(name, value.to_owned());
        rest = next.trim_start_matches([' ', ',']);
    }
    all
}
