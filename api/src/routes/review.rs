//! Reviews: questions that were submitted come up again when they are about to be forgotten.

use std::collections::BTreeMap;

use axum::response::IntoResponse;
use axum::{extract::State, response::Response};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::domain::{
    Answer, Card, CardState, Given, Id, Question, Quiz, Rating, Submission, Timestamp, mark, scheduled,
};
use utoipa::ToSchema;

use super::answers::oversized;
use crate::{
    app::App,
    extract::{Caller, Json, Path},
    problem::{Problem, ProblemBody, Result},
    routes::{Routes, routes},
};

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new().routes(routes!(due)).routes(routes!(review))
}

/// Makes or changes the cards of a submission's questions; doing so again changes nothing.
pub async fn schedule(app: &App, submission: &Submission) -> Result<()> {
    let store = &app.ledger.store;
    loop {
        let cards = store.cards(submission.user_id, submission.quiz_id).await?;
        if store.save_cards(&scheduled(&cards, submission)).await? {
            return Ok(());
        }
    }
}

/// A question to be reviewed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DueView {
    #[schema(value_type = String)]
    quiz_id: Id,
    question: Question,
    due: Timestamp,
    state: CardState,
}

/// All questions that are due, those due longest first; of one moment in the order of their quiz. What is no more is
/// passed over.
#[utoipa::path(get, path = "/review/due", tag = "review", security(("bearer" = []), ("cookie" = [])), responses(
    (status = 200, body = [DueView], headers(("X-Total-Count" = u64))),
))]
pub async fn due(State(app): State<App>, caller: Caller) -> Result<Response> {
    let store = &app.ledger.store;
    let cards = store.due_cards(caller.user.id, app.ledger.clock.now()).await?;
    let mut ids: Vec<Id> = cards.iter().map(|card| card.quiz_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let quizzes = store.quizzes_by_id(&ids).await?;
    let places: BTreeMap<(Id, &str), (usize, &Question)> = quizzes
        .iter()
        .flat_map(|quiz| {
            let places = quiz.questions.iter().enumerate();
            places.map(|(at, question)| ((quiz.id, question.id.as_str()), (at, question)))
        })
        .collect();
    let mut found: Vec<(usize, DueView)> = cards
        .iter()
        .filter_map(|card| {
            let (at, question) = places.get(&(card.quiz_id, card.question_id.as_str()))?;
            let Card { quiz_id, due, state, .. } = *card;
            Some((*at, DueView { quiz_id, question: question.without_answers(), due, state }))
        })
        .collect();
    found.sort_by_key(|(at, view)| (view.due, view.quiz_id, *at));
    let items: Vec<DueView> = found.into_iter().map(|(_, view)| view).collect();
    Ok(([("x-total-count", items.len().to_string())], Json(items)).into_response())
}

/// A review.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct Review {
    /// To be marked; it does not change the rating.
    #[garde(skip)]
    answer: Option<Given>,
    /// How well the answer was known.
    #[garde(skip)]
    rating: Rating,
}

/// When the question comes up again.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReviewView {
    due: Timestamp,
    state: CardState,
    /// Days until the chance to know the answer has sunk to 90 %.
    stability: f64,
    /// How hard the question is for the caller, 1–10.
    #[schema(minimum = 1, maximum = 10)]
    difficulty: f64,
    /// Whether the answer earned full points; absent without an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    correct: Option<bool>,
    /// Absent where the quiz hides it.
    #[serde(skip_serializing_if = "Option::is_none")]
    correct_answer: Option<Answer>,
    /// Why it is right; absent where the quiz hides it or there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<String>,
}

/// Reviews a question, due or not: it is asked again after ten minutes where the rating is `again`, else after days.
#[utoipa::path(post, path = "/review/{quizId}/{questionId}", tag = "review", request_body = Review,
    params(("quizId" = String, Path), ("questionId" = String, Path)),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = ReviewView),
        (status = 404, body = ProblemBody, description = "`review.not_found`: the question was not submitted yet, or is no more"),
    ))]
pub async fn review(
    State(app): State<App>,
    caller: Caller,
    Path((quiz_id, question_id)): Path<(Id, String)>,
    Json(ask): Json<Review>,
) -> Result<Json<ReviewView>> {
    if let Some(why) = ask.answer.as_ref().and_then(oversized) {
        return Err(Problem::field("answer", format!("answer {why}")));
    }
    let store = &app.ledger.store;
    loop {
        let card = store.card(caller.user.id, quiz_id, &question_id).await?.ok_or_else(missing)?;
        let quiz = store.quiz(quiz_id).await?.ok_or_else(missing)?;
        let question =
            quiz.questions.iter().find(|question| question.id == question_id).ok_or_else(missing)?;
        let reviewed = card.reviewed(ask.rating, app.ledger.clock.now());
        if store.save_cards(std::slice::from_ref(&reviewed)).await? {
            return Ok(Json(ReviewView::new(&reviewed, &quiz, question, ask.answer.as_ref())));
        }
    }
}

fn missing() -> Problem {
    Problem::not_found("review.not_found", "You have not submitted this question yet, or it is no more.")
}

impl ReviewView {
    fn new(card: &Card, quiz: &Quiz, question: &Question, answer: Option<&Given>) -> Self {
        let marks =
            |given| question.key.as_ref().is_some_and(|key| mark(question.kind, key, Some(given)).is_correct);
        let shown = question.key.as_ref().filter(|_| quiz.settings.show_correct_answers);
        Self {
            due: card.due,
            state: card.state,
            stability: card.stability,
            difficulty: card.difficulty,
            correct: answer.map(marks),
            correct_answer: shown.map(|key| key.correct_answer.clone()),
            explanation: shown.map(|key| key.explanation.clone()).filter(|text| !text.is_empty()),
        }
    }
}
