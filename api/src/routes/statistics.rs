//! How the questions of a quiz work.

use axum::{extract::State, response::Response};
use shared::domain::{Id, QuizStatistics};

use super::quizzes::readable;
use crate::{
    app::App,
    extract::{Caller, Conditions, Path},
    problem::{ProblemBody, Result},
    routes::{Routes, routes},
};

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new().routes(routes!(statistics))
}

/// What the submitted attempts at a quiz tell about it and its questions, for its owner. Shares and correlations have
/// three decimals.
#[utoipa::path(get, path = "/quiz/{id}/statistics", tag = "quizzes", params(("id" = String, Path)),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = QuizStatistics, headers(("ETag" = String))),
        (status = 304, description = "The caller has this version already"),
        (status = 404, body = ProblemBody, description = "`quiz.not_found`"),
    ))]
pub async fn statistics(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    conditions: Conditions,
) -> Result<Response> {
    let quiz = readable(&app, &caller, id).await?;
    let responses = app.ledger.store.responses(&quiz).await?;
    conditions.answer(&QuizStatistics::of(&quiz, &responses))
}
