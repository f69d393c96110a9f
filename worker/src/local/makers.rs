//! Who makes which kind of question.

mod choice;
mod lists;
mod several;
mod truth;
mod typed;

use rand::Rng;
use shared::domain::QuestionType;

use super::studio::{Proposal, Studio};

/// Makes a question of a kind about a sentence, whose key `free` allows; `None` where the sentence
/// does not carry one.
pub fn make(
    studio: &Studio<'_>,
    kind: QuestionType,
    sentence: usize,
    free: &impl Fn(&str) -> bool,
    rng: &mut impl Rng,
) -> Option<Proposal> {
    match kind {
        QuestionType::MultipleChoice => choice::make(studio, sentence, free, rng),
        QuestionType::TrueFalse => truth::make(studio, sentence, free, rng),
        QuestionType::ShortAnswer => typed::short_answer(studio, sentence, free),
        QuestionType::Cloze => typed::cloze(studio, sentence, free),
        QuestionType::Numeric => typed::numeric(studio, sentence, free),
        QuestionType::MultipleSelect => lists::select(studio, sentence, free, rng),
        QuestionType::Ordering => {
            lists::steps(studio, sentence, free).or_else(|| several::dated(studio, sentence))
        }
        QuestionType::Matching => several::matching(studio, sentence, free),
    }
}
