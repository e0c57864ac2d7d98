//! S3's operations over REST: the bucket in the path, bodies as they are, errors in XML.

use axum::body::Body;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use quick_xml::events::Event;

use super::caller::Caller;
use super::query::Xml;
use crate::sim::error::{Answer, ApiError};
use crate::sim::world::World;

/// Headers of AWS's that change nothing here, or that are read.
const HEADERS: &[&str] = &[
    "x-amz-checksum-mode",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-expected-bucket-owner",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-server-side-encryption",
    "x-amz-security-token",
    "x-amz-user-agent",
];

/// A request to S3.
#[derive(Debug)]
pub(super) struct Request<'a> {
    method: &'a Method,
    bucket: &'a str,
    key: String,
    headers: &'a HeaderMap,
    body: &'a [u8],
}

/// What S3 answers.
#[derive(Debug, Default)]
pub(super) struct Answered {
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl<'a> Request<'a> {
    /// Reads what is asked for; nothing is taken and ignored.
    pub(super) fn read(method: &'a Method, uri: &'a Uri, headers: &'a HeaderMap, body: &'a [u8]) -> Answer<Self> {
        let path = uri.path().trim_start_matches('/');
        let others = uri.query().unwrap_or("").split('&').filter(|part| !part.is_empty() && !part.starts_with("x-id="));
        if let Some(other) = others.into_iter().next() {
            return Err(ApiError::not_modelled(format_args!("the query {other} of S3")));
        }
        let known = |name: &str| HEADERS.contains(&name) || name.starts_with("x-amz-checksum-");
        let own = headers.keys().map(|name| name.as_str()).filter(|name| name.starts_with("x-amz-"));
        if let Some(other) = own.into_iter().find(|name| !known(name)) {
            return Err(ApiError::not_modelled(format_args!("the header {other} of S3")));
        }
        let streamed = |value: &axum::http::HeaderValue| value.as_bytes().starts_with(b"STREAMING-");
        if headers.get("x-amz-content-sha256").is_some_and(streamed) {
            return Err(ApiError::not_modelled("bodies that are signed in chunks"));
        }
        if let Some(other) = headers.get("x-amz-server-side-encryption").filter(|value| *value != "AES256") {
            return Err(ApiError::not_modelled(format_args!("the encryption {other:?} of S3")));
        }
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let key = percent_encoding::percent_decode_str(key).decode_utf8();
        let key = key.map_err(|_| ApiError::new("InvalidURI", "Couldn't parse the specified URI."))?.into_owned();
        Ok(Self { method, bucket, key, headers, body })
    }

    /// The operation, as AWS calls it.
    pub(super) fn operation(&self) -> Answer<&'static str> {
        match (self.method.as_str(), self.bucket, self.key.as_str()) {
            (_, "", _) => Err(ApiError::not_modelled("listing buckets")),
            ("PUT", _, "") => Ok("CreateBucket"),
            ("HEAD", _, "") => Ok("HeadBucket"),
            ("PUT", _, _) => Ok("PutObject"),
            ("GET", _, key) if !key.is_empty() => Ok("GetObject"),
            ("HEAD", _, _) => Ok("HeadObject"),
            (method, ..) => Err(ApiError::not_modelled(format_args!("{method} of S3 on a bucket or an object"))),
        }
    }

    pub(super) fn call(&self, world: &mut World, caller: &Caller, operation: &str) -> Answer<Answered> {
        let place = &caller.place;
        let owner = self.headers.get("x-amz-expected-bucket-owner").and_then(|value| value.to_str().ok());
        let mut answered = Answered::default();
        match operation {
            "CreateBucket" => {
                self.check_location(place.region.as_str())?;
                world.create_bucket(place, self.bucket)?;
                answered.headers.push(("location", format!("/{}", self.bucket)));
            }
            "HeadBucket" => {
                world.head_bucket(place, self.bucket, owner)?;
                answered.headers.push(("x-amz-bucket-region", place.region.to_string()));
            }
            "PutObject" => {
                let there = world.get_object(place, self.bucket, &self.key, owner).ok();
                self.check_preconditions(there.as_deref())?;
                world.put_object(place, self.bucket, &self.key, self.body, owner)?;
                answered.headers.push(("etag", etag(self.body)));
                answered.headers.push(("x-amz-server-side-encryption", "AES256".to_owned()));
            }
            _ => {
                let object = world.get_object(place, self.bucket, &self.key, owner)?;
                self.check_preconditions(Some(&object))?;
                answered.headers.push(("etag", etag(&object)));
                answered.headers.push(("x-amz-server-side-encryption", "AES256".to_owned()));
                // The length of the answer to HEAD is that of the object.
                answered.body = object.to_vec();
            }
        }
        Ok(answered)
    }

