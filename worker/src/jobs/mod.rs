//! The jobs a worker runs, by the wire name of their kind.

use std::{sync::Arc, time::Duration};

use serde::de::DeserializeOwned;
#[cfg(feature = "testing")]
use shared::jobs::noop::Noop;
use shared::{
    domain::{Job, JobError, JobResult},
    jobs::{JobKind, quiz_generate::QuizGenerate},
};

use crate::{
    Context,
    run::{Run, Stop},
};

mod quiz_generate;

/// Kinds this worker takes.
pub(crate) const KINDS: &[&str] = shared::jobs::KINDS;

/// Longest a try of this kind may take.
pub(crate) fn timeout(kind: &str) -> Duration {
    match kind {
        QuizGenerate::KIND => QuizGenerate::TIMEOUT,
        #[cfg(feature = "testing")]
        Noop::KIND => Noop::TIMEOUT,
        _ => Duration::ZERO,
    }
}

/// Runs one try of a job.
pub(crate) async fn run(context: &Arc<Context>, run: &Arc<Run>, job: &Job) -> Result<JobResult, Stop> {
    match job.kind.as_str() {
        QuizGenerate::KIND => quiz_generate::run(context, run, payload(job)?).await,
        #[cfg(feature = "testing")]
        Noop::KIND => {
            let noop: Noop = payload(job)?;
            tokio::time::sleep(Duration::from_millis(noop.hold_ms)).await;
            Ok(JobResult { kind: "nothing".into(), id: job.id.to_string(), url: format!("/jobs/{}", job.id) })
        }
        other => {
            Err(JobError::fatal("job.unknown_kind", format!("No worker knows the kind {other}.")).into())
        }
    }
}

/// Removes what a finished job no longer needs. Of a failed or cancelled one its work is kept for a retry.
pub(crate) async fn clean_up(context: &Context, job: &Job) {
    if job.result.is_some()
        && job.kind == QuizGenerate::KIND
        && let Err(error) = context.ledger.store.delete_checkpoints(job.id).await
    {
        tracing::warn!(job = %job.id, %error, "checkpoints were not removed");
    }
}

fn payload<T: DeserializeOwned>(job: &Job) -> Result<T, Stop> {
    serde_json::from_value(job.payload.clone()).map_err(|error| {
        tracing::error!(job = %job.id, kind = job.kind, %error, "the payload cannot be read");
        JobError::fatal("job.payload_unreadable", "This worker cannot read the job; update it and retry.")
            .into()
    })
}
