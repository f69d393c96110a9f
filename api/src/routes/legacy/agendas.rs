//! Agendas: tasks spread over hours, and put into a good order. Nothing is stored.

use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use shared::domain::{
    Priority, Timestamp, Zone,
    agenda::{self, Outline, Pending},
};
use utoipa::ToSchema;

use super::tasks::{DURATION, OldTask, check_due, due, end_of};
use crate::{
    app::App,
    extract::{Caller, Json},
    problem::{ProblemBody, Result},
};

/// Most minutes of an agenda's day.
const DAY_MAX: u32 = 8 * 60;
/// Hours of a day that tasks may take when nobody says.
const DAILY_HOURS: f64 = 4.0;

/// What to study, for how long and what for.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgendaAsk {
    /// Subjects, 1–20.
    #[garde(length(min = 1, max = 20), inner(length(chars, min = 1, max = 200)))]
    #[schema(min_items = 1, max_items = 20)]
    subjects: Vec<String>,
    /// Hours in all, 0.5–168; a day takes at most 8 of them.
    #[garde(range(min = 0.5, max = 168.0))]
    #[schema(minimum = 0.5, maximum = 168)]
    available_hours: f64,
    /// Goals, at most 20. A subject that they name gets more time.
    #[serde(default)]
    #[garde(length(max = 20), inner(length(chars, max = 500)))]
    #[schema(max_items = 20)]
    goals: Vec<String>,
}

/// Spreads subjects over hours, from today on.
#[utoipa::path(post, path = "/ai/generate-study-plan", tag = "old-frontend", request_body = AgendaAsk, responses(
    (status = 200, body = [OldTask]),
    (status = 400, body = ProblemBody, description = "`validation.failed`, `body.malformed`"),
    (status = 401, body = ProblemBody, description = "With a bearer token: `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
    (status = 403, body = ProblemBody, description = "`account.deactivated`, `auth.cross_site`"),
    (status = 413, body = ProblemBody, description = "`body.too_large`"),
    (status = 415, body = ProblemBody, description = "`body.unsupported_type`"),
))]
pub async fn generate_study_plan(
    State(app): State<App>,
    caller: Option<Caller>,
    Json(ask): Json<AgendaAsk>,
) -> Result<Json<Vec<OldTask>>> {
    let (now, zone) = (app.ledger.clock.now(), zone_of(caller));
    let minutes = (ask.available_hours * 60.0).round() as u32;
    let outlines = agenda::spread(&ask.subjects, minutes, &ask.goals);
    let pending: Vec<Pending> = outlines
        .iter()
        .map(|outline| Pending {
            due: None,
            priority: Priority::Medium,
            minutes: outline.minutes,
            subject: outline.subject.clone(),
            completed: false,
        })
        .collect();
    let days = agenda::days(&pending, DAY_MAX, zone.day(now));
    let task = |(outline, day): (Outline, _)| {
        let id = app.ledger.clock.id().to_string();
        OldTask {
            legacy_id: id.clone(),
            id,
            title: outline.title,
            description: Some(outline.description).filter(|text| !text.is_empty()),
            subject: outline.subject,
            estimated_duration: outline.minutes,
            priority: outline.priority,
            due_date: Some(end_of(day, &zone)),
            completed: false,
            created_at: now,
            updated_at: now,
        }
    };
    Ok(Json(outlines.into_iter().zip(days).map(task).collect()))
}

/// Days are those of the caller, where there is one.
fn zone_of(caller: Option<Caller>) -> Zone {
    caller.map_or(Zone::UTC, |caller| caller.user.preferences.time_zone)
}

/// Tasks to put in order.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct ScheduleAsk {
    /// Tasks, at most 200.
    #[garde(length(max = 200), dive)]
    #[schema(max_items = 200)]
    tasks: Vec<LooseTask>,
    /// What to heed.
    #[serde(default)]
    #[garde(dive)]
    preferences: Option<SchedulePreferences>,
}

/// What to heed.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SchedulePreferences {
    /// Hours of a day, 0.5–24; 4 when absent.
    #[garde(inner(range(min = 0.5, max = 24.0)))]
    #[schema(minimum = 0.5, maximum = 24)]
    available_hours: Option<f64>,
}

