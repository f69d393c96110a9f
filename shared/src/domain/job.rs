//! The job record and its state machine. Every transition is a pure method on [`Job`]; the store
//! writes the outcome only if nobody else changed the record meanwhile (compare and set on `rev`),
//! together with the events the transition made.
//!
//! ```text
//! scheduled -> queued -> running -> succeeded
//!                ^         |-----> retrying -> queued
//!                |         |-----> failed -> discarded
//!                |---------'  (lease lost, drained, retried by hand)
//! scheduled, queued, retrying, running -> cancelled
//! ```

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Id, JobId, Question, Timestamp};

/// Leases lost in a row, without a checkpoint between them, after which a job is given up.
const LOST_LEASES_MAX: u32 = 5;
/// Attempts whose history a record keeps.
const ATTEMPTS_KEPT: usize = 20;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobStatus {
    /// Waits for its `notBefore`.
    Scheduled,
    /// Waits for a worker.
    Queued,
    /// A worker holds its lease.
    Running,
    /// Failed in a way that may pass; runs again at `nextRetryAt`.
    Retrying,
    /// Done, with a result.
    Succeeded,
    /// Given up, with an error; may be retried by hand.
    Failed,
    /// Stopped by its owner.
    Cancelled,
    /// Failed and put aside by an operator.
    Discarded,
}

impl JobStatus {
    /// Every status, in the order of a job's life.
    pub const ALL: [Self; 8] = [
        Self::Scheduled,
        Self::Queued,
        Self::Running,
        Self::Retrying,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::Discarded,
    ];

    /// Whether nothing will happen any more unless somebody asks for it.
    pub fn is_finished(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled | Self::Discarded)
    }

    /// The name on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Discarded => "discarded",
        }
    }
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// 0–100, never falls within an attempt.
    pub percent: u32,
    /// Name of the stage, such as `extracting` or `generating`.
    pub stage: String,
    /// The stage in words for a person.
    pub message: String,
    /// Items finished in all.
    pub done: u32,
    /// Items there will be, 0 while unknown.
    pub total: u32,
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobError {
    /// Stable code, such as `pdf.encrypted`.
    pub code: String,
    /// What happened and what to do about it.
    pub message: String,
    /// Whether the same input may succeed later.
    pub retryable: bool,
}

impl JobError {
    /// An error of the input or of the provider that trying again will not mend.
    pub fn fatal(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), retryable: false }
    }

    /// An error that may pass.
    pub fn transient(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), retryable: true }
    }
}

/// What a job made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobResult {
    /// Kind of resource, such as `quiz`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Where it is read, a path on this server.
    pub url: String,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Cost {
    /// In units of the currency.
    pub amount: f64,
    /// ISO 4217 code.
    pub currency: String,
}

/// What calls to a provider used.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Tokens sent, cached ones included.
    pub prompt_tokens: u64,
    /// Tokens received.
    pub completion_tokens: u64,
    /// Tokens sent that the provider had cached.
    pub cached_tokens: u64,
    /// What they cost, where a price is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}

/// A worker's claim on a running job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Name of the worker process.
    pub worker: String,
    /// When it ends unless renewed.
    pub until: Timestamp,
}

/// One try, kept for operators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttemptRecord {
    /// Counts from 1; a lost lease does not use a number up.
    pub number: u32,
    /// Name of the worker process.
    pub worker: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; absent while it runs.
    pub finished_at: Option<Timestamp>,
    /// How it failed.
    pub error: Option<JobError>,
}

/// An entry of a job's event log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Counts from 1 within the job, without gaps.
    pub seq: i64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub body: EventBody,
}

/// What an event tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", content = "data", rename_all = "lowercase")]
pub enum EventBody {
    /// The job changed state.
    Status {
        /// The new state.
        status: JobStatus,
        /// The attempt it is in.
        attempt: u32,
    },
    /// The job got further.
    Progress(Progress),
    /// Questions were accepted; neither key nor quote is among them.
    Questions {
        /// The new questions.
        questions: Vec<Question>,
        /// Questions accepted so far.
        done: u32,
        /// Questions there will be.
        total: u32,
    },
    /// The job succeeded.
    Done {
        /// What it made.
        result: JobResult,
    },
    /// The job failed for good or was cancelled.
    Error {
        /// Why.
        error: JobError,
    },
}

/// What a new job needs to be.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Its id.
    pub id: JobId,
    /// Wire name of its kind.
    pub kind: &'static str,
    /// Who asked for it.
    pub user_id: Option<Id>,
    /// What the worker needs to know.
    pub payload: serde_json::Value,
    /// Tries before it fails for good.
    pub max_attempts: u32,
    /// Earliest start.
    pub not_before: Option<Timestamp>,
}

