//! Everybody's jobs: found, read with all that is known of them, retried and put aside.

use axum::{extract::State, response::Response};
use garde::Validate;
use serde::Deserialize;
use shared::{
    domain::{Id, Job, JobId, JobStatus, Refusal, Timestamp, Transcript},
    jobs::{AdminJobView, JobDetail, OlderThan, Retried, RetryFilter},
    store::{CheckpointHead, JobFilter},
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    app::App,
    extract::{Admin, Caller, Conditions, Json, List, Path, Query, Tag},
    problem::{Problem, ProblemBody, Result},
    routes::{Routes, routes},
};

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(cancel))
        .routes(routes!(discard))
        .routes(routes!(retry))
        .routes(routes!(retry_all))
}

/// Which jobs to list.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct Filter {
    /// In this state.
    #[garde(skip)]
    #[param(inline)]
    status: Option<JobStatus>,
    /// Of this kind, such as `quiz.generate`.
    #[garde(skip)]
    kind: Option<String>,
    /// Whose jobs.
    #[garde(skip)]
    #[param(value_type = Option<String>, pattern = "^[0-9a-fA-F]{24}$")]
    user_id: Option<Id>,
    /// Whose latest try failed with this code, such as `pdf.damaged`.
    #[garde(skip)]
    error_code: Option<String>,
    /// Made before this instant, or longer ago than this time, such as `24h`.
    #[garde(skip)]
    #[param(inline)]
    older_than: Option<OlderThan>,
}

/// Many jobs to be retried.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetryMany {
    /// Which; all that failed when absent.
    #[garde(skip)]
    #[serde(default)]
    filter: RetryFilter,
    /// Only counts.
    #[garde(skip)]
    #[serde(default)]
    dry_run: bool,
}

/// Everybody's jobs, newest first.
#[utoipa::path(get, path = "/admin/jobs", tag = "admin", params(Filter, List),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = [AdminJobView], headers(("X-Total-Count" = u64), ("Link" = String))),
        (status = 400, body = ProblemBody, description = "`validation.failed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`auth.admin_required`, `account.deactivated`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn list(
    State(app): State<App>,
    _: Admin,
    Query(ask): Query<Filter>,
    list: List,
) -> Result<Response> {
    let now = app.ledger.clock.now();
    let filter = JobFilter {
        user_id: ask.user_id,
        status: ask.status,
        kind: ask.kind,
        error_code: ask.error_code,
        made_before: ask.older_than.map(|age| age.before(now)),
        made_from: None,
    };
    let found = app.ledger.store.jobs(&filter, &list.window).await?;
    Ok(list.answer(found, |job| job.id.to_string(), AdminJobView::from))
}

/// A job with its tries and what was saved of its work.
#[utoipa::path(get, path = "/admin/jobs/{id}", tag = "admin",
    params(("id" = String, Path), ("If-None-Match" = Option<String>, Header, description = "The job's `ETag`")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = JobDetail, headers(("ETag" = String))),
        (status = 304, description = "The caller has this version already"),
        (status = 400, body = ProblemBody, description = "`id.invalid`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`auth.admin_required`, `account.deactivated`"),
        (status = 404, body = ProblemBody, description = "`job.not_found`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn get(
    State(app): State<App>,
    _: Admin,
    Path(id): Path<JobId>,
    conditions: Conditions,
) -> Result<Response> {
    let (job, checkpoints, transcript) = read(&app, id).await?;
    conditions.answer(&JobDetail::new(job, checkpoints, transcript))
}

/// Stops a job that is not finished.
#[utoipa::path(post, path = "/admin/jobs/{id}/cancel", tag = "admin",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The job's `ETag`")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = AdminJobView),
        (status = 400, body = ProblemBody, description = "`id.invalid`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`auth.admin_required`, `account.deactivated`, `auth.cross_site`"),
        (status = 404, body = ProblemBody, description = "`job.not_found`"),
        (status = 409, body = ProblemBody, description = "`job.not_cancellable`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn cancel(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<JobId>,
    conditions: Conditions,
) -> Result<Json<AdminJobView>> {
    change(&app, &admin, id, &conditions, "cancel", Job::cancel).await
}

