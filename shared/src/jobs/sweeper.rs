//! The sweeper removes what was kept long enough. Any number of processes may run one: each step looks for what is
//! old by an index, in portions, and minds neither repetition nor company.

use std::{collections::HashSet, time::Duration};

use rand::RngExt;

use super::Ledger;
use crate::{
    config::Retention,
    domain::{Id, JobId, JobStatus, MailToken, Timestamp, uploads_of},
    live::Live,
    store::{BlobUse, JobFilter, KEPT_FOR, StoreError},
};

/// How often it sweeps.
const EVERY: Duration = Duration::from_secs(3600);
/// Within which time after the start it sweeps first: processes that start together need not sweep together.
const FIRST_WITHIN: Duration = Duration::from_secs(30);
/// After which time a throwaway account that was shut, and is there still, is erased anew: whoever shut it may have
/// come no further.
const ERASED_WITHIN: Duration = Duration::from_secs(24 * 3600);
/// How long ago a picture was noted that may belong to no account; by then whoever noted it is done.
const PICTURES_AFTER: Duration = Duration::from_secs(7 * 24 * 3600);
/// Things removed in one go.
const BATCH: u32 = 200;

/// What is swept, in this order.
#[derive(Debug, Clone, Copy)]
enum Step {
    Uploads,
    Reports,
    Pictures,
    Exports,
    Events,
    Jobs,
    Transcripts,
    CachedWork,
    IdempotencyKeys,
    Logins,
    MailTokens,
    StudySessions,
    Trash,
    Guests,
}

impl Step {
    const ALL: [Self; 14] = [
        Self::Uploads,
        Self::Reports,
        Self::Pictures,
        Self::Exports,
        Self::Events,
        Self::Jobs,
        Self::Transcripts,
        Self::CachedWork,
        Self::IdempotencyKeys,
        Self::Logins,
        Self::MailTokens,
        Self::StudySessions,
        Self::Trash,
        Self::Guests,
    ];

    /// Its name in logs and metrics.
    fn name(self) -> &'static str {
        match self {
            Self::Uploads => "uploads",
            Self::Reports => "reports",
            Self::Pictures => "pictures",
            Self::Exports => "exports",
            Self::Events => "events",
            Self::Jobs => "jobs",
            Self::Transcripts => "transcripts",
            Self::CachedWork => "cached_work",
            Self::IdempotencyKeys => "idempotency_keys",
            Self::Logins => "logins",
            Self::MailTokens => "mail_tokens",
            Self::StudySessions => "study_sessions",
            Self::Trash => "trash",
            Self::Guests => "guests",
        }
    }
}

/// Removes what was kept long enough.
#[derive(Debug, Clone)]
pub struct Sweeper {
    ledger: Ledger,
    keep: Retention,
}

impl Sweeper {
    /// A sweeper of this ledger's store.
    pub fn new(ledger: Ledger, keep: Retention) -> Self {
        Self { ledger, keep }
    }

    /// Sweeps now and then until dropped, by what is configured at the time.
    pub async fn run(ledger: Ledger, live: Live) {
        let random = || ledger.clock.rng().random::<f64>();
        tokio::time::sleep(FIRST_WITHIN.mul_f64(random())).await;
        loop {
            Self::new(ledger.clone(), live.now().retention.clone()).sweep().await;
            tokio::time::sleep(EVERY.mul_f64(0.9 + 0.2 * random())).await;
        }
    }

    /// Sweeps once. What fails is logged and left to the next time; the other steps are made nevertheless.
    pub async fn sweep(&self) {
        let now = self.ledger.clock.now();
        for step in Step::ALL {
            let (what, mut count) = (step.name(), 0);
            loop {
                match self.portion(step, now).await {
                    Ok(0) => break,
                    Ok(removed) => count += removed,
                    Err(error) => {
                        tracing::warn!(what, %error, "not swept");
                        break;
                    }
                }
            }
            if count > 0 {
                metrics::counter!("smartstudy_retention_removed_total", "what" => what).increment(count);
                tracing::info!(what, count, "swept");
            }
        }
    }

