//! Tasks.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{
    domain::{Day, Id, Priority, Task, Timestamp, Zone},
    store::TaskFilter,
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    app::App,
    extract::{Caller, Conditions, Json, List, Path, Query, Tag},
    problem::{Problem, ProblemBody, Result},
    routes::{Routes, auth::Message, routes},
};

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new().routes(routes!(create, list)).routes(routes!(get, update, patch, delete))
}

/// Minutes that a task takes when nobody says.
pub const DURATION: u32 = 30;

/// Something to do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OldTask {
    pub id: String,
    #[serde(rename = "_id")]
    pub legacy_id: String,
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Empty where unknown.
    pub subject: String,
    /// Minutes.
    pub estimated_duration: u32,
    pub priority: Priority,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_date: Option<Timestamp>,
    pub completed: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl From<Task> for OldTask {
    fn from(task: Task) -> Self {
        Self {
            id: task.id.to_string(),
            legacy_id: task.id.to_string(),
            title: task.title,
            description: task.description,
            subject: task.subject,
            estimated_duration: task.estimated_duration,
            priority: task.priority,
            due_date: task.due_date,
            completed: task.completed,
            created_at: task.created_at,
            updated_at: task.updated_at,
        }
    }
}

/// A new task.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body for the document; a title is asked for apart")]
pub struct NewTask {
    /// What to do.
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    #[serde(flatten)]
    rest: TaskAsk,
}

/// A task, or what to change of one.
#[derive(Debug, Clone, Default, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskAsk {
    /// What to do.
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: Option<String>,
    /// More about it; an empty one is removed.
    #[garde(inner(length(chars, max = 10_000)))]
    #[schema(max_length = 10_000)]
    pub description: Option<String>,
    /// Subject it belongs to.
    #[garde(inner(length(chars, max = 200)))]
    #[schema(max_length = 200)]
    pub subject: Option<String>,
    /// Minutes it should take; 30 when absent.
    #[garde(inner(range(min = 0.0, max = 1440.0)))]
    #[schema(minimum = 0, maximum = 1440)]
    pub estimated_duration: Option<f64>,
    /// How much it matters; `medium` when absent.
    #[garde(skip)]
    pub priority: Option<Priority>,
    /// A day (2026-11-22), which ends at midnight in the caller's zone, or an instant; an empty one is removed.
    #[garde(inner(custom(check_due)))]
    pub due_date: Option<String>,
    /// Whether it is done.
    #[garde(skip)]
    pub completed: Option<bool>,
}

pub fn check_due(text: &str, _: &()) -> garde::Result {
    let fits = text.is_empty() || due(text, &Zone::UTC).is_some();
    if fits { Ok(()) } else { Err(garde::Error::new("must be a day (2026-11-22) or an RFC 3339 instant")) }
}

/// The instant that a due date names.
pub fn due(text: &str, zone: &Zone) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp(instant.as_millisecond()));
    }
    Some(end_of(text.parse().ok()?, zone))
}

/// The last millisecond of a day.
pub fn end_of(day: Day, zone: &Zone) -> Timestamp {
    Timestamp(zone.start_of(day.plus(1)).0 - 1)
}

impl TaskAsk {
    /// The minutes that are given.
    pub fn minutes(&self) -> Option<u32> {
        self.estimated_duration.map(|minutes| minutes.round() as u32)
    }

    fn apply(self, task: &mut Task, zone: &Zone) {
        task.estimated_duration = self.minutes().unwrap_or(task.estimated_duration);
        task.title = self.title.unwrap_or_else(|| std::mem::take(&mut task.title));
        if let Some(description) = self.description {
            task.description = Some(description).filter(|text| !text.is_empty());
        }
        if let Some(due_date) = self.due_date {
            task.due_date = due(&due_date, zone);
        }
        task.subject = self.subject.unwrap_or_else(|| std::mem::take(&mut task.subject));
        task.priority = self.priority.unwrap_or(task.priority);
        task.completed = self.completed.unwrap_or(task.completed);
    }
}

/// Adds a task.
#[utoipa::path(post, path = "/tasks", tag = "old-frontend", request_body = NewTask,
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 201, body = OldTask, headers(("Location" = String))),
        (status = 400, body = ProblemBody, description = "`validation.failed`, `body.malformed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`, `auth.cross_site`"),
        (status = 413, body = ProblemBody, description = "`body.too_large`"),
        (status = 415, body = ProblemBody, description = "`body.unsupported_type`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn create(State(app): State<App>, caller: Caller, Json(new): Json<TaskAsk>) -> Result<Response> {
    if new.title.is_none() {
        return Err(Problem::field("title", "title is missing"));
    }
    let now = app.ledger.clock.now();
    let mut task = Task {
        id: app.ledger.clock.id(),
        user_id: caller.user.id,
        title: String::new(),
        description: None,
        subject: String::new(),
        estimated_duration: DURATION,
        priority: Priority::Medium,
        due_date: None,
        completed: false,
        created_at: now,
        updated_at: now,
        rev: 0,
    };
    new.apply(&mut task, &caller.user.preferences.time_zone);
    app.ledger.store.insert_task(&task).await?;
    let location = [(header::LOCATION, format!("/tasks/{}", task.id))];
    Ok((StatusCode::CREATED, location, Json(OldTask::from(task))).into_response())
}

