//! Marking: full points for an exact match of a choice or a set (multiple select gives part of them),
//! for an accepted variant of a text after folding, and within tolerance for a number.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Answer, Attempt, Given, Key, Question, QuestionResult, QuestionType, Quiz, Submission, Timestamp, fold,
};

/// What an answer earned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Marks {
    /// Share of the question's points, 0–1.
    pub share: f64,
    /// Whether it earned all of them.
    pub is_correct: bool,
}

impl From<bool> for Marks {
    fn from(is_correct: bool) -> Self {
        Self { share: if is_correct { 1.0 } else { 0.0 }, is_correct }
    }
}

/// Marks one answer. No answer, or one of the wrong shape, earns nothing.
pub fn mark(kind: QuestionType, key: &Key, given: Option<&Given>) -> Marks {
    let Some(given) = given else { return false.into() };
    match (kind, &key.correct_answer, given) {
        (QuestionType::MultipleChoice | QuestionType::TrueFalse, Answer::Text(right), Given::Text(text)) => {
            same(right, text).into()
        }
        (QuestionType::MultipleSelect, Answer::Texts(right), Given::Texts(texts)) => select(right, texts),
        (QuestionType::MultipleSelect, Answer::Texts(right), Given::Text(text)) => {
            select(right, std::slice::from_ref(text))
        }
        (QuestionType::ShortAnswer | QuestionType::Cloze, Answer::Text(right), Given::Text(text)) => {
            typed(right, &key.accepted, text).into()
        }
        (QuestionType::ShortAnswer | QuestionType::Cloze, Answer::Text(right), Given::Number(number)) => {
            typed(right, &key.accepted, &number.to_string()).into()
        }
        (QuestionType::Numeric, Answer::Number(right), Given::Number(number)) => {
            near(*right, key.tolerance, *number).into()
        }
        (QuestionType::Numeric, Answer::Number(right), Given::Text(text)) => {
            readings(text).any(|number| near(*right, key.tolerance, number)).into()
        }
        (QuestionType::Matching, Answer::Pairs(right), Given::Pairs(pairs)) => (right.len() == pairs.len()
            && right.iter().all(|(left, text)| pairs.get(left).is_some_and(|given| same(text, given))))
        .into(),
        (QuestionType::Ordering, Answer::Texts(right), Given::Texts(texts)) => {
            (right.len() == texts.len() && right.iter().zip(texts).all(|(a, b)| same(a, b))).into()
        }
        _ => false.into(),
    }
}

fn same(a: &str, b: &str) -> bool {
    a.trim() == b.trim()
}

fn select(right: &[String], given: &[String]) -> Marks {
    let given: BTreeSet<&str> = given.iter().map(|text| text.trim()).collect();
    let keys: BTreeSet<&str> = right.iter().map(|text| text.trim()).collect();
    let hits = given.intersection(&keys).count();
    let wrong = given.len() - hits;
    let share = if keys.is_empty() { 0.0 } else { hits.saturating_sub(wrong) as f64 / keys.len() as f64 };
    Marks { share, is_correct: !keys.is_empty() && given == keys }
}

fn typed(right: &str, accepted: &[String], given: &str) -> bool {
    let given = fold(given);
    !given.is_empty()
        && std::iter::once(right).chain(accepted.iter().map(String::as_str)).any(|text| fold(text) == given)
}

fn near(right: f64, tolerance: Option<f64>, given: f64) -> bool {
    (right - given).abs() <= tolerance.unwrap_or(0.0) + f64::EPSILON * right.abs()
}

/// The numbers that a typed one may mean. Of points and commas the last separates decimals, if it comes once; a lone
/// comma before three digits may do so or group thousands, as in `1,234`.
fn readings(text: &str) -> impl Iterator<Item = f64> {
    let text =
        text.trim().replace([' ', '\u{a0}', '\u{202f}', '\u{2009}', '_', '\''], "").replace('\u{2212}', "-");
    let (commas, points) = (text.matches(',').count(), text.matches('.').count());
    let decimal_comma = || text.replace('.', "").replace(',', ".");
    let readings = match (commas, points) {
        (1, 0) if groups_thousands(&text) => vec![decimal_comma(), text.replace(',', "")],
        (1, 0) => vec![decimal_comma()],
        (0, 2..) => vec![text.replace('.', "")],
        (1, 1..) if text.rfind(',') > text.rfind('.') => vec![decimal_comma()],
        _ => vec![text.replace(',', "")],
    };
    readings.into_iter().filter_map(|text| text.parse().ok()).filter(|number: &f64| number.is_finite())
}

/// Whether a lone comma stands where one between thousands would.
fn groups_thousands(text: &str) -> bool {
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    text.split_once(',').is_some_and(|(head, tail)| {
        let head = head.trim_start_matches(['-', '+']);
        (1..=3).contains(&head.len())
            && digits(head)
            && !head.starts_with('0')
            && tail.len() == 3
            && digits(tail)
    })
}

/// Points have two decimals, their binary sums more.
fn hundredths(sum: f64) -> f64 {
    (sum * 100.0).round() / 100.0
}

