//! Which branch a mirror follows, and what becomes of it.
//!
//! The branch is fixed by the first poll and kept in the mirror's configuration: what a forge, or a user who checks out
//! another branch, later calls the default moves no deployment. Only the operator's `--branch` does.

use git2::{ConfigLevel, Oid, Repository};

use super::mirror::if_there;
use crate::crash;

/// Where the mirror's configuration keeps the branch.
const KEY: &str = "landfall.branch";

/// The branch that is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Followed {
    pub(super) branch: String,
    /// The remote's default branch, if it differs and no branch was named.
    pub(super) default: Option<String>,
    /// It is not what the mirror has on record.
    new: bool,
}

impl Followed {
    /// The branch that the operator names, that is on record, or that is the remote's default; none if there is none of them.
    pub(super) fn of(
        mirror: &Repository,
        named: Option<&str>,
        default: Option<String>,
    ) -> Result<Option<Self>, git2::Error> {
        let recorded = recorded(mirror)?;
        Ok(match (named, recorded) {
            (Some(named), recorded) => {
                Some(Self { branch: named.to_owned(), default: None, new: recorded.as_deref() != Some(named) })
            }
            (None, Some(branch)) => {
                let default = default.filter(|default| *default != branch);
                Some(Self { branch, default, new: false })
            }
            (None, None) => default.map(|branch| Self { branch, default: None, new: true }),
        })
    }

    /// Puts it on record, once it is known to exist.
    pub(super) fn record(&self, mirror: &Repository) -> Result<(), git2::Error> {
        if !self.new {
            return Ok(());
        }
        let mut config = mirror.config()?.open_level(ConfigLevel::Local)?;
        crash::around("record the branch", || config.set_str(KEY, &self.branch))
    }
}

pub(super) fn recorded(mirror: &Repository) -> Result<Option<String>, git2::Error> {
    if_there(mirror.config()?.open_level(ConfigLevel::Local)?.get_string(KEY))
}

/// Whether a commit was made on top of another one by a merge that has it only outside its first parents' line (a foxtrot
/// merge): whatever landed on the old line lands anew. Costs the commits in between.
pub(super) fn leaves_the_line(repository: &Repository, new: Oid, old: Oid) -> Result<bool, git2::Error> {
    let (ahead, behind) = repository.graph_ahead_behind(new, old)?;
    if behind > 0 || ahead == 0 {
        return Ok(false);
    }
    let mut commit = repository.find_commit(new)?;
    for _ in 0..ahead {
        let Ok(parent) = commit.parent(0) else { return Ok(true) };
        if parent.id() == old {
            return Ok(false);
        }
        commit = parent;
    }
    Ok(true)
}
