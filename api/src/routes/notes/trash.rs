//! Deleted notes.

use axum::{extract::State, response::Response};
use shared::{
    domain::Id,
    store::{Cursor, trash_after},
};

use super::{Message, NoteView, missing};
use crate::{
    app::App,
    extract::{Caller, Json, List, Path, SortKey},
    problem::{ProblemBody, Result},
    routes::{Routes, routes},
};

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new().routes(routes!(trash)).routes(routes!(purge)).routes(routes!(restore))
}

/// What the trash sorts by.
#[derive(Debug, Clone, Copy)]
pub struct Deleted;

impl SortKey for Deleted {
    const KEYS: &'static [(&'static str, Self)] = &[("deletedAt", Self)];

    fn reads(self, cursor: &str) -> bool {
        Cursor::is_instant(cursor)
    }
}

/// The caller's deleted notes, the last deleted first. Each is purged 30 days after it was deleted.
#[utoipa::path(get, path = "/notes/trash", tag = "notes", params(List<Deleted>),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = [NoteView], headers(("X-Total-Count" = u64), ("Link" = String))),
        (status = 400, body = ProblemBody, description = "`validation.failed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`"),
    ))]
pub async fn trash(State(app): State<App>, caller: Caller, list: List<Deleted>) -> Result<Response> {
    let found = app.ledger.store.trashed_notes(caller.user.id, &list.window).await?;
    Ok(list.answer(found, trash_after, NoteView::from))
}

/// Takes a note out of the trash; one that is not deleted stays as it is.
#[utoipa::path(post, path = "/notes/{id}/restore", tag = "notes", params(("id" = String, Path)),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = NoteView),
        (status = 400, body = ProblemBody, description = "`id.invalid`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`, `auth.cross_site`"),
        (status = 404, body = ProblemBody, description = "`note.not_found`"),
    ))]
pub async fn restore(State(app): State<App>, caller: Caller, Path(id): Path<Id>) -> Result<Json<NoteView>> {
    let (store, clock) = (&app.ledger.store, &app.ledger.clock);
    let note = store.restore_note(caller.user.id, id, clock.now()).await?.ok_or_else(missing)?;
    Ok(Json(note.into()))
}

/// Removes a deleted note for good.
#[utoipa::path(delete, path = "/notes/trash/{id}", tag = "notes", params(("id" = String, Path)),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = Message),
        (status = 400, body = ProblemBody, description = "`id.invalid`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`, `auth.cross_site`"),
        (status = 404, body = ProblemBody, description = "`note.not_found`: it is not in the trash"),
    ))]
pub async fn purge(State(app): State<App>, caller: Caller, Path(id): Path<Id>) -> Result<Json<Message>> {
    if app.ledger.store.purge_note(caller.user.id, id).await? {
        return Ok(Json(Message { message: "Note purged successfully" }));
    }
    Err(missing())
}
