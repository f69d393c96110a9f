//! Taking quizzes.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use garde::Validate;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};
use shared::{
    domain::{self, Attempt, Given, Id, Question, Quiz, QuizStatus, Submission, Timestamp},
    store::{SubmissionFilter, Window},
};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{quizzes::readable, results::ResultView};
use crate::{
    app::App,
    extract::{Caller, Json, Path},
    problem::{FieldError, Problem, ProblemBody, Result},
};

/// This file's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(open))
        .routes(routes!(save))
        .routes(routes!(submit))
        .routes(routes!(submit_to_quiz))
}

/// Answers by question id: an option's text, several, typed text, a number, or left to right.
type Answers = BTreeMap<String, Given>;

/// Most characters of an answer's text.
const TEXT_MAX: usize = 10_000;
/// Most texts or pairs of one answer.
const ITEMS_MAX: usize = 100;
/// Most answers of one request; no quiz has as many questions.
const ANSWERS_MAX: usize = 300;
/// Most errors that are told at once, and most characters of an unknown id that are repeated.
const ERRORS_MAX: usize = 20;
const SHOWN_MAX: usize = 100;

/// An open attempt.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttemptView {
    #[schema(value_type = String)]
    attempt_id: Id,
    #[schema(value_type = String)]
    quiz_id: Id,
    attempt_number: u32,
    started_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    answers: BTreeMap<String, Given>,
    questions: Vec<Question>,
}

impl AttemptView {
    fn new(attempt: Attempt, quiz: &Quiz) -> Self {
        let shown = |id: &String| quiz.questions.iter().find(|question| question.id == *id);
        Self {
            attempt_id: attempt.id,
            quiz_id: attempt.quiz_id,
            attempt_number: attempt.attempt_number,
            started_at: attempt.started_at,
            expires_at: attempt.expires_at,
            questions: attempt.order.iter().filter_map(shown).map(Question::without_answers).collect(),
            answers: attempt.answers,
        }
    }
}

/// What to attempt.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Open {
    /// The quiz.
    #[garde(skip)]
    #[schema(value_type = String)]
    quiz_id: Id,
}

/// Opens an attempt; one that is open already is returned again.
#[utoipa::path(post, path = "/quiz/attempt", tag = "attempts", request_body = Open,
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 201, body = AttemptView),
        (status = 200, body = AttemptView, description = "It was open already"),
        (status = 400, body = ProblemBody, description = "`validation.failed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 404, body = ProblemBody, description = "`quiz.not_found`"),
        (status = 409, body = ProblemBody, description = "`quiz.archived`, `attempt.limit_reached`"),
        (status = 413, body = ProblemBody, description = "`body.too_large`"),
    ))]
pub async fn open(State(app): State<App>, caller: Caller, Json(ask): Json<Open>) -> Result<Response> {
    let quiz = readable(&app, &caller, ask.quiz_id).await?;
    if let Some(attempt) = app.ledger.store.attempt_at(quiz.id, caller.user.id).await? {
        if attempt.expires_at.is_none_or(|end| end > app.ledger.clock.now()) {
            return Ok(Json(AttemptView::new(attempt, &quiz)).into_response());
        }
        close(&app, &quiz, attempt, &Answers::new()).await?;
    }
    let attempt = begin(&app, &caller, &quiz).await?;
    let location = [(header::LOCATION, format!("/quiz/attempts/{}", quiz.id))];
    Ok((StatusCode::CREATED, location, Json(AttemptView::new(attempt, &quiz))).into_response())
}

async fn begin(app: &App, caller: &Caller, quiz: &Quiz) -> Result<Attempt> {
    if quiz.status == QuizStatus::Archived {
        return Err(Problem::conflict("quiz.archived", "This quiz is archived; it takes no new attempts."));
    }
    let made = submissions(app, caller, quiz.id).await?;
    if quiz.settings.max_attempts.is_some_and(|most| made >= u64::from(most)) {
        let detail = "All attempts that this quiz allows have been made.";
        return Err(Problem::conflict("attempt.limit_reached", detail));
    }
    let now = app.ledger.clock.now();
    let mut order: Vec<String> = quiz.questions.iter().map(|question| question.id.clone()).collect();
    if quiz.settings.shuffle {
        order.shuffle(&mut app.ledger.clock.rng());
    }
    let attempt = Attempt {
        id: app.ledger.clock.id(),
        quiz_id: quiz.id,
        user_id: caller.user.id,
        attempt_number: u32::try_from(made).unwrap_or(u32::MAX).saturating_add(1),
        started_at: now,
        expires_at: quiz.settings.time_limit.map(|seconds| now + Duration::from_secs(seconds.into())),
        answers: Answers::new(),
        order,
        rev: 0,
    };
    Ok(app.ledger.store.open_attempt(&attempt).await?)
}

async fn submissions(app: &App, caller: &Caller, quiz_id: Id) -> Result<u64> {
    let filter = SubmissionFilter::of(caller.user.id).at(quiz_id);
    let window = Window { limit: 1, skip: 0, after: None, descending: true };
    Ok(app.ledger.store.submissions(&filter, &window).await?.total)
}

/// Answers to save.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct Save {
    /// By question id; what is not named stays.
    #[garde(skip)]
    answers: BTreeMap<String, Given>,
}

