//! A DeepSeek that answers from a script, over its own protocol, on a free port.

mod answer;

use std::{
    collections::VecDeque,
    convert::Infallible,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use futures::{FutureExt, Stream, StreamExt, future, stream};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{Notify, watch},
    task::JoinHandle,
};

/// Time between two keep-alives.
const BEAT: Duration = Duration::from_millis(10);
/// Bytes of an answer's text in one event; small, so that pieces end anywhere.
const PIECE: usize = 23;

/// How one request is answered.
#[derive(Debug, Clone, Default)]
pub enum Reply {
    /// As many questions as asked for and the document can prove, of the types asked for; of a plan, units for all of
    /// its subjects.
    #[default]
    Good,
    /// A good answer once notified, after its keep-alives as long as that takes.
    When(Arc<Notify>),
    /// A good answer with CRLF line ends, in network chunks of this many bytes.
    Chopped(usize),
    /// A good answer after this many keep-alives and blank lines.
    KeepAlives(usize),
    /// A good answer within prose and a code fence.
    ProseAround,
    /// This text, whatever was asked.
    Text(String),
    /// An HTTP error, with the given `Retry-After`.
    Status(u16, Option<String>),
    /// White space and `stop`.
    Blank,
    /// `length` in the middle of the question after the given number.
    Truncated(usize),
    /// The connection breaks in the middle of the question after the given number.
    CutMidStream(usize),
    /// The stream ends in good order there, but without a finish reason.
    EndsEarly(usize),
    /// Nothing more comes after the given number of questions.
    HangAfter(usize),
    /// No answer at all.
    Hang,
    /// An event that is not JSON.
    Malformed,
    /// An error in the middle of the stream.
    ErrorEvent,
    /// `content_filter` after one question.
    ContentFilter,
    /// `insufficient_system_resource` after one question.
    InsufficientSystemResource,
}

/// A request as it was received.
#[derive(Debug, Clone)]
pub struct Received {
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The body.
    pub body: Value,
}

impl Received {
    /// The contents of all messages, in order.
    pub fn messages(&self) -> Vec<&str> {
        let messages = self.body["messages"].as_array().into_iter().flatten();
        messages.filter_map(|message| message["content"].as_str()).collect()
    }
}

#[derive(Default)]
struct Script {
    replies: VecDeque<Reply>,
    otherwise: Reply,
    requests: Vec<Received>,
}

struct Shared {
    script: Mutex<Script>,
    count: watch::Sender<usize>,
}

impl Shared {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The running server; it stops listening when dropped.
pub struct Deepseek {
    url: String,
    shared: Arc<Shared>,
    server: JoinHandle<io::Result<()>>,
}

impl Drop for Deepseek {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Deepseek {
    /// Starts a server that gives good answers.
    ///
    /// # Panics
    ///
    /// When there is no free port.
    pub async fn start() -> Self {
        let shared = Arc::new(Shared { script: Mutex::default(), count: watch::Sender::new(0) });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let app = Router::new().route("/chat/completions", post(complete)).with_state(Arc::clone(&shared));
        let app = app.layer(axum::extract::DefaultBodyLimit::disable());
        let server = tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url: format!("http://{address}"), shared, server }
    }

    /// The base URL to configure.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Adds to the script; each request uses up one reply.
    pub fn push(&self, reply: Reply) {
        self.shared.script().replies.push_back(reply);
    }

    /// Sets the reply for when the script has run out.
    pub fn otherwise(&self, reply: Reply) {
        self.shared.script().otherwise = reply;
    }

    /// The requests so far, refused ones included.
    pub fn requests(&self) -> Vec<Received> {
        self.shared.script().requests.clone()
    }

    /// How many requests there were.
    pub fn count(&self) -> usize {
        *self.shared.count.borrow()
    }

