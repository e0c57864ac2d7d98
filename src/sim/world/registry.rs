//! ECR: the repositories that stacks and clients made, and the images in them.
//!
//! A repository that the account does not know holds every image. In one that it knows an image exists once somebody pushed it.
//! Deliberately absent: layers (the account takes them as pushed), policies, scans, signatures, and rules that delete images.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::World;
use super::eval::as_text;
use super::hands::Hand;
use super::manifest;
pub use super::repository::{Failure, Image, ImageId, Push, Repository};
use super::repository::{is_name, is_tag};
use super::stack::Resource;
use crate::model::{AccountId, EcrRepository, Place, Region};
use crate::sim::error::{Answer, ApiError};
use crate::sim::ledger::Effect;

pub(super) const REPOSITORY: &str = "AWS::ECR::Repository";

/// An image that somebody pushes, as JSON an object for `POST /_landfall/images`.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushedByHand {
    /// Account id; twelve digits.
    pub account: String,
    /// The region's name.
    pub region: String,
    /// Name of the repository.
    pub repository: String,
    /// Its tag; none leaves the image untagged.
    #[serde(default)]
    pub tag: Option<String>,
    /// Its manifest. Default: the account makes one up.
    #[serde(default)]
    pub manifest: Option<String>,
    /// The digest that the manifest must have.
    #[serde(default)]
    pub digest: Option<String>,
    /// The platforms of an index that the account makes up: `linux/arm64`.
    #[serde(default)]
    pub platforms: Vec<String>,
    /// When it was pushed. Default: now.
    #[serde(default)]
    pub pushed: Option<Timestamp>,
}

/// A parameter that ECR does not take.
pub(in crate::sim) fn invalid(parameter: &str, constraint: &str) -> ApiError {
    let words = format!("Invalid parameter at '{parameter}' failed to satisfy constraint: '{constraint}'");
    ApiError::new("InvalidParameterException", words)
}

/// ECR's word for a repository that does not exist.
fn no_repository(place: &Place, name: &str) -> ApiError {
    let words = format!("The repository with name '{name}' does not exist in the registry with id '{}'", place.account);
    ApiError::new("RepositoryNotFoundException", words)
}

fn not_empty(place: &Place, name: &str) -> String {
    format!(
        "The repository with name '{name}' in registry with id '{}' cannot be deleted because it still contains images",
        place.account
    )
}

impl World {
    /// Every repository of a region, by name: without its images, with its properties as they are now.
    pub fn repositories(&self, place: &Place) -> Vec<Repository> {
        let region = self.regions.get(place);
        let resources = self.standing(place, None, REPOSITORY);
        let live = resources.filter_map(|one| Some((one.physical_id.as_deref()?, self.live(place, one)?)));
        let mut live: BTreeMap<&str, Map<String, Value>> = live.collect();
        let all = region.into_iter().flat_map(|region| region.registry.values());
        all.map(|own| {
            let properties = live.remove(own.name.as_str()).unwrap_or_else(|| own.properties.clone());
            Repository::new(&own.name, own.created, properties)
        })
        .collect()
    }

    /// One repository. Its properties may be older than those that its stack gave it.
    pub fn repository(&self, place: &Place, name: &str) -> Answer<&Repository> {
        let own = self.regions.get(place).and_then(|region| region.registry.get(name));
        own.ok_or_else(|| no_repository(place, name))
    }

    fn repository_properties(&self, place: &Place, name: &str) -> Option<Map<String, Value>> {
        let mut all = self.standing(place, None, REPOSITORY);
        all.find(|one| one.physical_id.as_deref() == Some(name)).and_then(|one| self.live(place, one))
    }

    /// CreateRepository.
    pub fn create_repository(
        &mut self,
        place: &Place,
        name: &str,
        properties: Map<String, Value>,
    ) -> Answer<Repository> {
        if !is_name(name) {
            let pattern =
                "must satisfy regular expression '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*'";
            return Err(invalid("repositoryName", pattern));
        }
        if !self.region(place).taken.insert((REPOSITORY.to_owned(), name.to_owned())) {
            let words =
                format!("The repository with name '{name}' already exists in the registry with id '{}'", place.account);
            return Err(ApiError::new("RepositoryAlreadyExistsException", words));
        }
        let repository = Repository::new(name, self.now, properties);
        let region = self.region(place);
        region.registry.insert(name.to_owned(), repository.clone());
        // To a stack whose repository somebody deleted, this is its repository.
        if let Some(hand) = region.hands.get_mut(&(REPOSITORY.to_owned(), name.to_owned())) {
            *hand = Hand::Changed(repository.properties.clone());
        }
        self.record(place, "CreateRepository", name.to_owned(), None, Effect::Effective);
        Ok(repository)
    }

