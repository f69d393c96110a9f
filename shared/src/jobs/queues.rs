//! Queues, as operators see them: one for each kind of job.

use std::{collections::BTreeSet, time::Duration};

use super::{KINDS, Ledger};
use crate::{
    domain::{JobId, JobStatus, Ring, Timestamp},
    store::{StoreError, Unclaimed},
};

/// How often a worker announces itself.
pub const ANNOUNCED_EVERY: Duration = Duration::from_secs(3);
/// After how much silence a worker counts as gone.
pub const SILENT_FOR: Duration = Duration::from_secs(10);
/// How far back finished jobs are counted.
const RATE_OVER: Duration = Duration::from_secs(60);
/// Jobs that are rung for at once when a queue is resumed; the dispatcher goes on from there.
const RUNG_AT_ONCE: u32 = 500;

/// A queue: the jobs of one kind, and who works on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueState {
    /// The kind of its jobs.
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
    /// How long the job that waits longest has been waiting for a worker; none if none waits.
    pub oldest: Option<Duration>,
    /// Jobs that finished within the last minute, however they ended.
    pub rate_per_minute: u64,
    /// Whether no job is started.
    pub paused: bool,
    /// Workers that take its jobs.
    pub workers: Vec<QueueWorker>,
}

/// A worker of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueWorker {
    /// Its name, unique to its start.
    pub name: String,
    /// When it started.
    pub since: Timestamp,
    /// Jobs of this queue that it holds.
    pub running: u64,
}

impl Ledger {
    /// All queues in the order of names: those of the kinds that are known here, and of jobs of others.
    pub async fn queues(&self) -> Result<Vec<QueueState>, StoreError> {
        let (store, now) = (&self.store, self.clock.now());
        let (counts, finished, running, paused, workers) = futures::try_join!(
            store.queue_counts(),
            store.finished_counts(now - RATE_OVER),
            store.running_counts(),
            store.paused_queues(),
            store.workers(now - SILENT_FOR),
        )?;
        let known = KINDS.iter().map(|kind| (*kind).to_owned());
        let names: BTreeSet<String> = counts.keys().map(|(kind, _)| kind.clone()).chain(known).collect();
        let mut queues = Vec::new();
        for name in names {
            let count = |status| counts.get(&(name.clone(), status)).copied().unwrap_or_default();
            let runs = |worker: &str| running.get(&(name.clone(), worker.to_owned())).copied();
            let oldest = match count(JobStatus::Queued) {
                0 => None,
                _ => store.oldest_queued(&name).await?,
            };
            queues.push(QueueState {
                queued: count(JobStatus::Queued),
                scheduled: count(JobStatus::Scheduled),
                running: count(JobStatus::Running),
                retrying: count(JobStatus::Retrying),
                failed: count(JobStatus::Failed),
                oldest: oldest.map(|due| now.since(due)),
                rate_per_minute: finished.get(&name).copied().unwrap_or_default(),
                paused: paused.contains(&name),
                workers: workers
                    .iter()
                    .filter(|worker| worker.kinds.contains(&name))
                    .map(|worker| QueueWorker {
                        name: worker.name.clone(),
                        since: worker.since,
                        running: runs(&worker.name).unwrap_or_default(),
                    })
                    .collect(),
                name,
            });
        }
        Ok(queues)
    }

    /// Keeps workers from starting jobs of a kind; those that run go on. They hear of it within seconds.
    pub async fn pause(&self, kind: &str) -> Result<(), StoreError> {
        self.store.pause_queue(kind, self.clock.now()).await
    }

    /// Lets workers start jobs of a kind again, and rings for those that wait: while it was paused, nobody did.
    pub async fn resume(&self, kind: &str) -> Result<(), StoreError> {
        self.store.resume_queue(kind).await?;
        let now = self.clock.now();
        let waiting = self.store.unclaimed_jobs(kind, now, None, RUNG_AT_ONCE).await?;
        if !waiting.is_empty() {
            let rings: Vec<Ring> = waiting.iter().map(Unclaimed::ring).collect();
            self.store.mark_rung(&jobs_of(&rings), now).await?;
            self.ring(kind, &rings).await;
        }
        Ok(())
    }
}

/// The jobs that are rung for.
pub(super) fn jobs_of(rings: &[Ring]) -> Vec<JobId> {
    rings.iter().map(|ring| ring.job).collect()
}
