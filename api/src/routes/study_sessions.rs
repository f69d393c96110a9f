//! Study sessions: recording time spent studying.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{
    domain::{EVER, Id, PLANNED_MINUTES_MAX, SESSION_MINUTES_MAX, SessionType, StudySession, Timestamp},
    store::{Cursor, StudySessionFilter},
};
use utoipa::{IntoParams, ToSchema};

use super::auth::Message;
use crate::{
    app::App,
    extract::{Caller, Conditions, Json, List, Path, Period, Query, SortKey, Tag},
    problem::{Problem, ProblemBody, Result},
    routes::{Routes, routes},
};

mod stats;

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(create, list))
        .routes(routes!(stats::stats))
        .routes(routes!(get, update, patch, delete))
        .routes(routes!(finish))
}

/// A study session.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StudySessionView {
    #[schema(value_type = String)]
    id: Id,
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    legacy_id: Id,
    #[schema(value_type = String)]
    user_id: Id,
    /// It counts on the day it starts.
    start_time: Timestamp,
    /// Absent while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<Timestamp>,
    /// Minutes studied; 0 while it is open.
    duration_minutes: u32,
    /// How long it was meant to be, in minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    planned_minutes: Option<u32>,
    session_type: SessionType,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<String>,
    /// Whether it has ended.
    completed: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl StudySessionView {
    fn new(session: StudySession, now: Timestamp) -> Self {
        let session = session.settled(now);
        Self {
            id: session.id,
            legacy_id: session.id,
            user_id: session.user_id,
            completed: session.is_finished(),
            start_time: session.start_time,
            end_time: session.end_time,
            duration_minutes: session.duration_minutes,
            planned_minutes: session.planned_minutes,
            session_type: session.session_type,
            subject: session.subject,
            topic: session.topic,
            task_id: session.task_id,
            notes: session.notes,
            created_at: session.created_at,
            updated_at: session.updated_at,
        }
    }
}

/// A session to record, or what to change of one. Texts may be empty, which removes them.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StudySessionAsk)]
pub struct Ask {
    /// When it began, from 1970 to 2199. For a new session the present when absent; one that has an end or a
    /// duration began that long before it ended, and ended now unless it says when.
    #[garde(inner(custom(in_range)))]
    #[schema(pattern = "^(19[789]|2[01])")]
    start_time: Option<Timestamp>,
    /// When it ended: not before the start, and at most 24 hours after it.
    #[garde(inner(custom(in_range)))]
    #[schema(pattern = "^(19[789]|2[01])")]
    end_time: Option<Timestamp>,
    /// Minutes studied, rounded to whole ones. Without `endTime` the session is finished, ending so long after its
    /// start; with it, pauses may make it shorter than the time that passed.
    #[garde(inner(range(min = 0.0, max = f64::from(SESSION_MINUTES_MAX))))]
    #[schema(minimum = 0, maximum = 1440)]
    duration_minutes: Option<f64>,
    /// How long it is meant to be, in minutes. Does not finish it.
    #[garde(inner(range(min = 1, max = PLANNED_MINUTES_MAX)))]
    #[schema(minimum = 1, maximum = 720)]
    planned_minutes: Option<u32>,
    /// What it is spent on; `focus` when absent.
    #[garde(skip)]
    session_type: Option<SessionType>,
    /// Subject studied.
    #[garde(inner(length(chars, max = 200)))]
    #[schema(max_length = 200)]
    subject: Option<String>,
    /// Topic within the subject.
    #[garde(inner(length(chars, max = 200)))]
    #[schema(max_length = 200)]
    topic: Option<String>,
    /// Task of a plan that it is spent on.
    #[garde(inner(length(chars, max = 100)))]
    #[schema(max_length = 100)]
    task_id: Option<String>,
    /// Your own words about it.
    #[garde(inner(length(chars, max = 10_000)))]
    #[schema(max_length = 10_000)]
    notes: Option<String>,
    /// Whose session; only your own.
    #[garde(skip)]
    #[schema(value_type = Option<String>)]
    user_id: Option<Id>,
}

fn in_range(instant: &Timestamp, _: &()) -> garde::Result {
    if (EVER.0..EVER.1).contains(instant) {
        return Ok(());
    }
    Err(garde::Error::new("must lie in the years 1970 to 2199"))
}

