//! The AWS protocols over a world: CloudFormation, STS and Elastic Load Balancing (query and XML), ECS, ECR and CloudWatch Logs (JSON 1.1), S3
//! (REST).
//!
//! This layer only translates: who calls and where (`caller`), what is asked (`query`, JSON), and how AWS would write the
//! answer. The account of a call is its access key id where that is twelve digits, or the one that AssumeRole issued the key
//! for; the region is that of the signature. Signatures are not checked. Time is turned before every request to what the
//! given clock shows. A path is a bucket of S3 if the request is signed for S3. Besides AWS's own: `/_landfall/faults` (GET, POST,
//! DELETE), `/_landfall/hands` (POST: changes a resource outside CloudFormation), `/_landfall/images` (POST: pushes an image), `/_landfall/custom-resources` (GET: the requests that
//! custom resources wait for), `/_landfall/ledger` (GET), and pages for people under `/_landfall/`.

mod caller;
mod cloudformation;
mod ecr;
mod ecs;
mod ecs_arns;
mod ecs_hands;
mod ecs_service_task;
mod ecs_tasks;
mod ecs_view;
mod elb;
mod events;
mod hooks;
mod imports;
mod logs;
mod outside;
mod parameters;
mod query;
mod s3;
mod show;
mod sts;

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use futures::StreamExt as _;
use jiff::Timestamp;
use tokio::net::TcpListener;

use self::caller::Caller;
use self::query::Params;
use super::error::{Answer, ApiError};
use super::fault::Fault;
use super::page;
use super::world::{Broken, ByHand, Delivered, World};
use crate::model::{AccountId, Place, Region};

/// The longest body, in bytes: assets of functions are larger than templates.
const MAX_BODY: usize = 64 * 1024 * 1024;
/// How long a body may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Returns the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Serves a world until `shutdown` is ready, finishing the requests that are under way.
///
/// The world's clock follows `clock`, whose first answer must not be before the world's own time. Binding the listener, on
/// loopback unless there is a reason not to, is the caller's.
pub async fn serve(
    listener: TcpListener,
    world: Arc<Mutex<World>>,
    clock: Clock,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let server = Server { world, clock };
    let router = Router::new()
        .route("/", post(aws).fallback(objects))
        .route("/_landfall", get(|| async { Redirect::permanent("/_landfall/") }))
        .route("/_landfall/", get(page))
        .route("/_landfall/stacks/{account}/{region}/{stack}", get(stack_page))
        .route("/_landfall/faults", get(list_faults).post(queue_fault).delete(clear_faults))
        .route("/_landfall/hands", post(by_hand))
        .route("/_landfall/images", post(ecr::pushed))
        .route("/_landfall/custom-resources", get(outside::requests))
        .route("/_landfall/ledger", get(ledger))
        .fallback(objects)
        .with_state(server)
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn(whole));
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}

/// Reads the whole body before anything looks at it, for a limited time, from callers that mean this server: a page of another
/// site that a browser shows can send requests to loopback too.
async fn whole(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let host = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    if !host.is_none_or(is_this_machine) || parts.headers.contains_key(header::ORIGIN) {
        let words = "the simulated account is asked by programs of this machine, under the name of this machine\n";
        return (StatusCode::FORBIDDEN, words).into_response();
    }
    match tokio::time::timeout(PATIENCE, axum::body::to_bytes(body, MAX_BODY)).await {
        Err(_) => (StatusCode::REQUEST_TIMEOUT, "the body did not arrive\n").into_response(),
        Ok(Err(_)) => (StatusCode::PAYLOAD_TOO_LARGE, "the body did not arrive, or is too long\n").into_response(),
        Ok(Ok(body)) => next.run(Request::from_parts(parts, Body::from(body))).await,
    }
}

/// Whether a `Host` is an address or a name of loopback.
fn is_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let is_address = name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    is_address || name == "localhost" || name.ends_with(".localhost")
}

#[derive(Clone)]
struct Server {
    world: Arc<Mutex<World>>,
    clock: Clock,
}

impl Server {
    /// The world, its clock turned to now.
    fn now(&self) -> MutexGuard<'_, World> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.advance((self.clock)());
        world
    }
}

async fn list_faults(State(server): State<Server>) -> Response {
    axum::Json(server.now().faults()).into_response()
}

