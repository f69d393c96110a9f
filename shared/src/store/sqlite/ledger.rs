use std::collections::{BTreeMap, HashMap};

use futures::{StreamExt, TryStreamExt};
use serde_json::Value;
use sqlx::{QueryBuilder, Row, Sqlite as Engine, SqliteConnection};

use super::{Result, Sqlite, StoreError, decode, document, encode, matching};
use crate::{
    domain::{Event, Job, JobId, Timestamp},
    store::{CheckpointHead, JobFilter, JobGroup, JobHead, Listing, Unclaimed, Window},
};

impl Sqlite {
    pub(in crate::store) async fn insert_job(&self, job: &mut Job) -> Result<()> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("INSERT INTO jobs (id, doc, rung_at) VALUES (?, ?, ?)")
            .bind(job.id.to_string())
            .bind(encode(job)?)
            .bind(job.rung_at.to_string())
            .execute(&mut *tx)
            .await?;
        append(&mut tx, job).await?;
        tx.commit().await?;
        job.fresh.clear();
        Ok(())
    }

    pub(in crate::store) async fn job(&self, id: JobId) -> Result<Option<Job>> {
        let row = sqlx::query("SELECT doc FROM jobs WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(document).transpose()
    }

    pub(in crate::store) async fn save_job(&self, job: &mut Job) -> Result<bool> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let saved = write(&mut tx, job).await?;
        tx.commit().await?;
        if saved {
            job.rev += 1;
            job.fresh.clear();
        }
        Ok(saved)
    }

    pub(in crate::store) async fn job_heads(
        &self,
        filter: &JobFilter,
        after: Option<JobId>,
        limit: u32,
    ) -> Result<Vec<JobHead>> {
        self.documents(matching_after(filter, after, limit)).await
    }

    pub(in crate::store) async fn retry_jobs(
        &self,
        heads: &[JobHead],
        filter: &JobFilter,
        now: Timestamp,
    ) -> Result<u64> {
        let known: HashMap<JobId, i64> = heads.iter().map(|head| (head.id, head.last_event)).collect();
        let ids = encode(&known.keys().collect::<Vec<_>>())?;
        let mut these =
            QueryBuilder::<Engine>::new("SELECT doc FROM jobs WHERE id IN (SELECT value FROM json_each(");
        these.push_bind(ids).push("))");
        wanted(&mut these, filter);
        let mut retried = 0;
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        for row in these.build().fetch_all(&mut *tx).await? {
            let mut job: Job = document(&row)?;
            let went_on = known.get(&job.id) != Some(&job.last_event);
            if !went_on && job.retry_in_bulk(now).is_ok() && write(&mut tx, &job).await? {
                retried += 1;
            }
        }
        tx.commit().await?;
        Ok(retried)
    }

    pub(in crate::store) async fn events(&self, id: JobId, after: i64, limit: u32) -> Result<Vec<Event>> {
        let rows =
            sqlx::query("SELECT doc FROM job_events WHERE job_id = ? AND seq > ? ORDER BY seq LIMIT ?")
                .bind(id.to_string())
                .bind(after)
                .bind(limit)
                .fetch_all(&self.pool)
                .await?;
        rows.iter().map(document).collect()
    }

    pub(in crate::store) async fn jobs(&self, filter: &JobFilter, window: &Window) -> Result<Listing<Job>> {
        self.listing("jobs", "doc", window, |query| wanted(query, filter)).await
    }

    pub(in crate::store) async fn count_jobs(&self, filter: &JobFilter) -> Result<u64> {
        let mut query = QueryBuilder::new("SELECT count(*) FROM jobs WHERE true");
        wanted(&mut query, filter);
        let count: i64 = query.build().fetch_one(&self.pool).await?.try_get(0)?;
        Ok(count.unsigned_abs())
    }

    pub(in crate::store) async fn job_groups(&self, filter: &JobFilter) -> Result<Vec<JobGroup>> {
        let mut query = QueryBuilder::new(
            "SELECT kind, doc ->> '$.error.code', count(*), min(id), max(id) FROM jobs WHERE true",
        );
        wanted(&mut query, filter);
        query.push(" GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2");
        let rows = query.build().fetch_all(&self.pool).await?;
        let group = |row: &sqlx::sqlite::SqliteRow| {
            Ok(JobGroup {
                kind: row.try_get(0)?,
                error_code: row.try_get(1)?,
                jobs: row.try_get::<i64, _>(2)?.unsigned_abs(),
                oldest: parse_id(row.try_get(3)?)?,
                newest: parse_id(row.try_get(4)?)?,
            })
        };
        rows.iter().map(group).collect()
    }

    pub(in crate::store) async fn jobs_after(
        &self,
        filter: &JobFilter,
        after: Option<JobId>,
        limit: u32,
    ) -> Result<Vec<Job>> {
        self.documents(matching_after(filter, after, limit)).await
    }

    pub(in crate::store) async fn overdue_jobs(&self, now: Timestamp, limit: u32) -> Result<Vec<Job>> {
        let rows = sqlx::query(
            "SELECT doc, id FROM jobs WHERE status IN ('scheduled', 'retrying') AND due_at <= ?1 \
             UNION ALL SELECT doc, id FROM jobs WHERE status = 'running' AND lease_until <= ?1",
        )
        .bind(now.to_string())
        .fetch(&self.pool);
        // What cannot be read is passed over, so that it does not keep the others waiting.
        let readable = rows.try_filter_map(|row| {
            let id = row.try_get::<&str, _>(1).unwrap_or_default();
            let read = document(&row).inspect_err(|error| tracing::warn!(id, %error, "a job cannot be read"));
            std::future::ready(Ok(read.ok()))
        });
        Ok(readable.take(limit as usize).try_collect().await?)
    }

    pub(in crate::store) async fn unclaimed_jobs(
        &self,
        kind: &str,
        rung_before: Timestamp,
        after: Option<(Timestamp, JobId)>,
        limit: u32,
    ) -> Result<Vec<Unclaimed>> {
        let (time, id) = after.map_or_else(Default::default, |(time, id)| (time.to_string(), id.to_string()));
        let rows: Vec<String> = sqlx::query_scalar(
            "SELECT json_object('_id', id, 'userId', user_id, 'rungAt', rung_at, \
             'priority', coalesce(doc ->> '$.priority', 'interactive')) \
             FROM jobs WHERE status = 'queued' AND kind = ?1 AND rung_at < ?2 AND (rung_at, id) > (?3, ?4) \
             ORDER BY rung_at, id LIMIT ?5",
        )
        .bind(kind)
        .bind(rung_before.to_string())
        .bind(time)
        .bind(id)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| decode(row)).collect()
    }

    pub(in crate::store) async fn mark_rung(&self, ids: &[JobId], now: Timestamp) -> Result<()> {
        let mut query = QueryBuilder::new("UPDATE jobs SET rung_at = ");
        query.push_bind(now.to_string());
        query.push(", doc = json_set(doc, '$.rungAt', ").push_bind(now.to_string()).push(") WHERE id IN (");
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(id.to_string());
        }
        query.push(")").build().execute(&self.writer).await?;
        Ok(())
    }

    pub(in crate::store) async fn put_checkpoint(&self, id: JobId, name: &str, value: &Value) -> Result<()> {
        sqlx::query(
            "INSERT INTO job_checkpoints (job_id, name, value) VALUES (?, ?, ?) \
             ON CONFLICT DO UPDATE SET value = excluded.value",
        )
        .bind(id.to_string())
        .bind(name)
        .bind(value.to_string())
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    pub(in crate::store) async fn checkpoints(&self, id: JobId) -> Result<BTreeMap<String, Value>> {
        let rows = sqlx::query("SELECT name, value FROM job_checkpoints WHERE job_id = ?")
            .bind(id.to_string())
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, decode(row.try_get(1)?)?))).collect()
    }

    pub(in crate::store) async fn checkpoint_heads(
        &self,
        id: JobId,
        value_max: u32,
    ) -> Result<Vec<CheckpointHead>> {
        let rows = sqlx::query(
            "SELECT name, octet_length(value), CASE WHEN octet_length(value) <= ? THEN value END \
             FROM job_checkpoints WHERE job_id = ? ORDER BY name",
        )
        .bind(value_max)
        .bind(id.to_string())
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                let value = row.try_get::<Option<&str>, _>(2)?.map(decode).transpose()?;
                let bytes = row.try_get::<i64, _>(1)?.unsigned_abs();
                Ok(CheckpointHead { name: row.try_get(0)?, bytes, value })
            })
            .collect()
    }

    pub(in crate::store) async fn delete_checkpoints(&self, id: JobId) -> Result<()> {
        sqlx::query("DELETE FROM job_checkpoints WHERE job_id = ?")
            .bind(id.to_string())
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}