/// The transition does not fit the job's present state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Only a queued job can be claimed.
    #[error("the job is not waiting for a worker")]
    NotClaimable,
    /// The lease went to somebody else, or the job was cancelled.
    #[error("the lease on the job is lost")]
    LeaseLost,
    /// A finished job cannot be cancelled.
    #[error("only an unfinished job can be cancelled")]
    NotCancellable,
    /// Only a failed, cancelled or waiting job can be retried.
    #[error("only a failed, cancelled or waiting job can be retried")]
    NotRetryable,
}

/// A job of the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// The job's id.
    #[serde(rename = "_id")]
    pub id: JobId,
    /// Wire name of its kind, such as `quiz.generate`.
    pub kind: String,
    /// Who asked for it.
    pub user_id: Option<Id>,
    /// What the worker needs to know; its shape belongs to the kind.
    pub payload: serde_json::Value,
    /// Where it stands.
    pub status: JobStatus,
    /// How far it is.
    pub progress: Progress,
    /// The try it is in, or was last in.
    pub attempt: u32,
    /// Tries before it fails for good.
    pub max_attempts: u32,
    /// Why its last try failed.
    pub error: Option<JobError>,
    /// What it made.
    pub result: Option<JobResult>,
    /// What its owner should know about the result.
    pub notices: Vec<String>,
    /// What its provider calls used.
    pub usage: Option<Usage>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When its latest try began.
    pub started_at: Option<Timestamp>,
    /// When it finished.
    pub finished_at: Option<Timestamp>,
    /// Earliest start that was asked for.
    pub not_before: Option<Timestamp>,
    /// When it is due: for a scheduled or retrying job its next start.
    pub due_at: Timestamp,
    /// When the queue was last told of it.
    pub rung_at: Timestamp,
    /// Who runs it.
    pub lease: Option<Lease>,
    /// Fencing token: rises with every claim and never falls.
    pub token: i64,
    /// Leases lost in a row without a checkpoint.
    pub lost_leases: u32,
    /// The latest tries.
    pub attempts: Vec<AttemptRecord>,
    /// Number of the last event.
    pub last_event: i64,
    /// Rises with every write.
    pub rev: i64,
    /// Events of this transition, not yet written.
    #[serde(skip)]
    pub fresh: Vec<Event>,
}

impl Job {
    /// A job that begins its life, queued or scheduled.
    pub fn new(new: NewJob, now: Timestamp) -> Self {
        let due_at = new.not_before.unwrap_or(now).max(now);
        let status = if due_at > now { JobStatus::Scheduled } else { JobStatus::Queued };
        let mut job = Self {
            id: new.id,
            kind: new.kind.to_owned(),
            user_id: new.user_id,
            payload: new.payload,
            status,
            progress: Progress::default(),
            attempt: 0,
            max_attempts: new.max_attempts,
            error: None,
            result: None,
            notices: Vec::new(),
            usage: None,
            created_at: now,
            started_at: None,
            finished_at: None,
            not_before: new.not_before,
            due_at,
            rung_at: now,
            lease: None,
            token: 0,
            lost_leases: 0,
            attempts: Vec::new(),
            last_event: 0,
            rev: 0,
            fresh: Vec::new(),
        };
        job.enter(status, now);
        job
    }

    /// A worker takes the job: queued → running, with a new fencing token.
    pub fn claim(&mut self, worker: &str, lease: Duration, now: Timestamp) -> Result<i64, Refusal> {
        if self.status != JobStatus::Queued {
            return Err(Refusal::NotClaimable);
        }
        self.token += 1;
        self.attempt += 1;
        self.started_at = Some(now);
        self.progress.percent = 0;
        self.lease = Some(Lease { worker: worker.to_owned(), until: now + lease });
        if self.attempts.len() == ATTEMPTS_KEPT {
            self.attempts.remove(0);
        }
        self.attempts.push(AttemptRecord {
            number: self.attempt,
            worker: worker.to_owned(),
            started_at: now,
            finished_at: None,
            error: None,
        });
        self.enter(JobStatus::Running, now);
        Ok(self.token)
    }

    /// The holder goes on working.
    pub fn renew(&mut self, token: i64, lease: Duration, now: Timestamp) -> Result<(), Refusal> {
        self.held(token)?.until = now + lease;
        Ok(())
    }

    /// The holder got further; `questions` are the newly accepted ones, as students may see them.
    pub fn advance(
        &mut self,
        token: i64,
        progress: Progress,
        questions: Vec<Question>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.held(token)?;
        if !questions.is_empty() {
            self.lost_leases = 0;
            let (done, total) = (progress.done, progress.total);
            self.record(EventBody::Questions { questions, done, total }, now);
        }
        let percent = progress.percent.max(self.progress.percent).min(100);
        let progress = Progress { percent, ..progress };
        if progress != self.progress {
            self.progress = progress.clone();
            self.record(EventBody::Progress(progress), now);
        }
        Ok(())
    }

    /// The holder saved work that a later try will not have to do again.
    pub fn checkpointed(&mut self, token: i64) -> Result<(), Refusal> {
        self.held(token)?;
        self.lost_leases = 0;
        Ok(())
    }

