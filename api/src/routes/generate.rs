//! Asking for quizzes. The answer is a job, or what became of it for those who wait.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, FromRequest, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use garde::Validate;
use serde::{Deserialize, de::IntoDeserializer};
use shared::{
    domain::{Difficulty, DocumentKind, Id, Job, QuestionType, Tariff, Timestamp, When},
    jobs::quiz_generate::{QuizGenerate, Source},
    store::BlobUse,
};
use utoipa::ToSchema;

use super::{
    jobs::{JobView, answer},
    notes,
    quiz_edit::plain,
    quizzes::QuizView,
    upload::Upload,
};
use crate::{
    app::App,
    extract::{Caller, Json, Validated, Wait, body_problem},
    problem::{Problem, ProblemBody, Result},
    routes::{Routes, routes},
};

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new().routes(routes!(generate)).routes(routes!(generate_from_pdf))
}

/// Fewest characters a text must have.
pub(super) const TEXT_MIN: usize = 50;

/// Where the text of a quiz comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum InputMethod {
    /// `textContent` of this request.
    Text,
    /// The notes of `noteIds`.
    Notes,
    /// A form's `file`.
    Pdf,
}

/// A quiz to be made from a text or from notes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the body for the document; its parts are read one by one")]
pub enum FromJson {
    /// From a text.
    Text(FromText),
    /// From notes.
    Notes(FromNotes),
}

/// A quiz to be made from a text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body for the document; its parts are read one by one")]
pub struct FromText {
    #[schema(value_type = String, pattern = "^text$")]
    input_method: InputMethod,
    #[serde(flatten)]
    text: Text,
    #[serde(flatten)]
    wishes: Wishes,
}

/// A quiz to be made from notes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body for the document; its parts are read one by one")]
pub struct FromNotes {
    #[schema(value_type = String, pattern = "^notes$")]
    input_method: InputMethod,
    #[serde(flatten)]
    notes: Notes,
    #[serde(flatten)]
    wishes: Wishes,
}

/// Where the text comes from.
#[derive(Debug, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
struct Origin {
    /// A PDF is sent as a form.
    #[garde(custom(in_json))]
    input_method: InputMethod,
}

fn in_json(method: &InputMethod, _: &()) -> garde::Result {
    match method {
        InputMethod::Text | InputMethod::Notes => Ok(()),
        InputMethod::Pdf => {
            Err(garde::Error::new("must be text or notes in JSON; send a PDF as multipart/form-data"))
        }
    }
}

/// The text.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Text {
    /// The text, at least 50 characters.
    #[garde(custom(long_enough))]
    #[schema(min_length = 50)]
    text_content: String,
}

/// The notes.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Notes {
    /// Notes of the caller, 1–50, as they are now; together at least 50 characters of content.
    #[garde(length(min = 1, max = 50))]
    #[schema(min_items = 1, max_items = 50, value_type = Vec<String>)]
    note_ids: Vec<Id>,
}

pub(super) fn long_enough(text: &str, _: &()) -> garde::Result {
    let count = text.trim().chars().count();
    if count >= TEXT_MIN {
        return Ok(());
    }
    Err(garde::Error::new(format!("must have at least {TEXT_MIN} characters; it has {count}")))
}

/// What the quiz should be like.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Wishes {
    /// Subject; found in the text when absent.
    #[garde(inner(length(chars, max = 200), custom(plain)))]
    #[schema(max_length = 200)]
    pub(super) topic: Option<String>,
    /// Name; made from the topic when absent.
    #[garde(inner(length(chars, max = 200), custom(plain)))]
    #[schema(max_length = 200)]
    pub(super) title: Option<String>,
    /// How hard.
    #[garde(skip)]
    pub(super) difficulty: Option<Difficulty>,
    /// How many questions, 1–200; when absent one for each 200 words, at least 5.
    #[garde(inner(range(min = 1, max = 200)))]
    #[schema(minimum = 1, maximum = 200)]
    pub(super) question_count: Option<u32>,
    /// Which types; multiple choice when absent.
    #[garde(inner(length(max = 8)))]
    pub(super) question_types: Option<Vec<QuestionType>>,
    /// Language of the questions (BCP 47); the text's when absent.
    #[garde(inner(length(min = 2, max = 35)))]
    #[schema(min_length = 2, max_length = 35)]
    pub(super) language: Option<String>,
    /// Wishes in your own words, at most 500 characters.
    #[garde(inner(length(chars, max = 500)))]
    #[schema(max_length = 500)]
    pub(super) instructions: Option<String>,
    /// Earliest start.
    #[garde(skip)]
    pub(super) not_before: Option<Timestamp>,
    /// By when the quiz is needed. Where that leaves time enough, it is made in the provider's cheaper hours.
    #[garde(skip)]
    pub(super) finish_by: Option<Timestamp>,
}

