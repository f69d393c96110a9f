//! The workers of SmartStudy: they take jobs from the queue and do the slow work.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use shared::{cache::Cache, config::Ai, jobs::Ledger, setup::SetupError};

mod allowance;
mod archive;
mod bell;
mod compose;
mod contexts;
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

pub use contexts::Contexts;
pub use document::{Document, Page};
pub use draft::Draft;
pub use material::Material;
pub use runtime::Shutdown;

/// What jobs need to do their work. A job keeps to one from its beginning to its end.
pub struct Context {
    /// Records of jobs, and through it the store.
    pub ledger: Ledger,
    /// Name of this worker, unique to its start.
    pub name: String,
    /// Who is asked for questions, the first one first.
    providers: Vec<Arc<llm::Provider>>,
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
