//! The ledger of jobs: writes records, then tells the queue and whoever waits.

use std::collections::BTreeMap;

use serde_json::Value;
use tokio::task::JoinSet;

use super::{JobKind, Retried};
use crate::{
    clock::Clock,
    domain::{Id, Job, JobId, JobStatus, NewJob, Refusal, Ring, Timestamp, When},
    notify::Notifier,
    queue::{Queue, QueueError, SEAT},
    store::{JobFilter, JobHead, Store, StoreError},
    telemetry::traces,
};

/// Jobs changed in one round trip, where many are.
const BATCH: u32 = 1000;
/// Batches under way at once: while the store writes one, it plans another, and the queue is told of a third.
const BATCHES_AT_ONCE: usize = 4;

/// A transition was not made.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// There is no such job.
    #[error("there is no such job")]
    NotFound,
    /// The job's state does not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The one way to create and change jobs.
#[derive(Debug, Clone)]
pub struct Ledger {
    /// Where the records are.
    pub store: Store,
    /// Who is told that a job waits.
    pub queue: Queue,
    /// Who is told that a job changed.
    pub notifier: Notifier,
    /// Time, ids and randomness.
    pub clock: Clock,
}

impl Ledger {
    /// Records a job and rings for it. That the queue is away does not fail the call: the dispatcher rings again.
    pub async fn enqueue<J: JobKind>(
        &self,
        id: JobId,
        user_id: Option<Id>,
        payload: &J,
        when: impl Into<When>,
    ) -> Result<Job, StoreError> {
        let payload: Value =
            serde_json::to_value(payload).map_err(|error| StoreError::Internal(error.into()))?;
        let (kind, max_attempts, priority) = (J::KIND, J::MAX_ATTEMPTS, J::PRIORITY);
        let new = NewJob { id, kind, user_id, payload, max_attempts, priority, when: when.into() };
        let mut job = Job::new(new, self.clock.now());
        job.trace = traces::current();
        self.store.insert_job(&mut job).await?;
        #[cfg(feature = "testing")]
        crate::fault::point("after-insert");
        metrics::counter!("smartstudy_jobs_enqueued_total", "kind" => J::KIND).increment(1);
        if job.status == JobStatus::Queued {
            self.ring(&job.kind, &[job.ring()]).await;
        }
        Ok(job)
    }

    /// Changes a job by a pure transition; see [`Ledger::change`].
    pub async fn update<T, E>(
        &self,
        id: JobId,
        transition: impl FnMut(&mut Job, Timestamp) -> Result<T, E>,
    ) -> Result<(Job, T), LedgerError>
    where
        LedgerError: From<E>,
    {
        let mut job = self.store.job(id).await?.ok_or(LedgerError::NotFound)?;
        let value = self.change(&mut job, transition).await?;
        Ok((job, value))
    }

    /// Changes a job that was read before by a pure transition, on a fresh copy again and again until nobody
    /// else wrote it in between; rings if it became queued, leaves its seat if it runs no more, and announces the change.
    pub async fn change<T, E>(
        &self,
        job: &mut Job,
        mut transition: impl FnMut(&mut Job, Timestamp) -> Result<T, E>,
    ) -> Result<T, LedgerError>
    where
        LedgerError: From<E>,
    {
        loop {
            let mut next = job.clone();
            let value = transition(&mut next, self.clock.now())?;
            if next == *job {
                return Ok(value);
            }
            let told = !next.fresh.is_empty();
            if self.store.save_job(&mut next).await? {
                let before = std::mem::replace(job, next).status;
                count(before, job);
                self.tell(before, job, told).await;
                return Ok(value);
            }
            *job = self.store.job(job.id).await?.ok_or(LedgerError::NotFound)?;
        }
    }

    /// [`Ledger::retry_all`], with how many jobs match, or only that. Jobs that come to match meanwhile are left alone.
    pub async fn retry_many(&self, mut filter: JobFilter, dry_run: bool) -> Result<Retried, StoreError> {
        let now = self.clock.now();
        // What fails while this runs is of another day.
        filter.made_before = Some(filter.made_before.map_or(now, |instant| instant.min(now)));
        let matched = self.store.count_jobs(&filter).await?;
        let retried = if dry_run { 0 } else { self.retry_all(&filter).await? };
        Ok(Retried { matched, retried })
    }

