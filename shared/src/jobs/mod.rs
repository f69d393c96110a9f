//! The kinds of job: each is declared here once (name, payload, policy) and implemented by a worker.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

use crate::domain::JobPriority;

pub mod account_erase;
pub mod account_export;
mod dispatcher;
mod filter;
mod gauges;
mod ledger;
#[cfg(feature = "testing")]
pub mod noop;
pub mod pdf_extract;
pub mod plan_generate;
pub mod plan_reschedule;
mod queues;
pub mod quiz_generate;
pub mod report_render;
mod sweeper;
mod views;

pub use dispatcher::Dispatcher;
pub use filter::{OlderThan, Retried, RetryFilter, Retryable};
pub use ledger::{Ledger, LedgerError};
pub use queues::{ANNOUNCED_EVERY, QueueState, QueueWorker, SILENT_FOR};
pub use sweeper::Sweeper;
pub use views::{
    AdminJobView, AttemptView, CheckpointView, JobDetail, JobView, Links, QueueView, WorkerView,
};

/// A kind of job.
pub trait JobKind: Serialize + DeserializeOwned + Send + Sync {
    /// Its name on the wire; it outlives the names of types.
    const KIND: &'static str;
    /// Tries before it fails for good.
    const MAX_ATTEMPTS: u32;
    /// Longest a try may take.
    const TIMEOUT: Duration;
    /// How soon it is to run, unless who asks for it says otherwise.
    const PRIORITY: JobPriority = JobPriority::Interactive;
}

/// Every kind the API may enqueue.
pub const KINDS: &[&str] = &[
    pdf_extract::PdfExtract::KIND,
    plan_generate::PlanGenerate::KIND,
    plan_reschedule::PlanReschedule::KIND,
    account_erase::AccountErase::KIND,
    account_export::AccountExport::KIND,
    quiz_generate::QuizGenerate::KIND,
    report_render::ReportRender::KIND,
    #[cfg(feature = "testing")]
    noop::Noop::KIND,
];

/// Pause before try `attempt + 1`: 2 s doubled with each try, at most 5 min, of which `jitter` (0–1)
/// takes up to a half away; never less than the provider's `retry_after`.
pub fn backoff(attempt: u32, jitter: f64, retry_after: Option<Duration>) -> Duration {
    let full = Duration::from_secs(2 << attempt.saturating_sub(1).min(8)).min(Duration::from_secs(300));
    full.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 2.0).max(retry_after.unwrap_or_default())
}

/// Reads payloads as they were once written, and writes them back with all they said.
#[cfg(test)]
fn payloads<J: JobKind>(written: &str) {
    let written: Vec<serde_json::Value> = serde_json::from_str(written).unwrap();
    assert!(!written.is_empty());
    for payload in written {
        let read: J = serde_json::from_value(payload.clone()).unwrap();
        let again = serde_json::to_value(&read).unwrap();
        for (name, value) in payload.as_object().unwrap() {
            assert_eq!(&again[name], value, "{name}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_is_capped_and_honours_the_provider() {
        assert_eq!(backoff(1, 0.0, None), Duration::from_secs(2));
        assert_eq!(backoff(3, 0.0, None), Duration::from_secs(8));
        assert_eq!(backoff(3, 1.0, None), Duration::from_secs(4));
        assert_eq!(backoff(60, 0.0, None), Duration::from_secs(300));
        assert_eq!(backoff(1, 0.0, Some(Duration::from_secs(30))), Duration::from_secs(30));
    }
}
