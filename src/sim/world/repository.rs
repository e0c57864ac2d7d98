//! A repository of ECR: its images, their tags, and what it takes in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::manifest;
use crate::model::AccountId;
use crate::sim::error::{Answer, ApiError};

/// Images of one repository. \[doc: ECR service quotas, "Images per repository"\]
const MOST: usize = 20_000;

/// A repository with its images.
#[derive(Clone, Debug)]
pub struct Repository {
    pub name: String,
    pub created: Timestamp,
    /// As CloudFormation writes them.
    pub properties: Map<String, Value>,
    /// By digest.
    images: BTreeMap<String, Image>,
    /// Digests by tag.
    tags: BTreeMap<String, String>,
}

/// An image, or an index of images.
#[derive(Clone, Debug)]
pub struct Image {
    pub digest: String,
    pub manifest: Arc<str>,
    pub media_type: String,
    /// Type of its configuration.
    pub artifact: Option<String>,
    /// Bytes; those of the largest image for an index.
    pub size: u64,
    pub pushed: Timestamp,
    members: BTreeSet<String>,
}

/// What PutImage is asked for.
#[derive(Clone, Debug, Default)]
pub struct Push {
    pub repository: String,
    pub manifest: String,
    pub media_type: Option<String>,
    pub tag: Option<String>,
    pub digest: Option<String>,
}

/// How an image is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageId {
    pub digest: Option<String>,
    pub tag: Option<String>,
}

/// A code and a sentence, as BatchGetImage and BatchDeleteImage give them for one image.
pub type Failure = (&'static str, &'static str);

impl Repository {
    pub(super) fn new(name: &str, created: Timestamp, properties: Map<String, Value>) -> Self {
        Self { name: name.to_owned(), created, properties, images: BTreeMap::new(), tags: BTreeMap::new() }
    }

