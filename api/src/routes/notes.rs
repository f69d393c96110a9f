//! Notes.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{
    domain::{
        Highlight, Id, Metadata, NOTE_CONTENT_MAX, Note, NoteChange, Query as Words, Timestamp, Trashed,
    },
    store::{NoteFilter, NoteHit, NoteOrder, NoteSummary},
};
use utoipa::{IntoParams, ToSchema};

use super::auth::Message;
use crate::{
    app::App,
    extract::{Caller, Conditions, Json, List, Path, Query, SortKey, Tag, foreign_cursor},
    problem::{Problem, ProblemBody, Result},
    routes::{Routes, routes},
};

mod form;
mod search;
mod texts;
mod trash;
mod upload;

pub use form::{ChangedNote, NewNote};
pub use texts::texts;

/// Most bytes of a note as JSON: each byte of its content may be written as `\u00XX`.
const NOTE_JSON_MAX: usize = 6 * NOTE_CONTENT_MAX + (1 << 20);
/// How often two writers may get in each other's way before a request gives up.
const RACES: usize = 20;

/// This file's routes, and those of its parts.
pub fn routes() -> Routes {
    let large = Routes::new()
        .routes(routes!(list, create))
        .routes(routes!(get, replace, change, delete))
        .body_max(NOTE_JSON_MAX);
    Routes::new()
        .routes(routes!(tags))
        .routes(routes!(categories))
        .merge(search::routes())
        .merge(trash::routes())
        .merge(upload::routes())
        .merge(large)
}

/// A note. Lists carry `excerpt` instead of `content`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NoteView {
    #[schema(value_type = String)]
    id: Id,
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    legacy_id: Id,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    /// How the content begins, at most 200 characters in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    excerpt: Option<String>,
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    #[schema(value_type = Object)]
    metadata: Metadata,
    /// How well it matches what was searched for: more is better, comparable within one search.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    /// Where it matches what was searched for.
    #[serde(skip_serializing_if = "Option::is_none")]
    highlights: Option<Vec<Highlight>>,
    /// When it was deleted, in the trash.
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Note> for NoteView {
    fn from(note: Note) -> Self {
        Self {
            id: note.id,
            legacy_id: note.id,
            title: note.title,
            content: Some(note.content),
            excerpt: None,
            tags: note.tags,
            category: note.category,
            metadata: note.metadata,
            score: None,
            highlights: None,
            deleted_at: None,
            created_at: note.created_at,
            updated_at: note.updated_at,
        }
    }
}

impl From<NoteSummary> for NoteView {
    fn from(summary: NoteSummary) -> Self {
        Self { content: None, excerpt: Some(summary.excerpt), ..summary.note.into() }
    }
}

impl From<NoteHit> for NoteView {
    fn from(hit: NoteHit) -> Self {
        Self { score: Some(hit.score), highlights: Some(hit.highlights), ..hit.summary.into() }
    }
}

impl From<Trashed<NoteSummary>> for NoteView {
    fn from(trashed: Trashed<NoteSummary>) -> Self {
        Self { deleted_at: Some(trashed.deleted_at), ..trashed.note.into() }
    }
}

impl SortKey for NoteOrder {
    const KEYS: &'static [(&'static str, Self)] =
        &[("createdAt", Self::Created), ("updatedAt", Self::Updated), ("title", Self::Title)];

    /// What it must be depends on whether it is a search.
    fn reads(self, _: &str) -> bool {
        true
    }
}

/// A note of the caller's that is not deleted.
pub async fn own(app: &App, caller: &Caller, id: Id) -> Result<Note> {
    app.ledger.store.note(caller.user.id, id).await?.ok_or_else(missing)
}

pub fn missing() -> Problem {
    Problem::not_found("note.not_found", "There is no such note, or it is not yours.")
}

/// Adds a note and answers with it.
pub async fn add(app: &App, caller: &Caller, note: NoteChange) -> Result<Response> {
    let clock = &app.ledger.clock;
    let note = Note::new(clock.id(), caller.user.id, note, clock.now());
    app.ledger.store.insert_note(&note).await?;
    Ok(created(note))
}

