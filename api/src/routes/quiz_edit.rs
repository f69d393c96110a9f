//! Editing quizzes. Questions are final once a quiz was attempted: they are then edited in a copy.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use garde::Validate;
use rand::Rng;
use serde::{Deserialize, Deserializer};
use shared::domain::{
    Difficulty, Edition, Id, QUESTIONS_MAX, Question, Quiz, QuizStatus, Settings, TEXT_MAX, flaws,
};
use utoipa::ToSchema;

use super::{
    question_edit::{QuestionEdit, shuffle_choices},
    quizzes::{Include, QuizView, readable, tags},
};
use crate::{
    app::App,
    extract::{Caller, Conditions, Json, Path, Query},
    problem::{FieldError, Problem, ProblemBody, Result},
    routes::{Routes, routes},
};

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new().routes(routes!(edit))
}

/// Most characters of a description.
const DESCRIPTION_MAX: usize = 2000;
/// Longest time limit, in seconds: a week.
const TIME_LIMIT_MAX: u32 = 7 * 86_400;
const ATTEMPTS_MAX: u32 = 1000;
/// Most errors that are told at once.
const ERRORS_MAX: usize = 50;

/// What to change; what is not named stays.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Edit {
    /// Shown name.
    #[garde(inner(custom(named)))]
    #[schema(min_length = 1, max_length = 200)]
    title: Option<String>,
    /// Subject.
    #[garde(inner(custom(named)))]
    #[schema(min_length = 1, max_length = 200)]
    topic: Option<String>,
    /// Longer text about it; an empty one or null removes it.
    #[garde(inner(inner(length(chars, max = DESCRIPTION_MAX), custom(plain))))]
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 2000)]
    description: Option<Option<String>>,
    /// How hard it is.
    #[garde(skip)]
    difficulty: Option<Difficulty>,
    /// How it is taken.
    #[garde(dive)]
    settings: Option<SettingsEdit>,
    /// All questions, in order. One with the `id` of a present question is that question, changed as named; one
    /// without is new; those not listed are dropped.
    #[garde(inner(length(min = 1, max = QUESTIONS_MAX)))]
    #[schema(min_items = 1, max_items = 300)]
    questions: Option<Vec<QuestionEdit>>,
    /// Leaves the quiz as it is and changes a copy.
    #[garde(skip)]
    #[serde(default)]
    new_version: bool,
}

/// How the quiz is taken from now on; what is not named stays.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SettingsEdit {
    /// Seconds, at most a week; null for no limit. It holds for attempts that are opened later.
    #[garde(inner(inner(range(min = 1, max = TIME_LIMIT_MAX))))]
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 604800)]
    time_limit: Option<Option<u32>>,
    /// Attempts a student may make; null for no limit.
    #[garde(inner(inner(range(min = 1, max = ATTEMPTS_MAX))))]
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    max_attempts: Option<Option<u32>>,
    /// Whether results show the correct answers.
    #[garde(skip)]
    show_correct_answers: Option<bool>,
    /// Whether each attempt shuffles the questions.
    #[garde(skip)]
    shuffle: Option<bool>,
}

/// Tells a field that is null from one that is absent.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn named(text: &str, _: &()) -> garde::Result {
    if text.trim().is_empty() {
        return Err(garde::Error::new("must not be empty"));
    }
    if text.chars().nth(TEXT_MAX).is_some() {
        return Err(garde::Error::new(format!("must have at most {TEXT_MAX} characters")));
    }
    plain(text, &())
}

/// Text that every store can keep.
pub(super) fn plain(text: &str, _: &()) -> garde::Result {
    if text.contains('\0') {
        return Err(garde::Error::new("must not hold the character U+0000"));
    }
    Ok(())
}

impl Edit {
    /// The quiz as it is to be; its state and history are untouched.
    fn apply(&self, quiz: &Quiz, rng: &mut impl Rng) -> Result<Quiz> {
        let trimmed = |text: &String| text.trim().to_owned();
        let mut edited = quiz.clone();
        edited.title = self.title.as_ref().map_or(edited.title, trimmed);
        edited.topic = self.topic.as_ref().map_or(edited.topic, trimmed);
        if let Some(description) = &self.description {
            edited.description = description.as_ref().map(trimmed).filter(|text| !text.is_empty());
        }
        edited.difficulty = self.difficulty.unwrap_or(edited.difficulty);
        if let Some(settings) = &self.settings {
            edited.settings = settings.apply(edited.settings);
        }
        if let Some(questions) = &self.questions {
            edited.questions = replaced(&quiz.questions, questions, rng)?;
        }
        Ok(edited)
    }
}