    /// Its images by digest, each with its tags.
    pub fn images(&self) -> impl Iterator<Item = (&Image, Vec<&str>)> {
        let mut tags: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (tag, digest) in &self.tags {
            tags.entry(digest).or_default().push(tag);
        }
        self.images.values().map(move |image| (image, tags.remove(image.digest.as_str()).unwrap_or_default()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.images.is_empty()
    }

    /// The digest that a tag stands for.
    pub(super) fn tagged(&self, tag: &str) -> Option<&String> {
        self.tags.get(tag)
    }

    pub(super) fn has(&self, digest: &str) -> bool {
        self.images.contains_key(digest)
    }

    /// The tags of one image.
    pub fn tags_of(&self, digest: &str) -> impl Iterator<Item = &str> {
        self.tags.iter().filter(move |(_, own)| *own == digest).map(|(tag, _)| tag.as_str())
    }

    /// The image of a digest, a tag, or both.
    ///
    /// # Errors
    /// The failure that ECR lists for it. \[doc: `ImageFailure`; moby, amazon-ecr-credential-helper: the words\]
    pub fn find(&self, id: &ImageId) -> Result<&Image, Failure> {
        let missing = ("ImageNotFound", "Requested image not found");
        let of = |digest: &String| self.images.get(digest).ok_or(missing);
        match (&id.digest, &id.tag) {
            (None, None) => {
                Err(("MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null"))
            }
            (Some(digest), _) if !manifest::is_digest(digest) => Err((
                "InvalidImageDigest",
                "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
            )),
            (_, Some(tag)) if !is_tag(tag) => Err((
                "InvalidImageTag",
                "Invalid request parameters: image tag should satisfy the regex '[a-zA-Z0-9-_.]{1,300}'",
            )),
            (Some(digest), None) => of(digest),
            (None, Some(tag)) => self.tags.get(tag).ok_or(missing).and_then(of),
            (Some(digest), Some(tag)) => match self.tags.get(tag) {
                Some(own) if own == digest => of(digest),
                Some(_) if self.images.contains_key(digest) => {
                    Err(("ImageTagDoesNotMatchDigest", "Requested image digest and tag do not match"))
                }
                _ => Err(missing),
            },
        }
    }

    /// Whether a tag, once it is there, stays with its image.
    fn keeps(&self, tag: &str) -> bool {
        let setting = self.properties.get("ImageTagMutability").and_then(Value::as_str).unwrap_or("MUTABLE");
        let filters = self.properties.get("ImageTagMutabilityExclusionFilters").and_then(Value::as_array);
        let value = |filter: &Value| {
            let text = filter.get("ImageTagMutabilityExclusionFilterValue").and_then(Value::as_str);
            text.is_some_and(|pattern| matches(pattern, tag))
        };
        let excluded = || filters.into_iter().flatten().any(value);
        match setting {
            "IMMUTABLE" => true,
            "IMMUTABLE_WITH_EXCLUSION" => !excluded(),
            "MUTABLE_WITH_EXCLUSION" => excluded(),
            _ => false,
        }
    }

    /// Takes an image in. \[reports\] The words.
    pub(super) fn push(&mut self, push: &Push, registry: &AccountId, now: Timestamp) -> Answer<Image> {
        let read = manifest::read(&push.manifest, push.media_type.as_deref())?;
        let name = &self.name;
        if push.digest.as_ref().is_some_and(|digest| *digest != read.digest) {
            // \[api\] The words.
            let words =
                "The specified image digest does not match the digest that Amazon ECR calculated for the image.";
            return Err(ApiError::new("ImageDigestDoesNotMatchException", words));
        }
        let there = format!("in the repository with name '{name}' in registry with id '{registry}'");
        let known = self.images.contains_key(&read.digest);
        match push.tag.as_ref().map(|tag| (tag, self.tags.get(tag))) {
            Some((tag, Some(own))) if *own == read.digest => {
                let words = format!("Image with digest '{}' and tag '{tag}' already exists {there}", read.digest);
                return Err(ApiError::new("ImageAlreadyExistsException", words));
            }
            Some((tag, Some(_))) if self.keeps(tag) => {
                let words = format!(
                    "The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten because the \
                     tag is immutable."
                );
                return Err(ApiError::new("ImageTagAlreadyExistsException", words));
            }
            None if known => {
                let words = format!("Image with digest '{}' already exists {there}", read.digest);
                return Err(ApiError::new("ImageAlreadyExistsException", words));
            }
            _ => {}
        }
        let absent: Vec<&str> =
            read.members.iter().filter(|one| !self.images.contains_key(*one)).map(String::as_str).collect();
        if !absent.is_empty() {
            let words = format!(
                "Images with digests '[{}]' required for pushing image into repository with name '{name}' in the registry with \
                 id '{registry}' do not exist",
                absent.join(", ")
            );
            return Err(ApiError::new("ReferencedImagesNotFoundException", words));
        }
        if !known && self.images.len() >= MOST {
            let words =
                "The operation did not succeed because it would have exceeded a service limit for your account.";
            return Err(ApiError::new("LimitExceededException", words));
        }
        let largest = read.members.iter().filter_map(|one| Some(self.images.get(one)?.size)).max();
        let image = self.images.entry(read.digest.clone()).or_insert_with(|| Image {
            digest: read.digest.clone(),
            manifest: Arc::from(push.manifest.as_str()),
            media_type: read.media_type,
            artifact: read.artifact,
            size: largest.unwrap_or(read.size),
            pushed: now,
            members: read.members,
        });
        if let Some(tag) = &push.tag {
            self.tags.insert(tag.clone(), read.digest);
        }
        Ok(image.clone())
    }

    /// Takes an image out, or only its tag where it has others. \[doc: BatchDeleteImage\]
    pub(super) fn delete(&mut self, id: &ImageId) -> Result<Vec<ImageId>, Failure> {
        let digest = self.find(id)?.digest.clone();
        let all: Vec<String> = self.tags_of(&digest).map(str::to_owned).collect();
        let going = match &id.tag {
            Some(tag) => vec![tag.clone()],
            None => all.clone(),
        };
        if going.len() == all.len() {
            if self.images.values().any(|image| image.members.contains(&digest)) {
                return Err(("ImageReferencedByManifestList", "Requested image referenced by manifest list"));
            }
            self.images.remove(&digest);
        }
        self.tags.retain(|tag, _| !going.contains(tag));
        if going.is_empty() {
            return Ok(vec![ImageId { digest: Some(digest), tag: None }]);
        }
        Ok(going.into_iter().map(|tag| ImageId { digest: Some(digest.clone()), tag: Some(tag) }).collect())
    }
}

/// Whether ECR takes a text as a tag. \[api: `ImageTag`; distribution specification\]
pub(super) fn is_tag(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut bytes = text.bytes();
    text.len() <= 128 && bytes.next().is_some_and(letter) && bytes.all(|byte| letter(byte) || b".-".contains(&byte))
}

/// Whether ECR takes a text as the name of a repository. \[api: `RepositoryName`\]
pub(super) fn is_name(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let whole = |part: &str| {
        let pieces = part.split(['.', '_', '-']);
        pieces.clone().all(|piece| !piece.is_empty() && piece.bytes().all(word))
    };
    (2..=256).contains(&text.len()) && text.split('/').all(whole)
}

/// Whether a tag matches a filter, in which `*` is any text.
fn matches(pattern: &str, tag: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == tag };
    let Some(mut left) = tag.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = rest.split('*').collect();
    let last = pieces.pop().unwrap_or_default();
    for piece in pieces {
        match left.split_once(piece) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    left.ends_with(last)
}
