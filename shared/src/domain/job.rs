//! The job record and its state machine. Every transition is a pure method on [`Job`]; the store
//! writes the outcome only if nobody else changed the record meanwhile (compare and set on `rev`),
//! together with the events the transition made.
//!
//! ```text
//! scheduled -> queued -> running -> succeeded
//!                ^         |-----> retrying -> queued
//!                |         |-----> failed -> discarded
//!                |---------'  (lease lost, drained)
//! scheduled, queued, retrying, running -> cancelled
//! failed, cancelled, retrying -> queued  (retried by hand)
//! ```

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Id, JobId, Question, Timestamp, Usage};

mod record;

pub use record::{
    AttemptRecord, CHECKPOINT_MAX, Event, EventBody, JobError, JobPriority, JobResult, JobStatus, Lease,
    NewJob, Progress, Ring, When,
};

/// Leases lost in a row, without a checkpoint between them, after which a job is given up.
const LOST_LEASES_MAX: u32 = 5;
/// How often a job may be retried by hand: each retry adds to an event log that is one document.
pub const RETRIES_MAX: u32 = 50;
/// States from which a job is retried by hand.
pub const RETRYABLE: [JobStatus; 3] = [JobStatus::Failed, JobStatus::Cancelled, JobStatus::Retrying];
/// Attempts whose history a record keeps.
const ATTEMPTS_KEPT: usize = 20;

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
    /// A job can be retried by hand so often and no more.
    #[error("the job was retried too often; ask for a new one")]
    RetryLimit,
    /// Only a failed job can be put aside.
    #[error("only a failed job can be discarded")]
    NotDiscardable,
    /// Jobs of its kind are not to be started for the present.
    #[error("jobs of this kind are paused")]
    Paused,
    /// As many jobs of its user run as may.
    #[error("other jobs of its user come first")]
    Held,
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
    /// How soon it is to run.
    #[serde(default)]
    pub priority: JobPriority,
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
    /// By when its result is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finish_by: Option<Timestamp>,
    /// When the provider's prices fell, where it waited for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cheaper_from: Option<Timestamp>,
    /// The W3C `traceparent` of whoever asked for it, where that is traced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
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
    /// Times it was retried by hand.
    #[serde(default)]
    pub retries: u32,
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
        let When { not_before, finish_by, cheaper_from } = new.when;
        let due_at = not_before.max(cheaper_from).unwrap_or(now).max(now);
        let status = if due_at > now { JobStatus::Scheduled } else { JobStatus::Queued };
        let mut job = Self {
            id: new.id,
            kind: new.kind.to_owned(),
            user_id: new.user_id,
            payload: new.payload,
            status,
            priority: new.priority,
            progress: Progress::default(),
            attempt: 0,
            max_attempts: new.max_attempts,
            error: None,
            result: None,
            notices: cheaper_from.map(put_off).into_iter().collect(),
            usage: None,
            created_at: now,
            started_at: None,
            finished_at: None,
            not_before,
            finish_by,
            cheaper_from,
            trace: None,
            due_at,
            rung_at: now,
            lease: None,
            token: 0,
            lost_leases: 0,
            retries: 0,
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
        if !RETRYABLE.contains(&self.status) {
            return Err(Refusal::NotRetryable);
        }
        if self.retries >= RETRIES_MAX {
            return Err(Refusal::RetryLimit);
        }
        self.retries += 1;
        self.attempt = 0;
        self.lost_leases = 0;
        self.priority = JobPriority::Interactive;
        self.error = None;
        self.finished_at = None;
        self.due_at = now;
        self.rung_at = now;
        self.enter(JobStatus::Queued, now);
        Ok(())
    }

    /// An operator wants it tried again with many others, which wait behind what somebody asks for now.
    pub fn retry_in_bulk(&mut self, now: Timestamp) -> Result<(), Refusal> {
        self.retry(now)?;
        self.priority = JobPriority::Background;
        Ok(())
    }

    /// An operator puts a failed job aside: it stays to be read, and nobody is to look after it any more.
    pub fn discard(&mut self, now: Timestamp) -> Result<(), Refusal> {
        if self.status != JobStatus::Failed {
            return Err(Refusal::NotDiscardable);
        }
        self.enter(JobStatus::Discarded, now);
        // Whoever follows the job still ends with why it failed.
        if let Some(error) = self.error.clone() {
            self.record(EventBody::Error { error }, now);
        }
        Ok(())
    }

    /// What the queue is told of it.
    pub fn ring(&self) -> Ring {
        Ring { job: self.id, user_id: self.user_id, priority: self.priority }
    }

    /// The lease, if it is the one with this token.
    pub fn held(&mut self, token: i64) -> Result<&mut Lease, Refusal> {
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

/// What the owner of a job is told that waits for lower prices.
fn put_off(until: Timestamp) -> String {
    format!("It waits for the provider's cheaper hours, which begin at {until}.")
}

/// The uploads that a job reads: whatever its payload has under the name `blob`, however deep.
pub fn uploads_of(payload: &serde_json::Value) -> Vec<Id> {
    match payload {
        serde_json::Value::Object(members) => {
            let named = members.get("blob").and_then(|blob| blob.as_str()?.parse::<Id>().ok());
            named.into_iter().chain(members.values().flat_map(uploads_of)).collect()
        }
        serde_json::Value::Array(values) => values.iter().flat_map(uploads_of).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
