//! How many jobs of a user run at once, over all workers.

use std::time::Duration;

use redis::AsyncCommands;

use super::{RING_TIMEOUT, RedisQueue, within};
use crate::{
    domain::{Id, JobId, JobPriority, Ring},
    queue::{Held, QueueError},
};

/// What every script begins with: the time, and without those whose worker was not heard of in time.
const RUNNING: &str = "local time = redis.call('TIME')
local millis = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', millis)
";
/// `KEYS`: what runs of the user, what is held, how many may run of whom something is held;
/// `ARGV`: job, the most that may run, for how many ms it is counted, what to hold, user.
const ENTER: &str =
    "if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  redis.call('ZADD', KEYS[2], 0, ARGV[4])
  redis.call('HSET', KEYS[3], ARGV[5], ARGV[2])
  return 0
end
redis.call('ZADD', KEYS[1], millis + tonumber(ARGV[3]), ARGV[1])
redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[3]) * 2)
return 1";
/// `KEYS`: what runs of the user; `ARGV`: job, for how many ms it is counted.
const STAY: &str = "redis.call('ZADD', KEYS[1], millis + tonumber(ARGV[2]), ARGV[1])
redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[2]) * 2)";
/// `KEYS` as of `ENTER`; `ARGV`: the job that left, user, for how many ms those are counted that may run now. Returns
/// what was held of these.
const FREE: &str = "redis.call('ZREM', KEYS[1], ARGV[1])
local most = redis.call('HGET', KEYS[3], ARGV[2])
if not most then return {} end
local freed = {}
local free = tonumber(most) - redis.call('ZCARD', KEYS[1])
if free > 0 then
  local popped = redis.call('ZPOPMIN', KEYS[2], free)
  for i = 1, #popped, 2 do
    freed[#freed + 1] = popped[i]
    redis.call('ZADD', KEYS[1], millis + tonumber(ARGV[3]), string.match(popped[i], '%S+'))
  end
  redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[3]) * 2)
end
if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('HDEL', KEYS[3], ARGV[2]) end
return freed";

/// A held ring as a member of a set whose members are in the order of ids.
pub(super) fn member(kind: &str, ring: &Ring) -> String {
    format!("{} {} {kind}", ring.job, ring.priority.as_str())
}

fn held(member: &str, user: Id) -> Option<Held> {
    let mut parts = member.splitn(3, ' ');
    let job = parts.next()?.parse().ok()?;
    let priority = JobPriority::parse(parts.next()?)?;
    Some(Held { kind: parts.next()?.to_owned(), ring: Ring { job, user_id: Some(user), priority } })
}

impl RedisQueue {
    fn running(&self, user: Id) -> String {
        format!("{}:running:{user}", self.prefix)
    }

    pub(super) fn held(&self, user: Id) -> String {
        format!("{}:held:{user}", self.prefix)
    }

    fn holding(&self) -> String {
        format!("{}:holding", self.prefix)
    }

    pub(in crate::queue) async fn enter(
        &self,
        kind: &str,
        user: Id,
        ring: Ring,
        most: usize,
        seat: Duration,
    ) -> Result<bool, QueueError> {
        let mut enter = redis::cmd("EVAL");
        enter.arg(format!("{RUNNING}{ENTER}")).arg(3);
        enter.arg(self.running(user)).arg(self.held(user)).arg(self.holding());
        enter.arg(ring.job.to_string()).arg(most).arg(seat.as_millis() as u64);
        enter.arg(member(kind, &ring)).arg(user.to_string());
        let mut connection = self.connection.clone();
        within(RING_TIMEOUT, enter.query_async(&mut connection)).await
    }

    pub(in crate::queue) async fn stay(
        &self,
        user: Id,
        job: JobId,
        seat: Duration,
    ) -> Result<(), QueueError> {
        let mut stay = redis::cmd("EVAL");
        stay.arg(format!("{RUNNING}{STAY}")).arg(1).arg(self.running(user));
        stay.arg(job.to_string()).arg(seat.as_millis() as u64);
        let mut connection = self.connection.clone();
        within(RING_TIMEOUT, stay.query_async(&mut connection)).await
    }

    /// Takes out what may run now that a job ended, and gives it the seat.
    pub(in crate::queue) async fn free(
        &self,
        user: Id,
        left: Option<JobId>,
        seat: Duration,
    ) -> Result<Vec<Held>, QueueError> {
        let mut free = redis::cmd("EVAL");
        free.arg(format!("{RUNNING}{FREE}")).arg(3);
        free.arg(self.running(user)).arg(self.held(user)).arg(self.holding());
        free.arg(left.map_or_else(String::new, |job| job.to_string())).arg(user.to_string());
        free.arg(seat.as_millis() as u64);
        let mut connection = self.connection.clone();
        let members: Vec<String> = within(RING_TIMEOUT, free.query_async(&mut connection)).await?;
        Ok(members.iter().filter_map(|member| held(member, user)).collect())
    }

    /// Users of whom something is held.
    pub(in crate::queue) async fn kept_users(&self) -> Result<Vec<Id>, QueueError> {
        let mut connection = self.connection.clone();
        let users: Vec<String> = within(RING_TIMEOUT, connection.hkeys(self.holding())).await?;
        Ok(users.iter().filter_map(|user| user.parse().ok()).collect())
    }
}
