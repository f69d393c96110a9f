use std::collections::HashSet;

use serde_json::Value;
use sqlx::{QueryBuilder, Row};

use super::{Result, Sqlite, StoreError, decode, encode, ledger::parse_id};
use crate::{
    domain::{Id, JobId, Timestamp},
    store::BlobUse,
};

impl Sqlite {
    pub(in crate::store) async fn note_blob_use(&self, id: Id, usage: BlobUse, now: Timestamp) -> Result<()> {
        sqlx::query("INSERT OR REPLACE INTO blob_uses (id, usage, last_used_at) VALUES (?, ?, ?)")
            .bind(id.to_string())
            .bind(usage.as_str())
            .bind(now.to_string())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub(in crate::store) async fn unused_blobs(
        &self,
        usage: BlobUse,
        used_before: Timestamp,
        limit: u32,
    ) -> Result<Vec<Id>> {
        let ids: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM blob_uses WHERE usage = ? AND last_used_at < ? ORDER BY last_used_at, id LIMIT ?",
        )
        .bind(usage.as_str())
        .bind(used_before.to_string())
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        ids.iter().map(|id| parsed(id)).collect()
    }

    pub(in crate::store) async fn pictures_of_accounts(&self, blobs: &[Id]) -> Result<HashSet<Id>> {
        let ids: Vec<String> = sqlx::query_scalar(
            "SELECT doc ->> '$.avatar' FROM users WHERE doc ->> '$.avatar' IN (SELECT value FROM json_each(?))",
        )
        .bind(encode(blobs)?)
        .fetch_all(&self.pool)
        .await?;
        ids.iter().map(|id| parsed(id)).collect()
    }

    pub(in crate::store) async fn remove_events(
        &self,
        finished_before: Timestamp,
        limit: u32,
    ) -> Result<u64> {
        // By way of the events: what is left of them is little, and a job is older than its end.
        let jobs: Vec<String> = sqlx::query_scalar(
            "SELECT DISTINCT job_id FROM job_events JOIN jobs ON jobs.id = job_id \
             WHERE job_id < ? AND jobs.doc ->> '$.finishedAt' < ? LIMIT ?",
        )
        .bind(JobId::first_at(finished_before).to_string())
        .bind(finished_before.to_string())
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        self.delete_in("DELETE FROM job_events WHERE job_id IN (", &jobs).await?;
        Ok(jobs.len() as u64)
    }

    pub(in crate::store) async fn retire_jobs(
        &self,
        finished_before: Timestamp,
        limit: u32,
    ) -> Result<Vec<(JobId, Value)>> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let rows = sqlx::query(
            "SELECT id, doc -> '$.payload' FROM jobs WHERE doc ->> '$.finishedAt' < ? \
             ORDER BY doc ->> '$.finishedAt', kind LIMIT ?",
        )
        .bind(finished_before.to_string())
        .bind(limit)
        .fetch_all(&mut *tx)
        .await?;
        for row in &rows {
            let retire = "UPDATE jobs SET doc = json_set(doc, '$.status', 'discarded', '$.rev', rev + 1) \
                          WHERE id = ? AND status IN ('failed', 'cancelled')";
            sqlx::query(retire).bind(row.try_get::<&str, _>(0)?).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        rows.iter().map(|row| Ok((parse_id(row.try_get(0)?)?, decode(row.try_get(1)?)?))).collect()
    }

    pub(in crate::store) async fn remove_jobs(
        &self,
        ids: &[JobId],
        finished_before: Timestamp,
    ) -> Result<u64> {
        let mut removed = 0;
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        for id in ids {
            let done = sqlx::query("DELETE FROM jobs WHERE id = ? AND doc ->> '$.finishedAt' < ?")
                .bind(id.to_string())
                .bind(finished_before.to_string())
                .execute(&mut *tx)
                .await?;
            if done.rows_affected() == 1 {
                let events = sqlx::query("DELETE FROM job_events WHERE job_id = ?");
                events.bind(id.to_string()).execute(&mut *tx).await?;
                removed += 1;
            }
        }
        tx.commit().await?;
        Ok(removed)
    }

    pub(in crate::store) async fn remove_keys(&self, reserved_before: Timestamp, limit: u32) -> Result<u64> {
        let old = "DELETE FROM idempotency_keys WHERE key IN \
                   (SELECT key FROM idempotency_keys WHERE created_at < ? LIMIT ?)";
        self.delete_before(old, reserved_before, limit).await
    }

    pub(in crate::store) async fn remove_logins(&self, ended_before: Timestamp, limit: u32) -> Result<u64> {
        let old = "DELETE FROM sessions WHERE id IN \
                   (SELECT id FROM sessions WHERE doc ->> '$.expiresAt' < ? LIMIT ?)";
        self.delete_before(old, ended_before, limit).await
    }

    pub(in crate::store) async fn remove_mail_tokens(
        &self,
        ended_before: Timestamp,
        limit: u32,
    ) -> Result<u64> {
        let old = "DELETE FROM mail_tokens WHERE id IN \
                   (SELECT id FROM mail_tokens WHERE expires_at < ? LIMIT ?)";
        self.delete_before(old, ended_before, limit).await
    }

    pub(in crate::store) async fn guests_made_before(
        &self,
        instant: Timestamp,
        after: Option<Id>,
        limit: u32,
    ) -> Result<Vec<Id>> {
        let ids: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM users WHERE doc ->> '$.isGuest' AND id > ? AND id < ? ORDER BY id LIMIT ?",
        )
        .bind(after.map(|id| id.to_string()).unwrap_or_default())
        .bind(Id::first_at(instant).to_string())
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        ids.iter().map(|id| parsed(id)).collect()
    }

    pub(in crate::store) async fn has_login(&self, user_id: Id, now: Timestamp) -> Result<bool> {
        let live = sqlx::query(
            "SELECT 1 FROM sessions WHERE doc ->> '$.userId' = ? AND revoked_at IS NULL \
             AND doc ->> '$.expiresAt' > ? LIMIT 1",
        );
        let live = live.bind(user_id.to_string()).bind(now.to_string());
        Ok(live.fetch_optional(&self.pool).await?.is_some())
    }

    pub(super) async fn delete_before(
        &self,
        delete: &'static str,
        instant: Timestamp,
        limit: u32,
    ) -> Result<u64> {
        let done = sqlx::query(delete).bind(instant.to_string()).bind(limit).execute(&self.writer).await?;
        Ok(done.rows_affected())
    }

    async fn delete_in(&self, delete: &'static str, keys: &[String]) -> Result<()> {
        let mut query = QueryBuilder::new(delete);
        let mut list = query.separated(", ");
        for key in keys {
            list.push_bind(key.clone());
        }
        query.push(")").build().execute(&self.writer).await?;
        Ok(())
    }
}

fn parsed(text: &str) -> Result<Id> {
    text.parse().map_err(|_| StoreError::Corrupt(format!("id {text:?}")))
}
