//! The operator's configuration file: what the repository has no say in.
//!
//! Every key is documented in `docs/configuration.md`. The command line goes before the file, the file before the default.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use serde::Deserialize;

use super::diff::Deny;
use super::exit::Failure;
use super::pulls::Named;
use crate::view::review::Sign;

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One line for people.
    #[value(help = None::<&str>)]
    #[default]
    Text,
    /// One JSON object per line.
    #[value(help = None::<&str>)]
    Json,
}

/// The whole file. Unknown keys are errors.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// URL or folder of the repository.
    pub repo: Option<String>,
    /// The tracked branch.
    pub branch: Option<String>,
    /// The store: `sqlite:FILE`, or a path.
    pub store: Option<String>,
    /// The folder in which the mirror of the repository is kept.
    pub mirror: Option<PathBuf>,
    /// Where the JSON API listens.
    pub listen: Option<SocketAddr>,
    /// Where people reach the daemon: for links in pull requests.
    pub url: Option<String>,
    /// What a client has to send as `Authorization: Bearer …`; needed for an address that is not loopback.
    pub token_file: Option<PathBuf>,
    /// A secret that others can read is an error, not a warning.
    pub strict_permissions: bool,
    /// Between two looks at a remote branch.
    pub poll: Option<Span>,
    /// Between two sweeps of AWS without a cause.
    pub sweep: Option<Span>,
    /// How the log is written.
    pub log_format: Option<LogFormat>,
    /// How the repository is reached.
    pub git: Git,
    /// How AWS is reached.
    pub aws: Aws,
    /// Who gets the facts.
    pub facts: Published,
    /// Who may wake the daemon.
    pub webhooks: Webhooks,
    /// Where pull requests are.
    pub forge: Forge,
}

/// `[git]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Git {
    /// User of basic authentication over https.
    pub username: Option<String>,
    /// File with the password or token.
    pub password_file: Option<PathBuf>,
    /// File of `https://user:password@host` lines, as `git credential-store` keeps it.
    pub credentials_file: Option<PathBuf>,
    /// File with certificates of authorities that are trusted in addition to the system's.
    pub ca_file: Option<PathBuf>,
    /// Private key for ssh.
    pub ssh_key: Option<PathBuf>,
    /// File with the private key's passphrase.
    pub ssh_passphrase_file: Option<PathBuf>,
    /// File of known hosts; `~/.ssh/known_hosts` without it.
    pub known_hosts: Option<PathBuf>,
    /// How long the remote may be silent.
    pub timeout: Option<Span>,
    /// How long one visit to the remote may take altogether.
    pub limit: Option<Span>,
}

/// `[aws]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Aws {
    /// Profile of the shared configuration.
    pub profile: Option<String>,
    /// Another endpoint for every service: a simulated account, an emulator.
    pub endpoint: Option<String>,
    /// ARNs of the roles that may be assumed at all, with `*` for any text; without the key, every role.
    pub allowed_roles: Option<Vec<Arc<str>>>,
}

/// `[webhooks]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Webhooks {
    /// File with the secret of webhooks of GitHub.
    pub github_secret_file: Option<PathBuf>,
    /// File with the secret token of webhooks of GitLab.
    pub gitlab_token_file: Option<PathBuf>,
    /// File with the secret of webhooks of Gitea or Forgejo.
    pub gitea_secret_file: Option<PathBuf>,
}

/// `[forge]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Forge {
    /// Its kind; without it, the host's name says it.
    pub kind: Option<Named>,
    /// Address of its API.
    pub api: Option<String>,
    /// `owner/name` of the repository there.
    pub project: Option<String>,
    /// File with a token.
    pub token_file: Option<PathBuf>,
    /// Id of an app of GitHub.
    pub app_id: Option<String>,
    /// File with the app's private key.
    pub app_key_file: Option<PathBuf>,
    /// File with certificates of authorities that are trusted instead of the usual ones.
    pub ca_file: Option<PathBuf>,
    /// From this level on, a risk fails the status of the review.
    pub deny: Option<Deny>,
    /// Names of labels.
    pub labels: Labels,
}

/// `[forge.labels]`: other names; an empty one is never set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Labels {
    pub no_change: Option<String>,
    pub production: Option<String>,
    pub replaces: Option<String>,
    pub removes: Option<String>,
    pub rights: Option<String>,
}

impl Labels {
    /// What says this of a change; none if the operator wants no label for it.
    pub fn of(&self, sign: Sign) -> Option<String> {
        let given = match sign {
            Sign::NoChange => &self.no_change,
            Sign::Production => &self.production,
            Sign::Replaces => &self.replaces,
            Sign::Removes => &self.removes,
            Sign::Rights => &self.rights,
        };
        let label = given.as_deref().map_or(sign.label(), str::trim);
        (!label.is_empty()).then(|| label.to_owned())
    }
}

/// `[facts]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Published {
    /// Push them to the repository, as `refs/landfall/facts`.
    pub push: bool,
}

/// A time span as people write it: `30s`, `5m`, `1h 30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

impl std::str::FromStr for Span {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let span: jiff::SignedDuration =
            text.parse().map_err(|_| format!("`{text}` is not a time span like 30s, 5m or 1h"))?;
        match Duration::try_from(span) {
            Ok(span) if !span.is_zero() => Ok(Self(span)),
            _ => Err(format!("`{text}` is not a time span: it has to be longer than nothing")),
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Config {
    /// Reads a configuration; its relative paths are relative to `folder`.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, toml::de::Error> {
        let mut config: Self = toml::from_str(text)?;
        let (git, webhooks, forge) = (&mut config.git, &mut config.webhooks, &mut config.forge);
        let paths = [
            &mut config.mirror,
            &mut config.token_file,
            &mut git.password_file,
            &mut git.credentials_file,
            &mut git.ca_file,
            &mut git.ssh_key,
            &mut git.ssh_passphrase_file,
            &mut git.known_hosts,
            &mut webhooks.github_secret_file,
            &mut webhooks.gitlab_token_file,
            &mut webhooks.gitea_secret_file,
            &mut forge.token_file,
            &mut forge.app_key_file,
            &mut forge.ca_file,
        ];
        for path in paths.into_iter().flatten() {
            *path = folder.join(&*path);
        }
        Ok(config)
    }

    /// Reads the file, or returns the defaults without one.
    pub fn load(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(file) = file else { return Ok(Self::default()) };
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::usage(format!("cannot read {}", file.display())).because(error))?;
        Self::parse(&text, file.parent().unwrap_or(Path::new("")))
            .map_err(|error| Failure::usage(format!("{} is not a configuration", file.display())).because(error))
    }
}

/// The text of a file that holds one secret, without the line's end.
pub fn secret(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file)
        .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
        .map_err(|error| Failure::usage(format!("cannot read {}", file.display())).because(error))
}
