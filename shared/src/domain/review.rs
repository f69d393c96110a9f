//! Spaced repetition: when a question that was answered is asked again. The memory model is FSRS with its default
//! parameters, the aim a recall of 90 %, without fuzz: the same history gives the same dates.

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use fsrs::{FSRS, MemoryState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Id, Submission, Timestamp};

/// How likely an answer is to be known when its question comes up again.
const RETENTION: f32 = 0.9;
const DAY: Duration = Duration::from_secs(86_400);
/// Longest time between two reviews.
const DAYS_MAX: f32 = 36_500.0;
/// When a question comes back that was failed in a review.
const STEP: Duration = Duration::from_secs(600);

static SCHEDULER: LazyLock<FSRS> = LazyLock::new(FSRS::default);

/// How well an answer was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Rating {
    /// Not at all.
    Again,
    /// With effort.
    Hard,
    /// As it should be.
    Good,
    /// At once.
    Easy,
}

/// How far the learning of a question has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CardState {
    /// Not known yet.
    Learning,
    /// Known, and kept so.
    Review,
    /// Known once and forgotten.
    Relearning,
}

/// What is remembered of a student and a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Card {
    /// Whose it is.
    pub user_id: Id,
    /// The quiz of the question.
    pub quiz_id: Id,
    /// The question's id in its quiz.
    pub question_id: String,
    /// When to ask it.
    pub due: Timestamp,
    /// How far it has come.
    pub state: CardState,
    /// Days until recall has sunk to 90 %.
    pub stability: f64,
    /// How hard it is for this student, 1–10.
    pub difficulty: f64,
    /// When it was last answered.
    pub reviewed_at: Timestamp,
    /// How often it was answered.
    pub reviews: u32,
    /// How often it was forgotten after it had been known.
    pub lapses: u32,
    /// Raised by each write; 0 for a card that was never written.
    pub rev: i64,
}

impl Card {
    /// The card of a question that was answered for the first time: due at once if it was not known.
    pub fn first(user_id: Id, quiz_id: Id, question_id: &str, rating: Rating, now: Timestamp) -> Self {
        let unseen = Self {
            user_id,
            quiz_id,
            question_id: question_id.to_owned(),
            due: now,
            state: CardState::Learning,
            stability: 0.0,
            difficulty: 0.0,
            reviewed_at: now,
            reviews: 0,
            lapses: 0,
            rev: 0,
        };
        unseen.answered(rating, now, Duration::ZERO)
    }

    /// The card after a review. One that was failed comes back in ten minutes.
    pub fn reviewed(&self, rating: Rating, now: Timestamp) -> Self {
        self.answered(rating, now, STEP)
    }

    /// The card after another answer; one that is not known is due after `step`.
    fn answered(&self, rating: Rating, now: Timestamp, step: Duration) -> Self {
        let memory = (self.reviews > 0)
            .then_some(MemoryState { stability: self.stability as f32, difficulty: self.difficulty as f32 });
        let days = now.since(self.reviewed_at).as_secs() / DAY.as_secs();
        let days = u32::try_from(days).unwrap_or(u32::MAX);
        // Fails for a memory that is no number; such a card begins anew.
        let states = SCHEDULER.next_states(memory, RETENTION, days);
        let Ok(states) = states.or_else(|_| SCHEDULER.next_states(None, RETENTION, 0)) else {
            return Self { due: now, ..self.clone() };
        };
        let next = match rating {
            Rating::Again => states.again,
            Rating::Hard => states.hard,
            Rating::Good => states.good,
            Rating::Easy => states.easy,
        };
        let failed = rating == Rating::Again;
        let state = match (failed, self.state) {
            (false, _) => CardState::Review,
            (true, CardState::Learning) => CardState::Learning,
            (true, _) => CardState::Relearning,
        };
        let interval = if failed { step } else { DAY * next.interval.round().clamp(1.0, DAYS_MAX) as u32 };
        Self {
            due: now + interval,
            state,
            stability: rounded(next.memory.stability),
            difficulty: rounded(next.memory.difficulty),
            reviewed_at: now,
            reviews: self.reviews.saturating_add(1),
            lapses: self.lapses + u32::from(failed && self.state == CardState::Review),
            ..self.clone()
        }
    }
}

/// To four decimals, more than the model is worth.
fn rounded(value: f32) -> f64 {
    (f64::from(value) * 10_000.0).round() / 10_000.0
}

