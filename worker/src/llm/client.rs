//! One call to a chat completion endpoint, streamed.

use std::{borrow::Cow, sync::Arc, time::Duration};

use futures::StreamExt;
use reqwest::{
    Response,
    header::{DATE, HeaderMap, RETRY_AFTER},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{clock::Clock, config::Effort, domain::Exchange, telemetry::traces};
use tokio::time::{Instant, timeout, timeout_at};
use tracing::Instrument;

use super::{
    LlmError,
    sse::Decoder,
    tape::{Tape, Track},
    tenths,
};

/// What a provider understands beyond the protocol that all of them share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// DeepSeek: thinking can be switched, and users are told apart.
    Deepseek,
    /// Nothing. The API is under `/v1`, unless the base URL says so itself.
    OpenAi,
}

/// The provider and how to call it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Root of the API, without `/chat/completions`.
    pub base_url: String,
    /// Sent as a bearer token, where there is one.
    pub api_key: Option<SecretString>,
    /// What it understands beyond the common protocol.
    pub dialect: Dialect,
    /// The model's name.
    pub model: String,
    /// Longest silence. Keep-alives are not silence: they are sent while a request waits in the queue.
    pub idle_timeout: Duration,
    /// Longest time in which nothing but keep-alives arrives.
    pub queue_timeout: Duration,
    /// Longest time from a call's beginning to the end of its answer.
    pub deadline: Duration,
    /// Most tokens of one answer.
    pub max_tokens: u32,
    /// Most bytes of one answer's text.
    pub max_answer_bytes: usize,
}

impl Default for Settings {
    /// DeepSeek as it documents itself, without the key of an account.
    fn default() -> Self {
        Self {
            base_url: "https://api.deepseek.com".to_owned(),
            api_key: None,
            dialect: Dialect::Deepseek,
            model: "deepseek-flash".to_owned(),
            idle_timeout: Duration::from_secs(60),
            // The provider itself gives up after about ten minutes.
            queue_timeout: Duration::from_secs(11 * 60),
            deadline: Duration::from_secs(15 * 60),
            max_tokens: 32_768,
            max_answer_bytes: 4 << 20,
        }
    }
}

impl Settings {
    fn url(&self) -> String {
        let base = self.base_url.trim_end_matches('/');
        match self.dialect {
            Dialect::OpenAi if !base.ends_with("/v1") => format!("{base}/v1/chat/completions"),
            Dialect::OpenAi | Dialect::Deepseek => format!("{base}/chat/completions"),
        }
    }
}

/// Who says a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Our standing rules.
    System,
    /// The material and the task.
    User,
}

impl Role {
    /// The name in the protocol.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
        }
    }
}

/// One message of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub content: String,
}

/// What to ask. The answer is always a JSON object, so the messages must name JSON and show an example.
#[derive(Debug, Clone, Copy)]
pub struct Chat<'a> {
    /// The prompt; what several calls share comes first.
    pub messages: &'a [Message],
    /// Isolates scheduling and cache at the provider.
    pub user_id: Option<&'a str>,
    /// How much the model thinks first; the thoughts are dropped. With none it answers at once.
    pub effort: Option<Effort>,
}

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

/// Calls one provider; cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    source: Source,
    settings: Arc<Settings>,
    rules: Option<Arc<str>>,
    track: Option<Track>,
}

/// Where answers come from.
#[derive(Debug, Clone)]
enum Source {
    Provider(reqwest::Client),
    /// What was once answered, whatever is asked.
    Played(Arc<Exchange>),
}

impl Client {
    /// A client that calls over `http`, which must not limit the whole time of a request.
    pub fn new(http: reqwest::Client, settings: Settings) -> Self {
        let source = Source::Provider(http);
        Self { source, settings: Arc::new(settings), rules: None, track: None }
    }

    /// A client that asks nobody, and gives the answer of this exchange.
    pub fn played(exchange: Exchange) -> Self {
        let settings = Settings { model: exchange.model.clone(), ..Settings::default() };
        let source = Source::Played(Arc::new(exchange));
        Self { source, settings: Arc::new(settings), rules: None, track: None }
    }

    /// The same client, which says something else in place of the standing rules.
    #[must_use]
    pub fn with_rules(&self, rules: Arc<str>) -> Self {
        Self { rules: Some(rules), ..self.clone() }
    }

    /// The same client, whose calls are written on a tape.
    #[must_use]
    pub(crate) fn written_on(&self, tape: &Tape, clock: Clock) -> Self {
        self.recorded(Track { tape: tape.clone(), purpose: "", clock })
    }

