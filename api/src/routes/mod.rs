//! The table of routes. Each file holds one resource with its request and response types.

use axum::{
    Router,
    extract::Request,
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

mod attempts;
mod auth;
mod events;
mod generate;
mod jobs;
mod operation;
mod quizzes;
mod results;
mod upload;
mod web;

/// Every documented route.
pub fn all() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(crate::openapi::base())
        .routes(routes!(auth::register))
        .routes(routes!(auth::login))
        .routes(routes!(auth::guest))
        .routes(routes!(auth::sessions::logout))
        .routes(routes!(auth::me))
        .routes(routes!(auth::sessions::refresh))
        .routes(routes!(generate::generate))
        .routes(routes!(generate::generate_from_pdf))
        .routes(routes!(quizzes::list))
        .routes(routes!(quizzes::get, quizzes::delete))
        .routes(routes!(attempts::open))
        .routes(routes!(attempts::save))
        .routes(routes!(attempts::submit))
        .routes(routes!(attempts::submit_to_quiz))
        .routes(routes!(results::list))
        .routes(routes!(results::history))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::get))
        .routes(routes!(jobs::cancel))
        .routes(routes!(jobs::retry))
        .routes(routes!(events::stream))
        .routes(routes!(operation::health))
        .routes(routes!(operation::live))
        .routes(routes!(operation::ready))
        .routes(routes!(operation::metrics))
        .merge(web::pages())
}

/// `/docs` and `/openapi.json`.
pub fn docs(document: utoipa::openapi::OpenApi) -> Router<App> {
    let pages: Router<App> = utoipa_swagger_ui::SwaggerUi::new("/docs").url("/openapi.json", document).into();
    pages.layer(middleware::from_fn(docs_index))
}

/// Slashes at the end are trimmed before routing, so the page's own redirect from `/docs` to `/docs/` would
/// go round in circles.
async fn docs_index(request: Request, next: Next) -> Response {
    match request.uri().path() {
        "/docs" => Redirect::temporary("/docs/index.html").into_response(),
        _ => next.run(request).await,
    }
}
