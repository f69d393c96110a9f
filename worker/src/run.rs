//! A job while it runs: what its work may tell the ledger, under the lease it holds.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use shared::{
    domain::{
        Id, Job, JobError, JobId, Progress, Provider, Question, Refusal, Timestamp, Transcript, sentence,
    },
    jobs::LedgerError,
    store::StoreError,
};
use tokio::sync::Mutex;
use tracing::Span;

use crate::{
    Context,
    llm::{self, LlmError, Tape},
    pdf::PdfError,
};

/// Why work ended without a result.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// The try failed.
    #[error("{}", .error.message)]
    Failed {
        /// What the job's owner is told.
        error: JobError,
        /// Earliest next try the provider allows.
        retry_after: Option<Duration>,
    },
    /// Somebody else holds the lease, or the job was cancelled.
    #[error("the lease is lost")]
    Lost,
    /// The worker shuts down.
    #[error("the worker shuts down")]
    Released,
}

impl From<JobError> for Stop {
    fn from(error: JobError) -> Self {
        Self::Failed { error, retry_after: None }
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => {
                tracing::warn!(%error, "a job could not use the store");
                let message = "The database did not answer; the job is tried again.";
                JobError::transient("store.unavailable", message).into()
            }
            StoreError::Taken(_) | StoreError::Corrupt(_) | StoreError::Internal(_) => {
                tracing::error!(%error, "the store failed a job");
                crashed().into()
            }
        }
    }
}

/// The error of a try that ended in a defect of ours.
pub(crate) fn crashed() -> JobError {
    JobError::transient("job.crashed", "The job ended in a defect of ours; it is tried again.")
}

impl From<LedgerError> for Stop {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Store(error) => error.into(),
            LedgerError::Refused(_) | LedgerError::NotFound => Self::Lost,
        }
    }
}

impl From<PdfError> for Stop {
    fn from(error: PdfError) -> Self {
        let retryable = !error.is_permanent();
        JobError { code: error.code().to_owned(), message: sentence(&error.to_string()), retryable }.into()
    }
}

impl From<LlmError> for Stop {
    fn from(error: LlmError) -> Self {
        let retry_after = error.retry_after();
        let retryable = error.is_retryable();
        let error =
            JobError { code: error.code().to_owned(), message: sentence(&error.to_string()), retryable };
        Self::Failed { error, retry_after }
    }
}

/// A running job.
pub struct Run {
    /// The job's id.
    pub id: JobId,
    context: Arc<Context>,
    token: i64,
    job: Mutex<Job>,
    stage: Mutex<Stage>,
    calls: AtomicU32,
    /// What is said between us and providers.
    pub(crate) tape: Tape,
}

/// What a try is at, and since when.
struct Stage {
    name: String,
    since: Instant,
    /// It lasts in traces for as long as this is kept.
    _span: Span,
}

impl Stage {
    fn begin(name: &str) -> Self {
        let span = match name {
            "" => Span::none(),
            _ => tracing::error_span!("stage", otel.name = name, otel.kind = "internal"),
        };
        Self { name: name.to_owned(), since: Instant::now(), _span: span }
    }
}

impl Run {
    pub(crate) fn new(context: Arc<Context>, job: Job, token: i64) -> Self {
        let stage = Mutex::new(Stage::begin(""));
        Self {
            id: job.id,
            context,
            token,
            job: Mutex::new(job),
            stage,
            calls: AtomicU32::new(0),
            tape: Tape::default(),
        }
    }

    /// The fencing token of this try.
    pub(crate) fn token(&self) -> i64 {
        self.token
    }

    /// The record as last written or read.
    pub async fn snapshot(&self) -> Job {
        self.job.lock().await.clone()
    }

    /// Changes the record by a transition that the lease allows.
    pub(crate) async fn change(
        &self,
        mut transition: impl FnMut(&mut Job, i64, Timestamp) -> Result<(), Refusal>,
    ) -> Result<(), Stop> {
        let mut job = self.job.lock().await;
        Ok(self.context.ledger.change(&mut job, |job, now| transition(job, self.token, now)).await?)
    }

