//! The provider's protocol: answers as server-sent events, and refusals.

use std::{io, time::Duration};

use axum::{
    Json,
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::{Stream, StreamExt, stream::BoxStream};
use serde_json::{Value, json};

use super::request;

/// Time between two keep-alives.
const BEAT: Duration = Duration::from_millis(10);
/// Bytes of an answer's text in one event; small, so that pieces end anywhere.
const PIECE: usize = 23;
/// The same of an answer so long that small pieces would only take time.
const LONG_PIECE: usize = 16 << 10;
/// Thoughts of a model.
const THOUGHTS: [&str; 2] = ["Perhaps {\"title\": \"A thought\",", " \"subjects\": []} would do?"];
/// Bytes of text that are counted as a token.
pub const TOKEN: usize = 4;

/// A part of an answer on its way.
#[derive(Debug, Clone)]
pub struct Event {
    /// The bytes.
    pub wire: Bytes,
    /// Bytes of the answer's text in it.
    pub text: usize,
    /// Whether nothing is missing after it.
    pub last: bool,
}

impl Event {
    /// An event that carries none of the answer's text.
    pub fn bare(wire: impl Into<Bytes>) -> Self {
        Self { wire: wire.into(), text: 0, last: false }
    }

    fn of(data: &Value) -> Self {
        Self::bare(format!("data: {data}\n\n"))
    }
}

/// The events of an answer, up to its end or to a broken connection.
pub type Events = BoxStream<'static, io::Result<Event>>;

/// Events that are there already.
pub fn ready(events: Vec<Event>) -> Events {
    futures::stream::iter(events.into_iter().map(Ok)).boxed()
}

/// The same bytes with CRLF line ends, in chunks of this many bytes.
pub fn chopped(events: &[Event], size: usize) -> Events {
    let text: usize = events.iter().map(|event| event.text).sum();
    let wire: Vec<u8> = events.iter().flat_map(|event| event.wire.iter().copied()).collect();
    let wire: Vec<u8> = wire
        .into_iter()
        .flat_map(|byte| if byte == b'\n' { vec![b'\r', byte] } else { vec![byte] })
        .collect();
    let mut chunks: Vec<Event> = wire.chunks(size.max(1)).map(|chunk| Event::bare(chunk.to_vec())).collect();
    if let Some(last) = chunks.last_mut() {
        (last.text, last.last) = (text, true);
    }
    ready(chunks)
}

/// Keep-alives without end.
pub fn beats() -> Events {
    let beat = |()| async {
        tokio::time::sleep(BEAT).await;
        Ok(Event::bare(": keep-alive\n\n\n"))
    };
    futures::stream::repeat(()).then(beat).boxed()
}

/// The answer's text as events, the role first.
pub fn pieces(mut text: &str) -> Vec<Event> {
    let size = if text.len() > 64 * LONG_PIECE { LONG_PIECE } else { PIECE };
    let mut events = vec![chunk(&json!({"role": "assistant", "content": ""}), None)];
    while !text.is_empty() {
        let (piece, rest) = text.split_at(text.ceil_char_boundary(size));
        events.push(Event { text: piece.len(), ..chunk(&json!({"content": piece}), None) });
        text = rest;
    }
    events
}

/// What a model that thinks sends before its answer. It reads like an answer, which it is not.
fn thoughts() -> Vec<Event> {
    let delta = |thought| json!({"role": "assistant", "content": null, "reasoning_content": thought});
    THOUGHTS.map(|thought| chunk(&delta(thought), None)).to_vec()
}

/// An event with part of an answer.
pub fn chunk(delta: &Value, finish_reason: Option<&str>) -> Event {
    Event::of(&json!({
        "id": "scripted", "object": "chat.completion.chunk", "created": 0, "model": "scripted",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}], "usage": null,
    }))
}

/// A whole answer.
pub fn whole(request: &Value, text: &str, finish_reason: &str) -> Vec<Event> {
    let mut events = if request::thinks(request) { thoughts() } else { Vec::new() };
    events.extend(pieces(text));
    events.push(chunk(&json!({"content": ""}), Some(finish_reason)));
    events.extend(end(request, text));
    events
}

/// The usage (all but the last message from the cache) and the closing event.
pub fn end(request: &Value, answer: &str) -> [Event; 2] {
    let sizes = request::contents(request);
    let sizes: Vec<_> = sizes.into_iter().map(|text| text.len() / TOKEN).collect();
    let prompt: usize = sizes.iter().sum();
    let hit = prompt - sizes.last().copied().unwrap_or_default();
    let completion = answer.len().div_ceil(TOKEN);
    let usage = json!({
        "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
        "prompt_cache_hit_tokens": hit, "prompt_cache_miss_tokens": prompt - hit,
    });
    let last = json!({"id": "scripted", "object": "chat.completion.chunk", "choices": [], "usage": usage});
    [Event::of(&last), Event { last: true, ..Event::bare("data: [DONE]\n\n") }]
}

/// An error in the middle of an answer.
pub fn error() -> Event {
    Event::of(&json!({"error": {"message": "Internal error", "type": "server_error", "code": 500}}))
}

/// A refusal.
pub fn refuse(status: u16, retry_after: Option<&str>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let error = json!({"error": {"message": "refused as scripted", "type": "scripted", "param": null, "code": "scripted"}});
    let mut response = (status, Json(error)).into_response();
    if let Some(value) = retry_after.and_then(|value| value.parse().ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

/// An answer of these bytes.
pub fn stream_of(body: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Response {
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response()
}
