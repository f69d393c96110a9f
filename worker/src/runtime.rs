//! Runs jobs: claim, lease, outcome. apalis brings the rings, limits how many run at once and drains at the end.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use apalis::prelude::{Data, ParallelizeExt, WorkerBuilder, WorkerBuilderExt};
use futures::FutureExt;
use rand::RngExt;
use shared::{
    domain::{Job, JobError, JobResult, JobStatus, Refusal, Ring},
    jobs::{LedgerError, backoff},
    queue::{Heard, SEAT},
    telemetry::traces,
};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, field::Empty};

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
const _: () = assert!(SEAT.as_millis() >= LEASE.as_millis() + HEARTBEAT.as_millis());

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
    let presence = Presence::new(context.clone());
    // Before the first ring, which may be for a paused kind.
    if let Err(error) = presence.listen().await {
        tracing::warn!(%error, "which kinds are paused is not known yet");
    }
    metrics::gauge!("smartstudy_worker_slots").set(concurrency as f64);
    metrics::gauge!("smartstudy_worker_slots_busy").set(0.0);
    let runtime = Arc::new(Runtime { contexts, presence, release: shutdown.release.clone() });
    let latest = runtime.clone();
    let most = Arc::new(move || latest.contexts.now().jobs_per_user);
    let bell = Bell(context.ledger.queue.listen(jobs::KINDS, most));
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
async fn deliver(heard: Heard, runtime: Data<Arc<Runtime>>) {
    let context = runtime.contexts.now();
    let (job, token) = match claim(&runtime, &context, heard).await {
        Ok(claimed) => claimed,
        // Of a paused kind the ledger keeps the job, and the dispatcher rings again when it is resumed; the queue keeps
        // what is held.
        Err(
            error @ (LedgerError::Refused(Refusal::NotClaimable | Refusal::Paused | Refusal::Held)
            | LedgerError::NotFound),
        ) => {
            tracing::debug!(job = %heard.job, %error, "left alone");
            return;
        }
        Err(error) => {
            tracing::warn!(job = %heard.job, %error, "not claimed");
            return;
        }
    };
    // Of the highest level, so that it is there whichever lines are written.
    let span = tracing::error_span!(
        "job",
        otel.name = format!("job {}", job.kind),
        otel.kind = "consumer",
        job = %heard.job,
        kind = job.kind,
        attempt = i64::from(job.attempt),
        trace = Empty,
    );
    traces::follow(&span, job.trace.as_deref());
    perform(&runtime, context, job, token).instrument(span).await;
}

/// One try of a job that was claimed.
async fn perform(runtime: &Runtime, context: Arc<Context>, job: Job, token: i64) {
    let _busy = Busy::new();
    let ring = job.ring();
    let waited = context.ledger.clock.now().since(job.due_at);
    metrics::histogram!("smartstudy_job_wait_seconds", "kind" => job.kind.clone()).record(waited);
    let kind = job.kind.clone();
    tracing::info!("started");
    let run = Arc::new(Run::new(context.clone(), job, token));
    let began = Instant::now();
    let ended = tokio::select! {
        ended = work(&context, &run) => ended,
        stop = heartbeat(&context, &run, ring) => Err(stop),
        () = runtime.release.cancelled() => Err(Stop::Released),
    };
    run.enter("").await;
    metrics::histogram!("smartstudy_job_run_seconds", "kind" => kind).record(began.elapsed());
    record(&context, &run, ring, ended).await;
}

/// A slot in use, as metrics count them.
struct Busy;

impl Busy {
    fn new() -> Self {
        metrics::gauge!("smartstudy_worker_slots_busy").increment(1.0);
        Self
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        metrics::gauge!("smartstudy_worker_slots_busy").decrement(1.0);
    }
}

async fn claim(runtime: &Runtime, context: &Context, heard: Heard) -> Result<(Job, i64), LedgerError> {
    let mut job = context.ledger.store.job(heard.job).await?.ok_or(LedgerError::NotFound)?;
    let ring = job.ring();
    if job.status != JobStatus::Queued {
        leave_unless_it_runs(context, &job, ring).await;
        return Err(Refusal::NotClaimable.into());
    }
    if !heard.seated && !enter(context, &job.kind, ring).await {
        return Err(Refusal::Held.into());
    }
    let claimed = match start(runtime, context, &mut job).await {
        // It may have been resumed since this worker last heard.
        Err(LedgerError::Refused(Refusal::Paused)) => match runtime.presence.listen().await {
            Ok(()) => start(runtime, context, &mut job).await,
            Err(error) => Err(error.into()),
        },
        claimed => claimed,
    };
    match claimed {
        Ok(token) => Ok((job, token)),
        Err(error) => {
            leave_unless_it_runs(context, &job, ring).await;
            Err(error)
        }
    }
}

