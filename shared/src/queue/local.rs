//! The queue within one process.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures::{StreamExt, stream::BoxStream};
use tokio::sync::Notify;

use crate::domain::JobId;

type Rings = HashMap<String, VecDeque<JobId>>;

/// Rings in memory. What a crash loses, the dispatcher rings again.
#[derive(Debug, Clone, Default)]
pub struct LocalQueue {
    rings: Arc<Mutex<Rings>>,
    bell: Arc<Notify>,
}

impl LocalQueue {
    fn rings(&self) -> MutexGuard<'_, Rings> {
        self.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn ring(&self, kind: &str, jobs: &[JobId]) {
        self.rings().entry(kind.to_owned()).or_default().extend(jobs);
        // All that wait, because only some of them listen to this kind.
        self.bell.notify_waiters();
    }

    pub(super) fn ring_first(&self, kind: &str, jobs: &[JobId]) {
        let mut rings = self.rings();
        let rings = rings.entry(kind.to_owned()).or_default();
        jobs.iter().rev().for_each(|job| rings.push_front(*job));
        self.bell.notify_waiters();
    }

    pub(super) fn waiting(&self, kind: &str) -> HashSet<JobId> {
        self.rings().get(kind).into_iter().flatten().copied().collect()
    }

    pub(super) fn len(&self, kind: &str) -> usize {
        self.rings().get(kind).map_or(0, VecDeque::len)
    }

    /// The first ring of the first kind that has one.
    fn take(&self, kinds: &[&'static str]) -> Option<JobId> {
        let mut rings = self.rings();
        kinds.iter().find_map(|kind| rings.get_mut(*kind)?.pop_front())
    }

    pub(super) fn listen(&self, kinds: &[&'static str]) -> BoxStream<'static, JobId> {
        let kinds: Vec<&'static str> = kinds.to_vec();
        futures::stream::unfold((self.clone(), kinds), move |(queue, mut kinds)| {
            async move {
                // So that many jobs of one kind do not keep those of the others waiting.
                let turn = kinds.len().min(1);
                kinds.rotate_left(turn);
                loop {
                    // Made before the look, so that no ring falls between the two.
                    let rung = queue.bell.notified();
                    if let Some(job) = queue.take(&kinds) {
                        return Some((job, (queue.clone(), kinds)));
                    }
                    rung.await;
                }
            }
        })
        .boxed()
    }
}