/// Puts a failed job aside. It can still be read, and is not retried any more.
#[utoipa::path(post, path = "/admin/jobs/{id}/discard", tag = "admin",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The job's `ETag`")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = AdminJobView),
        (status = 400, body = ProblemBody, description = "`id.invalid`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`auth.admin_required`, `account.deactivated`, `auth.cross_site`"),
        (status = 404, body = ProblemBody, description = "`job.not_found`"),
        (status = 409, body = ProblemBody, description = "`job.not_discardable`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn discard(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<JobId>,
    conditions: Conditions,
) -> Result<Json<AdminJobView>> {
    change(&app, &admin, id, &conditions, "discard", Job::discard).await
}

/// Tries a failed, cancelled or waiting job again, now. What it finished before is not done again.
#[utoipa::path(post, path = "/admin/jobs/{id}/retry", tag = "admin",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The job's `ETag`")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = AdminJobView),
        (status = 400, body = ProblemBody, description = "`id.invalid`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`auth.admin_required`, `account.deactivated`, `auth.cross_site`"),
        (status = 404, body = ProblemBody, description = "`job.not_found`"),
        (status = 409, body = ProblemBody, description = "`job.not_retryable`, `job.retry_limit`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn retry(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<JobId>,
    conditions: Conditions,
) -> Result<Json<AdminJobView>> {
    change(&app, &admin, id, &conditions, "retry", Job::retry).await
}

/// Retries all jobs that match, or only counts them. Jobs that come to match meanwhile are left alone.
#[utoipa::path(post, path = "/admin/jobs/retry", tag = "admin", request_body = RetryMany,
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = Retried),
        (status = 400, body = ProblemBody, description = "`validation.failed`, `body.malformed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`auth.admin_required`, `account.deactivated`, `auth.cross_site`"),
        (status = 413, body = ProblemBody, description = "`body.too_large`"),
        (status = 415, body = ProblemBody, description = "`body.unsupported_type`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn retry_all(
    State(app): State<App>,
    Admin(caller): Admin,
    Json(ask): Json<RetryMany>,
) -> Result<Json<Retried>> {
    let filter = ask.filter.jobs(app.ledger.clock.now());
    retry_matching(&app, &caller, filter, ask.dry_run).await.map(Json)
}

/// Retries all jobs that match, or says how many they are.
pub async fn retry_matching(app: &App, caller: &Caller, filter: JobFilter, dry_run: bool) -> Result<Retried> {
    let done = app.ledger.retry_many(filter, dry_run).await?;
    if done.retried > 0 {
        tracing::info!(admin = %caller.user.id, done.matched, done.retried, "retried");
    }
    Ok(done)
}

/// A job, what was saved of its work, and what was said in its latest try that failed.
pub async fn read(app: &App, id: JobId) -> Result<(Job, Vec<CheckpointHead>, Option<Transcript>)> {
    let store = &app.ledger.store;
    let job = store.job(id).await?;
    let job = job.ok_or_else(|| Problem::not_found("job.not_found", "There is no such job."))?;
    Ok((job, store.checkpoint_heads(id, JobDetail::VALUE_MAX).await?, store.transcript(id).await?))
}

async fn change(
    app: &App,
    Admin(caller): &Admin,
    id: JobId,
    conditions: &Conditions,
    action: &'static str,
    mut transition: impl FnMut(&mut Job, Timestamp) -> std::result::Result<(), Refusal>,
) -> Result<Json<AdminJobView>> {
    let (mut job, checkpoints, transcript) = read(app, id).await?;
    let change = app.ledger.change(&mut job, |job, now| {
        // Here, where whoever wrote in between is noticed.
        let present = Tag::of(&JobDetail::new(job.clone(), checkpoints.clone(), transcript.clone()));
        match present.and_then(|tag| conditions.check(&[tag])) {
            Ok(()) => transition(job, now).map(Ok),
            Err(problem) => Ok(Err(problem)),
        }
    });
    change.await??;
    tracing::info!(admin = %caller.user.id, job = %id, action, "changed by hand");
    Ok(Json(job.into()))
}
