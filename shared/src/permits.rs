//! How many calls may go to a provider at once, over all processes.

use std::{sync::Arc, time::Duration};

use redis::{Client, RedisError, aio::ConnectionManager};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::Instant,
};

use crate::clock::Clock;

/// After which time the permit of a process that died is free again.
const LEASE: Duration = Duration::from_secs(30);
/// How often a permit is renewed.
const RENEW_EVERY: Duration = Duration::from_secs(10);
/// How often who waits looks whether one is free.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long Redis may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_millis(500);

/// Takes one, unless as many are taken that did not end: members of a sorted set, by their end in milliseconds.
const TAKE: &str = "local now = redis.call('TIME')
local millis = now[1] * 1000 + math.floor(now[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', millis)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  return 0
end
redis.call('ZADD', KEYS[1], millis + tonumber(ARGV[3]), ARGV[1])
redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[3]) * 2)
return 1";
const RENEW: &str = "local now = redis.call('TIME')
local millis = now[1] * 1000 + math.floor(now[2] / 1000)
redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[2]) * 2)
return redis.call('ZADD', KEYS[1], 'XX', millis + tonumber(ARGV[2]), ARGV[1])";

/// Permits for calls to one provider and model. Cheap to clone.
#[derive(Clone)]
pub struct Permits {
    here: Arc<Semaphore>,
    shared: Option<Shared>,
}

#[derive(Clone)]
struct Shared {
    connection: ConnectionManager,
    clock: Clock,
    key: String,
    most: usize,
}

impl std::fmt::Debug for Permits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Permits").field("free_here", &self.here.available_permits()).finish_non_exhaustive()
    }
}

/// One call's permit; given back when dropped.
#[must_use]
#[derive(Debug)]
pub struct Permit {
    _here: OwnedSemaphorePermit,
    // The task that renews the permit gives it back when this is dropped.
    _shared: Option<oneshot::Sender<()>>,
}

impl Permits {
    /// At most so many at once within this process.
    pub fn local(most: usize) -> Self {
        Self { here: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))), shared: None }
    }

    /// At most so many of this name at once over all processes that use this Redis and prefix. While Redis is away
    /// each process counts by itself.
    ///
    /// # Errors
    /// If the address cannot be understood.
    pub fn redis(most: usize, name: &str, clock: Clock, url: &str, prefix: &str) -> Result<Self, RedisError> {
        let connection = crate::queue::connection(&Client::open(url)?)?;
        let shared = Shared { connection, clock, key: format!("{prefix}:permits:{name}"), most };
        Ok(Self { shared: Some(shared), ..Self::local(most) })
    }

    /// Waits for a permit, at most so long.
    pub async fn take(&self, patience: Duration) -> Option<Permit> {
        let until = Instant::now() + patience;
        let here = tokio::time::timeout_at(until, self.here.clone().acquire_owned()).await.ok()?.ok()?;
        let Some(shared) = &self.shared else { return Some(Permit { _here: here, _shared: None }) };
        let token = shared.clock.token();
        while !shared.take(&token).await {
            if Instant::now() + LOOK_EVERY > until {
                return None;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let (give_back, given_back) = oneshot::channel();
        tokio::spawn(shared.clone().hold(token, given_back));
        Some(Permit { _here: here, _shared: Some(give_back) })
    }
}

impl Shared {
    async fn take(&self, token: &str) -> bool {
        let mut connection = self.connection.clone();
        let mut take = redis::cmd("EVAL");
        take.arg(TAKE).arg(1).arg(&self.key).arg(token).arg(self.most).arg(LEASE.as_millis() as u64);
        match tokio::time::timeout(ANSWER_WITHIN, take.query_async::<i64>(&mut connection)).await {
            Ok(Ok(taken)) => taken == 1,
            Ok(Err(_)) | Err(_) => {
                tracing::warn!("Redis does not answer; calls are counted within this process");
                true
            }
        }
    }

    async fn hold(self, token: String, mut given_back: oneshot::Receiver<()>) {
        let mut connection = self.connection.clone();
        loop {
            tokio::select! {
                _ = &mut given_back => break,
                () = tokio::time::sleep(RENEW_EVERY) => {
                    let mut renew = redis::cmd("EVAL");
                    renew.arg(RENEW).arg(1).arg(&self.key).arg(&token).arg(LEASE.as_millis() as u64);
                    renew.query_async::<i64>(&mut connection).await.ok();
                }
            }
        }
        redis::cmd("ZREM").arg(&self.key).arg(&token).query_async::<i64>(&mut connection).await.ok();
    }
}
