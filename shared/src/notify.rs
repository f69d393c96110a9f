//! Tells every process that a job's record changed, so that waiting clients look at once. Like the
//! queue it may lose a message: whoever waits also looks at the ledger now and then.

use std::time::Duration;

use futures::StreamExt;
use redis::{AsyncCommands, Client, RedisError, aio::ConnectionManager};
use tokio::sync::broadcast;
use tracing::Instrument;

use crate::{domain::JobId, queue::RedisQueue};

/// Changes a slow waiter may fall behind before it has to look by itself.
const BACKLOG: usize = 4096;
/// Between the ids of a message.
const BETWEEN: &str = " ";
const RECONNECT_PAUSE: Duration = Duration::from_millis(500);
const PUBLISH_TIMEOUT: Duration = Duration::from_millis(500);

/// Where changes of jobs are announced and heard of.
#[derive(Clone)]
pub struct Notifier {
    changes: broadcast::Sender<JobId>,
    redis: Option<(ConnectionManager, String)>,
}

impl std::fmt::Debug for Notifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notifier").field("shared", &self.redis.is_some()).finish_non_exhaustive()
    }
}

impl Notifier {
    /// Within this process alone.
    pub fn local() -> Self {
        Self { changes: broadcast::Sender::new(BACKLOG), redis: None }
    }

    /// Between all processes that use this queue, over its connection. Redis need not be up yet.
    pub fn redis(queue: &RedisQueue) -> Self {
        let channel = format!("{}:changes", queue.prefix());
        let changes = broadcast::Sender::new(BACKLOG);
        tokio::spawn(relay(queue.client().clone(), channel.clone(), changes.clone()));
        Self { changes, redis: Some((queue.connection(), channel)) }
    }

    /// Announces that a job changed, without waiting for Redis.
    pub fn announce(&self, job: JobId) {
        self.announce_all(vec![job]);
    }

    /// Announces that jobs changed, in one message for which nobody waits.
    pub fn announce_all(&self, jobs: Vec<JobId>) {
        match self.redis.clone() {
            None => {
                for job in jobs {
                    self.changes.send(job).ok();
                }
            }
            Some(_) if jobs.is_empty() => {}
            Some((connection, channel)) => {
                tokio::spawn(publish(connection, channel, jobs).in_current_span());
            }
        }
    }

    /// Announces that a job changed, and waits until Redis knows.
    pub async fn announced(&self, job: JobId) {
        match self.redis.clone() {
            None => drop(self.changes.send(job)),
            Some((connection, channel)) => publish(connection, channel, vec![job]).await,
        }
    }

    /// Hears of changes from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<JobId> {
        self.changes.subscribe()
    }
}

async fn publish(mut connection: ConnectionManager, channel: String, jobs: Vec<JobId>) {
    let jobs: Vec<String> = jobs.iter().map(JobId::to_string).collect();
    let publish = connection.publish::<_, _, ()>(channel, jobs.join(BETWEEN));
    match tokio::time::timeout(PUBLISH_TIMEOUT, publish).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "changes were not announced"),
        Err(_) => tracing::debug!("changes were not announced in time"),
    }
}

async fn relay(client: Client, channel: String, changes: broadcast::Sender<JobId>) {
    loop {
        if let Err(error) = relay_once(&client, &channel, &changes).await {
            tracing::debug!(%error, "changes of jobs are not heard of");
        }
        tokio::time::sleep(RECONNECT_PAUSE).await;
    }
}

async fn relay_once(
    client: &Client,
    channel: &str,
    changes: &broadcast::Sender<JobId>,
) -> Result<(), RedisError> {
    let mut subscription = client.get_async_pubsub().await?;
    subscription.subscribe(channel).await?;
    let mut messages = subscription.on_message();
    while let Some(message) = messages.next().await {
        for job in message.get_payload::<String>()?.split(BETWEEN).filter_map(|job| job.parse().ok()) {
            changes.send(job).ok();
        }
    }
    Ok(())
}
