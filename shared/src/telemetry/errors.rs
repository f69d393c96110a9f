//! Errors, told to a server that speaks Sentry's protocol. Written by hand: it is one POST, and what leaves the house
//! is what stands here (ADR 21).

use std::time::Duration;

use rand::Rng;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use tracing::{Event, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use super::{
    AnyLayer, TelemetryError,
    fields::{Fields, without_quotes},
};
use crate::{
    clock::Clock,
    config::{Dsn, Environment, Program},
    http,
};

/// Errors that may wait. More come only in a flood, of which these tell enough.
const WAITING_MAX: usize = 32;
/// How long the server may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How long it is left alone after it failed.
const PAUSE: Duration = Duration::from_secs(10);
/// How long it is left alone at most, whatever it asks for.
const PAUSE_MAX: Duration = Duration::from_secs(600);
/// Most characters of a tag, by the protocol.
const TAG_MAX: usize = 200;
/// Who tells.
const CLIENT: &str = concat!("smartstudy/", env!("CARGO_PKG_VERSION"));

enum Parcel {
    Error(Value),
    /// Answered when everything before it is through.
    Last(oneshot::Sender<()>),
}

/// What waits to be told.
#[derive(Debug)]
pub(super) struct Outbox(mpsc::Sender<Parcel>);

impl Outbox {
    /// Tells what is left, for a time.
    pub(super) async fn finish(self, within: Duration) {
        let told = async {
            let (through, is_through) = oneshot::channel();
            self.0.send(Parcel::Last(through)).await.ok()?;
            is_through.await.ok()
        };
        if tokio::time::timeout(within, told).await.is_err() {
            tracing::warn!("the last errors were not reported");
        }
    }
}

/// Tells errors from now on, in the background.
pub(super) fn start(
    program: Program,
    environment: Environment,
    dsn: &Dsn,
) -> Result<(AnyLayer, Outbox), TelemetryError> {
    let (outbox, parcels) = mpsc::channel(WAITING_MAX);
    let server = Server { http: http::client()?, dsn: dsn.clone() };
    tokio::spawn(server.deliver(parcels));
    let reporter = Reporter { program, environment, outbox: outbox.clone() };
    Ok((reporter.with_filter(LevelFilter::ERROR).boxed(), Outbox(outbox)))
}

/// Makes reports of error events.
struct Reporter {
    program: Program,
    environment: Environment,
    outbox: mpsc::Sender<Parcel>,
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Reporter {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut said = Fields::default();
        event.record(&mut said);
        let around = Fields::around(context.event_scope(event));
        let report = self.report(event.metadata().target(), said.0, around.0);
        // Nobody waits for it.
        self.outbox.try_send(Parcel::Error(report)).ok();
    }
}

impl Reporter {
    fn report(&self, target: &str, mut said: Map<String, Value>, around: Map<String, Value>) -> Value {
        let mut id = [0; 16];
        Clock::System.rng().fill_bytes(&mut id);
        let message = said.remove("message");
        for value in said.values_mut() {
            if let Value::String(text) = value {
                *text = without_quotes(text).into_owned();
            }
        }
        let mut tags = Map::from_iter([("program".to_owned(), self.program.name().into())]);
        tags.extend(around.into_iter().map(|(name, value)| (name, tag(value).into())));
        json!({
            "event_id": hex::encode(id),
            "timestamp": Clock::System.now().to_string(),
            "platform": "other",
            "level": "error",
            "logger": target,
            "release": concat!("smartstudy@", env!("CARGO_PKG_VERSION")),
            "environment": self.environment.name(),
            "logentry": { "formatted": message },
            "tags": tags,
            "extra": said,
        })
    }
}

fn tag(value: Value) -> String {
    let text = if let Value::String(text) = value { text } else { value.to_string() };
    text.chars().take(TAG_MAX).collect()
}

struct Server {
    http: reqwest::Client,
    dsn: Dsn,
}

impl Server {
    async fn deliver(self, mut parcels: mpsc::Receiver<Parcel>) {
        let mut silent_until = None;
        while let Some(parcel) = parcels.recv().await {
            match parcel {
                Parcel::Last(through) => drop(through.send(())),
                Parcel::Error(_) if silent_until.is_some_and(|until| Instant::now() < until) => {}
                Parcel::Error(report) => {
                    silent_until = self.send(&report).await.err().map(|pause| Instant::now() + pause);
                }
            }
        }
    }

    /// Tells one error; or else how long to be silent.
    async fn send(&self, report: &Value) -> Result<(), Duration> {
        let Dsn { endpoint, key } = &self.dsn;
        let request = self
            .http
            .post(endpoint.clone())
            .timeout(ANSWER_WITHIN)
            .header("content-type", "application/x-sentry-envelope")
            .header("x-sentry-auth", authorization(key))
            .body(envelope(report));
        let answer = request.send().await.map_err(|error| {
            tracing::warn!(error = %error.without_url(), "an error could not be reported");
            PAUSE
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        tracing::warn!(status = status.as_u16(), "an error was not taken by the server for errors");
        let asked = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        Err(asked.map_or(PAUSE, Duration::from_secs).min(PAUSE_MAX))
    }
}

fn authorization(key: &SecretString) -> String {
    format!("Sentry sentry_version=7, sentry_client={CLIENT}, sentry_key={}", key.expose_secret())
}

/// What is said of the whole, what is said of its one item, and the item.
fn envelope(report: &Value) -> String {
    format!("{}\n{}\n{report}\n", json!({ "event_id": report["event_id"] }), json!({ "type": "event" }))
}
