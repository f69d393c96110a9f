//! Results of submitted attempts.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{
    domain::{Answer, Given, Id, QuestionResult, Quiz, Source, Submission, Timestamp},
    store::SubmissionFilter,
};
use utoipa::{IntoParams, ToSchema};

use crate::{
    app::App,
    extract::{Caller, Edge, InZone, List, Path, Query, instant},
    problem::{Problem, ProblemBody, Result},
    routes::{Routes, routes},
};

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new().routes(routes!(list)).routes(routes!(history))
}

/// The result of a submitted attempt.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResultView {
    #[schema(value_type = String)]
    attempt_id: Id,
    #[schema(value_type = String)]
    quiz_id: Id,
    score: f64,
    max_score: f64,
    total_questions: u32,
    /// 0–100, one decimal.
    percentage: f64,
    answers: BTreeMap<String, Given>,
    /// In the order of the questions; absent while the quiz hides them.
    #[serde(skip_serializing_if = "Option::is_none")]
    correct_answers: Option<Vec<Answer>>,
    question_results: Vec<QuestionResult>,
    started_at: Timestamp,
    completed_at: Timestamp,
    /// Seconds.
    time_spent: u64,
}

impl ResultView {
    /// The result, with what is correct only where the quiz shows it.
    pub fn new(submission: Submission, shows_answers: bool) -> Self {
        let mut results = submission.question_results;
        // By their place they belong to questions, so one whose answer is not known has an empty one.
        let answer =
            |result: &QuestionResult| result.correct_answer.clone().unwrap_or(Answer::Text(String::new()));
        let correct = results.iter().map(answer).collect();
        if !shows_answers {
            for result in &mut results {
                result.correct_answer = None;
                result.explanation = None;
                result.source = result.source.take().map(|source| Source { quote: None, ..source });
            }
        }
        Self {
            attempt_id: submission.id,
            quiz_id: submission.quiz_id,
            score: submission.score,
            max_score: submission.max_score,
            total_questions: submission.total_questions,
            percentage: submission.percentage,
            answers: submission.answers,
            correct_answers: shows_answers.then_some(correct),
            question_results: results,
            time_spent: submission.completed_at.since(submission.started_at).as_secs(),
            started_at: submission.started_at,
            completed_at: submission.completed_at,
        }
    }
}

/// The caller's results at a quiz, newest first.
#[utoipa::path(get, path = "/quiz/attempts/{quizId}", tag = "attempts", params(("quizId" = String, Path), List),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = [ResultView], headers(("X-Total-Count" = u64), ("Link" = String))),
        (status = 400, body = ProblemBody, description = "`id.invalid`, `validation.failed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 404, body = ProblemBody, description = "`quiz.not_found`"),
    ))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(quiz_id): Path<Id>,
    list: List,
) -> Result<Response> {
    let found =
        app.ledger.store.submissions(&SubmissionFilter::of(caller.user.id).at(quiz_id), &list.window).await?;
    let quiz = app.ledger.store.quiz(quiz_id).await?;
    if found.total == 0 && !may_look(&app, &caller, quiz.as_ref()).await? {
        return Err(Problem::not_found("quiz.not_found", "There is no such quiz, or it is not yours."));
    }
    let view = |submission: Submission| {
        let shows = submission.shows_answers(quiz.as_ref());
        ResultView::new(submission, shows)
    };
    Ok(list.answer(found, |submission| submission.id.to_string(), view))
}

/// Whether somebody without a result there may know the quiz: whose it is, whoever may take it, and whoever does.
async fn may_look(app: &App, caller: &Caller, quiz: Option<&Quiz>) -> Result<bool> {
    let Some(quiz) = quiz else { return Ok(false) };
    if quiz.created_by == Some(caller.user.id) || app.is_open(quiz) {
        return Ok(true);
    }
    Ok(app.ledger.store.attempt_at(quiz.id, caller.user.id).await?.is_some())
}

/// One line of a history.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryItem {
    /// Of the attempt.
    #[schema(value_type = String)]
    id: Id,
    #[schema(value_type = String)]
    quiz_id: Id,
    topic: String,
    score: f64,
    max_score: f64,
    total_questions: u32,
    percentage: f64,
    completed_at: Timestamp,
}

impl From<Submission> for HistoryItem {
    fn from(submission: Submission) -> Self {
        Self {
            id: submission.id,
            quiz_id: submission.quiz_id,
            topic: submission.topic,
            score: submission.score,
            max_score: submission.max_score,
            total_questions: submission.total_questions,
            percentage: submission.percentage,
            completed_at: submission.completed_at,
        }
    }
}

/// Which results to list.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct HistoryFilter {
    /// With exactly this topic.
    #[garde(skip)]
    topic: Option<String>,
    /// From this day or instant.
    #[garde(skip)]
    from: Option<String>,
    /// To this day (inclusive) or instant.
    #[garde(skip)]
    to: Option<String>,
    /// With at least this percentage.
    #[garde(inner(range(min = 0.0, max = 100.0)))]
    #[param(minimum = 0, maximum = 100)]
    min_score: Option<f64>,
    /// With at most this percentage.
    #[garde(inner(range(min = 0.0, max = 100.0)))]
    #[param(minimum = 0, maximum = 100)]
    max_score: Option<f64>,
    /// IANA time zone in which days are meant; the caller's when absent.
    #[garde(skip)]
    #[expect(dead_code, reason = "read by InZone")]
    tz: Option<String>,
}

/// The caller's results at all quizzes, newest first.
#[utoipa::path(get, path = "/quiz/user/{userId}/history", tag = "attempts",
    params(("userId" = String, Path), HistoryFilter, List), security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = [HistoryItem], headers(("X-Total-Count" = u64), ("Link" = String))),
        (status = 400, body = ProblemBody, description = "`id.invalid`, `validation.failed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 404, body = ProblemBody, description = "`user.not_found`"),
    ))]
pub async fn history(
    State(app): State<App>,
    caller: Caller,
    Path(user_id): Path<Id>,
    Query(ask): Query<HistoryFilter>,
    InZone(zone): InZone,
    list: List,
) -> Result<Response> {
    if user_id != caller.user.id {
        return Err(Problem::not_found("user.not_found", "There is no such user, or it is not you."));
    }
    let filter = SubmissionFilter {
        topic: ask.topic,
        from: ask.from.map(|from| instant(&from, Edge::From, &zone)).transpose()?,
        until: ask.to.map(|to| instant(&to, Edge::To, &zone)).transpose()?,
        min_score: ask.min_score,
        max_score: ask.max_score,
        ..SubmissionFilter::of(user_id)
    };
    let found = app.ledger.store.submissions(&filter, &list.window).await?;
    Ok(list.answer(found, |submission| submission.id.to_string(), HistoryItem::from))
}
