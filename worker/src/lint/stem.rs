//! Flaws of the question itself.

use shared::domain::{Answer, QuestionType, is_written_together};

use super::words::{List, Plain, unmarked};
use super::{Flaw, Item, Rule};
use crate::local::language::Language;

/// Longest question and option, in words.
const LONGEST: (usize, usize) = (160, 60);
/// Fewest words around a gap.
const CONTEXT: usize = 4;
/// Fewest words of a question.
const SHORTEST: usize = 3;

/// What to look for in the question.
pub(super) const RULES: [Rule; 7] = [
    (Flaw::UnmarkedNegation, negates_unmarked),
    (Flaw::DoubleNegation, negates_twice),
    (Flaw::UnfocusedStem, is_unfocused),
    (Flaw::TooLong, is_too_long),
    (Flaw::SourceReference, refers_to_source),
    (Flaw::AnswerInStem, shows_answer),
    (Flaw::GapCount, has_odd_gaps),
];

/// A negation after the question word, in the same clause. "Why do penguins not fly?" asks for no exception.
fn negates_unmarked(item: &Item<'_>) -> bool {
    if !item.is_choice() {
        return false;
    }
    let plain = Plain::of(&unmarked(&item.asked));
    let list = |list| item.vocabulary.list(list);
    let asking =
        list(List::Asking).iter().filter_map(|word| plain.find(word).map(|at| at + word.len())).min();
    let Some(asked) = asking else { return false };
    let negated = list(List::Negation)
        .iter()
        .filter_map(|word| Some(asked + plain.slice(asked..plain.end()).find(word)?));
    let same_clause = |at: usize| !plain.slice(asked..at).has(list(List::Clause));
    plain.has(list(List::Except)) || negated.min().is_some_and(same_clause)
}

fn negates_twice(item: &Item<'_>) -> bool {
    if item.draft.kind != QuestionType::TrueFalse {
        return false;
    }
    let is_false = matches!(&item.draft.answer, Answer::Text(text) if text == "False");
    let mut count = item.stem.count(item.vocabulary.list(List::Negation));
    // "Not only … but also" denies nothing.
    if item.stem.find("not only").is_some() {
        count -= 1;
    }
    // Chinese negations are parts of many words, and only a few stand for themselves.
    let least = if is_false { 1 } else { 2 };
    count >= least && (item.language != Language::Chinese || count >= 2 || is_false)
}

fn is_unfocused(item: &Item<'_>) -> bool {
    if matches!(item.draft.kind, QuestionType::Matching | QuestionType::Ordering | QuestionType::Cloze) {
        return false;
    }
    if item.stem.length() < SHORTEST {
        return true;
    }
    let list = item.vocabulary.list(List::Unfocused);
    let says_nothing = if item.language == Language::Chinese {
        let mut rest = item.stem.as_str().to_owned();
        for word in list {
            rest = rest.replace(word.as_str(), "");
        }
        rest.trim().is_empty()
    } else {
        item.stem.words().all(|word| list.iter().any(|listed| listed == word))
    };
    item.is_choice() && !list.is_empty() && says_nothing
}

fn is_too_long(item: &Item<'_>) -> bool {
    item.stem.length() > LONGEST.0 || item.options.iter().any(|option| option.length() > LONGEST.1)
}

fn refers_to_source(item: &Item<'_>) -> bool {
    Plain::of(&item.asked).has(item.vocabulary.list(List::Source))
}

fn shows_answer(item: &Item<'_>) -> bool {
    let draft = item.draft;
    let shown = |text: &str| {
        let plain = Plain::of(text);
        !plain.as_str().is_empty() && item.stem.holds(&plain)
    };
    match (draft.kind, &draft.answer) {
        (QuestionType::MultipleChoice, Answer::Text(key)) => {
            // "Which is larger, the Sun or the Moon?" names what is chosen from.
            shown(key) && !draft.options.iter().any(|option| option != key && shown(option))
        }
        (QuestionType::ShortAnswer | QuestionType::Cloze, Answer::Text(key)) => shown(key),
        (QuestionType::Numeric, Answer::Number(number)) => {
            item.stem.words().any(|word| word == number.to_string())
        }
        (QuestionType::Matching, Answer::Pairs(pairs)) => pairs.iter().any(|(left, right)| {
            let (left, right) = (Plain::of(left), Plain::of(right));
            right.holds(&left) || left.holds(&right)
        }),
        (QuestionType::Ordering, Answer::Texts(items)) => {
            let numbers: Vec<f64> = items.iter().filter_map(|item| only_number(item)).collect();
            numbers.len() == items.len() && numbers.is_sorted()
        }
        _ => false,
    }
}

fn only_number(text: &str) -> Option<f64> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    let number = numbers.next()?.parse().ok()?;
    numbers.next().is_none().then_some(number)
}

/// One gap in a cloze, at most one anywhere else, with enough around it to tell what is missing.
fn has_odd_gaps(item: &Item<'_>) -> bool {
    let question = &item.draft.question;
    // In a cloze even the underscore of a name can be taken for a gap.
    let shortest = if item.draft.kind == QuestionType::Cloze { 1 } else { 3 };
    let gaps = question.split(|c| c != '_').filter(|run| run.len() >= shortest).count();
    let is_cloze = item.draft.kind == QuestionType::Cloze;
    let context = if question.contains(is_written_together) { CONTEXT - 1 } else { CONTEXT };
    gaps > 1 || (is_cloze && (gaps == 0 || Plain::of(&question.replace('_', " ")).length() < context))
}
