//! In which order a listener looks at the lines.

use crate::domain::JobPriority;

/// Of so many looks one is at what nobody waits for first, so that it goes on while somebody always waits.
const BACKGROUND_EVERY: u32 = 4;

/// One listener's order of lines, another one at each look.
#[derive(Debug, Clone)]
pub(super) struct Round {
    kinds: Vec<&'static str>,
    looks: u32,
}

impl Round {
    pub(super) fn new(kinds: &[&'static str]) -> Self {
        Self { kinds: kinds.to_vec(), looks: 0 }
    }

    /// The lines in the order of the next look: the kind that is looked at first would starve the others, so they
    /// take turns.
    pub(super) fn next(&mut self) -> Vec<(&'static str, JobPriority)> {
        self.looks = self.looks.wrapping_add(1);
        let turn = self.kinds.len().min(1);
        self.kinds.rotate_left(turn);
        let mut priorities = JobPriority::ALL;
        if self.looks.is_multiple_of(BACKGROUND_EVERY) {
            priorities.reverse();
        }
        let of = |priority| self.kinds.iter().map(move |kind| (*kind, priority));
        priorities.into_iter().flat_map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_and_every_priority_comes_first_now_and_then() {
        let mut round = Round::new(&["a", "b", "c"]);
        let first: Vec<_> = (0..8).map(|_| round.next()[0]).collect();
        let interactive = first.iter().filter(|(_, priority)| *priority == JobPriority::Interactive);
        assert_eq!(interactive.count(), 6);
        for kind in ["a", "b", "c"] {
            assert!(first.iter().any(|(first, _)| *first == kind), "{kind}");
        }
        assert_eq!(round.next().len(), 6);
        assert_eq!(Round::new(&[]).next(), []);
    }
}