async fn queue_fault(State(server): State<Server>, body: Bytes) -> Response {
    let read = serde_json::from_slice::<Fault>(&body).map_err(|error| error.to_string());
    match read.and_then(|fault| fault.check().map(|()| fault)) {
        Ok(fault) => {
            server.now().queue_fault(fault);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(why) => (StatusCode::BAD_REQUEST, format!("this is not a fault: {why}\n")).into_response(),
    }
}

async fn clear_faults(State(server): State<Server>) -> Response {
    server.now().clear_faults();
    StatusCode::NO_CONTENT.into_response()
}

async fn by_hand(State(server): State<Server>, body: Bytes) -> Response {
    let bad = |words: String| (StatusCode::BAD_REQUEST, words + "\n").into_response();
    match serde_json::from_slice::<ByHand>(&body) {
        Err(error) => bad(format!("this is nothing that hands can do: {error}")),
        Ok(deed) => match server.now().by_hand(&deed) {
            Ok(()) => StatusCode::NO_CONTENT.into_response(),
            Err(error) => bad(error.message),
        },
    }
}

async fn ledger(State(server): State<Server>) -> Response {
    axum::Json(server.now().ledger()).into_response()
}

async fn page(State(server): State<Server>, headers: HeaderMap) -> Response {
    shown(&headers, page::overview(&server.now()))
}

async fn stack_page(
    State(server): State<Server>,
    Path((account, region, stack)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let place = AccountId::new(&account).and_then(|account| Ok(Place { account, region: Region::new(&region)? }));
    match place.ok().and_then(|place| page::stack(&server.now(), &place, &stack)) {
        Some(drawn) => shown(&headers, drawn),
        None => (StatusCode::NOT_FOUND, "this stack does not exist\n").into_response(),
    }
}

/// A page, unless the browser has it.
fn shown(headers: &HeaderMap, drawn: page::Drawn) -> Response {
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == drawn.tag.as_bytes());
    let headers = [
        (header::ETAG, drawn.tag),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_SECURITY_POLICY, page::policy()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, drawn.html).into_response()
}

/// Which protocol a request speaks.
#[derive(Clone, Copy, PartialEq)]
enum Service {
    CloudFormation,
    Sts,
    Ecr,
    Ecs,
    LoadBalancing,
    Logs,
}

async fn aws(State(server): State<Server>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    let json = target.is_some();
    let (outcome, request_id) = {
        let mut world = server.now();
        let request_id = world.request_id();
        let outcome = match target {
            Some(target) => json_call(&mut world, &headers, target, &body),
            None => query_call(&mut world, &headers, &body, &request_id),
        };
        (outcome, request_id)
    };
    match outcome {
        Ok(Delivered::Broken(broken)) => break_off(broken).await,
        Ok(Delivered::Garbled(_)) => garbled(),
        Ok(Delivered::Answer(text) | Delivered::Old(text)) => {
            reply(StatusCode::OK, if json { "application/x-amz-json-1.1" } else { "text/xml" }, &request_id, text)
        }
        Err(error) if json => json_error(&error, &request_id),
        Err(error) => xml_error(&error, &request_id),
    }
}

async fn objects(State(server): State<Server>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    if method == Method::PUT && World::is_answer(uri.path()) {
        return outside::put(&server, uri.path(), &body);
    }
    let (outcome, request_id) = {
        let mut world = server.now();
        let request_id = world.request_id();
        let outcome = Caller::read(&headers, &world).and_then(|caller| {
            if caller.service != "s3" {
                return Err(ApiError::not_modelled(format_args!("the service {}", caller.service)));
            }
            let request = s3::Request::read(&method, &uri, &headers, &body)?;
            let operation = request.operation()?;
            world.carry_out(&caller.place, operation, |world| request.call(world, &caller, operation))
        });
        (outcome, request_id)
    };
    match outcome {
        // An answer to HEAD is its beginning: it is there or not.
        Ok(Delivered::Broken(_)) if method == Method::HEAD => break_off(Broken::Silent).await,
        Ok(Delivered::Broken(broken)) => break_off(broken).await,
        Ok(Delivered::Garbled(_)) => garbled(),
        Ok(Delivered::Answer(answered) | Delivered::Old(answered)) => s3::reply(answered, &request_id),
        Err(error) => s3::error(&error, &method, &request_id),
    }
}

fn json_call(world: &mut World, headers: &HeaderMap, target: &str, body: &[u8]) -> Answer<Delivered<String>> {
    let (service, operation) = match target.split_once('.') {
        Some(("AmazonEC2ContainerServiceV20141113", operation)) => (Service::Ecs, operation),
        Some(("AmazonEC2ContainerRegistry_V20150921", operation)) => (Service::Ecr, operation),
        Some(("Logs_20140328", operation)) => (Service::Logs, operation),
        _ => return Err(ApiError::not_modelled(format_args!("the operation {target}"))),
    };
    let caller = Caller::read(headers, world)?;
    let input = serde_json::from_slice(body)
        .map_err(|error| ApiError::new("SerializationException", format!("the body is not JSON: {error}")))?;
    world.carry_out(&caller.place, operation, |world| match service {
        Service::Ecr => ecr::call(world, &caller, operation, &input),
        Service::Logs => logs::call(world, &caller, operation, &input),
        _ => ecs::call(world, &caller, operation, &input),
    })
}

fn query_call(world: &mut World, headers: &HeaderMap, body: &[u8], request_id: &str) -> Answer<Delivered<String>> {
    let params = Params::read(body);
    let action = params.text("Action").ok_or_else(|| ApiError::new("MissingAction", "the request names no Action"))?;
    let caller = Caller::read(headers, world)?;
    let service = match caller.service.as_str() {
        "cloudformation" => Service::CloudFormation,
        "sts" => Service::Sts,
        "ecs" => Service::Ecs,
        "elasticloadbalancing" => Service::LoadBalancing,
        "logs" => Service::Logs,
        other => return Err(ApiError::not_modelled(format_args!("the service {other}"))),
    };
    let operation = action.clone();
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    world.carry_out(&caller.place, &operation, |world| match service {
        Service::CloudFormation => cloudformation::call(world, &caller, host, &action, &params, request_id),
        Service::Sts => sts::call(world, &caller, &action, &params, request_id),
        Service::LoadBalancing => elb::call(world, &caller, &action, &params, request_id),
        Service::Ecr | Service::Ecs | Service::Logs => {
            Err(ApiError::not_modelled("this service over the query protocol"))
        }
    })
}

/// Refuses fields of a JSON request that are not among `known`.
fn only(input: &serde_json::Value, known: &[&str], of: &str) -> Answer<()> {
    match input.as_object().into_iter().flat_map(serde_json::Map::keys).find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(ApiError::not_modelled(format_args!("the field {key} of {of}"))),
        None => Ok(()),
    }
}

