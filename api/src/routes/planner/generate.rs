//! Asking for a plan and for its reschedule. The answer is a job, or what became of it for those who wait.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use garde::Validate;
use serde::Deserialize;
use shared::{
    domain::{Availability, Day, Id, Job, PlanBrief, Zone},
    jobs::{plan_generate::PlanGenerate, plan_reschedule::PlanReschedule},
};
use utoipa::ToSchema;

use super::{InTimeZone, PlanView, check, input, owned};
use crate::{
    app::App,
    extract::{Caller, Conditions, InZone, Json, Path, Wait},
    problem::{Problem, ProblemBody, Result},
    routes::jobs::{JobView, answer},
};

/// What to plan for.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanRequest {
    /// The subjects, each with a name of its own.
    #[garde(length(min = 1, max = 20), custom(input::distinct), dive)]
    #[schema(min_items = 1, max_items = 20)]
    subjects: Vec<input::SubjectBody>,
    /// Hours for study on a day for which `availability` says nothing.
    #[garde(range(min = 0.5, max = 16.0))]
    #[schema(minimum = 0.5, maximum = 16)]
    daily_study_hours: f64,
    /// The day of the exam, after today.
    #[garde(skip)]
    #[schema(value_type = Day)]
    exam_date: String,
    /// What is to be reached, in your own words.
    #[garde(inner(length(chars, max = 2000)))]
    #[schema(max_length = 2000)]
    goals: Option<String>,
    /// Hours by weekday, 0–24 each and not all 0; a day that is absent has `dailyStudyHours`.
    #[garde(inner(custom(input::hours)))]
    availability: Option<Availability>,
}

/// Makes a study plan: subjects spread over the days until the exam in phases, by priority and difficulty, with
/// breaks, revision and mock tests, never over a day's hours. The days are counted from today, which has no more time
/// than is left of it.
#[utoipa::path(post, path = "/planner/generate", tag = "planner", request_body = PlanRequest,
    params(InTimeZone),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 202, body = JobView, description = "Accepted: follow the job", headers(("Location" = String), ("Retry-After" = u32))),
        (status = 201, body = PlanView, description = "With `Prefer: wait=N`, when it is ready in time", headers(("Location" = String))),
        (status = 400, body = ProblemBody, description = "`validation.failed`"),
        (status = 404, body = ProblemBody, description = "With `Prefer: wait=N`: `plan.not_found`, it was deleted at once"),
        (status = 422, body = ProblemBody, description = "With `Prefer: wait=N` also `plan.no_time`: no day before the exam has time"),
    ))]
pub async fn generate(
    State(app): State<App>,
    caller: Caller,
    InZone(time_zone): InZone,
    wait: Wait,
    Json(ask): Json<PlanRequest>,
) -> Result<Response> {
    let exam_date = input::day("examDate", &ask.exam_date, &time_zone)?;
    let today = time_zone.day(app.ledger.clock.now());
    input::after(exam_date, today)?;
    let brief = PlanBrief {
        subjects: ask.subjects.iter().map(input::SubjectBody::read).collect(),
        daily_study_hours: ask.daily_study_hours,
        exam_date,
        goals: input::filled(ask.goals.as_deref()),
        availability: ask.availability,
    };
    let id = app.ledger.clock.job_id();
    let payload = PlanGenerate { brief, time_zone: time_zone.clone() };
    let job = app.ledger.enqueue(id, Some(caller.user.id), &payload, None).await?;
    answer(&app, job, wait, async |job: &Job| ready(&app, Id::for_job(job.id), &time_zone).await).await
}

/// Spreads what was missed over the days left: on days with time for it, the most important first. What is done stays
/// where it is, and so does what is ahead unless something that matters more has no other place. What finds no place
/// stays on its day, and the job's `notices` tell of it.
#[utoipa::path(post, path = "/planner/plans/{id}/reschedule", tag = "planner",
    params(("id" = String, Path), InTimeZone),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 202, body = JobView, description = "Accepted: follow the job", headers(("Location" = String), ("Retry-After" = u32))),
        (status = 201, body = PlanView, description = "With `Prefer: wait=N`, when it is ready in time", headers(("Location" = String))),
        (status = 400, body = ProblemBody, description = "`id.invalid`, `validation.failed`"),
        (status = 404, body = ProblemBody, description = "`plan.not_found`"),
        (status = 409, body = ProblemBody, description = "`plan.on_track`: nothing is misplaced; `plan.exam_passed`: no day is left"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
        (status = 422, body = ProblemBody, description = "With `Prefer: wait=N` also `plan.exam_passed`, `plan.not_found`: it happened meanwhile"),
        (status = 503, body = ProblemBody, description = "With `Prefer: wait=N` also `plan.busy`"),
    ))]
pub async fn reschedule(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    InZone(time_zone): InZone,
    conditions: Conditions,
    wait: Wait,
) -> Result<Response> {
    let plan = owned(&app, &caller, id).await?;
    let today = time_zone.day(app.ledger.clock.now());
    check(&app, &conditions, &plan, today)?;
    if plan.brief.exam_date <= today {
        let detail = "The day of the exam has come; there is no day left to move tasks to.";
        return Err(Problem::conflict("plan.exam_passed", detail));
    }
    if !plan.is_unsettled(today) {
        let detail = "Nothing was missed and every day has time for its tasks; there is nothing to move.";
        return Err(Problem::conflict("plan.on_track", detail));
    }
    let job = app.ledger.clock.job_id();
    let payload = PlanReschedule { plan: id, time_zone: time_zone.clone() };
    let job = app.ledger.enqueue(job, Some(caller.user.id), &payload, None).await?;
    answer(&app, job, wait, async |_: &Job| ready(&app, id, &time_zone).await).await
}

/// The plan a job made, for those who waited.
async fn ready(app: &App, id: Id, zone: &Zone) -> Result<Response> {
    let gone = || Problem::not_found("plan.not_found", "The plan was deleted meanwhile.");
    let plan = app.ledger.store.plan(id).await?.ok_or_else(gone)?;
    let location = [(header::LOCATION, format!("/planner/plans/{id}"))];
    let view = PlanView::whole(app, plan, zone.day(app.ledger.clock.now()));
    Ok((StatusCode::CREATED, location, Json(view)).into_response())
}
