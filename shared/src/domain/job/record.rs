//! What a job's record is made of, besides the job itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{Id, JobId, Question, Timestamp};

/// Most bytes of JSON that one saved piece of a job's work may have: a document of MongoDB holds 16 MiB, and its
/// name needs some.
pub const CHECKPOINT_MAX: usize = 15 << 20;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
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

/// How soon a job is to run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobPriority {
    /// Somebody waits for it.
    #[default]
    Interactive,
    /// It waits behind those that somebody waits for, but not for ever.
    Background,
}

impl JobPriority {
    /// Every priority, the most urgent first.
    pub const ALL: [Self; 2] = [Self::Interactive, Self::Background];

    /// The name in the queue and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::Background => "background",
        }
    }

    /// The priority of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.as_str() == name)
    }
}

/// What the queue is told of a job that waits for a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ring {
    /// The job.
    pub job: JobId,
    /// Whose turn it takes.
    pub user_id: Option<Id>,
    /// How soon it is to run.
    pub priority: JobPriority,
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
    /// How soon it is to run.
    pub priority: JobPriority,
    /// When it may run.
    pub when: When,
}

/// When a job may run; at once by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct When {
    /// Earliest start that was asked for.
    pub not_before: Option<Timestamp>,
    /// By when its result is needed.
    pub finish_by: Option<Timestamp>,
    /// When the provider's prices fall, where it waits for that.
    pub cheaper_from: Option<Timestamp>,
}

impl From<Option<Timestamp>> for When {
    fn from(not_before: Option<Timestamp>) -> Self {
        Self { not_before, ..Self::default() }
    }
}
