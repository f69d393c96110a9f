//! Jobs and queues as their owners and operators see them, over HTTP and on the command line.

use serde::Serialize;
use utoipa::ToSchema;

use super::{QueueState, QueueWorker};
use crate::{
    domain::{
        AttemptRecord, Exchange, Id, Job, JobError, JobId, JobResult, JobStatus, Progress, Timestamp,
        Transcript, Usage,
    },
    store::CheckpointHead,
};

/// A job.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobView {
    #[schema(value_type = String)]
    id: JobId,
    #[schema(example = "quiz.generate")]
    kind: String,
    status: JobStatus,
    progress: Progress,
    attempt: u32,
    max_attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<JobError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<JobResult>,
    notices: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_retry_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<Timestamp>,
    /// By when its result was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    finish_by: Option<Timestamp>,
    links: Links,
}

/// Where to go on, as paths of this server.
#[derive(Debug, Serialize, ToSchema)]
pub struct Links {
    #[serde(rename = "self")]
    this: String,
    events: String,
    cancel: String,
    retry: String,
}

impl From<Job> for JobView {
    fn from(job: Job) -> Self {
        Self::under("/jobs", job)
    }
}

impl JobView {
    /// The job with links below this path.
    pub fn under(path: &str, job: Job) -> Self {
        let this = format!("{path}/{}", job.id);
        Self {
            id: job.id,
            next_retry_at: (job.status == JobStatus::Retrying).then_some(job.due_at),
            kind: job.kind,
            status: job.status,
            progress: job.progress,
            attempt: job.attempt,
            max_attempts: job.max_attempts,
            error: job.error,
            result: job.result,
            notices: job.notices,
            usage: job.usage,
            created_at: job.created_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
            not_before: job.not_before,
            finish_by: job.finish_by,
            links: Links {
                events: format!("/jobs/{}/events", job.id),
                cancel: format!("{this}/cancel"),
                retry: format!("{this}/retry"),
                this,
            },
        }
    }

    /// The job for somebody without a login: its own address and that of its events carry a key instead.
    pub fn with_key(job: Job, key: &str) -> Self {
        let mut view = Self::from(job);
        view.links.this = format!("{}?key={key}", view.links.this);
        view.links.events = format!("{}?key={key}", view.links.events);
        view
    }

    /// Its own address.
    pub fn address(&self) -> &str {
        &self.links.this
    }
}

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
    /// Most bytes of a saved piece of work that are shown.
    pub const VALUE_MAX: u32 = 2048;

    /// The job, what was saved of its work, with values of at most [`Self::VALUE_MAX`], and what was said.
    pub fn new(job: Job, checkpoints: Vec<CheckpointHead>, transcript: Option<Transcript>) -> Self {
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

/// The jobs of one kind, and who works on them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueueView {
    /// The kind of its jobs.
    #[schema(example = "quiz.generate")]
    pub name: String,
    /// Jobs that wait for a worker.
    pub queued: u64,
    /// Jobs that wait for their time.
    pub scheduled: u64,
    /// Jobs that a worker holds.
    pub running: u64,
    /// Jobs that wait for another try.
    pub retrying: u64,
    /// Jobs that were given up.
    pub failed: u64,
    /// Seconds that the job which waits longest has been waiting for a worker; 0 if none waits.
    pub oldest_seconds: u64,
    /// Jobs that ended within the last minute.
    pub rate_per_minute: u64,
    /// Whether no job is started.
    pub paused: bool,
    /// Workers that take its jobs and were heard of within the last seconds.
    pub workers: Vec<WorkerView>,
}

/// A worker of a queue.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkerView {
    /// Its name, another one after each start.
    name: String,
    /// When it started.
    since: Timestamp,
    /// Jobs of this queue that it holds.
    running: u64,
}

impl From<QueueState> for QueueView {
    fn from(queue: QueueState) -> Self {
        Self {
            name: queue.name,
            queued: queue.queued,
            scheduled: queue.scheduled,
            running: queue.running,
            retrying: queue.retrying,
            failed: queue.failed,
            oldest_seconds: queue.oldest.unwrap_or_default().as_secs(),
            rate_per_minute: queue.rate_per_minute,
            paused: queue.paused,
            workers: queue.workers.into_iter().map(WorkerView::from).collect(),
        }
    }
}

impl From<QueueWorker> for WorkerView {
    fn from(QueueWorker { name, since, running }: QueueWorker) -> Self {
        Self { name, since, running }
    }
}