/// Which tasks to list.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Done or not.
    #[garde(skip)]
    completed: Option<bool>,
    /// With exactly this subject.
    #[garde(skip)]
    subject: Option<String>,
}

/// The caller's tasks, newest first.
#[utoipa::path(get, path = "/tasks", tag = "old-frontend", params(Filter, List),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = [OldTask], headers(("X-Total-Count" = u64), ("Link" = String))),
        (status = 400, body = ProblemBody, description = "`validation.failed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(ask): Query<Filter>,
    list: List,
) -> Result<Response> {
    let filter = TaskFilter { user_id: caller.user.id, completed: ask.completed, subject: ask.subject };
    let found = app.ledger.store.tasks(&filter, &list.window).await?;
    Ok(list.answer(found, |task| task.id.to_string(), OldTask::from))
}

async fn own(app: &App, caller: &Caller, id: Id) -> Result<Task> {
    let task = app.ledger.store.task(id).await?.filter(|task| task.user_id == caller.user.id);
    task.ok_or_else(|| Problem::not_found("task.not_found", "There is no such task, or it is not yours."))
}

/// A task.
#[utoipa::path(get, path = "/tasks/{id}", tag = "old-frontend", params(("id" = String, Path)),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = OldTask, headers(("ETag" = String))),
        (status = 304, description = "The caller has this version already"),
        (status = 400, body = ProblemBody, description = "`id.invalid`"),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`"),
        (status = 404, body = ProblemBody, description = "`task.not_found`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    conditions: Conditions,
) -> Result<Response> {
    conditions.answer(&OldTask::from(own(&app, &caller, id).await?))
}

/// Changes what is given.
#[utoipa::path(put, path = "/tasks/{id}", tag = "old-frontend", request_body = TaskAsk,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The task's `ETag`")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = OldTask),
        (status = 400, body = ProblemBody, description = "`id.invalid`, `validation.failed`, `body.malformed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`, `auth.cross_site`"),
        (status = 404, body = ProblemBody, description = "`task.not_found`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
        (status = 413, body = ProblemBody, description = "`body.too_large`"),
        (status = 415, body = ProblemBody, description = "`body.unsupported_type`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn update(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    conditions: Conditions,
    Json(change): Json<TaskAsk>,
) -> Result<Json<OldTask>> {
    loop {
        let mut task = own(&app, &caller, id).await?;
        conditions.check(&[Tag::of(&OldTask::from(task.clone()))?])?;
        change.clone().apply(&mut task, &caller.user.preferences.time_zone);
        task.updated_at = app.ledger.clock.now();
        if app.ledger.store.save_task(&task).await? {
            return Ok(Json(task.into()));
        }
    }
}

/// The same as PUT.
#[utoipa::path(patch, path = "/tasks/{id}", tag = "old-frontend", request_body = TaskAsk,
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The task's `ETag`")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = OldTask),
        (status = 400, body = ProblemBody, description = "`id.invalid`, `validation.failed`, `body.malformed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`, `auth.cross_site`"),
        (status = 404, body = ProblemBody, description = "`task.not_found`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
        (status = 413, body = ProblemBody, description = "`body.too_large`"),
        (status = 415, body = ProblemBody, description = "`body.unsupported_type`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn patch(
    app: State<App>,
    caller: Caller,
    id: Path<Id>,
    conditions: Conditions,
    change: Json<TaskAsk>,
) -> Result<Json<OldTask>> {
    update(app, caller, id, conditions, change).await
}

/// Deletes a task.
#[utoipa::path(delete, path = "/tasks/{id}", tag = "old-frontend",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The task's `ETag`")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = Message),
        (status = 400, body = ProblemBody, description = "`id.invalid`"),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`, `auth.cross_site`"),
        (status = 404, body = ProblemBody, description = "`task.not_found`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    conditions: Conditions,
) -> Result<Json<Message>> {
    loop {
        let task = own(&app, &caller, id).await?;
        let rev = task.rev;
        conditions.check(&[Tag::of(&OldTask::from(task))?])?;
        if app.ledger.store.delete_task(id, rev).await? {
            return Ok(Json(Message { message: "Task deleted successfully" }));
        }
    }
}
