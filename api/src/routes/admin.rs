//! For operators: everybody's jobs, and the queues they wait in.

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

mod jobs;
mod page;
mod queues;

pub use page::routes as page;

/// The operators' routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(jobs::routes()).merge(queues::routes())
}
