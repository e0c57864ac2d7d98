//! What something outside of the account answers for: the requests of custom resources, and the addresses to which signals and
//! responses are put.

use axum::extract::State;
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::{Server, s3};

/// The requests that wait for a response. Their `ResponseURL` is this server's, so that a provider that gets one can answer as it
/// does at AWS.
pub(super) async fn requests(State(server): State<Server>, headers: HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let mut requests: Vec<Value> = server.now().custom_requests().cloned().collect();
    for address in requests.iter_mut().filter_map(|request| request.get_mut("ResponseURL")) {
        let own = host.and_then(|host| here(address.as_str()?, host));
        if let Some(own) = own {
            *address = Value::String(own);
        }
    }
    axum::Json(requests).into_response()
}

/// An address of AWS at this server.
fn here(address: &str, host: &str) -> Option<String> {
    let (_, path) = address.split_once("://")?.1.split_once('/')?;
    Some(format!("http://{host}/{path}"))
}

/// Takes an answer, as S3 would.
pub(super) fn put(server: &Server, path: &str, body: &[u8]) -> Response {
    let (outcome, request_id) = {
        let mut world = server.now();
        let request_id = world.request_id();
        (world.answer(path, body), request_id)
    };
    match outcome {
        Ok(()) => s3::reply(s3::Answered::default(), &request_id),
        Err(error) => s3::error(&error, &Method::PUT, &request_id),
    }
}