impl Ask {
    /// Changes what is given of a session.
    fn apply(self, session: &mut StudySession, caller: &Caller) -> Result<()> {
        if self.user_id.is_some_and(|user| user != caller.user.id) {
            let detail = "Study sessions are recorded for yourself only. Leave userId out.";
            return Err(Problem::new(StatusCode::FORBIDDEN, "study_session.other_user", detail));
        }
        let studied = self.duration_minutes.map(|minutes| minutes.round() as u32);
        if self.start_time.is_some() || self.end_time.is_some() || studied.is_some() {
            let start = self.start_time.unwrap_or(session.start_time);
            // Minutes alone give a new end; a new start alone keeps the old one.
            let end = if studied.is_some() { self.end_time } else { self.end_time.or(session.end_time) };
            session
                .set_times(start, end, studied)
                .map_err(|error| Problem::field(error.field(), format!("{} {error}", error.field())))?;
        }
        session.planned_minutes = self.planned_minutes.or(session.planned_minutes);
        session.session_type = self.session_type.unwrap_or(session.session_type);
        for (field, given) in [
            (&mut session.subject, self.subject),
            (&mut session.topic, self.topic),
            (&mut session.task_id, self.task_id),
            (&mut session.notes, self.notes),
        ] {
            if let Some(given) = given {
                *field = Some(given).filter(|text| !text.trim().is_empty());
            }
        }
        Ok(())
    }

    /// When a new session began that does not say so.
    fn implied_start(&self, now: Timestamp) -> Timestamp {
        let minutes = self.duration_minutes.unwrap_or_default().round() as u32;
        self.end_time.unwrap_or(now) - shared::domain::minutes(minutes)
    }
}

/// Begins a session, or records one that is over (with `endTime` or `durationMinutes`).
///
/// One that is left open is closed after 12 hours with its planned length, else with the usual one of the student's
/// preferences.
#[utoipa::path(post, path = "/study-sessions", tag = "study-sessions", request_body = Ask,
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 201, body = StudySessionView, headers(("Location" = String))),
        (status = 400, body = ProblemBody, description = "`validation.failed`, `body.malformed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`study_session.other_user`, `account.deactivated`, `auth.cross_site`"),
        (status = 413, body = ProblemBody, description = "`body.too_large`"),
        (status = 415, body = ProblemBody, description = "`body.unsupported_type`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn create(State(app): State<App>, caller: Caller, Json(ask): Json<Ask>) -> Result<Response> {
    let now = app.ledger.clock.now();
    let start = ask.start_time.unwrap_or_else(|| ask.implied_start(now));
    let usual = caller.user.preferences.default_study_duration;
    let mut session = StudySession {
        id: app.ledger.clock.id(),
        user_id: caller.user.id,
        start_time: start,
        end_time: None,
        duration_minutes: 0,
        planned_minutes: None,
        default_minutes: usual.clamp(1, PLANNED_MINUTES_MAX),
        session_type: SessionType::default(),
        subject: None,
        topic: None,
        task_id: None,
        notes: None,
        created_at: now,
        updated_at: now,
        rev: 0,
    };
    ask.apply(&mut session, &caller)?;
    app.ledger.store.insert_study_session(&session).await?;
    let location = [(header::LOCATION, format!("/study-sessions/{}", session.id))];
    Ok((StatusCode::CREATED, location, Json(StudySessionView::new(session, now))).into_response())
}

/// What sessions are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// When they were recorded.
    Creation,
    /// When they began.
    Start,
}

impl SortKey for By {
    const KEYS: &'static [(&'static str, Self)] =
        &[("createdAt", Self::Creation), ("startTime", Self::Start)];

    fn reads(self, cursor: &str) -> bool {
        match self {
            Self::Creation => cursor.parse::<Id>().is_ok(),
            Self::Start => Cursor::is_instant(cursor),
        }
    }
}

/// Which sessions to list.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Of this type.
    #[garde(skip)]
    #[param(inline)]
    session_type: Option<SessionType>,
    /// With exactly this subject.
    #[garde(skip)]
    subject: Option<String>,
}

/// The caller's sessions, newest first. `from` and `to` say when they began.
#[utoipa::path(get, path = "/study-sessions", tag = "study-sessions", params(Filter, Period, List<By>),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = [StudySessionView], headers(("X-Total-Count" = u64), ("Link" = String))),
        (status = 400, body = ProblemBody, description = "`validation.failed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(ask): Query<Filter>,
    period: Period,
    list: List<By>,
) -> Result<Response> {
    let filter = StudySessionFilter {
        user_id: caller.user.id,
        from: period.from,
        until: period.until,
        session_type: ask.session_type,
        subject: ask.subject,
        by_start: list.key == By::Start,
    };
    let found = app.ledger.store.study_sessions(&filter, &list.window).await?;
    let now = app.ledger.clock.now();
    Ok(list.answer(found, |session| filter.cursor(session), |session| StudySessionView::new(session, now)))
}

async fn own(app: &App, caller: &Caller, id: Id) -> Result<StudySession> {
    let session = app.ledger.store.study_session(id).await?;
    session.filter(|session| session.user_id == caller.user.id).ok_or_else(|| {
        let detail = "There is no such study session, or it is not yours.";
        Problem::not_found("study_session.not_found", detail)
    })
}

