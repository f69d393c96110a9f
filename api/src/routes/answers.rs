//! Answers as students send them.

use std::collections::BTreeMap;

use shared::domain::{Given, Quiz};

use crate::problem::{FieldError, Problem, Result};

/// Answers by question id: an option's text, several, typed text, a number, or left to right.
pub type Answers = BTreeMap<String, Given>;

/// Most characters of an answer's text.
const TEXT_MAX: usize = 10_000;
/// Most texts or pairs of one answer.
const ITEMS_MAX: usize = 100;
/// Most answers of one request; no quiz has as many questions.
const ANSWERS_MAX: usize = 300;
/// Most bytes of text that are saved of one attempt, whose documents hold it twice.
const TOTAL_MAX: usize = 1 << 20;
/// Most errors that are told at once, and most characters of an unknown id that are repeated.
const ERRORS_MAX: usize = 20;
const SHOWN_MAX: usize = 100;

/// Answers to questions of this quiz, of a size that a student may need.
pub fn check_answers(quiz: &Quiz, answers: &Answers) -> Result<()> {
    if answers.len() > ANSWERS_MAX {
        return Err(Problem::field("answers", format!("answers has more than {ANSWERS_MAX} answers")));
    }
    let known = |id: &str| quiz.questions.iter().any(|question| question.id == id);
    let wrong = answers.iter().filter_map(|(id, given)| match known(id) {
        true => oversized(given).map(|why| (id, why)),
        false => Some((id, "is not a question of this quiz".to_owned())),
    });
    let errors: Vec<FieldError> = wrong
        .take(ERRORS_MAX)
        .map(|(id, why)| {
            let field = format!("answers.{}", id.chars().take(SHOWN_MAX).collect::<String>());
            FieldError { message: format!("{field} {why}"), field }
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Problem::fields(errors)) }
}

/// Answers that, with those that are saved and stay, are not more than an attempt may hold.
pub fn check_total(saved: &Answers, more: &Answers) -> Result<()> {
    let stay = saved.iter().filter(|(id, _)| !more.contains_key(*id));
    let total: usize = stay.chain(more).map(|(_, given)| bytes(given)).sum();
    if total <= TOTAL_MAX {
        return Ok(());
    }
    let detail = format!("answers has more than {} KB, with what was saved before", TOTAL_MAX >> 10);
    Err(Problem::field("answers", detail))
}

fn bytes(given: &Given) -> usize {
    match given {
        Given::Number(_) => 0,
        Given::Text(text) => text.len(),
        Given::Texts(texts) => texts.iter().map(String::len).sum(),
        Given::Pairs(pairs) => pairs.iter().map(|(left, right)| left.len() + right.len()).sum(),
    }
}

/// Why an answer is larger than any may be.
pub fn oversized(given: &Given) -> Option<String> {
    let (items, long) = match given {
        Given::Number(_) => (0, false),
        Given::Text(text) => (1, is_long(text)),
        Given::Texts(texts) => (texts.len(), texts.iter().any(|text| is_long(text))),
        Given::Pairs(pairs) => {
            (pairs.len(), pairs.iter().any(|(left, right)| is_long(left) || is_long(right)))
        }
    };
    if items > ITEMS_MAX {
        return Some(format!("has more than {ITEMS_MAX} items"));
    }
    long.then(|| format!("is longer than {TEXT_MAX} characters"))
}

fn is_long(text: &str) -> bool {
    text.chars().nth(TEXT_MAX).is_some()
}