fn wanted(query: &mut QueryBuilder<Engine>, filter: &JobFilter) {
    matching(query, "user_id", filter.user_id.map(|id| id.to_string()));
    matching(query, "status", filter.status.map(|status| status.as_str().to_owned()));
    matching(query, "kind", filter.kind.clone());
    matching(query, "doc ->> '$.error.code'", filter.error_code.clone());
    if let Some(instant) = filter.made_before {
        query.push(" AND id < ").push_bind(JobId::first_at(instant).to_string());
    }
    if let Some(instant) = filter.made_from {
        query.push(" AND id >= ").push_bind(JobId::first_at(instant).to_string());
    }
}

/// Jobs that match, from the oldest, made after `after`, at most `limit`.
fn matching_after(filter: &JobFilter, after: Option<JobId>, limit: u32) -> QueryBuilder<Engine> {
    let mut query = QueryBuilder::new("SELECT doc FROM jobs WHERE true");
    wanted(&mut query, filter);
    if let Some(after) = after {
        query.push(" AND id > ").push_bind(after.to_string());
    }
    query.push(" ORDER BY id LIMIT ").push_bind(limit);
    query
}

/// Writes a job and its fresh events if nobody wrote it since it was read; whether it did.
async fn write(connection: &mut SqliteConnection, job: &Job) -> Result<bool> {
    let next = Job { rev: job.rev + 1, fresh: Vec::new(), ..job.clone() };
    let done = sqlx::query("UPDATE jobs SET doc = ?, rung_at = ? WHERE id = ? AND rev = ?")
        .bind(encode(&next)?)
        .bind(job.rung_at.to_string())
        .bind(job.id.to_string())
        .bind(job.rev)
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    append(connection, job).await?;
    Ok(true)
}

async fn append(connection: &mut SqliteConnection, job: &Job) -> Result<()> {
    for event in &job.fresh {
        sqlx::query("INSERT INTO job_events (job_id, seq, doc) VALUES (?, ?, ?)")
            .bind(job.id.to_string())
            .bind(event.seq)
            .bind(encode(event)?)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

pub(super) fn parse_id(text: &str) -> Result<JobId> {
    text.parse().map_err(|_| StoreError::Corrupt(format!("job id {text:?}")))
}
