//! Who asked for how much: counted within the process, or in Redis for all replicas together.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use moka::{future::Cache, ops::compute::Op};
use redis::{Client, RedisError, aio::ConnectionManager};

use crate::domain::{Quota, Standing, Timestamp};

/// Most callers that are remembered; of more, those that were not heard of for long are forgotten.
const CALLERS_MAX: u64 = 100_000;
/// How long a caller is remembered; no quota needs longer to become whole.
const REMEMBERED_FOR: Duration = Duration::from_secs(24 * 3600);
/// How long Redis may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_millis(200);
/// How long Redis is not asked after it did not answer.
const PAUSE: Duration = Duration::from_secs(2);

/// `Quota::take` where the counts are. Each key holds when its quota is whole again, in milliseconds since 1970.
const TAKE: &str = "
local now = tonumber(ARGV[1])
local said = {}
for i, key in ipairs(KEYS) do
  local spacing, span = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local whole = math.max(tonumber(redis.call('GET', key) or 0), now)
  local allowed = 0
  if whole + spacing - now <= span then
    allowed = 1
    whole = whole + spacing
    redis.call('SET', key, string.format('%.0f', whole), 'PX', whole - now)
  end
  said[#said + 1] = allowed
  said[#said + 1] = whole
end
return said
";

/// Where it is counted.
#[derive(Debug, Clone)]
pub enum Limits {
    /// Within this process.
    Local(LocalLimits),
    /// In Redis; while it is away, within this process.
    Redis(RedisLimits),
}

impl Limits {
    /// Uses one request of each quota, which belongs to the key beside it; what became of each, in order. It never
    /// fails and is never late.
    pub async fn take(&self, asks: &[(String, Quota)], now: Timestamp) -> Vec<Standing> {
        match self {
            Self::Local(limits) => limits.take(asks, now).await,
            Self::Redis(limits) => limits.take(asks, now).await,
        }
    }
}

/// Counts of this process.
#[derive(Debug, Clone)]
pub struct LocalLimits(Cache<String, Timestamp>);

impl Default for LocalLimits {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(CALLERS_MAX).time_to_idle(REMEMBERED_FOR).build())
    }
}

impl LocalLimits {
    async fn take(&self, asks: &[(String, Quota)], now: Timestamp) -> Vec<Standing> {
        let mut said = Vec::with_capacity(asks.len());
        for (key, quota) in asks {
            let mut standing = None;
            self.0
                .entry_by_ref(key)
                .and_compute_with(|entry| {
                    let stored = entry.map_or(Timestamp(0), |entry| entry.into_value());
                    let (allowed, whole_at) = quota.take(stored, now);
                    standing = Some(quota.standing(allowed, whole_at, now));
                    std::future::ready(Op::Put(whole_at))
                })
                .await;
            said.extend(standing);
        }
        said
    }
}

/// Counts of all processes that use this Redis and prefix.
#[derive(Clone)]
pub struct RedisLimits {
    connection: ConnectionManager,
    prefix: String,
    local: LocalLimits,
    /// Milliseconds since 1970 until which Redis is not asked.
    away_until: Arc<AtomicI64>,
}

impl std::fmt::Debug for RedisLimits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisLimits").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl RedisLimits {
    /// Redis need not be up yet.
    pub fn new(url: &str, prefix: &str) -> Result<Self, RedisError> {
        let connection = crate::queue::connection(&Client::open(url)?)?;
        let (local, away_until) = (LocalLimits::default(), Arc::new(AtomicI64::new(i64::MIN)));
        Ok(Self { connection, prefix: prefix.to_owned(), local, away_until })
    }

    async fn take(&self, asks: &[(String, Quota)], now: Timestamp) -> Vec<Standing> {
        if now.0 < self.away_until.load(Ordering::Relaxed) {
            return self.local.take(asks, now).await;
        }
        match tokio::time::timeout(ANSWER_WITHIN, self.ask(asks, now)).await {
            Ok(Ok(said)) => return said,
            Ok(Err(error)) => tracing::warn!(%error, "limits are counted within this process"),
            Err(_) => tracing::warn!("Redis does not answer; limits are counted within this process"),
        }
        self.away_until.store((now + PAUSE).0, Ordering::Relaxed);
        self.local.take(asks, now).await
    }

    async fn ask(&self, asks: &[(String, Quota)], now: Timestamp) -> Result<Vec<Standing>, RedisError> {
        let mut command = redis::cmd("EVAL");
        command.arg(TAKE).arg(asks.len());
        for (key, _) in asks {
            command.arg(format!("{}:limit:{key}", self.prefix));
        }
        command.arg(now.0);
        for (_, quota) in asks {
            command.arg(quota.spacing()).arg(quota.span());
        }
        let mut connection = self.connection.clone();
        let said: Vec<i64> = command.query_async(&mut connection).await?;
        let standing = |(said, (_, quota)): (&[i64], &(String, Quota))| {
            let (allowed, whole_at) = (said.first() == Some(&1), said.get(1).copied().unwrap_or(now.0));
            quota.standing(allowed, Timestamp(whole_at), now)
        };
        Ok(said.chunks(2).zip(asks).map(standing).collect())
    }
}
