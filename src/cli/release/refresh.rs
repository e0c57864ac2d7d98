//! `landfall release refresh`: gives a release another snapshot, and shows what that changes for whom.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::super::carries;
use super::super::config::Config;
use super::super::deliver::{Deliver, Desk};
use super::super::exit::{Doing, Exit, Failure, Outcome};
use super::super::facts::Known;
use super::super::output::{self, Format};
use super::difference::{Difference, Side};
use super::{Of, project_of, release_file, release_of};
use crate::compare::Paint;
use crate::edit;
use crate::model::ReleaseName;

/// Options of `landfall release refresh`.
#[derive(Args, Debug)]
pub struct Refresh {
    #[command(flatten)]
    of: Of,
    /// The release
    version: ReleaseName,
    /// The commit whose process and variables the release gets
    #[arg(long, value_name = "COMMIT", default_value = "HEAD")]
    to: String,
    /// List the slots that run the release now, from a daemon's facts: a file, a URL, or a revision of the clone
    #[arg(long, value_name = "FILE|URL|REF")]
    facts: Option<String>,
    #[command(flatten)]
    deliver: Deliver,
    /// The operator's configuration file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
}

/// Runs the command.
pub(super) fn run(options: &Refresh) -> Outcome {
    let config = Config::load(options.config.as_deref())?;
    let known = Known::of(options.facts.as_deref(), &options.of.repo)?;
    let desk = Desk::open(&options.of.repo, &options.deliver)?;
    let before = desk.load(&[], &[])?;
    let project = project_of(&before, &options.of.project, &options.of.repo)?;
    let release = release_of(project, &options.version)?;
    let commit = match (options.to.as_str(), desk.head()) {
        ("HEAD", Some(head)) => head,
        (revision, _) => desk.resolve(revision)?,
    };
    let file = release_file(&project.name, &release.name);
    let text = desk.text(&file)?.ok_or_else(|| Failure::new(format!("there is no file {file}")))?;
    let edited = edit::snapshot(&text, &commit).doing(|| format!("cannot edit {file}"))?;
    let after = desk.load(&[(&file, &edited)], &[])?;
    let refreshed = project_of(&after, &options.of.project, &options.of.repo)?;
    let new = Side { catalog: &after.catalog, project: refreshed, release: release_of(refreshed, &release.name)? };
    // A release whose snapshot is gone is refreshed because of that: then there is nothing to compare with.
    let old = Side { catalog: &before.catalog, project, release };
    let old = if release.snapshot.is_ok() { old } else { new };
    let difference = Difference::of(&old, &new)?;
    if old.release.snapshot.is_ok() && release.snapshot.is_err() {
        output::progress(&format!("note         the files that {} was made from are no longer known", release.name));
    }
    let message = format!("Refresh {} {} from {}", project.name, release.name, commit.short());
    let delivered = desk.put(&file, &edited, &message, &config)?;
    let (from, to) = (release.name.to_string(), format!("{} from {}", release.name, commit.short()));
    let redeploys = carries::refreshed(refreshed, new.release, known.as_ref().map(|known| &known.facts));
    match options.format {
        Format::Terminal if difference.is_empty() => {
            let same = format!("{from} deploys the same from {}", commit.short());
            output::data(&format!("{same}: nothing is redeployed.\n"))?;
        }
        Format::Terminal => output::data(&format!("{redeploys}\n{}", difference.text(&from, &to, Paint::Ansi)))?,
        Format::Json => {
            let mut value = difference.json(&from, &to);
            value["release"] = json!(release.name);
            value["snapshot"] = json!(commit);
            value["delivered"] = json!(delivered);
            value["redeploys"] = json!((!difference.is_empty()).then_some(redeploys));
            output::json(&value)?;
        }
    }
    Ok(Exit::Done)
}
