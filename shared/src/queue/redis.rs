//! The queue in Redis: for each kind and priority a sorted set of jobs and their users in the order of turns, popped by
//! blocking workers.

use std::{collections::HashMap, sync::LazyLock, time::Duration};

use futures::{StreamExt, stream::BoxStream};
use redis::{
    AsyncCommands, AsyncConnectionConfig, Client, RedisError, Script,
    aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection},
};

use super::{Heard, Most, Place, QueueError, SEAT, lines, of, round::Round};
use crate::domain::{Id, JobPriority, Ring};

mod seats;

/// How long an API request may wait for Redis to be told of its job.
const RING_TIMEOUT: Duration = Duration::from_millis(500);
/// How long one blocking pop waits, after which the connection is known to be alive.
const POP_SECONDS: f64 = 5.0;
/// Pause before a lost connection is tried again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(250);

/// Puts rings into a line. `KEYS`: the line, the last turn of each user in it; `ARGV`: the place, then user and ring in
/// turns. The turn that is being served is that of the first ring; when none waits, who came before counts no more.
static PUT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if not first[2] then redis.call('DEL', KEYS[2]) end
local served = tonumber(first[2] or 0)
local begin = { now = served, next = served + 1 }
local turns, last, told = {}, {}, {}
for i = 2, #ARGV, 2 do
  local user, ring = ARGV[i], ARGV[i + 1]
  last[user] = last[user] or tonumber(redis.call('HGET', KEYS[2], user) or served)
  local turn
  if ARGV[1] == 'behind' then
    turn = math.max(last[user], served) + 1
  else
    turn = turns[user] or begin[ARGV[1]]
    turns[user] = turn + 1
  end
  if redis.call('ZADD', KEYS[1], 'NX', turn, ring) == 1 then
    last[user] = math.max(last[user], turn)
    told[user] = true
  end
end
for user in pairs(told) do
  redis.call('HSET', KEYS[2], user, last[user])
end",
    )
});

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

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn connection(&self) -> ConnectionManager {
        self.connection.clone()
    }

    fn line(&self, kind: &str, priority: JobPriority) -> String {
        format!("{}:turns:{kind}:{}", self.prefix, priority.as_str())
    }

    pub(super) async fn put(&self, kind: &str, rings: &[Ring], place: Place) -> Result<(), QueueError> {
        for priority in JobPriority::ALL {
            let rings = of(priority, rings);
            if rings.is_empty() {
                continue;
            }
            let line = self.line(kind, priority);
            let mut put = PUT.key(&line);
            put.key(format!("{line}:last"));
            put.arg(match place {
                Place::Behind => "behind",
                Place::Next => "next",
                Place::Now => "now",
            });
            for ring in rings {
                put.arg(ring.user_id.map_or_else(String::new, |user| user.to_string()));
                put.arg(member(&ring));
            }
            let mut connection = self.connection.clone();
            within(RING_TIMEOUT, put.invoke_async::<()>(&mut connection)).await?;
        }
        Ok(())
    }

    pub(super) async fn lost(&self, kind: &str, rings: &[Ring]) -> Result<Vec<Ring>, QueueError> {
        let mut lost = Vec::new();
        for priority in JobPriority::ALL {
            let line = self.line(kind, priority);
            lost.extend(self.absent(&line, of(priority, rings), member).await?);
        }
        let mut users: HashMap<Option<Id>, Vec<Ring>> = HashMap::new();
        for ring in lost {
            users.entry(ring.user_id).or_default().push(ring);
        }
        let mut lost = Vec::new();
        for (user, rings) in users {
            match user {
                Some(user) => {
                    let member = |ring: &Ring| seats::member(kind, ring);
                    lost.extend(self.absent(&self.held(user), rings, member).await?);
                }
                None => lost.extend(rings),
            }
        }
        Ok(lost)
    }

    /// Those of the rings that are no member of a sorted set.
    async fn absent(
        &self,
        key: &str,
        rings: Vec<Ring>,
        member: impl Fn(&Ring) -> String,
    ) -> Result<Vec<Ring>, QueueError> {
        if rings.is_empty() {
            return Ok(rings);
        }
        let members: Vec<String> = rings.iter().map(member).collect();
        let mut connection = self.connection.clone();
        let scores: Vec<Option<f64>> =
            within(RING_TIMEOUT, connection.zscore_multiple(key, &members)).await?;
        let absent = rings.into_iter().zip(scores).filter(|(_, score)| score.is_none());
        Ok(absent.map(|(ring, _)| ring).collect())
    }

    pub(super) async fn len(&self, kind: &str) -> Result<usize, QueueError> {
        let mut count = redis::pipe();
        for (kind, priority) in lines(kind) {
            count.zcard(self.line(kind, priority));
        }
        let mut connection = self.connection.clone();
        let counts: Vec<usize> = within(RING_TIMEOUT, count.query_async(&mut connection)).await?;
        Ok(counts.into_iter().sum())
    }

    pub(super) async fn ping(&self) -> Result<(), QueueError> {
        let mut connection = self.connection.clone();
        within(RING_TIMEOUT, connection.ping()).await
    }

    pub(super) fn listen(&self, kinds: &[&'static str], most: Most) -> BoxStream<'static, Heard> {
        let listener = Listener { queue: self.clone(), connection: None, round: Round::new(kinds), most };
        futures::stream::unfold(
            listener,
            |mut listener| async move { Some((listener.next().await, listener)) },
        )
        .boxed()
    }
}

/// A ring as a member of its line.
fn member(ring: &Ring) -> String {
    match ring.user_id {
        Some(user) => format!("{} {user}", ring.job),
        None => ring.job.to_string(),
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
    queue: RedisQueue,
    connection: Option<MultiplexedConnection>,
    round: Round,
    most: Most,
}

impl Listener {
    async fn next(&mut self) -> Heard {
        loop {
            match self.pop().await {
                Ok(Some(heard)) => return heard,
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "the queue is away");
                    self.connection = None;
                    tokio::time::sleep(RECONNECT_PAUSE).await;
                }
            }
        }
    }

    /// While rings wait, one round trip takes one and its seat; otherwise it waits for the next ring.
    async fn pop(&mut self) -> Result<Option<Heard>, QueueError> {
        let lines = self.round.next();
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(dial(&self.queue.client).await?),
        };
        if let Some(most) = (self.most)()
            && let Some(taken) = self.queue.take(connection, &lines, most, SEAT).await?
        {
            return Ok(heard(&taken, true));
        }
        let lines: Vec<String> =
            lines.into_iter().map(|(kind, priority)| self.queue.line(kind, priority)).collect();
        let limit = Duration::from_secs_f64(POP_SECONDS * 2.0);
        let popped: Option<(String, String, f64)> =
            within(limit, connection.bzpopmin(lines, POP_SECONDS)).await?;
        Ok(popped.and_then(|(_, member, _)| heard(&member, false)))
    }
}

fn heard(member: &str, seated: bool) -> Option<Heard> {
    let job = member.split(' ').next().and_then(|job| job.parse().ok());
    if job.is_none() && !member.is_empty() {
        tracing::warn!(member, "not a job in the queue");
    }
    job.map(|job| Heard { job, seated })
}

async fn dial(client: &Client) -> Result<MultiplexedConnection, RedisError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(Duration::from_secs(2)))
        .set_response_timeout(None);
    client.get_multiplexed_async_connection_with_config(&config).await
}
