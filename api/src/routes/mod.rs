//! The table of routes. Each file holds one resource with its request and response types.

use axum::{
    Router,
    body::Bytes,
    extract::Request,
    http::header,
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

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
mod upload;
mod users;
mod web;

pub use legacy::{describe as describe_legacy, routes as legacy_routes, serve as serve_legacy};

/// Every documented route.
pub fn all() -> OpenApiRouter<App> {
    table().router
}

fn table() -> Table {
    Table::new()
        .merge(admin::routes())
        .merge(admin::page())
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
        .merge(web::pages())
}

/// Routers put together.
struct Table {
    router: OpenApiRouter<App>,
    /// Names that two of them give to different schemas, of which the document would show one.
    clashes: Vec<String>,
}

impl Table {
    fn new() -> Self {
        Self { router: OpenApiRouter::with_openapi(crate::openapi::base()), clashes: Vec::new() }
    }

    fn merge(mut self, routes: OpenApiRouter<App>) -> Self {
        let known = self.router.get_openapi().components.as_ref();
        for (name, schema) in
            routes.get_openapi().components.iter().flat_map(|components| &components.schemas)
        {
            let other = known.and_then(|components| components.schemas.get(name));
            if other.is_some_and(|other| other != schema) {
                self.clashes.push(name.clone());
            }
        }
        self.router = self.router.merge(routes);
        self
    }
}

/// `/docs` and `/openapi.json`.
///
/// # Panics
///
/// If the document cannot be written, at the start.
#[allow(clippy::expect_used, reason = "it is the same at every start")]
pub fn docs(document: &utoipa::openapi::OpenApi) -> Router<App> {
    // Written once: it is large, and the same for all who ask.
    let written = Bytes::from(document.to_json().expect("the document can be written"));
    let document = get(async || ([(header::CONTENT_TYPE, "application/json")], written));
    let config = utoipa_swagger_ui::Config::from("/openapi.json");
    let pages: Router<App> = utoipa_swagger_ui::SwaggerUi::new("/docs").config(config).into();
    pages.layer(middleware::from_fn(docs_index)).route("/openapi.json", document)
}

/// Slashes at the end are trimmed before routing, so the page's own redirect from `/docs` to `/docs/` would
/// go round in circles.
async fn docs_index(request: Request, next: Next) -> Response {
    match request.uri().path() {
        "/docs" => Redirect::temporary("/docs/index.html").into_response(),
        _ => next.run(request).await,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_two_schemas_share_a_name() {
        assert_eq!(super::table().clashes, Vec::<String>::new(), "rename one, or `#[schema(as = …)]`");
    }
}
