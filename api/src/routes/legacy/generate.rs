//! Quizzes made while the caller waits, in the old shape.

use std::time::Duration;

use axum::{
    extract::{DefaultBodyLimit, FromRequest, FromRequestParts, MatchedPath, Request, State},
    http::{HeaderName, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::domain::{Answer, Difficulty, Id, Job, Method, Question, QuestionType, Quiz};
use utoipa::ToSchema;

use super::{caller, relabel::relabelled};
use crate::{
    app::App,
    extract::{Caller, Json, Wait},
    problem::{Problem, ProblemBody, Result},
    routes::{
        generate::{Ask, Kind, TextOrPdf, Wishes, enqueue, long_enough, pdf, tidy},
        jobs::answer,
        upload::Upload,
    },
};

/// How long the old frontend waits for a quiz.
const PATIENCE: Duration = Duration::from_secs(120);
/// Words that are read in a minute, and minutes that a question takes, as the old backend reckoned.
const WORDS_PER_MINUTE: u32 = 200;
const MINUTES_PER_QUESTION: f64 = 1.5;

/// A quiz with its answers, as the old frontend reads it.
#[derive(Debug, Serialize, ToSchema)]
pub struct OldQuiz {
    success: bool,
    #[schema(value_type = String)]
    id: Id,
    topic: String,
    difficulty: Difficulty,
    message: &'static str,
    questions: Vec<OldQuestion>,
    metadata: OldMetadata,
}

/// A question with its answer. What is unknown is empty.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OldQuestion {
    id: String,
    question: String,
    options: Vec<String>,
    correct_answer: Answer,
    explanation: String,
    #[serde(rename = "type")]
    kind: QuestionType,
    difficulty: Difficulty,
    points: f64,
}

/// What the quiz was made from, and how.
#[derive(Debug, Serialize, ToSchema)]
pub struct OldMetadata {
    total_questions: usize,
    content_analyzed: Analyzed,
    generation_method: GenerationMethod,
    /// Minutes, 1.5 a question.
    estimated_completion_time: f64,
    source_type: SourceType,
    #[serde(skip_serializing_if = "Option::is_none")]
    filename: Option<String>,
}

/// How much text there was.
#[derive(Debug, Serialize, ToSchema)]
pub struct Analyzed {
    word_count: u32,
    character_count: u32,
    /// Minutes.
    estimated_reading_time: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pages_processed: Option<u32>,
}

/// Who made the questions.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GenerationMethod {
    /// A model.
    Ai,
    /// Rules.
    IntelligentFallback,
}

/// What the text came from.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SourceType {
    /// Text in the request.
    Text,
    /// An uploaded PDF.
    Pdf,
}

impl OldQuiz {
    fn new(quiz: Quiz, source_type: SourceType, filename: Option<String>) -> Self {
        let total_questions = quiz.questions.len();
        let size = quiz.source_size;
        let words = size.map_or(0, |size| size.words);
        Self {
            success: true,
            id: quiz.id,
            topic: quiz.topic,
            difficulty: quiz.difficulty,
            message: "Quiz generated successfully",
            metadata: OldMetadata {
                total_questions,
                content_analyzed: Analyzed {
                    word_count: words,
                    character_count: size.map_or(0, |size| size.characters),
                    estimated_reading_time: words.div_ceil(WORDS_PER_MINUTE),
                    pages_processed: size.and_then(|size| size.pages),
                },
                generation_method: match quiz.generation.method {
                    Method::Ai => GenerationMethod::Ai,
                    Method::Local | Method::Extracted => GenerationMethod::IntelligentFallback,
                },
                estimated_completion_time: total_questions as f64 * MINUTES_PER_QUESTION,
                source_type,
                filename,
            },
            questions: quiz.questions.into_iter().map(OldQuestion::from).collect(),
        }
    }
}

impl From<Question> for OldQuestion {
    fn from(question: Question) -> Self {
        let (correct_answer, explanation) = match question.key {
            Some(key) => (key.correct_answer, key.explanation),
            None => (Answer::Text(String::new()), String::new()),
        };
        Self {
            id: question.id,
            question: question.question,
            options: question.options,
            correct_answer,
            explanation,
            kind: question.kind,
            difficulty: question.difficulty,
            points: question.points,
        }
    }
}

