//! Transcripts: one document a job.

use bson::doc;

use super::{Mongo, Result, convert::document};
use crate::domain::{JobId, Timestamp, Transcript};

const TRANSCRIPTS: &str = "transcripts";

impl Mongo {
    /// Keeps a transcript in place of the job's earlier one.
    pub async fn put_transcript(&self, transcript: &Transcript) -> Result<()> {
        let this = doc! { "_id": transcript.job.to_string() };
        let transcripts = self.docs(TRANSCRIPTS);
        let put = transcripts.replace_one(this, document(transcript)?).upsert(true);
        self.run(put).await.map(drop)
    }

    /// A job's transcript.
    pub async fn transcript(&self, job: JobId) -> Result<Option<Transcript>> {
        self.run(self.of(TRANSCRIPTS).find_one(doc! { "_id": job.to_string() })).await
    }

    /// Removes a job's transcript.
    pub async fn delete_transcript(&self, job: JobId) -> Result<()> {
        self.run(self.docs(TRANSCRIPTS).delete_one(doc! { "_id": job.to_string() })).await.map(drop)
    }

    /// Removes transcripts that were kept before an instant.
    pub async fn remove_transcripts(&self, recorded_before: Timestamp, limit: u32) -> Result<u64> {
        self.remove(TRANSCRIPTS, doc! { "recordedAt": { "$lt": recorded_before } }, limit).await
    }
}
