//! Everybody's jobs: found, read with all that is known of them, retried and put aside.

use std::time::Duration;

use axum::{extract::State, response::Response};
use garde::Validate;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use shared::{
    domain::{
        AttemptRecord, Exchange, Id, Job, JobError, JobId, JobStatus, Refusal, Timestamp, Transcript, duration,
    },
    store::{CheckpointHead, JobFilter},
};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat,
        schema::{AnyOfBuilder, Type},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    extract::{Admin, Conditions, Json, List, Path, Query, Tag, listed},
    problem::{Problem, ProblemBody, Result},
    routes::jobs::JobView,
};

/// This file's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(get))
        .routes(routes!(cancel))
        .routes(routes!(discard))
        .routes(routes!(retry))
        .routes(routes!(retry_all))
}

/// Most bytes of a saved piece of work that are shown.
const VALUE_MAX: u32 = 2048;

/// A job, and whose it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminJobView {
    #[serde(flatten)]
    job: JobView,
    /// Who asked for it; absent where nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    user_id: Option<Id>,
    /// Times it was retried by hand.
    retries: u32,
}

impl From<Job> for AdminJobView {
    fn from(job: Job) -> Self {
        Self { user_id: job.user_id, retries: job.retries, job: JobView::under("/admin/jobs", job) }
    }
}

/// A job with all that is known of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobDetail {
    #[serde(flatten)]
    job: AdminJobView,
    /// Its latest tries, the last one last.
    attempts: Vec<AttemptView>,
    /// What was saved of its work.
    checkpoints: Vec<CheckpointView>,
    /// What was said between us and providers in the latest try that failed; absent where nothing is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    transcript: Option<TranscriptView>,
}

impl JobDetail {
    fn new(job: Job, checkpoints: Vec<CheckpointHead>, transcript: Option<Transcript>) -> Self {
        Self {
            attempts: job.attempts.iter().cloned().map(AttemptView::from).collect(),
            checkpoints: checkpoints.into_iter().map(CheckpointView::from).collect(),
            transcript: transcript.map(TranscriptView::from),
            job: job.into(),
        }
    }
}

/// A try of a job.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobAttempt)]
#[serde(rename_all = "camelCase")]
pub struct AttemptView {
    /// Counts from 1; a lost lease does not use a number up.
    number: u32,
    /// Name of the worker process.
    worker: String,
    /// When it began.
    started_at: Timestamp,
    /// When it ended; absent while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
    /// How it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<JobError>,
}

impl From<AttemptRecord> for AttemptView {
    fn from(AttemptRecord { number, worker, started_at, finished_at, error }: AttemptRecord) -> Self {
        Self { number, worker, started_at, finished_at, error }
    }
}

/// What was said between us and providers. E-mail addresses, keys and numbers that could be somebody's are taken out,
/// and long texts are cut.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobTranscript)]
#[serde(rename_all = "camelCase")]
pub struct TranscriptView {
    /// Number of the try.
    attempt: u32,
    /// When it was kept.
    recorded_at: Timestamp,
    /// The calls, in the order of their ends.
    exchanges: Vec<Exchange>,
}

impl From<Transcript> for TranscriptView {
    fn from(Transcript { attempt, recorded_at, exchanges, .. }: Transcript) -> Self {
        Self { attempt, recorded_at, exchanges }
    }
}

/// A saved piece of a job's work.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckpointView {
    /// Its name, unique within the job.
    name: String,
    /// Bytes of its JSON.
    bytes: u64,
    /// What was saved; absent where it has more than 2048 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<serde_json::Value>,
}

impl From<CheckpointHead> for CheckpointView {
    fn from(CheckpointHead { name, bytes, value }: CheckpointHead) -> Self {
        Self { name, bytes, value }
    }
}

/// How old jobs are at least: made before an instant, or longer ago than a time.
#[derive(Debug, Clone, Copy)]
pub enum OlderThan {
    Instant(Timestamp),
    Age(Duration),
}

impl OlderThan {
    fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Instant(instant) => instant,
            Self::Age(age) => now - age,
        }
    }
}

impl<'de> Deserialize<'de> for OlderThan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if let Ok(instant) = text.parse::<jiff::Timestamp>() {
            return Ok(Self::Instant(Timestamp(instant.as_millisecond())));
        }
        duration(&text).map(Self::Age).map_err(|_| {
            D::Error::custom("use an RFC 3339 instant, or a number with s, m, h or d, such as 24h")
        })
    }
}

impl PartialSchema for OlderThan {
    fn schema() -> RefOr<Schema> {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let instant = text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
        let age = text().pattern(Some("^[0-9]{1,9}[smhd]?$"));
        AnyOfBuilder::new().item(instant).item(age).into()
    }
}

impl ToSchema for OlderThan {}

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

/// States from which a job can be retried.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Retryable {
    /// Given up.
    #[default]
    Failed,
    /// Stopped by its owner.
    Cancelled,
    /// Waits for another try.
    Retrying,
}

/// Which jobs to retry.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetryFilter {
    /// In this state; failed ones when absent.
    #[schema(inline)]
    status: Option<Retryable>,
    /// Of this kind, such as `quiz.generate`.
    kind: Option<String>,
    /// Whose jobs.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-fA-F]{24}$")]
    user_id: Option<Id>,
    /// Whose latest try failed with this code, such as `provider.down`.
    error_code: Option<String>,
    /// Made before this instant, or longer ago than this time, such as `24h`.
    #[schema(inline)]
    older_than: Option<OlderThan>,
}

impl RetryFilter {
    fn jobs(self, now: Timestamp) -> JobFilter {
        let status = match self.status.unwrap_or_default() {
            Retryable::Failed => JobStatus::Failed,
            Retryable::Cancelled => JobStatus::Cancelled,
            Retryable::Retrying => JobStatus::Retrying,
        };
        JobFilter {
            user_id: self.user_id,
            status: Some(status),
            kind: self.kind,
            error_code: self.error_code,
            made_before: self.older_than.map(|age| age.before(now)),
        }
    }
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

/// What became of many jobs.
#[derive(Debug, Serialize, ToSchema)]
pub struct Retried {
    /// Jobs that matched.
    matched: u64,
    /// Jobs that were retried: those that nobody else changed meanwhile, and that were not retried too often before.
    retried: u64,
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
    };
    let found = app.ledger.store.jobs(&filter, &list.window).await?;
    let last = found.items.last().map(|job| job.id.to_string());
    let items: Vec<AdminJobView> = found.items.into_iter().map(AdminJobView::from).collect();
    Ok(listed(&list, &items, found.total, last))
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
    let now = app.ledger.clock.now();
    let mut filter = ask.filter.jobs(now);
    // What fails while this runs is of another day.
    filter.made_before = Some(filter.made_before.map_or(now, |instant| instant.min(now)));
    let matched = app.ledger.store.count_jobs(&filter).await?;
    let retried = if ask.dry_run { 0 } else { app.ledger.retry_all(&filter).await? };
    if retried > 0 {
        tracing::info!(admin = %caller.user.id, matched, retried, "retried");
    }
    Ok(Json(Retried { matched, retried }))
}

async fn read(app: &App, id: JobId) -> Result<(Job, Vec<CheckpointHead>, Option<Transcript>)> {
    let store = &app.ledger.store;
    let job = store.job(id).await?;
    let job = job.ok_or_else(|| Problem::not_found("job.not_found", "There is no such job."))?;
    Ok((job, store.checkpoint_heads(id, VALUE_MAX).await?, store.transcript(id).await?))
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
