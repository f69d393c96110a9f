//! How the questions of a quiz work: classical item analysis of what was submitted. The stores count and add up; the
//! formulas are here.
//!
//! Points are added as whole hundredths, so that sums do not depend on the order in which a store adds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Answer, Given, Question, QuestionType, Quiz};

/// Below so many attempts a question's flags are guesses.
const FEW_ATTEMPTS: u64 = 20;
/// From so many attempts on a question is flagged at all, but for being new.
const SOME_ATTEMPTS: u64 = 5;
/// Nearly everybody knows it.
const TOO_EASY: f64 = 0.95;
/// Hardly anybody knows it, or fewer than guess one of four.
const TOO_HARD: f64 = 0.2;
/// Below this an item tells good students poorly from others.
const LOW_DISCRIMINATION: f64 = 0.2;
/// Share of the attempts that a rival of the key must have.
const RIVAL_SHARE: f64 = 0.2;

/// Answers of all submissions of a quiz to one question which are alike, with sums over the submissions they stand in.
/// The *rest* is a submission's score without the question, in hundredths of points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnswerGroup {
    /// The question.
    pub question_id: String,
    /// What was answered; absent where nothing was, or where the question has no options.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Given>,
    /// Submissions.
    pub count: u64,
    /// Those of them in which the question earned full points.
    pub correct: u64,
    /// Sum of the rests.
    pub rest: f64,
    /// Sum of their squares.
    pub rest_squares: f64,
    /// Sum of the rests where the question earned full points.
    pub correct_rest: f64,
}

/// What the submissions of a quiz add up to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Responses {
    /// Percentages, ascending, and how many submissions have each.
    pub percentages: Vec<(f64, u64)>,
    /// Answers, by question.
    pub answers: Vec<AnswerGroup>,
}

/// What may be wrong with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemFlag {
    /// Fewer than 20 attempts: what the other flags say may be chance.
    FewAttempts,
    /// More than 95 % know it.
    TooEasy,
    /// Fewer than 20 % know it.
    TooHard,
    /// Who knows it is worse at the rest.
    NegativeDiscrimination,
    /// It tells little about who is good at the rest (discrimination of 0 to 0.2).
    LowDiscrimination,
    /// At least 20 attempts, and one of the wrong options was never chosen.
    UnusedOption,
    /// A wrong option looks like the right one: at least a fifth chose it, and they are better at the rest than those
    /// who chose the key; or nobody chose the key.
    KeySuspect,
}

/// Statistics of one question.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemStatistics {
    /// The question's id.
    pub id: String,
    /// Submissions in which it was asked.
    pub attempts: u64,
    /// Share of them that earned full points, 0–1: the higher, the easier. Absent without attempts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difficulty: Option<f64>,
    /// Point-biserial correlation of knowing it with the score at the rest of the quiz, -1 to 1. Absent where one of
    /// the two does not vary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discrimination: Option<f64>,
    /// How often each option was chosen; empty where the question has none.
    pub option_counts: BTreeMap<String, u64>,
    /// What may be wrong with it.
    pub flags: Vec<ItemFlag>,
}

/// Statistics of a quiz.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuizStatistics {
    /// Submitted attempts.
    pub attempts: u64,
    /// Mean percentage, one decimal; 0 without attempts.
    pub average_score: f64,
    /// Median percentage, one decimal; 0 without attempts.
    pub median_score: f64,
    /// In the quiz's order.
    pub questions: Vec<ItemStatistics>,
}

impl QuizStatistics {
    /// What the submissions of a quiz tell about it.
    pub fn of(quiz: &Quiz, responses: &Responses) -> Self {
        let attempts: u64 = responses.percentages.iter().map(|(_, count)| count).sum();
        let sum: f64 =
            responses.percentages.iter().map(|(percentage, count)| percentage * *count as f64).sum();
        let mean = if attempts == 0 { 0.0 } else { sum / attempts as f64 };
        let item = |question: &Question| {
            let answers = responses.answers.iter().filter(|group| group.question_id == question.id);
            ItemStatistics::of(question, &answers.collect::<Vec<_>>())
        };
        Self {
            attempts,
            average_score: rounded(mean, 10.0),
            median_score: rounded(median(&responses.percentages, attempts), 10.0),
            questions: quiz.questions.iter().map(item).collect(),
        }
    }
}

