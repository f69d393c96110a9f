//! What a student did so far, in numbers.

use axum::extract::State;
use serde::Serialize;
use shared::{
    domain::{EVER, Id, QuizStatus, Zone, streak},
    store::{NoteFilter, NoteOrder, QuizFilter, Window},
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    app::App,
    extract::{Caller, InZone, Json},
    problem::{ProblemBody, Result},
};

/// What a student did so far.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserStats {
    /// Minutes of finished study sessions, breaks left out.
    total_study_time: u64,
    /// Submitted attempts.
    quizzes_completed: u64,
    /// Their mean percentage, one decimal; 0 without attempts.
    average_quiz_score: f64,
    /// Days in a row, up to today or yesterday, with a finished study session or a submitted attempt.
    study_streak: u32,
    /// The most such days in a row there ever were.
    longest_streak: u32,
    /// Notes, the trash left out.
    notes: u64,
    /// Own quizzes, archived ones left out.
    quizzes: u64,
    /// Plans whose exam is today or later.
    active_plans: u64,
}

impl UserStats {
    /// Those of a student, whose days begin in this zone.
    pub async fn of(app: &App, user_id: Id, zone: &Zone) -> Result<Self> {
        let now = app.ledger.clock.now();
        let today = zone.day(now);
        let shifts = zone.shifts(EVER.0, zone.start_of(today.plus(1)));
        let one = Window { limit: 1, skip: 0, after: None, descending: true };
        let quizzes = QuizFilter {
            created_by: user_id,
            topic: None,
            status: Some(QuizStatus::Active),
            difficulty: None,
            text: None,
        };
        let store = &app.ledger.store;
        let notes = NoteFilter::of(user_id);
        let (studied, scores, days, notes, quizzes, active_plans) = futures::try_join!(
            store.study_totals(user_id, &[EVER], now),
            store.score_totals(user_id),
            store.active_days(user_id, &shifts, now),
            store.notes(&notes, NoteOrder::Created, &one),
            store.quizzes(&quizzes, &one),
            store.active_plans(user_id, today),
        )?;
        let streak = streak(&days, today, zone);
        Ok(Self {
            total_study_time: studied.first().map_or(0, |totals| totals.minutes),
            quizzes_completed: scores.attempts,
            average_quiz_score: scores.average(),
            study_streak: streak.current,
            longest_streak: streak.longest,
            notes: notes.total,
            quizzes: quizzes.total,
            active_plans,
        })
    }
}

/// In which zone days are counted.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query for the document; InZone reads it")]
pub struct ZoneParam {
    /// IANA time zone; the caller's when absent.
    tz: Option<String>,
}

/// What the caller did so far.
#[utoipa::path(get, path = "/users/me/stats", tag = "users", params(ZoneParam),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = UserStats),
        (status = 400, body = ProblemBody, description = "`validation.failed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn stats(State(app): State<App>, caller: Caller, InZone(zone): InZone) -> Result<Json<UserStats>> {
    Ok(Json(UserStats::of(&app, caller.user.id, &zone).await?))
}
