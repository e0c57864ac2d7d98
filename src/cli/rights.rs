//! Rights of files: the store and the mirror are for their owner only, and so should secrets be.
//!
//! [`warnings`] is what an operator should change, for the log, `landfall verify` and `/readyz`. It looks each time that it is
//! asked: a file that was narrowed is no longer in it.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::alone;
use super::config::Config;
use super::exit::Failure;
use crate::model::Catalog;

/// The rights of group and others.
const OTHERS: u32 = 0o077;

/// From here on, what this process makes is for its owner only.
pub fn keep_private() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(OTHERS));
}

/// Takes the rights of group and others away from the files of a store and of a mirror. Gives a sentence for each that had
/// some; a mirror is entered only if its folder did.
pub fn narrow(store: &Path, mirror: &Path) -> Vec<String> {
    let beside = |suffix: &str| PathBuf::from(format!("{}{suffix}", store.display()));
    let files = [store.to_owned(), beside("-wal"), beside("-shm"), alone::beside(store)];
    let mut said: Vec<String> = files.iter().filter_map(|file| narrow_one(file)).collect();
    if let Some(narrowed) = narrow_one(mirror) {
        said.push(narrowed);
        narrow_below(mirror);
    }
    said
}

/// Narrows everything in a folder. What goes away meanwhile, or belongs to another user, stays as it is: the folder is
/// closed already.
fn narrow_below(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        // A link's target may be anywhere.
        if entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
            continue;
        }
        let _ = narrow_one(&entry.path());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            narrow_below(&entry.path());
        }
    }
}

fn narrow_one(path: &Path) -> Option<String> {
    let mode = mode(path)?;
    if mode & OTHERS == 0 {
        return None;
    }
    let shown = path.display();
    Some(match std::fs::set_permissions(path, Permissions::from_mode(mode & !OTHERS)) {
        Ok(()) => format!("{shown} was open to others (mode {mode:03o}); now it is for its owner only"),
        Err(error) => format!("{shown} is open to others (mode {mode:03o}), and cannot be narrowed: {error}"),
    })
}

fn mode(path: &Path) -> Option<u32> {
    Some(std::fs::metadata(path).ok()?.permissions().mode() & 0o7777)
}

/// The files with secrets that the configuration and the environment name, with the key that names each.
fn secrets(config: &Config) -> Vec<(&'static str, PathBuf)> {
    let (git, webhooks, forge) = (&config.git, &config.webhooks, &config.forge);
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let named = [
        ("token_file", config.token_file.clone()),
        ("git.password_file", git.password_file.clone()),
        ("git.credentials_file", git.credentials_file.clone()),
        ("git.ssh_key", git.ssh_key.clone()),
        ("git.ssh_passphrase_file", git.ssh_passphrase_file.clone()),
        ("webhooks.github_secret_file", webhooks.github_secret_file.clone()),
        ("webhooks.gitlab_token_file", webhooks.gitlab_token_file.clone()),
        ("webhooks.gitea_secret_file", webhooks.gitea_secret_file.clone()),
        ("forge.token_file", forge.token_file.clone()),
        ("forge.app_key_file", forge.app_key_file.clone()),
        ("LANDFALL_GIT_CREDENTIALS", from("LANDFALL_GIT_CREDENTIALS")),
        ("LANDFALL_GIT_SSH_KEY", from("LANDFALL_GIT_SSH_KEY")),
    ];
    named.into_iter().filter_map(|(key, path)| Some((key, path?))).collect()
}

/// The secrets that others can read, a sentence each.
fn exposed(config: &Config) -> Vec<String> {
    let open = secrets(config).into_iter().filter_map(|(key, path)| {
        let mode = mode(&path)?;
        let who = match mode {
            mode if mode & 0o004 != 0 => "every user of this machine",
            mode if mode & 0o040 != 0 => "its group",
            _ => return None,
        };
        let shown = path.display();
        Some(format!("{who} can read {shown}, which `{key}` names (mode {mode:03o}): chmod 600 {shown}"))
    });
    open.collect()
}

/// What an operator should change before it does harm, a sentence each: secrets that others can read, and, with the catalog
/// of a commit, accounts that `allowed_roles` does not cover.
pub fn warnings(config: &Config, catalog: Option<&Catalog>) -> Vec<String> {
    let mut all = exposed(config);
    if config.aws.allowed_roles.is_some() {
        let accounts = catalog.into_iter().flat_map(|catalog| catalog.accounts.values());
        let bare = accounts.filter(|account| account.access.role.is_none());
        all.extend(bare.map(|account| {
            let name = &account.name;
            format!(
                "account `{name}` has no `role`, although the configuration has `allowed_roles`: landfall uses its own \
                 credentials there. The next version refuses that: give [accounts.{name}] in landfall.toml a role"
            )
        }));
    }
    all
}

/// That no secret is open to others, if the configuration is strict.
///
/// # Errors
/// `strict_permissions` is set, and others can read a secret.
pub fn strict(config: &Config) -> Result<(), Failure> {
    match exposed(config).into_iter().next() {
        Some(open) if config.strict_permissions => {
            Err(Failure::usage(open).help("the configuration has `strict_permissions = true`"))
        }
        _ => Ok(()),
    }
}
