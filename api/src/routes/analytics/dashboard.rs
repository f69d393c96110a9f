//! Everything at a glance.

use axum::extract::State;
use serde::Serialize;
use shared::{
    domain::{Day, QuizStatus, StudyTotals, Tally, Zone, grouped},
    store::{PlanOnDay, QuizFilter, Scope, StudyBy, SubmissionFilter, TallyBy, Window},
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    app::App,
    extract::{Caller, InZone, Json},
    problem::{ProblemBody, Result},
    routes::{planner::PlanView, quizzes::QuizView, results::HistoryItem, users::UserStats},
};

/// Days shown, today included.
const DAYS: i64 = 7;
/// Latest attempts and quizzes shown.
const LATEST: u32 = 5;
/// Most plans whose tasks of today are counted.
const PLANS_MAX: u32 = 20;

/// Everything at a glance.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dashboard {
    stats: UserStats,
    today: Today,
    /// The last seven days, today last.
    #[schema(min_items = 7, max_items = 7)]
    week: Vec<DayOfWeek>,
    /// The latest five, the newest first.
    #[schema(max_items = 5)]
    recent_attempts: Vec<HistoryItem>,
    /// The latest five that are not archived, the newest first.
    #[schema(max_items = 5)]
    recent_quizzes: Vec<QuizView>,
    /// Of the plans whose exam is not over the one whose exam is next, without its days.
    #[serde(skip_serializing_if = "Option::is_none")]
    active_plan: Option<PlanView>,
}

/// The present day.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Today {
    /// Minutes studied.
    minutes: u64,
    /// Minutes to study: those of today's tasks in all active plans, done or not; where there are none, the length of a
    /// session in the caller's preferences.
    goal_minutes: u64,
    /// Tasks of today in all active plans that are still to be done.
    tasks_due: u64,
    /// Questions whose review is due.
    reviews_due: u64,
}

/// What was done on a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayOfWeek {
    date: Day,
    /// Minutes studied.
    minutes: u64,
    /// Attempts submitted.
    attempts: u64,
}

/// In which zone days are counted.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query for the document; InZone reads it")]
pub struct ZoneParam {
    /// IANA time zone in which days are counted; that of the caller's preferences when absent.
    #[param(example = "Europe/Berlin")]
    tz: Option<String>,
}

/// Everything of the caller's at a glance.
#[utoipa::path(get, path = "/analytics/dashboard", tag = "analytics", params(ZoneParam),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = Dashboard),
        (status = 400, body = ProblemBody, description = "`validation.failed`"),
    ))]
pub async fn dashboard(
    State(app): State<App>,
    caller: Caller,
    InZone(zone): InZone,
) -> Result<Json<Dashboard>> {
    let (user_id, store) = (caller.user.id, &app.ledger.store);
    let now = app.ledger.clock.now();
    let today = zone.day(now);
    let latest = Window { limit: LATEST, skip: 0, after: None, descending: true };
    let quizzes = QuizFilter {
        created_by: user_id,
        topic: None,
        status: Some(QuizStatus::Active),
        difficulty: None,
        text: None,
    };
    let attempts = SubmissionFilter::of(user_id);
    let in_store = async {
        Ok::<_, crate::problem::Problem>(tokio::try_join!(
            store.submissions(&attempts, &latest),
            store.quizzes(&quizzes, &latest),
            store.plans_today(user_id, today, PLANS_MAX),
            store.due_reviews(user_id, now),
        )?)
    };
    let (stats, week, (attempts, quizzes, plans, reviews_due)) =
        tokio::try_join!(UserStats::of(&app, user_id, &zone), week(&app, &caller, &zone, today), in_store)?;
    let (goal, tasks_due) = tasks(&plans, today);
    let default = caller.user.preferences.default_study_duration.into();
    Ok(Json(Dashboard {
        stats,
        today: Today {
            minutes: week.last().map_or(0, |day| day.minutes),
            goal_minutes: if goal > 0 { goal } else { default },
            tasks_due,
            reviews_due,
        },
        week,
        recent_attempts: attempts.items.into_iter().map(HistoryItem::from).collect(),
        recent_quizzes: quizzes.items.into_iter().map(QuizView::from).collect(),
        active_plan: plans.into_iter().next().map(|plan| PlanView::listed(&app, plan.summary, today)),
    }))
}

/// The last seven days.
async fn week(app: &App, caller: &Caller, zone: &Zone, today: Day) -> Result<Vec<DayOfWeek>> {
    let (first, store) = (today.plus(1 - DAYS), &app.ledger.store);
    let (from, until) = (zone.start_of(first), zone.start_of(today.plus(1)));
    let scope = Scope { user_id: caller.user.id, from, until };
    let shifts = zone.shifts(from, until);
    let by = (StudyBy::Day(shifts.clone()), TallyBy::Day(shifts));
    let (studied, attempts) = tokio::try_join!(
        store.study_by(&scope, &by.0, app.ledger.clock.now()),
        store.tallies(&scope, &by.1)
    )?;
    let (studied, attempts) = (grouped(studied), grouped(attempts));
    let days = (0..DAYS).map(|day| first.plus(day)).map(|date| {
        let key = date.to_string();
        DayOfWeek {
            date,
            minutes: studied.get(&key).map_or(0, |totals: &StudyTotals| totals.minutes),
            attempts: attempts.get(&key).map_or(0, |tally: &Tally| tally.attempts),
        }
    });
    Ok(days.collect())
}

/// Minutes of today's tasks, and how many of them are still to be done.
fn tasks(plans: &[PlanOnDay], today: Day) -> (u64, u64) {
    let work = plans.iter().flat_map(|plan| &plan.tasks).filter(|task| task.is_work());
    let minutes = work.map(|task| u64::from(task.estimated_duration)).sum();
    (minutes, plans.iter().map(|plan| u64::from(plan.summary.workload.due_on(today))).sum())
}
