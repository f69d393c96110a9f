//! The store: everything that must not be lost. One API over SQLite (embedded) and MongoDB
//! (production); the queries live in the two backends, and one conformance suite runs over both.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use crate::domain::{
    Attempt, Difficulty, Event, Given, Id, Job, JobId, JobStatus, Quiz, QuizStatus, Session, Submission,
    Timestamp, User,
};

mod mongo;
#[cfg(feature = "sqlite")]
mod sqlite;

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

/// Which part of a list, and in which order. Lists sort by id, which is by time of creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Most items to return, 1–100.
    pub limit: u32,
    /// Items to pass over.
    pub skip: u64,
    /// Only what comes after this id in the list's order.
    pub after: Option<String>,
    /// Newest first.
    pub descending: bool,
}

/// A part of a list and how long the whole is.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing<T> {
    /// The items asked for.
    pub items: Vec<T>,
    /// How many match in all.
    pub total: u64,
}

/// Which jobs to list; what is absent does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Whose jobs.
    pub user_id: Option<Id>,
    /// In which state.
    pub status: Option<JobStatus>,
    /// Of which kind.
    pub kind: Option<String>,
}

/// Which quizzes to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuizFilter {
    /// Whose quizzes.
    pub created_by: Id,
    /// With exactly this topic.
    pub topic: Option<String>,
    /// Open or archived.
    pub status: Option<QuizStatus>,
    /// How hard.
    pub difficulty: Option<Difficulty>,
    /// With this text in title or topic, in any case.
    pub text: Option<String>,
}

/// A quiz without its questions.
#[derive(Debug, Clone, PartialEq)]
pub struct QuizSummary {
    /// The quiz, its `questions` and `source_content` left out.
    pub quiz: Quiz,
    /// How many questions it has.
    pub question_count: u32,
}

/// Which submissions to list; what is absent does not restrict.
#[derive(Debug, Clone, PartialEq)]
pub struct SubmissionFilter {
    /// Whose submissions.
    pub user_id: Id,
    /// Of which quiz.
    pub quiz_id: Option<Id>,
    /// With exactly this topic.
    pub topic: Option<String>,
    /// Submitted at this time or later.
    pub from: Option<Timestamp>,
    /// Submitted before this time.
    pub until: Option<Timestamp>,
    /// With at least this percentage.
    pub min_score: Option<f64>,
    /// With at most this percentage.
    pub max_score: Option<f64>,
}

impl SubmissionFilter {
    /// Everything a student submitted.
    pub fn of(user_id: Id) -> Self {
        Self {
            user_id,
            quiz_id: None,
            topic: None,
            from: None,
            until: None,
            min_score: None,
            max_score: None,
        }
    }

    /// At one quiz.
    pub fn at(self, quiz_id: Id) -> Self {
        Self { quiz_id: Some(quiz_id), ..self }
    }
}

/// A response kept for its `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct KeptResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers worth replaying.
    pub headers: Vec<(String, String)>,
    /// Body, as text.
    pub body: String,
}

/// How long a response is kept for its key.
pub const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// What the store knows of an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Idempotency {
    /// Nothing: the caller goes ahead and must `keep` or `forget`.
    Fresh,
    /// The first request finished.
    Replay(KeptResponse),
    /// The first request still runs.
    Running,
    /// The key was used for another request.
    Mismatch,
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

    /// Connects to MongoDB and builds the indexes that are missing. Calls that take longer than `patience` fail
    /// as `Unavailable`, but for uploads and what else moves megabytes.
    pub async fn mongo(url: &str, database: &str, patience: Duration) -> Result<Self> {
        mongo::Mongo::connect(url, database, patience).await.map(Self::Mongo)
    }
}