async fn start(runtime: &Runtime, context: &Context, job: &mut Job) -> Result<i64, LedgerError> {
    let claim = context.ledger.change(job, |job, now| match runtime.presence.is_paused(&job.kind) {
        true => Err(Refusal::Paused),
        false => job.claim(&context.name, LEASE, now),
    });
    claim.await
}

/// Whether the job may run beside the others of its user. When the queue is away, every job may.
async fn enter(context: &Context, kind: &str, ring: Ring) -> bool {
    let Some(most) = context.jobs_per_user else { return true };
    context.ledger.queue.enter(kind, ring, most, SEAT).await.unwrap_or_else(|error| {
        tracing::warn!(job = %ring.job, %error, "the jobs of a user could not be counted");
        true
    })
}

/// Gives up the seat of a job that this worker does not have; if another one has it, the seat is that one's.
async fn leave_unless_it_runs(context: &Context, job: &Job, ring: Ring) {
    if context.jobs_per_user.is_some() && job.status != JobStatus::Running {
        context.ledger.leave(ring).await;
    }
}

async fn work(context: &Arc<Context>, run: &Arc<Run>) -> Result<JobResult, Stop> {
    let job = run.snapshot().await;
    let limit = jobs::timeout(&job.kind);
    // It is large, and each of the futures around it would have it on the stack once more.
    let guarded = AssertUnwindSafe(Box::pin(jobs::run(context, run, &job))).catch_unwind();
    match tokio::time::timeout(limit, guarded).await {
        Ok(Ok(ended)) => ended,
        Ok(Err(_panic)) => Err(crashed().into()),
        Err(_elapsed) => Err(JobError::transient("job.timeout", "The job took too long.").into()),
    }
}

/// Renews the lease for as long as it can be renewed.
async fn heartbeat(context: &Context, run: &Run, ring: Ring) -> Stop {
    let mut beats = tokio::time::interval(HEARTBEAT);
    beats.tick().await;
    loop {
        beats.tick().await;
        // Before the lease, which must not outlast it.
        if context.jobs_per_user.is_some()
            && let Err(error) = context.ledger.queue.stay(ring, SEAT).await
        {
            tracing::debug!(%error, "not counted among the jobs of its user");
        }
        match run.change(|job, token, now| job.renew(token, LEASE, now)).await {
            Ok(()) => {}
            Err(Stop::Lost) => return Stop::Lost,
            Err(_) => tracing::warn!("the lease could not be renewed"),
        }
    }
}

async fn record(context: &Context, run: &Run, ring: Ring, ended: Result<JobResult, Stop>) {
    let jitter = context.ledger.clock.rng().random();
    let written = match ended {
        Ok(result) => {
            run.change(|job, token, now| {
                job.succeed(token, result.clone(), now)?;
                job.notices.extend(saved(context, job));
                jobs::forget_secrets(job);
                Ok(())
            })
            .await
        }
        Err(Stop::Failed { error, retry_after }) => {
            tracing::info!(code = error.code, "failed");
            traces::failed(&Span::current(), &error.code);
            let pause = |job: &Job| backoff(job.attempt, jitter, retry_after);
            // Before anybody hears of the failure and looks for it.
            run.keep_transcript().await;
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
    let outcome = if written.is_ok() { job.status.as_str() } else { "lost" };
    traces::note(&Span::current(), "outcome", outcome);
    match written {
        Ok(()) => {
            tracing::info!(status = outcome, "ended");
            if job.status.is_finished() {
                jobs::clean_up(context, &job).await;
            }
        }
        Err(Stop::Lost) => {
            tracing::warn!("the lease was lost; whoever has it goes on");
            leave_unless_it_runs(context, &job, ring).await;
        }
        Err(_) => tracing::warn!("the outcome could not be written; the lease will end"),
    }
}

/// What a job saved that waited for the provider's cheaper hours.
fn saved(context: &Context, job: &Job) -> Option<String> {
    job.cheaper_from?;
    let cost = job.usage.as_ref()?.cost.as_ref()?;
    let saved = context.ai.tariff.saved(cost);
    Some(format!(
        "It was made in the provider's cheaper hours: it cost {} {:.4}, {:.4} less than when it was asked for.",
        cost.currency, cost.amount, saved.amount
    ))
}