    /// Waits until there have been this many requests.
    pub async fn received(&self, count: usize) {
        // The sender lives as long as `self`.
        let _ = self.shared.count.subscribe().wait_for(|seen| *seen >= count).await;
    }
}

async fn complete(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let authorization = text(header::AUTHORIZATION);
    let refused = refusal(authorization.as_deref(), &body);
    let reply = {
        let mut script = shared.script();
        script.requests.push(Received { authorization, body: body.clone() });
        match refused {
            Some(status) => Reply::Status(status, None),
            None => script.replies.pop_front().unwrap_or_else(|| script.otherwise.clone()),
        }
    };
    shared.count.send_modify(|count| *count += 1);
    respond(reply, &body).await
}

/// The status the provider refuses such a request with, if it does.
fn refusal(authorization: Option<&str>, body: &Value) -> Option<u16> {
    let bearer = authorization.and_then(|value| value.strip_prefix("Bearer "));
    if bearer.is_none_or(|key| key.trim().is_empty()) {
        return Some(401);
    }
    let known = body["model"]
        .as_str()
        .is_some_and(|model| !["", "deepseek-chat", "deepseek-reasoner"].contains(&model));
    let messages = body["messages"].to_string();
    let json_mode = body["response_format"]["type"] == "json_object";
    if !known || !body["messages"].is_array() || (json_mode && !messages.to_lowercase().contains("json")) {
        return Some(400);
    }
    (body["stream"] != true).then_some(422)
}

async fn respond(reply: Reply, request: &Value) -> Response {
    let good = || answer::good(request);
    let whole = |text: &str, reason: &str| [pieces(text), vec![finish(reason)], end(request, text)].concat();
    let open = |count| pieces(&answer::broken_off(request, count));
    match reply {
        Reply::Good => sse(whole(&good(), "stop")),
        Reply::When(notify) => {
            let beats = beats().take_until(async move { notify.notified().await });
            stream_of(beats.chain(stream_events(whole(&good(), "stop"))))
        }
        Reply::KeepAlives(count) => {
            stream_of(beats().take(count).chain(stream_events(whole(&good(), "stop"))))
        }
        Reply::Chopped(size) => {
            let text = whole(&good(), "stop").concat().replace('\n', "\r\n");
            let chunks: Vec<_> = text.as_bytes().chunks(size.max(1)).map(Bytes::copy_from_slice).collect();
            stream_of(stream::iter(chunks).map(Ok::<_, Infallible>))
        }
        Reply::ProseAround => {
            let text = format!("Here are the [questions]:\n```json\n{}\n```\nGood luck {{}}!", good());
            sse(whole(&text, "stop"))
        }
        Reply::Text(text) => sse(whole(&text, "stop")),
        Reply::Status(status, retry_after) => refuse(status, retry_after),
        Reply::Blank => sse(whole(" \n", "stop")),
        Reply::Truncated(count) => sse(whole(&answer::broken_off(request, count), "length")),
        Reply::EndsEarly(count) => sse(open(count)),
        Reply::CutMidStream(count) => {
            let events = stream::iter(open(count)).map(|event| Ok(Bytes::from(event)));
            // What is written goes out while the body is pending, and is lost when it fails at once.
            let cut = stream::once(tokio::task::yield_now().map(|()| Err(io::Error::other("cut"))));
            stream_of(events.chain(cut))
        }
        Reply::HangAfter(count) => stream_of(stream_events(open(count)).chain(stream::pending())),
        Reply::Hang => future::pending().await,
        Reply::Malformed => sse([open(1), vec!["data: {oops\n\n".to_owned()]].concat()),
        Reply::ErrorEvent => {
            let error =
                event(&json!({"error": {"message": "Internal error", "type": "server_error", "code": 500}}));
            sse([open(1), vec![error]].concat())
        }
        Reply::ContentFilter => sse(whole(&answer::broken_off(request, 1), "content_filter")),
        Reply::InsufficientSystemResource => {
            sse(whole(&answer::broken_off(request, 1), "insufficient_system_resource"))
        }
    }
}

fn refuse(status: u16, retry_after: Option<String>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let error = json!({"error": {"message": "refused as scripted", "type": "scripted", "param": null, "code": "scripted"}});
    let mut response = (status, Json(error)).into_response();
    if let Some(value) = retry_after.and_then(|value| value.parse().ok()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

type Sent = Result<Bytes, Infallible>;

/// Keep-alives without end.
fn beats() -> impl Stream<Item = Sent> {
    stream::repeat(()).then(|()| async {
        tokio::time::sleep(BEAT).await;
        Ok(Bytes::from_static(b": keep-alive\n\n\n"))
    })
}

fn stream_events(events: Vec<String>) -> impl Stream<Item = Sent> {
    stream::iter(events).map(|event| Ok(Bytes::from(event)))
}

fn sse(events: Vec<String>) -> Response {
    stream_of(stream_events(events))
}

fn stream_of<E>(body: impl Stream<Item = Result<Bytes, E>> + Send + 'static) -> Response
where
    E: Into<axum::BoxError> + 'static,
{
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response()
}

fn event(data: &Value) -> String {
    format!("data: {data}\n\n")
}

fn chunk(delta: &Value, finish_reason: Option<&str>) -> String {
    event(&json!({
        "id": "scripted", "object": "chat.completion.chunk", "created": 0, "model": "scripted",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}], "usage": null,
    }))
}

/// The answer's text as events, the role first.
fn pieces(mut text: &str) -> Vec<String> {
    let mut events = vec![chunk(&json!({"role": "assistant", "content": ""}), None)];
    while !text.is_empty() {
        let (piece, rest) = text.split_at(text.ceil_char_boundary(PIECE));
        events.push(chunk(&json!({"content": piece}), None));
        text = rest;
    }
    events
}

fn finish(reason: &str) -> String {
    chunk(&json!({"content": ""}), Some(reason))
}

/// The usage (four bytes a token; all but the last message from the cache) and the closing event.
fn end(request: &Value, answer: &str) -> Vec<String> {
    let sizes = request["messages"].as_array().into_iter().flatten();
    let sizes: Vec<_> = sizes.map(|message| message["content"].as_str().map_or(0, str::len) / 4).collect();
    let prompt: usize = sizes.iter().sum();
    let hit = prompt - sizes.last().copied().unwrap_or_default();
    let completion = answer.len().div_ceil(4);
    let usage = json!({
        "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
        "prompt_cache_hit_tokens": hit, "prompt_cache_miss_tokens": prompt - hit,
    });
    let last = json!({"id": "scripted", "object": "chat.completion.chunk", "choices": [], "usage": usage});
    vec![event(&last), "data: [DONE]\n\n".to_owned()]
}