    /// Tells how far the work is.
    pub async fn progress(&self, progress: Progress) -> Result<(), Stop> {
        self.publish(progress, Vec::new()).await
    }

    /// Tells how far the work is, and shows newly accepted questions without their keys.
    pub async fn publish(&self, progress: Progress, questions: Vec<Question>) -> Result<(), Stop> {
        self.enter(&progress.stage).await;
        let shown: Vec<Question> = questions.iter().map(Question::without_answers).collect();
        self.change(|job, token, now| job.advance(token, progress.clone(), shown.clone(), now)).await
    }

    /// Takes the time of the stage that ends when another one begins.
    pub(crate) async fn enter(&self, name: &str) {
        let mut stage = self.stage.lock().await;
        if stage.name == name {
            return;
        }
        if !stage.name.is_empty() {
            let labels = [("kind", self.job.lock().await.kind.clone()), ("stage", stage.name.clone())];
            metrics::histogram!("smartstudy_job_stage_seconds", &labels).record(stage.since.elapsed());
        }
        *stage = Stage::begin(name);
    }

    /// A name for the next provider call of this try.
    pub(crate) fn next_call(&self) -> String {
        format!("{}-{}-{}", self.id, self.token, self.calls.fetch_add(1, Ordering::Relaxed))
    }

    /// Counts what a provider call of this name used that began at a time: for its user first, who pays for it also
    /// when the job has gone to somebody else, then for the job.
    pub(crate) async fn spent(
        &self,
        name: &str,
        provider: Provider,
        used: llm::Usage,
        began: Timestamp,
    ) -> Result<(), Stop> {
        if self.is_erased().await? {
            return Err(Stop::Lost);
        }
        let user = self.snapshot().await.user_id;
        let usage = self.context.count_call(name.to_owned(), user, provider, used, began).await?;
        self.note(|job| job.usage.get_or_insert_default().add(&usage)).await
    }

    /// Ends the work of an account that is gone, and removes what was just kept in its name.
    pub(crate) async fn outlived(&self) -> Result<(), Stop> {
        if !self.is_erased().await? {
            return Ok(());
        }
        let store = &self.context.ledger.store;
        if let Some(user) = self.snapshot().await.user_id {
            for source in store.owned_sources().iter().filter(|source| source.name.starts_with("cached")) {
                store.erase_owned(source.name, user).await?;
            }
        }
        Err(Stop::Lost)
    }

    /// Tells the job's owner something about the result, once.
    pub async fn notice(&self, notice: String) -> Result<(), Stop> {
        self.note(|job| {
            if !job.notices.contains(&notice) {
                job.notices.push(notice.clone());
            }
        })
        .await
    }

    /// Adds to the record what its owner should know.
    pub async fn note(&self, add: impl Fn(&mut Job)) -> Result<(), Stop> {
        self.change(|job, token, _| {
            job.held(token)?;
            add(job);
            Ok(())
        })
        .await
    }

    /// Saves a piece of work, so that a later try does not do it again.
    pub async fn checkpoint(&self, name: &str, value: &impl Serialize) -> Result<(), Stop> {
        let value = serde_json::to_value(value).map_err(|error| StoreError::Internal(error.into()))?;
        let store = &self.context.ledger.store;
        store.put_checkpoint(self.id, name, &value).await?;
        if self.is_erased().await? {
            // What was just saved came after that.
            store.delete_checkpoints(self.id).await?;
            return Err(Stop::Lost);
        }
        self.change(|job, token, _| job.checkpointed(token)).await
    }

    /// Stores a file that the job made for its owner.
    pub(crate) async fn put_file(&self, id: Id, bytes: Vec<u8>) -> Result<(), Stop> {
        let store = &self.context.ledger.store;
        store.put_blob(id, bytes).await?;
        if self.is_erased().await? {
            // The erasure may have come past before the file was there.
            store.delete_blob(id).await?;
            return Err(Stop::Lost);
        }
        Ok(())
    }

