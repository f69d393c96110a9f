//! Everything stored about a user is removed: jobs are stopped first, so that they write nothing more, then files, then
//! documents, the account last. A try that breaks off is gone on with by the next one, as nothing of this minds coming
//! twice.

use std::sync::Arc;

use shared::{
    domain::{Id, Job, JobId, JobResult, uploads_of},
    jobs::{
        JobKind, LedgerError, account_erase::AccountErase, account_export::AccountExport,
        report_render::ReportRender,
    },
    store::JobFilter,
};

use super::quiz_generate::progress;
use crate::{
    Context,
    run::{Run, Stop},
};

/// Jobs looked at in one query.
const BATCH: u32 = 100;

/// Runs one try.
pub(super) async fn run(
    context: &Arc<Context>,
    run: &Arc<Run>,
    ask: AccountErase,
) -> Result<JobResult, Stop> {
    let store = &context.ledger.store;
    run.progress(progress(5, "stopping", "Stopping what still runs", 0, 0)).await?;
    let stopped = stop_jobs(context, ask.user).await?;
    context.cache.forget(ask.user).await?;
    let sources = store.owned_sources();
    for source in &sources {
        for blob in store.owned_blobs(source.name, ask.user).await? {
            store.delete_blob(blob).await?;
        }
    }
    for (done, source) in sources.iter().enumerate() {
        let percent = (20 + done * 75 / sources.len()) as u32;
        run.progress(progress(percent, "erasing", "Erasing your data", done, sources.len())).await?;
        store.erase_owned(source.name, ask.user).await?;
    }
    for job in stopped {
        // Once more, now that a worker which saves something finds no record any more, and cleans up by itself.
        store.delete_checkpoints(job.id).await?;
        for file in files_of(&job) {
            store.delete_blob(file).await?;
        }
    }
    // Nothing in the record may tell whose account it was.
    Ok(JobResult { kind: "erasure".into(), id: run.id.to_string(), url: format!("/jobs/{}", run.id) })
}

/// The files that a job makes for its owner.
fn files_of(job: &Job) -> Vec<Id> {
    match job.kind.as_str() {
        AccountExport::KIND => vec![Id::for_job(job.id)],
        ReportRender::KIND => uploads_of(&job.payload),
        _ => Vec::new(),
    }
}

/// Cancels the user's jobs that are not finished, and returns those that made nothing: also one that ended before may
/// still be at its last step. Whoever runs one notices at the next write.
async fn stop_jobs(context: &Context, user: Id) -> Result<Vec<Job>, Stop> {
    let filter = JobFilter { user_id: Some(user), ..JobFilter::default() };
    let mut after: Option<JobId> = None;
    let mut stopped = Vec::new();
    loop {
        let jobs = context.ledger.store.jobs_after(&filter, after, BATCH).await?;
        after = jobs.last().map(|job| job.id);
        let is_last = jobs.len() < BATCH as usize;
        for job in jobs.into_iter().filter(|job| job.result.is_none()) {
            if !job.status.is_finished() {
                match context.ledger.update(job.id, Job::cancel).await {
                    Ok(_) | Err(LedgerError::Refused(_) | LedgerError::NotFound) => {}
                    Err(LedgerError::Store(error)) => return Err(error.into()),
                }
            }
            stopped.push(job);
        }
        if is_last {
            return Ok(stopped);
        }
    }
}

/// Removes from the record of a finished erasure whose account it was.
pub(super) fn forget_account(job: &mut Job) {
    job.payload = serde_json::json!({});
}