    /// The same client, whose calls are written down.
    #[must_use]
    pub(super) fn recorded(&self, track: Track) -> Self {
        Self { track: Some(track), ..self.clone() }
    }

    /// How it calls.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Asks once and hands over the answer's text piece by piece while it arrives. Dropping the future
    /// drops the connection.
    ///
    /// # Errors
    ///
    /// Any [`LlmError`]; pieces handed over before it are good as far as they go.
    pub async fn chat(&self, chat: &Chat<'_>, text: impl FnMut(&str)) -> Result<Completion, LlmError> {
        let model = &self.settings.model;
        let span = tracing::error_span!(
            "provider",
            otel.name = format!("chat {model}"),
            otel.kind = "client",
            gen_ai.operation.name = "chat",
            gen_ai.request.model = model,
            purpose = self.track.as_ref().map(|track| track.purpose),
        );
        let ended = Box::pin(self.ask(chat, text)).instrument(span.clone()).await;
        let usage = match &ended {
            Ok(completion) => Some(completion.usage),
            Err(error) => {
                traces::failed(&span, error.code());
                error.usage()
            }
        };
        if let Some(usage) = usage {
            let tokens = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
            traces::note(&span, "gen_ai.usage.input_tokens", tokens(usage.prompt_tokens));
            traces::note(&span, "gen_ai.usage.output_tokens", tokens(usage.completion_tokens));
        }
        ended
    }

    async fn ask(&self, chat: &Chat<'_>, mut text: impl FnMut(&str)) -> Result<Completion, LlmError> {
        let messages = self.messages(chat.messages);
        let chat = &Chat { messages: &messages, ..*chat };
        let mut recording = self.track.as_ref().map(|track| track.begin(&self.settings.model, chat.messages));
        let mut answer = Answer::new(self.settings.max_answer_bytes, chat.messages);
        let heard = |piece: &str| {
            if let Some(recording) = &mut recording {
                recording.heard(piece);
            }
            text(piece);
        };
        let streamed = timeout(self.settings.deadline, self.stream(chat, &mut answer, heard)).await;
        let finish_reason = answer.finish_reason;
        let ended = match streamed {
            Ok(streamed) => streamed.and_then(|()| answer.completion()),
            Err(_) => Err(LlmError::Deadline { usage: answer.usage() }),
        };
        if let Some(recording) = &mut recording {
            recording
                .ended(finish_reason.map(FinishReason::as_str), ended.as_ref().err().map(LlmError::code));
        }
        ended
    }

