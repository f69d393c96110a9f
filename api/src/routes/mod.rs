//! The table of routes. Each file holds one resource with its request and response types.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::Request,
    http::header,
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use tokio::{sync::OnceCell, task::spawn_blocking};

use crate::{
    app::App,
    openapi,
    problem::{Problem, Result},
};

mod admin;
mod analytics;
mod answers;
mod attempts;
mod auth;
mod events;
mod exports;
mod generate;
mod jobs;
mod legacy;
mod notes;
mod operation;
mod planner;
mod question_edit;
mod quiz_edit;
mod quizzes;
mod results;
mod review;
mod shares;
mod statistics;
mod study_sessions;
mod submit;
mod table;
mod upload;
mod users;
mod web;

pub use legacy::{describe as describe_legacy, serve as serve_legacy};
pub use table::{Describe, Routes};
pub(crate) use table::{Documented, routes};

/// Every documented route; in old frontend mode with those of that mode.
pub fn all(legacy_compat: bool) -> Routes {
    let old = if legacy_compat { legacy::routes() } else { Routes::new() };
    Routes::new()
        .merge(admin::routes())
        .merge(analytics::routes())
        .merge(attempts::routes())
        .merge(auth::routes())
        .merge(events::routes())
        .merge(exports::routes())
        .merge(generate::routes())
        .merge(jobs::routes())
        .merge(notes::routes())
        .merge(operation::routes())
        .merge(planner::routes())
        .merge(quiz_edit::routes())
        .merge(quizzes::routes())
        .merge(results::routes())
        .merge(review::routes())
        .merge(shares::routes())
        .merge(statistics::routes())
        .merge(study_sessions::routes())
        .merge(submit::routes())
        .merge(users::routes())
        .merge(old)
}

/// Pages for people and their files, which are no part of the API.
pub fn pages() -> Router<App> {
    admin::page().merge(web::pages())
}

/// `/docs` and `/openapi.json`.
pub fn docs(legacy_compat: bool) -> Router<App> {
    // Written for the first who asks: it is large, and the same for all.
    let written = Arc::new(OnceCell::new());
    let document = get(async move || -> Result<Response> {
        let text = written.get_or_try_init(|| write_document(legacy_compat)).await?.clone();
        Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
    });
    let config = utoipa_swagger_ui::Config::from("/openapi.json");
    let pages: Router<App> = utoipa_swagger_ui::SwaggerUi::new("/docs").config(config).into();
    pages.layer(middleware::from_fn(docs_index)).route("/openapi.json", document)
}

async fn write_document(legacy_compat: bool) -> Result<Bytes> {
    let failed = |error: &dyn std::error::Error| {
        tracing::error!(%error, "the document cannot be written");
        Problem::internal()
    };
    let text = spawn_blocking(move || openapi::document(legacy_compat).to_json()).await;
    Ok(text.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?.into())
}

/// Slashes at the end are trimmed before routing, so the page's own redirect from `/docs` to `/docs/` would
/// go round in circles.
async fn docs_index(request: Request, next: Next) -> Response {
    match request.uri().path() {
        "/docs" => Redirect::temporary("/docs/index.html").into_response(),
        _ => next.run(request).await,
    }
}
