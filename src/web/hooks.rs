//! Webhooks of forges: each says "look again", and nothing else.
//!
//! Whatever a forge sends is checked for its sender and then thrown away: a body is hashed as it comes and never kept or read. So a
//! forged one does nothing, and one that is sent again costs a look, of which there is at most one per [`WINDOW`]. Deliberately
//! absent: what happened at the forge. The look at the branch tells.
//!
//! GitHub, Gitea and Forgejo sign the body (HMAC with SHA-256, in hexadecimal digits); GitLab sends the secret itself. \[doc: "Validating
//! webhook deliveries" of GitHub, "Webhooks" of Gitea and of GitLab\]

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use futures::future::poll_fn;
use ring::hmac;
use serde_json::json;
use tokio::sync::{Notify, mpsc};

use super::refusal;

/// The shortest time between two looks that webhooks cause. The first is at once.
pub const WINDOW: Duration = Duration::from_secs(5);

/// The largest body: what GitHub sends at most. \[doc: "Webhook events and payloads"\]
pub const MOST: usize = 25 * 1024 * 1024;

/// The shortest secret that is taken, in characters: like that of the API.
pub const SHORTEST: usize = 16;

/// Who sends webhooks, by the last part of its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sender {
    /// `/hooks/github`.
    GitHub,
    /// `/hooks/gitlab`.
    GitLab,
    /// `/hooks/gitea`, for Forgejo as well.
    Gitea,
}

impl Sender {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "github" => Self::GitHub,
            "gitlab" => Self::GitLab,
            "gitea" | "forgejo" => Self::Gitea,
            _ => return None,
        })
    }

    /// The header that proves who it is.
    fn header(self) -> &'static str {
        match self {
            Self::GitHub => "x-hub-signature-256",
            Self::GitLab => "x-gitlab-token",
            Self::Gitea => "x-gitea-signature",
        }
    }

    fn event(self) -> &'static str {
        match self {
            Self::GitHub => "x-github-event",
            Self::GitLab => "x-gitlab-event",
            Self::Gitea => "x-gitea-event",
        }
    }
}

/// The secrets that webhooks are checked with; a sender without one is not answered.
#[derive(Clone, Default)]
pub struct Secrets {
    /// Of webhooks of GitHub.
    pub github: Option<Arc<str>>,
    /// Of webhooks of GitLab.
    pub gitlab: Option<Arc<str>>,
    /// Of webhooks of Gitea and Forgejo.
    pub gitea: Option<Arc<str>>,
}

impl Secrets {
    fn of(&self, sender: Sender) -> Option<&str> {
        match sender {
            Sender::GitHub => self.github.as_deref(),
            Sender::GitLab => self.gitlab.as_deref(),
            Sender::Gitea => self.gitea.as_deref(),
        }
    }

    /// Whether any webhook is answered.
    pub fn any(&self) -> bool {
        self.github.is_some() || self.gitlab.is_some() || self.gitea.is_some()
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let known = [Sender::GitHub, Sender::GitLab, Sender::Gitea].into_iter().filter(|one| self.of(*one).is_some());
        f.debug_set().entries(known).finish()
    }
}

/// What webhooks of one daemon share.
struct Hooks {
    secrets: Secrets,
    news: Notify,
}

/// The routes of webhooks. They need no token of the API: each brings its own proof. Each of `wakes` gets at most one message per
/// `window`; what comes within it is told at its end.
pub fn hooks(secrets: Secrets, wakes: Vec<mpsc::Sender<()>>, window: Duration) -> Router {
    let hooks = Arc::new(Hooks { secrets, news: Notify::new() });
    tokio::spawn(tell(hooks.clone(), wakes, window));
    Router::new()
        .route(
            "/hooks/{sender}",
            post(receive).fallback(|| async { refusal(StatusCode::METHOD_NOT_ALLOWED, "a webhook is a POST") }),
        )
        .with_state(hooks)
}

async fn tell(hooks: Arc<Hooks>, wakes: Vec<mpsc::Sender<()>>, window: Duration) {
    while !wakes.iter().all(mpsc::Sender::is_closed) {
        hooks.news.notified().await;
        // One that has not looked yet at the last message looks at both.
        wakes.iter().for_each(|wake| _ = wake.try_send(()));
        tokio::time::sleep(window).await;
    }
}

async fn receive(
    State(hooks): State<Arc<Hooks>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(sender) = Sender::named(&name) else {
        return refusal(StatusCode::NOT_FOUND, "webhooks come to /hooks/github, /hooks/gitlab or /hooks/gitea");
    };
    let Some(secret) = hooks.secrets.of(sender) else {
        return refusal(
            StatusCode::NOT_FOUND,
            "the configuration of landfall has no secret for webhooks of this forge",
        );
    };
    let proof = headers.get(sender.header()).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let proved = match sender {
        Sender::GitLab => Ok(hmac_of(secret, proof.as_bytes()) == hmac_of(secret, secret.as_bytes())),
        Sender::GitHub => signed(secret, proof.strip_prefix("sha256=").unwrap_or_default(), body).await,
        Sender::Gitea => signed(secret, proof, body).await,
    };
    match proved {
        Err(TooLong) => refusal(StatusCode::PAYLOAD_TOO_LARGE, "the body is longer than 25 MiB"),
        Ok(false) => {
            tracing::warn!(?sender, "a webhook without the right secret");
            refusal(StatusCode::UNAUTHORIZED, "the webhook does not prove that it knows the secret")
        }
        Ok(true) => {
            let event = headers.get(sender.event()).and_then(|value| value.to_str().ok()).unwrap_or("unknown");
            tracing::info!(?sender, event, "a webhook");
            hooks.news.notify_one();
            (StatusCode::ACCEPTED, Json(json!({ "does": "looks again" }))).into_response()
        }
    }
}

/// A body is longer than any that a forge sends.
struct TooLong;

/// Compared as hashes under a key, so that the time tells nothing of how much is right.
fn hmac_of(secret: &str, text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), text).as_ref().to_vec()
}

/// Whether a body has this signature. Reads it to its end if the signature has the form of one.
async fn signed(secret: &str, signature: &str, body: Body) -> Result<bool, TooLong> {
    let Some(given) = hex(signature) else { return Ok(false) };
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()));
    let (mut length, mut body) = (0, std::pin::pin!(body));
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        // A body that ends early has another signature.
        let Some(data) = frame.ok().and_then(|frame| frame.into_data().ok()) else { return Ok(false) };
        length += data.len();
        if length > MOST {
            return Err(TooLong);
        }
        context.update(&data);
    }
    Ok(hmac_of(secret, &given) == hmac_of(secret, context.sign().as_ref()))
}

/// The bytes of hexadecimal digits.
fn hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || text.len() != 64 {
        return None;
    }
    (0..32).map(|at| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()).collect()
}
