//! Releases compared with each other, and with what they deploy.

use std::collections::BTreeMap;

use super::super::codes;
use super::super::finding::Finding;
use super::super::world::World;
use crate::model::Version;
use crate::model::catalog::Subject;

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
            let mut lacking: Vec<&str> = Vec::new();
            for step in &what.steps {
                let used = step.kind.images().map(|(_, image, _)| image);
                lacking.extend(used.filter(|image| !release.draft.images.contains_key(*image)).map(|i| i.as_str()));
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
