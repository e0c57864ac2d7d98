//! A reference to an image, in parts.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

/// The tags that a release records, by digest: a template names an image by its digest alone.
pub type Tags = BTreeMap<Arc<str>, Arc<str>>;

/// `repository[:tag][@digest]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Image {
    /// The registry and the name in it.
    pub repository: String,
    /// The tag, if the reference has one.
    pub tag: Option<String>,
    /// The digest, if the reference has one: `sha256:…`.
    pub digest: Option<String>,
}

impl Image {
    /// Reads a reference. Whatever is written is a repository, if nothing else.
    pub fn parse(reference: &str) -> Self {
        let (name, digest) = match reference.split_once('@') {
            Some((name, digest)) => (name, Some(digest.to_owned())),
            None => (reference, None),
        };
        // A colon before the last slash is a port.
        let (repository, tag) = match name.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag.to_owned())),
            _ => (name, None),
        };
        Self { repository: repository.to_owned(), tag, digest }
    }

    /// The first eight digits of the digest.
    pub fn short_digest(&self) -> Option<&str> {
        let digest = self.digest.as_deref()?;
        let digits = digest.split_once(':').map_or(digest, |(_, digits)| digits);
        Some(digits.get(..8).unwrap_or(digits))
    }

    /// The tag and the short digest; a missing digest is shown, because a tag can be moved.
    pub fn version(&self) -> String {
        match (&self.tag, self.short_digest()) {
            (Some(tag), Some(digest)) => format!("{tag} @ {digest}"),
            (None, Some(digest)) => digest.to_owned(),
            (Some(tag), None) => format!("{tag} (by tag only)"),
            (None, None) => "latest (by tag only)".to_owned(),
        }
    }

    /// The image with the tag that a release records for its digest, if the reference has none.
    pub(super) fn tagged(&self, tags: &Tags) -> Self {
        let recorded = || tags.get(self.digest.as_deref()?).map(ToString::to_string);
        Self { tag: self.tag.clone().or_else(recorded), ..self.clone() }
    }

    /// Two images around a change: with their repositories only if these differ.
    pub(super) fn both(old: &Self, new: &Self) -> (String, String) {
        if old.repository == new.repository && old.version() != new.version() {
            (old.version(), new.version())
        } else {
            (old.to_string(), new.to_string())
        }
    }
}

impl std::fmt::Display for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.repository, self.version())
    }
}
