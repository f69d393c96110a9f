//! The operators' page: server-rendered, live where scripts run, and as useful where they do not.

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use shared::domain::JobId;

use super::{jobs, queues};
use crate::{
    app::App,
    extract::{Admin, Caller, Conditions, Path},
    problem::{Problem, Result},
    routes::web::POLICY,
};

mod filter;
mod frame;
mod job;
mod list;
mod live;
mod login;
mod overview;
mod redact;
mod retry;
mod words;

use filter::Ask;

/// The page's routes. They are no part of the API, whose JSON is below `/admin` too.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/admin", get(show_overview))
        .route("/admin/ui/jobs", get(show_jobs))
        .route("/admin/ui/jobs/{id}", get(show_job))
        .route("/admin/ui/jobs/{id}/retry", post(retry_job))
        .route("/admin/ui/jobs/{id}/cancel", post(cancel_job))
        .route("/admin/ui/jobs/{id}/discard", post(discard_job))
        .route("/admin/ui/retry", get(preview_retry).post(retry_jobs))
        .route("/admin/ui/queues/{name}/pause", post(pause_queue))
        .route("/admin/ui/queues/{name}/resume", post(resume_queue))
        .route("/admin/ui/live/overview", get(live::overview))
        .route("/admin/ui/live/jobs", get(live::jobs))
        .route("/admin/ui/live/jobs/{id}", get(live::job))
        .route("/admin/ui/login", post(login::login))
        .route("/admin/ui/logout", post(login::logout))
        .layer(axum::middleware::from_fn(frame::framed))
}

/// What surrounds each page.
#[derive(Template)]
#[template(path = "admin/page.html")]
struct Shell<'a> {
    title: &'a str,
    /// Who looks, once they have shown that they may.
    who: Option<&'a str>,
    section: Section,
    /// Where changes of the page are told.
    live: Option<String>,
    body: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Overview,
    Jobs,
    None,
}

/// Writes a template out.
fn html(template: &impl Template) -> Result<String> {
    template.render().map_err(|error| {
        tracing::error!(%error, "a page cannot be written");
        Problem::internal()
    })
}

fn page(status: StatusCode, shell: &Shell<'_>) -> Result<Response> {
    let mut response = (status, Html(html(shell)?)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Without it browsers would not say where a form comes from.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    Ok(response)
}

fn name(caller: &Caller) -> &str {
    &caller.user.email
}

async fn show_overview(State(app): State<App>, Admin(caller): Admin) -> Result<Response> {
    let shell = Shell {
        title: "Overview",
        who: Some(name(&caller)),
        section: Section::Overview,
        live: Some("/admin/ui/live/overview".to_owned()),
        body: &overview::render(&app).await?,
    };
    page(StatusCode::OK, &shell)
}

async fn show_jobs(
    State(app): State<App>,
    Admin(caller): Admin,
    Query(ask): Query<Ask>,
    Query(done): Query<list::Done>,
) -> Result<Response> {
    let ask = ask.trimmed();
    let (body, fits) = list::page(&app, &ask, done).await?;
    let shell = Shell {
        title: "Jobs",
        who: Some(name(&caller)),
        section: Section::Jobs,
        live: fits.then(|| ask.at("/admin/ui/live/jobs")),
        body: &body,
    };
    page(if fits { StatusCode::OK } else { StatusCode::BAD_REQUEST }, &shell)
}

async fn show_job(State(app): State<App>, Admin(caller): Admin, Path(id): Path<JobId>) -> Result<Response> {
    let shell = Shell {
        title: &format!("Job {id}"),
        who: Some(name(&caller)),
        section: Section::Jobs,
        live: Some(format!("/admin/ui/live/jobs/{id}")),
        body: &job::render(&app, id).await?,
    };
    page(StatusCode::OK, &shell)
}

async fn preview_retry(
    State(app): State<App>,
    Admin(caller): Admin,
    Query(ask): Query<Ask>,
) -> Result<Response> {
    let shell = Shell {
        title: "Retry jobs",
        who: Some(name(&caller)),
        section: Section::Jobs,
        live: None,
        body: &retry::preview(&app, &ask.trimmed()).await?,
    };
    page(StatusCode::OK, &shell)
}

async fn retry_jobs(
    State(app): State<App>,
    Admin(caller): Admin,
    axum::Form(ask): axum::Form<Ask>,
) -> Result<Redirect> {
    Ok(Redirect::to(&retry::retry(&app, &caller, &ask.trimmed()).await?))
}

async fn retry_job(state: State<App>, admin: Admin, id: Path<JobId>, known: Conditions) -> Result<Redirect> {
    let place = format!("/admin/ui/jobs/{}", id.0);
    jobs::retry(state, admin, id, known).await?;
    Ok(Redirect::to(&place))
}

async fn cancel_job(state: State<App>, admin: Admin, id: Path<JobId>, known: Conditions) -> Result<Redirect> {
    let place = format!("/admin/ui/jobs/{}", id.0);
    jobs::cancel(state, admin, id, known).await?;
    Ok(Redirect::to(&place))
}

async fn discard_job(
    state: State<App>,
    admin: Admin,
    id: Path<JobId>,
    known: Conditions,
) -> Result<Redirect> {
    let place = format!("/admin/ui/jobs/{}", id.0);
    jobs::discard(state, admin, id, known).await?;
    Ok(Redirect::to(&place))
}

async fn pause_queue(state: State<App>, admin: Admin, queue: Path<String>) -> Result<Redirect> {
    queues::pause(state, admin, queue).await?;
    Ok(Redirect::to("/admin"))
}

async fn resume_queue(state: State<App>, admin: Admin, queue: Path<String>) -> Result<Redirect> {
    queues::resume(state, admin, queue).await?;
    Ok(Redirect::to("/admin"))
}
