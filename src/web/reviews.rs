//! Whole reviews of pull requests, as pages for people: what comments at a forge link to.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Router, middleware};

use super::{guard, refusal};

/// Where the pages come from.
pub trait Reviews: Send + Sync {
    /// The newest review of a pull request, as one HTML page; none if it is not looked at.
    fn review(&self, number: u64) -> Option<Arc<str>>;
}

/// The routes, guarded like those of the API.
pub fn reviews(reviews: Arc<dyn Reviews>, token: Option<Arc<str>>) -> Router {
    Router::new()
        .route("/reviews/{number}", get(review))
        .layer(middleware::from_fn_with_state(token, guard::guard))
        .with_state(reviews)
}

async fn review(State(reviews): State<Arc<dyn Reviews>>, number: Result<Path<u64>, PathRejection>) -> Response {
    let page = number.ok().and_then(|Path(number)| reviews.review(number));
    match page {
        Some(page) => ([(header::CACHE_CONTROL, "no-store")], Html(page.to_string())).into_response(),
        None => refusal(StatusCode::NOT_FOUND, "landfall looks at no open pull request of this number"),
    }
}
