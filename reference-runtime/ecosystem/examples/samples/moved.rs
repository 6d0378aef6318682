//! The handlers for a runtime whose workers must not be blocked: each call is moved to tokio's pool.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use tokio::task::{JoinError, spawn_blocking};

use super::routes::{Answer, Refusal, Shared, numbers, routes, written};

// ANCHOR: handlers
async fn record(State(service): State<Shared>, Path(series): Path<String>, body: String) -> Answer {
    let values = numbers(&body)?;
    let count = spawn_blocking(move || service.store.record(&series, &values)).await??;
    Ok(format!("{count} recorded\n"))
}

async fn percentiles(State(service): State<Shared>, Path(series): Path<String>) -> Answer {
    let found = spawn_blocking(move || service.store.percentiles(&series)).await??;
    Ok(written(&found.ok_or(Refusal::Unknown)?))
}
// ANCHOR_END: handlers

pub(crate) fn router(service: Shared) -> Router {
    routes(service, get(percentiles).post(record))
}

impl From<JoinError> for Refusal {
    fn from(error: JoinError) -> Refusal {
        Refusal::Internal(error.to_string())
    }
}
