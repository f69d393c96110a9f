//! Questions written by a model: one call a batch, checked against a closed schema while it arrives.

mod answer;
mod breaker;
mod check;
mod client;
mod curriculum;
mod error;
mod intake;
mod locate;
mod parse;
mod prompt;
mod provider;
mod sse;
mod tape;
mod variants;

use shared::domain::{Difficulty, QuestionType};

pub use self::{
    answer::{Completion, FinishReason, Usage},
    check::CHECK_VERSION,
    client::{Chat, Client, Dialect, Message, Role, Settings},
    curriculum::PLAN_VERSION,
    error::LlmError,
    intake::{Reason, Rejected},
    parse::Scanner,
    prompt::QUIZ_VERSION,
    tape::Tape,
};
pub(crate) use self::{
    check::{Check, check_keys, check_messages, is_choice},
    curriculum::curriculum,
    prompt::Task,
    provider::{Provider, Purpose},
};
use crate::{draft::Draft, material::Material};

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
    /// Sections to ask about, by index; all where none is named.
    pub sections: &'a [usize],
    /// Texts of questions that exist already or were refused.
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

/// The messages that ask for one batch, the same for the same material and request.
pub fn messages(material: &Material, request: &Request<'_>) -> Vec<Message> {
    prompt::quiz(material, &with_types(request))
}

/// Tokens that a call for so many questions will use in both directions, roughly: DeepSeek counts a letter of most
/// scripts as a third of a token and a Chinese character as two thirds, and a question with all that belongs to it has
/// some 300 tokens, which its check reads once more.
pub fn estimate(messages: &[Message], questions: usize) -> u64 {
    messages.iter().map(|message| tenths(&message.content)).sum::<u64>() / 10 + 600 * questions as u64
}

/// Tenths of tokens of a text, roughly.
fn tenths(text: &str) -> u64 {
    text.chars().map(|char| if char.is_ascii() { 3 } else { 6 }).sum()
}

fn with_types<'a>(request: &Request<'a>) -> Request<'a> {
    let types: &[_] = if request.types.is_empty() { &[QuestionType::MultipleChoice] } else { request.types };
    Request { types, ..*request }
}

/// Asks for one batch and hands each sound question to `accept` as soon as it has arrived.
///
/// # Errors
///
/// Any [`LlmError`]; drafts handed over before it are sound.
pub async fn generate(
    client: &Client,
    material: &Material,
    request: &Request<'_>,
    mut accept: impl FnMut(Draft),
) -> Result<Batch, LlmError> {
    let request = with_types(request);
    let messages = prompt::quiz(material, &request);
    let chat = Chat { messages: &messages, user_id: request.user_id, effort: None };

    let mut scanner = Scanner::default();
    let mut intake = intake::Intake::new(&material.document, &request);
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
