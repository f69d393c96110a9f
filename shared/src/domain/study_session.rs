//! Study sessions: time spent studying. (A login is a [`Session`](super::Session).)

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Id, Preferences, Timestamp};

/// Longest session, in minutes; what is stored as longer counts as this.
pub const SESSION_MINUTES_MAX: u32 = 24 * 60;
/// Longest plan of a session, in minutes: an open one is closed after this time.
pub const PLANNED_MINUTES_MAX: u32 = 12 * 60;
/// After this time a session that is still open is closed.
pub const CLOSED_AFTER: Duration = Duration::from_secs(12 * 3600);
const MINUTE: u64 = 60_000;

/// What a session is spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SessionType {
    /// Learning something; the default.
    #[default]
    Focus,
    /// Going over it again.
    Review,
    /// Using it.
    Practice,
    /// A pause. It counts nowhere.
    Break,
}

impl SessionType {
    /// Its name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Focus => "focus",
            Self::Review => "review",
            Self::Practice => "practice",
            Self::Break => "break",
        }
    }
}

/// A stretch of study. It is open until it has an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StudySession {
    /// The session's id.
    pub id: Id,
    /// Who studied.
    pub user_id: Id,
    /// When it began; it counts on this day.
    pub start_time: Timestamp,
    /// When it ended; absent while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// Minutes studied, 0 while it is open. Pauses may make it shorter than the time from start to end.
    pub duration_minutes: u32,
    /// How long it was meant to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_minutes: Option<u32>,
    /// The student's usual length at the time, for a session that nobody planned or finished.
    pub default_minutes: u32,
    /// What it was spent on.
    pub session_type: SessionType,
    /// Subject studied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Topic within the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Task of a plan that it was spent on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// The student's own words about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts its changes, so that no change made meanwhile is overwritten.
    #[serde(default)]
    pub rev: i64,
}

/// Why times cannot be those of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionTimes {
    /// The end is earlier than the start.
    #[error("is before startTime")]
    EndBeforeStart,
    /// Start and end are too far apart.
    #[error("is more than 24 hours after startTime")]
    TooLong,
    /// More minutes than passed from start to end.
    #[error("is longer than the time from startTime to endTime")]
    LongerThanPassed,
}

impl SessionTimes {
    /// The field to change.
    pub fn field(self) -> &'static str {
        match self {
            Self::EndBeforeStart | Self::TooLong => "endTime",
            Self::LongerThanPassed => "durationMinutes",
        }
    }
}

/// Whole minutes from `start` to `end`, halves rounded up; none where the end is the earlier one.
pub fn minutes_between(start: Timestamp, end: Timestamp) -> u32 {
    let millis = end.since(start).as_millis() as u64;
    ((millis + MINUTE / 2) / MINUTE).try_into().unwrap_or(u32::MAX)
}

/// A time of so many minutes.
pub fn minutes(count: u32) -> Duration {
    Duration::from_millis(u64::from(count) * MINUTE)
}

impl StudySession {
    /// Length with which a session is closed that nobody finishes, where neither plan nor preference say.
    pub fn default_minutes() -> u32 {
        Preferences::default().default_study_duration
    }

    /// Sets when it began and how it ended: at `end`, after so many minutes, or both, where the minutes leave out
    /// pauses. With neither it is open.
    pub fn set_times(
        &mut self,
        start: Timestamp,
        end: Option<Timestamp>,
        studied: Option<u32>,
    ) -> Result<(), SessionTimes> {
        // What is stored as no minutes beside an end says nothing about them.
        let studied = studied.filter(|studied| *studied > 0 || end.is_none());
        let end = end.or_else(|| studied.map(|studied| start + minutes(studied)));
        let passed = end.map_or(0, |end| minutes_between(start, end));
        if end.is_some_and(|end| end < start) {
            return Err(SessionTimes::EndBeforeStart);
        }
        if end.is_some_and(|end| end.since(start) > minutes(SESSION_MINUTES_MAX)) {
            return Err(SessionTimes::TooLong);
        }
        // Rounding may have added a minute on the other side.
        if studied.is_some_and(|studied| studied > passed + 1) {
            return Err(SessionTimes::LongerThanPassed);
        }
        (self.start_time, self.end_time, self.duration_minutes) = (start, end, studied.unwrap_or(passed));
        Ok(())
    }

    /// Whether it has ended.
    pub fn is_finished(&self) -> bool {
        self.end_time.is_some()
    }

