//! The workers within the API's process.

use std::time::Duration;

use anyhow::Context as _;
use shared::{jobs::Ledger, live::Live};
use tokio_util::sync::CancellationToken;
use worker::{Contexts, Shutdown, runtime};

/// How long running jobs may take to end. A person waits for it, and what they saved is there at the next start.
const GRACE: Duration = Duration::from_secs(2);

/// Runs jobs until the process is to end.
pub async fn work(live: Live, ledger: Ledger, stopping: CancellationToken) -> anyhow::Result<()> {
    let concurrency = live.now().worker_concurrency;
    let contexts = Contexts::new(live, ledger)?;
    let shutdown = Shutdown { stop: stopping.clone(), release: CancellationToken::new() };
    let release = shutdown.release.clone();
    tokio::spawn(async move {
        stopping.cancelled().await;
        tokio::time::sleep(GRACE).await;
        release.cancel();
    });
    runtime::run(contexts, concurrency, shutdown).await.context("the embedded worker ended")
}
