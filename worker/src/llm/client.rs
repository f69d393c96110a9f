//! One call to a chat completion endpoint, streamed.

use std::{borrow::Cow, sync::Arc, time::Duration};

use futures::StreamExt;
use reqwest::{
    Response,
    header::{DATE, HeaderMap, RETRY_AFTER},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::json;
use shared::{clock::Clock, config::Effort, domain::Exchange, telemetry::traces};
use tokio::time::{Instant, timeout, timeout_at};
use tracing::Instrument;

use super::{
    LlmError,
    answer::{Answer, Completion, FinishReason, Usage},
    sse::Decoder,
    tape::{Tape, Track},
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
