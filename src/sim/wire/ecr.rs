//! ECR over JSON 1.1: repositories and images, and the pushes of people who have no client.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::Server;
use super::caller::Caller;
use super::ecs_view::{compact, time};
use super::query::page;
use crate::model::{AccountId, Place};
use crate::sim::error::{Answer, ApiError};
use crate::sim::world::World;
use crate::sim::world::registry::{Failure, Image, ImageId, Push, PushedByHand, Repository, invalid};

/// The most images of one call to BatchGetImage and BatchDeleteImage. \[api\]
const MOST_IDS: usize = 100;

/// `POST /_landfall/images`: answers with the digest.
pub(super) async fn pushed(State(server): State<Server>, body: Bytes) -> Response {
    let bad = |words: String| (StatusCode::BAD_REQUEST, words + "\n").into_response();
    match serde_json::from_slice::<PushedByHand>(&body) {
        Err(error) => bad(format!("this is not a push: {error}")),
        Ok(hand) => match server.now().push_by_hand(&hand) {
            Ok(digest) => axum::Json(json!({ "digest": digest })).into_response(),
            Err(error) => bad(error.message),
        },
    }
}

pub(super) fn call(world: &mut World, caller: &Caller, operation: &str, input: &Value) -> Answer<String> {
    let request = Request { caller, operation, input };
    let answer = match operation {
        "CreateRepository" => request.create_repository(world),
        "DeleteRepository" => request.delete_repository(world),
        "DescribeRepositories" => request.describe_repositories(world),
        "PutImage" => request.put_image(world),
        "DescribeImages" => request.describe_images(world),
        "ListImages" => request.list_images(world),
        "BatchGetImage" => request.batch_get_image(world),
        "BatchDeleteImage" => request.batch_delete_image(world),
        other => Err(ApiError::not_modelled(format_args!("the operation {other} of ECR"))),
    }?;
    Ok(answer.to_string())
}

struct Request<'a> {
    caller: &'a Caller,
    operation: &'a str,
    input: &'a Value,
}

