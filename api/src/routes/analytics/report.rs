//! The report on the caller's studying: as JSON, as a page, or as a PDF that a worker makes.

use askama::Template;
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use shared::{
    domain::{Charts, Job, JobId, JobStatus, Report, Timestamp},
    jobs::{JobKind, report_render::ReportRender},
    report::Subject,
    store::{JobFilter, Window},
};
use utoipa::ToSchema;

use super::page::Page;
use crate::{
    app::App,
    extract::{Accept, Caller, Conditions, Json, Path, Period, Tag, Wait},
    problem::{Problem, ProblemBody, Result},
    routes::jobs::{JobView, answer},
};

/// Days of a report that nobody gave a range, today included.
const DAYS: i64 = 30;
/// Most days of a report.
const DAYS_MAX: i64 = 3660;
/// Jobs among which one that makes the same report is looked for.
const RECENT: u32 = 10;
/// What a report may be sent as.
const JSON: &str = "application/json";
const HTML: &str = "text/html";
const PDF: &str = "application/pdf";
/// Nothing but the page itself.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A report with the figures of its charts.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportWithCharts {
    #[serde(flatten)]
    report: Report,
    charts: Charts,
}

/// The days to report on.
fn subject(app: &App, caller: &Caller, period: &Period) -> Result<Subject> {
    let zone = &period.zone;
    let today = zone.day(app.ledger.clock.now());
    let to = period.until.map_or(today, |until| zone.day(Timestamp(until.0 - 1)));
    let from = period.from.map_or_else(|| to.plus(1 - DAYS), |from| zone.day(from));
    if from > to {
        return Err(Problem::field("from", "from must not be after to, which is today when absent"));
    }
    if to.since(from) >= DAYS_MAX {
        return Err(Problem::field("from", format!("from must be less than {DAYS_MAX} days before to")));
    }
    Ok(Subject { user_id: caller.user.id, from, to, zone: zone.clone() })
}

/// The report on the caller's studying: this period against the one of equal length before it. Without a range it is
/// about the last 30 days; instants stand for the days they are on.
#[utoipa::path(get, path = "/users/me/report", tag = "users", params(Period),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = Report),
        (status = 400, body = ProblemBody, description = "`validation.failed`"),
    ))]
pub async fn own(State(app): State<App>, caller: Caller, period: Period) -> Result<Json<Report>> {
    let subject = subject(&app, &caller, &period)?;
    Ok(Json(subject.report(&app.ledger.store, app.ledger.clock.now()).await?.0))
}

/// The report on the caller's studying, with charts. `Accept` chooses its form: JSON, a page that needs nothing else, or
/// a PDF, which a worker makes.
#[utoipa::path(get, path = "/analytics/report", tag = "analytics", params(Period),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, content((ReportWithCharts = "application/json"), (String = "text/html"))),
        (status = 400, body = ProblemBody, description = "`validation.failed`"),
        (status = 201, content((String = "application/pdf")), description = "The PDF, with `Prefer: wait=N`, when it is ready in time", headers(("Location" = String))),
        (status = 202, body = JobView, description = "The PDF is being made: follow the job", headers(("Location" = String), ("Retry-After" = u32))),
        (status = 406, body = ProblemBody, description = "`accept.not_offered`"),
    ))]
