//! The queue within one process.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{StreamExt, stream::BoxStream};
use tokio::sync::Notify;

use super::{Heard, Held, Place, lines, of, round::Round};
use crate::domain::{Id, JobId, JobPriority, Ring};

mod line;

use line::Line;

/// Rings in memory. What a crash loses, the dispatcher rings again.
#[derive(Debug, Clone, Default)]
pub struct LocalQueue {
    state: Arc<Mutex<State>>,
    bell: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    lines: HashMap<(String, JobPriority), Line>,
    users: HashMap<Id, Running>,
}

/// What runs of a user or is rung for, and what waits until some of it ends.
#[derive(Debug, Default)]
struct Running {
    most: usize,
    jobs: HashSet<JobId>,
    held: BTreeMap<JobId, Held>,
}

impl LocalQueue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn put(&self, kind: &str, rings: &[Ring], place: Place) {
        let mut state = self.state();
        for priority in JobPriority::ALL {
            let rings = of(priority, rings);
            if !rings.is_empty() {
                state.lines.entry((kind.to_owned(), priority)).or_default().put(&rings, place);
            }
        }
        // All that wait, because only some of them listen to this kind.
        self.bell.notify_waiters();
    }

    pub(super) fn lost(&self, kind: &str, rings: &[Ring]) -> Vec<Ring> {
        let state = self.state();
        let waits = |ring: &Ring| {
            let line = state.lines.get(&(kind.to_owned(), ring.priority));
            let user = ring.user_id.and_then(|user| state.users.get(&user));
            line.is_some_and(|line| line.contains(ring.job))
                || user.is_some_and(|user| user.held.contains_key(&ring.job))
        };
        rings.iter().filter(|ring| !waits(ring)).copied().collect()
    }

    pub(super) fn len(&self, kind: &str) -> usize {
        let state = self.state();
        lines(kind)
            .filter_map(|(kind, priority)| state.lines.get(&(kind.to_owned(), priority)))
            .map(Line::len)
            .sum()
    }

    /// The first ring of the first line that has one.
    fn take(&self, lines: &[(&'static str, JobPriority)]) -> Option<JobId> {
        let mut state = self.state();
        lines
            .iter()
            .find_map(|(kind, priority)| state.lines.get_mut(&((*kind).to_owned(), *priority))?.take())
    }

    pub(super) fn listen(&self, kinds: &[&'static str]) -> BoxStream<'static, Heard> {
        futures::stream::unfold((self.clone(), Round::new(kinds)), |(queue, mut round)| async move {
            let lines = round.next();
            loop {
                // Made before the look, so that no ring falls between the two.
                let rung = queue.bell.notified();
                if let Some(job) = queue.take(&lines) {
                    return Some((Heard { job, seated: false }, (queue.clone(), round)));
                }
                rung.await;
            }
        })
        .boxed()
    }

    pub(super) fn enter(&self, kind: &str, user: Id, ring: Ring, most: usize) -> bool {
        let mut state = self.state();
        let running = state.users.entry(user).or_default();
        running.most = most;
        if running.jobs.len() >= most && !running.jobs.contains(&ring.job) {
            running.held.insert(ring.job, Held { kind: kind.to_owned(), ring });
            return false;
        }
        running.jobs.insert(ring.job);
        true
    }

    /// Takes out what may run now that a job ended, and gives it the seat.
    pub(super) fn free(&self, user: Id, left: Option<JobId>) -> Vec<Held> {
        let mut state = self.state();
        let Some(running) = state.users.get_mut(&user) else { return Vec::new() };
        if let Some(left) = left {
            running.jobs.remove(&left);
        }
        let free = running.most.saturating_sub(running.jobs.len());
        let freed: Vec<Held> =
            std::iter::from_fn(|| running.held.pop_first()).take(free).map(|(_, held)| held).collect();
        running.jobs.extend(freed.iter().map(|held| held.ring.job));
        if running.jobs.is_empty() && running.held.is_empty() {
            state.users.remove(&user);
        }
        freed
    }
}
