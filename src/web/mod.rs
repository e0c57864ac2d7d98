//! The JSON API: status, plan, facts and history of a running daemon, for the commands' `--server`.
//!
//! `/healthz` says that the process is alive, `/readyz` whether it can do its work. The API answers from the state that the
//! daemon published last ([`Pages`], given by `cli/`), so that a reader causes no call to AWS and does not wait for a turn.
//! Every page is JSON; `?format=terminal` gives the text that the command of the same name prints. The API listens on
//! loopback, or elsewhere with a token. Webhooks ([`hooks`]) wake the daemon. Deliberately absent: anything that changes AWS, the store or the repository.

mod bounds;
mod guard;
mod hooks;
mod reviews;

use std::future::Future;
use std::num::NonZeroU64;
use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};

pub use bounds::Bounds;
pub use guard::{ListenError, may_listen};
pub use hooks::{MOST, SHORTEST, Secrets, WINDOW, hooks};
pub use reviews::{Reviews, reviews};

use crate::model::journal::DeploymentId;

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// What is where.
    Status,
    /// What the daemon would do now, what is held, and why; with differences of templates or without.
    Plan {
        /// With them.
        diff: bool,
    },
    /// The facts, to plan with elsewhere.
    Facts,
    /// State, cause and next step of one stack, or of every one that is not in order.
    Doctor(Option<Arc<str>>),
    /// Every deployment.
    History,
    /// One deployment, with its evidence.
    Deployment(DeploymentId),
}

/// How a page is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// For programs.
    #[default]
    Json,
    /// As the command prints it, with colours.
    Terminal,
}

/// Why a page cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum NoPage {
    /// The daemon has not finished its first turn.
    #[error("the daemon has not finished its first turn yet")]
    NotYet,
    /// The deployment does not exist.
    #[error("there is no deployment {0}")]
    NoDeployment(DeploymentId),
    /// The stack does not exist.
    #[error("landfall knows no stack {0}")]
    NoStack(String),
    /// It cannot be made.
    #[error("the page failed: {0}")]
    Failed(String),
}

/// Whether the daemon can do its work, and what it depends on as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// It can.
    pub able: bool,
    /// What it depends on.
    pub text: String,
}

/// Draws pages from what the daemon published.
#[async_trait]
pub trait Pages: Send + Sync {
    /// Whether the daemon can do its work.
    async fn ready(&self) -> Ready;

    /// One page.
    async fn page(&self, page: Page, form: Form) -> Result<String, NoPage>;
}

type Shared = Arc<dyn Pages>;

/// The routes, guarded.
pub fn router(pages: Arc<dyn Pages>, token: Option<Arc<str>>) -> Router {
    Router::new()
        .route("/api/v1/status", get(|State(pages), query| page(pages, |_| Page::Status, query)))
        .route("/api/v1/plan", get(|State(pages), query| page(pages, |asked| Page::Plan { diff: asked.diff }, query)))
        .route("/api/v1/facts", get(|State(pages), query| page(pages, |_| Page::Facts, query)))
        .route("/api/v1/doctor", get(|State(pages), query| page(pages, |_| Page::Doctor(None), query)))
        .route("/api/v1/doctor/{stack}", get(stack))
        .route("/api/v1/history", get(|State(pages), query| page(pages, |_| Page::History, query)))
        .route("/api/v1/history/{deployment}", get(deployment))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(|State(pages)| ready(pages)))
        .fallback(|| async { refusal(StatusCode::NOT_FOUND, "there is no such page") })
        .method_not_allowed_fallback(|| async {
            refusal(StatusCode::METHOD_NOT_ALLOWED, "this API is read-only: use GET")
        })
        .layer(middleware::from_fn_with_state(token, guard::guard))
        .with_state(pages)
}

/// Answers until `stop` returns; requests under way are finished.
pub async fn serve(
    listener: tokio::net::TcpListener,
    router: Router,
    bounds: Bounds,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(bounds::Bounded::new(listener, bounds), router).with_graceful_shutdown(stop).await
}

#[derive(Clone, Copy, Default, serde::Deserialize)]
#[serde(default)]
struct Asked {
    format: Form,
    diff: bool,
}

/// What comes after the `?`, or why it cannot be understood.
type Query = Result<axum::extract::Query<Asked>, QueryRejection>;

/// The number of a deployment, or why it is none.
type Number = Result<Path<NonZeroU64>, PathRejection>;

async fn page(pages: Shared, page: impl FnOnce(Asked) -> Page, query: Query) -> Response {
    match query {
        Ok(axum::extract::Query(asked)) => answer(pages, page(asked), asked).await,
        Err(rejection) => refusal(StatusCode::BAD_REQUEST, &rejection.body_text()),
    }
}

async fn stack(State(pages): State<Shared>, Path(name): Path<String>, query: Query) -> Response {
    page(pages, |_| Page::Doctor(Some(name.into())), query).await
}

/// 200 if the daemon can do its work, 503 otherwise; either way with what it depends on.
async fn ready(pages: Shared) -> Response {
    let Ready { able, text } = pages.ready().await;
    let status = if able { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, text).into_response()
}

async fn deployment(State(pages): State<Shared>, number: Number, query: Query) -> Response {
    match number {
        Ok(Path(number)) => page(pages, |_| Page::Deployment(DeploymentId(number.get())), query).await,
        Err(_) => refusal(StatusCode::BAD_REQUEST, "the number of a deployment is a whole number from 1"),
    }
}

async fn answer(pages: Shared, page: Page, asked: Asked) -> Response {
    let kind = match asked.format {
        Form::Json => "application/json",
        Form::Terminal => "text/plain; charset=utf-8",
    };
    match pages.page(page, asked.format).await {
        Ok(text) => ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], text).into_response(),
        Err(error) => {
            let status = match error {
                NoPage::NotYet => StatusCode::SERVICE_UNAVAILABLE,
                NoPage::NoDeployment(_) | NoPage::NoStack(_) => StatusCode::NOT_FOUND,
                NoPage::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
            };
            refusal(status, &error.to_string())
        }
    }
}

/// An answer that says why there is no other.
fn refusal(status: StatusCode, error: &str) -> Response {
    (status, Json(serde_json::json!({ "error": error }))).into_response()
}
