//! Where a command gets the facts from without a running daemon: `--facts FILE|URL|REF`.
//!
//! Whatever the source, the facts are the JSON of `/api/v1/facts`. Fields that a newer daemon added are passed over; a source
//! other than facts is an error, never an empty past. The source and the age of the facts go to stderr.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::exit::{Doing, Failure};
use super::output;
use super::server::{Server, get};
use crate::git::{FACTS, GitError, Reader};
use crate::model::Facts;
use crate::view::time;

/// The page of a daemon that has them.
const PAGE: &str = "/api/v1/facts";

/// How long another server may take to give a file.
const PATIENCE: Duration = Duration::from_secs(60);

/// Facts that were read, and what they are called.
pub struct Known {
    /// They.
    pub facts: Facts,
    source: String,
}

impl Known {
    /// Reads facts from a file, from a URL (of a daemon, or of the JSON itself), or from a revision of the repository in a
    /// folder.
    ///
    /// # Errors
    /// There is nothing of that name, or it holds no facts.
    pub fn read(from: &str, repo: &Path) -> Result<Self, Failure> {
        let text = if from.starts_with("http://") || from.starts_with("https://") {
            of_url(from)?
        } else if Path::new(from).is_file() {
            std::fs::read_to_string(from).doing(|| format!("cannot read {from}"))?
        } else {
            of_revision(from, repo)?
        };
        let facts = serde_json::from_str(&text).map_err(|error| {
            Failure::new(format!("{from} does not contain facts that this landfall can read")).because(error).help(
                format!("`GET {PAGE}` of a daemon gives facts; facts of a newer daemon may need a newer landfall"),
            )
        })?;
        Ok(Self { facts, source: from.to_owned() })
    }

    /// Facts that are at hand.
    pub fn new(facts: Facts, source: &str) -> Self {
        Self { facts, source: source.to_owned() }
    }

    /// The facts that an option names, told; none without it.
    ///
    /// # Errors
    /// As [`Known::read`].
    pub fn of(from: Option<&str>, repo: &Path) -> Result<Option<Self>, Failure> {
        let known = from.map(|from| Self::read(from, repo)).transpose()?;
        known.iter().for_each(|known| known.tell(Timestamp::now(), None));
        Ok(known)
    }

    /// Where they are from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Says on stderr where the facts are from and how old they are, and that the clone lacks the commit that they are of.
    pub fn tell(&self, now: Timestamp, reader: Option<&Reader>) {
        let store = self.facts.store.as_ref().map_or("no store", |store| &store.0);
        let age = match self.facts.as_of {
            Some(at) if at <= now => format!("{} old", time::took(now.duration_since(at))),
            Some(at) => format!("as of {}, which is yet to come on this machine's clock", time::point(at)),
            None => "of a daemon that has not done anything yet".to_owned(),
        };
        output::progress(&format!("facts        {age}, from {} (store {store})", self.source));
        if let Some(reader) = reader {
            tell_clone(reader, &self.facts);
        }
    }
}

/// Says on stderr how a clone stands to the commit that the daemon read last: one that was not pulled answers for another
/// commit than the daemon does.
pub fn tell_clone(reader: &Reader, facts: &Facts) {
    let (Some(read), Ok(head)) = (&facts.commit, reader.resolve("HEAD")) else { return };
    let read_at = read.short();
    let commits = |count: usize| if count == 1 { "1 commit".to_owned() } else { format!("{count} commits") };
    let note = match reader.apart(&head, read) {
        Some((0, 0)) => return,
        None => format!("the daemon has read commit {read_at}, which this clone does not have: git pull"),
        Some((0, behind)) => {
            format!("this clone is {} behind commit {read_at}, which the daemon has read: git pull", commits(behind))
        }
        Some((ahead, 0)) => {
            format!("this clone is {} ahead of commit {read_at}, which the daemon has read", commits(ahead))
        }
        Some((ahead, behind)) => format!(
            "this clone is {} ahead of and {} behind commit {read_at}, which the daemon has read: git pull",
            commits(ahead),
            commits(behind)
        ),
    };
    output::progress(&format!("note         {note}"));
}

/// The page of a daemon, or whatever a server has at a longer path. Only a daemon gets the token.
fn of_url(url: &str) -> Result<String, Failure> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let base = url.strip_suffix(PAGE);
    match base {
        Some(base) => Server::new(base).text(PAGE),
        None if !rest.trim_end_matches('/').contains(['/', '?']) => Server::new(url).text(PAGE),
        None => get(url, url, None, PATIENCE),
    }
}

fn of_revision(revision: &str, repo: &Path) -> Result<String, Failure> {
    let shown = repo.display();
    let reader =
        Reader::open_local(repo).doing(|| format!("there is no file {revision}, and no repository in {shown}"))?;
    let bytes = reader.facts(revision).map_err(|error| match error {
        GitError::Revision { .. } => Failure::new(format!(
            "there is no file {revision}, and no such revision in {shown}"
        ))
        .because(error)
        .help(format!(
            "git fetch origin +{FACTS}:{FACTS} fetches the facts that a daemon pushed (`push` of [facts] in its configuration)"
        )),
        error => Failure::new(format!("cannot read the facts of {revision}")).because(error),
    })?;
    String::from_utf8(bytes).doing(|| format!("the facts of {revision} are not text"))
}

/// The facts of `--facts`, with a line about them; without it none, and a line about what that means.
pub fn or_none(from: Option<&str>, repo: &Path, reader: &Reader, without: &str) -> Result<Option<Arc<Known>>, Failure> {
    let Some(from) = from else {
        output::progress(without);
        return Ok(None);
    };
    let known = Known::read(from, repo)?;
    known.tell(Timestamp::now(), Some(reader));
    Ok(Some(Arc::new(known)))
}