/// How long before its end a job is begun at the latest, in whatever hours.
const TIME_TO_FINISH: Duration = Duration::from_secs(30 * 60);

impl Wishes {
    /// When the job may run: in cheaper hours, if they come in time.
    fn when(&self, now: Timestamp, tariff: Option<&Tariff>) -> When {
        let start = self.not_before.unwrap_or(now).max(now);
        let cheaper_from = self.finish_by.zip(tariff).and_then(|(by, tariff)| {
            tariff.cheaper_from(start).filter(|cheaper| *cheaper + TIME_TO_FINISH <= by)
        });
        When { not_before: self.not_before, finish_by: self.finish_by, cheaper_from }
    }

    /// A time by which nothing can be done is a mistake.
    fn check_times(&self, now: Timestamp) -> Result<()> {
        let start = self.not_before.unwrap_or(now).max(now);
        match self.finish_by {
            Some(by) if by <= start => {
                Err(Problem::field("finishBy", "finishBy must be in the future, and after notBefore"))
            }
            _ => Ok(()),
        }
    }
}

/// A name without space around; a blank one is none, as forms send it.
pub(super) fn tidy(name: String) -> Option<String> {
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// A quiz to be made from a PDF or another document, as a form; lists are repeated fields.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the form for the document; the form itself is read field by field")]
pub struct FromPdf {
    /// The PDF, or a Word document, a PowerPoint presentation, a web page or a text, told by its content; at most
    /// `MAX_FILE_SIZE`.
    #[schema(format = Binary, value_type = String)]
    file: Vec<u8>,
    /// `pdf`, as in JSON another one.
    #[schema(inline)]
    input_method: Option<FormMethod>,
    topic: Option<String>,
    title: Option<String>,
    difficulty: Option<Difficulty>,
    #[schema(minimum = 1, maximum = 200)]
    question_count: Option<u32>,
    question_types: Option<Vec<QuestionType>>,
    language: Option<String>,
    instructions: Option<String>,
    /// Earliest start.
    not_before: Option<Timestamp>,
    /// By when the quiz is needed. Where that leaves time enough, it is made in the provider's cheaper hours.
    finish_by: Option<Timestamp>,
    /// Pages of a PDF to read, such as `1-3,7`; all when absent.
    pages: Option<String>,
    /// Password that opens the PDF, at most 256 characters.
    #[schema(max_length = 256)]
    password: Option<String>,
}

/// What a form can be made from.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the form for the document")]
enum FormMethod {
    Pdf,
}

/// What a quiz is to be made from, checked.
pub(super) struct Ask {
    pub(super) bytes: Vec<u8>,
    pub(super) kind: Kind,
    pub(super) wishes: Wishes,
}

pub(super) enum Kind {
    Text,
    /// Whose texts are read when the job is recorded, so that it asks about them as they are then.
    Notes(Vec<Id>),
    /// With the name of the file.
    Pdf {
        document: DocumentKind,
        pages: Option<String>,
        password: Option<String>,
        name: Option<String>,
    },
}

/// JSON with a text or the ids of notes, or a form with a PDF.
pub struct TextOrPdf(pub(super) Ask);

impl FromRequest<App> for TextOrPdf {
    type Rejection = Problem;

    async fn from_request(mut request: Request, app: &App) -> Result<Self> {
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default();
        if kind.starts_with("multipart/form-data") {
            let mut upload = Upload::from_request(request, app).await?;
            if upload.text("inputMethod").is_some_and(|method| method != "pdf") {
                return Err(Problem::field(
                    "inputMethod",
                    "inputMethod must be pdf in a form; send a text or notes as JSON",
                ));
            }
            return Ok(Self(pdf(upload)?));
        }
        DefaultBodyLimit::max(app.document_max()).apply(&mut request);
        // Read one by one, because an error within a flattened part does not name its field.
        let (head, body) = request.into_parts();
        let body = Bytes::from_request(Request::from_parts(head.clone(), body), app).await;
        let body = body.map_err(|rejection| body_problem(&rejection))?;
        let again = || Request::from_parts(head.clone(), Body::from(body.clone()));
        let Json(origin) = Json::<Origin>::from_request(again(), app).await?;
        let (bytes, kind) = match origin.input_method {
            InputMethod::Notes => {
                let Json(notes) = Json::<Notes>::from_request(again(), app).await?;
                (Vec::new(), Kind::Notes(notes.note_ids))
            }
            InputMethod::Text | InputMethod::Pdf => {
                let Json(text) = Json::<Text>::from_request(again(), app).await?;
                (text.text_content.into_bytes(), Kind::Text)
            }
        };
        let Json(wishes) = Json::<Wishes>::from_request(again(), app).await?;
        Ok(Self(Ask { bytes, kind, wishes }))
    }
}

pub(super) fn pdf(mut upload: Upload) -> Result<Ask> {
    let (bytes, document) = upload.document()?;
    let pages = upload.pages()?;
    let types = upload
        .texts("questionTypes")
        .iter()
        .map(|name| named(name, "questionTypes"))
        .collect::<Result<_>>()?;
    let question_count = upload.text("questionCount").map(|count| {
        count.parse().map_err(|_| Problem::field("questionCount", "questionCount must be a whole number"))
    });
    let wishes = Wishes {
        topic: upload.text("topic"),
        title: upload.text("title"),
        difficulty: upload.text("difficulty").map(|name| named(&name, "difficulty")).transpose()?,
        question_count: question_count.transpose()?,
        question_types: Some(types),
        language: upload.text("language"),
        instructions: upload.text("instructions"),
        not_before: upload.text("notBefore").map(|text| named(&text, "notBefore")).transpose()?,
        finish_by: upload.text("finishBy").map(|text| named(&text, "finishBy")).transpose()?,
    };
    let password = upload.password()?;
    let kind = Kind::Pdf { document, pages, password, name: upload.file_name.take() };
    Ok(Ask { bytes, kind, wishes: wishes.validated()? })
}

/// A form's text as the type that JSON would give.
fn named<'de, T: Deserialize<'de>>(text: &'de str, field: &str) -> Result<T> {
    T::deserialize(text.into_deserializer()).map_err(|error: serde::de::value::Error| {
        Problem::field(field, format!("{field} is not valid: {error}"))
    })
}

/// Makes a quiz from a text or from notes (JSON), or from a PDF or another document (form).
#[utoipa::path(post, path = "/quiz/generate", tag = "quizzes",
    request_body(content((FromJson = "application/json"), (FromPdf = "multipart/form-data"))),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 202, body = JobView, description = "Accepted: follow the job", headers(("Location" = String), ("Retry-After" = u32))),
        (status = 201, body = QuizView, description = "With `Prefer: wait=N`, when it is ready in time"),
        (status = 400, body = ProblemBody, description = "`validation.failed`, `body.malformed`, `file.empty`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 404, body = ProblemBody, description = "`note.not_found`"),
        (status = 413, body = ProblemBody, description = "`file.too_large`, `body.too_large`"),
        (status = 415, body = ProblemBody, description = "`file.not_pdf`, `body.unsupported_type`"),
        (status = 422, body = ProblemBody, description = "With `Prefer: wait=N`: the input is at fault (`pdf.encrypted`, `pdf.no_text`, `pdf.damaged`, `pdf.too_complex`, `text.too_short`)"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`; with `Prefer: wait=N` also the provider's codes"),
    ))]
pub async fn generate(
    State(app): State<App>,
    caller: Caller,
    wait: Wait,
    TextOrPdf(ask): TextOrPdf,
) -> Result<Response> {
    start(&app, &caller, wait, ask).await
}

/// Makes a quiz from a PDF, a Word document, a PowerPoint presentation, a web page, Markdown or plain text.
#[utoipa::path(post, path = "/quiz/generate-from-pdf", tag = "quizzes",
    request_body(content = FromPdf, content_type = "multipart/form-data"),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 202, body = JobView, description = "Accepted: follow the job", headers(("Location" = String), ("Retry-After" = u32))),
        (status = 201, body = QuizView, description = "With `Prefer: wait=N`, when it is ready in time"),
        (status = 400, body = ProblemBody, description = "`validation.failed`, `body.malformed`, `file.empty`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 413, body = ProblemBody, description = "`file.too_large`"),
        (status = 415, body = ProblemBody, description = "`file.not_pdf`, `body.unsupported_type`"),
        (status = 422, body = ProblemBody, description = "With `Prefer: wait=N`: the input is at fault"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`; with `Prefer: wait=N` also the provider's codes"),
    ))]
