//! How many jobs of a user run at once, over all workers.

use std::{sync::LazyLock, time::Duration};

use redis::{AsyncCommands, Script, aio::MultiplexedConnection};

use super::{RING_TIMEOUT, RedisQueue, within};
use crate::{
    domain::{Id, JobId, JobPriority, Ring},
    queue::{Held, QueueError},
};

/// What the scripts share. `running` is what runs of the user, each with the time until which it is counted; `held` is what
/// is held, in the order of ids; `holding` says how many may run of each user of whom something is held.
const SEATS: &str = "local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function sit(running, job, ms)
  local added = redis.call('ZADD', running, now + ms, job)
  redis.call('PEXPIRE', running, ms * 2)
  return added
end
local function forget_the_silent(running)
  redis.call('ZREMRANGEBYSCORE', running, '-inf', now)
end
local function full(running, most)
  return redis.call('ZCARD', running) > tonumber(most)
end
local function enter(running, job, most, ms)
  if sit(running, job, ms) == 0 or not full(running, most) then return true end
  forget_the_silent(running)
  if not full(running, most) then return true end
  redis.call('ZREM', running, job)
  return false
end
local function hold(held, holding, user, member, most)
  redis.call('ZADD', held, 0, member)
  redis.call('HSET', holding, user, most)
end
";

/// `KEYS`: `running`, `held`, `holding`; `ARGV`: user, job, what to hold, the most that may run, for how many ms it is
/// counted.
const ENTER: &str = "if enter(KEYS[1], ARGV[2], ARGV[4], tonumber(ARGV[5])) then return 1 end
hold(KEYS[2], KEYS[3], ARGV[1], ARGV[3], ARGV[4])
return 0";

/// Pops the first ring whose job may run, and holds those before it that may not, up to a portion of them. `KEYS`: the
/// lines; `ARGV`: what the names of all keys begin with, the most of a user that may run, for how many ms it is counted.
/// Nothing when no ring is left, an empty text after a whole portion.
const TAKE: &str = "local most, ms, portion = ARGV[2], tonumber(ARGV[3]), 100
for _, line in ipairs(KEYS) do
  local popped = redis.call('ZPOPMIN', line)
  while popped[1] do
    local job, user = string.match(popped[1], '^(%S+) ?(%S*)$')
    if user == '' or enter(ARGV[1] .. ':running:' .. user, job, most, ms) then return popped[1] end
    local kind, priority = string.match(string.sub(line, #ARGV[1] + 1), '^:turns:(.+):(%a+)$')
    hold(ARGV[1] .. ':held:' .. user, ARGV[1] .. ':holding', user, job .. ' ' .. priority .. ' ' .. kind, most)
    portion = portion - 1
    if portion == 0 then return '' end
    popped = redis.call('ZPOPMIN', line)
  end
end
return false";

/// `KEYS`: `running`; `ARGV`: job, for how many ms it is counted.
const STAY: &str = "sit(KEYS[1], ARGV[1], tonumber(ARGV[2]))";

/// `KEYS`: `running`, `held`, `holding`; `ARGV`: user, for how many ms those are counted that may run now. Returns what was
/// held of these.
const FREE: &str = "forget_the_silent(KEYS[1])
local most = redis.call('HGET', KEYS[3], ARGV[1])
if not most then return {} end
local freed = {}
local free = tonumber(most) - redis.call('ZCARD', KEYS[1])
if free > 0 then
  local popped = redis.call('ZPOPMIN', KEYS[2], free)
  for i = 1, #popped, 2 do
    freed[#freed + 1] = popped[i]
    sit(KEYS[1], string.match(popped[i], '%S+'), tonumber(ARGV[2]))
  end
end
if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('HDEL', KEYS[3], ARGV[1]) end
return freed";

struct Scripts {
    enter: Script,
    take: Script,
    stay: Script,
    free: Script,
}

static SCRIPTS: LazyLock<Scripts> = LazyLock::new(|| {
    let script = |code| Script::new(&format!("{SEATS}{code}"));
    Scripts { enter: script(ENTER), take: script(TAKE), stay: script(STAY), free: script(FREE) }
});

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
        let mut enter = SCRIPTS.enter.key(self.running(user));
        enter.key(self.held(user)).key(self.holding());
        enter.arg(user.to_string()).arg(ring.job.to_string()).arg(member(kind, &ring));
        enter.arg(most).arg(seat.as_millis() as u64);
        let mut connection = self.connection.clone();
        within(RING_TIMEOUT, enter.invoke_async(&mut connection)).await
    }

    /// Takes a ring of these lines whose job may run; it is counted from now on. An empty text when there may be one
    /// behind those that it held.
    pub(super) async fn take(
        &self,
        connection: &mut MultiplexedConnection,
        lines: &[(&str, JobPriority)],
        most: usize,
        seat: Duration,
    ) -> Result<Option<String>, QueueError> {
        let mut take = SCRIPTS.take.arg(&self.prefix);
        take.arg(most).arg(seat.as_millis() as u64);
        for (kind, priority) in lines {
            take.key(self.line(kind, *priority));
        }
        within(RING_TIMEOUT, take.invoke_async(connection)).await
    }

    pub(in crate::queue) async fn stay(
        &self,
        user: Id,
        job: JobId,
        seat: Duration,
    ) -> Result<(), QueueError> {
        let mut stay = SCRIPTS.stay.key(self.running(user));
        stay.arg(job.to_string()).arg(seat.as_millis() as u64);
        let mut connection = self.connection.clone();
        within(RING_TIMEOUT, stay.invoke_async(&mut connection)).await
    }

    /// Takes out what may run now that a job ended, and gives it the seat.
    pub(in crate::queue) async fn free(
        &self,
        user: Id,
        left: Option<JobId>,
        seat: Duration,
    ) -> Result<Vec<Held>, QueueError> {
        let mut connection = self.connection.clone();
        if let Some(left) = left {
            // Most users have nothing held, and then this is all.
            let mut leave = redis::pipe();
            leave.zrem(self.running(user), left.to_string()).ignore();
            leave.hexists(self.holding(), user.to_string());
            let (holds,): (bool,) = within(RING_TIMEOUT, leave.query_async(&mut connection)).await?;
            if !holds {
                return Ok(Vec::new());
            }
        }
        let mut free = SCRIPTS.free.key(self.running(user));
        free.key(self.held(user)).key(self.holding());
        free.arg(user.to_string()).arg(seat.as_millis() as u64);
        let members: Vec<String> = within(RING_TIMEOUT, free.invoke_async(&mut connection)).await?;
        Ok(members.iter().filter_map(|member| held(member, user)).collect())
    }

    /// Users of whom something is held.
    pub(in crate::queue) async fn kept_users(&self) -> Result<Vec<Id>, QueueError> {
        let mut connection = self.connection.clone();
        let users: Vec<String> = within(RING_TIMEOUT, connection.hkeys(self.holding())).await?;
        Ok(users.iter().filter_map(|user| user.parse().ok()).collect())
    }
}
