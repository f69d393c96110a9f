//! Submitting attempts.

use std::collections::BTreeMap;

use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use shared::domain::{self, Attempt, Given, Id, Quiz, Submission};
use utoipa::ToSchema;

use super::{
    answers::{Answers, check_answers},
    attempts::{Found, Save, Takeable, find},
    results::ResultView,
    review::schedule,
};
use crate::{
    app::App,
    extract::{Caller, Json, Path},
    problem::{Problem, ProblemBody, Result},
    routes::{Routes, routes},
};

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new().routes(routes!(submit)).routes(routes!(submit_to_quiz))
}

/// What to submit: an attempt, or a quiz whose open attempt (else a new one) is meant.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Submit {
    /// The attempt.
    #[garde(skip)]
    #[schema(value_type = Option<String>)]
    attempt_id: Option<Id>,
    /// The quiz.
    #[garde(skip)]
    #[schema(value_type = Option<String>)]
    quiz_id: Option<Id>,
    /// By question id; they are added to those saved before.
    #[garde(skip)]
    #[serde(default)]
    answers: BTreeMap<String, Given>,
}

/// Submits an attempt. Submitting it again returns the first result.
#[utoipa::path(post, path = "/quiz/submit", tag = "attempts", request_body = Submit,
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = ResultView),
        (status = 400, body = ProblemBody, description = "`validation.failed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 404, body = ProblemBody, description = "`attempt.not_found`, `quiz.not_found`"),
        (status = 409, body = ProblemBody, description = "`quiz.archived`, `attempt.limit_reached`"),
        (status = 413, body = ProblemBody, description = "`body.too_large`"),
    ))]
pub async fn submit(
    State(app): State<App>,
    caller: Caller,
    Json(ask): Json<Submit>,
) -> Result<Json<ResultView>> {
    match (ask.attempt_id, ask.quiz_id) {
        (Some(attempt), _) => match find(&app, &caller, attempt).await? {
            Found::Open(attempt, quiz) => {
                check_answers(&quiz, &ask.answers)?;
                finish(&app, &quiz, attempt, ask.answers).await
            }
            Found::Submitted(submission, shows) => {
                schedule(&app, &submission).await?;
                Ok(Json(ResultView::new(submission, shows)))
            }
        },
        (None, Some(quiz)) => submit_at(&app, &caller, quiz, ask.answers).await,
        (None, None) => Err(Problem::field("attemptId", "attemptId or quizId is missing")),
    }
}

/// The old path: submits the open attempt at a quiz, else a new one.
#[utoipa::path(post, path = "/quiz/{id}/submit", tag = "attempts", request_body = Save,
    params(("id" = String, Path)), security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = ResultView),
        (status = 400, body = ProblemBody, description = "`validation.failed`, `id.invalid`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 404, body = ProblemBody, description = "`quiz.not_found`"),
        (status = 409, body = ProblemBody, description = "`quiz.archived`, `attempt.limit_reached`"),
        (status = 413, body = ProblemBody, description = "`body.too_large`"),
    ))]
pub async fn submit_to_quiz(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    Json(ask): Json<Save>,
) -> Result<Json<ResultView>> {
    submit_at(&app, &caller, id, ask.answers).await
}

async fn submit_at(app: &App, caller: &Caller, quiz_id: Id, answers: Answers) -> Result<Json<ResultView>> {
    let mut takeable = Takeable::by_id(app, caller, quiz_id).await?;
    check_answers(&takeable.quiz, &answers)?;
    let (attempt, quiz) = match takeable.open.take() {
        Some(attempt) => (attempt, takeable.quiz),
        None => takeable.begin(app, caller).await?,
    };
    finish(app, &quiz, attempt, answers).await
}

async fn finish(app: &App, quiz: &Quiz, attempt: Attempt, answers: Answers) -> Result<Json<ResultView>> {
    let submission = close(app, quiz, attempt, &answers).await?;
    Ok(Json(ResultView::new(submission, quiz.settings.show_correct_answers)))
}

/// Marks what was answered in time and closes the attempt.
pub async fn close(app: &App, quiz: &Quiz, mut attempt: Attempt, answers: &Answers) -> Result<Submission> {
    let store = &app.ledger.store;
    loop {
        let now = app.ledger.clock.now();
        let mut all = attempt.answers.clone();
        if attempt.expires_at.is_none_or(|end| now < end) {
            all.extend(answers.clone());
        }
        let ended = attempt.expires_at.map_or(now, |end| end.min(now));
        let marked = domain::submit(quiz, &attempt, all, ended);
        if let Some(submission) = store.submit(&marked, attempt.rev).await? {
            schedule(app, &submission).await?;
            return Ok(submission);
        }
        // Answers were saved meanwhile and count. One that is gone was submitted: the next round finds its result.
        if let Some(changed) = store.attempt(attempt.id).await? {
            attempt = changed;
        }
    }
}
