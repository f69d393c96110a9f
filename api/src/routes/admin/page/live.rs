//! What a page shows, again and again, as server-sent events.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::{Query, State},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{future::BoxFuture, stream};
use shared::domain::JobId;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{filter::Ask, job, list, overview};
use crate::{
    app::App,
    board::Render,
    extract::{Admin, Path},
    problem::Result,
};

/// How often a silent stream shows that it lives.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a stream lasts: whoever connects again shows again that they may look.
const LASTS: Duration = Duration::from_secs(120);
/// After how long a browser connects again.
const RETRY: Duration = Duration::from_secs(1);

/// Follows the first page.
pub async fn overview(State(app): State<App>, _: Admin) -> Response {
    follow(app, "overview".to_owned(), |app| Box::pin(async move { overview::render(&app).await }))
}

/// Follows a list.
pub async fn jobs(State(app): State<App>, _: Admin, Query(ask): Query<Ask>) -> Result<Response> {
    let ask = ask.trimmed();
    ask.filter(&app).await?;
    let name = ask.at("jobs");
    Ok(follow(app, name, move |app| {
        let ask = ask.clone();
        Box::pin(async move { list::part(&app, &ask).await })
    }))
}

/// Follows a job.
pub async fn job(State(app): State<App>, _: Admin, Path(id): Path<JobId>) -> Response {
    follow(app, format!("job {id}"), move |app| Box::pin(async move { job::render(&app, id).await }))
}

fn follow(
    app: App,
    name: String,
    view: impl Fn(App) -> BoxFuture<'static, Result<String>> + Send + Sync + 'static,
) -> Response {
    let (stopping, lookers) = (app.stopping.clone(), app.board.clone());
    let render: Render = Arc::new(move || {
        let rendering = view(app.clone());
        Box::pin(async move {
            rendering
                .await
                .inspect_err(|problem| tracing::debug!(code = problem.code(), "a view cannot be rendered"))
                .ok()
        })
    });
    let follower =
        Follower { shown: lookers.watch(name, render), is_new: true, ends: Instant::now() + LASTS, stopping };
    let events = stream::unfold(follower, |mut follower| async move {
        let html = follower.next().await?;
        // As JSON, for what an event carries is cut at any kind of line break.
        let event = Event::default().event("view").retry(RETRY).json_data(&*html).ok()?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response()
}

struct Follower {
    shown: watch::Receiver<Arc<str>>,
    is_new: bool,
    ends: Instant,
    stopping: CancellationToken,
}

impl Follower {
    /// What is shown from now on; none when the stream is over.
    async fn next(&mut self) -> Option<Arc<str>> {
        if self.stopping.is_cancelled() {
            return None;
        }
        let shown = self.shown.borrow_and_update().clone();
        if std::mem::take(&mut self.is_new) && !shown.is_empty() {
            return Some(shown);
        }
        tokio::select! {
            changed = self.shown.changed() => changed.ok()?,
            () = sleep_until(self.ends) => return None,
            () = self.stopping.cancelled() => return None,
        }
        Some(self.shown.borrow_and_update().clone())
    }
}