/// Marks all answers of an attempt.
pub fn submit(
    quiz: &Quiz,
    attempt: &Attempt,
    answers: BTreeMap<String, Given>,
    now: Timestamp,
) -> Submission {
    let results: Vec<QuestionResult> =
        quiz.questions.iter().map(|question| result(question, answers.get(&question.id))).collect();
    let score = hundredths(results.iter().map(|result| result.points).sum());
    let max_score = hundredths(quiz.questions.iter().map(|question| question.points).sum());
    let percentage = if max_score > 0.0 { (score / max_score * 1000.0).round() / 10.0 } else { 0.0 };
    Submission {
        id: attempt.id,
        quiz_id: quiz.id,
        user_id: attempt.user_id,
        topic: quiz.topic.clone(),
        attempt_number: attempt.attempt_number,
        answers,
        score,
        max_score,
        total_questions: results.len() as u32,
        percentage,
        question_results: results,
        started_at: attempt.started_at,
        completed_at: now,
        answers_hidden: !quiz.settings.show_correct_answers,
    }
}

fn result(question: &Question, given: Option<&Given>) -> QuestionResult {
    let marks = match &question.key {
        Some(key) => mark(question.kind, key, given),
        None => false.into(),
    };
    QuestionResult {
        question_id: question.id.clone(),
        question: question.question.clone(),
        user_answer: given.cloned(),
        correct_answer: question.key.as_ref().map(|key| key.correct_answer.clone()),
        is_correct: marks.is_correct,
        points: (marks.share * question.points * 100.0).round() / 100.0,
        explanation: question.key.as_ref().map(|key| key.explanation.clone()).filter(|text| !text.is_empty()),
        source: question.source.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(correct_answer: Answer) -> Key {
        Key { correct_answer, accepted: vec!["ATP".into()], tolerance: Some(0.5), explanation: String::new() }
    }

    #[test]
    fn each_type_marks_right_and_wrong() {
        let text = |text: &str| Given::Text(text.into());
        let texts = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        let pairs = |right: &str| BTreeMap::from([("a".to_owned(), right.to_owned())]);
        let cases = [
            (QuestionType::MultipleChoice, Answer::Text("x".into()), text("x"), text("X")),
            (QuestionType::TrueFalse, Answer::Text("True".into()), text("True"), text("False")),
            (QuestionType::ShortAnswer, Answer::Text("adenosine".into()), text(" atp"), text("adp")),
            (QuestionType::Cloze, Answer::Text("Cell".into()), text("the cells"), text("")),
            (QuestionType::Numeric, Answer::Number(3.0), text("3,4"), Given::Number(3.6)),
            (
                QuestionType::Matching,
                Answer::Pairs(pairs("b")),
                Given::Pairs(pairs("b")),
                Given::Pairs(pairs("c")),
            ),
            (
                QuestionType::Ordering,
                Answer::Texts(texts(&["a", "b"])),
                Given::Texts(texts(&["a", "b"])),
                Given::Texts(texts(&["b", "a"])),
            ),
            (
                QuestionType::MultipleSelect,
                Answer::Texts(texts(&["a", "b"])),
                Given::Texts(texts(&["b", "a"])),
                Given::Texts(texts(&["a", "b", "c"])),
            ),
        ];
        for (kind, answer, right, wrong) in cases {
            let key = key(answer);
            assert!(mark(kind, &key, Some(&right)).is_correct, "{kind:?} {right:?}");
            assert!(!mark(kind, &key, Some(&wrong)).is_correct, "{kind:?} {wrong:?}");
            assert_eq!(mark(kind, &key, None).share, 0.0);
        }
    }

    #[test]
    fn multiple_select_gives_part_of_the_points() {
        let right = ["a".to_owned(), "b".to_owned()];
        let share =
            |given: &[&str]| select(&right, &given.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>()).share;
        assert_eq!(share(&["a"]), 0.5);
        assert_eq!(share(&["a", "c"]), 0.0);
        assert_eq!(share(&["a", "b", "c"]), 0.5);
        assert_eq!(share(&["c", "d"]), 0.0);
    }

    #[test]
    fn reads_numbers_as_people_write_them() {
        for (text, expected) in [
            ("1,000", &[1.0, 1000.0][..]),
            ("3,5", &[3.5]),
            ("0,125", &[0.125]),
            ("-3,152", &[-3.152, -3152.0]),
            ("3.152", &[3.152]),
            ("1,234,567", &[1_234_567.0]),
            ("1.234.567", &[1_234_567.0]),
            ("1,234.5", &[1234.5]),
            ("1.234,5", &[1234.5]),
            ("1\u{202f}234,5", &[1234.5]),
            ("\u{2212}4", &[-4.0]),
            ("6e3", &[6000.0]),
            ("many", &[]),
            ("inf", &[]),
            ("", &[]),
            ("1,2,3.4,5", &[123.45]),
        ] {
            assert_eq!(readings(text).collect::<Vec<_>>(), expected, "{text}");
        }
    }

    #[test]
    fn a_number_is_right_at_the_edge_of_its_tolerance() {
        for (right, tolerance, given) in
            [(0.3, 0.1, 0.4), (1.0, 0.1, 1.1), (1000.2, 0.1, 1000.3), (-0.3, 0.0, -0.3)]
        {
            assert!(near(right, Some(tolerance), given), "{right} ± {tolerance}: {given}");
            assert!(!near(right, Some(tolerance), given + 0.01));
        }
        assert!(near(0.1 + 0.2, None, 0.3), "without a tolerance, but for how numbers are stored");
    }

    #[test]
    fn a_question_without_keys_is_never_right() {
        assert_eq!(select(&[], &[]), Marks { share: 0.0, is_correct: false });
    }
}
