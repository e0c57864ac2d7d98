//! Manifests: what a registry stores for a tag.
//!
//! An index (OCI) or manifest list (Docker) names an image per platform; an image manifest is one image. They are
//! distinguished by their content, because `mediaType` is optional in OCI. Attestations that builders add to an index are
//! left out.

use std::collections::BTreeMap;
use std::sync::Arc;

use ring::digest::{SHA256, digest as hash};
use serde::Deserialize;

use super::Image;

/// The forms that are asked for, the index first.
pub const ACCEPTED: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/// The largest manifest that is read, in bytes: what registries take at most (distribution specification).
pub const MAX_MANIFEST: u64 = 4 * 1024 * 1024;

#[derive(Deserialize)]
struct Manifest {
    manifests: Option<Vec<Descriptor>>,
    config: Option<serde_json::Value>,
    layers: Option<Vec<serde_json::Value>>,
}

#[derive(Deserialize)]
struct Descriptor {
    digest: String,
    platform: Option<Platform>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Platform {
    architecture: String,
    os: String,
    variant: Option<String>,
    #[serde(rename = "os.version")]
    os_version: Option<String>,
}

/// Reads a manifest. The digest is computed from the bytes and must equal the one that the registry `claims`.
///
/// # Errors
/// In a sentence: it is not a manifest, or not the announced one.
pub fn read(bytes: &[u8], claimed: Option<&str>) -> Result<Image, String> {
    let digest = digest_of(bytes);
    if let Some(claimed) = claimed.filter(|claimed| claimed.starts_with("sha256:") && **claimed != *digest) {
        return Err(format!("the registry announced {} and sent {digest}", claimed.escape_default()));
    }
    let manifest: Manifest = serde_json::from_slice(bytes).map_err(|error| format!("not a manifest: {error}"))?;
    let Some(listed) = manifest.manifests else {
        return match (manifest.config, manifest.layers) {
            (Some(_), Some(_)) => Ok(Image { digest, platforms: BTreeMap::new() }),
            _ => Err("a manifest of neither an image nor an index of images".to_owned()),
        };
    };
    let mut platforms = BTreeMap::new();
    for descriptor in &listed {
        let Some(platform) = descriptor.platform.as_ref().filter(|_| !is_attached(descriptor)) else { continue };
        if !is_digest(&descriptor.digest) {
            return Err(format!("an index with the digest `{}`", descriptor.digest.escape_default()));
        }
        let name = named(platform)?;
        platforms.entry(name).or_insert_with(|| Arc::from(descriptor.digest.as_str()));
    }
    Ok(Image { digest, platforms })
}

/// Provenance and other statements about an image.
fn is_attached(descriptor: &Descriptor) -> bool {
    descriptor.annotations.contains_key("vnd.docker.reference.type")
        || descriptor.platform.as_ref().is_some_and(|platform| platform.os == "unknown")
}

/// `linux/amd64`, `linux/arm/v7`, `windows/amd64/10.0.20348.2113`.
fn named(platform: &Platform) -> Result<Arc<str>, String> {
    let third = platform.variant.as_ref().or(platform.os_version.as_ref()).filter(|third| !third.is_empty());
    let parts = [Some(&platform.os), Some(&platform.architecture), third];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    match parts.iter().find(|part| part.is_empty() || part.len() > 64 || !part.chars().all(fine)) {
        Some(part) => Err(format!("an index with the platform `{}`", part.escape_default())),
        None => Ok(Arc::from(parts.join("/"))),
    }
}

/// The digest of bytes: `sha256:` and 64 digits.
pub fn digest_of(bytes: &[u8]) -> Arc<str> {
    let digits: String = hash(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Arc::from(format!("sha256:{digits}"))
}

/// Whether a text is `sha256:` and 64 lower-case hexadecimal digits.
pub fn is_digest(text: &str) -> bool {
    let fine = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    text.strip_prefix("sha256:").is_some_and(|digits| digits.len() == 64 && digits.bytes().all(fine))
}

/// Whether a text can be a tag: letters, digits, `_`, `.` and `-`, at most 128.
pub fn is_tag(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    text.starts_with(first) && text.chars().all(rest) && text.len() <= 128
}
