//! Work done once for all who ask for the same: kept under the hash of what went into it, in this process, in Redis and
//! in the store, and done by one while the others wait.
//!
//! The store decides what there is: each use is noted there first, so that an erasure, which removes what an account
//! used, is seen at once by every process. The tiers above it only spare the reading.

use std::{sync::Arc, time::Duration};

use moka::future::Cache as Tier;
use redis::{AsyncCommands, Client, RedisError, aio::ConnectionManager};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use crate::{
    clock::Clock,
    domain::Id,
    store::{Result, Store},
};

/// Most bytes that this process keeps of what was read or written lately.
const LOCAL_BYTES: u64 = 64 << 20;
/// How long the process keeps it after its last use.
const LOCAL_FOR: Duration = Duration::from_secs(600);
/// How long Redis keeps it.
const REDIS_SECONDS: u64 = 6 * 3600;
/// Larger values are read from the store.
const REDIS_BYTES: usize = 1 << 20;
/// Largest value that is kept at all; a document of MongoDB holds no more than 16 MiB.
const VALUE_BYTES: usize = 15 << 20;
/// Keys that somebody of this process may be at.
const LEADERS: u64 = 100_000;
/// How long after its last use a key of this process is forgotten; longer than any job may take.
const LEADER_FOR: Duration = Duration::from_secs(3600);
/// After which time somebody else may lead when a process died that led.
const LEASE: Duration = Duration::from_secs(6);
/// How often it is renewed.
const RENEW_EVERY: Duration = Duration::from_secs(2);
/// How often who waits for another process looks whether it is done.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long the store may take to show that it is there.
const STORE_WITHIN: Duration = Duration::from_secs(1);
/// How long Redis may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_millis(500);

const RENEW: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0";
const RELEASE: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0";

/// What was done, and who is doing what. Cheap to clone.
#[derive(Clone)]
pub struct Cache {
    store: Store,
    clock: Clock,
    local: Tier<String, Arc<str>>,
    leaders: Tier<String, Arc<Mutex<()>>>,
    redis: Option<Redis>,
}

#[derive(Clone)]
struct Redis {
    connection: ConnectionManager,
    prefix: String,
}

impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").field("redis", &self.redis.is_some()).finish_non_exhaustive()
    }
}

/// The right to do a piece of work that nobody else does meanwhile; given up when dropped. Only while Redis is away may
/// another process be at it too, which costs double and does no harm.
#[must_use]
#[derive(Debug)]
pub struct Lead {
    _here: OwnedMutexGuard<()>,
    // The task that renews the lease gives it up when this is dropped.
    _everywhere: Option<oneshot::Sender<()>>,
}

/// Counts where a piece of work was found. What a key begins with says what is kept under it.
fn looked_up(key: &str, outcome: &'static str) {
    let cache = key.split('-').next().unwrap_or_default().to_owned();
    metrics::counter!("smartstudy_cache_lookups_total", "cache" => cache, "outcome" => outcome).increment(1);
}

impl Cache {
    /// A cache over the store, for one process.
    pub fn local(store: Store, clock: Clock) -> Self {
        let weight =
            |key: &String, value: &Arc<str>| u32::try_from(key.len() + value.len()).unwrap_or(u32::MAX);
        let local = Tier::builder().weigher(weight).max_capacity(LOCAL_BYTES).time_to_idle(LOCAL_FOR).build();
        let leaders = Tier::builder().max_capacity(LEADERS).time_to_idle(LEADER_FOR).build();
        Self { store, clock, local, leaders, redis: None }
    }

    /// A cache over the store, shared by all processes that use this Redis and prefix. Redis need not be up.
    ///
    /// # Errors
    /// If the address cannot be understood.
    pub fn redis(
        store: Store,
        clock: Clock,
        url: &str,
        prefix: &str,
    ) -> std::result::Result<Self, RedisError> {
        let connection = crate::queue::connection(&Client::open(url)?)?;
        let redis = Some(Redis { connection, prefix: prefix.to_owned() });
        Ok(Self { redis, ..Self::local(store, clock) })
    }

