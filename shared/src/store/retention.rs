//! What is removed after a time. Everything here goes by an index, in portions, and minds neither repetition nor
//! company: any number of processes may sweep at once.

use std::collections::HashSet;

use serde_json::Value;

use super::{Result, Store};
use crate::domain::{Id, JobId, Timestamp};

/// What a blob that is not kept for ever is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlobUse {
    /// A document that jobs read.
    Upload,
    /// A file that a job made for its owner to fetch.
    Report,
    /// The picture of an account.
    Picture,
}

impl BlobUse {
    /// The name in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Report => "report",
            Self::Picture => "picture",
        }
    }
}

backends! { "retention":
    /// Notes that a blob was used. One of which this was never noted is kept until somebody deletes it.
    fn note_blob_use(&self, id: Id, usage: BlobUse, now: Timestamp) -> ();
    /// Blobs last used before an instant, those unused longest first, at most `limit`.
    fn unused_blobs(&self, usage: BlobUse, used_before: Timestamp, limit: u32) -> Vec<Id>;
    /// Which of these blobs are the pictures of accounts.
    fn pictures_of_accounts(&self, blobs: &[Id]) -> HashSet<Id>;

    /// Removes the events of jobs that finished before an instant; of how many, at most `limit`.
    fn remove_events(&self, finished_before: Timestamp, limit: u32) -> u64;
    /// Puts jobs that finished before an instant aside, so that nobody retries them any more; which these are, and
    /// their payloads, at most `limit`.
    fn retire_jobs(&self, finished_before: Timestamp, limit: u32) -> Vec<(JobId, Value)>;
    /// Removes jobs with their events, unless they did not finish before this instant; how many were removed.
    fn remove_jobs(&self, ids: &[JobId], finished_before: Timestamp) -> u64;

    /// Removes idempotency keys reserved before an instant; how many, at most `limit`.
    fn remove_keys(&self, reserved_before: Timestamp, limit: u32) -> u64;
    /// Removes logins whose refresh token ended before an instant; how many, at most `limit`.
    fn remove_logins(&self, ended_before: Timestamp, limit: u32) -> u64;
    /// Removes mailed tokens that ended before an instant; how many, at most `limit`.
    fn remove_mail_tokens(&self, ended_before: Timestamp, limit: u32) -> u64;

    /// Throwaway accounts made before an instant, from the oldest, after `after`, at most `limit`.
    fn guests_made_before(&self, instant: Timestamp, after: Option<Id>, limit: u32) -> Vec<Id>;
    /// Whether an account has a login that goes on.
    fn has_login(&self, user_id: Id, now: Timestamp) -> bool;
}