/// The cards that a submission makes or changes, given those the student has of the quiz. A right answer counts as
/// good, a wrong one as failed, and its question is due at once. A card that was answered at that time or later
/// stays as it is, so that a submission which is told twice counts once.
pub fn scheduled(cards: &[Card], submission: &Submission) -> Vec<Card> {
    let known: BTreeMap<&str, &Card> = cards.iter().map(|card| (card.question_id.as_str(), card)).collect();
    let now = submission.completed_at;
    let mut seen = std::collections::BTreeSet::new();
    let results = submission.question_results.iter();
    let results = results.filter(|result| !result.question_id.is_empty() && seen.insert(&result.question_id));
    results
        .filter_map(|result| {
            let rating = if result.is_correct { Rating::Good } else { Rating::Again };
            match known.get(result.question_id.as_str()) {
                Some(card) if card.reviewed_at >= now => None,
                Some(card) => Some(card.answered(rating, now, Duration::ZERO)),
                None => Some(Card::first(
                    submission.user_id,
                    submission.quiz_id,
                    &result.question_id,
                    rating,
                    now,
                )),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::QuestionResult;

    const START: Timestamp = Timestamp(1_800_000_000_000);
    const RATINGS: [Rating; 4] = [Rating::Again, Rating::Hard, Rating::Good, Rating::Easy];

    fn first(rating: Rating) -> Card {
        Card::first(Id([1; 12]), Id([2; 12]), "q", rating, START)
    }

    fn days(card: &Card) -> u64 {
        card.due.since(card.reviewed_at).as_secs() / DAY.as_secs()
    }

    #[test]
    fn a_first_answer_follows_the_models_published_parameters() {
        let told: Vec<_> = RATINGS.map(first).iter().map(|card| (card.stability, days(card))).collect();
        assert_eq!(told, [(0.212, 0), (1.2931, 1), (2.3065, 2), (8.2956, 8)]);
        assert_eq!((first(Rating::Again).due, first(Rating::Again).state), (START, CardState::Learning));
        assert_eq!(first(Rating::Good).state, CardState::Review);
        assert_eq!((first(Rating::Again).difficulty, first(Rating::Easy).difficulty), (6.4133, 1.0));
    }

    #[test]
    fn a_known_question_that_is_failed_is_learnt_again() {
        let known = first(Rating::Good);
        let failed = known.reviewed(Rating::Again, known.due);
        assert_eq!((failed.state, failed.lapses, failed.reviews), (CardState::Relearning, 1, 2));
        assert_eq!(failed.due, known.due + STEP);
        let failed = failed.reviewed(Rating::Again, failed.due);
        assert_eq!((failed.state, failed.lapses), (CardState::Relearning, 1));
        assert_eq!(failed.reviewed(Rating::Good, failed.due).state, CardState::Review);
    }

    #[test]
    fn a_memory_that_is_no_number_begins_anew() {
        let spoilt = Card { stability: f64::NAN, ..first(Rating::Good) };
        let card = spoilt.reviewed(Rating::Good, START + DAY);
        assert_eq!((card.stability, days(&card)), (2.3065, 2));
    }

    fn submission(results: &[(&str, bool)], completed_at: Timestamp) -> Submission {
        let result = |&(id, is_correct): &(&str, bool)| QuestionResult {
            question_id: id.to_owned(),
            question: "?".to_owned(),
            user_answer: None,
            correct_answer: None,
            is_correct,
            points: 0.0,
            explanation: None,
            source: None,
        };
        Submission {
            id: Id([3; 12]),
            quiz_id: Id([2; 12]),
            user_id: Id([1; 12]),
            topic: String::new(),
            attempt_number: 1,
            answers: BTreeMap::new(),
            score: 0.0,
            max_score: 0.0,
            total_questions: results.len() as u32,
            percentage: 0.0,
            question_results: results.iter().map(result).collect(),
            started_at: completed_at,
            completed_at,
            answers_hidden: false,
        }
    }

    #[test]
    fn a_submission_makes_cards_and_changes_them_once() {
        let once = submission(&[("a", true), ("b", false), ("b", true), ("", false)], START);
        let cards = scheduled(&[], &once);
        let told: Vec<_> = cards.iter().map(|card| (card.question_id.as_str(), days(card))).collect();
        assert_eq!(told, [("a", 2), ("b", 0)]);
        assert_eq!(scheduled(&cards, &once), []);

        let later = submission(&[("a", false), ("b", true), ("c", true)], START + DAY);
        let changed = scheduled(&cards, &later);
        let told: Vec<_> = changed.iter().map(|card| (card.question_id.as_str(), card.state)).collect();
        assert_eq!(told, [("a", CardState::Relearning), ("b", CardState::Review), ("c", CardState::Review)]);
        assert_eq!(changed[0].due, START + DAY);
        assert_eq!(scheduled(&changed, &once), [], "what is known is newer");
    }

    proptest! {
        #[test]
        fn whatever_the_history_a_card_stays_within_its_bounds(
            history in prop::collection::vec((0..4_usize, 0_u64..400 * 86_400), 1..40)
        ) {
            let mut card = first(RATINGS[history[0].0]);
            for (rating, seconds) in history {
                let now = card.reviewed_at + Duration::from_secs(seconds);
                let before = card.clone();
                card = card.reviewed(RATINGS[rating], now);
                prop_assert!(card.stability > 0.0 && card.stability <= f64::from(DAYS_MAX));
                prop_assert!((1.0..=10.0).contains(&card.difficulty));
                prop_assert!(card.due > now && card.reviewed_at == now);
                prop_assert_eq!(card.reviews, before.reviews + 1);
                let order: Vec<Timestamp> = RATINGS.map(|rating| before.reviewed(rating, now).due).to_vec();
                prop_assert!(order.is_sorted(), "a better rating is never due earlier: {order:?}");
            }
        }
    }
}
