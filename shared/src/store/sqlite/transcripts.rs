//! Transcripts: one row a job.

use super::{Result, Sqlite, decode, encode};
use crate::domain::{JobId, Timestamp, Transcript};

impl Sqlite {
    pub(in crate::store) async fn put_transcript(&self, transcript: &Transcript) -> Result<()> {
        sqlx::query(
            "INSERT INTO transcripts (id, doc) VALUES (?, ?) ON CONFLICT DO UPDATE SET doc = excluded.doc",
        )
        .bind(transcript.job.to_string())
        .bind(encode(transcript)?)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    pub(in crate::store) async fn transcript(&self, job: JobId) -> Result<Option<Transcript>> {
        let found: Option<String> = sqlx::query_scalar("SELECT doc FROM transcripts WHERE id = ?")
            .bind(job.to_string())
            .fetch_optional(&self.pool)
            .await?;
        found.as_deref().map(decode).transpose()
    }

    pub(in crate::store) async fn delete_transcript(&self, job: JobId) -> Result<()> {
        sqlx::query("DELETE FROM transcripts WHERE id = ?")
            .bind(job.to_string())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub(in crate::store) async fn remove_transcripts(
        &self,
        recorded_before: Timestamp,
        limit: u32,
    ) -> Result<u64> {
        let old = "DELETE FROM transcripts WHERE id IN \
                   (SELECT id FROM transcripts WHERE doc ->> '$.recordedAt' < ? LIMIT ?)";
        self.delete_before(old, recorded_before, limit).await
    }
}
