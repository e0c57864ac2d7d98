//! Registries in ECR: tags with the dates at which they were pushed, and manifests.
//!
//! Asked with the credentials as they are, without a role: whoever makes a release may pull, and need not be able to deploy.
//! A repository of another account lets others in by its policy, so the credentials need not be of its account either.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_ecr::types::{DescribeImagesFilter, ImageFailureCode, ImageIdentifier, TagStatus};

use super::answer::{Pages, Reader};
use super::clients::AwsCloud;
use super::operation::Operation;
use crate::cloud::{At, CloudError};
use crate::model::place::Access;
use crate::model::{AccountId, EcrRepository, Place, Region};
use crate::registry::manifest::{self, ACCEPTED};
use crate::registry::{Image, Registry, RegistryError, TagSeen};

/// The longest page of DescribeImages. \[doc\]
const IMAGES_PER_PAGE: i32 = 1000;
/// More pages than a repository can fill: ECR keeps 20,000 images in one, unless its quota was raised.
const PAGES: usize = 200;

/// One question about one repository.
struct Question<'a> {
    name: EcrRepository<'a>,
    at: At,
    registry: &'a str,
    what: String,
}

impl<'a> Question<'a> {
    fn new(repository: &'a str, what: impl FnOnce(&str) -> String) -> Result<Self, RegistryError> {
        let wrong = |why: &dyn std::fmt::Display| RegistryError::Name {
            repository: repository.to_owned(),
            why: why.to_string(),
        };
        let name = EcrRepository::parse(repository).ok_or_else(|| wrong(&"it is not in ECR"))?;
        let place = Place {
            account: AccountId::new(name.account).map_err(|error| wrong(&error))?,
            region: Region::new(name.region).map_err(|error| wrong(&error))?,
        };
        let registry = repository.split('/').next().unwrap_or(repository);
        Ok(Self { name, at: At { place, access: Access::default() }, registry, what: what(name.path) })
    }

    /// What an error of AWS means here.
    fn failed(&self, error: CloudError) -> RegistryError {
        let (registry, what) = (self.registry.to_owned(), self.what.clone());
        match error {
            CloudError::NotFound { .. } => RegistryError::Missing { registry, path: self.name.path.to_owned() },
            CloudError::Throttled { .. } => RegistryError::Limited { registry },
            CloudError::Credentials { message, .. } => {
                RegistryError::Denied { registry, what, why: format!("landfall has no usable credentials: {message}") }
            }
            CloudError::Denied { message, .. }
            | CloudError::Expired { message, .. }
            | CloudError::Clock { message, .. } => RegistryError::Denied {
                registry,
                what,
                why: format!("{message}; the call needs the rights ecr:DescribeImages and ecr:BatchGetImage"),
            },
            error => RegistryError::Failed { registry, what, source: Box::new(error) },
        }
    }

    fn answer(&self, why: impl Into<String>) -> RegistryError {
        RegistryError::Answer { registry: self.registry.to_owned(), what: self.what.clone(), why: why.into() }
    }
}

#[async_trait]
impl Registry for AwsCloud {
    async fn tags(&self, repository: &str) -> Result<Vec<TagSeen>, RegistryError> {
        let question = Question::new(repository, |path| format!("the tags of {path}"))?;
        let (operation, name) = (Operation::DescribeImages, question.name);
        let read = Reader(operation);
        let failed = |error| question.failed(error);
        let clients = self.clients(&question.at, operation).await.map_err(failed)?;
        let (mut tags, mut pages) = (Vec::new(), Pages::of(operation));
        for _ in 0..PAGES {
            let token = pages.token();
            let page = self.send(&question.at, operation, &clients, |clients| {
                let call = clients.ecr.describe_images().registry_id(name.account).repository_name(name.path);
                let tagged = DescribeImagesFilter::builder().tag_status(TagStatus::Tagged).build();
                call.filter(tagged).max_results(IMAGES_PER_PAGE).set_next_token(token.clone()).send()
            });
            let page = page.await.map_err(failed)?;
            for image in page.image_details() {
                let pushed = read.time("imagePushedAt", image.image_pushed_at()).map_err(failed)?;
                for tag in image.image_tags() {
                    if !manifest::is_tag(tag) {
                        return Err(question.answer(format!("`{}` is not a tag", tag.escape_default())));
                    }
                    tags.push(TagSeen { name: Arc::from(tag.as_str()), pushed: Some(pushed) });
                }
            }
            if !pages.turn(page.next_token()).map_err(failed)? {
                return Ok(tags);
            }
        }
        Err(question.answer(format!("more than {PAGES} pages")))
    }

    async fn describe(&self, repository: &str, tag: &str) -> Result<Option<Image>, RegistryError> {
        let question = Question::new(repository, |path| format!("the tag {} of {path}", tag.escape_default()))?;
        let (operation, name) = (Operation::BatchGetImage, question.name);
        let failed = |error| question.failed(error);
        let clients = self.clients(&question.at, operation).await.map_err(failed)?;
        let answer = self.send(&question.at, operation, &clients, |clients| {
            let call = clients.ecr.batch_get_image().registry_id(name.account).repository_name(name.path);
            let accepted = ACCEPTED.map(str::to_owned).to_vec();
            let image = ImageIdentifier::builder().image_tag(tag).build();
            call.image_ids(image).set_accepted_media_types(Some(accepted)).send()
        });
        let answer = answer.await.map_err(failed)?;
        let Some(image) = answer.images().first() else {
            let codes: Vec<_> = answer.failures().iter().filter_map(|failure| failure.failure_code()).collect();
            return match codes.as_slice() {
                [ImageFailureCode::ImageNotFound | ImageFailureCode::ImageTagDoesNotMatchDigest] => Ok(None),
                [code, ..] => Err(question.answer(code.as_str())),
                [] => Err(question.answer("neither an image nor a failure")),
            };
        };
        let text = Reader(operation).text("imageManifest", image.image_manifest()).map_err(failed)?;
        let claimed = image.image_id().and_then(|id| id.image_digest());
        manifest::read(text.as_bytes(), claimed).map(Some).map_err(|why| question.answer(why))
    }
}
