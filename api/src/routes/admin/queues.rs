//! Queues: how full they are, who serves them, and whether they stand still.

use axum::extract::State;
use shared::jobs::QueueView;

use crate::{
    app::App,
    extract::{Admin, Json, Path},
    problem::{Problem, ProblemBody, Result},
    routes::{Routes, routes},
};

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new().routes(routes!(list_queues)).routes(routes!(pause)).routes(routes!(resume))
}

/// All queues, one for each kind of job.
#[utoipa::path(get, path = "/admin/queues", tag = "admin",
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = [QueueView]),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`auth.admin_required`, `account.deactivated`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn list_queues(State(app): State<App>, _: Admin) -> Result<Json<Vec<QueueView>>> {
    Ok(Json(app.ledger.queues().await?.into_iter().map(QueueView::from).collect()))
}

/// Keeps workers from starting jobs of a queue. Those that run go on; new ones are accepted and wait. Workers hear of
/// it within seconds, and it lasts until the queue is resumed.
#[utoipa::path(post, path = "/admin/queues/{name}/pause", tag = "admin",
    params(("name" = String, Path, description = "The kind of its jobs, such as `quiz.generate`")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = QueueView),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`auth.admin_required`, `account.deactivated`, `auth.cross_site`"),
        (status = 404, body = ProblemBody, description = "`queue.not_found`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn pause(
    State(app): State<App>,
    Admin(caller): Admin,
    Path(name): Path<String>,
) -> Result<Json<QueueView>> {
    find(&app, &name).await?;
    app.ledger.pause(&name).await?;
    tracing::info!(admin = %caller.user.id, queue = name, "paused");
    find(&app, &name).await.map(Json)
}

/// Lets workers start jobs of a queue again.
#[utoipa::path(post, path = "/admin/queues/{name}/resume", tag = "admin",
    params(("name" = String, Path, description = "The kind of its jobs, such as `quiz.generate`")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = QueueView),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`auth.admin_required`, `account.deactivated`, `auth.cross_site`"),
        (status = 404, body = ProblemBody, description = "`queue.not_found`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn resume(
    State(app): State<App>,
    Admin(caller): Admin,
    Path(name): Path<String>,
) -> Result<Json<QueueView>> {
    find(&app, &name).await?;
    app.ledger.resume(&name).await?;
    tracing::info!(admin = %caller.user.id, queue = name, "resumed");
    find(&app, &name).await.map(Json)
}

async fn find(app: &App, name: &str) -> Result<QueueView> {
    let queue = app.ledger.queues().await?.into_iter().find(|queue| queue.name == name);
    let queue = queue.ok_or_else(|| {
        Problem::not_found("queue.not_found", "There is no such queue; GET /admin/queues names them.")
    })?;
    Ok(queue.into())
}
