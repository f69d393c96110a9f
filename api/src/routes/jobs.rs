//! Work in the background, as its owner sees it.

use std::time::Duration;

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use garde::Validate;
use serde::Deserialize;
pub use shared::jobs::JobView;
use shared::{
    domain::{Job, JobId, JobStatus, Refusal, Timestamp},
    store::JobFilter,
};
use tokio::time::{Instant, timeout_at};
use utoipa::IntoParams;

use crate::{
    app::App,
    extract::{Caller, Conditions, Json, List, Path, Query, Tag, Wait},
    problem::{Problem, ProblemBody, Result},
    routes::{Routes, routes},
};

mod viewer;

pub use viewer::Viewer;

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new().routes(routes!(list)).routes(routes!(get)).routes(routes!(cancel)).routes(routes!(retry))
}

/// Seconds after which to poll again.
const POLL_AFTER: HeaderValue = HeaderValue::from_static("1");
/// How often a waiter looks by itself, should an announcement be lost.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// 202: the job, where it is, and when to ask again.
fn accepted(job: Job) -> Response {
    let headers = [(header::LOCATION, format!("/jobs/{}", job.id)), (header::RETRY_AFTER, "1".to_owned())];
    (StatusCode::ACCEPTED, headers, Json(JobView::from(job))).into_response()
}

/// Answers who asked for work, after as long as they would wait: what the job `made`, why it failed, or 202 with
/// the job.
pub async fn answer(
    app: &App,
    job: Job,
    wait: Wait,
    made: impl AsyncFnOnce(&Job) -> Result<Response>,
) -> Result<Response> {
    let job = outcome(app, job, wait).await?;
    match (job.status, &job.error) {
        (JobStatus::Succeeded, _) => made(&job).await,
        (JobStatus::Failed, Some(error)) => Err(Problem::of_job(error)),
        _ => Ok(accepted(job)),
    }
}

/// The job as it is when it is finished, or when the time to wait is over.
pub async fn outcome(app: &App, job: Job, wait: Wait) -> Result<Job> {
    until(app, job, wait, |job| job.status.is_finished()).await
}

/// The job as it is when `enough`, or when the time to wait is over.
async fn until(app: &App, mut job: Job, Wait(wait): Wait, enough: impl Fn(&Job) -> bool) -> Result<Job> {
    let deadline = Instant::now() + wait;
    let mut changes = app.ledger.notifier.subscribe();
    if !wait.is_zero() && !enough(&job) {
        // What changed before the subscription was not announced to it.
        job = app.ledger.store.job(job.id).await?.ok_or_else(missing)?;
    }
    while !enough(&job) && Instant::now() < deadline && !app.stopping.is_cancelled() {
        let id = job.id;
        let changed = async { while changes.recv().await.is_ok_and(|changed| changed != id) {} };
        let look = timeout_at(deadline.min(Instant::now() + LOOK_EVERY), changed);
        tokio::select! { _ = look => {}, () = app.stopping.cancelled() => {} }
        job = app.ledger.store.job(id).await?.ok_or_else(missing)?;
    }
    Ok(job)
}

fn missing() -> Problem {
    Problem::not_found("job.not_found", "There is no such job, or it is not yours.")
}

/// A job of the caller.
pub async fn own(app: &App, caller: &Caller, id: JobId) -> Result<Job> {
    let job = app.ledger.store.job(id).await?.filter(|job| job.user_id == Some(caller.user.id));
    job.ok_or_else(missing)
}

/// Which jobs to list.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// In this state.
    #[garde(skip)]
    #[param(inline)]
    status: Option<JobStatus>,
    /// Of this kind, such as `quiz.generate`.
    #[garde(skip)]
    kind: Option<String>,
}

/// The caller's jobs, newest first.
#[utoipa::path(get, path = "/jobs", tag = "jobs", params(Filter, List),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = [JobView], headers(("X-Total-Count" = u64), ("Link" = String))),
        (status = 400, body = ProblemBody, description = "`validation.failed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
    ))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(ask): Query<Filter>,
    list: List,
) -> Result<Response> {
    let filter = JobFilter {
        user_id: Some(caller.user.id),
        status: ask.status,
        kind: ask.kind,
        ..JobFilter::default()
    };
    let found = app.ledger.store.jobs(&filter, &list.window).await?;
    Ok(list.answer(found, |job| job.id.to_string(), JobView::from))
}

/// A job. With `Prefer: wait=N` the answer waits until the job is finished, or, for a caller who sends
/// `If-None-Match`, until it has changed.
#[utoipa::path(get, path = "/jobs/{id}", tag = "jobs",
    params(("id" = String, Path), Viewer, ("Prefer" = Option<String>, Header, description = "`wait=N`, at most 120 s")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = JobView, headers(("ETag" = String), ("Retry-After" = u32))),
        (status = 304, description = "The caller has this version already"),
        (status = 400, body = ProblemBody, description = "`id.invalid`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 404, body = ProblemBody, description = "`job.not_found`"),
    ))]
pub async fn get(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<JobId>,
    wait: Wait,
    conditions: Conditions,
) -> Result<Response> {
    let job = viewer.job(&app, id).await?;
    let knows = |job: &Job| Tag::of(&viewer.view(job.clone())).is_ok_and(|tag| conditions.knows(&tag));
    let job = if knows(&job) {
        until(&app, job, wait, |job| job.status.is_finished() || !knows(job)).await?
    } else {
        outcome(&app, job, wait).await?
    };
    let unfinished = !job.status.is_finished();
    let mut response = conditions.answer(&viewer.view(job))?;
    if unfinished {
        response.headers_mut().insert(header::RETRY_AFTER, POLL_AFTER);
    }
    Ok(response)
}

/// Stops a job that is not finished.
#[utoipa::path(post, path = "/jobs/{id}/cancel", tag = "jobs",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The job's `ETag`")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = JobView),
        (status = 400, body = ProblemBody, description = "`id.invalid`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 404, body = ProblemBody, description = "`job.not_found`"),
        (status = 409, body = ProblemBody, description = "`job.not_cancellable`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
    ))]
pub async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<JobId>,
    conditions: Conditions,
) -> Result<Json<JobView>> {
    change(&app, &caller, id, &conditions, Job::cancel).await
}

/// Tries a failed, cancelled or waiting job again, now. What it finished before is not done again.
#[utoipa::path(post, path = "/jobs/{id}/retry", tag = "jobs",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The job's `ETag`")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = JobView),
        (status = 400, body = ProblemBody, description = "`id.invalid`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 404, body = ProblemBody, description = "`job.not_found`"),
        (status = 409, body = ProblemBody, description = "`job.not_retryable`, `job.retry_limit`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
    ))]
pub async fn retry(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<JobId>,
    conditions: Conditions,
) -> Result<Json<JobView>> {
    change(&app, &caller, id, &conditions, Job::retry).await
}

async fn change(
    app: &App,
    caller: &Caller,
    id: JobId,
    conditions: &Conditions,
    mut transition: impl FnMut(&mut Job, Timestamp) -> std::result::Result<(), Refusal>,
) -> Result<Json<JobView>> {
    let mut job = own(app, caller, id).await?;
    let change = app.ledger.change(&mut job, |job, now| {
        // Here, where whoever wrote in between is noticed.
        match Tag::of(&JobView::from(job.clone())).and_then(|tag| conditions.check(&[tag])) {
            Ok(()) => transition(job, now).map(Ok),
            Err(problem) => Ok(Err(problem)),
        }
    });
    change.await??;
    Ok(Json(job.into()))
}
