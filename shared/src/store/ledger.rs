//! The ledger of jobs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Listing, Result, Store, Window};
use crate::domain::{Event, Id, Job, JobId, JobPriority, JobStatus, Ring, Timestamp};

/// Which jobs to list; what is absent does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Whose jobs.
    pub user_id: Option<Id>,
    /// In which state.
    pub status: Option<JobStatus>,
    /// Of which kind.
    pub kind: Option<String>,
    /// Whose latest try failed with this code.
    pub error_code: Option<String>,
    /// Made before this instant, as their ids tell.
    pub made_before: Option<Timestamp>,
    /// Made at this instant or later, as their ids tell.
    pub made_from: Option<Timestamp>,
}

/// Jobs that are alike to an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobGroup {
    /// Their kind.
    pub kind: String,
    /// What their latest try failed with.
    pub error_code: Option<String>,
    /// How many they are.
    pub jobs: u64,
    /// The first that was made of them.
    pub oldest: JobId,
    /// The last that was made of them.
    pub newest: JobId,
}

/// A saved piece of a job's work, as an operator sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckpointHead {
    /// Its name, unique within the job.
    pub name: String,
    /// Bytes of its JSON.
    pub bytes: u64,
    /// The value, unless it is larger than was asked for.
    pub value: Option<Value>,
}

/// A queued job, and when the queue was last told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unclaimed {
    #[serde(rename = "_id")]
    job: JobId,
    user_id: Option<Id>,
    #[serde(default)]
    priority: JobPriority,
    /// When it was last told.
    pub rung_at: Timestamp,
}

impl Unclaimed {
    /// What the queue is told.
    pub fn ring(&self) -> Ring {
        Ring { job: self.job, user_id: self.user_id, priority: self.priority }
    }
}

/// What it takes to retry a job among many.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobHead {
    /// Which.
    #[serde(alias = "_id")]
    pub id: JobId,
    /// Its kind.
    pub kind: String,
    /// Whose it is.
    pub user_id: Option<Id>,
    /// Number of its last event.
    pub last_event: i64,
}

impl JobHead {
    /// What the queue is told of it once it was retried in bulk.
    pub fn ring(&self) -> Ring {
        Ring { job: self.id, user_id: self.user_id, priority: JobPriority::Background }
    }
}

backends! { "jobs":
    /// Adds a job with its first events.
    fn insert_job(&self, job: &mut Job) -> ();
    /// A job by id.
    fn job(&self, id: JobId) -> Option<Job>;
    /// Writes a job and its fresh events if nobody wrote it since it was read; false if somebody did.
    fn save_job(&self, job: &mut Job) -> bool;
    /// Heads of jobs that match, from the oldest, made after `after`, at most `limit`.
    fn job_heads(&self, filter: &JobFilter, after: Option<JobId>, limit: u32) -> Vec<JobHead>;
    /// Retries these jobs in bulk, but for those that do not match, may not be retried or went on since their head was
    /// read; how many were.
    fn retry_jobs(&self, heads: &[JobHead], filter: &JobFilter, now: Timestamp) -> u64;
    /// Events of a job after the given number, in order, at most `limit`.
    fn events(&self, id: JobId, after: i64, limit: u32) -> Vec<Event>;
    /// Jobs that match, in the order of their making.
    fn jobs(&self, filter: &JobFilter, window: &Window) -> Listing<Job>;
    /// How many jobs match.
    fn count_jobs(&self, filter: &JobFilter) -> u64;
    /// Jobs that match, by kind and error code, the most first.
    fn job_groups(&self, filter: &JobFilter) -> Vec<JobGroup>;
    /// Jobs that match, from the oldest, made after `after`, at most `limit`.
    fn jobs_after(&self, filter: &JobFilter, after: Option<JobId>, limit: u32) -> Vec<Job>;
    /// Jobs the dispatcher must look at: scheduled or retrying ones that are due, and running ones whose
    /// lease ended; at most `limit`.
    fn overdue_jobs(&self, now: Timestamp, limit: u32) -> Vec<Job>;
    /// Queued jobs of a kind that the queue was last told of before the given time and after `after` (a time, and a
    /// job of those that were rung for at that time), oldest ring first, at most `limit`.
    fn unclaimed_jobs(&self, kind: &str, rung_before: Timestamp, after: Option<(Timestamp, JobId)>, limit: u32)
        -> Vec<Unclaimed>;
    /// Notes that the queue was told of these jobs.
    fn mark_rung(&self, ids: &[JobId], now: Timestamp) -> ();

    /// Saves a piece of a job's work under a name.
    fn put_checkpoint(&self, id: JobId, name: &str, value: &Value) -> ();
    /// Everything saved of a job's work, by name.
    fn checkpoints(&self, id: JobId) -> BTreeMap<String, Value>;
    /// Everything saved of a job's work, in the order of names, with the values that have at most `value_max` bytes.
    fn checkpoint_heads(&self, id: JobId, value_max: u32) -> Vec<CheckpointHead>;
    /// Removes what was saved of a job's work.
    fn delete_checkpoints(&self, id: JobId) -> ();
}
