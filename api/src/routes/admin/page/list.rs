//! The list of jobs: by state, kind, account, error code and age.

use askama::Template;
use serde::Deserialize;
use shared::{
    domain::{Job, JobStatus, Timestamp},
    jobs::KINDS,
    store::{JobFilter, Window},
};

use super::{
    filter::{Ask, Choice, ages, choices},
    html,
    overview::{CODES_SHOWN, ErrorRow, error_rows},
    words::{Moment, jobs, number, shortened, span, state},
};
use crate::{app::App, problem::Result};

/// Jobs of a part of the list.
const SHOWN: u32 = 50;
/// Characters of an error's message in the list.
const MESSAGE_MAX: usize = 180;

/// The form above the list, and what was done.
#[derive(Template)]
#[template(path = "admin/jobs.html")]
struct Page {
    ask: Ask,
    kinds: Vec<Choice>,
    states: Vec<Choice>,
    ages: Vec<Choice>,
    mistake: String,
    notice: String,
    part: String,
}

/// What of it changes.
#[derive(Template)]
#[template(path = "admin/jobs-part.html")]
struct Part {
    said: String,
    tabs: Vec<Tab>,
    errors: Vec<ErrorRow>,
    rows: Vec<Row>,
    total: String,
    retry: Option<Offer>,
    first: Option<String>,
    next: Option<String>,
}

/// A state, and how many jobs are in it.
struct Tab {
    label: &'static str,
    state: &'static str,
    jobs: String,
    is_zero: bool,
    is_current: bool,
    link: String,
}

/// Jobs that may be retried together.
struct Offer {
    link: String,
    jobs: String,
}

struct Row {
    id: String,
    kind: String,
    status: &'static str,
    state: &'static str,
    user: Option<String>,
    of_user: String,
    attempt: u32,
    max_attempts: u32,
    made: Moment,
    detail: Detail,
    took: String,
}

/// What there is to say of a job in this state.
enum Detail {
    Error { code: String, message: String },
    Stage { percent: u32, message: String },
    Due(Moment),
    Nothing,
}

/// What a retry of many did, as it is told after it.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Done {
    matched: Option<u64>,
    retried: Option<u64>,
}

impl Done {
    fn notice(self) -> String {
        match (self.matched, self.retried) {
            (Some(matched), Some(retried)) if matched == retried => {
                format!("Retried {}. Below is what becomes of them.", jobs(retried))
            }
            (Some(matched), Some(retried)) => format!(
                "Retried {} of {}. The others changed meanwhile or were retried too often before.",
                number(retried),
                jobs(matched)
            ),
            _ => String::new(),
        }
    }
}

/// The whole page; where the filter does not fit, what is wrong with it.
pub async fn page(app: &App, ask: &Ask, done: Done) -> Result<(String, bool)> {
    let (part, mistake) = match part(app, ask).await {
        Ok(part) => (part, String::new()),
        Err(problem) if problem.status().is_client_error() => (String::new(), problem.detail().to_owned()),
        Err(problem) => return Err(problem),
    };
    let fits = mistake.is_empty();
    let name = |text: &str| (text.to_owned(), text.to_owned());
    let states =
        JobStatus::ALL.into_iter().map(|status| (status.as_str().to_owned(), state(status).to_owned()));
    let page = Page {
        kinds: choices(KINDS.iter().map(|kind| name(kind)), &ask.kind),
        states: choices(states, &ask.status),
        ages: ages(&ask.age),
        ask: ask.clone(),
        mistake,
        notice: done.notice(),
        part,
    };
    Ok((html(&page)?, fits))
}

