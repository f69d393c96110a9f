//! A job's events, as they are written to its log. The log is the same on every replica, so a client may
//! go on anywhere after the last event it has.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{
        IntoResponse, Response,
        sse::{self, KeepAlive, Sse},
    },
};
use futures::stream;
use shared::domain::{Event, JobId};
use tokio::{sync::broadcast, time::timeout};
use tracing::{Instrument, Span};

use super::jobs::Viewer;
use utoipa::ToSchema;

use crate::{
    app::App,
    extract::Path,
    problem::{Problem, ProblemBody, Result},
    routes::{Routes, routes},
};

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new().routes(routes!(stream))
}

/// Events read at once.
const BATCH: u32 = 100;
/// How often the log is looked at, should an announcement be lost.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often a silent stream shows that it lives.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// An event as it is sent.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the events for the document; they are rendered one by one")]
struct SentEvent {
    /// Ascending without gaps.
    #[schema(pattern = "^[0-9]+$", example = "7")]
    id: String,
    /// What happened.
    event: EventName,
    /// JSON: `{ status, attempt }`, a progress, `{ questions, done, total }`, `{ result }` or `{ error }`.
    data: String,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "only described")]
enum EventName {
    Status,
    Progress,
    Questions,
    Done,
    Error,
}

/// Follows a job: `status`, `progress`, `questions`, and last `done` or `error`. Ids ascend without gaps;
/// after `Last-Event-ID` the stream goes on where it was, on any replica.
#[utoipa::path(get, path = "/jobs/{id}/events", tag = "jobs",
    params(("id" = String, Path), Viewer, ("Last-Event-ID" = Option<i64>, Header, description = "The last event the client has")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, content_type = "text/event-stream", body = SentEvent),
        (status = 204, description = "The job is finished and the client has its last event"),
        (status = 400, body = ProblemBody, description = "`id.invalid`, `validation.failed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 404, body = ProblemBody, description = "`job.not_found`"),
    ))]
pub async fn stream(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<JobId>,
    headers: HeaderMap,
) -> Result<Response> {
    let after = last_event_id(&headers)?;
    // Subscribed before the log is read, so that nothing falls between the two.
    let changes = app.ledger.notifier.subscribe();
    let job = viewer.job(&app, id).await?;
    // Nor is anything to come of a job that finished so long ago that its log is not kept any more.
    if job.status.is_finished() && app.ledger.store.events(id, after, 1).await?.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let follower = Follower { app, id, after, changes, ready: VecDeque::new() };
    // It is polled after the request was answered.
    let span = Span::current();
    let events = stream::unfold(follower, move |mut follower| {
        let next = async move {
            let event = follower.next().await?;
            Some((Ok::<_, Infallible>(event), follower))
        };
        next.instrument(span.clone())
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response())
}

fn last_event_id(headers: &HeaderMap) -> Result<i64> {
    let Some(value) = headers.get("last-event-id") else { return Ok(0) };
    let number = value.to_str().ok().and_then(|text| text.trim().parse().ok()).filter(|number| *number >= 0);
    number.ok_or_else(|| Problem::field("Last-Event-ID", "Last-Event-ID must be the number of an event"))
}

struct Follower {
    app: App,
    id: JobId,
    after: i64,
    changes: broadcast::Receiver<JobId>,
    ready: VecDeque<Event>,
}

impl Follower {
    /// The next event; none once the job's last one was sent, or when the process is to end.
    async fn next(&mut self) -> Option<sse::Event> {
        let mut over = false;
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.after = event.seq;
                match render(&event) {
                    Ok(event) => return Some(event),
                    Err(error) => {
                        tracing::error!(job = %self.id, %error, "an event cannot be sent");
                        return None;
                    }
                }
            }
            if self.app.stopping.is_cancelled() {
                return None;
            }
            match self.app.ledger.store.events(self.id, self.after, BATCH).await {
                Ok(events) if events.is_empty() && over => return None,
                Ok(events) if events.is_empty() => {
                    // What came since the log was read is looked for once more.
                    over = self.is_over().await;
                    if !over {
                        self.changed().await;
                    }
                }
                Ok(events) => self.ready.extend(events),
                Err(error) => {
                    // The client connects again and goes on after its last event.
                    tracing::warn!(job = %self.id, %error, "the log cannot be read");
                    return None;
                }
            }
        }
    }

    async fn is_over(&self) -> bool {
        let job = self.app.ledger.store.job(self.id).await;
        !matches!(job, Ok(Some(job)) if !job.status.is_finished())
    }

    /// Returns when the job was announced to have changed, or it is time to look anyway.
    async fn changed(&mut self) {
        let (id, changes) = (self.id, &mut self.changes);
        let announced = async { while changes.recv().await.is_ok_and(|changed| changed != id) {} };
        tokio::select! {
            _ = timeout(LOOK_EVERY, announced) => {}
            () = self.app.stopping.cancelled() => {}
        }
    }
}

fn render(event: &Event) -> std::result::Result<sse::Event, Box<dyn std::error::Error + Send + Sync>> {
    let body = serde_json::to_value(&event.body)?;
    let name = body["type"].as_str().unwrap_or("message").to_owned();
    Ok(sse::Event::default().id(event.seq.to_string()).event(name).json_data(&body["data"])?)
}
