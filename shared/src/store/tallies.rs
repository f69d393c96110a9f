//! Attempts and study sessions, added up.

use super::{Result, Store};
use crate::domain::{Id, Shift, StudyTotals, Tally, Timestamp};

/// Whose attempts or sessions are added up, and of which time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// Whose.
    pub user_id: Id,
    /// First instant.
    pub from: Timestamp,
    /// First instant after it.
    pub until: Timestamp,
}

/// What attempts are added up by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TallyBy {
    /// The day, such as `2026-11-22`, in a zone that has these stretches over the time that is looked at.
    Day(Vec<Shift>),
    /// The topic; empty where unknown.
    Topic,
    /// The difficulty of the quiz, medium where it is gone.
    Difficulty,
}

/// What study sessions are added up by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StudyBy {
    /// The day they began on, such as `2026-11-22`, in a zone that has these stretches over the time that is looked at.
    Day(Vec<Shift>),
    /// The hour of the day they began in, `00` to `23`, in such a zone.
    Hour(Vec<Shift>),
    /// The subject; empty where unknown.
    Subject,
    /// The topic; empty where unknown.
    Topic,
}

backends! { "attempts":
    /// A user's submitted attempts, added up by something; a name may come more than once.
    fn tallies(&self, scope: &Scope, by: &TallyBy) -> Vec<(String, Tally)>;
    /// A user's sessions that count (finished ones that are no breaks, as they are at `now`), added up by something;
    /// a name may come more than once.
    fn study_by(&self, scope: &Scope, by: &StudyBy, now: Timestamp) -> Vec<(String, StudyTotals)>;
    /// The topics of a user's open quizzes and how many quizzes there are on each, in alphabetical order.
    fn quiz_topics(&self, user_id: Id) -> Vec<(String, u64)>;
}
