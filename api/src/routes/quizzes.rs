//! Reading and archiving quizzes.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{
    domain::{Difficulty, Generation, Id, Question, Quiz, QuizStatus, Settings, Timestamp},
    store::{QuizFilter, QuizSummary},
};
use utoipa::{IntoParams, ToSchema};

use super::auth::Message;
use crate::{
    app::App,
    extract::{Caller, Conditions, Json, List, Path, Query, Tag},
    problem::{Problem, ProblemBody, Result},
    routes::{Routes, routes},
};

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new().routes(routes!(list)).routes(routes!(get, delete))
}

/// A quiz. Lists carry `questionCount` instead of `questions`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuizView {
    #[schema(value_type = String)]
    id: Id,
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    legacy_id: Id,
    title: String,
    topic: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    difficulty: Difficulty,
    status: QuizStatus,
    is_ai_generated: bool,
    generation: Generation,
    settings: Settings,
    #[serde(skip_serializing_if = "Option::is_none")]
    questions: Option<Vec<Question>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    question_count: Option<u32>,
    total_attempts: u64,
    average_score: f64,
    /// Counts copies that were made in place of an edit, from 1.
    version: u32,
    /// The quiz this one is a copy of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    previous_version: Option<Id>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl QuizView {
    fn new(quiz: Quiz, questions: Option<Vec<Question>>, question_count: Option<u32>) -> Self {
        Self {
            id: quiz.id,
            legacy_id: quiz.id,
            title: quiz.title,
            topic: quiz.topic,
            description: quiz.description,
            difficulty: quiz.difficulty,
            status: quiz.status,
            is_ai_generated: quiz.is_ai_generated,
            generation: quiz.generation,
            settings: quiz.settings,
            questions,
            question_count,
            total_attempts: quiz.total_attempts,
            average_score: quiz.average_score,
            version: quiz.edition.version,
            previous_version: quiz.edition.previous,
            created_at: quiz.created_at,
            updated_at: quiz.updated_at,
        }
    }

    /// As a student sees it before submitting: without keys and quotes.
    pub fn without_answers(quiz: Quiz) -> Self {
        let questions = quiz.questions.iter().map(Question::without_answers).collect();
        Self::new(quiz, Some(questions), None)
    }

    /// As its owner sees it who asks for the answers.
    pub fn with_answers(mut quiz: Quiz) -> Self {
        let questions = std::mem::take(&mut quiz.questions);
        Self::new(quiz, Some(questions), None)
    }
}

impl From<QuizSummary> for QuizView {
    fn from(summary: QuizSummary) -> Self {
        Self::new(summary.quiz, None, Some(summary.question_count))
    }
}

/// A quiz that the caller may read.
pub async fn readable(app: &App, caller: &Caller, id: Id) -> Result<Quiz> {
    let quiz = app.ledger.store.quiz(id).await?.filter(|quiz| quiz.created_by == Some(caller.user.id));
    quiz.ok_or_else(not_found)
}

/// 404 for a quiz that is absent or somebody else's.
pub fn not_found() -> Problem {
    Problem::not_found("quiz.not_found", "There is no such quiz, or it is not yours.")
}

/// Which quizzes to list.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// With exactly this topic.
    #[garde(skip)]
    topic: Option<String>,
    /// Open or archived.
    #[garde(skip)]
    #[param(inline)]
    status: Option<QuizStatus>,
    /// How hard.
    #[garde(skip)]
    #[param(inline)]
    difficulty: Option<Difficulty>,
    /// With this text in title or topic.
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[param(min_length = 1, max_length = 200)]
    q: Option<String>,
}

/// The caller's quizzes, newest first.
#[utoipa::path(get, path = "/quiz", tag = "quizzes", params(Filter, List),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = [QuizView], headers(("X-Total-Count" = u64), ("Link" = String))),
        (status = 400, body = ProblemBody, description = "`validation.failed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
    ))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(ask): Query<Filter>,
    list: List,
) -> Result<Response> {
    let filter = QuizFilter {
        created_by: caller.user.id,
        topic: ask.topic,
        status: ask.status,
        difficulty: ask.difficulty,
        text: ask.q,
    };
    let found = app.ledger.store.quizzes(&filter, &list.window).await?;
    Ok(list.answer(found, |summary| summary.quiz.id.to_string(), QuizView::from))
}

/// What to add to the quiz.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Include {
    /// `answers` adds keys, explanations and quotes, for the owner.
    #[garde(skip)]
    #[param(inline)]
    include: Option<Part>,
}

/// A part that is left out unless asked for.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Part {
    Answers,
}

impl Include {
    /// The quiz with the parts asked for.
    pub fn view(&self, quiz: Quiz) -> QuizView {
        match self.include {
            Some(Part::Answers) => QuizView::with_answers(quiz),
            None => QuizView::without_answers(quiz),
        }
    }
}

/// The tags of a quiz, without and with answers.
pub fn tags(quiz: &Quiz) -> Result<[Tag; 2]> {
    let plain = Tag::of(&QuizView::without_answers(quiz.clone()))?;
    Ok([plain, Tag::of(&QuizView::with_answers(quiz.clone()))?])
}

/// A quiz.
#[utoipa::path(get, path = "/quiz/{id}", tag = "quizzes", params(("id" = String, Path), Include),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = QuizView, headers(("ETag" = String))),
        (status = 304, description = "The caller has this version already"),
        (status = 400, body = ProblemBody, description = "`id.invalid`, `validation.failed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 404, body = ProblemBody, description = "`quiz.not_found`"),
    ))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    Query(ask): Query<Include>,
    conditions: Conditions,
) -> Result<Response> {
    conditions.answer(&ask.view(readable(&app, &caller, id).await?))
}

/// Archives a quiz: it stays readable, its attempts are kept, new ones are refused.
#[utoipa::path(delete, path = "/quiz/{id}", tag = "quizzes",
    params(("id" = String, Path), ("If-Match" = Option<String>, Header, description = "The quiz's `ETag`, with or without answers")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = Message),
        (status = 400, body = ProblemBody, description = "`id.invalid`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 404, body = ProblemBody, description = "`quiz.not_found`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
    ))]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    conditions: Conditions,
) -> Result<Response> {
    conditions.check(&tags(&readable(&app, &caller, id).await?)?)?;
    app.ledger.store.archive_quiz(id, app.ledger.clock.now()).await?;
    Ok(Json(Message { message: "Quiz deleted successfully" }).into_response())
}
