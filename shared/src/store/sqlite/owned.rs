//! What is stored about a user. Whoever adds a table that holds something of users adds a line to [`OWNED`].

use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use serde_json::Value;
use sqlx::Row;

use super::{Result, Sqlite, StoreError, decode, notes::SWEEP, quizzes::refresh_totals};
use crate::{domain::Id, store::OwnedSource};

/// Documents read at once.
const BATCH: u32 = 50;

/// A table that holds something of users.
struct Owned {
    table: &'static str,
    /// Which rows are a user's, whose id is `?1`.
    whose: &'static str,
    /// What tells rows apart, as text.
    key: &'static str,
    /// A row as its user gets it; none where it is not for them.
    doc: Option<&'static str>,
    /// Where a row names blobs.
    blobs: &'static [&'static str],
    /// What removes the last traces of rows that are gone.
    sweep: Option<&'static str>,
    /// Which quizzes count a user's rows, where some do.
    counted: Option<&'static str>,
}

const fn table(table: &'static str, whose: &'static str) -> Owned {
    Owned { table, whose, key: "id", doc: Some("doc"), blobs: &[], sweep: None, counted: None }
}

impl Owned {
    const fn key(self, key: &'static str) -> Self {
        Self { key, ..self }
    }

    const fn shown_as(self, doc: &'static str) -> Self {
        Self { doc: Some(doc), ..self }
    }

    const fn not_shown(self) -> Self {
        Self { doc: None, ..self }
    }

    const fn swept_by(self, sweep: &'static str) -> Self {
        Self { sweep: Some(sweep), ..self }
    }

    const fn counted_by(self, counted: &'static str) -> Self {
        Self { counted: Some(counted), ..self }
    }

    const fn blobs(self, blobs: &'static [&'static str]) -> Self {
        Self { blobs, ..self }
    }
}

/// The tables, in the order of their erasure: what is found by way of other rows before these, accounts last.
#[rustfmt::skip]
const OWNED: &[Owned] = &[
    table("job_events", "job_id IN (SELECT id FROM jobs WHERE user_id = ?1)").key("job_id || '/' || seq").not_shown(),
    table("job_checkpoints", "job_id IN (SELECT id FROM jobs WHERE user_id = ?1)").key("job_id || '/' || name")
        .shown_as("json_object('jobId', job_id, 'name', name, 'value', json(value))"),
    table("transcripts", "user_id = ?1"),
    table("jobs", "user_id = ?1").blobs(&["$.payload.source.blob", "$.payload.blob"])
        .shown_as("json_set(doc, '$.events', json((SELECT json_group_array(json(doc)) FROM (SELECT doc FROM job_events WHERE job_id = jobs.id ORDER BY seq))))"),
    table("quiz_shares", "user_id = ?1").key("quiz_id"),
    table("quizzes", "created_by = ?1"),
    table("open_attempts", "user_id = ?1"),
    table("submissions", "user_id = ?1").counted_by("SELECT DISTINCT quiz_id FROM submissions WHERE user_id = ?1"),
    table("review_cards", "user_id = ?1").key("quiz_id || '/' || question_id"),
    table("notes", "user_id = ?1").swept_by(SWEEP)
        .shown_as("json_set(doc, '$.content', content, iif(deleted_at IS NULL, '$.content', '$.deletedAt'), coalesce(deleted_at, content))"),
    table("study_sessions", "user_id = ?1"),
    table("plans", "user_id = ?1").shown_as("json_set(doc, '$.days', json(days))"),
    table("tasks", "user_id = ?1"),
    table("ai_usage", "user_id = ?1").key("day"),
    table("cached_work", "key IN (SELECT key FROM cached_work_users WHERE user_id = ?1)").key("key").not_shown(),
    table("cached_work_users", "user_id = ?1").key("key").not_shown()
        .swept_by("DELETE FROM cached_work_users WHERE key NOT IN (SELECT key FROM cached_work)"),
    table("exports", "user_id = ?1").blobs(&["$.blob"]).not_shown(),
    table("idempotency_keys", "key >= ?1 || ' ' AND key < ?1 || '!'").key("key").not_shown(),
    table("mail_tokens", "user_id = ?1").not_shown(),
    table("sessions", "doc ->> '$.userId' = ?1"),
    table("users", "id = ?1").shown_as("json_remove(doc, '$.password')").blobs(&["$.avatar"]),
];

