use std::collections::BTreeMap;

use sqlx::Row;

use super::{Result, Sqlite, decode, document, encode};
use crate::{
    domain::{Timestamp, Worker},
    store::JobCounts,
};

impl Sqlite {
    pub(in crate::store) async fn announce_worker(
        &self,
        worker: &Worker,
        silent_since: Timestamp,
    ) -> Result<()> {
        sqlx::query("INSERT OR REPLACE INTO workers (name, heard_at, doc) VALUES (?, ?, ?)")
            .bind(&worker.name)
            .bind(worker.heard_at.to_string())
            .bind(encode(worker)?)
            .execute(&self.writer)
            .await?;
        sqlx::query("DELETE FROM workers WHERE heard_at < ?")
            .bind(silent_since.to_string())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub(in crate::store) async fn forget_worker(&self, name: &str) -> Result<()> {
        sqlx::query("DELETE FROM workers WHERE name = ?").bind(name).execute(&self.writer).await?;
        Ok(())
    }

    pub(in crate::store) async fn workers(&self, heard_since: Timestamp) -> Result<Vec<Worker>> {
        let rows = sqlx::query("SELECT doc FROM workers WHERE heard_at >= ? ORDER BY name")
            .bind(heard_since.to_string())
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(document).collect()
    }

    pub(in crate::store) async fn pause_queue(&self, kind: &str, now: Timestamp) -> Result<()> {
        sqlx::query("INSERT INTO paused_queues (kind, paused_at) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(kind)
            .bind(now.to_string())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub(in crate::store) async fn resume_queue(&self, kind: &str) -> Result<()> {
        sqlx::query("DELETE FROM paused_queues WHERE kind = ?").bind(kind).execute(&self.writer).await?;
        Ok(())
    }

    pub(in crate::store) async fn paused_queues(&self) -> Result<Vec<String>> {
        let kinds = sqlx::query_scalar("SELECT kind FROM paused_queues ORDER BY kind");
        Ok(kinds.fetch_all(&self.pool).await?)
    }

    pub(in crate::store) async fn queue_counts(&self) -> Result<JobCounts> {
        let rows = sqlx::query(
            "SELECT kind, json_quote(status), count(*) FROM jobs \
             WHERE status IN ('scheduled', 'queued', 'running', 'retrying', 'failed') GROUP BY kind, status",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| Ok(((row.try_get(0)?, decode(row.try_get(1)?)?), count(row.try_get(2)?))))
            .collect()
    }

    pub(in crate::store) async fn finished_counts(&self, since: Timestamp) -> Result<BTreeMap<String, u64>> {
        let rows = sqlx::query(
            "SELECT kind, count(*) FROM jobs WHERE doc ->> '$.finishedAt' >= ? GROUP BY kind ORDER BY kind",
        )
        .bind(since.to_string())
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, count(row.try_get(1)?)))).collect()
    }

    pub(in crate::store) async fn running_counts(&self) -> Result<BTreeMap<(String, String), u64>> {
        let rows = sqlx::query(
            "SELECT kind, doc ->> '$.lease.worker', count(*) FROM jobs \
             WHERE status = 'running' AND lease_until IS NOT NULL GROUP BY 1, 2",
        )
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| Ok(((row.try_get(0)?, row.try_get(1)?), count(row.try_get(2)?)))).collect()
    }

    pub(in crate::store) async fn oldest_queued(&self, kind: &str) -> Result<Option<Timestamp>> {
        let due: Option<String> = sqlx::query_scalar(
            "SELECT json_quote(min(due_at)) FROM jobs WHERE status = 'queued' AND kind = ?",
        )
        .bind(kind)
        .fetch_one(&self.pool)
        .await?;
        due.as_deref().map_or(Ok(None), decode)
    }
}

fn count(number: i64) -> u64 {
    number.unsigned_abs()
}
