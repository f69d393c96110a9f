//! The queue in Redis: a list for each kind, `RPUSH` by whoever rings, a blocking pop by each worker.

use std::{collections::HashSet, time::Duration};

use futures::{StreamExt, stream::BoxStream};
use redis::{
    AsyncCommands, AsyncConnectionConfig, Client, RedisError,
    aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection},
};

use super::QueueError;
use crate::domain::JobId;

/// How long an API request may wait for Redis to be told of its job.
const RING_TIMEOUT: Duration = Duration::from_millis(500);
/// How long one blocking pop waits, after which the connection is known to be alive.
const POP_SECONDS: f64 = 5.0;
/// Pause before a lost connection is tried again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(250);

/// Rings in Redis.
#[derive(Clone)]
pub struct RedisQueue {
    client: Client,
    connection: ConnectionManager,
    prefix: String,
}

impl std::fmt::Debug for RedisQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisQueue").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl From<RedisError> for QueueError {
    fn from(error: RedisError) -> Self {
        Self(error.into())
    }
}

/// A connection that comes back by itself; nothing is dialled before the first command.
pub(crate) fn connection(client: &Client) -> Result<ConnectionManager, RedisError> {
    let config = ConnectionManagerConfig::new()
        .set_number_of_retries(1)
        .set_max_delay(RECONNECT_PAUSE)
        .set_connection_timeout(Some(RING_TIMEOUT))
        .set_response_timeout(Some(2 * RING_TIMEOUT));
    ConnectionManager::new_lazy_with_config(client.clone(), config)
}

impl RedisQueue {
    /// A queue whose keys begin with `prefix`. Redis need not be up yet.
    pub fn new(url: &str, prefix: &str) -> Result<Self, QueueError> {
        let client = Client::open(url)?;
        let connection = connection(&client)?;
        Ok(Self { client, connection, prefix: prefix.to_owned() })
    }

    fn key(&self, kind: &str) -> String {
        format!("{}:queue:{kind}", self.prefix)
    }

    pub(super) async fn ring(&self, kind: &str, jobs: &[JobId]) -> Result<(), QueueError> {
        let ids: Vec<String> = jobs.iter().map(JobId::to_string).collect();
        let mut connection = self.connection.clone();
        let push = connection.rpush::<_, _, ()>(self.key(kind), ids);
        within(RING_TIMEOUT, push).await
    }

    pub(super) async fn ring_first(&self, kind: &str, jobs: &[JobId]) -> Result<(), QueueError> {
        // The last one pushed is the first one popped.
        let ids: Vec<String> = jobs.iter().rev().map(JobId::to_string).collect();
        let mut connection = self.connection.clone();
        let push = connection.lpush::<_, _, ()>(self.key(kind), ids);
        within(RING_TIMEOUT, push).await
    }

    pub(super) async fn waiting(&self, kind: &str) -> Result<HashSet<JobId>, QueueError> {
        let mut connection = self.connection.clone();
        let ids: Vec<String> = within(RING_TIMEOUT, connection.lrange(self.key(kind), 0, -1)).await?;
        Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
    }

    pub(super) async fn len(&self, kind: &str) -> Result<usize, QueueError> {
        let mut connection = self.connection.clone();
        within(RING_TIMEOUT, connection.llen(self.key(kind))).await
    }

    pub(super) async fn ping(&self) -> Result<(), QueueError> {
        let mut connection = self.connection.clone();
        within(RING_TIMEOUT, connection.ping()).await
    }

    pub(super) fn listen(&self, kinds: &[&'static str]) -> BoxStream<'static, JobId> {
        let keys: Vec<String> = kinds.iter().map(|kind| self.key(kind)).collect();
        let listener = Listener { client: self.client.clone(), connection: None, keys };
        futures::stream::unfold(
            listener,
            |mut listener| async move { Some((listener.next().await, listener)) },
        )
        .boxed()
    }
}

async fn within<T>(
    limit: Duration,
    command: impl Future<Output = Result<T, RedisError>>,
) -> Result<T, QueueError> {
    match tokio::time::timeout(limit, command).await {
        Ok(answer) => Ok(answer?),
        Err(elapsed) => Err(QueueError(elapsed.into())),
    }
}

/// One worker's ear. It has a connection of its own, because a blocking pop holds it up.
struct Listener {
    client: Client,
    connection: Option<MultiplexedConnection>,
    keys: Vec<String>,
}

impl Listener {
    async fn next(&mut self) -> JobId {
        loop {
            match self.pop().await {
                Ok(Some(job)) => return job,
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "the queue is away");
                    self.connection = None;
                    tokio::time::sleep(RECONNECT_PAUSE).await;
                }
            }
        }
    }

    async fn pop(&mut self) -> Result<Option<JobId>, QueueError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(dial(&self.client).await?),
        };
        let limit = Duration::from_secs_f64(POP_SECONDS * 2.0);
        let popped: Option<(String, String)> =
            within(limit, connection.blpop(&self.keys, POP_SECONDS)).await?;
        // The list that is looked at first would starve the others.
        self.keys.rotate_left(1);
        let Some((_, id)) = popped else { return Ok(None) };
        match id.parse() {
            Ok(id) => Ok(Some(id)),
            Err(_) => {
                tracing::warn!(id, "not a job id in the queue");
                Ok(None)
            }
        }
    }
}

async fn dial(client: &Client) -> Result<MultiplexedConnection, RedisError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(Duration::from_secs(2)))
        .set_response_timeout(None);
    client.get_multiplexed_async_connection_with_config(&config).await
}