    /// The holder finished.
    pub fn succeed(&mut self, token: i64, result: JobResult, now: Timestamp) -> Result<(), Refusal> {
        self.held(token)?;
        self.end_attempt(None, now);
        self.error = None;
        self.progress.percent = 100;
        self.finished_at = Some(now);
        self.result = Some(result.clone());
        self.enter(JobStatus::Succeeded, now);
        self.record(EventBody::Done { result }, now);
        Ok(())
    }

    /// The holder's try failed. It is tried again after `delay` if the error may pass and tries are left.
    pub fn fail(
        &mut self,
        token: i64,
        error: JobError,
        delay: Duration,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        self.held(token)?;
        if error.retryable && self.attempt < self.max_attempts {
            self.end_attempt(Some(error.clone()), now);
            self.error = Some(error);
            self.due_at = now + delay;
            self.enter(JobStatus::Retrying, now);
        } else {
            self.give_up(error, now);
        }
        Ok(())
    }

    /// The holder stops before it is done (it is shutting down); the try does not count.
    pub fn release(&mut self, token: i64, now: Timestamp) -> Result<(), Refusal> {
        self.held(token)?;
        self.requeue("job.released", "The worker shut down; another one goes on.", now);
        Ok(())
    }

    /// The holder was not heard of in time: back to the queue, or failed for good when that keeps happening.
    /// False if the lease still holds.
    pub fn expire(&mut self, now: Timestamp) -> bool {
        if self.status != JobStatus::Running || self.lease.as_ref().is_some_and(|lease| lease.until > now) {
            return false;
        }
        self.lost_leases += 1;
        if self.lost_leases >= LOST_LEASES_MAX {
            let message = "The job ended its worker several times in a row. Try a smaller or another input.";
            self.give_up(JobError::fatal("job.poisoned", message), now);
        } else {
            self.requeue("job.lease_lost", "The worker was not heard of in time.", now);
        }
        true
    }

    /// A scheduled or retrying job whose time has come enters the queue. False if it is not due.
    pub fn promote(&mut self, now: Timestamp) -> bool {
        let waits = matches!(self.status, JobStatus::Scheduled | JobStatus::Retrying);
        if !waits || self.due_at > now {
            return false;
        }
        self.rung_at = now;
        self.enter(JobStatus::Queued, now);
        true
    }

    /// Its owner no longer wants it. A running try notices at its next write.
    pub fn cancel(&mut self, now: Timestamp) -> Result<(), Refusal> {
        if self.status.is_finished() {
            return Err(Refusal::NotCancellable);
        }
        let error = JobError::fatal("job.cancelled", "The job was cancelled.");
        self.end_attempt(Some(error.clone()), now);
        self.finished_at = Some(now);
        self.enter(JobStatus::Cancelled, now);
        self.record(EventBody::Error { error }, now);
        Ok(())
    }

    /// Somebody wants it tried again now, with all its tries.
    pub fn retry(&mut self, now: Timestamp) -> Result<(), Refusal> {
        if !matches!(self.status, JobStatus::Failed | JobStatus::Cancelled | JobStatus::Retrying) {
            return Err(Refusal::NotRetryable);
        }
        self.attempt = 0;
        self.lost_leases = 0;
        self.error = None;
        self.finished_at = None;
        self.due_at = now;
        self.rung_at = now;
        self.enter(JobStatus::Queued, now);
        Ok(())
    }

    fn held(&mut self, token: i64) -> Result<&mut Lease, Refusal> {
        match &mut self.lease {
            Some(lease) if self.token == token => Ok(lease),
            _ => Err(Refusal::LeaseLost),
        }
    }

    fn requeue(&mut self, code: &str, message: &str, now: Timestamp) {
        self.end_attempt(Some(JobError::transient(code, message)), now);
        self.attempt -= 1;
        self.due_at = now;
        self.rung_at = now;
        self.enter(JobStatus::Queued, now);
    }

    fn give_up(&mut self, error: JobError, now: Timestamp) {
        self.end_attempt(Some(error.clone()), now);
        self.error = Some(error.clone());
        self.finished_at = Some(now);
        self.enter(JobStatus::Failed, now);
        self.record(EventBody::Error { error }, now);
    }

    fn end_attempt(&mut self, error: Option<JobError>, now: Timestamp) {
        self.lease = None;
        if let Some(last) = self.attempts.last_mut().filter(|last| last.finished_at.is_none()) {
            last.finished_at = Some(now);
            last.error = error;
        }
    }

    fn enter(&mut self, status: JobStatus, now: Timestamp) {
        self.status = status;
        self.record(EventBody::Status { status, attempt: self.attempt }, now);
    }

    fn record(&mut self, body: EventBody, now: Timestamp) {
        self.last_event += 1;
        self.fresh.push(Event { seq: self.last_event, at: now, body });
    }
}

#[cfg(test)]
mod tests;