    /// Ends it now; one that has ended stays as it is. One that is longer than any may be ends as it would have
    /// been closed.
    pub fn finish(&mut self, now: Timestamp) {
        *self = self.clone().settled(now);
        if self.end_time.is_none() {
            let end = now.max(self.start_time);
            (self.end_time, self.duration_minutes) = (Some(end), minutes_between(self.start_time, end));
        }
    }

    /// As it is at `now`: one left open for 12 hours is closed with its planned or default length.
    pub fn settled(mut self, now: Timestamp) -> Self {
        if self.end_time.is_none() && self.start_time + CLOSED_AFTER <= now {
            self.duration_minutes = self.planned_minutes.unwrap_or(self.default_minutes);
            self.end_time = Some(self.start_time + minutes(self.duration_minutes));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Timestamp = Timestamp(1_800_000_000_000);

    fn open() -> StudySession {
        StudySession {
            id: Id([1; 12]),
            user_id: Id([2; 12]),
            start_time: START,
            end_time: None,
            duration_minutes: 0,
            planned_minutes: None,
            default_minutes: 25,
            session_type: SessionType::Focus,
            subject: None,
            topic: None,
            task_id: None,
            notes: None,
            created_at: START,
            updated_at: START,
            rev: 0,
        }
    }

    fn times(end: Option<u32>, studied: Option<u32>) -> Result<(Option<u32>, u32), SessionTimes> {
        let mut session = open();
        session.set_times(START, end.map(|end| START + minutes(end)), studied)?;
        Ok((session.end_time.map(|end| minutes_between(START, end)), session.duration_minutes))
    }

    #[test]
    fn minutes_without_an_end_finish_a_session() {
        assert_eq!(times(None, None), Ok((None, 0)));
        assert_eq!(times(None, Some(25)), Ok((Some(25), 25)));
        assert_eq!(times(Some(50), None), Ok((Some(50), 50)));
        assert_eq!(times(Some(50), Some(45)), Ok((Some(50), 45)));
        assert_eq!(times(Some(50), Some(0)), Ok((Some(50), 50)));
        assert_eq!(times(None, Some(0)), Ok((Some(0), 0)));
        assert_eq!(times(Some(50), Some(52)), Err(SessionTimes::LongerThanPassed));
        assert_eq!(times(Some(1440), None), Ok((Some(1440), 1440)));
        assert_eq!(times(Some(1441), None), Err(SessionTimes::TooLong));
        assert_eq!(
            open().set_times(START, Some(Timestamp(START.0 - 1)), None),
            Err(SessionTimes::EndBeforeStart)
        );
    }

    #[test]
    fn halves_of_minutes_are_rounded_up() {
        let after = |millis: u64| minutes_between(START, START + Duration::from_millis(millis));
        assert_eq!([after(29_999), after(30_000), after(89_999), after(90_000)], [0, 1, 1, 2]);
        assert_eq!(minutes_between(START + Duration::from_secs(60), START), 0);
    }

    #[test]
    fn an_open_session_is_closed_after_twelve_hours_with_its_planned_or_default_length() {
        let at = START + CLOSED_AFTER;
        let just_before = Timestamp(at.0 - 1);
        assert_eq!(open().settled(just_before), open());
        let closed = open().settled(at);
        assert_eq!((closed.end_time, closed.duration_minutes), (Some(START + minutes(25)), 25));
        let planned = StudySession { planned_minutes: Some(50), ..open() }.settled(at);
        assert_eq!((planned.end_time, planned.duration_minutes), (Some(START + minutes(50)), 50));
    }

    #[test]
    fn finishing_ends_a_session_once() {
        let mut session = open();
        session.finish(START + minutes(30));
        assert_eq!((session.end_time, session.duration_minutes), (Some(START + minutes(30)), 30));
        let once = session.clone();
        session.finish(START + minutes(90));
        assert_eq!(session, once);
        // Its clock was ahead of ours.
        let mut early = open();
        early.finish(Timestamp(START.0 - 5000));
        assert_eq!((early.end_time, early.duration_minutes), (Some(START), 0));
        let mut forgotten = open();
        forgotten.finish(START + 2 * CLOSED_AFTER);
        assert_eq!(forgotten.duration_minutes, 25);
    }

    proptest! {
        #[test]
        fn settling_is_final(planned in proptest::option::of(1..=PLANNED_MINUTES_MAX), first in 0..100_000_u32, later in 0..100_000_u32) {
            let session = StudySession { planned_minutes: planned, ..open() };
            let once = session.settled(START + minutes(first));
            if once.is_finished() {
                prop_assert_eq!(once.clone().settled(START + minutes(first) + minutes(later)), once.clone());
                prop_assert!(once.end_time <= Some(START + minutes(first)), "it does not end in the future");
            }
        }
    }
}
