//! Release files, except where their *what* comes from.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Maker;
use crate::load::codes;
use crate::load::drafts::Draft;
use crate::load::finding::Finding;
use crate::load::schema::At;
use crate::load::schema::release::{ImagePinEntry, ReleaseFile};
use crate::model::catalog::ImagePin;
use crate::model::{ChannelName, CommitId, Hash, ImageName, ReleaseName, Version};

/// The newest rendering rules that this version has.
pub const FORMAT: u32 = 1;

/// A release without its snapshot.
#[derive(Clone, Debug)]
pub(crate) struct ReleaseDraft {
    pub(crate) version: Version,
    pub(crate) format: u32,
    pub(crate) channel: ChannelName,
    pub(crate) images: BTreeMap<ImageName, ImagePin>,
    pub(crate) inputs: Option<Hash>,
    pub(crate) snapshot: Option<CommitId>,
    pub(crate) blocked: Option<Arc<str>>,
    /// Hash of everything but `snapshot`, `blocked` and notes.
    pub(crate) content: Hash,
}

/// Reads a release file.
pub(crate) fn release(
    name: &ReleaseName,
    draft: &Draft<ReleaseFile>,
    findings: &mut Vec<Finding>,
) -> Option<ReleaseDraft> {
    let mut make = Maker { file: &draft.file, findings };
    let doc = &draft.doc;
    let version = version(&mut make, name);
    if *doc.format != FORMAT {
        let title = format!(
            "release `{name}` has format {}, and this landfall version only knows formats up to {FORMAT}",
            *doc.format
        );
        make.findings.push(Finding::new(codes::RELEASE_FORMAT, make.file, doc.format.span(), title).label("not known"));
    }
    let channel = match &doc.channel {
        Some(written) => make.name(written),
        None => Some(ChannelName::default()),
    };
    let inputs = match &doc.inputs {
        Some(written) => match written.parse::<Hash>() {
            Ok(hash) => Some(hash),
            Err(error) => {
                make.invalid(written.span(), error.to_string());
                None
            }
        },
        None => None,
    };
    let snapshot = doc.snapshot.as_ref().and_then(|written| commit(&mut make, written));
    let mut images = BTreeMap::new();
    for (name, entry) in &doc.images {
        let pin = image(&mut make, entry);
        if let (Some(name), Some(pin)) = (make.name_at(name, entry.span()), pin) {
            images.insert(name, pin);
        }
    }
    let channel = channel?;
    let content = content(*doc.format, &channel, inputs, &images);
    let blocked = doc.blocked.as_ref().map(|text| Arc::from(text.as_str()));
    Some(ReleaseDraft { version: version?, format: *doc.format, channel, images, inputs, snapshot, blocked, content })
}

fn version(make: &mut Maker<'_>, name: &ReleaseName) -> Option<Version> {
    let version = Version::parse(name.as_str());
    if version.is_none() {
        let title = format!("`{name}` is not a version");
        let finding = Finding::new(codes::RELEASE_VERSION, make.file, 0..0, title);
        make.findings
            .push(finding.label("the file's name").help("a version begins with a number, such as `1.4.0` or `v2`"));
    }
    version
}

fn commit(make: &mut Maker<'_>, written: &At<String>) -> Option<CommitId> {
    let fine = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if written.len() == 40 && written.bytes().all(fine) {
        return Some(CommitId(written.to_string()));
    }
    let title = format!("`{}` is not a commit: write its 40 lower-case hexadecimal digits", **written);
    make.invalid(written.span(), title);
    None
}

fn image(make: &mut Maker<'_>, entry: &At<ImagePinEntry>) -> Option<ImagePin> {
    let first = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if !entry.tag.starts_with(first) || !entry.tag.chars().all(rest) || entry.tag.len() > 128 {
        let title =
            format!("`{}` is not a valid image tag: use letters, digits, `_`, `.` and `-`, at most 128", *entry.tag);
        make.invalid(entry.tag.span(), title);
    }
    if let Some(written) = &entry.digest {
        digest(make, written);
    }
    for (platform, written) in &entry.platforms {
        digest(make, written);
        let parts: Vec<&str> = platform.split('/').collect();
        if !matches!(parts.len(), 2 | 3) || parts.iter().any(|part| part.is_empty()) {
            make.invalid(written.span(), format!("`{platform}` is not a platform, such as `linux/amd64`"));
        }
    }
    let text = |text: &At<String>| Arc::from(text.as_str());
    Some(ImagePin {
        tag: text(&entry.tag),
        digest: entry.digest.as_ref().map(text),
        platforms: entry.platforms.iter().map(|(platform, d)| (Arc::from(platform.as_str()), text(d))).collect(),
    })
}

fn digest(make: &mut Maker<'_>, written: &At<String>) {
    let digits = written.strip_prefix("sha256:").unwrap_or_default();
    let fine = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if digits.len() != 64 || !digits.bytes().all(fine) {
        let title = format!("`{}` is not a digest: expected `sha256:` and 64 lower-case hexadecimal digits", **written);
        make.invalid(written.span(), title);
    }
}

/// The hash of what is immutable in a release file.
fn content(format: u32, channel: &ChannelName, inputs: Option<Hash>, images: &BTreeMap<ImageName, ImagePin>) -> Hash {
    let mut hash = Hash::parts()
        .part(format.to_string())
        .part(channel.as_str())
        .part(inputs.map_or(String::new(), |inputs| inputs.to_string()));
    for (name, pin) in images {
        hash = hash.part(name.as_str()).part(&*pin.tag).part(pin.digest.as_deref().unwrap_or(""));
        hash = hash.part(pin.platforms.len().to_string());
        for (platform, digest) in &pin.platforms {
            hash = hash.part(&**platform).part(&**digest);
        }
    }
    hash.finish()
}
