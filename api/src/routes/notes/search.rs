//! The old backend's search.

use axum::{extract::State, response::Response};
use garde::Validate;
use serde::Deserialize;
use shared::store::NoteOrder;
use utoipa::ToSchema;

use super::NoteView;
use crate::{
    app::App,
    extract::{Caller, Json, List},
    problem::{ProblemBody, Result},
    routes::{Routes, routes},
};

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new().routes(routes!(search))
}

/// What to look for.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct OldSearch {
    /// Part of the title or content, in any case, or exactly a tag.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    query: String,
}

/// The caller's notes with a text in title or content, in any case, or with exactly this tag; newest first.
#[utoipa::path(post, path = "/notes/search", tag = "notes", params(List), request_body = OldSearch,
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = [NoteView], headers(("X-Total-Count" = u64), ("Link" = String))),
        (status = 400, body = ProblemBody, description = "`validation.failed`, `body.malformed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`, `auth.cross_site`"),
        (status = 413, body = ProblemBody, description = "`body.too_large`"),
        (status = 415, body = ProblemBody, description = "`body.unsupported_type`"),
    ))]
pub async fn search(
    State(app): State<App>,
    caller: Caller,
    list: List,
    Json(ask): Json<OldSearch>,
) -> Result<Response> {
    let found = app.ledger.store.notes_with(caller.user.id, &ask.query, &list.window).await?;
    Ok(list.answer(found, |summary| NoteOrder::Created.after(&summary.note), NoteView::from))
}
