//! Where a template is when a change set is asked for: in the call, or in a bucket.
//!
//! CloudFormation takes longer templates from S3 only. An object's name is made of what is in it, so that putting it there
//! again changes nothing, and landfall need not remember that it was done.

use std::sync::Arc;

use super::{At, CloudError};
use crate::model::{BucketName, Hash, Id, Region};

/// Where CloudFormation finds a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateSource {
    /// In the call itself: at most 51,200 bytes.
    Body(Arc<str>),
    /// In a bucket, where [`Change::put_template`](super::Change::put_template) put it: at most 1 MB.
    Object(TemplateObject),
}

impl From<&str> for TemplateSource {
    fn from(body: &str) -> Self {
        Self::Body(Arc::from(body))
    }
}

impl From<String> for TemplateSource {
    fn from(body: String) -> Self {
        Self::Body(Arc::from(body))
    }
}

/// A template in a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateObject {
    /// The bucket: in the target's account and region.
    pub bucket: BucketName,
    /// The object's key.
    pub key: Arc<str>,
}

impl TemplateObject {
    /// What the keys of a repository's templates begin with.
    pub fn prefix(repository: &Id) -> String {
        format!("landfall/{repository}/")
    }

    /// The place of this text: the same for the same text, another for any other.
    pub fn of(bucket: BucketName, repository: &Id, body: &str) -> Self {
        let hash = Hash::of(body.as_bytes()).hex();
        Self { bucket, key: format!("{}{hash}.json", Self::prefix(repository)).into() }
    }

    /// Its address, as CloudFormation takes it: the bucket in the path, because a name with a dot has no certificate of its
    /// own. `endpoint` stands for S3 where that is not AWS.
    pub fn url(&self, region: &Region, endpoint: Option<&str>) -> String {
        let (bucket, key) = (&self.bucket, &self.key);
        match endpoint {
            Some(endpoint) => format!("{}/{bucket}/{key}", endpoint.trim_end_matches('/')),
            None => format!("https://s3.{region}.{}/{bucket}/{key}", region.domain()),
        }
    }

    /// An error of putting it there, with what was tried and how to fix it.
    pub fn not_put(&self, at: &At, error: CloudError) -> CloudError {
        let Self { bucket, key } = self;
        let (place, region) = (&at.place, &at.place.region);
        error.explained(|error, message| match error {
            CloudError::NotFound { .. } => format!(
                "there is no bucket {bucket} to put a template into: {message}; create it in {place}, or correct \
                 `template_bucket` in the target's file"
            ),
            CloudError::Denied { .. } => format!(
                "the template s3://{bucket}/{key}: {message}; the bucket has to belong to account {}, and the role that deploys \
                 there needs what `landfall iam` prints",
                place.account
            ),
            CloudError::Invalid { .. } => format!(
                "the template s3://{bucket}/{key}: {message}; the bucket has to be in the target's region, {region}"
            ),
            _ => format!("the template s3://{bucket}/{key}: {message}"),
        })
    }

    /// An error of making a change set from it: if CloudFormation could not read the object, with how to fix it.
    pub fn not_read(&self, error: CloudError) -> CloudError {
        let Self { bucket, key } = self;
        error.explained(|_, message| match message.contains("S3 error") {
            true => format!(
                "CloudFormation cannot read the template s3://{bucket}/{key} with landfall's rights: {message}; \
                 `landfall iam` prints what they lack"
            ),
            false => message.to_owned(),
        })
    }
}
