//! What users' calls to the outside provider used.

use super::{Result, Store};
use crate::domain::{Day, DayUsage, Id, ProviderCall};

/// Names of counted calls that a day remembers. Only a write that is tried again comes twice, and that at once.
pub(super) const CALLS_KEPT: usize = 100;

backends! { "usage":
    /// Counts a call with its user and UTC day; one that was counted before under its key stays counted once.
    fn count_call(&self, call: &ProviderCall) -> ();
    /// What a user's calls from the first to the last of these UTC days used, day by day; days without a call are
    /// left out.
    fn ai_usage(&self, user_id: Id, first: Day, last: Day) -> Vec<DayUsage>;
}
