//! Releases compared with each other, and with what they deploy.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::codes;
use super::super::finding::Finding;
use super::super::world::{ProjectWorld, ReleaseWorld, World};
use crate::model::catalog::{Pin, SnapshotFault, Subject};
use crate::model::{ReleaseName, Version};
use crate::problem::Level;

pub(super) fn versions_differ(world: &World, findings: &mut Vec<Finding>) {
    for (project, files) in &world.drafts.projects {
        let mut seen: BTreeMap<Version, _> = BTreeMap::new();
        for (name, draft) in &files.releases.read {
            let Some(version) = Version::parse(name.as_str()) else { continue };
            let Some((first, first_file)) = seen.get(&version) else {
                seen.insert(version, (name.clone(), draft.file.clone()));
                continue;
            };
            let title = format!("releases `{first}` and `{name}` of project `{project}` are the same version");
            let finding = Finding::new(codes::EQUAL_VERSIONS, &draft.file, 0..0, title)
                .label("neither version is higher")
                .related(first_file, 0..0, "the other one")
                .hides(Subject::Release(project.clone(), first.clone()));
            findings.push(finding);
        }
    }
}

/// What a release was made from is what it would be deployed from. Of one that nothing asks for any more it is a warning:
/// it stays in the folder for good.
pub(super) fn have_their_snapshots(world: &World, findings: &mut Vec<Finding>) {
    for (project, built) in &world.projects {
        for (name, release) in &built.releases {
            let Err(fault) = &release.snapshot else { continue };
            let (code, title, help) = match fault {
                SnapshotFault::Differs { expected, found } => (
                    codes::SNAPSHOT_DIFFERS,
                    format!(
                        "release `{name}` was made from other files than it landed with ({} is not {})",
                        found.short(),
                        expected.short()
                    ),
                    format!(
                        "`landfall release refresh {project} {name}` takes the files as they are; or make a new release"
                    ),
                ),
                SnapshotFault::Missing(commit) => (
                    codes::SNAPSHOT_MISSING,
                    format!("release `{name}` comes from commit {}, which is not in the repository", commit.short()),
                    format!("`landfall release refresh {project} {name}` takes a commit of this branch"),
                ),
                SnapshotFault::Broken { .. } | SnapshotFault::Shallow | SnapshotFault::NotLanded => continue,
            };
            let draft = world.drafts.projects.get(project).and_then(|files| files.releases.read.get(name));
            let Some(draft) = draft else { continue };
            let mut finding =
                Finding::new(code, &draft.file, 0..0, title).about(&[name.as_str()]).label("held").help(help);
            finding = finding.holds_nothing();
            if is_asked_for(built, name, release) {
                finding.problem.blocks = vec![format!("{project} {name}")];
            } else {
                finding.problem.level = Level::Warning;
            }
            findings.push(finding);
        }
    }
}

/// A landed release that breaks a rule that is newer than it stays what it is.
pub(super) fn are_older_than_rules(world: &World, findings: &mut Vec<Finding>) {
    for (project, built) in &world.projects {
        for (name, release) in &built.releases {
            let Ok(found) = &release.snapshot else { continue };
            // What the head says is an error there.
            let Some(newer) = found.outcome.newer().filter(|_| !Arc::ptr_eq(&found.outcome, &built.head)) else {
                continue;
            };
            let draft = world.drafts.projects.get(project).and_then(|files| files.releases.read.get(name));
            let (Some(draft), true) = (draft, is_asked_for(built, name, release)) else { continue };
            let title = format!("release `{name}` breaks a rule that is newer than it: {}", newer.problem.title);
            let finding = Finding::new(codes::NEWER_RULE, &draft.file, 0..0, title)
                .about(&[name.as_str()])
                .label("it can still be deployed")
                .help("correct the process and make a new release; a daemon holds this one if it saw it first with this rule");
            findings.push(finding);
        }
    }
}

/// Whether a pin names the release, or no newer one of its channel can be deployed.
fn is_asked_for(project: &ProjectWorld, name: &ReleaseName, release: &ReleaseWorld) -> bool {
    let names = |pin: &Pin| matches!(pin, Pin::Release(pinned) if pinned == name);
    let pinned = project
        .deploys
        .values()
        .any(|file| file.pin.as_ref().is_some_and(names) || file.tenants.values().any(|(pin, _)| names(pin)));
    let newer = |other: &ReleaseWorld| {
        other.draft.channel == release.draft.channel
            && other.draft.version > release.draft.version
            && other.snapshot.is_ok()
    };
    pinned || !project.releases.values().any(newer)
}

pub(super) fn have_their_images(world: &World, findings: &mut Vec<Finding>) {
    for (project, built) in &world.projects {
        for (name, release) in &built.releases {
            let Ok(found) = &release.snapshot else { continue };
            let Some(what) = &found.outcome.what else { continue };
            let draft = world.drafts.projects.get(project).and_then(|files| files.releases.read.get(name));
            let Some(draft) = draft else { continue };
            for (image, entry) in &draft.doc.images {
                if !what.images.contains_key(image.as_str()) {
                    let title = format!("release `{name}` lists an image that its process does not have");
                    let finding = Finding::new(codes::UNKNOWN_IMAGE, &draft.file, entry.span(), title)
                        .label(format!("no [images.{image}] in process.toml"))
                        .suggest(image, what.images.keys().map(|known| known.as_str()));
                    findings.push(finding);
                }
            }
            let mut lacking: Vec<String> = Vec::new();
            for step in &what.steps {
                let used = step.kind.images().map(|(_, image, _)| image);
                lacking.extend(
                    used.filter(|image| !release.draft.images.contains_key(image)).map(|image| image.to_string()),
                );
            }
            lacking.sort_unstable();
            lacking.dedup();
            for image in lacking {
                let title = format!("release `{name}` has no image `{image}`, which its process uses");
                let finding = Finding::new(codes::RELEASE_LACKS_IMAGE, &draft.file, 0..0, title)
                    .label(format!("no `{image}` under [images]"))
                    .help(format!("add `{image} = {{ tag = \"…\", digest = \"sha256:…\" }}` under [images]"));
                findings.push(finding);
            }
        }
    }
}