    /// Keeps what was said between us and providers in a try that failed. That this fails is only noted.
    pub(crate) async fn keep_transcript(&self) {
        let exchanges = self.tape.take();
        if exchanges.is_empty() {
            return;
        }
        let job = self.snapshot().await;
        let recorded_at = self.context.ledger.clock.now();
        let (user_id, attempt) = (job.user_id, job.attempts.last().map_or(job.attempt, |last| last.number));
        let transcript = Transcript { job: self.id, user_id, attempt, recorded_at, exchanges }.redacted();
        let store = &self.context.ledger.store;
        let kept = async {
            store.put_transcript(&transcript).await?;
            if self.is_erased().await? {
                // What was just kept came after that.
                store.delete_transcript(self.id).await?;
            }
            Ok::<_, Stop>(())
        };
        if let Err(error) = kept.await {
            tracing::warn!(%error, "the transcript was not kept");
        }
    }

    /// Whether the record is gone with its account, for which nothing may be written any more.
    async fn is_erased(&self) -> Result<bool, Stop> {
        Ok(self.context.ledger.store.job(self.id).await?.is_none())
    }

    /// What earlier tries saved, by name.
    pub async fn checkpoints(&self) -> Result<Checkpoints, Stop> {
        Ok(Checkpoints(self.context.ledger.store.checkpoints(self.id).await?))
    }
}

/// Saved pieces of work, by name.
#[derive(Debug)]
pub struct Checkpoints(BTreeMap<String, Value>);

impl Checkpoints {
    /// Takes out the piece whose name begins with `prefix` and goes on with the highest number, if it has the
    /// expected shape; returns that number too.
    pub(crate) fn take_highest<T: DeserializeOwned>(&mut self, prefix: &str) -> Option<(i64, T)> {
        let names =
            self.0.keys().filter_map(|name| Some((name.strip_prefix(prefix)?.parse().ok()?, name.clone())));
        let (number, name) = names.max()?;
        Some((number, self.take(&name)?))
    }

    /// Takes out all whose names begin with `prefix`, by what follows it.
    pub(crate) fn take_all<T: DeserializeOwned>(&mut self, prefix: &str) -> BTreeMap<String, T> {
        let names: Vec<String> = self.0.keys().filter(|name| name.starts_with(prefix)).cloned().collect();
        let taken = names.iter().filter_map(|name| Some((name[prefix.len()..].to_owned(), self.take(name)?)));
        taken.collect()
    }

    /// Takes one out, if it is there and has the expected shape.
    pub fn take<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        self.0.remove(name).and_then(|value| serde_json::from_value(value).ok())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_store_that_is_away_is_said_to_be_away() {
        let code = |error: StoreError| match Stop::from(error) {
            Stop::Failed { error, .. } => error.code,
            other => panic!("{other}"),
        };
        assert_eq!(code(StoreError::Unavailable("no route".into())), "store.unavailable");
        for error in [
            StoreError::Internal("too large".into()),
            StoreError::Corrupt("x".into()),
            StoreError::Taken("id"),
        ] {
            assert_eq!(code(error), "job.crashed");
        }
    }

    #[test]
    fn of_pieces_saved_twice_the_later_worker_counts() {
        let saved = [
            ("batch-0000-9", json!("old")),
            ("batch-0000-10", json!("new")),
            ("batch-0001-9", json!("next")),
        ];
        let mut saved = Checkpoints(saved.map(|(name, value)| (name.to_owned(), value)).into());
        assert_eq!(saved.take_highest("batch-0000-"), Some((10, "new".to_owned())));
        assert_eq!(saved.take_highest("batch-0001-"), Some((9, "next".to_owned())));
        assert_eq!(saved.take_highest::<String>("batch-0002-"), None);
    }
}
