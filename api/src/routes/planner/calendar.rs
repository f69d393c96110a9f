//! A plan for calendar programs.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use shared::domain::{Id, Plan, Zone};

use super::{InTimeZone, owned};
use crate::{
    app::App,
    extract::{Caller, Conditions, InZone, Path, Tag},
    icalendar::calendar,
    problem::{Problem, ProblemBody, Result},
};

/// A plan as iCalendar: an event for each task, in the order of the day from nine o'clock on.
#[utoipa::path(get, path = "/planner/plans/{id}/calendar.ics", tag = "planner",
    params(("id" = String, Path), InTimeZone),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = String, content_type = "text/calendar", headers(("ETag" = String))),
        (status = 304, description = "The caller has this version already"),
        (status = 400, body = ProblemBody, description = "`id.invalid`, `validation.failed`"),
        (status = 404, body = ProblemBody, description = "`plan.not_found`"),
    ))]
pub async fn own(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    InZone(zone): InZone,
    conditions: Conditions,
) -> Result<Response> {
    answer(&owned(&app, &caller, id).await?, &zone, &conditions)
}

/// A plan as iCalendar for whoever has its address, which nobody can guess: the plan's `feedUrl`. Times are in the
/// zone of its owner's preferences.
#[utoipa::path(get, path = "/planner/feeds/{token}/calendar.ics", tag = "planner",
    params(("token" = String, Path, description = "From the plan's `feedUrl`")),
    responses(
        (status = 200, body = String, content_type = "text/calendar", headers(("ETag" = String))),
        (status = 304, description = "The caller has this version already"),
        (status = 404, body = ProblemBody, description = "`feed.not_found`"),
    ))]
pub async fn feed(
    State(app): State<App>,
    Path(token): Path<String>,
    conditions: Conditions,
) -> Result<Response> {
    let missing =
        || Problem::not_found("feed.not_found", "There is no such feed. Take its address from the plan.");
    let store = &app.ledger.store;
    let plan = store.plan_by_feed(&token).await?.ok_or_else(missing)?;
    let owner = store.user(plan.user_id).await?.filter(|user| user.is_active).ok_or_else(missing)?;
    answer(&plan, &owner.preferences.time_zone, &conditions)
}

fn answer(plan: &Plan, zone: &Zone, conditions: &Conditions) -> Result<Response> {
    let text = calendar(plan, zone);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("inline; filename=\"study-plan.ics\"")),
    ];
    conditions.tagged(&Tag::of(&text)?, || (headers, text).into_response())
}