impl Request<'_> {
    /// Refuses fields that are not among `known`: nothing is taken and ignored.
    fn only(&self, known: &[&str]) -> Answer<()> {
        super::only(self.input, known, self.operation)
    }

    fn text(&self, key: &str) -> Option<String> {
        self.input.get(key).and_then(Value::as_str).map(str::to_owned)
    }

    fn required(&self, key: &str) -> Answer<String> {
        self.text(key).filter(|text| !text.is_empty()).ok_or_else(|| invalid(key, "must not be null"))
    }

    /// The registry that is asked, which is the caller's own: only a policy would let it into another.
    fn place(&self, world: &World) -> Answer<Place> {
        let own = self.caller.place.clone();
        let Some(id) = self.text("registryId").filter(|id| id != own.account.as_str()) else { return Ok(own) };
        let account =
            AccountId::new(&id).map_err(|_| invalid("registryId", "must satisfy regular expression '[0-9]{12}'"))?;
        let other = Place { account, ..own };
        let name = self.text("repositoryName").unwrap_or_default();
        if !name.is_empty() && world.repository(&other, &name)?.properties.contains_key("RepositoryPolicyText") {
            return Err(ApiError::not_modelled("policies of repositories"));
        }
        let (action, arn) = (self.operation, arn(&other, &name));
        let words = format!(
            "User: {} is not authorized to perform: ecr:{action} on resource: {arn} because no resource-based policy allows the \
             ecr:{action} action",
            self.caller.arn
        );
        Err(ApiError::new("AccessDeniedException", words))
    }

    /// The images that a call names.
    fn ids(&self, most: usize) -> Answer<Vec<ImageId>> {
        let list = self.input.get("imageIds").and_then(Value::as_array);
        let list = list.filter(|list| (1..=most).contains(&list.len()));
        let list = list.ok_or_else(|| invalid("imageIds", &format!("must have between 1 and {most} members")))?;
        let text = |one: &Value, key: &str| one.get(key).and_then(Value::as_str).map(str::to_owned);
        Ok(list.iter().map(|one| ImageId { digest: text(one, "imageDigest"), tag: text(one, "imageTag") }).collect())
    }

    /// One page of a listing.
    fn page<T>(&self, world: &World, rows: Vec<T>, key: impl Fn(&T) -> String) -> Answer<(Vec<T>, Option<String>)> {
        let given = self.input.get("maxResults").filter(|given| !given.is_null());
        let most = match given.map(|given| given.as_u64().filter(|most| (1..=1000).contains(most))) {
            Some(None) => return Err(invalid("maxResults", "must be between 1 and 1000")),
            Some(Some(most)) => usize::try_from(most).unwrap_or(usize::MAX),
            // \[api: DescribeImages\]
            None => 100,
        };
        let token = self.text("nextToken");
        page(rows, key, token, most.min(world.page_size()))
            .map_err(|_| ApiError::new("InvalidParameterException", "Invalid parameter at 'nextToken'"))
    }

    /// What a filter lets through, by whether an image has tags.
    fn filter(&self) -> Answer<impl Fn(bool) -> bool + use<>> {
        let filter = self.input.get("filter").and_then(Value::as_object);
        let word = |key: &str| filter.and_then(|filter| filter.get(key)).and_then(Value::as_str);
        let other =
            filter.and_then(|filter| filter.keys().find(|key| !["tagStatus", "imageStatus"].contains(&key.as_str())));
        if let Some(other) = other {
            return Err(ApiError::not_modelled(format_args!("the field filter.{other} of {}", self.operation)));
        }
        // Every image is active.
        match word("imageStatus") {
            None | Some("ACTIVE" | "ANY") => {}
            Some(other) => return Err(ApiError::not_modelled(format_args!("filter.imageStatus = {other}"))),
        }
        let wanted = match word("tagStatus") {
            None | Some("ANY") => None,
            Some("TAGGED") => Some(true),
            Some("UNTAGGED") => Some(false),
            Some(_) => return Err(invalid("filter.tagStatus", "must be one of TAGGED, UNTAGGED, ANY")),
        };
        Ok(move |tagged: bool| wanted.is_none_or(|wanted| wanted == tagged))
    }

    fn create_repository(&self, world: &mut World) -> Answer<Value> {
        self.only(&["registryId", "repositoryName", "imageTagMutability", "imageTagMutabilityExclusionFilters"])?;
        let place = self.place(world)?;
        let mut properties = Map::new();
        let setting = self.text("imageTagMutability").unwrap_or_else(|| "MUTABLE".to_owned());
        let excludes = match setting.as_str() {
            "MUTABLE" | "IMMUTABLE" => false,
            "MUTABLE_WITH_EXCLUSION" | "IMMUTABLE_WITH_EXCLUSION" => true,
            _ => return Err(invalid("imageTagMutability", "must be a setting of tag mutability")),
        };
        let filters = self.input.get("imageTagMutabilityExclusionFilters").and_then(Value::as_array);
        if excludes != filters.is_some_and(|filters| (1..=5).contains(&filters.len())) {
            let words = "must have between 1 and 5 members with a setting that has exclusions, and none without";
            return Err(invalid("imageTagMutabilityExclusionFilters", words));
        }
        properties.insert("ImageTagMutability".to_owned(), Value::String(setting));
        if let Some(filters) = filters {
            let filters = filters.iter().map(|filter| {
                json!({
                    "ImageTagMutabilityExclusionFilterType": filter.get("filterType"),
                    "ImageTagMutabilityExclusionFilterValue": filter.get("filter"),
                })
            });
            properties.insert("ImageTagMutabilityExclusionFilters".to_owned(), filters.collect());
        }
        let repository = world.create_repository(&place, &self.required("repositoryName")?, properties)?;
        Ok(json!({ "repository": repository_view(&place, &repository) }))
    }

    fn delete_repository(&self, world: &mut World) -> Answer<Value> {
        self.only(&["registryId", "repositoryName", "force"])?;
        let force = self.input.get("force").and_then(Value::as_bool).unwrap_or(false);
        let place = self.place(world)?;
        let repository = world.delete_repository(&place, &self.required("repositoryName")?, force)?;
        Ok(json!({ "repository": repository_view(&place, &repository) }))
    }

    fn describe_repositories(&self, world: &World) -> Answer<Value> {
        self.only(&["registryId", "repositoryNames", "nextToken", "maxResults"])?;
        let place = self.place(world)?;
        let mut all = world.repositories(&place);
        let names = self.input.get("repositoryNames").and_then(Value::as_array);
        let names: Option<Vec<&str>> = names.map(|names| names.iter().filter_map(Value::as_str).collect());
        for name in names.iter().flatten() {
            world.repository(&place, name)?;
        }
        all.retain(|one| names.as_ref().is_none_or(|names| names.contains(&one.name.as_str())));
        let (page, next) = self.page(world, all, |one| one.name.clone())?;
        let page: Vec<Value> = page.iter().map(|one| repository_view(&place, one)).collect();
        Ok(compact(json!({ "repositories": page, "nextToken": next })))
    }

    fn put_image(&self, world: &mut World) -> Answer<Value> {
        self.only(&[
            "registryId",
            "repositoryName",
            "imageManifest",
            "imageManifestMediaType",
            "imageTag",
            "imageDigest",
        ])?;
        let place = self.place(world)?;
        let push = Push {
            repository: self.required("repositoryName")?,
            manifest: self.required("imageManifest")?,
            media_type: self.text("imageManifestMediaType"),
            tag: self.text("imageTag"),
            digest: self.text("imageDigest"),
        };
        let image = world.put_image(&place, &push)?;
        Ok(json!({ "image": image_view(&place, &push.repository, &image, push.tag.as_deref()) }))
    }

    fn describe_images(&self, world: &World) -> Answer<Value> {
        self.only(&["registryId", "repositoryName", "imageIds", "nextToken", "maxResults", "filter"])?;
        let (place, name) = (self.place(world)?, self.required("repositoryName")?);
        let repository = world.repository(&place, &name)?;
        let row = |image: &Image, tags: &[&str]| {
            compact(json!({
                "registryId": place.account,
                "repositoryName": name,
                "imageDigest": image.digest,
                "imageTags": Some(tags).filter(|tags| !tags.is_empty()),
                "imageSizeInBytes": image.size,
                "imagePushedAt": time(image.pushed),
                "imageManifestMediaType": image.media_type,
                "artifactMediaType": image.artifact,
                "imageStatus": "ACTIVE",
            }))
        };
        if self.input.get("imageIds").is_some_and(|ids| !ids.is_null()) {
            let paged = ["nextToken", "maxResults", "filter"].into_iter().find(|key| self.input.get(key).is_some());
            if let Some(key) = paged {
                return Err(invalid(key, "cannot be used when you specify images with imageIds"));
            }
            let found = |id: &ImageId| {
                let image = repository.find(id).map_err(|failure| not_described(&place, &name, id, failure))?;
                Ok(row(image, &repository.tags_of(&image.digest).collect::<Vec<_>>()))
            };
            let rows = self.ids(100)?.iter().map(found).collect::<Answer<Vec<_>>>()?;
            return Ok(json!({ "imageDetails": rows }));
        }
        let wanted = self.filter()?;
        let all: Vec<_> = repository.images().filter(|(_, tags)| wanted(!tags.is_empty())).collect();
        let (page, next) = self.page(world, all, |(image, _)| image.digest.clone())?;
        let rows: Vec<Value> = page.iter().map(|(image, tags)| row(image, tags)).collect();
        Ok(compact(json!({ "imageDetails": rows, "nextToken": next })))
    }

    fn list_images(&self, world: &World) -> Answer<Value> {
        self.only(&["registryId", "repositoryName", "nextToken", "maxResults", "filter"])?;
        let place = self.place(world)?;
        let (repository, wanted) = (world.repository(&place, &self.required("repositoryName")?)?, self.filter()?);
        let mut ids = Vec::new();
        for (image, tags) in repository.images().filter(|(_, tags)| wanted(!tags.is_empty())) {
            let digest = Some(image.digest.clone());
            if tags.is_empty() {
                ids.push(ImageId { digest: digest.clone(), tag: None });
            }
            ids.extend(tags.iter().map(|tag| ImageId { digest: digest.clone(), tag: Some((*tag).to_owned()) }));
        }
        let (page, next) = self.page(world, ids, |id| format!("{:?}", (&id.digest, &id.tag)))?;
        Ok(compact(json!({ "imageIds": page.iter().map(id_view).collect::<Vec<_>>(), "nextToken": next })))
    }

    fn batch_get_image(&self, world: &World) -> Answer<Value> {
        self.only(&["registryId", "repositoryName", "imageIds", "acceptedMediaTypes"])?;
        let (place, name) = (self.place(world)?, self.required("repositoryName")?);
        let repository = world.repository(&place, &name)?;
        let accepted = self.input.get("acceptedMediaTypes").and_then(Value::as_array);
        let (mut images, mut failures) = (Vec::new(), Vec::new());
        for id in self.ids(MOST_IDS)? {
            match repository.find(&id) {
                // At AWS an image may come in another form than it was pushed in.
                Ok(image) if accepted.is_some_and(|types| !types.iter().any(|own| *own == *image.media_type)) => {
                    let words = "acceptedMediaTypes without the media type that an image was pushed with";
                    return Err(ApiError::not_modelled(words));
                }
                Ok(image) => images.push(image_view(&place, &name, image, id.tag.as_deref())),
                Err(failure) => failures.push(failure_view(&id, failure)),
            }
        }
        Ok(json!({ "images": images, "failures": failures }))
    }

    fn batch_delete_image(&self, world: &mut World) -> Answer<Value> {
        self.only(&["registryId", "repositoryName", "imageIds"])?;
        let (place, name) = (self.place(world)?, self.required("repositoryName")?);
        let (mut deleted, mut failures) = (Vec::new(), Vec::new());
        for id in self.ids(MOST_IDS)? {
            match world.delete_image(&place, &name, &id)? {
                Ok(gone) => deleted.extend(gone.iter().map(id_view)),
                Err(failure) => failures.push(failure_view(&id, failure)),
            }
        }
        Ok(json!({ "imageIds": deleted, "failures": failures }))
    }
}