/// 201: the note and where it is.
pub fn created(note: Note) -> Response {
    let location = [(header::LOCATION, format!("/notes/{}", note.id))];
    (StatusCode::CREATED, location, Json(NoteView::from(note))).into_response()
}

/// Which notes to list.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// With this tag, in any case; repeated, with all of them.
    #[serde(default)]
    #[garde(length(max = 20), inner(length(chars, min = 1, max = 50)))]
    #[param(max_items = 20, value_type = Vec<FilterTag>, inline)]
    tag: Vec<String>,
    /// With exactly this category.
    #[garde(inner(length(chars, min = 1, max = 100)))]
    #[param(min_length = 1, max_length = 100)]
    category: Option<String>,
    /// With all of these words, in any case and with or without accents, anywhere in title, tags and content; of more
    /// than 16 words the first count. Chinese, Japanese, Korean and Thai are found within other text as well. The best
    /// match comes first, unless `sort` says otherwise, and `cursor` is not to be mixed with other searches'.
    #[garde(inner(length(chars, max = 200)))]
    #[param(max_length = 200)]
    search: Option<String>,
}

/// A tag to look for.
#[derive(ToSchema)]
#[schema(min_length = 1, max_length = 50)]
#[expect(dead_code, reason = "describes the parameter for the document")]
struct FilterTag(String);

/// The caller's notes, newest first; of a search the best match first.
#[utoipa::path(get, path = "/notes", tag = "notes", params(Filter, List<NoteOrder>),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = [NoteView], headers(("X-Total-Count" = u64), ("Link" = String))),
        (status = 400, body = ProblemBody, description = "`validation.failed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`"),
    ))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(ask): Query<Filter>,
    list: List<NoteOrder>,
) -> Result<Response> {
    let filter = NoteFilter { user_id: caller.user.id, tags: ask.tag, category: ask.category };
    let store = &app.ledger.store;
    if let Some(search) = ask.search.filter(|search| !search.trim().is_empty()) {
        let (query, list) = (Words::parse(&search), list.by_place()?);
        let order = list.is_sorted.then_some(list.key);
        let found = store.search_notes(&filter, &query, order, &list.window).await?;
        return Ok(list.answer(found, |_| list.next_place(), NoteView::from));
    }
    if list.window.after.as_ref().is_some_and(|cursor| !list.key.accepts(cursor)) {
        return Err(foreign_cursor());
    }
    let found = store.notes(&filter, list.key, &list.window).await?;
    Ok(list.answer(found, |summary| list.key.after(&summary.note), NoteView::from))
}

/// Adds a note.
#[utoipa::path(post, path = "/notes", tag = "notes", request_body = NewNote,
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 201, body = NoteView, headers(("Location" = String))),
        (status = 400, body = ProblemBody, description = "`validation.failed`, `body.malformed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`, `auth.cross_site`"),
        (status = 413, body = ProblemBody, description = "`body.too_large`"),
        (status = 415, body = ProblemBody, description = "`body.unsupported_type`"),
    ))]
pub async fn create(State(app): State<App>, caller: Caller, Json(note): Json<NewNote>) -> Result<Response> {
    add(&app, &caller, note.into()).await
}

/// A note.
#[utoipa::path(get, path = "/notes/{id}", tag = "notes", params(("id" = String, Path)),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = NoteView, headers(("ETag" = String))),
        (status = 304, description = "The caller has this version already"),
        (status = 400, body = ProblemBody, description = "`id.invalid`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`"),
        (status = 404, body = ProblemBody, description = "`note.not_found`"),
    ))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    conditions: Conditions,
) -> Result<Response> {
    conditions.answer(&NoteView::from(own(&app, &caller, id).await?))
}

/// Changes the fields of a note that are given.
#[utoipa::path(put, path = "/notes/{id}", tag = "notes", request_body = ChangedNote,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The note's `ETag`")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = NoteView),
        (status = 400, body = ProblemBody, description = "`id.invalid`, `validation.failed`, `body.malformed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`, `auth.cross_site`"),
        (status = 404, body = ProblemBody, description = "`note.not_found`"),
        (status = 409, body = ProblemBody, description = "`note.busy`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
        (status = 413, body = ProblemBody, description = "`body.too_large`"),
        (status = 415, body = ProblemBody, description = "`body.unsupported_type`"),
    ))]
