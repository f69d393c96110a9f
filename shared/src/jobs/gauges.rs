//! What stands in the ledger, as metrics show it.

use std::time::Duration;

use super::Ledger;
use crate::{domain::JobStatus, store::StoreError};

/// How often the ledger is asked.
const EVERY: Duration = Duration::from_secs(15);

impl Ledger {
    /// Keeps the metrics of queues up to date until dropped. What cannot be read keeps its last value.
    pub async fn keep_gauges(&self) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.store.show_connections();
            if let Err(error) = self.set_gauges().await {
                tracing::debug!(%error, "the queues could not be counted");
            }
        }
    }

    async fn set_gauges(&self) -> Result<(), StoreError> {
        for queue in self.queues().await? {
            let kind = || ("kind", queue.name.clone());
            for (state, count) in [
                (JobStatus::Queued, queue.queued),
                (JobStatus::Scheduled, queue.scheduled),
                (JobStatus::Running, queue.running),
                (JobStatus::Retrying, queue.retrying),
                (JobStatus::Failed, queue.failed),
            ] {
                let labels = [kind(), ("state", state.as_str().to_owned())];
                metrics::gauge!("smartstudy_queue_jobs", &labels).set(count as f64);
            }
            let oldest = queue.oldest.unwrap_or_default().as_secs_f64();
            metrics::gauge!("smartstudy_queue_oldest_seconds", &[kind()]).set(oldest);
            metrics::gauge!("smartstudy_queue_paused", &[kind()]).set(f64::from(queue.paused));
            metrics::gauge!("smartstudy_queue_workers", &[kind()]).set(queue.workers.len() as f64);
        }
        Ok(())
    }
}
