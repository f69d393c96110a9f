//! Attempts and what was submitted.

use std::collections::BTreeMap;

use super::{Listing, Result, Store, Window};
use crate::domain::{Attempt, Given, Id, Submission, Timestamp};

/// Which submissions to list; what is absent does not restrict.
#[derive(Debug, Clone, PartialEq)]
pub struct SubmissionFilter {
    /// Whose submissions.
    pub user_id: Id,
    /// Of which quiz.
    pub quiz_id: Option<Id>,
    /// With exactly this topic.
    pub topic: Option<String>,
    /// Submitted at this time or later.
    pub from: Option<Timestamp>,
    /// Submitted before this time.
    pub until: Option<Timestamp>,
    /// With at least this percentage.
    pub min_score: Option<f64>,
    /// With at most this percentage.
    pub max_score: Option<f64>,
}

impl SubmissionFilter {
    /// Everything a student submitted.
    pub fn of(user_id: Id) -> Self {
        Self {
            user_id,
            quiz_id: None,
            topic: None,
            from: None,
            until: None,
            min_score: None,
            max_score: None,
        }
    }

    /// At one quiz.
    pub fn at(self, quiz_id: Id) -> Self {
        Self { quiz_id: Some(quiz_id), ..self }
    }
}

backends! { "attempts":
    /// Opens an attempt; if the student has one open for the quiz, that one is returned. None if the attempt's number
    /// is not the next one, because another was submitted since it was counted, or if the quiz is archived: look again.
    fn open_attempt(&self, attempt: &Attempt) -> Option<Attempt>;
    /// An open attempt by id.
    fn attempt(&self, id: Id) -> Option<Attempt>;
    /// The student's open attempt at a quiz.
    fn attempt_at(&self, quiz_id: Id, user_id: Id) -> Option<Attempt>;
    /// Adds answers to an open attempt and raises its `rev`; false if it is no longer open.
    fn save_answers(&self, id: Id, answers: &BTreeMap<String, Given>) -> bool;
    /// Submits an attempt, marked as it was at `rev`, and closes the open one; if it was submitted before, the
    /// first submission is returned. None if answers were saved since: read and mark it again.
    fn submit(&self, submission: &Submission, rev: i64) -> Option<Submission>;
    /// A submission by id.
    fn submission(&self, id: Id) -> Option<Submission>;
    /// Submissions, newest first unless the window says otherwise.
    fn submissions(&self, filter: &SubmissionFilter, window: &Window) -> Listing<Submission>;
}