    /// Retries all jobs that match and may be retried, some batches at a time; how many there were. Whoever changes a
    /// job meanwhile wins.
    pub async fn retry_all(&self, filter: &JobFilter) -> Result<u64, StoreError> {
        let (mut batches, mut after, mut retried) = (JoinSet::new(), None, 0);
        loop {
            let heads = self.store.job_heads(filter, after, BATCH).await?;
            after = heads.last().map(|head| head.id);
            if after.is_some() {
                let (ledger, filter) = (self.clone(), filter.clone());
                batches.spawn(async move { ledger.retry_batch(&heads, &filter).await });
            }
            while after.is_none() || batches.len() == BATCHES_AT_ONCE {
                let Some(batch) = batches.join_next().await else { return Ok(retried) };
                retried += batch.map_err(|error| StoreError::Internal(error.into()))??;
            }
        }
    }

    async fn retry_batch(&self, heads: &[JobHead], filter: &JobFilter) -> Result<u64, StoreError> {
        let retried = self.store.retry_jobs(heads, filter, self.clock.now()).await?;
        self.notifier.announce_all(heads.iter().map(|head| head.id).collect());
        let mut kinds: BTreeMap<&str, Vec<Ring>> = BTreeMap::new();
        for head in heads {
            kinds.entry(&head.kind).or_default().push(head.ring());
        }
        for (kind, rings) in kinds {
            self.ring(kind, &rings).await;
        }
        Ok(retried)
    }

    /// Tells whoever waits and the queue what became of a job.
    async fn tell(&self, before: JobStatus, job: &Job, told: bool) {
        use JobStatus::{Queued, Running};
        if before == Running && !matches!(job.status, Running | Queued) {
            // Side by side, they go out and come back together.
            tokio::join!(self.notifier.announced(job.id), self.leave(job.ring()));
            return;
        }
        if told {
            self.notifier.announce(job.id);
        }
        match (before, job.status) {
            // It waited its turn already, and keeps its seat.
            (Running, Queued) => self.ring_again(&job.kind, &[job.ring()]).await,
            (before, Queued) if before != Queued => self.ring(&job.kind, &[job.ring()]).await,
            _ => {}
        }
    }

    /// Gives up the seat of a job; a failure is only noted.
    pub async fn leave(&self, ring: Ring) {
        if let Err(error) = self.queue.leave(ring, SEAT).await {
            tracing::warn!(job = %ring.job, %error, "its seat is kept for a while");
        }
    }

    /// Tells the queue; a failure is only noted.
    pub async fn ring(&self, kind: &str, rings: &[Ring]) {
        self.told(self.queue.ring(kind, rings).await, rings.len());
    }

    /// Tells the queue that these jobs waited their turn already; a failure is only noted.
    pub async fn ring_again(&self, kind: &str, rings: &[Ring]) {
        self.told(self.queue.ring_again(kind, rings).await, rings.len());
    }

    fn told(&self, told: Result<(), QueueError>, jobs: usize) {
        if let Err(error) = told {
            metrics::counter!("smartstudy_rings_lost_total").increment(jobs as u64);
            tracing::warn!(%error, jobs, "not rung; the dispatcher will ring again");
        }
    }
}

/// Counts the ends of tries and of jobs.
fn count(before: JobStatus, job: &Job) {
    if before == job.status {
        return;
    }
    if before == JobStatus::Running || job.status.is_finished() {
        let labels = [("kind", job.kind.clone()), ("status", job.status.as_str().to_owned())];
        metrics::counter!("smartstudy_jobs_ended_total", &labels).increment(1);
    }
    if let (JobStatus::Failed | JobStatus::Retrying, Some(error)) = (job.status, &job.error) {
        let labels = [("kind", job.kind.clone()), ("code", error.code.clone())];
        metrics::counter!("smartstudy_job_errors_total", &labels).increment(1);
    }
}
