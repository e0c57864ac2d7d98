//! Who may ask: whoever has the token, or, without one, whoever is on this machine and means this server.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::refusal;

/// Why the API does not listen somewhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListenError {
    /// Everybody who reaches the address could read everything.
    #[error("{0} is not a loopback address, and the API has no token: everyone on the network could read everything")]
    Open(SocketAddr),
    /// A token that can be guessed.
    #[error("the token has {0} characters: at least 16 are needed")]
    Weak(usize),
}

/// Whether the API may listen there: on loopback, or anywhere with a token.
pub fn may_listen(address: SocketAddr, token: Option<&str>) -> Result<(), ListenError> {
    match token {
        Some(token) if token.len() < 16 => Err(ListenError::Weak(token.len())),
        Some(_) => Ok(()),
        None if address.ip().is_loopback() => Ok(()),
        None => Err(ListenError::Open(address)),
    }
}

/// Lets a request through that may be answered.
pub(super) async fn guard(State(token): State<Option<Arc<str>>>, request: Request, next: Next) -> Response {
    let allowed = match &token {
        Some(token) => bears(request.headers(), token),
        None => names_this_machine(request.headers()),
    };
    if allowed {
        return next.run(request).await;
    }
    match token {
        Some(_) => refusal(StatusCode::UNAUTHORIZED, "the request lacks the right token in `Authorization: Bearer`"),
        None => refusal(StatusCode::FORBIDDEN, "the request is not for a loopback address"),
    }
    .into_response()
}

/// Compares in a time that does not tell how much of the token is right.
fn bears(headers: &HeaderMap, token: &str) -> bool {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    given.is_some_and(|given| blake3::hash(given.as_bytes()) == blake3::hash(token.as_bytes()))
}

/// Whether the `Host` is this machine: a page of another site, whose name was made to point here, sends its own name.
fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|value| value.to_str().ok()) else { return false };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.split(':').next().unwrap_or(host),
    };
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