impl SettingsEdit {
    fn apply(&self, settings: Settings) -> Settings {
        Settings {
            time_limit: self.time_limit.unwrap_or(settings.time_limit),
            max_attempts: self.max_attempts.unwrap_or(settings.max_attempts),
            show_correct_answers: self.show_correct_answers.unwrap_or(settings.show_correct_answers),
            shuffle: self.shuffle.unwrap_or(settings.shuffle),
        }
    }
}

/// The new list of questions, each of which can be asked and marked.
fn replaced(present: &[Question], edits: &[QuestionEdit], rng: &mut impl Rng) -> Result<Vec<Question>> {
    let mut questions: Vec<Question> = Vec::with_capacity(edits.len());
    let mut errors = Vec::new();
    let mut number = present.len();
    for (at, edit) in edits.iter().enumerate() {
        let mut wrong = |field: &str, message: &str| {
            let field = format!("questions[{at}].{field}");
            errors.push(FieldError { message: format!("{field} {message}"), field });
        };
        let mut question = match edit.id() {
            Some(id) => {
                let Some(old) = present.iter().find(|question| question.id == id) else {
                    wrong("id", "is not the id of a question of this quiz; leave it out for a new one");
                    continue;
                };
                if questions.iter().any(|question| question.id == id) {
                    wrong("id", "is there twice");
                    continue;
                }
                edit.changed(old, rng)
            }
            None => {
                let taken = |id: &str| present.iter().any(|question| question.id == id);
                number += 1;
                while taken(&format!("q{number}")) {
                    number += 1;
                }
                edit.new_question(format!("q{number}"), rng)
            }
        };
        for flaw in flaws(&question) {
            wrong(&flaw.field, &flaw.message);
        }
        // Last, or the flaws would be of other options than those that were sent.
        if edit.id().is_none() {
            shuffle_choices(&mut question, rng);
        }
        questions.push(question);
    }
    errors.truncate(ERRORS_MAX);
    if errors.is_empty() { Ok(questions) } else { Err(Problem::fields(errors)) }
}

/// Edits a quiz. Title, topic, description, difficulty and settings may be changed at any time; questions only
/// while the quiz was never attempted. With `newVersion` a copy is made and edited, and the quiz stays as it is.
#[utoipa::path(put, path = "/quiz/{id}", tag = "quizzes", request_body = Edit,
    params(("id" = String, Path), Include),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = QuizView, headers(("ETag" = String))),
        (status = 201, body = QuizView, headers(("ETag" = String), ("Location" = String)), description = "The new version"),
        (status = 404, body = ProblemBody, description = "`quiz.not_found`"),
        (status = 409, body = ProblemBody, description = "`quiz.has_attempts`: its questions are final; send `newVersion`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
    ))]
pub async fn edit(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    Query(include): Query<Include>,
    conditions: Conditions,
    Json(ask): Json<Edit>,
) -> Result<Response> {
    let (store, clock) = (&app.ledger.store, &app.ledger.clock);
    loop {
        let quiz = readable(&app, &caller, id).await?;
        conditions.check(&tags(&quiz)?)?;
        let mut edited = ask.apply(&quiz, &mut clock.rng())?;
        if ask.new_version {
            let copy = copied(edited, &app);
            store.insert_quiz(&copy).await?;
            let location = [(header::LOCATION, format!("/quiz/{}", copy.id))];
            let answer = Conditions::default().answer(&include.view(copy))?;
            return Ok((StatusCode::CREATED, location, answer).into_response());
        }
        if edited != quiz {
            edited.updated_at = clock.now();
            let written = if edited.questions == quiz.questions {
                store.edit_quiz(&edited).await?
            } else if quiz.edition.attempted || store.has_attempts(id).await? {
                let detail = "The quiz has been attempted, so its questions are final. Send newVersion: true to change a copy.";
                return Err(Problem::conflict("quiz.has_attempts", detail));
            } else {
                store.replace_questions(&edited, clock.id()).await?
            };
            if !written {
                // Somebody was faster: look again whether the edit still stands.
                continue;
            }
        }
        return Conditions::default().answer(&include.view(edited));
    }
}

/// The next version of a quiz: open, with no attempts.
fn copied(quiz: Quiz, app: &App) -> Quiz {
    let now = app.ledger.clock.now();
    Quiz {
        id: app.ledger.clock.id(),
        status: QuizStatus::Active,
        total_attempts: 0,
        average_score: 0.0,
        edition: Edition {
            version: quiz.edition.version.saturating_add(1),
            previous: Some(quiz.id),
            ..Edition::default()
        },
        created_at: now,
        updated_at: now,
        ..quiz
    }
}