impl ItemStatistics {
    fn of(question: &Question, answers: &[&AnswerGroup]) -> Self {
        let attempts: u64 = answers.iter().map(|group| group.count).sum();
        let correct: u64 = answers.iter().map(|group| group.correct).sum();
        let share = correct as f64 / attempts as f64;
        let discrimination = point_biserial(attempts, correct, answers);
        let options = Options::of(question, answers);
        let mut flags = Vec::new();
        if attempts < FEW_ATTEMPTS {
            flags.push(ItemFlag::FewAttempts);
        }
        if attempts >= SOME_ATTEMPTS {
            flags.extend((share > TOO_EASY).then_some(ItemFlag::TooEasy));
            flags.extend((share < TOO_HARD).then_some(ItemFlag::TooHard));
            flags.extend(discrimination.and_then(|value| match value {
                value if value < 0.0 => Some(ItemFlag::NegativeDiscrimination),
                value if value < LOW_DISCRIMINATION => Some(ItemFlag::LowDiscrimination),
                _ => None,
            }));
            let unused = attempts >= FEW_ATTEMPTS && options.has_unused(question);
            flags.extend(unused.then_some(ItemFlag::UnusedOption));
            flags.extend(options.rival_of_key(question, attempts).then_some(ItemFlag::KeySuspect));
        }
        Self {
            id: question.id.clone(),
            attempts,
            difficulty: (attempts > 0).then(|| rounded(share, 1000.0)),
            discrimination: discrimination.map(|value| rounded(value, 1000.0)),
            option_counts: options
                .0
                .into_iter()
                .map(|(text, chosen)| (text.to_owned(), chosen.count))
                .collect(),
            flags,
        }
    }
}

/// Who chose an option, and how good they are at the rest.
#[derive(Default)]
struct Chosen {
    count: u64,
    rest: f64,
}

impl Chosen {
    fn mean_rest(&self) -> f64 {
        self.rest / self.count as f64
    }
}

/// The options of a question by their texts.
struct Options<'a>(BTreeMap<&'a str, Chosen>);

impl<'a> Options<'a> {
    fn of(question: &'a Question, answers: &[&AnswerGroup]) -> Self {
        let mut options = BTreeMap::new();
        if has_options(question.kind) {
            options.extend(question.options.iter().map(|text| (text.as_str(), Chosen::default())));
        }
        for group in answers {
            let mut texts: Vec<&str> = match &group.answer {
                Some(Given::Text(text)) => vec![text.trim()],
                Some(Given::Texts(texts)) => texts.iter().map(|text| text.trim()).collect(),
                _ => Vec::new(),
            };
            texts.sort_unstable();
            texts.dedup();
            for (option, chosen) in &mut options {
                if texts.contains(&option.trim()) {
                    chosen.count += group.count;
                    chosen.rest += group.rest;
                }
            }
        }
        Self(options)
    }

    /// Whether nobody falls for one of the wrong options.
    fn has_unused(&self, question: &Question) -> bool {
        let right: &[String] = match question.key.as_ref().map(|key| &key.correct_answer) {
            Some(Answer::Text(text)) => std::slice::from_ref(text),
            Some(Answer::Texts(texts)) => texts,
            _ => &[],
        };
        self.0.iter().any(|(text, chosen)| chosen.count == 0 && !right.iter().any(|right| right == text))
    }

    /// Whether a wrong option behaves as the key should; of several right ones none is *the* key.
    fn rival_of_key(&self, question: &Question, attempts: u64) -> bool {
        let Some(Answer::Text(key)) = question.key.as_ref().map(|key| &key.correct_answer) else {
            return false;
        };
        let Some(right) = self.0.get(key.as_str()) else { return false };
        let enough = attempts as f64 * RIVAL_SHARE;
        let rivals = || self.0.iter().filter(|(text, chosen)| **text != key && chosen.count as f64 >= enough);
        if right.count == 0 {
            return rivals().next().is_some();
        }
        rivals().any(|(_, rival)| rival.mean_rest() > right.mean_rest())
    }
}

/// Whether answers to such a question are choices among its options, which can be counted.
pub fn has_options(kind: QuestionType) -> bool {
    matches!(kind, QuestionType::MultipleChoice | QuestionType::MultipleSelect | QuestionType::TrueFalse)
}

/// The correlation of full points (0 or 1) with the rest.
fn point_biserial(attempts: u64, correct: u64, answers: &[&AnswerGroup]) -> Option<f64> {
    let sum = |of: fn(&AnswerGroup) -> f64| answers.iter().map(|group| of(group)).sum::<f64>();
    let (n, right) = (attempts as f64, correct as f64);
    let rest = sum(|group| group.rest);
    let item_variance = n * right - right * right;
    let rest_variance = n * sum(|group| group.rest_squares) - rest * rest;
    if item_variance <= 0.0 || rest_variance <= 0.0 {
        return None;
    }
    let covariance = n * sum(|group| group.correct_rest) - right * rest;
    Some((covariance / (item_variance * rest_variance).sqrt()).clamp(-1.0, 1.0))
}

/// The middle percentage, or the mean of the two in the middle.
fn median(percentages: &[(f64, u64)], count: u64) -> f64 {
    let at = |place: u64| {
        let mut before = 0;
        let found = percentages.iter().find(|(_, count)| {
            before += count;
            place < before
        });
        found.map_or(0.0, |(percentage, _)| *percentage)
    };
    if count == 0 { 0.0 } else { f64::midpoint(at((count - 1) / 2), at(count / 2)) }
}

fn rounded(value: f64, by: f64) -> f64 {
    (value * by).round() / by
}

#[cfg(test)]
mod tests;
