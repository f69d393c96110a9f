//! What the process tells about itself: logs, metrics, traces and errors.

use std::{panic, time::Duration};

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use tokio::task::JoinHandle;
use tracing::{Span, level_filters::LevelFilter};
use tracing_subscriber::{Layer, Registry, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::{Config, Environment, LogFormat, Program};

mod errors;
mod fields;
mod logs;
pub mod traces;

pub use logs::LogFilter;

/// Seconds at which durations are counted.
const BUCKETS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0, 600.0];

/// How often recorded durations are counted. Nobody may scrape, and until counted they take memory.
const UPKEEP: Duration = Duration::from_secs(5);
/// How long the last traces and errors may take at the end.
const GRACE: Duration = Duration::from_secs(3);

/// A layer of any kind, so that there are only those that are wanted.
type AnyLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Traces or errors cannot be sent out.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The HTTP client cannot be built.
    #[error("the HTTP client for traces and errors cannot be built: {0}")]
    Http(#[from] reqwest::Error),
    /// The exporter of traces cannot be built.
    #[error("traces cannot be exported: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
}

/// What is on its way out of the process. [`Telemetry::finish`] sees it off.
#[derive(Debug)]
pub struct Telemetry {
    traces: Option<traces::Provider>,
    errors: Option<errors::Outbox>,
}

/// Starts logging to standard output, and sending out what the configuration names somebody for. Call it within a
/// runtime.
pub fn start(program: Program, config: &Config) -> Result<(LogFilter, Telemetry), TelemetryError> {
    let mut layers: Vec<AnyLayer> = Vec::new();
    let observers = &config.observers;
    if config.log_format == LogFormat::Json || observers.errors.is_some() {
        layers.push(fields::Keeper.with_filter(LevelFilter::ERROR).boxed());
    }
    let (lines, filter) = logs::layer(config.log_format, &config.log_filter);
    layers.push(lines);
    let traces = observers.traces.as_ref().map(traces::start).transpose()?;
    let traces = traces.map(|(layer, provider)| {
        layers.push(layer);
        provider
    });
    let errors = observers.errors.as_ref().map(|dsn| errors::start(program, config.environment, dsn));
    let errors = errors.transpose()?.map(|(layer, outbox)| {
        layers.push(layer);
        outbox
    });
    match tracing_subscriber::registry().with(layers).try_init() {
        Ok(()) => tell_panics(config.environment),
        Err(error) => tracing::debug!(%error, "logging runs already"),
    }
    Ok((filter, Telemetry { traces, errors }))
}

impl Telemetry {
    /// Sends out what is left, for a time.
    pub async fn finish(self) {
        let traces = async {
            if let Some(provider) = self.traces {
                traces::finish(provider, GRACE).await;
            }
        };
        let errors = async {
            if let Some(outbox) = self.errors {
                outbox.finish(GRACE).await;
            }
        };
        tokio::join!(traces, errors);
    }
}

/// Has panics told like other errors, in the span in which they happen. What was formatted into the message may be
/// somebody's text, as where a string is cut within a character; so in production only the place is told with it.
fn tell_panics(environment: Environment) {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let reason = info.payload().downcast_ref::<&'static str>().copied();
        tracing::error!(place, reason, "panicked");
        if environment == Environment::Development {
            usual(info);
        }
    }));
}

/// Runs on a thread of its own what would hold others up, in the span of whoever asks for it.
pub fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let span = Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(work))
}

/// Starts collecting metrics of a program; the handle renders them in the Prometheus text format. Call it within a
/// runtime.
pub fn metrics(program: &'static str) -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new().set_buckets(BUCKETS)?.install_recorder()?;
    let version = env!("CARGO_PKG_VERSION");
    metrics::gauge!("smartstudy_build_info", "version" => version, "program" => program).set(1.0);
    let (kept_up, process) = (handle.clone(), Collector::default());
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(UPKEEP);
        loop {
            ticks.tick().await;
            process.collect();
            kept_up.run_upkeep();
        }
    });
    Ok(handle)
}
