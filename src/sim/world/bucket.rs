//! Buckets of S3, as much as a template needs on its way to CloudFormation.
//!
//! A bucket belongs to one account and lies in one region, and its name is taken in all of them. Only its own account may use
//! it. Deliberately absent: policies and versions of buckets, listing and deleting objects, anything about their owners.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::World;
use crate::model::{BucketName, Place};
use crate::sim::config::Buckets;
use crate::sim::error::{Answer, ApiError};
use crate::sim::ledger::Effect;

#[derive(Clone, Debug)]
pub(super) struct Bucket {
    place: Place,
    objects: BTreeMap<String, Arc<[u8]>>,
}

impl Bucket {
    pub(super) fn empty(place: Place) -> Self {
        Self { place, objects: BTreeMap::new() }
    }
}

/// CloudFormation's words for what S3 answers when a template is read. \[reports\]
fn s3_error(sentence: impl std::fmt::Display) -> ApiError {
    ApiError::validation(format!("S3 error: {sentence}"))
}

fn denied() -> ApiError {
    ApiError { code: "AccessDenied", message: "Access Denied".to_owned(), status: 403 }
}

fn no_bucket() -> ApiError {
    ApiError { code: "NoSuchBucket", message: "The specified bucket does not exist".to_owned(), status: 404 }
}

impl World {
    /// CreateBucket.
    pub fn create_bucket(&mut self, place: &Place, name: &str) -> Answer<()> {
        let name = BucketName::new(name)
            .map_err(|_| ApiError::new("InvalidBucketName", "The specified bucket is not valid."))?;
        let taken = |code, message: &str| Err(ApiError { code, message: message.to_owned(), status: 409 });
        match self.buckets.get(name.as_str()) {
            Some(bucket) if bucket.place.account == place.account => taken(
                "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.",
            ),
            Some(_) => taken(
                "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by all users of the system. \
                 Please select a different name and try again.",
            ),
            None => {
                self.buckets.insert(name.as_str().to_owned(), Bucket::empty(place.clone()));
                self.record(place, "CreateBucket", name.to_string(), None, Effect::Effective);
                Ok(())
            }
        }
    }

    /// Deletes a bucket with its content, which the protocols do not allow; false if it does not exist.
    pub fn delete_bucket(&mut self, name: &str) -> bool {
        self.buckets.remove(name).is_some()
    }

    /// HeadBucket. `owner` is the account that the caller takes to be the bucket's.
    pub fn head_bucket(&mut self, place: &Place, name: &str, owner: Option<&str>) -> Answer<()> {
        self.bucket(place, name, owner).map(drop)
    }

    /// PutObject. The same bytes again change nothing.
    pub fn put_object(&mut self, place: &Place, name: &str, key: &str, body: &[u8], owner: Option<&str>) -> Answer<()> {
        let bucket = self.bucket(place, name, owner)?;
        let before = bucket.objects.insert(key.to_owned(), Arc::from(body));
        let effect = if before.as_deref() == Some(body) { Effect::Replayed } else { Effect::Effective };
        self.record(place, "PutObject", format!("{name}/{key}"), None, effect);
        Ok(())
    }

    /// GetObject.
    pub fn get_object(&mut self, place: &Place, name: &str, key: &str, owner: Option<&str>) -> Answer<Arc<[u8]>> {
        let found = self.bucket(place, name, owner)?.objects.get(key).cloned();
        found.ok_or_else(|| ApiError {
            code: "NoSuchKey",
            message: "The specified key does not exist.".to_owned(),
            status: 404,
        })
    }

    fn bucket(&mut self, place: &Place, name: &str, owner: Option<&str>) -> Answer<&mut Bucket> {
        if self.config.buckets == Buckets::Any && BucketName::new(name).is_ok() {
            self.buckets.entry(name.to_owned()).or_insert_with(|| Bucket::empty(place.clone()));
        }
        let bucket = self.buckets.get_mut(name).ok_or_else(no_bucket)?;
        let its = bucket.place.account.as_str();
        if bucket.place.region != place.region {
            return Err(ApiError {
                code: "PermanentRedirect",
                message:
                    "The bucket you are attempting to access must be addressed using the specified endpoint. Please \
                          send all future requests to this endpoint."
                        .to_owned(),
                status: 301,
            });
        }
        if its != place.account.as_str() || owner.is_some_and(|owner| owner != its) {
            return Err(denied());
        }
        Ok(bucket)
    }

