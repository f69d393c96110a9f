//! Runs jobs: claim, lease, outcome. apalis brings the rings, limits how many run at once and drains at the end.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use apalis::prelude::{Data, ParallelizeExt, WorkerBuilder, WorkerBuilderExt};
use futures::FutureExt;
use rand::RngExt;
use shared::{
    domain::{Job, JobError, JobId, JobResult, Refusal},
    jobs::{LedgerError, backoff},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Context, Contexts,
    bell::Bell,
    jobs,
    presence::Presence,
    run::{Run, Stop, crashed},
};

/// How long a worker may be silent before its job goes to another one.
const LEASE: Duration = Duration::from_secs(9);
/// How often a worker is heard of.
const HEARTBEAT: Duration = Duration::from_secs(3);

/// The worker ended although nobody asked it to.
#[derive(Debug, thiserror::Error)]
#[error("the worker's runtime ended by itself: {0}")]
pub struct RuntimeDied(String);

/// What ends a worker, in two steps.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    /// No further job is taken.
    pub stop: CancellationToken,
    /// Jobs that still run go back to the queue.
    pub release: CancellationToken,
}

struct Runtime {
    contexts: Contexts,
    presence: Presence,
    release: CancellationToken,
}

/// Takes and runs jobs until told to stop, then waits for those that run.
pub async fn run(contexts: Contexts, concurrency: usize, shutdown: Shutdown) -> Result<(), RuntimeDied> {
    let context = contexts.now();
    let bell = Bell(context.ledger.queue.listen(jobs::KINDS));
    let presence = Presence::new(context.clone());
    // Before the first ring, which may be for a paused kind.
    if let Err(error) = presence.listen().await {
        tracing::warn!(%error, "which kinds are paused is not known yet");
    }
    let runtime = Arc::new(Runtime { contexts, presence, release: shutdown.release.clone() });
    let worker = WorkerBuilder::new(context.name.as_str())
        .backend(bell)
        .data(runtime.clone())
        .concurrency(concurrency)
        .parallelize(tokio::spawn)
        .build(deliver);
    let stop = shutdown.stop.clone();
    let stopped = async move {
        stop.cancelled().await;
        Ok::<(), std::io::Error>(())
    };
    let ended = tokio::select! {
        ended = worker.run_until(stopped) => ended,
        never = runtime.presence.keep() => match never {},
    };
    runtime.presence.leave().await;
    match ended {
        _ if shutdown.stop.is_cancelled() => Ok(()),
        Ok(()) => Err(RuntimeDied("no reason given".into())),
        Err(error) => Err(RuntimeDied(error.to_string())),
    }
}

/// One ring. It never fails towards apalis: what became of the job is in its record.
async fn deliver(id: JobId, runtime: Data<Arc<Runtime>>) {
    let context = &runtime.contexts.now();
    let (job, token) = match claim(&runtime, context, id).await {
        Ok(claimed) => claimed,
        // Of a paused kind the ledger keeps the job, and the dispatcher rings again when it is resumed.
        Err(LedgerError::Refused(Refusal::NotClaimable | Refusal::Paused) | LedgerError::NotFound) => return,
        Err(error) => {
            tracing::warn!(job = %id, %error, "not claimed");
            return;
        }
    };
    let waited = context.ledger.clock.now().since(job.due_at);
    metrics::histogram!("smartstudy_job_wait_seconds", "kind" => job.kind.clone()).record(waited);
    let (kind, attempt) = (job.kind.clone(), job.attempt);
    tracing::info!(job = %id, kind, attempt, "started");
    let run = Arc::new(Run::new(context.clone(), job, token));
    let ended = tokio::select! {
        ended = work(context, &run) => ended,
        stop = heartbeat(&run) => Err(stop),
        () = runtime.release.cancelled() => Err(Stop::Released),
    };
    record(context, &run, ended).await;
}

async fn claim(runtime: &Runtime, context: &Context, id: JobId) -> Result<(Job, i64), LedgerError> {
    let claim = || {
        context.ledger.update(id, |job, now| match runtime.presence.is_paused(&job.kind) {
            true => Err(Refusal::Paused),
            false => job.claim(&context.name, LEASE, now),
        })
    };
    match claim().await {
        // It may have been resumed since this worker last heard.
        Err(LedgerError::Refused(Refusal::Paused)) => {
            runtime.presence.listen().await?;
            claim().await
        }
        claimed => claimed,
    }
}

async fn work(context: &Arc<Context>, run: &Arc<Run>) -> Result<JobResult, Stop> {
    let job = run.snapshot().await;
    let limit = jobs::timeout(&job.kind);
    let guarded = AssertUnwindSafe(jobs::run(context, run, &job)).catch_unwind();
    match tokio::time::timeout(limit, guarded).await {
        Ok(Ok(ended)) => ended,
        Ok(Err(_panic)) => Err(crashed().into()),
        Err(_elapsed) => Err(JobError::transient("job.timeout", "The job took too long.").into()),
    }
}

/// Renews the lease for as long as it can be renewed.
async fn heartbeat(run: &Run) -> Stop {
    let mut beats = tokio::time::interval(HEARTBEAT);
    beats.tick().await;
    loop {
        beats.tick().await;
        match run.change(|job, token, now| job.renew(token, LEASE, now)).await {
            Ok(()) => {}
            Err(Stop::Lost) => return Stop::Lost,
            Err(_) => tracing::warn!(job = %run.id, "the lease could not be renewed"),
        }
    }
}

async fn record(context: &Context, run: &Run, ended: Result<JobResult, Stop>) {
    let jitter = context.ledger.clock.rng().random();
    let written = match ended {
        Ok(result) => {
            run.change(|job, token, now| {
                job.succeed(token, result.clone(), now)?;
                jobs::forget_secrets(job);
                Ok(())
            })
            .await
        }
        Err(Stop::Failed { error, retry_after }) => {
            tracing::info!(job = %run.id, code = error.code, error = error.message, "failed");
            let pause = |job: &Job| backoff(job.attempt, jitter, retry_after);
            run.change(|job, token, now| {
                job.fail(token, error.clone(), pause(job), now)?;
                jobs::forget_secrets(job);
                Ok(())
            })
            .await
        }
        Err(Stop::Released) => run.change(|job, token, now| job.release(token, now)).await,
        Err(Stop::Lost) => Err(Stop::Lost),
    };
    let job = run.snapshot().await;
    match written {
        Ok(()) => {
            tracing::info!(job = %run.id, status = job.status.as_str(), "ended");
            let labels = [("kind", job.kind.clone()), ("status", job.status.as_str().to_owned())];
            metrics::counter!("smartstudy_jobs_ended_total", &labels).increment(1);
            if job.status.is_finished() {
                jobs::clean_up(context, &job).await;
            }
        }
        Err(Stop::Lost) => tracing::warn!(job = %run.id, "the lease was lost; whoever has it goes on"),
        Err(_) => tracing::warn!(job = %run.id, "the outcome could not be written; the lease will end"),
    }
}
