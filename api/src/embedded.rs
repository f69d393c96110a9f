//! The workers within the API's process.

use std::time::Duration;

use anyhow::Context as _;
use shared::{config::Config, jobs::Ledger};
use tokio_util::sync::CancellationToken;
use worker::{Context, Shutdown, runtime};

/// How long running jobs may take to end. A person waits for it, and what they saved is there at the next start.
const GRACE: Duration = Duration::from_secs(2);

/// Runs jobs until the process is to end.
pub async fn work(config: &Config, ledger: Ledger, stopping: CancellationToken) -> anyhow::Result<()> {
    let context = Context::new(config, ledger)?;
    let shutdown = Shutdown { stop: stopping.clone(), release: CancellationToken::new() };
    let release = shutdown.release.clone();
    tokio::spawn(async move {
        stopping.cancelled().await;
        tokio::time::sleep(GRACE).await;
        release.cancel();
    });
    runtime::run(context, config.worker_concurrency, shutdown).await.context("the embedded worker ended")
}
