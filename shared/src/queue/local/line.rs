//! The rings of one kind and priority, in which users take turns.

use std::collections::{BTreeSet, HashMap, hash_map::Entry};

use super::super::Place;
use crate::domain::{Id, JobId, Ring};

/// Rings in the order of turns. The rule is the one of the script in `queue/redis`: a user's next ring gets the turn
/// after their last one, but none that is past, and the turn that is being served is that of the first ring.
#[derive(Debug, Default)]
pub(super) struct Line {
    rings: BTreeSet<(i64, JobId)>,
    turns: HashMap<JobId, i64>,
    last: HashMap<Option<Id>, i64>,
}

impl Line {
    pub(super) fn put(&mut self, rings: &[Ring], place: Place) {
        let served = self.rings.first().map(|(turn, _)| *turn);
        if served.is_none() {
            self.last.clear();
        }
        let served = served.unwrap_or_default();
        let mut turns: HashMap<Option<Id>, i64> = HashMap::new();
        let mut from = |user, begin| {
            let turn = turns.entry(user).or_insert(begin);
            *turn += 1;
            *turn - 1
        };
        for ring in rings {
            let last = self.last.get(&ring.user_id).copied().unwrap_or(served);
            let turn = match place {
                Place::Behind => last.max(served) + 1,
                Place::Next => from(ring.user_id, served + 1),
                Place::Now => from(ring.user_id, served),
            };
            if let Entry::Vacant(free) = self.turns.entry(ring.job) {
                free.insert(turn);
                self.rings.insert((turn, ring.job));
                self.last.insert(ring.user_id, last.max(turn));
            }
        }
    }

    pub(super) fn take(&mut self) -> Option<JobId> {
        let (_, job) = self.rings.pop_first()?;
        self.turns.remove(&job);
        Some(job)
    }

    pub(super) fn contains(&self, job: JobId) -> bool {
        self.turns.contains_key(&job)
    }

    pub(super) fn len(&self) -> usize {
        self.rings.len()
    }
}
