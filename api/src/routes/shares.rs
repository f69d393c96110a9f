//! Sharing quizzes by a link. Whoever is logged in and has the token may read and take the quiz.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use rand::Rng;
use serde::Serialize;
use shared::domain::{Id, Quiz, Share};
use utoipa::ToSchema;

use super::{
    auth::Message,
    quizzes::{QuizView, readable},
};
use crate::{
    app::App,
    extract::{Caller, Conditions, Json, Path},
    problem::{Problem, ProblemBody, Result},
    routes::{Routes, routes},
};

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new().routes(routes!(share, unshare)).routes(routes!(shared))
}

/// Bytes of randomness in a token.
const TOKEN_BYTES: usize = 24;
/// Characters of a token.
pub const TOKEN_LENGTH: usize = 2 * TOKEN_BYTES;

/// A link to a quiz.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareView {
    /// For `POST /quiz/attempt` and `GET /quiz/shared/{token}`.
    token: String,
    /// Where the quiz can be read by whoever is logged in.
    url: String,
}

/// The quiz that a token opens.
pub async fn opened(app: &App, token: &str) -> Result<Quiz> {
    let missing =
        || Problem::not_found("share.not_found", "Nothing is shared by this token, or not any more.");
    let share = app.ledger.store.share(token).await?.ok_or_else(missing)?;
    app.ledger.store.quiz(share.quiz_id).await?.ok_or_else(missing)
}

/// Shares a quiz. One that is shared already keeps its token.
#[utoipa::path(post, path = "/quiz/{id}/share", tag = "quizzes", params(("id" = String, Path)),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 201, body = ShareView, headers(("Location" = String))),
        (status = 200, body = ShareView, description = "It was shared already"),
        (status = 404, body = ProblemBody, description = "`quiz.not_found`"),
    ))]
pub async fn share(State(app): State<App>, caller: Caller, Path(id): Path<Id>) -> Result<Response> {
    let quiz = readable(&app, &caller, id).await?;
    let mut token = [0; TOKEN_BYTES];
    app.ledger.clock.rng().fill_bytes(&mut token);
    let new = Share {
        quiz_id: quiz.id,
        user_id: caller.user.id,
        token: hex::encode(token),
        created_at: app.ledger.clock.now(),
    };
    let share = app.ledger.store.share_quiz(&new).await?;
    let path = format!("/quiz/shared/{}", share.token);
    let is_new = share == new;
    let view = Json(ShareView { url: format!("{}{path}", app.public_url), token: share.token });
    Ok(match is_new {
        true => (StatusCode::CREATED, [(header::LOCATION, path)], view).into_response(),
        false => view.into_response(),
    })
}

/// Ends the sharing of a quiz: its token opens nothing any more. Attempts that are open may finish.
#[utoipa::path(delete, path = "/quiz/{id}/share", tag = "quizzes", params(("id" = String, Path)),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = Message),
        (status = 404, body = ProblemBody, description = "`quiz.not_found`, `share.not_found`"),
    ))]
pub async fn unshare(State(app): State<App>, caller: Caller, Path(id): Path<Id>) -> Result<Json<Message>> {
    let quiz = readable(&app, &caller, id).await?;
    if !app.ledger.store.unshare_quiz(quiz.id).await? {
        return Err(Problem::not_found("share.not_found", "This quiz is not shared."));
    }
    Ok(Json(Message { message: "Quiz is no longer shared" }))
}

/// A shared quiz, without answers.
#[utoipa::path(get, path = "/quiz/shared/{token}", tag = "quizzes", params(("token" = String, Path)),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = QuizView, headers(("ETag" = String))),
        (status = 304, description = "The caller has this version already"),
        (status = 404, body = ProblemBody, description = "`share.not_found`"),
    ))]
pub async fn shared(
    State(app): State<App>,
    _: Caller,
    Path(token): Path<String>,
    conditions: Conditions,
) -> Result<Response> {
    conditions.answer(&QuizView::without_answers(opened(&app, &token).await?))
}