/// Saves answers of an open attempt.
#[utoipa::path(patch, path = "/quiz/attempts/{attemptId}/answers", tag = "attempts", request_body = Save,
    params(("attemptId" = String, Path)), security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = AttemptView),
        (status = 400, body = ProblemBody, description = "`validation.failed`, `id.invalid`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 404, body = ProblemBody, description = "`attempt.not_found`"),
        (status = 409, body = ProblemBody, description = "`attempt.submitted`, `attempt.expired`"),
        (status = 413, body = ProblemBody, description = "`body.too_large`"),
    ))]
pub async fn save(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    Json(save): Json<Save>,
) -> Result<Json<AttemptView>> {
    let submitted =
        || Problem::conflict("attempt.submitted", "This attempt is submitted; its answers are final.");
    let (mut attempt, quiz) = match find(&app, &caller, id).await? {
        Found::Open(attempt, quiz) => (attempt, quiz),
        Found::Submitted(..) => return Err(submitted()),
    };
    if attempt.expires_at.is_some_and(|end| end <= app.ledger.clock.now()) {
        return Err(Problem::conflict("attempt.expired", "The time is over; submit to see what was saved."));
    }
    check_answers(&quiz, &save.answers)?;
    if !app.ledger.store.save_answers(id, &save.answers).await? {
        return Err(submitted());
    }
    attempt.answers.extend(save.answers);
    Ok(Json(AttemptView::new(attempt, &quiz)))
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
            Found::Submitted(submission, shows) => Ok(Json(ResultView::new(submission, shows))),
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
    let quiz = readable(app, caller, quiz_id).await?;
    check_answers(&quiz, &answers)?;
    let attempt = match app.ledger.store.attempt_at(quiz.id, caller.user.id).await? {
        Some(attempt) => attempt,
        None => begin(app, caller, &quiz).await?,
    };
    finish(app, &quiz, attempt, answers).await
}

async fn finish(app: &App, quiz: &Quiz, attempt: Attempt, answers: Answers) -> Result<Json<ResultView>> {
    let submission = close(app, quiz, attempt, &answers).await?;
    Ok(Json(ResultView::new(submission, quiz.settings.show_correct_answers)))
}

/// Marks what was answered in time and closes the attempt.
async fn close(app: &App, quiz: &Quiz, mut attempt: Attempt, answers: &Answers) -> Result<Submission> {
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
            return Ok(submission);
        }
        // Answers were saved meanwhile and count. One that is gone was submitted: the next round finds its result.
        if let Some(changed) = store.attempt(attempt.id).await? {
            attempt = changed;
        }
    }
}

/// Answers to questions of this quiz, of a size that a student may need.
fn check_answers(quiz: &Quiz, answers: &Answers) -> Result<()> {
    if answers.len() > ANSWERS_MAX {
        return Err(Problem::field("answers", format!("answers has more than {ANSWERS_MAX} answers")));
    }
    let known = |id: &str| quiz.questions.iter().any(|question| question.id == id);
    let wrong = answers.iter().filter_map(|(id, given)| match known(id) {
        true => oversized(given).map(|why| (id, why)),
        false => Some((id, "is not a question of this quiz".to_owned())),
    });
    let errors: Vec<FieldError> = wrong
        .take(ERRORS_MAX)
        .map(|(id, why)| {
            let field = format!("answers.{}", id.chars().take(SHOWN_MAX).collect::<String>());
            FieldError { message: format!("{field} {why}"), field }
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Problem::fields(errors)) }
}

/// Why an answer is larger than any may be.
fn oversized(given: &Given) -> Option<String> {
    let (items, long) = match given {
        Given::Number(_) => (0, false),
        Given::Text(text) => (1, is_long(text)),
        Given::Texts(texts) => (texts.len(), texts.iter().any(|text| is_long(text))),
        Given::Pairs(pairs) => {
            (pairs.len(), pairs.iter().any(|(left, right)| is_long(left) || is_long(right)))
        }
    };
    if items > ITEMS_MAX {
        return Some(format!("has more than {ITEMS_MAX} items"));
    }
    long.then(|| format!("is longer than {TEXT_MAX} characters"))
}

fn is_long(text: &str) -> bool {
    text.chars().nth(TEXT_MAX).is_some()
}

enum Found {
    Open(Attempt, Box<Quiz>),
    /// With whether its quiz shows correct answers.
    Submitted(Submission, bool),
}

async fn find(app: &App, caller: &Caller, id: Id) -> Result<Found> {
    let store = &app.ledger.store;
    let missing = || Problem::not_found("attempt.not_found", "There is no such attempt, or it is not yours.");
    if let Some(attempt) = store.attempt(id).await?.filter(|attempt| attempt.user_id == caller.user.id) {
        let quiz = store.quiz(attempt.quiz_id).await?.ok_or_else(missing)?;
        return Ok(Found::Open(attempt, Box::new(quiz)));
    }
    let submission = store.submission(id).await?.filter(|submission| submission.user_id == caller.user.id);
    let submission = submission.ok_or_else(missing)?;
    let shows = store.quiz(submission.quiz_id).await?.is_none_or(|quiz| quiz.settings.show_correct_answers);
    Ok(Found::Submitted(submission, shows))
}