pub async fn generate_from_pdf(
    State(app): State<App>,
    caller: Caller,
    wait: Wait,
    upload: Upload,
) -> Result<Response> {
    start(&app, &caller, wait, pdf(upload)?).await
}

async fn start(app: &App, caller: &Caller, wait: Wait, ask: Ask) -> Result<Response> {
    let job = enqueue(app, Some(caller.user.id), ask).await?;
    answer(app, job, wait, async |job| {
        let id = Id::for_job(job.id);
        let quiz = app.ledger.store.quiz(id).await?.ok_or_else(Problem::internal)?;
        let location = [(header::LOCATION, format!("/quiz/{id}"))];
        Ok((StatusCode::CREATED, location, Json(QuizView::without_answers(quiz))).into_response())
    })
    .await
}

/// Keeps what a quiz is to be made from, and records the job that makes it.
pub(super) async fn enqueue(app: &App, user: Option<Id>, ask: Ask) -> Result<Job> {
    let now = app.ledger.clock.now();
    ask.wishes.check_times(now)?;
    let config = app.live.now();
    let tariff = config.deepseek.is_some().then_some(&config.ai.tariff);
    let when = ask.wishes.when(now, tariff);
    let bytes = match &ask.kind {
        Kind::Notes(ids) => notes::texts(app, user, ids).await?.into_bytes(),
        Kind::Text | Kind::Pdf { .. } => ask.bytes,
    };
    let blob = app.ledger.clock.id();
    app.ledger.store.note_blob_use(blob, BlobUse::Upload, now).await?;
    app.ledger.store.put_blob(blob, bytes).await?;
    let source = match ask.kind {
        Kind::Text | Kind::Notes(_) => Source::Text { blob },
        Kind::Pdf { document, pages, password, .. } => Source::Pdf { blob, pages, password, kind: document },
    };
    let payload = QuizGenerate {
        source,
        topic: ask.wishes.topic.and_then(tidy),
        title: ask.wishes.title.and_then(tidy),
        difficulty: ask.wishes.difficulty.unwrap_or_default(),
        question_count: ask.wishes.question_count,
        question_types: ask.wishes.question_types.unwrap_or_default(),
        language: ask.wishes.language,
        instructions: ask.wishes.instructions,
    };
    let id = app.ledger.clock.job_id();
    Ok(app.ledger.enqueue(id, user, &payload, when).await?)
}

