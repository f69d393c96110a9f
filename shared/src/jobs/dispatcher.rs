//! The dispatcher mends what got lost between ledger and queue. Any number of processes may run one.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::{KINDS, Ledger, LedgerError, queues::jobs_of};
use crate::{
    domain::{Job, JobId, JobStatus, Ring, Timestamp},
    queue::SEAT,
    store::{StoreError, Unclaimed},
};

/// How often the ledger is looked at.
const TICK: Duration = Duration::from_millis(500);
/// Jobs looked at in one query.
const BATCH: u32 = 500;
/// When a ring counts as lost: it is not in the queue and nobody claimed the job for so long.
const LOST_AFTER: Duration = Duration::from_secs(2);

/// Promotes jobs that are due, takes jobs back from workers that are gone, and rings for jobs whose ring was lost.
#[derive(Debug)]
pub struct Dispatcher {
    ledger: Ledger,
    /// Many may wait, so the next look goes on where the last one ended.
    places: Mutex<HashMap<&'static str, (Timestamp, JobId)>>,
}

impl From<Infallible> for LedgerError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl Dispatcher {
    /// A dispatcher for this ledger.
    pub fn new(ledger: Ledger) -> Self {
        Self { ledger, places: Mutex::default() }
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
        if let Err(error) = self.ledger.queue.let_in_all(SEAT).await {
            tracing::debug!(%error, "what is held was not looked at");
        }
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
        // So that its user's other jobs do not overtake it.
        if job.status == JobStatus::Running
            && let Err(error) = self.ledger.queue.stay(job.ring(), SEAT).await
        {
            tracing::debug!(job = %job.id, %error, "its seat is not kept");
        }
        let mended = self.ledger.update(job.id, |job, now| match job.status {
            JobStatus::Running => Ok::<_, Infallible>(job.expire(now)),
            _ => Ok(job.promote(now)),
        });
        match mended.await {
            Ok((mended, true)) => {
                if job.status == JobStatus::Running {
                    metrics::counter!("smartstudy_leases_lost_total", "kind" => mended.kind.clone())
                        .increment(1);
                }
                tracing::info!(job = %mended.id, status = mended.status.as_str(), "mended");
            }
            Ok(_) | Err(LedgerError::NotFound) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn ring_again(&self) -> Result<(), StoreError> {
        let paused = self.ledger.store.paused_queues().await?;
        for kind in KINDS.iter().filter(|kind| !paused.iter().any(|paused| paused == *kind)) {
            let now = self.ledger.clock.now();
            let after = self.place(kind);
            let unclaimed = self.ledger.store.unclaimed_jobs(kind, now - LOST_AFTER, after, BATCH).await?;
            let last = unclaimed.last().filter(|_| unclaimed.len() == BATCH as usize);
            self.go_on(kind, last.map(|last| (last.rung_at, last.ring().job)));
            let rings: Vec<Ring> = unclaimed.iter().map(Unclaimed::ring).collect();
            let Ok(lost) = self.ledger.queue.lost(kind, &rings).await else { continue };
            if !lost.is_empty() {
                self.ledger.store.mark_rung(&jobs_of(&lost), now).await?;
                self.ledger.ring_again(kind, &lost).await;
            }
        }
        Ok(())
    }

    /// How far the waiting jobs of a kind were looked at.
    fn place(&self, kind: &str) -> Option<(Timestamp, JobId)> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).get(kind).copied()
    }

    /// Where the next look goes on; at the beginning if nowhere.
    fn go_on(&self, kind: &'static str, place: Option<(Timestamp, JobId)>) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        match place {
            Some(place) => places.insert(kind, place),
            None => places.remove(kind),
        };
    }
}
