//! The doorbell between the ledger and the workers. It carries job ids to wake somebody with; the
//! ledger is the truth, so a ring that is lost, doubled or late does no harm (see ADR 1).
//!
//! Who asks for much waits longer than who asks for little (ADR 18): the rings of a kind and priority form a line in
//! which users take turns, and a user's jobs that run at once are bounded.

use std::{sync::Arc, time::Duration};

use futures::stream::BoxStream;

use crate::domain::{Id, JobId, JobPriority, Ring};

mod local;
mod redis;
mod round;

pub use local::LocalQueue;
pub use redis::RedisQueue;
pub(crate) use redis::connection;

/// For how long a job is counted among those of its user that run after it was last heard of. Longer than a worker's
/// lease of the job and a heartbeat, so that a job whose worker died is taken back before another of its user sits there,
/// maybe with a worker that dies next.
pub const SEAT: Duration = Duration::from_secs(12);

/// The queue could not be told; the dispatcher will ring again.
#[derive(Debug, thiserror::Error)]
#[error("the queue is unavailable: {0}")]
pub struct QueueError(#[from] Box<dyn std::error::Error + Send + Sync>);

/// The queue of the process.
#[derive(Debug, Clone)]
pub enum Queue {
    /// Within this process.
    Local(LocalQueue),
    /// In Redis.
    Redis(RedisQueue),
}

/// A ring that reached a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// The job to look at.
    pub job: JobId,
    /// Whether it entered already; otherwise [`Queue::enter`] is for the listener to call.
    pub seated: bool,
}

/// How many jobs of a user may run at once, any number if it says none. Asked anew for each ring.
pub type Most = Arc<dyn Fn() -> Option<usize> + Send + Sync>;

/// Where in a line a ring goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A turn after the user's last one, or the next turn if there is none.
    Behind,
    /// The turn after the one that is being served, as for who comes now: it waited for another job of its user. Of
    /// several of one user, each a turn later.
    Next,
    /// The turn that is being served: it waited for its own already. Of several of one user, each a turn later.
    Now,
}

/// A ring that waits until another job of its user ends.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    kind: String,
    ring: Ring,
}

impl Queue {
    /// Wakes a worker for each of these jobs, all of one kind, when it is their user's turn. One that waits already
    /// keeps its place.
    pub async fn ring(&self, kind: &str, rings: &[Ring]) -> Result<(), QueueError> {
        self.put(kind, rings, Place::Behind).await
    }

    /// Wakes a worker for each of these jobs, whose turn had come before: their worker died, or their ring was lost.
    pub async fn ring_again(&self, kind: &str, rings: &[Ring]) -> Result<(), QueueError> {
        self.put(kind, rings, Place::Now).await
    }

    async fn put(&self, kind: &str, rings: &[Ring], place: Place) -> Result<(), QueueError> {
        match self {
            Self::Local(queue) => {
                queue.put(kind, rings, place);
                Ok(())
            }
            Self::Redis(queue) => queue.put(kind, rings, place).await,
        }
    }

    /// Those of these jobs that nobody will be woken for: no ring of theirs waits for a worker or for another job of
    /// their user.
    pub async fn lost(&self, kind: &str, rings: &[Ring]) -> Result<Vec<Ring>, QueueError> {
        match self {
            Self::Local(queue) => Ok(queue.lost(kind, rings)),
            Self::Redis(queue) => queue.lost(kind, rings).await,
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
    /// while the queue is away it waits. A ring is taken from the queue only when the stream is polled. Jobs that may not
    /// run beside the others of their user are kept at once where the queue is shared, as by [`Queue::enter`].
    pub fn listen(&self, kinds: &[&'static str], most: Most) -> BoxStream<'static, Heard> {
        match self {
            Self::Local(queue) => queue.listen(kinds),
            Self::Redis(queue) => queue.listen(kinds, most),
        }
    }

    /// Whether a job may run beside those of its user that run: at most `most`, over all workers. If not, its ring is
    /// kept until one of them ends. Without a queue that answers, every job may. A worker that died without
    /// [`Queue::leave`] is counted for as long as `seat` says after its last [`Queue::stay`].
    pub async fn enter(
        &self,
        kind: &str,
        ring: Ring,
        most: usize,
        seat: Duration,
    ) -> Result<bool, QueueError> {
        let Some(user) = ring.user_id else { return Ok(true) };
        match self {
            Self::Local(queue) => Ok(queue.enter(kind, user, ring, most)),
            Self::Redis(queue) => queue.enter(kind, user, ring, most, seat).await,
        }
    }

    /// A job that entered still runs.
    pub async fn stay(&self, ring: Ring, seat: Duration) -> Result<(), QueueError> {
        match (self, ring.user_id) {
            (Self::Local(_), _) | (_, None) => Ok(()),
            (Self::Redis(queue), Some(user)) => queue.stay(user, ring.job, seat).await,
        }
    }

    /// A job that entered runs no more; the next one of its user that was kept is rung for and has its seat from now on,
    /// for as long as `seat` says until it enters.
    pub async fn leave(&self, ring: Ring, seat: Duration) -> Result<(), QueueError> {
        let Some(user) = ring.user_id else { return Ok(()) };
        self.let_in(user, Some(ring.job), seat).await
    }

    /// Does as [`Queue::leave`] for jobs that are kept although fewer of their user run than may, as when a worker died.
    pub async fn let_in_all(&self, seat: Duration) -> Result<(), QueueError> {
        let users = match self {
            Self::Local(_) => return Ok(()),
            Self::Redis(queue) => queue.kept_users().await?,
        };
        for user in users {
            self.let_in(user, None, seat).await?;
        }
        Ok(())
    }

    async fn let_in(&self, user: Id, left: Option<JobId>, seat: Duration) -> Result<(), QueueError> {
        let freed = match self {
            Self::Local(queue) => queue.free(user, left),
            Self::Redis(queue) => queue.free(user, left, seat).await?,
        };
        for held in freed {
            self.put(&held.kind, &[held.ring], Place::Next).await?;
        }
        Ok(())
    }

    /// Answers when the queue does.
    pub async fn ping(&self) -> Result<(), QueueError> {
        match self {
            Self::Local(_) => Ok(()),
            Self::Redis(queue) => queue.ping().await,
        }
    }
}

/// Those of the rings that go into the line of this priority.
fn of(priority: JobPriority, rings: &[Ring]) -> Vec<Ring> {
    rings.iter().filter(|ring| ring.priority == priority).copied().collect()
}

/// The lines of a kind, the one served first first.
fn lines(kind: &str) -> impl Iterator<Item = (&str, JobPriority)> {
    JobPriority::ALL.into_iter().map(move |priority| (kind, priority))
}
