//! An answer put together from the events of its stream.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{LlmError, client::Message, tenths};

/// What a call cost, in tokens: as the provider says, or reckoned from the texts where it does not or could not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompt, cached ones included.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub completion_tokens: u64,
    /// Tokens of the prompt that came from the provider's cache.
    pub cached_tokens: u64,
}

/// Why the model stopped, as the protocol names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The answer is complete.
    Stop,
    /// The answer is cut at the most tokens allowed.
    Length,
    /// The provider's filter stopped it.
    ContentFilter,
    /// It wants to call a tool; we offer none.
    ToolCalls,
    /// The provider ran out of resources.
    InsufficientSystemResource,
    /// Some servers say so of an answer that is not finished.
    #[serde(rename = "")]
    Open,
    /// A reason that is not documented.
    #[serde(other)]
    Unknown,
}

impl FinishReason {
    /// The name in the protocol; one that is not documented has none of its own.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ContentFilter => "content_filter",
            Self::ToolCalls => "tool_calls",
            Self::InsufficientSystemResource => "insufficient_system_resource",
            Self::Open => "",
            Self::Unknown => "unknown",
        }
    }
}

/// How an answer ended that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Completion {
    /// `Stop` or `Length`; the others are errors.
    pub finish_reason: FinishReason,
    /// What it cost.
    pub usage: Usage,
}

/// What has arrived of an answer.
pub(super) struct Answer {
    room: usize,
    blank: bool,
    /// Why it ended, once it has.
    pub finish_reason: Option<FinishReason>,
    /// As the provider says.
    usage: Option<Usage>,
    /// Of the prompt and of what has arrived, in [`tenths`] of tokens.
    estimate: (u64, u64),
    /// Whether nothing more follows.
    pub done: bool,
}

impl Answer {
    /// An answer to these messages whose text may have so many bytes.
    pub fn new(room: usize, messages: &[Message]) -> Self {
        let prompt = messages.iter().map(|message| tenths(&message.content)).sum();
        Self { room, blank: true, finish_reason: None, usage: None, estimate: (prompt, 0), done: false }
    }

    /// What it has cost. A provider tells at the end: before that it is reckoned, once something has arrived.
    pub fn usage(&self) -> Usage {
        self.usage.unwrap_or_else(|| match self.estimate {
            (_, 0) => Usage::default(),
            (prompt, completion) => Usage {
                prompt_tokens: prompt.div_ceil(10),
                completion_tokens: completion.div_ceil(10),
                cached_tokens: 0,
            },
        })
    }

    /// Takes the data of one event, and hands over the text in it.
    pub fn event(&mut self, data: &str, text: &mut impl FnMut(&str)) -> Result<(), LlmError> {
        if data.trim() == "[DONE]" {
            self.done = true;
            return Ok(());
        }
        let chunk: Chunk =
            serde_json::from_str(data).map_err(|_| self.malformed("an event is not a chunk"))?;
        if let Some(error) = chunk.error {
            let status = error["code"].as_u64().and_then(|code| u16::try_from(code).ok());
            return Err(LlmError::from_status(status.filter(|code| *code >= 400).unwrap_or(500), None));
        }
        if let Some(usage) = chunk.usage {
            self.usage = Some(usage.into());
        }
        for choice in chunk.choices.into_iter().flatten() {
            let delta = choice.delta.unwrap_or_default();
            self.estimate.1 += delta.reasoning_content.as_deref().map_or(0, tenths);
            if let Some(content) = delta.content {
                self.estimate.1 += tenths(&content);
                let room = self.room.checked_sub(content.len());
                self.room = room.ok_or_else(|| self.malformed("the answer is too long"))?;
                self.blank &= content.trim().is_empty();
                text(&content);
            }
            let finished = choice.finish_reason.filter(|reason| *reason != FinishReason::Open);
            self.finish_reason = finished.or(self.finish_reason);
        }
        Ok(())
    }

    fn malformed(&self, what: &'static str) -> LlmError {
        LlmError::Malformed { what, usage: self.usage() }
    }

    /// How it ended, once nothing more arrives.
    pub fn completion(self) -> Result<Completion, LlmError> {
        let usage = self.usage();
        match self.finish_reason.ok_or(LlmError::Cut { usage })? {
            FinishReason::Stop | FinishReason::Length if self.blank => Err(LlmError::Blank { usage }),
            finish_reason @ (FinishReason::Stop | FinishReason::Length) => {
                Ok(Completion { finish_reason, usage })
            }
            FinishReason::ContentFilter => Err(LlmError::ContentFilter { usage }),
            FinishReason::InsufficientSystemResource => Err(LlmError::Overloaded { usage }),
            FinishReason::ToolCalls => Err(LlmError::Malformed { what: "it calls a tool", usage }),
            FinishReason::Open | FinishReason::Unknown => {
                Err(LlmError::Malformed { what: "its finish reason is not known", usage })
            }
        }
    }
}

#[derive(Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<WireUsage>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    delta: Option<Delta>,
    finish_reason: Option<FinishReason>,
}

#[derive(Deserialize, Default)]
struct Delta {
    content: Option<String>,
    /// What a model thinks first: paid for, and not read.
    reasoning_content: Option<String>,
}

#[derive(Deserialize)]
struct WireUsage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
    /// As DeepSeek tells it.
    prompt_cache_hit_tokens: Option<u64>,
    /// As others tell it.
    prompt_tokens_details: Option<PromptTokens>,
}

#[derive(Deserialize)]
struct PromptTokens {
    #[serde(default)]
    cached_tokens: u64,
}

impl From<WireUsage> for Usage {
    fn from(usage: WireUsage) -> Self {
        let details = usage.prompt_tokens_details.map(|details| details.cached_tokens);
        Self {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            cached_tokens: usage.prompt_cache_hit_tokens.or(details).unwrap_or_default(),
        }
    }
}
