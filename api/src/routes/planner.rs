//! Study plans: reading, changing, deleting. Making and rescheduling them is work for a queue.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{
    domain::{
        Availability, Day, Generation, Id, Phase, Plan, PlanDay, PlanProgress, Subject, Timestamp, Workload,
    },
    store::PlanSummary,
};
use utoipa::{IntoParams, ToSchema};

use super::auth::Message;
use crate::{
    app::App,
    extract::{Caller, Conditions, InZone, Json, List, Path, Tag},
    problem::{Problem, ProblemBody, Result},
    routes::{Routes, routes},
};

mod calendar;
mod generate;
mod input;
mod tasks;

/// This file's routes.
pub fn routes() -> Routes {
    let large = Routes::new().routes(routes!(get, put, delete)).body_max(PLAN_JSON_MAX);
    Routes::new()
        .merge(large)
        .routes(routes!(generate::generate))
        .routes(routes!(list))
        .routes(routes!(tasks::patch))
        .routes(routes!(generate::reschedule))
        .routes(routes!(renew_feed))
        .routes(routes!(calendar::own))
        .routes(routes!(calendar::feed))
}

/// Most bytes of a request that carries a whole plan, which may be sent back as it was read.
const PLAN_JSON_MAX: usize = 16 << 20;
/// How often somebody else may write a plan first before a change is refused.
const RACES: usize = 100;
/// Most bytes to which changes may let a plan's tasks grow: a document of MongoDB holds 16 MiB.
const BULK_MAX: usize = 14 << 20;

/// In which zone days are counted.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct InTimeZone {
    /// IANA time zone in which days are counted; that of the caller's preferences when absent.
    #[garde(skip)]
    #[expect(dead_code, reason = "read by InZone")]
    tz: Option<String>,
}

/// A study plan. Lists leave out its `days`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanView {
    #[schema(value_type = String)]
    id: Id,
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    legacy_id: Id,
    title: String,
    subjects: Vec<Subject>,
    /// Hours for study on a day for which `availability` says nothing.
    daily_study_hours: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    availability: Option<Availability>,
    #[serde(skip_serializing_if = "Option::is_none")]
    goals: Option<String>,
    exam_date: Day,
    generation: Generation,
    phases: Vec<Phase>,
    /// Days with tasks, in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<Vec<PlanDay>>,
    progress: PlanProgress,
    /// The plan as iCalendar, without a login, for calendar programs to subscribe to. Whoever has it can read the plan.
    #[schema(format = "uri")]
    feed_url: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl PlanView {
    fn new(app: &App, plan: Plan, workload: &Workload, today: Day, days: Option<Vec<PlanDay>>) -> Self {
        Self {
            id: plan.id,
            legacy_id: plan.id,
            title: plan.title,
            subjects: plan.brief.subjects,
            daily_study_hours: plan.brief.daily_study_hours,
            availability: plan.brief.availability,
            goals: plan.brief.goals,
            exam_date: plan.brief.exam_date,
            generation: plan.generation,
            phases: plan.phases,
            days,
            progress: workload.progress(today),
            feed_url: format!("{}/planner/feeds/{}/calendar.ics", app.public_url, plan.feed_token),
            created_at: plan.created_at,
            updated_at: plan.updated_at,
        }
    }

    /// With its days, as it stands today.
    fn whole(app: &App, mut plan: Plan, today: Day) -> Self {
        let workload = plan.workload();
        let days = std::mem::take(&mut plan.days);
        Self::new(app, plan, &workload, today, Some(days))
    }

    /// Without its days, as it stands today.
    pub fn listed(app: &App, summary: PlanSummary, today: Day) -> Self {
        Self::new(app, summary.plan, &summary.workload, today, None)
    }
}

/// A plan of the caller.
async fn owned(app: &App, caller: &Caller, id: Id) -> Result<Plan> {
    let plan = app.ledger.store.plan(id).await?.filter(|plan| plan.user_id == caller.user.id);
    plan.ok_or_else(|| Problem::not_found("plan.not_found", "There is no such plan, or it is not yours."))
}

/// Refuses a change if the caller knows another version of the plan.
fn check(app: &App, conditions: &Conditions, plan: &Plan, today: Day) -> Result<()> {
    if !conditions.guard() {
        return Ok(());
    }
    conditions.check(&[Tag::of(&PlanView::whole(app, plan.clone(), today))?])
}

/// Changes a plan of the caller, on a fresh copy again and again until nobody else wrote it in between.
async fn change(
    app: &App,
    caller: &Caller,
    id: Id,
    conditions: &Conditions,
    today: Day,
    mut edit: impl FnMut(&mut Plan, Timestamp) -> Result<()>,
) -> Result<Plan> {
    for _ in 0..RACES {
        let mut plan = owned(app, caller, id).await?;
        check(app, conditions, &plan, today)?;
        let before = plan.clone();
        let now = app.ledger.clock.now();
        edit(&mut plan, now)?;
        if plan == before {
            return Ok(plan);
        }
        if plan.bulk() > BULK_MAX.max(before.bulk()) {
            let detail = "The plan has grown too large. Shorten texts or take tasks out.";
            return Err(Problem::conflict("plan.too_large", detail));
        }
        plan.updated_at = now;
        if app.ledger.store.save_plan(&mut plan).await? {
            return Ok(plan);
        }
    }
    Err(busy())
}

