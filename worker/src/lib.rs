//! The workers of SmartStudy: they take jobs from the queue and do the slow work.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use shared::{
    cache::Cache,
    clock::Clock,
    config::{Ai, Config, Endpoint},
    domain::Provider,
    jobs::Ledger,
    setup::{self, SetupError},
};

mod allowance;
mod archive;
mod bell;
mod compose;
mod document;
mod draft;
mod exam;
mod gates;
mod hygiene;
mod jobs;
mod likeness;
mod lint;
pub mod llm;
mod local;
mod material;
pub mod office;
pub mod pdf;
mod plan;
mod presence;
mod proof;
pub mod quiz;
pub mod replay;
mod report;
mod run;
pub mod runtime;
mod sections;

pub use document::{Document, Page};
pub use draft::Draft;
pub use material::Material;
pub use runtime::Shutdown;

/// What jobs need to do their work.
pub struct Context {
    /// Records of jobs, and through it the store.
    pub ledger: Ledger,
    /// Name of this worker, unique to its start.
    pub name: String,
    /// Who is asked for questions, the first one first.
    providers: Vec<llm::Provider>,
    /// Who may use them, and what they cost.
    ai: Ai,
    /// What was read or written before.
    cache: Cache,
    /// How many jobs of a user run at once, over all workers.
    jobs_per_user: Option<usize>,
    /// How long files are kept that jobs make.
    keep_exports: Duration,
    /// Opens documents in a process of its own.
    reader: pdf::ChildCommand,
    /// Reads scans, where that is installed and on.
    ocr: Option<pdf::Ocr>,
    /// Local generations that may run at once. They cannot be stopped, so jobs that ended may leave some running.
    generations: Arc<Semaphore>,
}

/// The context could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ContextError {
    /// The HTTP client cannot be built.
    #[error("the HTTP client cannot be built: {0}")]
    Http(#[from] reqwest::Error),
    /// The address of Redis cannot be used.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The system does not tell which binary this is.
    #[error("the worker cannot start itself as a reader of documents: {0}")]
    Reader(#[from] std::io::Error),
}

impl Context {
    /// A worker's context from the configuration.
    pub fn new(config: &Config, ledger: Ledger) -> Result<Arc<Self>, ContextError> {
        let endpoints = [
            (Provider::Deepseek, llm::Dialect::Deepseek, &config.deepseek),
            (Provider::OpenaiCompatible, llm::Dialect::OpenAi, &config.ollama),
        ];
        let http = shared::http::client()?;
        let mut providers = Vec::new();
        for (name, dialect, endpoint) in endpoints {
            let Some(endpoint) = endpoint else { continue };
            let client = llm::Client::new(http.clone(), settings(endpoint, dialect));
            let permits = setup::permits(config, &ledger, &endpoint.model, endpoint.concurrency)?;
            providers.push(llm::Provider::new(name, client, permits, ledger.clock.clone()));
        }
        Ok(Arc::new(Self {
            providers,
            ai: config.ai.clone(),
            cache: setup::cache(config, &ledger)?,
            name: worker_name(&ledger.clock),
            jobs_per_user: Some(config.jobs_per_user).filter(|most| *most > 0),
            keep_exports: config.retention.exports,
            reader: pdf::ChildCommand::current()?,
            ocr: config.ocr.clone().and_then(pdf::Ocr::installed),
            generations: Arc::new(Semaphore::new(config.worker_concurrency)),
            ledger,
        }))
    }
}

fn settings(endpoint: &Endpoint, dialect: llm::Dialect) -> llm::Settings {
    llm::Settings {
        base_url: endpoint.base_url.clone(),
        model: endpoint.model.clone(),
        api_key: endpoint.api_key.clone(),
        dialect,
        idle_timeout: endpoint.idle_timeout,
        deadline: endpoint.deadline,
        ..llm::Settings::default()
    }
}

fn worker_name(clock: &Clock) -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "worker".into());
    format!("{host}-{}", clock.job_id())
}