    /// DeleteRepository. One that a stack made is then gone behind CloudFormation's back.
    pub fn delete_repository(&mut self, place: &Place, name: &str, force: bool) -> Answer<Repository> {
        let own = self.repository(place, name)?;
        if !force && !own.is_empty() {
            return Err(ApiError::new("RepositoryNotEmptyException", not_empty(place, name)));
        }
        let (created, properties) = (own.created, own.properties.clone());
        let properties = self.repository_properties(place, name).unwrap_or(properties);
        let repository = Repository::new(name, created, properties);
        let mut all = self.standing(place, None, REPOSITORY);
        let resource = all.find(|one| one.physical_id.as_deref() == Some(name)).cloned();
        drop(all);
        match resource {
            Some(resource) => self.take_away(place, &resource)?,
            None => {
                self.region(place).taken.remove(&(REPOSITORY.to_owned(), name.to_owned()));
                self.forget_repository(place, name);
            }
        }
        self.record(place, "DeleteRepository", name.to_owned(), None, Effect::Effective);
        Ok(repository)
    }

    /// PutImage.
    pub fn put_image(&mut self, place: &Place, push: &Push) -> Answer<Image> {
        self.push_image(place, push, self.now, "PutImage")
    }

    fn push_image(&mut self, place: &Place, push: &Push, at: Timestamp, operation: &str) -> Answer<Image> {
        if push.tag.as_ref().is_some_and(|tag| !is_tag(tag)) {
            return Err(invalid("imageTag", "must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'"));
        }
        let properties = self.repository_properties(place, &push.repository);
        let own = self.region(place).registry.get_mut(&push.repository);
        let own = own.ok_or_else(|| no_repository(place, &push.repository))?;
        own.properties = properties.unwrap_or_else(|| std::mem::take(&mut own.properties));
        let image = own.push(push, &place.account, at)?;
        let subject = format!("{}:{}", push.repository, push.tag.as_deref().unwrap_or(&image.digest));
        self.record(place, operation, subject, None, Effect::Effective);
        Ok(image)
    }

    /// BatchDeleteImage, for one image.
    pub fn delete_image(
        &mut self,
        place: &Place,
        repository: &str,
        id: &ImageId,
    ) -> Answer<Result<Vec<ImageId>, Failure>> {
        let own = self.region(place).registry.get_mut(repository).ok_or_else(|| no_repository(place, repository))?;
        let outcome = own.delete(id);
        if outcome.is_ok() {
            let name = id.tag.as_deref().or(id.digest.as_deref()).unwrap_or_default();
            self.record(place, "BatchDeleteImage", format!("{repository}:{name}"), None, Effect::Effective);
        }
        Ok(outcome)
    }

    /// Somebody pushes an image; gives its digest. The members of an index are pushed before it.
    ///
    /// # Errors
    /// What ECR refuses, and what cannot be: a digest of a manifest that is not given, and a time that has not come.
    pub fn push_by_hand(&mut self, hand: &PushedByHand) -> Answer<String> {
        let account = AccountId::new(&hand.account).map_err(|error| ApiError::validation(error.to_string()))?;
        let region = Region::new(&hand.region).map_err(|error| ApiError::validation(error.to_string()))?;
        let (place, at) = (Place { account, region }, hand.pushed.unwrap_or(self.now));
        let wrong = |words: &str| Err(ApiError::validation(words));
        if at > self.now {
            return wrong("`pushed` must not be in the future");
        }
        if hand.manifest.is_none() && hand.digest.is_some() {
            return wrong("a `digest` is that of a `manifest`: give both, or neither");
        }
        if hand.manifest.is_some() && !hand.platforms.is_empty() {
            return wrong("give either `manifest` or `platforms`, not both");
        }
        if hand.platforms.len() > 100 {
            return wrong("at most 100 platforms");
        }
        let mut push = Push {
            repository: hand.repository.clone(),
            tag: hand.tag.clone(),
            digest: hand.digest.clone(),
            ..Push::default()
        };
        push.manifest = match &hand.manifest {
            Some(manifest) => manifest.clone(),
            None if hand.platforms.is_empty() => manifest::made_up(&self.ids.hex(32)),
            None => {
                let members = hand.platforms.iter().map(|one| (one.clone(), manifest::made_up(&self.ids.hex(32))));
                let members: Vec<(String, String)> = members.collect();
                let index = manifest::index_of(&members).map_err(ApiError::validation)?;
                for (_, manifest) in members {
                    let member = Push { repository: hand.repository.clone(), manifest, ..Push::default() };
                    self.push_image(&place, &member, at, "ByHand")?;
                }
                index
            }
        };
        self.push_image(&place, &push, at, "ByHand").map(|image| image.digest)
    }

