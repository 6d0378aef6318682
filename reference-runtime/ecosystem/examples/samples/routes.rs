//! The routes, with handlers that call the store as it is.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};

use super::admission::Admission;
use super::store::{Failure, Percentiles, Store};

/// What the handlers share.
pub(crate) struct Service {
    pub(crate) store: Store,
    pub(crate) admission: Admission,
}

pub(crate) type Shared = Arc<Service>;

/// What a client gets for its request, or why not.
pub(crate) type Answer = Result<String, Refusal>;

pub(crate) enum Refusal {
    /// The body is no list of numbers.
    NoNumber,
    /// There is no such series.
    Unknown,
    /// Something behind this service is in the way. The client may try again.
    Busy,
    /// The fault is here.
    Internal(String),
}

// ANCHOR: handlers
async fn record(State(service): State<Shared>, Path(series): Path<String>, body: String) -> Answer {
    let values = numbers(&body)?;
    let count = service.store.record(&series, &values)?;
    Ok(format!("{count} recorded\n"))
}

async fn percentiles(State(service): State<Shared>, Path(series): Path<String>) -> Answer {
    let found = service.store.percentiles(&series)?;
    Ok(written(&found.ok_or(Refusal::Unknown)?))
}

pub(crate) fn router(service: Shared) -> Router {
    routes(service, get(percentiles).post(record))
}
// ANCHOR_END: handlers

// ANCHOR: routes
/// The routes around the two handlers of a series. What touches the store has to be admitted; what tells how the
/// service fares has not.
pub(crate) fn routes(service: Shared, of_series: MethodRouter<Shared>) -> Router {
    Router::new()
        .route("/series/{series}", of_series)
        .route_layer(from_fn_with_state(Arc::clone(&service), admit))
        .route("/health", get(|| async { "well\n" }))
        .route("/in-hand", get(in_hand))
        .with_state(service)
}

async fn admit(State(service): State<Shared>, request: Request, next: Next) -> Response {
    let Some(_in_hand) = service.admission.enter() else {
        return Refusal::Busy.into_response();
    };
    next.run(request).await
}
// ANCHOR_END: routes

async fn in_hand(State(service): State<Shared>) -> String {
    format!("{} in hand, {} refused\n", service.admission.in_hand(), service.admission.refused())
}

/// Numbers between spaces.
pub(crate) fn numbers(text: &str) -> Result<Vec<f64>, Refusal> {
    let numbers: Option<Vec<f64>> = text.split_whitespace().map(|word| word.parse().ok()).collect();
    // SQLite knows no "not a number" and stores nothing in its place.
    numbers
        .filter(|numbers| !numbers.is_empty() && numbers.iter().all(|number| number.is_finite()))
        .ok_or(Refusal::NoNumber)
}

pub(crate) fn written(Percentiles([half, ninety, ninety_nine]): &Percentiles) -> String {
    format!("p50 {half}\np90 {ninety}\np99 {ninety_nine}\n")
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Refusal {
        match failure {
            Failure::Busy => Refusal::Busy,
            Failure::Broken(error) => Refusal::Internal(error.to_string()),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Refusal::NoNumber => {
                (StatusCode::BAD_REQUEST, "write numbers, with spaces between\n").into_response()
            }
            Refusal::Unknown => (StatusCode::NOT_FOUND, "nothing was recorded there\n").into_response(),
            Refusal::Busy => {
                (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], "busy\n").into_response()
            }
            // What went wrong inside is for the log, not for the world.
            Refusal::Internal(error) => {
                eprintln!("samples: {error}");
                (StatusCode::INTERNAL_SERVER_ERROR, "something is broken here\n").into_response()
            }
        }
    }
}