/// The tables by name.
pub(in crate::store) fn owned_sources() -> Vec<OwnedSource> {
    OWNED.iter().map(|owned| OwnedSource { name: owned.table, exported: owned.doc.is_some() }).collect()
}

fn find(source: &str) -> Result<&'static Owned> {
    let found = OWNED.iter().find(|owned| owned.table == source);
    found.ok_or_else(|| StoreError::Internal(format!("{source} is not a table of users").into()))
}

impl Sqlite {
    pub(in crate::store) async fn owned(
        &self,
        source: &str,
        user_id: Id,
    ) -> Result<BoxStream<'static, Result<Value>>> {
        let owned = find(source)?;
        let Some(doc) = owned.doc else { return Ok(stream::empty().boxed()) };
        let store = self.clone();
        let batches = stream::try_unfold(Some(String::new()), move |after| {
            let store = store.clone();
            async move {
                let Some(after) = after else { return Ok::<_, StoreError>(None) };
                let rows = store.batch(owned, doc, user_id, &after).await?;
                let next = rows.last().filter(|_| rows.len() == BATCH as usize).map(|(key, _)| key.clone());
                let values: Vec<Result<Value>> = rows.iter().map(|(_, doc)| decode(doc)).collect();
                Ok(Some((stream::iter(values), next)))
            }
        });
        Ok(batches.try_flatten().boxed())
    }

    async fn batch(
        &self,
        owned: &'static Owned,
        doc: &'static str,
        user_id: Id,
        after: &str,
    ) -> Result<Vec<(String, String)>> {
        let Owned { table, whose, key, .. } = owned;
        let query = format!(
            "SELECT {key} AS key, {doc} FROM {table} WHERE {whose} AND {key} > ?2 ORDER BY 1 LIMIT ?3"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(user_id.to_string())
            .bind(after)
            .bind(BATCH)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }

    pub(in crate::store) async fn owned_blobs(&self, source: &str, user_id: Id) -> Result<Vec<Id>> {
        let owned = find(source)?;
        let mut blobs = Vec::new();
        for path in owned.blobs {
            let query = format!("SELECT doc ->> '{path}' FROM {} WHERE {}", owned.table, owned.whose);
            let found: Vec<Option<String>> = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
                .bind(user_id.to_string())
                .fetch_all(&self.pool)
                .await?;
            blobs.extend(found.into_iter().flatten().filter_map(|id| id.parse::<Id>().ok()));
        }
        Ok(blobs)
    }

    pub(in crate::store) async fn erase_owned(&self, source: &str, user_id: Id) -> Result<u64> {
        let owned = find(source)?;
        let user_id = user_id.to_string();
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let quizzes: Vec<String> = match owned.counted {
            Some(quizzes) => sqlx::query_scalar(quizzes).bind(&user_id).fetch_all(&mut *tx).await?,
            None => Vec::new(),
        };
        let query = format!("DELETE FROM {} WHERE {}", owned.table, owned.whose);
        let done = sqlx::query(sqlx::AssertSqlSafe(query)).bind(&user_id).execute(&mut *tx).await?;
        if let Some(sweep) = owned.sweep {
            sqlx::query(sweep).execute(&mut *tx).await?;
        }
        for quiz in quizzes.iter().filter_map(|id| id.parse().ok()) {
            refresh_totals(&mut tx, quiz).await?;
        }
        tx.commit().await?;
        Ok(done.rows_affected())
    }
}
