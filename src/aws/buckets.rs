//! Buckets: where templates go that are too long for a call.
//!
//! Every request names the account that the bucket has to belong to: a bucket that was deleted and made again by another account
//! else is refused by S3, and a template never leaves the account.

use aws_sdk_s3::primitives::ByteStream;

use super::clients::AwsCloud;
use super::observe::found;
use super::operation::Operation;
use crate::cloud::{At, Result, TemplateObject};
use crate::model::BucketName;

impl AwsCloud {
    /// Puts a template into its bucket.
    pub(super) async fn put_object(&self, at: &At, object: &TemplateObject, body: &str) -> Result<()> {
        let put = self
            .call(at, Operation::PutObject, |clients| {
                let call = clients.s3.put_object().bucket(object.bucket.as_str()).key(object.key.as_ref());
                call.content_type("application/json")
                    .expected_bucket_owner(at.place.account.as_str())
                    .body(ByteStream::from(body.as_bytes().to_vec()))
                    .send()
            })
            .await;
        put.map(drop).map_err(|error| object.not_put(at, error))
    }

    /// Whether there is a bucket of that name.
    pub(super) async fn bucket_seen(&self, at: &At, name: &BucketName) -> Result<bool> {
        let answer = self
            .call(at, Operation::HeadBucket, |clients| {
                let call = clients.s3.head_bucket().bucket(name.as_str());
                call.expected_bucket_owner(at.place.account.as_str()).send()
            })
            .await;
        found(answer).map(|found| found.is_some())
    }
}
