//! What the submissions of a quiz add up to.

use super::{Result, Store};
use crate::domain::{Quiz, Responses};

backends! { "attempts":
    /// The submissions of a quiz by percentage, and their answers to each question. Answers are told apart where the
    /// question has options.
    fn responses(&self, quiz: &Quiz) -> Responses;
}

/// The questions whose answers are told apart.
pub(super) fn counted(quiz: &Quiz) -> Vec<&str> {
    let choices = quiz.questions.iter().filter(|question| crate::domain::has_options(question.kind));
    choices.map(|question| question.id.as_str()).collect()
}
