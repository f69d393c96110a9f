//! Quizzes.

use super::{Listing, Result, Store, Window};
use crate::domain::{Difficulty, Id, Quiz, QuizStatus, Timestamp};

/// Which quizzes to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuizFilter {
    /// Whose quizzes.
    pub created_by: Id,
    /// With exactly this topic.
    pub topic: Option<String>,
    /// Open or archived.
    pub status: Option<QuizStatus>,
    /// How hard.
    pub difficulty: Option<Difficulty>,
    /// With this text in title or topic, in any case.
    pub text: Option<String>,
}

/// A quiz without its questions.
#[derive(Debug, Clone, PartialEq)]
pub struct QuizSummary {
    /// The quiz, its `questions` and `source_content` left out.
    pub quiz: Quiz,
    /// How many questions it has.
    pub question_count: u32,
}

backends! {
    /// Adds a quiz; one that is there already stays as it is.
    fn insert_quiz(&self, quiz: &Quiz) -> ();
    /// A quiz with its keys.
    fn quiz(&self, id: Id) -> Option<Quiz>;
    /// Quizzes without their questions.
    fn quizzes(&self, filter: &QuizFilter, window: &Window) -> Listing<QuizSummary>;
    /// Closes a quiz to new attempts.
    fn archive_quiz(&self, id: Id, now: Timestamp) -> ();
}