pub async fn report(
    State(app): State<App>,
    caller: Caller,
    period: Period,
    accept: Accept,
    wait: Wait,
) -> Result<Response> {
    let subject = subject(&app, &caller, &period)?;
    let Some(form) = accept.preferred(&[JSON, HTML, PDF]) else {
        let detail = format!("A report is sent as {JSON}, {HTML} or {PDF}.");
        return Err(Problem::new(StatusCode::NOT_ACCEPTABLE, "accept.not_offered", detail));
    };
    let now = app.ledger.clock.now();
    let mut response = if form == PDF {
        let job = rendering(&app, &caller, &subject).await?;
        answer(&app, job, wait, async |job| {
            let location = [(header::LOCATION, format!("/analytics/reports/{}", job.id))];
            let pdf = pdf_of(&app, job).await?.ok_or_else(Problem::internal)?;
            Ok((StatusCode::CREATED, location, pdf).into_response())
        })
        .await?
    } else if form == HTML {
        let (report, charts) = subject.report(&app.ledger.store, now).await?;
        let page = Page::new(&caller.user.name, &report, &charts, &subject.zone, now).render();
        let headers =
            [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, POLICY)];
        (headers, page.map_err(|_| Problem::internal())?).into_response()
    } else {
        let (report, charts) = subject.report(&app.ledger.store, now).await?;
        Json(ReportWithCharts { report, charts }).into_response()
    };
    response.headers_mut().insert(header::VARY, header::HeaderValue::from_static("Accept"));
    Ok(response)
}

/// The job that makes this report into a PDF: one that the caller waits for already, else a new one.
async fn rendering(app: &App, caller: &Caller, subject: &Subject) -> Result<Job> {
    let Subject { from, to, zone, .. } = subject.clone();
    let filter = JobFilter {
        user_id: Some(caller.user.id),
        kind: Some(ReportRender::KIND.to_owned()),
        ..JobFilter::default()
    };
    let window = Window { limit: RECENT, skip: 0, after: None, descending: true };
    let recent = app.ledger.store.jobs(&filter, &window).await?.items;
    let same = |job: &Job| {
        serde_json::from_value(job.payload.clone())
            .is_ok_and(|ask: ReportRender| (ask.from, ask.to, &ask.zone) == (from, to, &zone))
    };
    match recent.into_iter().find(|job| !job.status.is_finished() && same(job)) {
        Some(job) => Ok(job),
        None => {
            let (id, blob) = (app.ledger.clock.job_id(), app.ledger.clock.id());
            let ask = ReportRender { from, to, zone, blob };
            Ok(app.ledger.enqueue(id, Some(caller.user.id), &ask, None).await?)
        }
    }
}

/// A PDF with the headers it is sent with.
type Pdf = ([(header::HeaderName, String); 3], Vec<u8>);

/// What a job made, while it is kept.
async fn pdf_of(app: &App, job: &Job) -> Result<Option<Pdf>> {
    if job.status != JobStatus::Succeeded || job.kind != ReportRender::KIND {
        return Ok(None);
    }
    let Ok(ReportRender { from, to, blob, .. }) = serde_json::from_value(job.payload.clone()) else {
        return Ok(None);
    };
    let Some(bytes) = app.ledger.store.blob(blob).await? else { return Ok(None) };
    let headers = [
        (header::CONTENT_TYPE, PDF.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"study-report-{from}-{to}.pdf\"")),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
    ];
    Ok(Some((headers, bytes)))
}

/// A report that was made into a PDF, by the id of its job. It is kept for a time.
#[utoipa::path(get, path = "/analytics/reports/{id}", tag = "analytics",
    params(("id" = String, Path, pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$", example = "01JDGKT5V0ZX3N8Q6Y2W4R7M1P")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, content((String = "application/pdf")), headers(("ETag" = String), ("Content-Disposition" = String))),
        (status = 304, description = "The caller has this version already"),
        (status = 404, body = ProblemBody, description = "`report.not_found`"),
    ))]
pub async fn made(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<JobId>,
    conditions: Conditions,
) -> Result<Response> {
    let job = app.ledger.store.job(id).await?.filter(|job| job.user_id == Some(caller.user.id));
    let pdf = match job {
        Some(job) => pdf_of(&app, &job).await?,
        None => None,
    };
    let detail = "There is no such report, it is not yours, or it is no longer kept. Ask for it again.";
    let pdf = pdf.ok_or_else(|| Problem::not_found("report.not_found", detail))?;
    conditions.tagged(&Tag::of(&id)?, || pdf.into_response())
}