fn busy() -> Problem {
    Problem::conflict("plan.busy", "The plan is being changed by others. Try again in a moment.")
}

/// The caller's plans without their days, newest first.
#[utoipa::path(get, path = "/planner/plans", tag = "planner", params(InTimeZone, List),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = [PlanView], headers(("X-Total-Count" = u64), ("Link" = String))),
        (status = 400, body = ProblemBody, description = "`validation.failed`"),
    ))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    InZone(zone): InZone,
    list: List,
) -> Result<Response> {
    let found = app.ledger.store.plans(caller.user.id, &list.window).await?;
    let today = zone.day(app.ledger.clock.now());
    Ok(list.answer(
        found,
        |summary| summary.plan.id.to_string(),
        |summary| PlanView::listed(&app, summary, today),
    ))
}

/// A plan with its days.
#[utoipa::path(get, path = "/planner/plans/{id}", tag = "planner", params(("id" = String, Path), InTimeZone),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = PlanView, headers(("ETag" = String))),
        (status = 304, description = "The caller has this version already"),
        (status = 400, body = ProblemBody, description = "`id.invalid`, `validation.failed`"),
        (status = 404, body = ProblemBody, description = "`plan.not_found`"),
    ))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    InZone(zone): InZone,
    conditions: Conditions,
) -> Result<Response> {
    let plan = owned(&app, &caller, id).await?;
    conditions.answer(&PlanView::whole(&app, plan, zone.day(app.ledger.clock.now())))
}

/// Changes a plan: what is absent stays. `days` replaces all days; a task without `id` is new, one with the `id` of a
/// task keeps what it does not name. New hours or another day of the exam move no tasks: reschedule for that.
#[utoipa::path(put, path = "/planner/plans/{id}", tag = "planner", request_body = input::PlanChange,
    params(("id" = String, Path), InTimeZone),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = PlanView, headers(("ETag" = String))),
        (status = 400, body = ProblemBody, description = "`id.invalid`, `validation.failed`"),
        (status = 404, body = ProblemBody, description = "`plan.not_found`"),
        (status = 409, body = ProblemBody, description = "`plan.busy`, `plan.too_large`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
    ))]
pub async fn put(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    InZone(zone): InZone,
    conditions: Conditions,
    Json(asked): Json<input::PlanChange>,
) -> Result<Response> {
    let today = zone.day(app.ledger.clock.now());
    let asked = asked.read(&zone)?;
    let plan = change(&app, &caller, id, &conditions, today, |plan, now| {
        asked.apply(plan, today, now, || app.ledger.clock.id().to_string())
    });
    Conditions::default().answer(&PlanView::whole(&app, plan.await?, today))
}

/// Deletes a plan and its calendar feed.
#[utoipa::path(delete, path = "/planner/plans/{id}", tag = "planner", params(("id" = String, Path), InTimeZone),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = Message),
        (status = 400, body = ProblemBody, description = "`id.invalid`, `validation.failed`"),
        (status = 404, body = ProblemBody, description = "`plan.not_found`"),
        (status = 409, body = ProblemBody, description = "`plan.busy`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
    ))]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    InZone(zone): InZone,
    conditions: Conditions,
) -> Result<Response> {
    let today = zone.day(app.ledger.clock.now());
    for _ in 0..RACES {
        let plan = owned(&app, &caller, id).await?;
        check(&app, &conditions, &plan, today)?;
        if app.ledger.store.delete_plan(id, plan.rev).await? {
            return Ok(Json(Message { message: "Plan deleted successfully" }).into_response());
        }
    }
    Err(busy())
}

/// Gives the plan's calendar feed a new address; the old one stops working.
#[utoipa::path(post, path = "/planner/plans/{id}/feed", tag = "planner", params(("id" = String, Path), InTimeZone),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = PlanView, headers(("ETag" = String))),
        (status = 400, body = ProblemBody, description = "`id.invalid`, `validation.failed`"),
        (status = 404, body = ProblemBody, description = "`plan.not_found`"),
        (status = 409, body = ProblemBody, description = "`plan.busy`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
    ))]
pub async fn renew_feed(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    InZone(zone): InZone,
    conditions: Conditions,
) -> Result<Response> {
    let today = zone.day(app.ledger.clock.now());
    let token = app.ledger.clock.token();
    let plan = change(&app, &caller, id, &conditions, today, |plan, _| {
        plan.feed_token.clone_from(&token);
        Ok(())
    });
    Conditions::default().answer(&PlanView::whole(&app, plan.await?, today))
}
