//! Tags: every tag must be in `[tag_sets]`.

use std::ops::Range;

use super::super::codes;
use super::super::finding::{File, Finding};
use super::super::schema::{At, VariablesFile};
use super::super::world::World;
use crate::model::tenant::Tag;

/// What is known of tags, and where findings go.
struct Tags<'a> {
    world: &'a World,
    findings: &'a mut Vec<Finding>,
}

/// Without `landfall.toml` nothing is known of tags.
pub(super) fn exist(world: &World, findings: &mut Vec<Finding>) {
    if world.drafts.root.is_none() {
        return;
    }
    let mut tags = Tags { world, findings };
    let drafts = &world.drafts;
    for (name, draft) in &drafts.tenants.read {
        tags.each(&draft.file, &format!("tenant `{name}`"), &draft.doc.tags);
    }
    for (name, draft) in &drafts.targets.read {
        let whose = format!("target `{name}`");
        tags.each(&draft.file, &whose, &draft.doc.tenant_tags);
        tags.each(&draft.file, &whose, &draft.doc.tags);
    }
    for (name, draft) in &drafts.freezes.read {
        tags.each(&draft.file, &format!("freeze `{name}`"), &draft.doc.tenant_tags);
    }
    for draft in drafts.projects.values().filter_map(|files| files.project.as_ref()) {
        for (name, channel) in &draft.doc.channels {
            tags.each(&draft.file, &format!("channel `{name}`"), &channel.tenants);
        }
        for group in draft.doc.waves.iter().flat_map(|waves| &waves.group) {
            tags.each(&draft.file, &format!("the group `{}`", *group.name), &group.tags);
        }
    }
    for process in world.projects.values().filter_map(|project| project.head.drafts.process.as_ref()) {
        for step in &process.doc.step {
            tags.each(&process.file, &format!("step `{}`", *step.name), &step.tenant_tags);
        }
    }
    for draft in drafts.sets.read.values() {
        tags.scopes(&draft.file, &draft.doc);
    }
    for draft in world.projects.values().filter_map(|project| project.head.drafts.variables.as_ref()) {
        tags.scopes(&draft.file, &draft.doc);
    }
}

impl Tags<'_> {
    fn each(&mut self, file: &File, whose: &str, written: &[At<String>]) {
        for tag in written {
            self.one(file, whose, tag, tag.span());
        }
    }

    fn scopes(&mut self, file: &File, doc: &VariablesFile) {
        for variable in &doc.variable {
            let Some(names) = &variable.scope.tenant_tag else { continue };
            for tag in &names.0 {
                self.one(file, &format!("the scope of `{}`", *variable.name), tag, names.span());
            }
        }
    }

    fn one(&mut self, file: &File, whose: &str, written: &str, span: Range<usize>) {
        let sets = &self.world.root.tag_sets;
        let Some(tag) = Tag::parse(written) else { return };
        let label = match sets.get(&tag.set) {
            Some(tags) if tags.contains(&tag.tag) => return,
            Some(_) => format!("the tag set `{}` has no tag `{}`", tag.set, tag.tag),
            None => format!("no tag set `{}` under [tag_sets] in landfall.toml", tag.set),
        };
        let known = sets.iter().flat_map(|(set, tags)| tags.iter().map(move |tag| format!("{set}/{tag}")));
        let known: Vec<String> = known.collect();
        let title = format!("{whose} names a tag that does not exist");
        let finding = Finding::new(codes::UNKNOWN_TAG, file, span, title).label(label);
        self.findings.push(finding.suggest(written, known.iter().map(String::as_str)));
    }
}