/// Declares the store's API once: each method goes to the backend's method of the same name.
macro_rules! backends {
    ($($(#[$doc:meta])* fn $name:ident(&self $(, $arg:ident: $type:ty)* $(,)?) -> $out:ty;)*) => {
        impl Store {
            $(
                $(#[$doc])*
                pub async fn $name(&self $(, $arg: $type)*) -> Result<$out> {
                    match self {
                        #[cfg(feature = "sqlite")]
                        Self::Sqlite(store) => store.$name($($arg),*).await,
                        Self::Mongo(store) => store.$name($($arg),*).await,
                    }
                }
            )*
        }
    };
}

backends! {
    /// Answers when the database does.
    fn ping(&self) -> ();

    // Accounts

    /// Adds an account. `Taken("email")` or `Taken("username")` when another one has it.
    fn insert_user(&self, user: &User) -> ();
    /// Writes the named fields of an account. `Taken` as above.
    fn update_user(&self, user: &User) -> ();
    /// An account by id.
    fn user(&self, id: Id) -> Option<User>;
    /// An account by e-mail: in any case and with any space around, else exactly as stored.
    fn user_by_email(&self, email: &str) -> Option<User>;
    /// An account by username.
    fn user_by_username(&self, username: &str) -> Option<User>;

    // Logins

    /// Adds a login.
    fn insert_session(&self, session: &Session) -> ();
    /// A login by id.
    fn session(&self, id: Id) -> Option<Session>;
    /// Moves a login from `generation` to the next; false if it was moved before or revoked.
    fn rotate_session(&self, id: Id, generation: i64, expires_at: Timestamp) -> bool;
    /// Ends a login.
    fn revoke_session(&self, id: Id, now: Timestamp) -> ();

    // Quizzes

    /// Adds a quiz; one that is there already stays as it is.
    fn insert_quiz(&self, quiz: &Quiz) -> ();
    /// A quiz with its keys.
    fn quiz(&self, id: Id) -> Option<Quiz>;
    /// Quizzes without their questions.
    fn quizzes(&self, filter: &QuizFilter, window: &Window) -> Listing<QuizSummary>;
    /// Closes a quiz to new attempts.
    fn archive_quiz(&self, id: Id, now: Timestamp) -> ();

    // Attempts

    /// Opens an attempt; if the student has one open for the quiz, that one is returned.
    fn open_attempt(&self, attempt: &Attempt) -> Attempt;
    /// An open attempt by id.
    fn attempt(&self, id: Id) -> Option<Attempt>;
    /// The student's open attempt at a quiz.
    fn attempt_at(&self, quiz_id: Id, user_id: Id) -> Option<Attempt>;
    /// Adds answers to an open attempt and raises its `rev`; false if it is no longer open.
    fn save_answers(&self, id: Id, answers: &BTreeMap<String, Given>) -> bool;
    /// Submits an attempt, marked as it was at `rev`, and closes the open one; if it was submitted before, the
    /// first submission is returned. None if answers were saved since: read and mark it again.
    fn submit(&self, submission: &Submission, rev: i64) -> Option<Submission>;
    /// A submission by id.
    fn submission(&self, id: Id) -> Option<Submission>;
    /// Submissions, newest first unless the window says otherwise.
    fn submissions(&self, filter: &SubmissionFilter, window: &Window) -> Listing<Submission>;

    // The ledger

    /// Adds a job with its first events.
    fn insert_job(&self, job: &mut Job) -> ();
    /// A job by id.
    fn job(&self, id: JobId) -> Option<Job>;
    /// Writes a job and its fresh events if nobody wrote it since it was read; false if somebody did.
    fn save_job(&self, job: &mut Job) -> bool;
    /// Events of a job after the given number, in order, at most `limit`.
    fn events(&self, id: JobId, after: i64, limit: u32) -> Vec<Event>;
    /// Jobs by owner, state and kind.
    fn jobs(&self, filter: &JobFilter, window: &Window) -> Listing<Job>;
    /// Jobs the dispatcher must look at: scheduled or retrying ones that are due, and running ones whose
    /// lease ended; at most `limit`.
    fn overdue_jobs(&self, now: Timestamp, limit: u32) -> Vec<Job>;
    /// Queued jobs of a kind that the queue was last told of before the given time, oldest first, at most `limit`.
    fn unclaimed_jobs(&self, kind: &str, rung_before: Timestamp, limit: u32) -> Vec<JobId>;
    /// Notes that the queue was told of these jobs.
    fn mark_rung(&self, ids: &[JobId], now: Timestamp) -> ();
    /// How many unfinished jobs there are by kind and state.
    fn job_counts(&self) -> Vec<(String, JobStatus, u64)>;

    /// Saves a piece of a job's work under a name.
    fn put_checkpoint(&self, id: JobId, name: &str, value: &Value) -> ();
    /// Everything saved of a job's work, by name.
    fn checkpoints(&self, id: JobId) -> BTreeMap<String, Value>;
    /// Removes what was saved of a job's work.
    fn delete_checkpoints(&self, id: JobId) -> ();

    // Idempotency

    /// Reserves a key for a request with this fingerprint, or tells what came of its first use. A
    /// reservation ends at `stale_before` if its request never finished.
    fn begin_idempotent(&self, key: &str, fingerprint: &str, now: Timestamp, stale_before: Timestamp) -> Idempotency;
    /// Keeps the response of a finished request.
    fn keep_response(&self, key: &str, response: &KeptResponse) -> ();
    /// Renews a reservation, so that it does not become stale while its request runs.
    fn renew_key(&self, key: &str, now: Timestamp) -> ();
    /// Gives a reserved key back.
    fn forget_key(&self, key: &str) -> ();

    // Uploads

    /// Stores a blob under an id, in place of what was there.
    fn put_blob(&self, id: Id, bytes: Vec<u8>) -> ();
    /// Reads a blob.
    fn blob(&self, id: Id) -> Option<Vec<u8>>;
    /// Removes a blob, if it is there.
    fn delete_blob(&self, id: Id) -> ();
}
