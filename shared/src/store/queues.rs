//! What operators see and do of queues, and the workers that announce themselves.

use std::collections::BTreeMap;

use super::{Result, Store};
use crate::domain::{JobStatus, Timestamp, Worker};

/// How many jobs there are of each kind in each state.
pub type JobCounts = BTreeMap<(String, JobStatus), u64>;

backends! { "queues":
    /// Notes that a worker lives, and drops those that were last heard of before the given time.
    fn announce_worker(&self, worker: &Worker, silent_since: Timestamp) -> ();
    /// Drops a worker that says goodbye.
    fn forget_worker(&self, name: &str) -> ();
    /// Workers heard of at or after the given time, in the order of names.
    fn workers(&self, heard_since: Timestamp) -> Vec<Worker>;

    /// Notes that jobs of a kind are not to be started.
    fn pause_queue(&self, kind: &str, now: Timestamp) -> ();
    /// Forgets that jobs of a kind were not to be started.
    fn resume_queue(&self, kind: &str) -> ();
    /// Kinds of which no job is to be started, in the order of names.
    fn paused_queues(&self) -> Vec<String>;

    /// How many unfinished and failed jobs there are.
    fn queue_counts(&self) -> JobCounts;
    /// How many jobs of each kind finished at or after the given time.
    fn finished_counts(&self, since: Timestamp) -> BTreeMap<String, u64>;
    /// How many jobs each worker runs, by kind and name.
    fn running_counts(&self) -> BTreeMap<(String, String), u64>;
    /// When the queued job of a kind that waits longest became due.
    fn oldest_queued(&self, kind: &str) -> Option<Timestamp>;
}