#[cfg(test)]
mod tests {
    use shared::domain::Prices;

    use super::*;

    /// An instant of a day, in Beijing.
    fn beijing(time: &str) -> Timestamp {
        let instant: jiff::Timestamp = format!("{time}+08:00").parse().unwrap();
        Timestamp(instant.as_millisecond())
    }

    fn cheaper(
        tariff: &Tariff,
        now: &str,
        not_before: Option<&str>,
        finish_by: Option<&str>,
    ) -> Option<Timestamp> {
        let wishes = Wishes {
            not_before: not_before.map(beijing),
            finish_by: finish_by.map(beijing),
            ..Wishes::default()
        };
        wishes.when(beijing(now), Some(tariff)).cheaper_from
    }

    #[test]
    fn a_job_waits_for_cheaper_hours_if_they_come_in_time() {
        let prices = Prices::of_model("deepseek-flash");
        let tariff = Tariff { prices, peak_factor: 2.0, currency: "CNY".into() };
        let monday = "2026-11-30T10:00:00";
        let noon = Some(beijing("2026-11-30T12:00:00"));
        assert_eq!(cheaper(&tariff, monday, None, Some("2026-11-30T12:30:00")), noon);
        assert_eq!(cheaper(&tariff, monday, None, Some("2026-11-30T12:29:59")), None);
        assert_eq!(cheaper(&tariff, monday, None, None), None);
        assert_eq!(cheaper(&tariff, "2026-11-30T12:30:00", None, Some("2026-12-01T00:00:00")), None);
        let later = cheaper(&tariff, monday, Some("2026-11-30T15:00:00"), Some("2026-12-01T00:00:00"));
        assert_eq!(later, Some(beijing("2026-11-30T18:00:00")));
        assert_eq!(
            cheaper(&tariff, "2026-11-29T10:00:00", None, Some("2026-11-30T00:00:00")),
            None,
            "a Sunday"
        );
        let flat = Tariff { peak_factor: 1.0, ..tariff };
        assert_eq!(cheaper(&flat, monday, None, Some("2026-12-01T00:00:00")), None);
    }

    #[test]
    fn a_time_by_which_nothing_can_be_done_is_a_mistake() {
        let now = beijing("2026-11-30T10:00:00");
        let check = |not_before: Option<&str>, finish_by: &str| {
            let (not_before, finish_by) = (not_before.map(beijing), Some(beijing(finish_by)));
            Wishes { not_before, finish_by, ..Wishes::default() }.check_times(now).is_ok()
        };
        assert!(check(None, "2026-11-30T10:00:01") && !check(None, "2026-11-30T10:00:00"));
        assert!(!check(Some("2026-11-30T11:00:00"), "2026-11-30T11:00:00"));
    }
}
