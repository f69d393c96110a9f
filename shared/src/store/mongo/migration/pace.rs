//! How fast the migration may go.

use std::time::Duration;

use tokio::time::Instant;

/// At most so many documents a second.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    rate: Option<u32>,
}

impl Pace {
    pub(super) fn new(rate: Option<u32>) -> Self {
        Self { rate }
    }

    /// Documents to look at together, of these.
    pub(super) fn most(self, documents: usize) -> usize {
        self.rate.map_or(documents, |rate| documents.min(rate.max(1) as usize))
    }

    /// Waits after a batch of so many documents that began at `since`.
    pub(super) async fn keep(self, since: Instant, documents: usize) {
        if let Some(rate) = self.rate {
            let due = Duration::from_secs_f64(documents as f64 / f64::from(rate.max(1)));
            tokio::time::sleep_until(since + due).await;
        }
    }
}
