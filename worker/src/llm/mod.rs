//! Questions written by a model: one call a batch, checked against a closed schema while it arrives.

mod client;
mod curriculum;
mod error;
mod intake;
mod locate;
mod parse;
mod prompt;
mod sse;

use shared::domain::{Difficulty, QuestionType};

pub(crate) use self::curriculum::curriculum;
pub use self::{
    client::{Chat, Client, Completion, FinishReason, Message, Role, Settings, Thinking, Usage},
    curriculum::PLAN_VERSION,
    error::LlmError,
    intake::{Reason, Rejected},
    parse::Scanner,
    prompt::QUIZ_VERSION,
};
use crate::{document::Document, draft::Draft};

/// What one batch shall hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct Request<'a> {
    /// Most questions to accept.
    pub count: usize,
    /// Kinds to ask for; empty means the default kind.
    pub types: &'a [QuestionType],
    /// How hard they shall be; also what a question counts as that does not say.
    pub difficulty: Difficulty,
    /// What they shall be about.
    pub topic: Option<&'a str>,
    /// Further wishes of the user.
    pub instructions: Option<&'a str>,
    /// Language to write in; the document's own where absent.
    pub language: Option<&'a str>,
    /// Texts of questions that exist already.
    pub already: &'a [String],
    /// Isolates users at the provider; opaque, nothing a person could be known by.
    pub user_id: Option<&'a str>,
}

/// How a batch ended, apart from the drafts already handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// What it cost.
    pub usage: Usage,
    /// What was not accepted, and why.
    pub rejected: Rejected,
    /// Whether the answer broke off: the rest may be asked for.
    pub truncated: bool,
    /// The model that wrote it.
    pub model: String,
}

/// Asks for one batch and hands each sound question to `accept` as soon as it has arrived.
///
/// # Errors
///
/// Any [`LlmError`]; drafts handed over before it are sound.
pub async fn generate(
    client: &Client,
    document: &Document,
    request: &Request<'_>,
    mut accept: impl FnMut(Draft),
) -> Result<Batch, LlmError> {
    let types: &[_] = if request.types.is_empty() { &[QuestionType::MultipleChoice] } else { request.types };
    let request = Request { types, ..*request };
    let messages = prompt::quiz(document, &request);
    let chat = Chat { messages: &messages, user_id: request.user_id, thinking: Thinking::Disabled };

    let mut scanner = Scanner::default();
    let mut intake = intake::Intake::new(document, &request);
    let completion = client
        .chat(&chat, |text| {
            scanner.push(text, |item| {
                if let Some(draft) = intake.take(item) {
                    accept(draft);
                }
            });
        })
        .await?;

    if !scanner.found() {
        let what = "the answer has no list of questions";
        return Err(LlmError::Malformed { what, usage: completion.usage });
    }
    Ok(Batch {
        usage: completion.usage,
        rejected: intake.rejected,
        truncated: completion.finish_reason == FinishReason::Length || scanner.is_open(),
        model: client.settings().model.clone(),
    })
}
