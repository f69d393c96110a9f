use axum::extract::State;
use serde::Serialize;
use shared::domain::EVER;
use utoipa::{IntoParams, ToSchema};

use crate::{
    app::App,
    extract::{Caller, InZone, Json},
    problem::{ProblemBody, Result},
};

/// Sums over the sessions that count: finished ones that are no breaks.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StudyStats {
    total_sessions: u64,
    total_minutes: u64,
    /// Minutes, one decimal; 0 without sessions.
    average_session_length: f64,
    /// Since Monday.
    sessions_this_week: u64,
    /// Since Monday.
    minutes_this_week: u64,
    /// Minutes today.
    today: u64,
    /// The same as `minutesThisWeek`.
    week: u64,
    /// The same as `totalMinutes`.
    total: u64,
}

/// In which zone days are counted.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query for the document; InZone reads it")]
pub struct ZoneParam {
    /// IANA time zone; the caller's when absent.
    tz: Option<String>,
}

/// How much the caller has studied.
#[utoipa::path(get, path = "/study-sessions/stats", tag = "study-sessions", params(ZoneParam),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = StudyStats),
        (status = 400, body = ProblemBody, description = "`validation.failed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn stats(State(app): State<App>, caller: Caller, InZone(zone): InZone) -> Result<Json<StudyStats>> {
    let now = app.ledger.clock.now();
    let today = zone.day(now);
    let days = |from, until| (zone.start_of(from), zone.start_of(until));
    let spans = [EVER, days(today.week(), today.week().plus(7)), days(today, today.plus(1))];
    let totals = app.ledger.store.study_totals(caller.user.id, &spans, now).await?;
    let [all, week, today] = std::array::from_fn(|at| totals.get(at).copied().unwrap_or_default());
    Ok(Json(StudyStats {
        total_sessions: all.sessions,
        total_minutes: all.minutes,
        average_session_length: all.average_length(),
        sessions_this_week: week.sessions,
        minutes_this_week: week.minutes,
        today: today.minutes,
        week: week.minutes,
        total: all.minutes,
    }))
}