    /// A piece of work, whose use by this account is noted.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn get(&self, key: &str, user: Option<Id>) -> Result<Option<Arc<str>>> {
        if !self.store.use_cached(key, user, self.clock.now()).await? {
            self.local.invalidate(key).await;
            looked_up(key, "miss");
            return Ok(None);
        }
        if let Some(value) = self.local.get(key).await {
            looked_up(key, "memory");
            return Ok(Some(value));
        }
        let (value, tier) = match self.read_redis(key).await {
            Some(value) => (Some(value), "redis"),
            None => (self.store.cached(key).await?, "store"),
        };
        looked_up(key, if value.is_some() { tier } else { "miss" });
        let value: Option<Arc<str>> = value.map(Into::into);
        if let Some(value) = &value {
            self.local.insert(key.to_owned(), value.clone()).await;
        }
        Ok(value)
    }

    /// A piece of work that may not be finished: what the store has of it, whose use by this account is noted.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn draft(&self, key: &str, user: Option<Id>) -> Result<Option<String>> {
        if !self.store.use_cached(key, user, self.clock.now()).await? {
            return Ok(None);
        }
        self.store.cached(key).await
    }

    /// Keeps a piece of work that this account was the first to ask for. One that is too large is not kept.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn put(&self, key: &str, value: String, user: Option<Id>) -> Result<()> {
        if value.len() > VALUE_BYTES {
            return Ok(());
        }
        self.store.put_cached(key, &value, user, self.clock.now()).await?;
        self.write_redis(key, &value).await;
        self.local.insert(key.to_owned(), value.into()).await;
        Ok(())
    }

    /// Keeps a piece of work that is not finished, for [`Cache::draft`] alone.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn put_draft(&self, key: &str, value: &str, user: Option<Id>) -> Result<()> {
        if value.len() > VALUE_BYTES {
            return Ok(());
        }
        self.store.put_cached(key, value, user, self.clock.now()).await
    }

    /// Forgets, above the store, whatever this account used; what the store has of it is erased with all else that is
    /// the account's. Other processes notice that at its next use.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn forget(&self, user: Id) -> Result<()> {
        for key in self.store.cached_keys(user).await? {
            self.local.invalidate(&key).await;
            if let Some(redis) = &self.redis {
                let mut connection = redis.connection.clone();
                let delete = connection.del::<_, ()>(redis.key("cache", &key));
                if !matches!(tokio::time::timeout(ANSWER_WITHIN, delete).await, Ok(Ok(()))) {
                    tracing::warn!(
                        seconds = REDIS_SECONDS,
                        "Redis does not answer; it forgets by itself in time"
                    );
                }
            }
        }
        Ok(())
    }

    /// Waits until nobody else is at this piece of work. Whoever got the lead looks whether the work is done by now.
    pub async fn lead(&self, key: &str) -> Lead {
        let here = self.leaders.get_with_by_ref(key, async { Arc::default() }).await.lock_owned().await;
        let Some(redis) = &self.redis else {
            return Lead { _here: here, _everywhere: None };
        };
        let token = self.clock.token();
        let key = redis.key("lead", key);
        while !redis.take(&key, &token).await {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let (give_up, given_up) = oneshot::channel();
        tokio::spawn(redis.clone().hold(self.store.clone(), key, token, given_up));
        Lead { _here: here, _everywhere: Some(give_up) }
    }

    async fn read_redis(&self, key: &str) -> Option<String> {
        let redis = self.redis.as_ref()?;
        let mut connection = redis.connection.clone();
        let key = redis.key("cache", key);
        let get = tokio::time::timeout(ANSWER_WITHIN, connection.get::<_, Option<String>>(key));
        get.await.ok()?.ok()?
    }

    /// Best effort: the store has it.
    async fn write_redis(&self, key: &str, value: &str) {
        if let Some(redis) = self.redis.as_ref().filter(|_| value.len() <= REDIS_BYTES) {
            let mut connection = redis.connection.clone();
            let set = connection.set_ex::<_, _, ()>(redis.key("cache", key), value, REDIS_SECONDS);
            tokio::time::timeout(ANSWER_WITHIN, set).await.ok();
        }
    }
}

impl Redis {
    fn key(&self, what: &str, key: &str) -> String {
        format!("{}:{what}:{key}", self.prefix)
    }

    /// Whether the lead was free. While Redis is away, nobody can say that it is not.
    async fn take(&self, key: &str, token: &str) -> bool {
        let mut connection = self.connection.clone();
        let mut command = redis::cmd("SET");
        command.arg(key).arg(token).arg("NX").arg("PX").arg(LEASE.as_millis() as u64);
        let taken = command.query_async::<Option<String>>(&mut connection);
        match tokio::time::timeout(ANSWER_WITHIN, taken).await {
            Ok(Ok(taken)) => taken.is_some(),
            Ok(Err(_)) | Err(_) => {
                tracing::warn!("Redis does not answer; work is shared within this process alone");
                true
            }
        }
    }

    /// Renews the lease until it is given up, or the store is away: what a process does that is cut off from it comes to
    /// nothing, and others must not wait for that.
    async fn hold(self, store: Store, key: String, token: String, mut given_up: oneshot::Receiver<()>) {
        let mut connection = self.connection.clone();
        loop {
            tokio::select! {
                _ = &mut given_up => break,
                () = tokio::time::sleep(RENEW_EVERY) => {
                    if !matches!(tokio::time::timeout(STORE_WITHIN, store.ping()).await, Ok(Ok(()))) {
                        continue;
                    }
                    let mut renew = redis::cmd("EVAL");
                    renew.arg(RENEW).arg(1).arg(&key).arg(&token).arg(LEASE.as_millis() as u64);
                    // The next one may succeed; if none does, the lease ends.
                    renew.query_async::<i64>(&mut connection).await.ok();
                }
            }
        }
        let mut release = redis::cmd("EVAL");
        release.arg(RELEASE).arg(1).arg(&key).arg(&token).query_async::<i64>(&mut connection).await.ok();
    }
}
