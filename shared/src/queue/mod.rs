//! The doorbell between the ledger and the workers. It carries job ids to wake somebody with; the
//! ledger is the truth, so a ring that is lost, doubled or late does no harm (see ADR 1).

use std::collections::HashSet;

use futures::stream::BoxStream;

use crate::domain::JobId;

mod local;
mod redis;

pub use local::LocalQueue;
pub use redis::RedisQueue;
pub(crate) use redis::connection;

/// The queue could not be told; the dispatcher will ring again.
#[derive(Debug, thiserror::Error)]
#[error("the queue is unavailable: {0}")]
pub struct QueueError(#[from] Box<dyn std::error::Error + Send + Sync>);

/// The queue of the process.
#[derive(Debug, Clone)]
pub enum Queue {
    /// Within this process.
    Local(LocalQueue),
    /// Redis lists, one for each kind of job.
    Redis(RedisQueue),
}

impl Queue {
    /// Wakes a worker for each of these jobs, all of one kind.
    pub async fn ring(&self, kind: &str, jobs: &[JobId]) -> Result<(), QueueError> {
        match self {
            Self::Local(queue) => {
                queue.ring(kind, jobs);
                Ok(())
            }
            Self::Redis(queue) => queue.ring(kind, jobs).await,
        }
    }

    /// Wakes a worker for each of these jobs, all of one kind, before all others of that kind.
    pub async fn ring_first(&self, kind: &str, jobs: &[JobId]) -> Result<(), QueueError> {
        match self {
            Self::Local(queue) => {
                queue.ring_first(kind, jobs);
                Ok(())
            }
            Self::Redis(queue) => queue.ring_first(kind, jobs).await,
        }
    }

    /// Jobs of a kind whose ring no worker took yet.
    pub async fn waiting(&self, kind: &str) -> Result<HashSet<JobId>, QueueError> {
        match self {
            Self::Local(queue) => Ok(queue.waiting(kind)),
            Self::Redis(queue) => queue.waiting(kind).await,
        }
    }

    /// How many rings of a kind no worker took yet.
    pub async fn len(&self, kind: &str) -> Result<usize, QueueError> {
        match self {
            Self::Local(queue) => Ok(queue.len(kind)),
            Self::Redis(queue) => queue.len(kind).await,
        }
    }

    /// Rings for jobs of these kinds, each delivered to one listener. The stream never ends and never fails:
    /// while the queue is away it waits. A ring is taken from the queue only when the stream is polled.
    pub fn listen(&self, kinds: &[&'static str]) -> BoxStream<'static, JobId> {
        match self {
            Self::Local(queue) => queue.listen(kinds),
            Self::Redis(queue) => queue.listen(kinds),
        }
    }

    /// Answers when the queue does.
    pub async fn ping(&self) -> Result<(), QueueError> {
        match self {
            Self::Local(_) => Ok(()),
            Self::Redis(queue) => queue.ping().await,
        }
    }
}
