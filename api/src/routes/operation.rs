//! Health and metrics.

use std::time::Duration;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::{
    app::App,
    extract::Json,
    routes::{Routes, routes},
};

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(health))
        .routes(routes!(live))
        .routes(routes!(ready))
        .routes(routes!(metrics))
}

/// How long a dependency has to answer.
const ANSWER_WITHIN: Duration = Duration::from_millis(1500);

/// How the service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All is well.
    Healthy,
    /// Jobs are accepted, but start late.
    Degraded,
    /// Requests fail.
    Unhealthy,
}

/// Health of the service and what it stands on.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    status: Status,
    /// `connected` or `disconnected`.
    database: &'static str,
    /// `connected` or `disconnected`.
    queue: &'static str,
    /// Who makes questions: `deepseek` or `local`.
    ai_service: &'static str,
    version: &'static str,
    /// Seconds since the process started.
    uptime: u64,
}

fn word(is_up: bool) -> &'static str {
    if is_up { "connected" } else { "disconnected" }
}

/// Health of the service and what it stands on.
#[utoipa::path(get, path = "/health", tag = "operation", responses(
    (status = 200, body = Health, description = "`healthy` or `degraded`"),
    (status = 503, body = Health, description = "`unhealthy`"),
))]
pub async fn health(State(app): State<App>) -> Response {
    let (database, queue) = tokio::join!(database(&app), timeout(ANSWER_WITHIN, app.ledger.queue.ping()));
    let queue = matches!(queue, Ok(Ok(())));
    let status = match (database, queue) {
        (true, true) => Status::Healthy,
        (true, false) => Status::Degraded,
        (false, _) => Status::Unhealthy,
    };
    let health = Health {
        status,
        database: word(database),
        queue: word(queue),
        ai_service: if app.live.now().deepseek.is_some() { "deepseek" } else { "local" },
        version: env!("CARGO_PKG_VERSION"),
        uptime: app.ledger.clock.now().since(app.started_at).as_secs(),
    };
    let code = if database { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(health)).into_response()
}

async fn database(app: &App) -> bool {
    matches!(timeout(ANSWER_WITHIN, app.ledger.store.ping()).await, Ok(Ok(())))
}

/// A check's answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Check {
    status: &'static str,
}

/// The process answers.
#[utoipa::path(get, path = "/health/live", tag = "operation", responses((status = 200, body = Check)))]
pub async fn live() -> Json<Check> {
    Json(Check { status: "live" })
}

/// The process takes requests: the database answers, and nobody told it to end.
#[utoipa::path(get, path = "/health/ready", tag = "operation", responses(
    (status = 200, body = Check),
    (status = 503, body = Check),
))]
pub async fn ready(State(app): State<App>) -> Response {
    if app.stopping.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(Check { status: "stopping" })).into_response();
    }
    match database(&app).await {
        true => Json(Check { status: "ready" }).into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, Json(Check { status: "no database" })).into_response(),
    }
}

/// Metrics in the Prometheus text format.
#[utoipa::path(get, path = "/metrics", tag = "operation", responses(
    (status = 200, content_type = "text/plain", body = String),
))]
pub async fn metrics(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics.render()).into_response()
}
