//! Cards of questions to be reviewed.

use super::{Result, Store};
use crate::domain::{Card, Id, Timestamp};

backends! { "review":
    /// A student's cards of a quiz.
    fn cards(&self, user_id: Id, quiz_id: Id) -> Vec<Card>;
    /// The card of one question.
    fn card(&self, user_id: Id, quiz_id: Id, question_id: &str) -> Option<Card>;
    /// Writes cards, each if it is as it was at its `rev`, and raises that. False if one was changed meanwhile and so
    /// not written: read the cards again and apply what happened to them.
    fn save_cards(&self, cards: &[Card]) -> bool;
    /// Cards due at `now`, those due longest first, of one moment by quiz and question.
    fn due_cards(&self, user_id: Id, now: Timestamp) -> Vec<Card>;
    /// How many cards are due at `now`, those apart whose quiz is gone.
    fn due_reviews(&self, user_id: Id, now: Timestamp) -> u64;
}
