//! What became of all the studying.

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

mod usage;

/// This file's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(usage::ai_usage))
}
