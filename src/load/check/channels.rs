//! Channels: releases and deploy files must name existing ones, and rules must name existing images.

use super::super::codes;
use super::super::drafts::ProjectDrafts;
use super::super::finding::Finding;
use super::super::world::World;
use super::names::channels_of;
use crate::model::Version;
use crate::model::channel::{ImageRule, TagOrder};

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
            let title = format!("release `{name}` names a channel that project `{project}` does not have");
            let span = written.map_or(0..0, |written| written.span());
            let label = match written {
                Some(_) => format!("no [channels.{channel}] in project.toml"),
                None => "without `channel`, a release belongs to the channel `default`".to_owned(),
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

pub(super) fn rules_name_images(world: &World, findings: &mut Vec<Finding>) {
    for (project, files) in &world.drafts.projects {
        let Some(draft) = &files.project else { continue };
        let Some(process) = world.projects.get(project).and_then(|built| built.head.drafts.process.as_ref()) else {
            continue;
        };
        let known = &process.doc.images;
        for (channel, entry) in &draft.doc.channels {
            for (image, rule) in entry.images.iter().filter(|(image, _)| !known.contains_key(*image)) {
                let title = format!("channel `{channel}` has a rule for an image that the process does not have");
                let finding = Finding::new(codes::UNKNOWN_IMAGE, &draft.file, rule.span(), title)
                    .label(format!("no [images.{image}] in process.toml"))
                    .suggest(image, known.keys().map(String::as_str));
                findings.push(finding);
            }
        }
    }
}

/// Looks at the highest release of each channel only: a rule may be younger than the releases before it.
pub(super) fn tags_are_admitted(world: &World, findings: &mut Vec<Finding>) {
    for (project, built) in &world.projects {
        let Some(rules) = built.project.as_ref().map(|draft| &draft.channels) else { continue };
        for (channel, rules) in rules {
            let ours = built.releases.iter().filter(|(_, release)| release.draft.channel == *channel);
            let Some((name, release)) = ours.max_by_key(|(_, release)| &release.draft.version) else { continue };
            let draft = world.drafts.projects.get(project).and_then(|files| files.releases.read.get(name));
            let Some(draft) = draft else { continue };
            for (image, rule) in &rules.images {
                let Some(pin) = release.draft.images.get(image) else { continue };
                let Some(why) = refusal(rule, &pin.tag) else { continue };
                let Some(entry) = draft.doc.images.get(image.as_str()) else { continue };
                let title = format!("channel `{channel}` does not allow the tag `{}` of image `{image}`", pin.tag);
                let finding = Finding::new(codes::TAG_NOT_ADMITTED, &draft.file, entry.tag.span(), title).label(why);
                let finding = finding.about(&[name.as_str(), image.as_str()]);
                findings.push(finding.help(format!("the rule is [channels.{channel}.images.{image}] in project.toml")));
            }
        }
    }
}

/// Why a rule does not admit a tag. What the registry alone knows is not asked.
fn refusal(rule: &ImageRule, tag: &str) -> Option<String> {
    if rule.order != TagOrder::Version && rule.versions.is_none() && rule.pre_release.is_none() {
        return None;
    }
    let Some(version) = Version::parse(tag) else { return Some("not a version".to_owned()) };
    if let Some(range) = rule.versions.as_ref().filter(|range| !range.contains(&version)) {
        return Some(format!("not in {range}"));
    }
    let pattern = rule.pre_release.as_ref().filter(|pattern| !pattern.admits(version.pre_release()))?;
    Some(format!("its pre-release part does not match `{pattern}`"))
}
