//! How much the caller studied.

use std::cmp::Reverse;

use axum::extract::State;
use serde::Serialize;
use shared::{
    domain::{Grouping, StudyTotals, Sum, grouped},
    store::StudyBy,
};
use utoipa::ToSchema;

use super::{in_order, performance::By, scope};
use crate::{
    app::App,
    extract::{Caller, Json, Period, Query},
    problem::{ProblemBody, Result},
};

/// How much the caller studied. A session counts as a whole in the day and hour in which it began.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StudyTimeView {
    totals: StudyTimeTotals,
    /// Stretches of time in order; topics by their minutes.
    groups: Vec<StudyTimeGroup>,
    /// Subjects by their minutes.
    by_subject: Vec<SubjectTime>,
    /// Minutes by the hour of the day, from 0 to 23.
    #[schema(min_items = 24, max_items = 24)]
    by_hour: Vec<u64>,
}

/// All sessions of the range.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StudyTimeTotals {
    minutes: u64,
    sessions: u64,
    /// Minutes, one decimal; 0 without sessions.
    average_session: f64,
}

/// The sessions of a group.
#[derive(Debug, Serialize, ToSchema)]
pub struct StudyTimeGroup {
    /// A day (`2026-11-22`), the Monday of a week, a month (`2026-11`) or a topic (empty where unknown). Sessions have
    /// no difficulty: by it they make one group with an empty key.
    key: String,
    minutes: u64,
    sessions: u64,
}

/// The sessions of a subject.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubjectTime {
    /// Empty where unknown.
    subject: String,
    minutes: u64,
    sessions: u64,
}

/// How much the caller studied, in all and in groups: finished sessions that are no breaks. Groups without a session
/// are left out; without a range all sessions count.
#[utoipa::path(get, path = "/analytics/study-time", tag = "analytics", params(Period, By),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = StudyTimeView),
        (status = 400, body = ProblemBody, description = "`validation.failed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn study_time(
    State(app): State<App>,
    caller: Caller,
    period: Period,
    Query(By { group_by }): Query<By>,
) -> Result<Json<StudyTimeView>> {
    let scope = scope(&app, &caller, &period);
    let (store, now) = (&app.ledger.store, app.ledger.clock.now());
    let shifts = period.zone.shifts(scope.from, scope.until);
    let by = match group_by {
        Grouping::Topic => StudyBy::Topic,
        _ => StudyBy::Day(shifts.clone()),
    };
    let by_hour = StudyBy::Hour(shifts);
    let (groups, subjects, hours) = tokio::try_join!(
        store.study_by(&scope, &by, now),
        store.study_by(&scope, &StudyBy::Subject, now),
        store.study_by(&scope, &by_hour, now),
    )?;
    let name = |key| if group_by == Grouping::Difficulty { String::new() } else { group_by.of(key) };
    let groups = grouped(groups.into_iter().map(|(key, totals)| (name(key), totals)));
    let mut totals = StudyTotals::default();
    groups.values().for_each(|group| totals.add(group));
    let mut subjects: Vec<_> = grouped(subjects).into_iter().collect();
    subjects.sort_by_key(|(_, totals)| Reverse(totals.minutes));
    let mut by_hour = vec![0; 24];
    for (hour, totals) in hours {
        if let Some(minutes) = hour.parse().ok().and_then(|hour: usize| by_hour.get_mut(hour)) {
            *minutes += totals.minutes;
        }
    }
    let groups = in_order(groups, group_by, |totals| totals.minutes).into_iter();
    Ok(Json(StudyTimeView {
        totals: StudyTimeTotals {
            minutes: totals.minutes,
            sessions: totals.sessions,
            average_session: totals.average_length(),
        },
        groups: groups
            .map(|(key, StudyTotals { sessions, minutes })| StudyTimeGroup { key, minutes, sessions })
            .collect(),
        by_subject: subjects
            .into_iter()
            .map(|(subject, StudyTotals { sessions, minutes })| SubjectTime { subject, minutes, sessions })
            .collect(),
        by_hour,
    }))
}
