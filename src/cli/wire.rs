//! Puts together what several commands work with: the store, the branch's home, AWS.

use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::config::{self, Config};
use super::exit::{Doing, Failure};
use crate::aws::{AwsCloud, AwsOptions, BaseCredentials, RolePattern};
use crate::git::{Credentials, Password, Remote};
use crate::model::journal::StoreId;
use crate::store::SqliteStore;

/// The store that is used where none is named.
pub const STORE: &str = "landfall.db";

/// The file of a store.
pub fn store_file(url: &str) -> PathBuf {
    PathBuf::from(url.strip_prefix("sqlite:").unwrap_or(url))
}

/// What to do if a file cannot be made because its folder does not exist.
pub(super) fn missing_folder(file: &Path) -> Option<String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists())?;
    Some(format!("the folder {} does not exist: make it, or name a file elsewhere", folder.display()))
}

/// That a store is of a kind that exists.
pub(super) fn check_kind(url: &str) -> Result<(), Failure> {
    match url.split_once(':') {
        Some((scheme @ ("postgres" | "postgresql" | "mysql"), _)) => {
            Err(Failure::usage(format!("{scheme} is not a kind of store")).help("use sqlite:FILE"))
        }
        _ => Ok(()),
    }
}

/// Opens a store; creates it if it does not exist.
pub async fn store(url: &str) -> Result<Arc<SqliteStore>, Failure> {
    check_kind(url)?;
    let opened = SqliteStore::open(url, StoreId(format!("{:016x}", random()).into())).await;
    opened.map(Arc::new).doing(|| format!("cannot open the store {url}"))
}

/// Opens a store that has to be there.
pub async fn existing_store(url: &str) -> Result<Arc<SqliteStore>, Failure> {
    check_kind(url)?;
    if !store_file(url).exists() {
        return Err(Failure::new(format!("there is no store {url}"))
            .help("`landfall daemon` creates it; both commands need the same file in --store"));
    }
    SqliteStore::read(url).await.map(Arc::new).doing(|| format!("cannot open the store {url}"))
}

/// A random number, from what the standard library seeds its maps with.
fn random() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}

/// A random text for this process.
pub fn chance() -> Arc<str> {
    Arc::from(format!("{:016x}{:016x}", random(), random()))
}

/// Who takes the lease: this machine. Two daemons on one machine are kept apart by [`super::alone`].
pub fn owner() -> Arc<str> {
    let name =
        std::fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| std::fs::read_to_string("/etc/hostname"));
    match name {
        Ok(name) if !name.trim().is_empty() => Arc::from(format!("landfall on {}", name.trim())),
        _ => Arc::from("landfall"),
    }
}

/// The repository and how to get in.
pub fn remote(config: &Config, repo: &str, branch: Option<&str>) -> Result<Remote, Failure> {
    let git = &config.git;
    let passphrase = || git.ssh_passphrase_file.as_deref().map(config::secret).transpose();
    let credentials = if let Some(file) = &git.password_file {
        let username = git.username.clone().unwrap_or_else(|| "x-access-token".to_owned());
        Credentials::Basic { username, password: Password::new(config::secret(file)?) }
    } else if let Some(file) = &git.credentials_file {
        Credentials::File(file.clone())
    } else if let Some(key) = &git.ssh_key {
        Credentials::Key { private: key.clone(), passphrase: passphrase()?.map(Password::new) }
    } else {
        Credentials::from_environment(|name| std::env::var(name).ok())
    };
    Ok(Remote {
        branch: branch.map(str::to_owned).or_else(|| config.branch.clone()),
        credentials,
        ca: git.ca_file.clone(),
        known_hosts: git.known_hosts.clone(),
        timeout: git.timeout.map_or(Remote::TIMEOUT, |span| span.0),
        limit: git.limit.map_or(Remote::LIMIT, |span| span.0),
        ..Remote::new(repo)
    })
}

/// The folder of the mirror: the configured one, or next to the store.
pub fn mirror_folder(config: &Config, store: &str) -> PathBuf {
    config.mirror.clone().unwrap_or_else(|| store_file(store).with_extension("mirror"))
}

/// AWS, or what speaks like it at an endpoint.
pub fn cloud(config: &Config, endpoint: Option<&str>) -> AwsCloud {
    let endpoint = endpoint.map(str::to_owned).or_else(|| config.aws.endpoint.clone());
    let allowed = config.aws.allowed_roles.as_ref();
    AwsCloud::new(AwsOptions {
        profile: config.aws.profile.clone(),
        credentials: match &endpoint {
            Some(url) if is_on_this_machine(url) => BaseCredentials::AccountIsKey,
            _ => BaseCredentials::Chain,
        },
        endpoint_url: endpoint,
        allowed_roles: allowed.map(|roles| roles.iter().map(|role| RolePattern::new(role)).collect()),
        ..AwsOptions::default()
    })
}

/// Whether an endpoint is a simulated account or an emulator on this machine: those tell accounts apart by the access key,
/// and no real credentials are ever sent to them.
fn is_on_this_machine(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?']).next().unwrap_or(rest);
    let name = match host.strip_prefix('[') {
        Some(inside) => inside.split(']').next().unwrap_or(inside),
        None => host.split(':').next().unwrap_or(host),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A path as people write it: relative to the current folder where it is below.
pub fn shown(path: &Path) -> String {
    match std::env::current_dir().ok().and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned)) {
        Some(below) => below.display().to_string(),
        None => path.display().to_string(),
    }
}
