//! SQLite: one file, no service. Uploads are files beside it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};
use sqlx::{
    Executor, QueryBuilder, Row, Sqlite as Engine, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};

use super::{Connections, Cursor, Listing, Result, SortValue, StoreError, Window};

mod accounts;
mod attempts;
mod blobs;
mod cached;
mod exports;
mod idempotency;
mod ledger;
mod local_time;
mod mail_tokens;
mod note_search;
mod notes;
mod owned;
mod plans;
mod queues;
mod quizzes;
mod retention;
mod review;
mod shares;
mod statistics;
mod stats;
mod study_sessions;
mod tallies;
mod tasks;
mod transcripts;
mod usage;

pub(super) use owned::owned_sources;

/// Each table keeps whole documents as JSON; generated columns are what queries look at.
const SCHEMA: &[&str] = &[
    include_str!("schema/accounts.sql"),
    include_str!("schema/attempts.sql"),
    include_str!("schema/cached.sql"),
    include_str!("schema/exports.sql"),
    include_str!("schema/idempotency.sql"),
    include_str!("schema/ledger.sql"),
    include_str!("schema/mail_tokens.sql"),
    include_str!("schema/notes.sql"),
    include_str!("schema/plans.sql"),
    include_str!("schema/queues.sql"),
    include_str!("schema/quizzes.sql"),
    include_str!("schema/retention.sql"),
    include_str!("schema/review.sql"),
    include_str!("schema/study_sessions.sql"),
    include_str!("schema/tasks.sql"),
    include_str!("schema/usage.sql"),
    include_str!("schema/shares.sql"),
    include_str!("schema/transcripts.sql"),
];

/// How long a write waits for one of another process. The largest is that of a note of a megabyte, whose words are
/// indexed.
const BUSY_FOR: Duration = Duration::from_secs(15);

/// The database's file in its directory.
pub(super) const FILE: &str = "smartstudy.db";

/// How many connections read.
const READERS: u32 = 4;

/// The SQLite store.
#[derive(Debug, Clone)]
pub struct Sqlite {
    /// What reads, and cannot write.
    pool: SqlitePool,
    /// What writes, one after the other: they come to their turn here, in the order in which they asked. In the database
    /// they would try again and again, and the unlucky would give up.
    writer: SqlitePool,
    uploads: PathBuf,
}

impl Sqlite {
    pub(super) fn connections(&self) -> Connections {
        let pools = [&self.pool, &self.writer];
        let open = pools.map(|pool| u64::from(pool.size())).iter().sum::<u64>();
        let idle = pools.map(|pool| pool.num_idle() as u64).iter().sum::<u64>();
        Connections { open, in_use: open.saturating_sub(idle) }
    }

    pub(super) async fn open(dir: &Path) -> Result<Self> {
        let uploads = dir.join("uploads");
        tokio::fs::create_dir_all(&uploads).await.map_err(unavailable)?;
        let options = SqliteConnectOptions::new()
            .filename(dir.join(FILE))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY_FOR);
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        for part in SCHEMA {
            writer.execute(*part).await?;
        }
        let reading = options.pragma("query_only", "ON");
        let pool = SqlitePoolOptions::new().max_connections(READERS).connect_with(reading).await?;
        Ok(Self { pool, writer, uploads })
    }

    pub(super) async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// The documents a query selects in its only column.
    async fn documents<T: DeserializeOwned>(&self, mut query: QueryBuilder<Engine>) -> Result<Vec<T>> {
        let rows = query.build().fetch_all(&self.pool).await?;
        rows.iter().map(document).collect()
    }

    /// Counts what matches `conditions`, and reads the window of it.
    async fn listing<T: DeserializeOwned>(
        &self,
        table: &'static str,
        column: &'static str,
        window: &Window,
        conditions: impl Fn(&mut QueryBuilder<Engine>),
    ) -> Result<Listing<T>> {
        self.listing_by(table, column, None, window, conditions).await
    }

    /// The same, sorted by the column `key`, where there is one, and among equals by id.
    async fn listing_by<T: DeserializeOwned>(
        &self,
        table: &'static str,
        column: &'static str,
        key: Option<&'static str>,
        window: &Window,
        conditions: impl Fn(&mut QueryBuilder<Engine>),
    ) -> Result<Listing<T>> {
        let mut count = QueryBuilder::new("SELECT count(*) FROM ");
        count.push(table).push(" WHERE true");
        conditions(&mut count);
        let total: i64 = count.build().fetch_one(&self.pool).await?.try_get(0)?;

        let mut query = QueryBuilder::new("SELECT ");
        query.push(column).push(" FROM ").push(table).push(" WHERE true");
        conditions(&mut query);
        let (beyond, direction) = if window.descending { (" < ", " DESC") } else { (" > ", "") };
        match (key, &window.after) {
            (None, Some(id)) => drop(query.push(" AND id").push(beyond).push_bind(id.clone())),
            (Some(key), Some(after)) => {
                let Cursor { value, id } = Cursor::decode(after)
                    .ok_or_else(|| StoreError::Internal(format!("{after:?} is no cursor").into()))?;
                query.push(" AND (").push(key).push(", id)").push(beyond).push("(");
                query.push_bind(match value {
                    SortValue::At(instant) => instant.to_string(),
                    SortValue::Text(text) => text,
                });
                query.push(", ").push_bind(id.to_string()).push(")");
            }
            (_, None) => {}
        }
        query.push(" ORDER BY ");
        if let Some(key) = key {
            query.push(key).push(direction).push(", ");
        }
        query.push("id").push(direction);
        query.push(" LIMIT ").push_bind(window.reach());
        query.push(" OFFSET ").push_bind(window.skip.try_into().unwrap_or(i64::MAX));
        Ok(Listing::new(self.documents(query).await?, window, total.unsigned_abs()))
    }
}

/// Narrows a query to rows whose column has this value, if there is one.
fn matching(query: &mut QueryBuilder<Engine>, column: &'static str, value: Option<String>) {
    if let Some(value) = value {
        query.push(" AND ").push(column).push(" = ").push_bind(value);
    }
}

fn document<T: DeserializeOwned>(row: &SqliteRow) -> Result<T> {
    decode(row.try_get(0)?)
}

fn decode<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| StoreError::Corrupt(error.to_string()))
}

fn encode<T: Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Internal(error.into()))
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(error.into())
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(inner) if inner.is_unique_violation() => {
                let taken = ["email", "username"].into_iter().find(|field| inner.message().contains(field));
                Self::Taken(taken.unwrap_or("id"))
            }
            sqlx::Error::Database(inner)
                if matches!(inner.code().as_deref(), Some("5" | "517" | "13" | "10")) =>
            {
                Self::Unavailable(error.into())
            }
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
                Self::Unavailable(error.into())
            }
            _ => Self::Internal(error.into()),
        }
    }
}
