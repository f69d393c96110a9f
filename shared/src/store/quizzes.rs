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

backends! { "quizzes":
    /// Adds a quiz; one that is there already stays as it is.
    fn insert_quiz(&self, quiz: &Quiz) -> ();
    /// A quiz with its keys.
    fn quiz(&self, id: Id) -> Option<Quiz>;
    /// Those of these quizzes that there are, with their keys but without `source_content`, by id.
    fn quizzes_by_id(&self, ids: &[Id]) -> Vec<Quiz>;
    /// Writes title, topic, description, difficulty, settings and `updated_at` of a quiz, unless it was edited since
    /// its `revision` was read, and raises that; false if it was edited or is gone.
    fn edit_quiz(&self, quiz: &Quiz) -> bool;
    /// Writes the same and the questions with their keys, all or nothing; false also if an attempt was begun since.
    /// `edit` is an id that no other edit has.
    fn replace_questions(&self, quiz: &Quiz, edit: Id) -> bool;
    /// Makes the questions of a quiz final, before an attempt at it is opened; false if it was edited since
    /// `revision` or is gone.
    fn begin_attempts(&self, id: Id, revision: i64) -> bool;
    /// Whether anybody ever attempted a quiz.
    fn has_attempts(&self, id: Id) -> bool;
    /// Quizzes without their questions.
    fn quizzes(&self, filter: &QuizFilter, window: &Window) -> Listing<QuizSummary>;
    /// Closes a quiz to new attempts.
    fn archive_quiz(&self, id: Id, now: Timestamp) -> ();
}