/// What of the page changes, at present.
pub async fn part(app: &App, ask: &Ask) -> Result<String> {
    let (filter, cursor) = (ask.filter(app).await?, ask.after()?);
    let (store, now) = (&app.ledger.store, app.ledger.clock.now());
    let after = cursor.map(|id| id.to_string());
    let window = Window { limit: SHOWN, skip: 0, after, descending: true };
    let found = store.jobs(&filter, &window).await?;
    let counts = counts(app, &filter).await?;
    let failed = counts.iter().any(|(status, jobs)| *status == JobStatus::Failed && *jobs > 0);
    let failed =
        failed && ask.error_code.is_empty() && matches!(filter.status, None | Some(JobStatus::Failed));
    let errors = match failed {
        true => {
            let failed = JobFilter { status: Some(JobStatus::Failed), ..filter.clone() };
            error_rows(store.job_groups(&failed).await?, &ask.in_state("failed"), now)
        }
        false => Vec::new(),
    };
    let next = found.next(|job| job.id.to_string());
    let next = next.map(|cursor| Ask { cursor, ..ask.clone() }.at("/admin/ui/jobs"));
    let retryable =
        matches!(filter.status, Some(JobStatus::Failed | JobStatus::Cancelled | JobStatus::Retrying))
            && found.total > 0;
    let first = Ask { cursor: String::new(), ..ask.clone() };
    html(&Part {
        said: said(&counts),
        tabs: tabs(ask, &counts),
        errors,
        rows: found.items.into_iter().map(|job| row(job, ask, now)).collect(),
        total: jobs(found.total),
        retry: retryable.then(|| Offer { link: first.at("/admin/ui/retry"), jobs: jobs(found.total) }),
        first: cursor.map(|_| first.at("/admin/ui/jobs")),
        next,
    })
}

/// How many of the jobs are in each state.
async fn counts(app: &App, filter: &JobFilter) -> Result<Vec<(JobStatus, u64)>> {
    let mut counts = Vec::new();
    for status in JobStatus::ALL {
        let filter = JobFilter { status: Some(status), ..filter.clone() };
        counts.push((status, app.ledger.store.count_jobs(&filter).await?));
    }
    Ok(counts)
}

/// The states in a sentence.
fn said(counts: &[(JobStatus, u64)]) -> String {
    let some = counts.iter().filter(|(_, jobs)| *jobs > 0);
    let said: Vec<String> =
        some.map(|(status, jobs)| format!("{} {}", number(*jobs), state(*status))).collect();
    format!("{}.", if said.is_empty() { "No jobs".to_owned() } else { said.join(", ") })
}

fn tabs(ask: &Ask, counts: &[(JobStatus, u64)]) -> Vec<Tab> {
    let tab = |label, status: &'static str, jobs: u64| Tab {
        label,
        state: status,
        jobs: number(jobs),
        is_zero: jobs == 0,
        is_current: ask.status == status,
        link: ask.in_state(status).at("/admin/ui/jobs"),
    };
    let sum = counts.iter().map(|(_, jobs)| jobs).sum();
    let each = counts.iter().map(|(status, jobs)| tab(state(*status), status.as_str(), *jobs));
    std::iter::once(tab("all", "", sum)).chain(each).collect()
}

fn row(job: Job, ask: &Ask, now: Timestamp) -> Row {
    let took = match (job.started_at, job.finished_at) {
        (Some(start), Some(end)) => span(end.since(start)),
        (Some(start), None) if job.status == JobStatus::Running => span(now.since(start)),
        _ => String::new(),
    };
    let user = job.user_id.map(|id| id.to_string());
    let detail = match (job.status, job.error) {
        (JobStatus::Running, _) => Detail::Stage {
            percent: job.progress.percent,
            message: shortened(&job.progress.message, MESSAGE_MAX),
        },
        (JobStatus::Scheduled, _) => Detail::Due(Moment::new(job.due_at, now)),
        (_, Some(error)) => {
            Detail::Error { message: shortened(&error.message, MESSAGE_MAX), code: error.code }
        }
        _ => Detail::Nothing,
    };
    Row {
        id: job.id.to_string(),
        kind: job.kind,
        status: job.status.as_str(),
        state: state(job.status),
        of_user: Ask { user: user.clone().unwrap_or_default(), cursor: String::new(), ..ask.clone() }
            .at("/admin/ui/jobs"),
        user,
        attempt: job.attempt,
        max_attempts: job.max_attempts,
        made: Moment::new(job.created_at, now),
        detail,
        took,
    }
}

impl Part {
    /// Whether not all error codes are shown.
    fn more_errors(&self) -> bool {
        self.errors.len() == CODES_SHOWN
    }
}