    /// `If-Match` and `If-None-Match`, about what is there.
    fn check_preconditions(&self, there: Option<&[u8]>) -> Answer<()> {
        let asked = |name: &str| self.headers.get(name).and_then(|value| value.to_str().ok());
        let matches = |wanted: &str| there.is_some_and(|body| wanted == "*" || wanted == etag(body));
        let reading = matches!(self.method.as_str(), "GET" | "HEAD");
        if asked("if-none-match").is_some_and(matches) && reading {
            return Err(ApiError { code: "NotModified", message: "Not Modified".to_owned(), status: 304 });
        }
        if asked("if-none-match").is_some_and(matches) || asked("if-match").is_some_and(|wanted| !matches(wanted)) {
            let message = "At least one of the pre-conditions you specified did not hold".to_owned();
            return Err(ApiError { code: "PreconditionFailed", message, status: 412 });
        }
        Ok(())
    }

    /// A bucket is made in the region that the request names, which must be the one that it is sent to.
    fn check_location(&self, region: &str) -> Answer<()> {
        let asked = location(self.body)?.unwrap_or_else(|| "us-east-1".to_owned());
        if asked == region {
            return Ok(());
        }
        Err(ApiError::new(
            "IllegalLocationConstraintException",
            format!(
                "The {asked} location constraint is incompatible for the region specific endpoint this request was sent to."
            ),
        ))
    }
}

/// The `LocationConstraint` of a CreateBucket.
fn location(body: &[u8]) -> Answer<Option<String>> {
    let malformed = || ApiError::new("MalformedXML", "The XML you provided was not well-formed.");
    let text = std::str::from_utf8(body).map_err(|_| malformed())?;
    let mut reader = quick_xml::Reader::from_str(text);
    let (mut inside, mut found) = (false, None);
    loop {
        match reader.read_event().map_err(|_| malformed())? {
            Event::Start(tag) | Event::Empty(tag) => match tag.local_name().as_ref() {
                "CreateBucketConfiguration" => {}
                "LocationConstraint" => inside = true,
                other => {
                    return Err(ApiError::not_modelled(format_args!("{other} of a new bucket")));
                }
            },
            Event::Text(text) if inside => {
                found = Some(text.trim().to_owned());
                inside = false;
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

/// An opaque text that identifies an object's content. Real ones are MD5 sums, which clients must not rely on.
fn etag(body: &[u8]) -> String {
    format!("\"{}\"", crate::model::Hash::of(body).hex().get(..32).unwrap_or_default())
}

pub(super) fn reply(answered: Answered, request_id: &str) -> Response {
    let mut response = (StatusCode::OK, Body::from(answered.body)).into_response();
    let headers = answered.headers.into_iter().chain([("x-amz-request-id", request_id.to_owned())]);
    for (name, value) in headers {
        if let Ok(value) = axum::http::HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// An error. An answer to HEAD has no body, so that there only the status speaks.
pub(super) fn error(error: &ApiError, method: &Method, request_id: &str) -> Response {
    let mut xml = Xml::default();
    xml.open("Error");
    xml.text("Code", error.code);
    xml.text("Message", &error.message);
    xml.text("RequestId", request_id);
    xml.close("Error");
    let body = if method == Method::HEAD { String::new() } else { xml.finish() };
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, [("content-type", "application/xml"), ("x-amz-request-id", request_id)], body).into_response()
}
