//! What was said between us and providers in tries that failed.

use super::{Result, Store};
use crate::domain::{JobId, Timestamp, Transcript};

backends! { "transcripts":
    /// Keeps a transcript in place of the job's earlier one.
    fn put_transcript(&self, transcript: &Transcript) -> ();
    /// A job's transcript.
    fn transcript(&self, job: JobId) -> Option<Transcript>;
    /// Removes a job's transcript.
    fn delete_transcript(&self, job: JobId) -> ();
    /// Removes transcripts that were kept before an instant; how many, at most `limit`.
    fn remove_transcripts(&self, recorded_before: Timestamp, limit: u32) -> u64;
}
