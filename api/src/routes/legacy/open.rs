//! Quizzes made without a login: everybody may read and try them. What is tried without a login is marked and
//! forgotten, because nobody could ask for it again.

use std::collections::BTreeMap;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Request},
    middleware::Next,
    response::{IntoResponse, Response},
};
use garde::Validate;
use serde::Deserialize;
use shared::domain::{self, Attempt, Given, Id, Quiz, QuizStatus};

use super::caller;
use crate::{
    app::App,
    extract::{Conditions, Json, Path, body_problem},
    problem::{Problem, Result},
    routes::{answers::check_answers, quizzes::QuizView, results::ResultView},
};

/// A quiz that nobody owns, without answers.
pub async fn read(app: &App, request: Request, next: Next) -> Result<Response> {
    let (_, request) = caller(app, request).await?;
    let (mut parts, body) = request.into_parts();
    let id = Path::<Id>::from_request_parts(&mut parts, app).await;
    let quiz = match id {
        Ok(Path(id)) => nobodys(app, id).await?,
        Err(_) => None,
    };
    let Some(quiz) = quiz else { return Ok(next.run(Request::from_parts(parts, body)).await) };
    let Ok(conditions) = Conditions::from_request_parts(&mut parts, app).await;
    conditions.answer(&QuizView::without_answers(quiz))
}

async fn nobodys(app: &App, id: Id) -> Result<Option<Quiz>> {
    Ok(app.ledger.store.quiz(id).await?.filter(|quiz| app.is_open(quiz)))
}

/// Of what quiz the answers are where the path does not say.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Whose {
    quiz_id: Option<Id>,
}

/// Answers.
#[derive(Deserialize, Validate)]
struct Submit {
    #[garde(skip)]
    #[serde(default)]
    answers: BTreeMap<String, Given>,
}

/// Marks answers to a quiz that nobody owns, for somebody who is not logged in.
pub async fn submit(app: &App, request: Request, next: Next) -> Result<Response> {
    let (caller, request) = caller(app, request).await?;
    if caller.is_some() {
        return Ok(next.run(request).await);
    }
    let (mut parts, body) = request.into_parts();
    let named = Path::<Id>::from_request_parts(&mut parts, app).await.map(|Path(id)| id).ok();
    let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), app).await;
    let bytes = bytes.map_err(|rejection| body_problem(&rejection))?;
    let told = || serde_json::from_slice::<Whose>(&bytes).ok().and_then(|whose| whose.quiz_id);
    let quiz = match named.or_else(told) {
        Some(id) => nobodys(app, id).await?,
        None => None,
    };
    let request = Request::from_parts(parts, Body::from(bytes.clone()));
    let Some(quiz) = quiz else { return Ok(next.run(request).await) };
    let Json(ask) = Json::<Submit>::from_request(request, app).await?;
    marked(app, &quiz, ask.answers)
}

fn marked(app: &App, quiz: &Quiz, answers: BTreeMap<String, Given>) -> Result<Response> {
    if quiz.status == QuizStatus::Archived {
        return Err(Problem::conflict("quiz.archived", "This quiz is archived; it takes no new attempts."));
    }
    check_answers(quiz, &answers)?;
    let now = app.ledger.clock.now();
    let attempt = Attempt {
        id: app.ledger.clock.id(),
        quiz_id: quiz.id,
        user_id: app.ledger.clock.id(),
        attempt_number: 1,
        started_at: now,
        expires_at: None,
        answers: BTreeMap::new(),
        order: Vec::new(),
        rev: 0,
    };
    let submission = domain::submit(quiz, &attempt, answers, now);
    Ok(Json(ResultView::new(submission, quiz.settings.show_correct_answers)).into_response())
}
