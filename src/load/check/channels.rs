//! Channels: that releases and deploy files name some, and what they lead to.

use super::super::codes;
use super::super::drafts::ProjectDrafts;
use super::super::finding::Finding;
use super::super::world::World;
use super::names::channels_of;

/// The channels of a project, where `project.toml` could be read.
fn known(files: &ProjectDrafts) -> Option<Vec<&str>> {
    files.project.as_ref().map(|draft| channels_of(&draft.doc).into_iter().collect())
}

pub(super) fn releases_name_channels(world: &World, findings: &mut Vec<Finding>) {
    for (project, files) in &world.drafts.projects {
        let Some(known) = known(files) else { continue };
        for (name, draft) in &files.releases.read {
            let written = draft.doc.channel.as_ref();
            let channel = written.map_or("default", |written| written.as_str());
            if known.contains(&channel) {
                continue;
            }
            let title = format!("release `{name}` is of a channel that project `{project}` does not have");
            let span = written.map_or(0..0, |written| written.span());
            let label = match written {
                Some(_) => format!("no [channels.{channel}] in project.toml"),
                None => "without `channel`, a release is of the channel `default`".to_owned(),
            };
            let finding = Finding::new(codes::UNKNOWN_CHANNEL, &draft.file, span, title).label(label);
            findings.push(finding.suggest(channel, known.iter().copied()));
        }
    }
}

pub(super) fn deploys_follow_channels(world: &World, findings: &mut Vec<Finding>) {
    for (project, files) in &world.drafts.projects {
        let Some(known) = known(files) else { continue };
        for draft in files.deploys.read.values() {
            for written in draft.doc.follow.iter().filter(|written| !known.contains(&written.as_str())) {
                let title = format!("`follow` names a channel that project `{project}` does not have");
                let finding = Finding::new(codes::UNKNOWN_CHANNEL, &draft.file, written.span(), title)
                    .label(format!("no [channels.{}] in project.toml", **written))
                    .suggest(written, known.iter().copied());
                findings.push(finding);
            }
        }
    }
}
