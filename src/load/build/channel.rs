//! Channels and waves of a project.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;

use super::Maker;
use crate::load::codes::{self, Code};
use crate::load::finding::Finding;
use crate::load::schema::At;
use crate::load::schema::ProjectFile;
use crate::load::schema::channel::{ChannelEntry, ImageRuleEntry, WaveEntry, WavesEntry};
use crate::model::channel::{ImageRule, PreRelease, VersionRange};
use crate::model::tenant::TagFilter;
use crate::model::wave::Waves;
use crate::model::{ChannelName, ImageName, LifecycleName, Location, wave::Wave};

/// A channel whose lifecycle is not looked up yet.
#[derive(Clone, Debug)]
pub(crate) struct ChannelDraft {
    /// Its own, or else the project's; none for the implied one.
    pub(crate) lifecycle: Option<LifecycleName>,
    pub(crate) tenants: TagFilter,
    pub(crate) images: BTreeMap<ImageName, ImageRule>,
    pub(crate) at: Location,
}

/// Reads the channels of a project and finds the default one; a project without channels has one. None if there is not
/// exactly one default.
pub(crate) fn channels(
    make: &mut Maker<'_>,
    doc: &ProjectFile,
) -> Option<(BTreeMap<ChannelName, ChannelDraft>, ChannelName)> {
    let lifecycle = doc.lifecycle.as_ref().and_then(|name| make.name::<LifecycleName>(name));
    let mut channels = BTreeMap::new();
    for (name, entry) in &doc.channels {
        let draft = channel(make, entry, lifecycle.as_ref());
        if let Some(name) = make.name_at::<ChannelName>(name, entry.span()) {
            channels.insert(name, draft);
        }
    }
    if doc.channels.is_empty() {
        let (tenants, images) = (TagFilter::default(), BTreeMap::new());
        channels.insert(ChannelName::default(), ChannelDraft { lifecycle, tenants, images, at: make.file.at(0) });
    }
    let default = default(make, doc)?;
    Some((channels, default))
}

fn default(make: &mut Maker<'_>, doc: &ProjectFile) -> Option<ChannelName> {
    let mut said = doc.channels.iter().filter(|(_, entry)| entry.default);
    let default = ChannelName::default();
    match (said.next(), said.next()) {
        (Some((name, _)), None) => ChannelName::new(name).ok(),
        (Some((first, at)), Some((second, again))) => {
            let title = format!("channels `{first}` and `{second}` are both the default channel");
            let finding = Finding::new(codes::DEFAULT_CHANNEL, make.file, again.span(), title)
                .label("has `default = true`")
                .related(make.file, at.span(), "also has it");
            make.findings.push(finding.help("keep `default = true` in one of them"));
            None
        }
        (None, _) if doc.channels.is_empty() || doc.channels.contains_key(default.as_str()) => Some(default),
        (None, _) => {
            let span = doc.channels.values().next().map_or(0..0, At::span);
            let title = "the project has no default channel";
            let finding = Finding::new(codes::DEFAULT_CHANNEL, make.file, span, title)
                .label("no channel has `default = true` or is named `default`")
                .help("write `default = true` under one of them, or add `[channels.default]`");
            make.findings.push(finding);
            None
        }
    }
}

fn channel(make: &mut Maker<'_>, entry: &At<ChannelEntry>, project: Option<&LifecycleName>) -> ChannelDraft {
    let lifecycle = match &entry.lifecycle {
        Some(own) => make.name(own),
        None => project.cloned(),
    };
    let mut images = BTreeMap::new();
    for (image, rule) in &entry.images {
        let built = image_rule(make, rule);
        if let Some(image) = make.name_at(image, rule.span()) {
            images.insert(image, built);
        }
    }
    ChannelDraft {
        lifecycle,
        tenants: TagFilter(make.tags(&entry.tenants)),
        images,
        at: make.file.at(entry.span().start),
    }
}

fn image_rule(make: &mut Maker<'_>, entry: &At<ImageRuleEntry>) -> ImageRule {
    let mut refused = |code: &Code, written: &At<String>, what: &str, why: &str| {
        let title = format!("`{}` is not {what}: {why}", **written);
        make.findings.push(Finding::new(code, make.file, written.span(), title).label(format!("not {what}")));
    };
    let mut rule = ImageRule { order: entry.order.into(), ..ImageRule::default() };
    if let Some(written) = &entry.versions {
        match VersionRange::parse(written) {
            Ok(range) => rule.versions = Some(range),
            Err(why) => refused(codes::VERSION_RANGE, written, "a range of versions", &why),
        }
    }
    if let Some(written) = &entry.pre_release {
        match PreRelease::parse(written) {
            Ok(pattern) => rule.pre_release = Some(pattern),
            Err(why) => refused(codes::PRE_RELEASE, written, "a regular expression", &super::one_line(&why)),
        }
    }
    rule
}

pub(crate) fn waves(make: &mut Maker<'_>, entry: &At<WavesEntry>) -> Waves {
    if entry.group.is_empty() {
        let title = "waves need at least one group";
        let finding = Finding::new(codes::WAVE_GROUP, make.file, entry.span(), title).label("no [[waves.group]]");
        make.findings.push(finding.help("add `[[waves.group]]` with a `name` and the `tags` of its members"));
    }
    Waves {
        of: entry.of.into(),
        environments: make.names(&entry.environments),
        groups: entry.group.iter().map(|group| wave(make, group)).collect(),
    }
}

fn wave(make: &mut Maker<'_>, entry: &At<WaveEntry>) -> Wave {
    let soak = entry.soak.as_ref().and_then(|written| make.duration(written));
    Wave {
        name: Arc::from(entry.name.as_str()),
        tags: TagFilter(make.tags(&entry.tags)),
        concurrency: entry.concurrency,
        soak: soak.unwrap_or(SignedDuration::ZERO),
        failures: entry.failures,
        at: make.file.at(entry.span().start),
    }
}