pub async fn replace(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    conditions: Conditions,
    Json(change): Json<ChangedNote>,
) -> Result<Json<NoteView>> {
    update(&app, &caller, id, &conditions, &change.into()).await
}

/// Changes the fields of a note that are given.
#[utoipa::path(patch, path = "/notes/{id}", tag = "notes", request_body = ChangedNote,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The note's `ETag`")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = NoteView),
        (status = 400, body = ProblemBody, description = "`id.invalid`, `validation.failed`, `body.malformed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`, `auth.cross_site`"),
        (status = 404, body = ProblemBody, description = "`note.not_found`"),
        (status = 409, body = ProblemBody, description = "`note.busy`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
        (status = 413, body = ProblemBody, description = "`body.too_large`"),
        (status = 415, body = ProblemBody, description = "`body.unsupported_type`"),
    ))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    conditions: Conditions,
    Json(change): Json<ChangedNote>,
) -> Result<Json<NoteView>> {
    update(&app, &caller, id, &conditions, &change.into()).await
}

async fn update(
    app: &App,
    caller: &Caller,
    id: Id,
    conditions: &Conditions,
    change: &NoteChange,
) -> Result<Json<NoteView>> {
    let (store, clock) = (&app.ledger.store, &app.ledger.clock);
    for _ in 0..RACES {
        let note = own(app, caller, id).await?;
        let was = note.updated_at;
        conditions.check(&[Tag::of(&NoteView::from(note))?])?;
        if let Some(note) = store.update_note(caller.user.id, id, was, change, clock.now()).await? {
            return Ok(Json(note.into()));
        }
    }
    Err(busy())
}

/// Who writes the note all the time keeps others from it.
fn busy() -> Problem {
    Problem::conflict("note.busy", "Others are changing this note. Try again.")
}

/// Puts a note into the trash, where it is kept for 30 days.
#[utoipa::path(delete, path = "/notes/{id}", tag = "notes",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The note's `ETag`")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = Message),
        (status = 400, body = ProblemBody, description = "`id.invalid`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`, `auth.cross_site`"),
        (status = 404, body = ProblemBody, description = "`note.not_found`"),
        (status = 409, body = ProblemBody, description = "`note.busy`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
    ))]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    conditions: Conditions,
) -> Result<Json<Message>> {
    let (store, clock) = (&app.ledger.store, &app.ledger.clock);
    for _ in 0..RACES {
        let note = own(&app, &caller, id).await?;
        let was = note.updated_at;
        conditions.check(&[Tag::of(&NoteView::from(note))?])?;
        if store.trash_note(caller.user.id, id, was, clock.now()).await? {
            return Ok(Json(Message { message: "Note deleted successfully" }));
        }
    }
    Err(busy())
}

/// A name and how many notes have it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Named {
    name: String,
    count: u64,
}

fn named(counts: Vec<(String, u64)>) -> Json<Vec<Named>> {
    Json(counts.into_iter().map(|(name, count)| Named { name, count }).collect())
}

/// All tags of the caller's notes, most used first. Tags that differ in case only are one.
#[utoipa::path(get, path = "/notes/tags", tag = "notes", security(("bearer" = []), ("cookie" = [])), responses(
    (status = 200, body = [Named]),
    (status = 401, body = ProblemBody, description = "`auth.required`"),
    (status = 403, body = ProblemBody, description = "`account.deactivated`"),
))]
pub async fn tags(State(app): State<App>, caller: Caller) -> Result<Json<Vec<Named>>> {
    Ok(named(app.ledger.store.note_tags(caller.user.id).await?))
}

/// All categories of the caller's notes, most used first.
#[utoipa::path(get, path = "/notes/categories", tag = "notes", security(("bearer" = []), ("cookie" = [])), responses(
    (status = 200, body = [Named]),
    (status = 401, body = ProblemBody, description = "`auth.required`"),
    (status = 403, body = ProblemBody, description = "`account.deactivated`"),
))]
pub async fn categories(State(app): State<App>, caller: Caller) -> Result<Json<Vec<Named>>> {
    Ok(named(app.ledger.store.note_categories(caller.user.id).await?))
}
