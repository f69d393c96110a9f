//! The workers of SmartStudy: they take jobs from the queue and do the slow work.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use shared::{
    clock::Clock,
    config::{Ai, Config},
    jobs::Ledger,
};

mod archive;
mod bell;
mod compose;
mod document;
mod draft;
pub mod exam;
mod jobs;
pub mod llm;
mod local;
pub mod pdf;
mod plan;
mod presence;
mod proof;
mod provider;
mod report;
mod run;
pub mod runtime;

pub use document::{Document, Page};
pub use draft::Draft;
pub use runtime::Shutdown;

/// What jobs need to do their work.
pub struct Context {
    /// Records of jobs, and through it the store.
    pub ledger: Ledger,
    /// Name of this worker, unique to its start.
    pub name: String,
    /// DeepSeek, where a key is set.
    llm: Option<llm::Client>,
    /// Who may use it, and what it costs.
    ai: Ai,
    /// How long files are kept that jobs make.
    keep_exports: Duration,
    /// Opens documents in a process of its own.
    reader: pdf::ChildCommand,
    /// Local generations that may run at once. They cannot be stopped, so jobs that ended may leave some running.
    generations: Arc<Semaphore>,
}

/// The context could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ContextError {
    /// The HTTP client cannot be built.
    #[error("the HTTP client cannot be built: {0}")]
    Http(#[from] reqwest::Error),
    /// The system does not tell which binary this is.
    #[error("the worker cannot start itself as a reader of documents: {0}")]
    Reader(#[from] std::io::Error),
}

impl Context {
    /// A worker's context from the configuration.
    pub fn new(config: &Config, ledger: Ledger) -> Result<Arc<Self>, ContextError> {
        let llm = match &config.deepseek {
            Some(deepseek) => Some(llm::Client::new(shared::http::client()?, settings(deepseek))),
            None => None,
        };
        let name = worker_name(&ledger.clock);
        let generations = Arc::new(Semaphore::new(config.worker_concurrency));
        let reader = pdf::ChildCommand::current()?;
        let keep_exports = config.retention.exports;
        Ok(Arc::new(Self { ledger, name, llm, ai: config.ai.clone(), keep_exports, reader, generations }))
    }
}

fn settings(deepseek: &shared::config::DeepSeek) -> llm::Settings {
    llm::Settings {
        base_url: deepseek.base_url.clone(),
        model: deepseek.model.clone(),
        idle_timeout: deepseek.idle_timeout,
        ..llm::Settings::deepseek(deepseek.api_key.clone())
    }
}

fn worker_name(clock: &Clock) -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "worker".into());
    format!("{host}-{}", clock.job_id())
}
