//! A DeepSeek that answers from a script, over its own protocol, on a free port. It also serves the path of a local
//! Ollama, by that one's rules.

pub mod account;
mod answer;
mod check;
mod flaw;
mod mixed;
mod obey;
mod reply;
mod request;
mod source;
mod wire;

use std::{
    collections::{HashMap, VecDeque},
    future,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Uri, header},
    response::Response,
    routing::post,
};
use futures::{StreamExt, stream};
use serde_json::Value;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

pub use account::{Outcome, Received};
pub use flaw::Flaw;
pub use mixed::Mixed;
pub use obey::{Attack, LANGUAGES, SHOP};
pub use reply::Reply;
pub use request::Kind;

use obey::Obedient;
use reply::{Answered, Given};

/// Where DeepSeek answers.
const DEEPSEEK_PATH: &str = "/chat/completions";
/// Where a local Ollama answers.
const OLLAMA_PATH: &str = "/v1/chat/completions";

#[derive(Default)]
struct Script {
    replies: VecDeque<Reply>,
    checks: VecDeque<Reply>,
    otherwise: Reply,
    requests: Vec<Received>,
    /// How often each prompt has come.
    seen: HashMap<u64, usize>,
    at_once: usize,
    most_at_once: usize,
}

struct Shared {
    script: Mutex<Script>,
    obedient: Obedient,
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
        let (script, obedient) = (Mutex::default(), Obedient::default());
        let shared = Arc::new(Shared { script, obedient, count: watch::Sender::new(0) });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let app = Router::new().route(DEEPSEEK_PATH, post(complete)).route(OLLAMA_PATH, post(complete));
        let app = app.with_state(Arc::clone(&shared)).layer(axum::extract::DefaultBodyLimit::disable());
        let server = tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url: format!("http://{address}"), shared, server }
    }

    /// The base URL to configure, of DeepSeek and of Ollama alike.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Adds to the script of all calls but checks; each uses up one reply.
    pub fn push(&self, reply: Reply) {
        self.shared.script().replies.push_back(reply);
    }

    /// Adds to the script of checks.
    pub fn push_check(&self, reply: Reply) {
        self.shared.script().checks.push_back(reply);
    }

    /// Sets the reply for when a script has run out.
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

    /// How many requests of a kind there were.
    pub fn count_of(&self, kind: Kind) -> usize {
        self.shared.script().requests.iter().filter(|request| request.kind == kind).count()
    }

    /// The most requests that were open at the same time.
    pub fn most_at_once(&self) -> usize {
        self.shared.script().most_at_once
    }

    /// Waits until there have been this many requests.
    pub async fn received(&self, count: usize) {
        // The sender lives as long as `self`.
        let _ = self.shared.count.subscribe().wait_for(|seen| *seen >= count).await;
    }
}

async fn complete(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap, bytes: Bytes) -> Response {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let authorization = text(header::AUTHORIZATION);
    let kind = request::read(&body).kind();
    let refused = refusal(uri.path(), authorization.as_deref(), &body);
    let received = Received {
        authorization,
        path: uri.path().to_owned(),
        body: body.clone(),
        hash: hash(&bytes),
        kind,
        outcome: Outcome::Pending,
        delivered: 0,
        obeyed: None,
    };
    let (call, reply) = {
        let mut script = shared.script();
        script.requests.push(received);
        script.at_once += 1;
        script.most_at_once = script.most_at_once.max(script.at_once);
        let call =
            Call { shared: Arc::clone(&shared), at: script.requests.len() - 1, outcome: Outcome::Abandoned };
        let reply = match refused {
            Some(status) => Reply::Status(status, None),
            None => script.reply(kind, &body),
        };
        (call, reply)
    };
    shared.count.send_modify(|count| *count += 1);
    respond(call, reply, &body).await
}

impl Script {
    fn reply(&mut self, kind: Kind, body: &Value) -> Reply {
        let scripted = if kind == Kind::Check { &mut self.checks } else { &mut self.replies };
        match scripted.pop_front().unwrap_or_else(|| self.otherwise.clone()) {
            Reply::Mixed(mixed) => {
                let prompt = hash(body["messages"].to_string().as_bytes());
                let seen = self.seen.entry(prompt).or_default();
                *seen += 1;
                mixed.reply(prompt, *seen - 1)
            }
            reply => reply,
        }
    }
}

fn hash(bytes: &[u8]) -> u64 {
    // Its keys are fixed, so equal bytes have equal hashes in every run.
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// The status the provider refuses such a request with, if it does.
fn refusal(path: &str, authorization: Option<&str>, body: &Value) -> Option<u16> {
    let ollama = path == OLLAMA_PATH;
    let bearer = authorization.and_then(|value| value.strip_prefix("Bearer "));
    if !ollama && bearer.is_none_or(|key| key.trim().is_empty()) {
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
    // These are DeepSeek's own; another provider may refuse what it does not know.
    if ollama && ["thinking", "reasoning_effort", "user_id"].iter().any(|name| !body[name].is_null()) {
        return Some(400);
    }
    let effort = &body["reasoning_effort"];
    if !effort.is_null()
        && (!request::thinks(body) || !["low", "high", "max"].iter().any(|name| effort == name))
    {
        return Some(400);
    }
    (body["stream"] != true).then_some(422)
}

/// A request that is being answered. What has become of it is noted when its answer ends, however that happens.
struct Call {
    shared: Arc<Shared>,
    at: usize,
    outcome: Outcome,
}

impl Call {
    fn note(&self, change: impl FnOnce(&mut Received)) {
        change(&mut self.shared.script().requests[self.at]);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let outcome = self.outcome;
        self.note(|received| received.outcome = outcome);
        self.shared.script().at_once -= 1;
    }
}

async fn respond(mut call: Call, reply: Reply, request: &Value) -> Response {
    let Answered { given, outcome, obeyed } = reply.answer(request, &call.shared.obedient);
    call.note(|received| received.obeyed = obeyed);
    // A fault is one however little of it the client waits for.
    if outcome == Outcome::Faulty {
        call.outcome = outcome;
    }
    match given {
        Given::Refusal(response) => {
            call.outcome = outcome;
            response
        }
        Given::Silence => future::pending().await,
        Given::Stream(events) => {
            let metered = stream::unfold((events, call), move |(mut events, mut call)| async move {
                let event = events.next().await?;
                if let Ok(event) = &event {
                    call.note(|received| received.delivered += event.text);
                    // Clients may leave after the closing event, so the stream's own end may come too late.
                    if event.last {
                        call.outcome = outcome;
                    }
                }
                Some((event.map(|event| event.wire), (events, call)))
            });
            wire::stream_of(metered)
        }
    }
}
