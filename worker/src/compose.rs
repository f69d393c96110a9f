//! Turns a proven draft into the question that is stored.

use rand::{Rng, seq::SliceRandom};
use shared::domain::{Answer, Key, Pairs, Question, QuestionType, Source};

use crate::{document::Document, draft::Draft};

/// The question with its key, its options shuffled; `number` counts from 1 within the quiz.
pub(crate) fn compose(document: &Document, draft: Draft, number: usize, rng: &mut impl Rng) -> Question {
    let mut options = match draft.kind {
        QuestionType::TrueFalse => vec!["True".to_owned(), "False".to_owned()],
        _ => draft.options,
    };
    match draft.kind {
        QuestionType::MultipleChoice | QuestionType::MultipleSelect => options.shuffle(rng),
        QuestionType::Ordering => reorder(&mut options, rng),
        _ => {}
    }
    let pairs = match &draft.answer {
        Answer::Pairs(pairs) => {
            let mut right: Vec<String> = pairs.values().cloned().collect();
            reorder(&mut right, rng);
            Some(Pairs { left: pairs.keys().cloned().collect(), right })
        }
        _ => None,
    };
    let page = document.pages.get(draft.page).and_then(|page| page.number);
    Question {
        id: format!("q{number}"),
        question: draft.question,
        kind: draft.kind,
        options,
        pairs,
        difficulty: draft.difficulty,
        bloom: draft.bloom,
        points: 1.0,
        source: Some(Source { page, start: draft.start, end: draft.end, quote: Some(draft.quote) }),
        key: Some(Key {
            correct_answer: draft.answer,
            accepted: draft.accepted,
            tolerance: draft.tolerance,
            explanation: draft.explanation,
        }),
    }
}

/// Shuffles into an order that differs from the one given, which is the answer.
fn reorder(items: &mut [String], rng: &mut impl Rng) {
    let answer = items.to_vec();
    items.shuffle(rng);
    if items == answer {
        items.rotate_left(1.min(items.len()));
    }
}