/// A task, stored or not; its id and times are given back.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LooseTask {
    /// Its id; a new one when absent.
    #[garde(inner(length(max = 100)))]
    #[schema(max_length = 100)]
    id: Option<String>,
    /// When it was made.
    #[garde(skip)]
    created_at: Option<Timestamp>,
    /// When it last changed.
    #[garde(skip)]
    updated_at: Option<Timestamp>,
    // What a new task has, once more: errors within a flattened part do not name their fields.
    /// What to do.
    #[garde(inner(length(chars, max = 200)))]
    #[schema(max_length = 200)]
    title: Option<String>,
    /// More about it.
    #[garde(inner(length(chars, max = 10_000)))]
    #[schema(max_length = 10_000)]
    description: Option<String>,
    /// Subject it belongs to.
    #[garde(inner(length(chars, max = 200)))]
    #[schema(max_length = 200)]
    subject: Option<String>,
    /// Minutes it should take; 30 when absent.
    #[garde(inner(range(min = 0.0, max = 1440.0)))]
    #[schema(minimum = 0, maximum = 1440)]
    estimated_duration: Option<f64>,
    /// How much it matters; `medium` when absent.
    #[garde(skip)]
    priority: Option<Priority>,
    /// A day (2026-11-22), which ends at midnight in the caller's zone, or an instant.
    #[garde(inner(custom(check_due)))]
    due_date: Option<String>,
    /// Whether it is done.
    #[garde(skip)]
    completed: Option<bool>,
}

/// Puts tasks in a good order, and gives those that lack one a day to be done on: what is due first comes first, then
/// what matters most, then what is soonest done; subjects take turns among tasks that are alike.
#[utoipa::path(post, path = "/ai/optimize-schedule", tag = "old-frontend", request_body = ScheduleAsk, responses(
    (status = 200, body = [OldTask]),
    (status = 400, body = ProblemBody, description = "`validation.failed`, `body.malformed`"),
    (status = 401, body = ProblemBody, description = "With a bearer token: `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
    (status = 403, body = ProblemBody, description = "`account.deactivated`, `auth.cross_site`"),
    (status = 413, body = ProblemBody, description = "`body.too_large`"),
    (status = 415, body = ProblemBody, description = "`body.unsupported_type`"),
))]
pub async fn optimize_schedule(
    State(app): State<App>,
    caller: Option<Caller>,
    Json(ask): Json<ScheduleAsk>,
) -> Result<Json<Vec<OldTask>>> {
    let (now, zone) = (app.ledger.clock.now(), zone_of(caller));
    let hours = ask.preferences.unwrap_or_default().available_hours.unwrap_or(DAILY_HOURS);
    let mut tasks: Vec<OldTask> = ask.tasks.into_iter().map(|task| view(task, &app, now, &zone)).collect();
    let pending: Vec<Pending> = tasks
        .iter()
        .map(|task| Pending {
            due: task.due_date.map(|due| zone.day(due)),
            priority: task.priority,
            minutes: task.estimated_duration,
            subject: task.subject.clone(),
            completed: task.completed,
        })
        .collect();
    let order = agenda::ordered(&pending);
    let in_order: Vec<Pending> = order.iter().map(|at| pending[*at].clone()).collect();
    let days = agenda::days(&in_order, (hours * 60.0).round() as u32, zone.day(now));
    for (at, day) in order.iter().zip(days) {
        let task = &mut tasks[*at];
        if task.due_date.is_none() && !task.completed {
            task.due_date = Some(end_of(day, &zone));
        }
    }
    let mut tasks: Vec<Option<OldTask>> = tasks.into_iter().map(Some).collect();
    Ok(Json(order.into_iter().filter_map(|at| tasks[at].take()).collect()))
}

fn view(task: LooseTask, app: &App, now: Timestamp, zone: &Zone) -> OldTask {
    let id = task.id.filter(|id| !id.is_empty()).unwrap_or_else(|| app.ledger.clock.id().to_string());
    OldTask {
        legacy_id: id.clone(),
        id,
        title: task.title.unwrap_or_default(),
        description: task.description.filter(|text| !text.is_empty()),
        subject: task.subject.unwrap_or_default(),
        estimated_duration: task.estimated_duration.map_or(DURATION, |minutes| minutes.round() as u32),
        priority: task.priority.unwrap_or(Priority::Medium),
        due_date: task.due_date.and_then(|text| due(&text, zone)),
        completed: task.completed.unwrap_or_default(),
        created_at: task.created_at.unwrap_or(now),
        updated_at: task.updated_at.unwrap_or(now),
    }
}
