//! Manifests of images, as ECR reads them when they are pushed, and those that the account makes up for pushes by hand.

use std::collections::BTreeSet;

use ring::digest::{SHA256, digest as hash};
use serde::Deserialize;
use serde_json::json;

use crate::sim::error::{Answer, ApiError};

const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const OCI_IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_IMAGE: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// The longest manifest, in characters. \[api: `ImageManifest`\]
const LONGEST: usize = 4_194_304;

/// What ECR keeps of a manifest.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Read {
    pub(super) digest: String,
    pub(super) media_type: String,
    /// Type of the configuration; none for an index.
    pub(super) artifact: Option<String>,
    /// Bytes of configuration and layers; none for an index.
    pub(super) size: u64,
    /// The manifests that an index lists.
    pub(super) members: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    media_type: Option<String>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<Descriptor>>,
    subject: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: Option<String>,
    digest: String,
    #[serde(default)]
    size: u64,
}

/// Reads a manifest whose media type is `said`, or what it says itself.
///
/// # Errors
/// ECR's, for a text that is not a manifest. Manifests of Docker's first schema and of referrers are not modelled.
pub(super) fn read(text: &str, said: Option<&str>) -> Answer<Read> {
    if text.is_empty() || text.len() > LONGEST {
        return Err(invalid("length must be between 1 and 4194304"));
    }
    // \[reports\] The words. \[?\] That a manifest with wrong members gets them too.
    let document: Document = serde_json::from_str(text).map_err(|_| invalid("Invalid JSON syntax"))?;
    if document.subject.is_some() {
        return Err(ApiError::not_modelled("manifests with a subject"));
    }
    let media_type = match (document.media_type.as_deref(), said) {
        (Some(own), Some(said)) if own != said => return Err(invalid("media type does not match the manifest")),
        // \[doc: PutImage, `imageManifestMediaType`\]
        (None, None) => return Err(invalid("the manifest does not contain the mediaType field")),
        (own, said) => own.or(said).unwrap_or_default().to_owned(),
    };
    let mut read = Read { digest: digest_of(text), media_type, artifact: None, size: 0, members: BTreeSet::new() };
    let listed = match (read.media_type.as_str(), document.manifests, document.config, document.layers) {
        (OCI_INDEX | DOCKER_LIST, Some(manifests), None, None) => {
            read.members = manifests.iter().map(|one| one.digest.clone()).collect();
            manifests
        }
        (OCI_IMAGE | DOCKER_IMAGE, None, Some(config), Some(mut layers)) => {
            read.artifact.clone_from(&config.media_type);
            layers.push(config);
            read.size = layers.iter().fold(0, |sum, one| sum.saturating_add(one.size));
            layers
        }
        (OCI_INDEX | DOCKER_LIST | OCI_IMAGE | DOCKER_IMAGE, ..) => return Err(invalid("Invalid JSON syntax")),
        (other, ..) => return Err(ApiError::not_modelled(format_args!("manifests of the media type {other}"))),
    };
    match listed.iter().find(|one| !is_digest(&one.digest)) {
        Some(_) => Err(invalid("Invalid JSON syntax")),
        None => Ok(read),
    }
}

fn invalid(constraint: &str) -> ApiError {
    let words = format!("Invalid parameter at 'ImageManifest' failed to satisfy constraint: '{constraint}'");
    ApiError::new("InvalidParameterException", words)
}

/// The digest of a manifest: of its bytes.
pub(super) fn digest_of(text: &str) -> String {
    let bytes = hash(&SHA256, text.as_bytes());
    let hex: String = bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// Whether a text is a digest as ECR writes it.
pub(super) fn is_digest(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// The manifest of an image that nobody built. `seed` makes it another one than all others.
pub(super) fn made_up(seed: &str) -> String {
    let blob = |media_type: &str, size: u64| json!({ "mediaType": media_type, "digest": digest_of(&format!("{media_type} {seed}")), "size": size });
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_IMAGE,
        "config": blob("application/vnd.oci.image.config.v1+json", 1_500),
        "layers": [blob("application/vnd.oci.image.layer.v1.tar+gzip", 30_000_000)],
    });
    manifest.to_string()
}

/// The index of these platforms (`linux/arm64`), each with its manifest.
///
/// # Errors
/// A sentence: a text is not a platform.
pub(super) fn index_of(members: &[(String, String)]) -> Result<String, String> {
    let listed = members.iter().map(|(platform, manifest)| -> Result<serde_json::Value, String> {
        let parts: Vec<&str> = platform.split('/').filter(|part| !part.is_empty()).collect();
        let words = match parts.as_slice() {
            _ if parts.len() != platform.split('/').count() => None,
            [os, architecture] => Some(json!({ "os": os, "architecture": architecture })),
            [os, architecture, variant] => Some(json!({ "os": os, "architecture": architecture, "variant": variant })),
            _ => None,
        };
        let words = words.ok_or_else(|| format!("`{platform}` is not a platform: write it like linux/arm64"))?;
        let (digest, size) = (digest_of(manifest), manifest.len());
        Ok(json!({ "mediaType": OCI_IMAGE, "digest": digest, "size": size, "platform": words }))
    });
    let listed = listed.collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed }).to_string())
}