/// Makes a quiz in the old way, unless the caller is logged in and says by `Prefer` that they know jobs.
pub async fn serve(app: &App, request: Request, next: Next) -> Result<Response> {
    let (caller, request) = caller(app, request).await?;
    if caller.is_some() && request.headers().contains_key(HeaderName::from_static("prefer")) {
        return Ok(next.run(request).await);
    }
    let is_pdf =
        request.extensions().get::<MatchedPath>().is_some_and(|path| path.as_str().ends_with("-pdf"));
    let request = relabelled(request, app).await?;
    let ask = if is_pdf {
        pdf(Upload::from_request(request, app).await?)?
    } else {
        TextOrPdf::from_request(request, app).await?.0
    };
    made(app, caller, ask).await
}

/// A quiz to be made by a model.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct DeepSeekAsk {
    /// Wishes about the questions.
    #[garde(inner(length(chars, max = 10_000)))]
    #[schema(max_length = 10_000)]
    prompt: Option<String>,
    /// The text, at least 50 characters.
    #[garde(custom(long_enough))]
    #[schema(min_length = 50)]
    content: String,
    /// Subject; found in the text when absent.
    #[garde(inner(length(chars, max = 200)))]
    #[schema(max_length = 200)]
    topic: Option<String>,
    /// How hard.
    #[garde(skip)]
    difficulty: Option<Difficulty>,
}

/// Makes a quiz while the caller waits. The model is asked where there is a key, else rules make it.
#[utoipa::path(post, path = "/quiz/generate-deepseek", tag = "old-frontend", request_body = DeepSeekAsk, responses(
    (status = 201, body = OldQuiz, headers(("Location" = String))),
    (status = 202, body = crate::routes::jobs::JobView, description = "It takes longer than 120 s, and the caller is logged in"),
    (status = 400, body = ProblemBody, description = "`validation.failed`, `body.malformed`"),
    (status = 401, body = ProblemBody, description = "With a bearer token: `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
    (status = 403, body = ProblemBody, description = "`account.deactivated`, `auth.cross_site`"),
    (status = 413, body = ProblemBody, description = "`body.too_large`"),
    (status = 415, body = ProblemBody, description = "`body.unsupported_type`"),
    (status = 422, body = ProblemBody, description = "`text.too_short`"),
    (status = 503, body = ProblemBody, description = "`store.unavailable`, `generation.slow`, the provider's codes"),
))]
pub async fn generate_deepseek(State(app): State<App>, request: Request) -> Result<Response> {
    let (mut parts, body) = request.into_parts();
    let caller = Option::<Caller>::from_request_parts(&mut parts, &app).await?;
    let mut request = Request::from_parts(parts, body);
    DefaultBodyLimit::max(app.document_max()).apply(&mut request);
    let Json(ask) = Json::<DeepSeekAsk>::from_request(request, &app).await?;
    let wishes = Wishes {
        topic: ask.topic,
        difficulty: ask.difficulty,
        instructions: ask.prompt.and_then(tidy),
        ..Wishes::default()
    };
    made(&app, caller, Ask { bytes: ask.content.into_bytes(), kind: Kind::Text, wishes }).await
}

/// Makes a quiz and waits for it. One that takes too long goes on for those who can ask for it later; without a login
/// nobody could, so it is stopped.
async fn made(app: &App, caller: Option<Caller>, ask: Ask) -> Result<Response> {
    let (source_type, filename) = match &ask.kind {
        Kind::Text | Kind::Notes(_) => (SourceType::Text, None),
        Kind::Pdf { name, .. } => (SourceType::Pdf, name.clone()),
    };
    let user = caller.map(|caller| caller.user.id);
    let job = enqueue(app, user, ask).await?;
    let id = job.id;
    let response = answer(app, job, Wait(PATIENCE), async |job| {
        let id = Id::for_job(job.id);
        let quiz = app.ledger.store.quiz(id).await?.ok_or_else(Problem::internal)?;
        let location = [(header::LOCATION, format!("/quiz/{id}"))];
        let view = OldQuiz::new(quiz, source_type, filename);
        Ok((StatusCode::CREATED, location, Json(view)).into_response())
    })
    .await?;
    if user.is_some() || response.status() != StatusCode::ACCEPTED {
        return Ok(response);
    }
    // It may have ended this very moment, which is no error either.
    if let Err(error) = app.ledger.update(id, Job::cancel).await {
        tracing::debug!(job = %id, %error, "not cancelled");
    }
    let detail = "The quiz takes too long. Try again later, or with less text or fewer questions.";
    Err(Problem::unavailable("generation.slow", detail))
}
