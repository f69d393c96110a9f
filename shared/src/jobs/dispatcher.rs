//! The dispatcher mends what got lost between ledger and queue. Any number of processes may run one.

use std::{convert::Infallible, time::Duration};

use super::{KINDS, Ledger, LedgerError};
use crate::{
    domain::{Job, JobStatus},
    store::StoreError,
};

/// How often the ledger is looked at.
const TICK: Duration = Duration::from_millis(500);
/// Jobs looked at in one query.
const BATCH: u32 = 500;
/// While a queue holds more rings than this, none is looked for: it is not lost rings that keep its jobs waiting.
const WINDOW: usize = 1000;
/// When a ring counts as lost: it is not in the queue and nobody claimed the job for so long.
const LOST_AFTER: Duration = Duration::from_secs(2);

/// Promotes jobs that are due, takes jobs back from workers that are gone, and rings for jobs whose ring was lost.
#[derive(Debug, Clone)]
pub struct Dispatcher {
    ledger: Ledger,
}

impl From<Infallible> for LedgerError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl Dispatcher {
    /// A dispatcher for this ledger.
    pub fn new(ledger: Ledger) -> Self {
        Self { ledger }
    }

    /// Looks at the ledger until dropped. Trouble is logged, and the next look tries again.
    pub async fn run(self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.tick().await {
                tracing::warn!(%error, "the dispatcher could not look at the ledger");
            }
        }
    }

    /// One look at the ledger. A job that cannot be mended keeps neither the others nor lost rings from their turn.
    pub async fn tick(&self) -> Result<(), StoreError> {
        let mended = self.mend_overdue().await;
        self.ring_again().await?;
        mended
    }

    async fn mend_overdue(&self) -> Result<(), StoreError> {
        loop {
            let overdue = self.ledger.store.overdue_jobs(self.ledger.clock.now(), BATCH).await?;
            let mut failed = 0;
            for job in &overdue {
                match self.mend(job).await {
                    Ok(()) => {}
                    // The next one would wait for the store just as long.
                    Err(LedgerError::Store(error @ StoreError::Unavailable(_))) => return Err(error),
                    Err(error) => {
                        failed += 1;
                        tracing::warn!(job = %job.id, %error, "a job could not be mended");
                    }
                }
            }
            if overdue.len() < BATCH as usize || failed == overdue.len() {
                return Ok(());
            }
        }
    }

    async fn mend(&self, job: &Job) -> Result<(), LedgerError> {
        let mended = self.ledger.update(job.id, |job, now| match job.status {
            JobStatus::Running => Ok::<_, Infallible>(job.expire(now)),
            _ => Ok(job.promote(now)),
        });
        match mended.await {
            Ok((job, true)) => tracing::info!(job = %job.id, status = job.status.as_str(), "mended"),
            Ok(_) | Err(LedgerError::NotFound) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn ring_again(&self) -> Result<(), StoreError> {
        let paused = self.ledger.store.paused_queues().await?;
        for kind in KINDS.iter().filter(|kind| !paused.iter().any(|paused| paused == *kind)) {
            let now = self.ledger.clock.now();
            if !matches!(self.ledger.queue.len(kind).await, Ok(..=WINDOW)) {
                continue;
            }
            let mut ids = self.ledger.store.unclaimed_jobs(kind, now - LOST_AFTER, BATCH).await?;
            if ids.is_empty() {
                continue;
            }
            let are_all = ids.len() < BATCH as usize;
            let Ok(waiting) = self.ledger.queue.waiting(kind).await else { continue };
            ids.retain(|id| !waiting.contains(id));
            if ids.is_empty() {
                continue;
            }
            self.ledger.store.mark_rung(&ids, now).await?;
            // A worker that died may have taken the ring with it: the job's turn had come. Where more were lost than were
            // looked at, as when Redis came back empty, the later ones would overtake the earlier ones.
            match are_all {
                true => self.ledger.ring_first(kind, &ids).await,
                false => self.ledger.ring(kind, &ids).await,
            }
        }
        Ok(())
    }
}