    fn messages<'m>(&self, messages: &'m [Message]) -> Cow<'m, [Message]> {
        let Some(rules) = &self.rules else { return Cow::Borrowed(messages) };
        let mut messages = messages.to_vec();
        if let Some(first) = messages.iter_mut().find(|message| message.role == Role::System) {
            first.content = rules.to_string();
        }
        Cow::Owned(messages)
    }

    async fn stream(
        &self,
        chat: &Chat<'_>,
        answer: &mut Answer,
        mut text: impl FnMut(&str),
    ) -> Result<(), LlmError> {
        let settings = &*self.settings;
        let http = match &self.source {
            Source::Provider(http) => http,
            Source::Played(exchange) => {
                let choice = json!({
                    "delta": { "content": exchange.answer }, "finish_reason": exchange.finish_reason,
                });
                return answer.event(&json!({ "choices": [choice] }).to_string(), &mut text);
            }
        };
        let response = self.send(http, chat).await?;
        let mut body = response.bytes_stream();
        let mut decoder = Decoder::new(settings.max_answer_bytes);
        let mut events = Vec::new();
        let mut queued_until = Instant::now() + settings.queue_timeout;
        while !answer.done {
            let silent_until = Instant::now() + settings.idle_timeout;
            let bytes = match timeout_at(silent_until.min(queued_until), body.next()).await {
                Ok(Some(Ok(bytes))) => bytes,
                Ok(None) => break,
                // Only the usage is missing then.
                Ok(Some(Err(_))) | Err(_) if answer.finish_reason.is_some() => break,
                Ok(Some(Err(error))) if error.is_timeout() => {
                    return Err(LlmError::Timeout { usage: answer.usage() });
                }
                Ok(Some(Err(_))) => return Err(LlmError::Cut { usage: answer.usage() }),
                Err(_) => return Err(LlmError::Timeout { usage: answer.usage() }),
            };
            decoder.push(&bytes, &mut events)?;
            if !events.is_empty() {
                queued_until = Instant::now() + settings.queue_timeout;
            }
            for event in events.drain(..) {
                answer.event(&event, &mut text)?;
            }
        }
        if !answer.done
            && let Some(event) = decoder.finish()
        {
            // Half an event is no fault of the format but of the connection.
            answer.event(&event, &mut text).map_err(|error| match error {
                LlmError::Malformed { usage, .. } => LlmError::Cut { usage },
                error => error,
            })?;
        }
        Ok(())
    }

    async fn send(&self, http: &reqwest::Client, chat: &Chat<'_>) -> Result<Response, LlmError> {
        let settings = &*self.settings;
        let of_deepseek = settings.dialect == Dialect::Deepseek;
        let mut request = http.post(settings.url());
        if let Some(key) = &settings.api_key {
            request = request.bearer_auth(key.expose_secret());
        }
        let request = request.json(&Body {
            model: &settings.model,
            messages: chat.messages,
            thinking: of_deepseek.then_some(match chat.effort {
                Some(_) => Thinking::Enabled,
                None => Thinking::Disabled,
            }),
            reasoning_effort: chat.effort.filter(|_| of_deepseek),
            response_format: ResponseFormat::JsonObject,
            max_tokens: settings.max_tokens,
            stream: true,
            stream_options: StreamOptions { include_usage: true },
            user_id: chat.user_id.filter(|_| of_deepseek),
        });
        let response = timeout(settings.idle_timeout, request.send())
            .await
            .map_err(|_| LlmError::Timeout { usage: Usage::default() })?
            .map_err(|error| LlmError::from_transport(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        // The body may repeat the prompt or part of the key, so it is left unread.
        Err(LlmError::from_status(status.as_u16(), retry_after(response.headers())))
    }
}

/// Seconds, or a date that is read against the provider's own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let value = text(RETRY_AFTER)?;
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text: &str| jiff::fmt::rfc2822::parse(text).ok().map(|date| date.timestamp());
    let wait = date(value)?.duration_since(date(text(DATE)?)?);
    Some(Duration::try_from(wait).unwrap_or(Duration::ZERO))
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: &'a [Message],
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<Effort>,
    response_format: ResponseFormat,
    max_tokens: u32,
    stream: bool,
    stream_options: StreamOptions,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Thinking {
    Disabled,
    Enabled,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ResponseFormat {
    JsonObject,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
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

/// What has arrived of an answer.
struct Answer {
    room: usize,
    blank: bool,
    finish_reason: Option<FinishReason>,
    /// As the provider says.
    usage: Option<Usage>,
    /// Of the prompt and of what has arrived, in [`tenths`] of tokens.
    estimate: (u64, u64),
    done: bool,
}

impl Answer {
    fn new(room: usize, messages: &[Message]) -> Self {
        let prompt = messages.iter().map(|message| tenths(&message.content)).sum();
        Self { room, blank: true, finish_reason: None, usage: None, estimate: (prompt, 0), done: false }
    }

    /// What it has cost. A provider tells at the end: before that it is reckoned, once something has arrived.
    fn usage(&self) -> Usage {
        self.usage.unwrap_or_else(|| match self.estimate {
            (_, 0) => Usage::default(),
            (prompt, completion) => Usage {
                prompt_tokens: prompt.div_ceil(10),
                completion_tokens: completion.div_ceil(10),
                cached_tokens: 0,
            },
        })
    }

    fn event(&mut self, data: &str, text: &mut impl FnMut(&str)) -> Result<(), LlmError> {
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

    fn completion(self) -> Result<Completion, LlmError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(retry: &str, date: Option<&str>) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, retry.parse().unwrap());
        if let Some(date) = date {
            headers.insert(DATE, date.parse().unwrap());
        }
        retry_after(&headers).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Some("Wed, 21 Oct 2026 07:28:00 GMT");
        assert_eq!(wait("7", None), Some(7));
        assert_eq!(wait("Wed, 21 Oct 2026 07:29:30 GMT", now), Some(90));
        assert_eq!(wait("Wed, 21 Oct 2026 07:00:00 GMT", now), Some(0));
        assert_eq!(wait("Wed, 21 Oct 2026 07:29:30 GMT", None), None);
        assert_eq!(wait("soon", now), None);
    }

    #[test]
    fn the_key_is_not_shown() {
        let settings = Settings { api_key: Some("sk-secret".into()), ..Settings::default() };
        assert!(!format!("{settings:?}").contains("sk-secret"));
    }
}