fn arn(place: &Place, name: &str) -> String {
    format!("arn:{}:ecr:{}:{}:repository/{name}", place.region.partition(), place.region, place.account)
}

/// DescribeImages fails with the first image that does not exist. \[reports\] The words.
fn not_described(place: &Place, name: &str, id: &ImageId, (code, reason): Failure) -> ApiError {
    if !matches!(code, "ImageNotFound" | "ImageTagDoesNotMatchDigest") {
        return ApiError::new("InvalidParameterException", reason);
    }
    let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "null".to_owned());
    let words = format!(
        "The image with imageId {{imageDigest:'{}', imageTag:'{}'}} does not exist within the repository with name '{name}' in \
         the registry with id '{}'",
        shown(&id.digest),
        shown(&id.tag),
        place.account
    );
    ApiError::new("ImageNotFoundException", words)
}

fn id_view(id: &ImageId) -> Value {
    compact(json!({ "imageDigest": id.digest, "imageTag": id.tag }))
}

fn failure_view(id: &ImageId, (code, reason): Failure) -> Value {
    json!({ "imageId": id_view(id), "failureCode": code, "failureReason": reason })
}

fn image_view(place: &Place, repository: &str, image: &Image, tag: Option<&str>) -> Value {
    let id = ImageId { digest: Some(image.digest.clone()), tag: tag.map(str::to_owned) };
    json!({
        "registryId": place.account,
        "repositoryName": repository,
        "imageId": id_view(&id),
        "imageManifest": image.manifest,
        "imageManifestMediaType": image.media_type,
    })
}

