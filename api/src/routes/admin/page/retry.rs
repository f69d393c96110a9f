//! Retrying many jobs: first which they are, then the deed, then what becomes of them.

use askama::Template;
use shared::{
    domain::{JobStatus, Timestamp},
    store::{JobFilter, JobGroup},
};

use super::{
    filter::Ask,
    html,
    overview::made,
    words::{Moment, jobs, state},
};
use crate::{
    app::App,
    extract::Caller,
    problem::{Problem, Result},
    routes::admin::jobs::retry_matching,
};

#[derive(Template)]
#[template(path = "admin/retry.html")]
struct Page {
    ask: Ask,
    state: &'static str,
    jobs: String,
    is_empty: bool,
    groups: Vec<Group>,
    span: Option<(Moment, Moment)>,
    back: String,
}

struct Group {
    kind: String,
    code: Option<String>,
    jobs: String,
    oldest: Moment,
    newest: Moment,
}

/// Which jobs would be retried. What comes to match later is not among them.
pub async fn preview(app: &App, ask: &Ask) -> Result<String> {
    let now = app.ledger.clock.now();
    let back = ask.at("/admin/ui/jobs");
    let (filter, status) = retryable(app, ask).await?;
    let filter = closed(filter, now);
    let groups = app.ledger.store.job_groups(&filter).await?;
    let count: u64 = groups.iter().map(|group| group.jobs).sum();
    let span = ends(&groups).map(|(oldest, newest)| (Moment::new(oldest, now), Moment::new(newest, now)));
    html(&Page {
        ask: fixed(ask, &filter),
        state: state(status),
        jobs: jobs(count),
        is_empty: count == 0,
        groups: groups
            .into_iter()
            .map(|group| Group {
                kind: group.kind,
                code: group.error_code,
                jobs: jobs(group.jobs),
                oldest: Moment::new(made(group.oldest), now),
                newest: Moment::new(made(group.newest), now),
            })
            .collect(),
        span,
        back,
    })
}

/// Retries them; where to watch them.
pub async fn retry(app: &App, caller: &Caller, ask: &Ask) -> Result<String> {
    let (filter, _) = retryable(app, ask).await?;
    let filter = closed(filter, app.ledger.clock.now());
    let groups = app.ledger.store.job_groups(&filter).await?;
    let done = retry_matching(app, caller, filter, false).await?;
    // They have neither state nor code any more, but they were made when they were made.
    let watch = match ends(&groups) {
        Some((oldest, newest)) => Ask {
            kind: if ask.kind.is_empty() { only_kind(&groups) } else { ask.kind.clone() },
            user: ask.user.clone(),
            from: oldest.to_string(),
            until: Timestamp(newest.0 + 1).to_string(),
            ..Ask::default()
        },
        None => Ask { status: String::new(), error_code: String::new(), ..ask.clone() },
    };
    let place = watch.at("/admin/ui/jobs");
    let sign = if place.contains('?') { '&' } else { '?' };
    Ok(format!("{place}{sign}matched={}&retried={}", done.matched, done.retried))
}

/// The filter and its state, which must be one that jobs are retried from; failed when nothing is said.
async fn retryable(app: &App, ask: &Ask) -> Result<(JobFilter, JobStatus)> {
    let status = ask.state()?.unwrap_or(JobStatus::Failed);
    if !matches!(status, JobStatus::Failed | JobStatus::Cancelled | JobStatus::Retrying) {
        let detail = "Only failed, cancelled and retrying jobs can be retried.";
        return Err(Problem::bad_request("validation.failed", detail));
    }
    Ok((JobFilter { status: Some(status), ..ask.filter(app).await? }, status))
}

/// Without what is made from now on.
fn closed(filter: JobFilter, now: Timestamp) -> JobFilter {
    let made_before = Some(filter.made_before.map_or(now, |instant| instant.min(now)));
    JobFilter { made_before, ..filter }
}

/// The same jobs in words that mean the same later.
fn fixed(ask: &Ask, filter: &JobFilter) -> Ask {
    let said = |instant: Option<Timestamp>| instant.map_or_else(String::new, |instant| instant.to_string());
    Ask {
        status: filter.status.map_or_else(String::new, |status| status.as_str().to_owned()),
        age: String::new(),
        from: said(filter.made_from),
        until: said(filter.made_before),
        cursor: String::new(),
        ..ask.clone()
    }
}

/// When the first and the last of them were made.
fn ends(groups: &[JobGroup]) -> Option<(Timestamp, Timestamp)> {
    let oldest = groups.iter().map(|group| made(group.oldest)).min()?;
    Some((oldest, groups.iter().map(|group| made(group.newest)).max()?))
}

fn only_kind(groups: &[JobGroup]) -> String {
    match groups {
        [first, rest @ ..] if rest.iter().all(|group| group.kind == first.kind) => first.kind.clone(),
        _ => String::new(),
    }
}