    /// CloudFormation made a repository.
    pub(super) fn begin_repository(&mut self, place: &Place, name: &str, properties: &Map<String, Value>) {
        let repository = Repository::new(name, self.now, properties.clone());
        self.region(place).registry.insert(name.to_owned(), repository);
    }

    pub(super) fn forget_repository(&mut self, place: &Place, name: &str) {
        self.region(place).registry.remove(name);
    }

    /// Why CloudFormation cannot delete a repository. \[doc: `EmptyOnDelete`; reports: the words\]
    pub(super) fn keeps_images(&self, place: &Place, resource: &Resource) -> Option<String> {
        let name = resource.physical_id.as_deref().filter(|_| resource.kind == REPOSITORY)?;
        let empties = resource.properties.get("EmptyOnDelete").and_then(as_text).is_some_and(|flag| flag == "true");
        let own = self.regions.get(place)?.registry.get(name).filter(|own| !empties && !own.is_empty());
        own.map(|_| {
            let words = not_empty(place, name);
            format!(
                "Resource handler returned message: \"{words} (Service: Ecr, Status Code: 400)\" (HandlerErrorCode: \
                 GeneralServiceException)"
            )
        })
    }

    /// The repository of an image in this account, if the account knows it; with what follows its name.
    fn in_registry<'a>(&self, place: &Place, image: &'a str) -> Option<(&Repository, Option<&'a str>, &'a str)> {
        let (named, digest) = match image.split_once('@') {
            Some((named, digest)) => (named, Some(digest)),
            None => (image, None),
        };
        let (repository, tag) = match named.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, tag),
            _ => (named, "latest"),
        };
        let ecr = EcrRepository::parse(repository).filter(|ecr| ecr.account == place.account.as_str())?;
        let there = Place { account: place.account.clone(), region: Region::new(ecr.region).ok()? };
        Some((self.regions.get(&there)?.registry.get(ecr.path)?, digest, tag))
    }

    /// Containers with their images and what these resolve to.
    pub(super) fn resolved_images(
        &self,
        place: &Place,
        containers: Vec<(String, String)>,
    ) -> Vec<(String, String, String)> {
        let resolved = |(name, image): (String, String)| {
            let digest = self.resolve_image(place, &image);
            (name, image, digest)
        };
        containers.into_iter().map(resolved).collect()
    }

    /// The digest that ECS resolves an image to; empty for one that does not exist.
    pub(super) fn resolve_image(&self, place: &Place, image: &str) -> String {
        match self.in_registry(place, image) {
            Some((_, Some(digest), _)) => digest.to_owned(),
            Some((repository, None, tag)) => repository.tagged(tag).cloned().unwrap_or_default(),
            None => Self::digest_of(image),
        }
    }

    /// Whether a task finds nothing to pull. `digest` is what the image was resolved to: a service that found none then tries the
    /// tag. \[doc: ECS, container image resolution\]
    pub(super) fn lacks_image(&self, place: &Place, image: &str, digest: &str) -> bool {
        let Some((repository, pinned, tag)) = self.in_registry(place, image) else { return false };
        let unresolved = digest.is_empty() || (pinned.is_none() && digest == Self::digest_of(image));
        match repository.tagged(tag).filter(|_| unresolved) {
            Some(found) => !repository.has(found),
            None => unresolved || !repository.has(digest),
        }
    }
}
