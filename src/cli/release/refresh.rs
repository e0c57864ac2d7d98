//! `landfall release refresh`: gives a release another snapshot, and shows what that changes for whom.

use clap::Args;
use serde_json::json;

use super::super::carries;
use super::super::editing::{Bench, Edit, Editing};
use super::super::exit::{Doing, Failure, Outcome};
use super::difference::Difference;
use super::{project_of, release_file, release_of};
use crate::edit;
use crate::model::{ProjectName, ReleaseName};
use crate::view::review::{Block, text};

/// Options of `landfall release refresh`.
#[derive(Args, Debug)]
pub struct Refresh {
    /// The project
    project: ProjectName,
    /// The release
    version: ReleaseName,
    /// The commit whose process and variables the release gets
    #[arg(long, value_name = "COMMIT", default_value = "HEAD")]
    to: String,
    #[command(flatten)]
    editing: Editing,
}

/// Runs the command.
pub(super) fn run(options: &Refresh) -> Outcome {
    let bench = Bench::open(&options.editing)?;
    let repo = &options.editing.ask.repo;
    let before = bench.load(&[])?;
    let project = project_of(&before, &options.project, repo)?;
    let release = release_of(project, &options.version)?;
    let commit = match (options.to.as_str(), bench.desk.head()) {
        ("HEAD", Some(head)) => head,
        (revision, _) => bench.desk.resolve(revision)?,
    };
    let file = release_file(&project.name, &release.name);
    let written = bench.desk.text(&file)?.ok_or_else(|| Failure::new(format!("there is no file {file}")))?;
    let edited = edit::snapshot(&written, &commit).doing(|| format!("cannot edit {file}"))?;
    let after = bench.load(&[(&file, &edited)])?;
    let refreshed = project_of(&after, &options.project, repo)?;
    let new = release_of(refreshed, &release.name)?;
    let mut notes = Vec::new();
    // A release whose snapshot is gone is refreshed because of that: then there is nothing to compare with.
    let old = if release.snapshot.is_ok() { release } else { new };
    if release.snapshot.is_err() {
        notes.push(format!("the files that {} was made from are no longer known", release.name));
    }
    let difference = Difference::of(&after.catalog, refreshed, old, new)?;
    let (from, to) = (release.name.to_string(), format!("{} from {}", release.name, commit.short()));
    let redeploys = (!difference.is_empty()).then(|| carries::refreshed(refreshed, new, bench.past.facts()));
    let same = || format!("{from} deploys the same from {}: nothing is redeployed.", commit.short());
    let sentence = redeploys.clone().unwrap_or_else(same);
    let blocks = std::iter::once(Block::Paragraph(vec![text(sentence)])).chain(difference.block(&from, &to));
    let edit = Edit {
        blocks: blocks.collect(),
        notes,
        files: vec![(&file, &edited)],
        message: format!("Refresh {} {} from {}", project.name, release.name, commit.short()),
        json: Some(Box::new(|delivered| {
            let mut value = difference.json();
            value["release"] = json!(release.name);
            value["snapshot"] = json!(commit);
            value["delivered"] = json!(delivered);
            value["redeploys"] = json!(redeploys);
            value
        })),
        ..Edit::default()
    };
    bench.finish(&before, &after, edit)
}