fn reply(status: StatusCode, kind: &'static str, request_id: &str, text: String) -> Response {
    let mut response = (status, [(header::CONTENT_TYPE, kind)], text).into_response();
    if let Ok(id) = header::HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

/// An answer that does not arrive.
async fn break_off(broken: Broken) -> Response {
    let pieces: Vec<io::Result<Bytes>> = match broken {
        // Ends when the client closes the connection.
        Broken::Silent => std::future::pending().await,
        Broken::Closed => vec![Err(io::ErrorKind::ConnectionReset.into())],
        Broken::Stalled => vec![Ok(Bytes::from_static(b"<"))],
    };
    let stalls = futures::stream::pending().take(usize::from(broken == Broken::Stalled));
    let mut response = Response::new(Body::from_stream(futures::stream::iter(pieces).chain(stalls)));
    response.headers_mut().insert(header::CONTENT_LENGTH, header::HeaderValue::from_static("1000"));
    response
}

/// An answer that is not AWS's, as a proxy may give it. One to HEAD has no body, so that there it is a good answer.
fn garbled() -> Response {
    (StatusCode::OK, "<html>it works!").into_response()
}

fn status(error: &ApiError) -> StatusCode {
    StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_REQUEST)
}

fn json_error(error: &ApiError, request_id: &str) -> Response {
    let body = serde_json::json!({ "__type": error.code, "message": error.message });
    reply(status(error), "application/x-amz-json-1.1", request_id, body.to_string())
}

fn xml_error(error: &ApiError, request_id: &str) -> Response {
    let mut xml = query::Xml::default();
    xml.open("ErrorResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"");
    xml.open("Error");
    xml.text("Type", if error.status >= 500 { "Receiver" } else { "Sender" });
    xml.text("Code", error.code);
    xml.text("Message", &error.message);
    xml.close("Error");
    xml.text("RequestId", request_id);
    xml.close("ErrorResponse");
    reply(status(error), "text/xml", request_id, xml.finish())
}
