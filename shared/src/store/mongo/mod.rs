//! MongoDB, shared with the old backend. `users`, `quizzes`, `quizattempts`, `studysessions` and `notes` are
//! written in its (Mongoose) shape and read field by field, whatever wrote them; every other collection is ours
//! and holds the domain types as they serialize.

use std::{sync::Arc, time::Duration};

use bson::{Bson, Document, doc};
use futures::TryStreamExt;
use mongodb::{
    Client, Collection, Cursor, Database,
    options::{Acknowledgment, ClientOptions, WriteConcern},
};
use serde::{Serialize, de::DeserializeOwned};

use self::pool::Pool;
use super::{Connections, Result, StoreError};

mod attempts;
mod blobs;
mod cached;
mod checkpoints;
mod convert;
mod errors;
mod exports;
mod fields;
mod idempotency;
mod indexes;
mod ledger;
mod listing;
mod local_time;
mod mail_tokens;
mod metadata;
pub mod migration;
mod note_search;
mod note_trash;
mod notes;
mod owned;
mod plans;
mod pool;
mod ported;
mod queues;
mod quiz_edits;
mod quizzes;
mod retention;
mod review;
mod sessions;
mod shares;
mod statistics;
mod stats;
mod study_sessions;
mod submissions;
mod tallies;
mod tasks;
mod transcripts;
mod usage;
mod users;

pub(super) use owned::owned_sources;

/// How long to look for a server, and to wait for a connection to it.
const CONNECT_WITHIN: Duration = Duration::from_millis(1500);
/// How long the address may take to resolve.
const RESOLVED_WITHIN: Duration = Duration::from_secs(5);
/// How long one that moves many megabytes may take.
const TRANSFER_WITHIN: Duration = Duration::from_secs(60);
/// Most connections to one server.
const POOL: u32 = 32;
/// How often two writers may get in each other's way before a call gives up.
const RACES: usize = 50;

/// The store in a MongoDB database.
#[derive(Debug, Clone)]
pub struct Mongo {
    db: Database,
    /// How long a call may take.
    patience: Duration,
    connections: Arc<Pool>,
}

impl Mongo {
    /// Connects and builds the indexes that are missing.
    pub async fn connect(url: &str, database: &str, patience: Duration) -> Result<Self> {
        let store = Self::open(url, database, patience).await?;
        store.build_indexes().await?;
        Ok(store)
    }

    /// Connects and changes nothing.
    async fn open(url: &str, database: &str, patience: Duration) -> Result<Self> {
        let mut options = within(RESOLVED_WITHIN, ClientOptions::parse(url)).await?;
        options.app_name.get_or_insert_with(|| "smartstudy".to_owned());
        options.server_selection_timeout = Some(CONNECT_WITHIN);
        options.connect_timeout = Some(CONNECT_WITHIN);
        options.max_pool_size = Some(options.max_pool_size.map_or(POOL, |size| size.min(POOL)));
        options.write_concern = Some(
            WriteConcern::builder().w(Acknowledgment::Majority).journal(true).w_timeout(patience).build(),
        );
        let connections = Arc::new(Pool::default());
        options.cmap_event_handler = Some(connections.clone().into_handler());
        let store = Self { db: Client::with_options(options)?.database(database), patience, connections };
        store.ping().await?;
        Ok(store)
    }

    /// The connections of this process.
    pub fn connections(&self) -> Connections {
        self.connections.now()
    }

    /// Answers when the database does.
    pub async fn ping(&self) -> Result<()> {
        within(CONNECT_WITHIN, self.db.run_command(doc! { "ping": 1 })).await.map(drop)
    }

    /// Waits for a call to the driver, as long as a call may take.
    async fn run<T>(&self, call: impl IntoFuture<Output = mongodb::error::Result<T>>) -> Result<T> {
        within(self.patience, call).await
    }

    /// Everything a query finds.
    async fn all<T, Q>(&self, query: Q) -> Result<Vec<T>>
    where
        T: DeserializeOwned + Send + Sync + Unpin,
        Q: IntoFuture<Output = mongodb::error::Result<Cursor<T>>>,
    {
        let query = query.into_future();
        self.run(async { query.await?.try_collect().await }).await
    }

    /// Everything in a collection that a filter finds, in this shape; whole if it is empty.
    async fn found<T: DeserializeOwned + Send + Sync + Unpin>(
        &self,
        collection: &str,
        filter: Document,
        shape: Document,
    ) -> Result<Vec<T>> {
        self.all(self.of::<T>(collection).find(filter).projection(shape)).await
    }

    /// What the driver asks of its own writes, for commands that it passes on as they are.
    fn write_concern(&self) -> Document {
        doc! { "w": "majority", "j": true, "wtimeout": i64::try_from(self.patience.as_millis()).unwrap_or(i64::MAX) }
    }

    /// Makes many updates (`{ q, u }`) in one round trip, none of which waits for another; how many found what they
    /// looked for.
    async fn update_each(&self, collection: &str, updates: Vec<Document>) -> Result<u64> {
        self.update_those_that_can(collection, updates, &[]).await
    }

    /// The same, but for those that are refused with one of these codes.
    async fn update_those_that_can(
        &self,
        collection: &str,
        updates: Vec<Document>,
        refused: &[i32],
    ) -> Result<u64> {
        if updates.is_empty() {
            return Ok(0);
        }
        let command = doc! {
            "update": collection,
            "updates": updates,
            "ordered": false,
            "writeConcern": self.write_concern(),
        };
        let reply = self.run(self.db.run_command(command)).await?;
        let reply = fields::Fields(&reply);
        let errors = reply.list(&["writeErrors"]).iter().filter_map(Bson::as_document).map(fields::Fields);
        let code = |error: fields::Fields<'_>| error.number(&["code"]).map(|code| code as i32);
        let unexpected = errors.filter(|error| !code(*error).is_some_and(|code| refused.contains(&code)));
        let trouble =
            unexpected.map(|error| error.0).next().or(reply.part(&["writeConcernError"]).map(|part| part.0));
        match trouble {
            Some(trouble) => Err(StoreError::Unavailable(format!("not all was written: {trouble}").into())),
            None => Ok(reply.number(&["n"]).unwrap_or_default() as u64),
        }
    }

    /// Adds documents; those whose key is there already stay as they are.
    async fn insert_new<T: Serialize + Send + Sync>(&self, collection: &str, new: &[T]) -> Result<()> {
        if new.is_empty() {
            return Ok(());
        }
        inserted(self.run(self.of::<T>(collection).insert_many(new).ordered(false)).await).map(drop)
    }

    /// A collection read and written as `T`.
    fn of<T: Send + Sync>(&self, name: &str) -> Collection<T> {
        self.db.collection(name)
    }

    /// A collection read and written field by field.
    fn docs(&self, name: &str) -> Collection<Document> {
        self.db.collection(name)
    }
}

/// Waits for a call to the driver for a time.
async fn within<T>(limit: Duration, call: impl IntoFuture<Output = mongodb::error::Result<T>>) -> Result<T> {
    match tokio::time::timeout(limit, call.into_future()).await {
        Ok(outcome) => outcome.map_err(StoreError::from),
        Err(late) => Err(StoreError::Unavailable(Box::new(late))),
    }
}

/// Whether an insert went in; false if its key was there already.
fn inserted<T>(outcome: Result<T>) -> Result<bool> {
    match outcome {
        Ok(_) => Ok(true),
        Err(StoreError::Taken(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A defect, in words.
fn defect(text: impl Into<String>) -> StoreError {
    StoreError::Internal(text.into().into())
}
