//! What is wrong with documents of the old backends.

use serde::Serialize;

/// What is wrong with a document. Those that are left cannot be converted and stay as they are; the others are
/// converted as far as can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[expect(missing_docs, reason = "`explanation` says it")]
pub enum Reason {
    #[serde(rename = "id.not_objectid")]
    IdNotObjectid,
    #[serde(rename = "document.too_large")]
    DocumentTooLarge,
    #[serde(rename = "document.changed_silently")]
    DocumentChangedSilently,
    #[serde(rename = "reference.unusual")]
    ReferenceUnusual,
    #[serde(rename = "user.no_email")]
    UserNoEmail,
    #[serde(rename = "user.email_shared")]
    UserEmailShared,
    #[serde(rename = "user.password_unusable")]
    UserPasswordUnusable,
    #[serde(rename = "quiz.no_questions")]
    QuizNoQuestions,
    #[serde(rename = "quiz.key_missing")]
    QuizKeyMissing,
    #[serde(rename = "quiz.key_unmatched")]
    QuizKeyUnmatched,
    #[serde(rename = "quiz.owner_gone")]
    QuizOwnerGone,
    #[serde(rename = "attempt.no_user")]
    AttemptNoUser,
    #[serde(rename = "attempt.no_quiz")]
    AttemptNoQuiz,
    #[serde(rename = "attempt.id_taken")]
    AttemptIdTaken,
    #[serde(rename = "attempt.user_gone")]
    AttemptUserGone,
    #[serde(rename = "attempt.quiz_gone")]
    AttemptQuizGone,
    #[serde(rename = "note.no_user")]
    NoteNoUser,
    #[serde(rename = "note.owner_gone")]
    NoteOwnerGone,
    #[serde(rename = "session.no_user")]
    SessionNoUser,
    #[serde(rename = "session.owner_gone")]
    SessionOwnerGone,
}

impl Reason {
    /// What it means for the document, in a sentence's words.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::IdNotObjectid => "its _id is no ObjectId, so nobody can ask for it",
            Self::DocumentTooLarge => "it is too near 16 MiB to take a field",
            Self::DocumentChangedSilently => {
                "somebody changed it after the last run, but not its time of change; it is taken as it is now"
            }
            Self::ReferenceUnusual => {
                "it names its owner in a way that no query looks for, so no list has it"
            }
            Self::UserNoEmail => "the account has no e-mail",
            Self::UserEmailShared => {
                "an older account has the same e-mail; this one logs in by its exact e-mail alone"
            }
            Self::UserPasswordUnusable => {
                "the password is no bcrypt hash; the account needs a reset to log in"
            }
            Self::QuizNoQuestions => "the quiz has no questions",
            Self::QuizKeyMissing => "a question has no correct answer; nobody can earn its point",
            Self::QuizKeyUnmatched => "a correct answer is none of the options; nobody can earn its point",
            Self::QuizOwnerGone => "the account that made the quiz is gone",
            Self::AttemptNoUser => "the attempt does not say whose it is",
            Self::AttemptNoQuiz => "the attempt does not say at which quiz it was",
            Self::AttemptIdTaken => "another attempt has the same _id in quizattempts",
            Self::AttemptUserGone => "the account that made the attempt is gone",
            Self::AttemptQuizGone => "the quiz that was attempted is gone",
            Self::NoteNoUser => "the note does not say whose it is",
            Self::NoteOwnerGone => "the account that wrote the note is gone",
            Self::SessionNoUser => "the session does not say whose it is",
            Self::SessionOwnerGone => "the account that studied is gone",
        }
    }

    /// Whether the document is left as it is.
    pub fn is_left(self) -> bool {
        matches!(
            self,
            Self::IdNotObjectid
                | Self::DocumentTooLarge
                | Self::UserNoEmail
                | Self::AttemptNoUser
                | Self::AttemptNoQuiz
                | Self::AttemptIdTaken
                | Self::NoteNoUser
                | Self::SessionNoUser
        )
    }
}

/// A document with which something is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its collection.
    pub collection: &'static str,
    /// Its `_id`.
    pub id: String,
    /// What is wrong.
    pub reason: Reason,
    /// Whether it is left as it is: it cannot be converted.
    pub left: bool,
}