    /// Removes a portion of what is old; how much that was.
    async fn portion(&self, step: Step, now: Timestamp) -> Result<u64, StoreError> {
        let (store, keep) = (&self.ledger.store, &self.keep);
        match step {
            Step::Uploads => self.blobs(BlobUse::Upload, now - keep.uploads, now).await,
            Step::Reports => self.blobs(BlobUse::Report, now - keep.exports, now).await,
            Step::Pictures => self.blobs(BlobUse::Picture, now - PICTURES_AFTER, now).await,
            Step::Exports => store.remove_expired_exports(now).await,
            Step::Events => store.remove_events(now - keep.events, BATCH).await,
            Step::Jobs => self.jobs(now - keep.jobs).await,
            Step::Transcripts => store.remove_transcripts(now - keep.transcripts, BATCH).await,
            Step::CachedWork => store.remove_cached(now - keep.cached_work, BATCH).await,
            Step::IdempotencyKeys => store.remove_keys(now - KEPT_FOR, BATCH).await,
            Step::Logins => store.remove_logins(now - keep.logins, BATCH).await,
            Step::MailTokens => store.remove_mail_tokens(now - MailToken::LASTS, BATCH).await,
            Step::StudySessions => store.close_stale_sessions(now).await,
            Step::Trash => store.purge_notes(now - keep.trash).await,
            Step::Guests => self.guests(now).await,
        }
    }

    /// Blobs that nobody used for long, but for those that are in use nevertheless.
    async fn blobs(&self, usage: BlobUse, used_before: Timestamp, now: Timestamp) -> Result<u64, StoreError> {
        let (store, mut removed) = (&self.ledger.store, 0);
        while removed == 0 {
            let unused = store.unused_blobs(usage, used_before, BATCH).await?;
            if unused.is_empty() {
                break;
            }
            let in_use = match usage {
                BlobUse::Upload => self.in_use(used_before).await?,
                BlobUse::Picture => store.pictures_of_accounts(&unused).await?,
                BlobUse::Report => HashSet::new(),
            };
            for blob in unused {
                if in_use.contains(&blob) {
                    // Looked at again when it was unused for so long once more.
                    store.note_blob_use(blob, usage, now).await?;
                } else {
                    store.delete_blob(blob).await?;
                    removed += 1;
                }
            }
        }
        Ok(removed)
    }

    /// What unfinished jobs made before an instant read. Later ones read nothing that was last used before it.
    async fn in_use(&self, made_before: Timestamp) -> Result<HashSet<Id>, StoreError> {
        let mut blobs = HashSet::new();
        for status in JobStatus::ALL.into_iter().filter(|status| !status.is_finished()) {
            let filter =
                JobFilter { status: Some(status), made_before: Some(made_before), ..JobFilter::default() };
            let mut jobs = self.ledger.store.jobs_after(&filter, None, BATCH).await?;
            while let Some(last) = jobs.last().map(|job| job.id) {
                blobs.extend(jobs.iter().flat_map(|job| uploads_of(&job.payload)));
                jobs = self.ledger.store.jobs_after(&filter, Some(last), BATCH).await?;
            }
        }
        Ok(blobs)
    }

    /// Finished jobs and what belongs to them: first nobody may retry them any more, who would miss it; the record last,
    /// so that nothing is left that no record names.
    async fn jobs(&self, finished_before: Timestamp) -> Result<u64, StoreError> {
        let store = &self.ledger.store;
        let jobs = store.retire_jobs(finished_before, BATCH).await?;
        for (id, payload) in &jobs {
            store.delete_checkpoints(*id).await?;
            store.delete_transcript(*id).await?;
            for blob in uploads_of(payload) {
                store.delete_blob(blob).await?;
            }
        }
        let ids: Vec<JobId> = jobs.iter().map(|(id, _)| *id).collect();
        store.remove_jobs(&ids, finished_before).await
    }

    /// Throwaway accounts that nobody can get at any more: made long ago, and no login goes on. They are shut and
    /// erased by a job, as if their owner had asked for it.
    async fn guests(&self, now: Timestamp) -> Result<u64, StoreError> {
        let (store, made_before) = (&self.ledger.store, now - self.keep.guests);
        let mut guests = store.guests_made_before(made_before, None, BATCH).await?;
        let mut erased = 0;
        while let Some(last) = guests.last().copied() {
            for guest in guests {
                if store.has_login(guest, now).await? {
                    continue;
                }
                let mut shut = false;
                let change = store.change_user::<StoreError>(guest, now, |user| {
                    let lately = user.logins_ended_at.is_some_and(|ended| now.since(ended) < ERASED_WITHIN);
                    shut = user.is_guest && !(user.is_shut() && lately);
                    if shut {
                        user.shut(now);
                    }
                    Ok(())
                });
                change.await?;
                // Only now: before it was shut, its owner could still make a real account of it.
                if shut {
                    self.ledger.erase_account(guest, async || Ok::<_, StoreError>(())).await?;
                    erased += 1;
                }
            }
            guests = store.guests_made_before(made_before, Some(last), BATCH).await?;
        }
        Ok(erased)
    }
}