    /// Whether a bucket of the account contains anything.
    pub(super) fn bucket_has_objects(&self, place: &Place, name: &str) -> bool {
        let own = self.buckets.get(name).filter(|bucket| bucket.place.account == place.account);
        own.is_some_and(|bucket| !bucket.objects.is_empty())
    }

    /// What `AWS::Include` reads. The error is AWS's sentence; \[?\] those but of a missing bucket.
    pub(super) fn object(&self, place: &Place, bucket: &str, key: &str) -> Result<Arc<[u8]>, String> {
        let found = self.buckets.get(bucket);
        let found = found.ok_or_else(|| format!("S3 bucket [{bucket}] does not exist."))?;
        if found.place.account != place.account {
            return Err("Access Denied".to_owned());
        }
        found.objects.get(key).cloned().ok_or_else(|| format!("S3 object [{key}] does not exist in bucket [{bucket}]."))
    }

    /// What CloudFormation reads at a `TemplateURL`, with the caller's rights. `host` is what the caller calls this server,
    /// where it is one.
    pub fn template_at(&mut self, place: &Place, url: &str, host: Option<&str>) -> Answer<String> {
        let Address { bucket, key, region } = address(url, host)?;
        let its = self.buckets.get(&bucket).map(|bucket| bucket.place.clone());
        let asked = region.unwrap_or_else(|| place.region.as_str().to_owned());
        if let Some(its) = its.as_ref().filter(|its| its.region.as_str() != asked) {
            return Err(s3_error(format_args!(
                "The bucket is in this region: {}. Please use this region to retry the request",
                its.region
            )));
        }
        let there = its.map_or_else(|| place.clone(), |its| Place { region: its.region, ..place.clone() });
        let more = "For more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html";
        let body = self
            .get_object(&there, &bucket, &key, None)
            .map_err(|error| s3_error(format_args!("{}\n{more}", error.message)))?;
        if body.len() > super::template::MAX_OBJECT {
            let message = format!("Template may not exceed {} bytes in size.", super::template::MAX_OBJECT);
            return Err(ApiError::validation(message));
        }
        String::from_utf8(body.to_vec()).map_err(|_| ApiError::validation("Template format error: not UTF-8."))
    }
}

/// What a `TemplateURL` names.
#[derive(Debug, PartialEq)]
struct Address {
    bucket: String,
    key: String,
    /// The region of its endpoint; none for the one that knows no region.
    region: Option<String>,
}

/// Reads the address of an object: with the bucket in the path or before the host, regional or not.
fn address(url: &str, host: Option<&str>) -> Answer<Address> {
    let unsupported = || ApiError::validation("TemplateURL must be a supported URL.");
    if url.contains(['?', '%', '#']) {
        return Err(ApiError::not_modelled("template URLs with a query or with escaped characters"));
    }
    let (scheme, rest) = url.split_once("://").ok_or_else(unsupported)?;
    let (authority, path) = rest.split_once('/').ok_or_else(unsupported)?;
    let in_path = |region: Option<String>| {
        let (bucket, key) = path.split_once('/').filter(|(_, key)| !key.is_empty()).ok_or_else(unsupported)?;
        Ok(Address { bucket: bucket.to_owned(), key: key.to_owned(), region })
    };
    if host == Some(authority) {
        return in_path(None);
    }
    let s3 = authority.strip_suffix(".cn").unwrap_or(authority).strip_suffix(".amazonaws.com");
    let Some(s3) = s3.filter(|_| scheme == "https") else { return Err(unsupported()) };
    let before = |end: &str| s3.strip_suffix(end).map(str::to_owned);
    match s3.rsplit_once("s3.") {
        Some(("", region)) => in_path(Some(region.to_owned())),
        Some((bucket, region)) if bucket.ends_with('.') && !path.is_empty() => Ok(Address {
            bucket: bucket.trim_end_matches('.').to_owned(),
            key: path.to_owned(),
            region: Some(region.to_owned()),
        }),
        _ if s3 == "s3" => in_path(None),
        _ => match before(".s3").filter(|_| !path.is_empty()) {
            Some(bucket) => Ok(Address { bucket, key: path.to_owned(), region: None }),
            None => Err(unsupported()),
        },
    }
}
