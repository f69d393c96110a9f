//! What a student did, in numbers.

use super::{Result, Store};
use crate::domain::{Day, Id, ScoreTotals, Shift, StudyTotals, Timestamp};

backends! { "study_sessions":
    /// The sessions that count (finished ones that are no breaks, as they are at `now`), summed over those begun
    /// in each span: from its first instant until before its second.
    fn study_totals(&self, user_id: Id, spans: &[(Timestamp, Timestamp)], now: Timestamp) -> Vec<StudyTotals>;
    /// The student's submitted attempts, summed.
    fn score_totals(&self, user_id: Id) -> ScoreTotals;
    /// The days within `shifts` on which a session that counts began or an attempt was submitted, ascending.
    fn active_days(&self, user_id: Id, shifts: &[Shift], now: Timestamp) -> Vec<Day>;
}
