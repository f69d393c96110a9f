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
    domain::{Attempt, Given, Id, Question, Quiz, QuizStatus, Submission, Timestamp},
    store::{SubmissionFilter, Window},
};
use utoipa::ToSchema;

use super::{
    answers::{Answers, check_answers, check_total},
    quizzes::not_found,
    shares::{TOKEN_LENGTH, opened},
    submit::close,
};
use crate::{
    app::App,
    extract::{Caller, Json, Path},
    problem::{Problem, ProblemBody, Result},
    routes::{Routes, routes},
};

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new().routes(routes!(open)).routes(routes!(save))
}

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

/// What to attempt. The token is enough; beside it `quizId` is not looked at.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Open {
    /// A quiz of one's own, or one at which an attempt is open.
    #[garde(skip)]
    #[schema(value_type = Option<String>)]
    quiz_id: Option<Id>,
    /// The token of a shared quiz.
    #[garde(inner(length(chars, min = TOKEN_LENGTH, max = TOKEN_LENGTH)))]
    #[schema(min_length = 48, max_length = 48)]
    share_token: Option<String>,
}

/// A quiz that the caller may take.
pub struct Takeable {
    pub quiz: Quiz,
    /// Their open attempt.
    pub open: Option<Attempt>,
    /// Whether they may begin a new one.
    may_begin: bool,
}

impl Takeable {
    /// By the token of its link.
    async fn shared(app: &App, caller: &Caller, token: &str) -> Result<Self> {
        let quiz = opened(app, token).await?;
        let open = app.ledger.store.attempt_at(quiz.id, caller.user.id).await?;
        Ok(Self { quiz, open, may_begin: true })
    }

    /// By its id: the caller's own, one that is everybody's, or one at which they have an attempt open.
    pub async fn by_id(app: &App, caller: &Caller, id: Id) -> Result<Self> {
        let quiz = app.ledger.store.quiz(id).await?.ok_or_else(not_found)?;
        let open = app.ledger.store.attempt_at(id, caller.user.id).await?;
        let may_begin = quiz.created_by == Some(caller.user.id) || app.is_open(&quiz);
        if !may_begin && open.is_none() {
            return Err(not_found());
        }
        Ok(Self { quiz, open, may_begin })
    }

    /// Opens an attempt, where the caller may.
    pub async fn begin(self, app: &App, caller: &Caller) -> Result<(Attempt, Quiz)> {
        if !self.may_begin {
            return Err(not_found());
        }
        begin(app, caller, self.quiz).await
    }
}

/// Opens an attempt; one that is open already is returned again.
#[utoipa::path(post, path = "/quiz/attempt", tag = "attempts", request_body = Open,
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 201, body = AttemptView),
        (status = 200, body = AttemptView, description = "It was open already"),
        (status = 400, body = ProblemBody, description = "`validation.failed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 404, body = ProblemBody, description = "`quiz.not_found`, `share.not_found`"),
        (status = 409, body = ProblemBody, description = "`quiz.archived`, `attempt.limit_reached`"),
        (status = 413, body = ProblemBody, description = "`body.too_large`"),
    ))]
pub async fn open(State(app): State<App>, caller: Caller, Json(ask): Json<Open>) -> Result<Response> {
    let mut takeable = match (&ask.share_token, ask.quiz_id) {
        (Some(token), _) => Takeable::shared(&app, &caller, token).await?,
        (None, Some(id)) => Takeable::by_id(&app, &caller, id).await?,
        (None, None) => return Err(Problem::field("quizId", "quizId or shareToken is missing")),
    };
    if let Some(attempt) = takeable.open.take() {
        if attempt.expires_at.is_none_or(|end| end > app.ledger.clock.now()) {
            return Ok(Json(AttemptView::new(attempt, &takeable.quiz)).into_response());
        }
        close(&app, &takeable.quiz, attempt, &Answers::new()).await?;
    }
    let (attempt, quiz) = takeable.begin(&app, &caller).await?;
    let location = [(header::LOCATION, format!("/quiz/attempts/{}", quiz.id))];
    Ok((StatusCode::CREATED, location, Json(AttemptView::new(attempt, &quiz))).into_response())
}

/// Opens an attempt at a quiz, or at what it was edited to meanwhile.
async fn begin(app: &App, caller: &Caller, mut quiz: Quiz) -> Result<(Attempt, Quiz)> {
    let store = &app.ledger.store;
    loop {
        if quiz.status == QuizStatus::Archived {
            return Err(Problem::conflict(
                "quiz.archived",
                "This quiz is archived; it takes no new attempts.",
            ));
        }
        let made = submissions(app, caller, quiz.id).await?;
        if quiz.settings.max_attempts.is_some_and(|most| made >= u64::from(most)) {
            let detail = "All attempts that this quiz allows have been made.";
            return Err(Problem::conflict("attempt.limit_reached", detail));
        }
        if (quiz.edition.attempted || store.begin_attempts(quiz.id, quiz.edition.revision).await?)
            && let Some(open) = store.open_attempt(&new_attempt(app, caller, &quiz, made)).await?
        {
            return Ok((open, quiz));
        }
        // The quiz changed, or another attempt was made since they were counted.
        quiz = store.quiz(quiz.id).await?.ok_or_else(not_found)?;
    }
}

/// The attempt that comes after so many.
fn new_attempt(app: &App, caller: &Caller, quiz: &Quiz, made: u64) -> Attempt {
    let now = app.ledger.clock.now();
    let mut order: Vec<String> = quiz.questions.iter().map(|question| question.id.clone()).collect();
    if quiz.settings.shuffle {
        order.shuffle(&mut app.ledger.clock.rng());
    }
    Attempt {
        id: app.ledger.clock.id(),
        quiz_id: quiz.id,
        user_id: caller.user.id,
        attempt_number: u32::try_from(made).unwrap_or(u32::MAX).saturating_add(1),
        started_at: now,
        expires_at: quiz.settings.time_limit.map(|seconds| now + Duration::from_secs(seconds.into())),
        answers: Answers::new(),
        order,
        rev: 0,
    }
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
    pub answers: BTreeMap<String, Given>,
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
    check_total(&attempt.answers, &save.answers)?;
    if !app.ledger.store.save_answers(id, &save.answers).await? {
        return Err(submitted());
    }
    attempt.answers.extend(save.answers);
    Ok(Json(AttemptView::new(attempt, &quiz)))
}

/// What an attempt's id stands for.
pub enum Found {
    /// It is open.
    Open(Attempt, Box<Quiz>),
    /// It is submitted; with whether its quiz shows correct answers.
    Submitted(Submission, bool),
}

/// The caller's attempt with this id.
pub async fn find(app: &App, caller: &Caller, id: Id) -> Result<Found> {
    let store = &app.ledger.store;
    let missing = || Problem::not_found("attempt.not_found", "There is no such attempt, or it is not yours.");
    if let Some(attempt) = store.attempt(id).await?.filter(|attempt| attempt.user_id == caller.user.id) {
        let quiz = store.quiz(attempt.quiz_id).await?.ok_or_else(missing)?;
        return Ok(Found::Open(attempt, Box::new(quiz)));
    }
    let submission = store.submission(id).await?.filter(|submission| submission.user_id == caller.user.id);
    let submission = submission.ok_or_else(missing)?;
    let shows = submission.shows_answers(store.quiz(submission.quiz_id).await?.as_ref());
    Ok(Found::Submitted(submission, shows))
}