fn repository_view(place: &Place, repository: &Repository) -> Value {
    let own = |key: &str| repository.properties.get(key);
    let inner = |key: &str, part: &str| own(key).and_then(|all| all.get(part)).cloned();
    let filters = own("ImageTagMutabilityExclusionFilters").and_then(Value::as_array).map(|filters| {
        let filter = |filter: &Value| {
            json!({
                "filterType": filter.get("ImageTagMutabilityExclusionFilterType"),
                "filter": filter.get("ImageTagMutabilityExclusionFilterValue"),
            })
        };
        filters.iter().map(filter).collect::<Vec<_>>()
    });
    // A template may write the flag as text.
    let scans = inner("ImageScanningConfiguration", "ScanOnPush").is_some_and(|flag| flag == true || flag == "true");
    let kind = inner("EncryptionConfiguration", "EncryptionType").unwrap_or_else(|| json!("AES256"));
    let encryption = json!({ "encryptionType": kind, "kmsKey": inner("EncryptionConfiguration", "KmsKey") });
    let host = format!("{}.dkr.ecr.{}.{}", place.account, place.region, place.region.domain());
    compact(json!({
        "repositoryArn": arn(place, &repository.name),
        "registryId": place.account,
        "repositoryName": repository.name,
        "repositoryUri": format!("{host}/{}", repository.name),
        "createdAt": time(repository.created),
        "imageTagMutability": own("ImageTagMutability").and_then(Value::as_str).unwrap_or("MUTABLE"),
        "imageTagMutabilityExclusionFilters": filters,
        "imageScanningConfiguration": { "scanOnPush": scans },
        "encryptionConfiguration": compact(encryption),
    }))
}
