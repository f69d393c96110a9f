//! The first page: queues, workers and what fails.

use std::collections::BTreeMap;

use askama::Template;
use shared::{
    domain::{Job, JobStatus, Timestamp},
    jobs::{QueueState, SILENT_FOR},
    store::{JobFilter, JobGroup, Window},
};

use super::{
    filter::Ask,
    html,
    words::{Moment, jobs, number, span},
};
use crate::{app::App, problem::Result};

/// Most running jobs that are shown.
const RUNNING_SHOWN: u32 = 100;
/// Most error codes that are shown.
pub const CODES_SHOWN: usize = 12;

#[derive(Template)]
#[template(path = "admin/overview.html")]
struct Overview {
    summary: String,
    queues: Vec<QueueCard>,
    workers: Vec<WorkerRow>,
    errors: Vec<ErrorRow>,
}

struct QueueCard {
    name: String,
    counts: Vec<Count>,
    rate: String,
    oldest: String,
    paused: bool,
    workers: usize,
    is_idle: bool,
}

struct Count {
    label: &'static str,
    state: &'static str,
    jobs: String,
    is_zero: bool,
    link: String,
}

struct WorkerRow {
    name: String,
    /// None for one that was not heard of lately, though jobs are still its.
    since: Option<Moment>,
    jobs: Vec<RunningJob>,
}

struct RunningJob {
    id: String,
    kind: String,
    stage: String,
    since: Option<Moment>,
}

/// An error code, and how many jobs failed with it.
pub struct ErrorRow {
    /// The code.
    pub code: String,
    /// The kind of the jobs.
    pub kind: String,
    /// How many.
    pub jobs: String,
    /// A list of them.
    pub link: String,
    /// When the first of them was made.
    pub oldest: Moment,
    /// When the last of them was made.
    pub newest: Moment,
}

/// What it shows at present.
pub async fn render(app: &App) -> Result<String> {
    let (store, now) = (&app.ledger.store, app.ledger.clock.now());
    let running = JobFilter { status: Some(JobStatus::Running), ..JobFilter::default() };
    let window = Window { limit: RUNNING_SHOWN, skip: 0, after: None, descending: false };
    let failed = JobFilter { status: Some(JobStatus::Failed), ..JobFilter::default() };
    let queues = app.ledger.queues().await?;
    let workers = store.workers(now - SILENT_FOR).await?;
    let running = store.jobs(&running, &window).await?;
    let groups = store.job_groups(&failed).await?;

    let mut held: BTreeMap<String, Vec<RunningJob>> = BTreeMap::new();
    for job in running.items {
        let worker = job.lease.as_ref().map_or("nobody", |lease| &lease.worker).to_owned();
        held.entry(worker).or_default().push(running_job(job, now));
    }
    let mut rows = Vec::new();
    for worker in workers {
        let jobs = held.remove(&worker.name).unwrap_or_default();
        rows.push(WorkerRow { name: worker.name, since: Some(Moment::new(worker.since, now)), jobs });
    }
    rows.extend(held.into_iter().map(|(name, jobs)| WorkerRow { name, since: None, jobs }));
    let ask = Ask { status: JobStatus::Failed.as_str().to_owned(), ..Ask::default() };
    let summary = summary(&queues);
    let mut cards: Vec<QueueCard> = queues.into_iter().map(queue_card).collect();
    // Where nothing is to be seen is looked at last.
    cards.sort_by_key(|card| card.is_idle);
    html(&Overview { summary, queues: cards, workers: rows, errors: error_rows(groups, &ask, now) })
}

fn summary(queues: &[QueueState]) -> String {
    let sum = |of: fn(&QueueState) -> u64| queues.iter().map(of).sum::<u64>();
    let paused = queues.iter().filter(|queue| queue.paused).count();
    let still = if paused == 0 { String::new() } else { format!(", {paused} of the queues paused") };
    format!(
        "{} waiting, {} running, {} failed{still}.",
        number(sum(|queue| queue.queued)),
        number(sum(|queue| queue.running)),
        number(sum(|queue| queue.failed)),
    )
}

fn queue_card(queue: QueueState) -> QueueCard {
    let count = |status: JobStatus, label, jobs: u64| Count {
        label,
        state: status.as_str(),
        jobs: number(jobs),
        is_zero: jobs == 0,
        link: Ask { status: status.as_str().to_owned(), kind: queue.name.clone(), ..Ask::default() }
            .at("/admin/ui/jobs"),
    };
    let counts = vec![
        count(JobStatus::Queued, "Waiting", queue.queued),
        count(JobStatus::Scheduled, "Scheduled", queue.scheduled),
        count(JobStatus::Running, "Running", queue.running),
        count(JobStatus::Retrying, "Retrying", queue.retrying),
        count(JobStatus::Failed, "Failed", queue.failed),
    ];
    QueueCard {
        is_idle: counts.iter().all(|count| count.is_zero) && !queue.paused,
        counts,
        rate: number(queue.rate_per_minute),
        oldest: queue.oldest.map_or_else(|| "–".to_owned(), span),
        paused: queue.paused,
        workers: queue.workers.len(),
        name: queue.name,
    }
}

fn running_job(job: Job, now: Timestamp) -> RunningJob {
    let progress = job.progress;
    let stage = match progress.stage.is_empty() {
        true => "starting".to_owned(),
        false if progress.total > 0 => format!("{} {}/{}", progress.stage, progress.done, progress.total),
        false => format!("{} {} %", progress.stage, progress.percent),
    };
    let since = job.started_at.map(|at| Moment::new(at, now));
    RunningJob { id: job.id.to_string(), kind: job.kind, stage, since }
}

/// What failed and why, the most frequent first.
pub fn error_rows(groups: Vec<JobGroup>, ask: &Ask, now: Timestamp) -> Vec<ErrorRow> {
    let row = |group: JobGroup| {
        let code = group.error_code?;
        let ask =
            Ask { error_code: code.clone(), kind: group.kind.clone(), cursor: String::new(), ..ask.clone() };
        Some(ErrorRow {
            link: ask.at("/admin/ui/jobs"),
            code,
            kind: group.kind,
            jobs: jobs(group.jobs),
            oldest: Moment::new(made(group.oldest), now),
            newest: Moment::new(made(group.newest), now),
        })
    };
    groups.into_iter().filter_map(row).take(CODES_SHOWN).collect()
}

/// When a job was made, as its id tells.
pub fn made(id: shared::domain::JobId) -> Timestamp {
    Timestamp(i64::try_from(id.0.timestamp_ms()).unwrap_or(i64::MAX))
}