/// A session.
#[utoipa::path(get, path = "/study-sessions/{id}", tag = "study-sessions", params(("id" = String, Path)),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = StudySessionView, headers(("ETag" = String))),
        (status = 304, description = "The caller has this version already"),
        (status = 400, body = ProblemBody, description = "`id.invalid`"),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`"),
        (status = 404, body = ProblemBody, description = "`study_session.not_found`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    conditions: Conditions,
) -> Result<Response> {
    let session = own(&app, &caller, id).await?;
    conditions.answer(&StudySessionView::new(session, app.ledger.clock.now()))
}

/// Changes what is given. The times follow each other: an end or a duration finishes the session, and a start alone
/// leaves the end where it was.
#[utoipa::path(put, path = "/study-sessions/{id}", tag = "study-sessions", request_body = Ask,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The session's `ETag`")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = StudySessionView),
        (status = 400, body = ProblemBody, description = "`id.invalid`, `validation.failed`, `body.malformed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`study_session.other_user`, `account.deactivated`, `auth.cross_site`"),
        (status = 404, body = ProblemBody, description = "`study_session.not_found`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
        (status = 413, body = ProblemBody, description = "`body.too_large`"),
        (status = 415, body = ProblemBody, description = "`body.unsupported_type`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn update(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    conditions: Conditions,
    Json(ask): Json<Ask>,
) -> Result<Json<StudySessionView>> {
    let edit = |session: &mut StudySession, _| {
        let mut ask = ask.clone();
        // A running session is shown with no minutes: sent back as it was read, it goes on.
        let is_running = session.end_time.is_none() && ask.end_time.is_none();
        ask.duration_minutes = ask.duration_minutes.filter(|minutes| *minutes > 0.0 || !is_running);
        ask.apply(session, &caller)
    };
    change(&app, &caller, id, &conditions, edit).await
}

/// The same as PUT.
#[utoipa::path(patch, path = "/study-sessions/{id}", tag = "study-sessions", request_body = Ask,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The session's `ETag`")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = StudySessionView),
        (status = 400, body = ProblemBody, description = "`id.invalid`, `validation.failed`, `body.malformed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`study_session.other_user`, `account.deactivated`, `auth.cross_site`"),
        (status = 404, body = ProblemBody, description = "`study_session.not_found`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
        (status = 413, body = ProblemBody, description = "`body.too_large`"),
        (status = 415, body = ProblemBody, description = "`body.unsupported_type`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn patch(
    app: State<App>,
    caller: Caller,
    id: Path<Id>,
    conditions: Conditions,
    ask: Json<Ask>,
) -> Result<Json<StudySessionView>> {
    update(app, caller, id, conditions, ask).await
}

/// Ends a session now. One that has ended stays as it is.
#[utoipa::path(post, path = "/study-sessions/{id}/finish", tag = "study-sessions",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The session's `ETag`")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = StudySessionView),
        (status = 400, body = ProblemBody, description = "`id.invalid`"),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`, `auth.cross_site`"),
        (status = 404, body = ProblemBody, description = "`study_session.not_found`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn finish(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    conditions: Conditions,
) -> Result<Json<StudySessionView>> {
    let end = |session: &mut StudySession, now| {
        session.finish(now);
        Ok(())
    };
    change(&app, &caller, id, &conditions, end).await
}

/// Changes a session; should somebody else write it meanwhile, as it then is.
async fn change(
    app: &App,
    caller: &Caller,
    id: Id,
    conditions: &Conditions,
    edit: impl Fn(&mut StudySession, Timestamp) -> Result<()>,
) -> Result<Json<StudySessionView>> {
    loop {
        let now = app.ledger.clock.now();
        let mut session = own(app, caller, id).await?;
        conditions.check(&[Tag::of(&StudySessionView::new(session.clone(), now))?])?;
        let before = session.clone();
        session = session.settled(now);
        edit(&mut session, now)?;
        if session == before {
            return Ok(Json(StudySessionView::new(session, now)));
        }
        session.updated_at = now;
        if app.ledger.store.save_study_session(&session).await? {
            return Ok(Json(StudySessionView::new(session, now)));
        }
    }
}

/// Deletes a session.
#[utoipa::path(delete, path = "/study-sessions/{id}", tag = "study-sessions",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The session's `ETag`")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = Message),
        (status = 400, body = ProblemBody, description = "`id.invalid`"),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`, `auth.cross_site`"),
        (status = 404, body = ProblemBody, description = "`study_session.not_found`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    conditions: Conditions,
) -> Result<Json<Message>> {
    loop {
        let session = own(&app, &caller, id).await?;
        let rev = session.rev;
        conditions.check(&[Tag::of(&StudySessionView::new(session, app.ledger.clock.now()))?])?;
        if app.ledger.store.delete_study_session(id, rev).await? {
            return Ok(Json(Message { message: "Study session deleted successfully" }));
        }
    }
}
