//! How the caller's attempts went.

use std::collections::BTreeMap;

use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{
    domain::{Grouping, Tally, grouped, one_decimal},
    store::{Scope, TallyBy},
};
use utoipa::{IntoParams, ToSchema};

use super::{in_order, scope};
use crate::{
    app::App,
    extract::{Caller, Json, Period, Query},
    problem::{ProblemBody, Result},
};

/// How to group.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct By {
    /// What to group by.
    #[garde(skip)]
    #[serde(default)]
    #[param(inline, default = "day")]
    pub group_by: Grouping,
}

/// How the caller's attempts went.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuizPerformance {
    totals: PerformanceTotals,
    /// Stretches of time in order; topics and difficulties by their number of attempts.
    groups: Vec<PerformanceGroup>,
}

/// Scores are percentages, one decimal; 0 without attempts.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PerformanceTotals {
    attempts: u64,
    average_score: f64,
    best_score: f64,
    worst_score: f64,
}

/// Scores are percentages, one decimal.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PerformanceGroup {
    /// A day (`2026-11-22`), the Monday of a week, a month (`2026-11`), a topic (empty where unknown) or a difficulty.
    key: String,
    attempts: u64,
    average_score: f64,
    best_score: f64,
    /// The last attempt's score minus the first one's.
    improvement: f64,
}

impl From<&Tally> for PerformanceTotals {
    fn from(tally: &Tally) -> Self {
        Self {
            attempts: tally.attempts,
            average_score: tally.average(),
            best_score: one_decimal(tally.best),
            worst_score: one_decimal(tally.worst),
        }
    }
}

/// How the caller's submitted attempts went, in all and in groups. Groups without an attempt are left out; without a
/// range all attempts count.
#[utoipa::path(get, path = "/analytics/quiz-performance", tag = "analytics", params(Period, By),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = QuizPerformance),
        (status = 400, body = ProblemBody, description = "`validation.failed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn quiz_performance(
    State(app): State<App>,
    caller: Caller,
    period: Period,
    Query(By { group_by }): Query<By>,
) -> Result<Json<QuizPerformance>> {
    let scope = scope(&app, &caller, &period);
    let tallies = tallies(&app, &scope, &period, group_by).await?;
    let totals = Tally::total(tallies.values());
    let groups = in_order(tallies, group_by, |tally| tally.attempts).into_iter().map(|(key, tally)| {
        PerformanceGroup {
            key,
            attempts: tally.attempts,
            average_score: tally.average(),
            best_score: one_decimal(tally.best),
            improvement: tally.improvement(),
        }
    });
    Ok(Json(QuizPerformance {
        totals: totals.as_ref().map(PerformanceTotals::from).unwrap_or_default(),
        groups: groups.collect(),
    }))
}

/// The attempts in a scope, by group.
pub async fn tallies(
    app: &App,
    scope: &Scope,
    period: &Period,
    group_by: Grouping,
) -> Result<BTreeMap<String, Tally>> {
    let by = match group_by {
        Grouping::Topic => TallyBy::Topic,
        Grouping::Difficulty => TallyBy::Difficulty,
        Grouping::Day | Grouping::Week | Grouping::Month => {
            TallyBy::Day(period.zone.shifts(scope.from, scope.until))
        }
    };
    let tallies = app.ledger.store.tallies(scope, &by).await?;
    Ok(grouped(tallies.into_iter().map(|(key, tally)| (group_by.of(key), tally))))
}
