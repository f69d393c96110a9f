//! Study sessions.

use super::{Cursor, Listing, Result, SortValue, Store, Window};
use crate::domain::{Id, SessionType, StudySession, Timestamp};

/// Which study sessions to list; what is absent does not restrict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudySessionFilter {
    /// Whose sessions.
    pub user_id: Id,
    /// Begun at this time or later.
    pub from: Option<Timestamp>,
    /// Begun before this time.
    pub until: Option<Timestamp>,
    /// Of this type.
    pub session_type: Option<SessionType>,
    /// With exactly this subject.
    pub subject: Option<String>,
    /// Sorted by when they began rather than by when they were recorded. The window's `after` is then a
    /// [`StudySessionFilter::cursor`].
    pub by_start: bool,
}

impl StudySessionFilter {
    /// All sessions of a student.
    pub fn of(user_id: Id) -> Self {
        Self { user_id, from: None, until: None, session_type: None, subject: None, by_start: false }
    }

    /// Where a list in this order goes on after a session.
    pub fn cursor(&self, session: &StudySession) -> String {
        if self.by_start {
            Cursor { value: SortValue::At(session.start_time), id: session.id }.encode()
        } else {
            session.id.to_string()
        }
    }
}

backends! { "study_sessions":
    /// Adds a study session.
    fn insert_study_session(&self, session: &StudySession) -> ();
    /// A study session as it is stored; see [`StudySession::settled`].
    fn study_session(&self, id: Id) -> Option<StudySession>;
    /// Study sessions as they are stored; see [`StudySession::settled`].
    fn study_sessions(&self, filter: &StudySessionFilter, window: &Window) -> Listing<StudySession>;
    /// Writes a study session and raises its `rev`; false if it was written or deleted since it was read.
    fn save_study_session(&self, session: &StudySession) -> bool;
    /// Deletes a study session; false if it was written or deleted since it had this `rev`.
    fn delete_study_session(&self, id: Id, rev: i64) -> bool;
    /// Writes what [`StudySession::settled`] says to the sessions left open for 12 hours, and counts them.
    fn close_stale_sessions(&self, now: Timestamp) -> u64;
}
