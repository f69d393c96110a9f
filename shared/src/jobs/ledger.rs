//! The ledger of jobs: writes records, then tells the queue and whoever waits.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{JobKind, Retried};
use crate::{
    clock::Clock,
    domain::{Id, Job, JobId, JobStatus, NewJob, Refusal, Timestamp},
    notify::Notifier,
    queue::{Queue, QueueError},
    store::{JobFilter, Store, StoreError},
};

/// Jobs changed in one round trip, where many are.
const BATCH: u32 = 500;

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
        not_before: Option<Timestamp>,
    ) -> Result<Job, StoreError> {
        let payload: Value =
            serde_json::to_value(payload).map_err(|error| StoreError::Internal(error.into()))?;
        let new = NewJob { id, kind: J::KIND, user_id, payload, max_attempts: J::MAX_ATTEMPTS, not_before };
        let mut job = Job::new(new, self.clock.now());
        self.store.insert_job(&mut job).await?;
        #[cfg(feature = "testing")]
        crate::fault::point("after-insert");
        metrics::counter!("smartstudy_jobs_enqueued_total", "kind" => J::KIND).increment(1);
        if job.status == JobStatus::Queued {
            self.ring(&job.kind, &[job.id]).await;
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
    /// else wrote it in between; rings if it became queued, and announces the change.
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
            if self.save(&mut next).await? {
                let before = std::mem::replace(job, next).status;
                match (before, job.status) {
                    (JobStatus::Queued, _) => {}
                    // It waited its turn already.
                    (JobStatus::Running, JobStatus::Queued) => self.ring_first(&job.kind, &[job.id]).await,
                    (_, JobStatus::Queued) => self.ring(&job.kind, &[job.id]).await,
                    _ => {}
                }
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

    /// Retries by hand all jobs that match and may be retried, in batches; how many there were. Whoever changes a
    /// job meanwhile wins.
    pub async fn retry_all(&self, filter: &JobFilter) -> Result<u64, StoreError> {
        let (mut retried, mut jobs) = (0, self.store.jobs_after(filter, None, BATCH).await?);
        while let Some(last) = jobs.last().map(|job| job.id) {
            // The next ones are read while these are written.
            let later = self.store.jobs_after(filter, Some(last), BATCH);
            let (done, next) = futures::try_join!(self.retry_each(jobs), later)?;
            retried += done;
            jobs = next;
        }
        Ok(retried)
    }

    async fn retry_each(&self, mut jobs: Vec<Job>) -> Result<u64, StoreError> {
        let now = self.clock.now();
        jobs.retain_mut(|job| job.retry(now).is_ok());
        let retried = self.store.save_jobs(&jobs).await?;
        let mut kinds: BTreeMap<&str, Vec<JobId>> = BTreeMap::new();
        for job in &jobs {
            self.notifier.announce(job.id);
            kinds.entry(&job.kind).or_default().push(job.id);
        }
        for (kind, ids) in kinds {
            self.ring(kind, &ids).await;
        }
        Ok(retried)
    }

    async fn save(&self, job: &mut Job) -> Result<bool, StoreError> {
        let told = !job.fresh.is_empty();
        let saved = self.store.save_job(job).await?;
        if saved && told {
            self.notifier.announce(job.id);
        }
        Ok(saved)
    }

    /// Tells the queue; a failure is only noted.
    pub async fn ring(&self, kind: &str, jobs: &[JobId]) {
        self.told(self.queue.ring(kind, jobs).await, jobs.len());
    }

    /// Tells the queue that the turn of these jobs has come; a failure is only noted.
    pub async fn ring_first(&self, kind: &str, jobs: &[JobId]) {
        self.told(self.queue.ring_first(kind, jobs).await, jobs.len());
    }

    fn told(&self, told: Result<(), QueueError>, jobs: usize) {
        if let Err(error) = told {
            metrics::counter!("smartstudy_rings_lost_total").increment(jobs as u64);
            tracing::warn!(%error, jobs, "not rung; the dispatcher will ring again");
        }
    }
}
