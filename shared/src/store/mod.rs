//! The store: everything that must not be lost. One API over SQLite (embedded) and MongoDB
//! (production); the queries live in the two backends, and one conformance suite runs over both.

use std::time::Duration;

/// Declares the store's API once: each method goes to the backend's method of the same name, and its time is taken
/// under the name of what it is about.
macro_rules! backends {
    ($collection:literal: $($(#[$doc:meta])* fn $name:ident(&self $(, $arg:ident: $type:ty)* $(,)?) -> $out:ty;)*) => {
        impl Store {
            $(
                $(#[$doc])*
                pub async fn $name(&self $(, $arg: $type)*) -> Result<$out> {
                    let began = std::time::Instant::now();
                    let ended = match self {
                        #[cfg(feature = "sqlite")]
                        Self::Sqlite(store) => store.$name($($arg),*).await,
                        Self::Mongo(store) => store.$name($($arg),*).await,
                    };
                    $crate::store::measure($collection, stringify!($name), began.elapsed(), ended.as_ref().err());
                    ended
                }
            )*
        }
    };
}

mod accounts;
mod attempts;
mod cached;
mod cursor;
mod exports;
mod idempotency;
mod ledger;
mod mail_tokens;
mod mongo;
mod notes;
mod owned;
mod plans;
mod queues;
mod quizzes;
mod retention;
mod review;
mod shares;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statistics;
mod stats;
mod study_sessions;
mod tallies;
mod tasks;
mod transcripts;
mod uploads;
mod usage;

pub use attempts::SubmissionFilter;
pub use cursor::{Cursor, SortValue};
pub use idempotency::{Idempotency, KEPT_FOR, KeptResponse};
pub use ledger::{CheckpointHead, JobFilter, JobGroup, JobHead, Unclaimed};
pub use mongo::migration;
pub use notes::{NoteFilter, NoteHit, NoteOrder, NoteSummary, trash_after};
pub use owned::OwnedSource;
pub use plans::{PlanOnDay, PlanSummary};
pub use queues::JobCounts;
pub use quizzes::{QuizFilter, QuizSummary};
pub use retention::BlobUse;
pub use study_sessions::StudySessionFilter;
pub use tallies::{Scope, StudyBy, TallyBy};
pub use tasks::TaskFilter;

/// The store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached or is too slow; trying again may help.
    #[error("the store is unavailable: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A value that must be unique is taken.
    #[error("{0} is taken")]
    Taken(&'static str),
    /// A stored document cannot be read.
    #[error("a stored document cannot be read: {0}")]
    Corrupt(String),
    /// Anything else; a defect.
    #[error("the store failed: {0}")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What store calls return.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Which part of a list, and in which direction. Lists sort by id, which is by time of creation, unless they are told
/// to sort by something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Most items to return, 1–100.
    pub limit: u32,
    /// Items to pass over.
    pub skip: u64,
    /// Only what comes after this in the list's order: an id, or a [`Cursor`] where the list sorts by something else.
    pub after: Option<String>,
    /// Newest first.
    pub descending: bool,
}

impl Window {
    /// One more than are asked for, which tells whether any follow.
    fn reach(&self) -> i64 {
        i64::from(self.limit) + 1
    }
}

/// A part of a list and how long the whole is.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing<T> {
    /// The items asked for, without those that cannot be read.
    pub items: Vec<T>,
    /// How many match in all.
    pub total: u64,
    /// Whether others follow.
    pub more: bool,
}

impl<T> Listing<T> {
    /// Nothing at all.
    fn empty() -> Self {
        Self { items: Vec::new(), total: 0, more: false }
    }

    /// What a window shows of all that it [reaches](Window::reach).
    fn new(mut reached: Vec<T>, window: &Window, total: u64) -> Self {
        let limit = window.limit as usize;
        let more = reached.len() > limit;
        reached.truncate(limit);
        Self { items: reached, total, more }
    }

    /// The cursor of the part that follows, if any does.
    pub fn next(&self, cursor: impl FnOnce(&T) -> String) -> Option<String> {
        self.items.last().filter(|_| self.more).map(cursor)
    }

    /// The items in another form, without those that have none.
    fn filter_map<U>(self, form: impl FnMut(T) -> Option<U>) -> Listing<U> {
        let Self { items, total, more } = self;
        Listing { items: items.into_iter().filter_map(form).collect(), total, more }
    }

    /// The items in another form.
    fn map<U>(self, mut form: impl FnMut(T) -> U) -> Listing<U> {
        self.filter_map(|item| Some(form(item)))
    }
}

/// The store of the process.
#[derive(Debug, Clone)]
pub enum Store {
    /// One file, no service.
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::Sqlite),
    /// The production engine, shared with the old backend.
    Mongo(mongo::Mongo),
}

impl Store {
    /// Opens (and creates) the SQLite store in `dir`, which also holds the uploads.
    #[cfg(feature = "sqlite")]
    pub async fn sqlite(dir: &std::path::Path) -> Result<Self> {
        sqlite::Sqlite::open(dir).await.map(Self::Sqlite)
    }

    /// Whether this directory has a database.
    #[cfg(feature = "sqlite")]
    pub fn is_in(dir: &std::path::Path) -> bool {
        dir.join(sqlite::FILE).is_file()
    }

    /// Connects to MongoDB and builds the indexes that are missing. Calls that take longer than `patience` fail
    /// as `Unavailable`, but for uploads and what else moves megabytes.
    pub async fn mongo(url: &str, database: &str, patience: Duration) -> Result<Self> {
        mongo::Mongo::connect(url, database, patience).await.map(Self::Mongo)
    }
}

/// Connections to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// That there are.
    pub open: u64,
    /// At which somebody works.
    pub in_use: u64,
}

impl Store {
    /// The connections of this process.
    pub fn connections(&self) -> Connections {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(store) => store.connections(),
            Self::Mongo(store) => store.connections(),
        }
    }

    /// Shows in metrics how many connections there are.
    pub fn show_connections(&self) {
        let Connections { open, in_use } = self.connections();
        metrics::gauge!("smartstudy_db_connections", "state" => "open").set(open as f64);
        metrics::gauge!("smartstudy_db_connections", "state" => "in_use").set(in_use as f64);
    }
}

/// Notes how long a call took and how it ended.
fn measure(collection: &'static str, command: &'static str, took: Duration, error: Option<&StoreError>) {
    let outcome = match error {
        None => "ok",
        Some(StoreError::Unavailable(_)) => "unavailable",
        Some(StoreError::Taken(_)) => "taken",
        Some(StoreError::Corrupt(_)) => "corrupt",
        Some(StoreError::Internal(_)) => "failed",
    };
    metrics::histogram!("smartstudy_db_command_seconds",
        "collection" => collection, "command" => command, "outcome" => outcome)
    .record(took);
}

backends! { "store":
    /// Answers when the database does.
    fn ping(&self) -> ();
}
