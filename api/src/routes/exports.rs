//! Quizzes as files.

use axum::{
    extract::State,
    http::{HeaderName, header},
    response::{IntoResponse, Response},
};
use garde::Validate;
use serde::Deserialize;
use shared::domain::Id;
use utoipa::IntoParams;

use super::quizzes::readable;
use crate::{
    app::App,
    export::Format,
    extract::{Caller, Path, Query},
    problem::{Problem, ProblemBody, Result},
    routes::{Routes, routes},
};

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new().routes(routes!(export))
}

/// Lets a page do nothing but look as it does.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// Which file.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Ask {
    /// For which program.
    #[garde(skip)]
    #[param(inline)]
    format: Format,
}

/// A quiz as a file, with its answers, for its owner. What a format cannot express becomes the nearest it has, and a
/// note in the file says so.
#[utoipa::path(get, path = "/quiz/{id}/export", tag = "quizzes", params(("id" = String, Path), Ask),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, description = "The file", headers(("Content-Disposition" = String)), content(
            (String = "application/xml"), (String = "text/plain"), (String = "text/csv"), (String = "text/html"))),
        (status = 404, body = ProblemBody, description = "`quiz.not_found`"),
    ))]
pub async fn export(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    Query(Ask { format }): Query<Ask>,
) -> Result<Response> {
    let quiz = readable(&app, &caller, id).await?;
    let file = format.write(&quiz).map_err(|error| {
        tracing::error!(%error, %id, ?format, "an export failed");
        Problem::internal()
    })?;
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, format.disposition(&quiz.title)),
        (HeaderName::from_static("content-security-policy"), PAGE_POLICY.to_owned()),
    ];
    Ok((headers, file).into_response())
}
