//! Logs and metrics.

use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use tracing_subscriber::{EnvFilter, Registry, fmt, layer::SubscriberExt, reload, util::SubscriberInitExt};

use crate::config::LogFormat;

/// Seconds at which durations are counted.
const BUCKETS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0, 600.0];

/// How often recorded durations are counted. Nobody may scrape, and until counted they take memory.
const UPKEEP: Duration = Duration::from_secs(5);

/// Chooses which log lines are written, while they are.
#[derive(Debug)]
pub struct LogFilter(reload::Handle<EnvFilter, Registry>);

impl LogFilter {
    /// From now on what this filter lets through, in the form of `RUST_LOG`.
    pub fn set(&self, filter: &str) {
        if let Err(error) = self.0.reload(EnvFilter::builder().parse_lossy(filter)) {
            tracing::warn!(%error, "the log filter cannot be changed");
        }
    }
}

/// Starts logging to standard output what `filter` lets through, in the form of `RUST_LOG`.
pub fn logs(format: LogFormat, filter: &str) -> LogFilter {
    let (filter, handle) = reload::Layer::new(EnvFilter::builder().parse_lossy(filter));
    let registry = tracing_subscriber::registry().with(filter);
    let started = match format {
        LogFormat::Json => registry.with(fmt::layer().json().flatten_event(true)).try_init(),
        LogFormat::Text => registry.with(fmt::layer().with_ansi(false).with_target(false)).try_init(),
    };
    if let Err(error) = started {
        tracing::debug!(%error, "logging runs already");
    }
    LogFilter(handle)
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
