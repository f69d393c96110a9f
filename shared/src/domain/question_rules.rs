//! What makes a question well-formed, type by type.

use std::{collections::BTreeSet, ops::RangeInclusive};

use super::{Answer, Key, Question, QuestionType, fold};

/// Most questions of a quiz.
pub const QUESTIONS_MAX: usize = 300;
/// Most characters of a question's text.
pub const QUESTION_MAX: usize = 2000;
/// Most characters of an option, a pair's side or a typed answer.
pub const OPTION_MAX: usize = 500;
/// Most characters of an explanation.
pub const EXPLANATION_MAX: usize = 5000;
/// Most variants of a typed answer.
pub const ACCEPTED_MAX: usize = 20;
/// Most options, pairs or things to be put in order.
pub const ITEMS_MAX: usize = 20;
/// Points of a question.
pub const POINTS: RangeInclusive<f64> = 0.01..=100.0;
/// Most characters of a title or a topic.
pub const TEXT_MAX: usize = 200;

/// Options of a multiple-choice question.
const CHOICES: usize = 4;
/// Where a cloze is filled in.
const GAP: &str = "_____";

/// What is wrong with a part of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Path of the part within the question, such as `options[2]`.
    pub field: String,
    /// What it must be, to be read after the field's name.
    pub message: String,
}

/// Everything that keeps a question from being asked and marked.
pub fn flaws(question: &Question) -> Vec<Flaw> {
    let mut found = Flaws::default();
    found.text("question", &question.question, QUESTION_MAX);
    if !POINTS.contains(&question.points) {
        found.add("points", format!("must be from {} to {}", POINTS.start(), POINTS.end()));
    }
    match &question.key {
        None => found.add("correctAnswer", "is missing"),
        Some(key) => {
            found.optional_text("explanation", &key.explanation, EXPLANATION_MAX);
            found.key(question, key);
        }
    }
    found.0
}

#[derive(Default)]
struct Flaws(Vec<Flaw>);

impl Flaws {
    fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(Flaw { field: field.into(), message: message.into() });
    }

    fn text(&mut self, field: impl Into<String>, text: &str, max: usize) {
        let field = field.into();
        if text.trim().is_empty() {
            self.add(field, "must not be empty");
        } else {
            self.optional_text(field, text, max);
        }
    }

    fn optional_text(&mut self, field: impl Into<String>, text: &str, max: usize) {
        if text.chars().nth(max).is_some() {
            self.add(field, format!("must have at most {max} characters"));
        } else if text.contains('\0') {
            self.add(field, "must not hold the character U+0000");
        }
    }

    fn key(&mut self, question: &Question, key: &Key) {
        match (question.kind, &key.correct_answer) {
            (QuestionType::MultipleChoice, Answer::Text(right)) => {
                self.distinct("options", &question.options, CHOICES..=CHOICES);
                self.among(&question.options, right, "correctAnswer");
            }
            (QuestionType::MultipleSelect, Answer::Texts(right)) => {
                self.distinct("options", &question.options, 2..=ITEMS_MAX);
                self.distinct("correctAnswer", right, 1..=ITEMS_MAX);
                for (at, text) in right.iter().enumerate() {
                    self.among(&question.options, text, &format!("correctAnswer[{at}]"));
                }
            }
            (QuestionType::TrueFalse, Answer::Text(right)) => {
                if question.options != ["True", "False"] {
                    self.add("options", "must be True and False");
                }
                self.among(&question.options, right, "correctAnswer");
            }
            (QuestionType::ShortAnswer | QuestionType::Cloze, Answer::Text(right)) => {
                self.typed("correctAnswer", right);
                if key.accepted.len() > ACCEPTED_MAX {
                    self.add("accepted", format!("must hold at most {ACCEPTED_MAX} texts"));
                }
                for (at, text) in key.accepted.iter().enumerate() {
                    self.typed(&format!("accepted[{at}]"), text);
                }
                if question.kind == QuestionType::Cloze && !question.question.contains(GAP) {
                    self.add("question", format!("must hold its gap as {GAP}"));
                }
            }
            (QuestionType::Numeric, Answer::Number(right)) => {
                if !right.is_finite() {
                    self.add("correctAnswer", "must be a number");
                }
                if key.tolerance.is_some_and(|tolerance| !tolerance.is_finite() || tolerance < 0.0) {
                    self.add("tolerance", "must be 0 or more");
                }
            }
            (QuestionType::Matching, Answer::Pairs(right)) => self.matching(question, right),
            (QuestionType::Ordering, Answer::Texts(right)) => {
                self.distinct("correctAnswer", right, 2..=ITEMS_MAX);
                if sorted(&question.options) != sorted(right) {
                    self.add("options", "must be the texts of correctAnswer, in any order");
                }
            }
            (kind, _) => self.add("correctAnswer", shape(kind)),
        }
        let typed = matches!(question.kind, QuestionType::ShortAnswer | QuestionType::Cloze);
        if !typed && !key.accepted.is_empty() {
            self.add("accepted", "must be left out: only typed answers have variants");
        }
        if question.kind != QuestionType::Numeric && key.tolerance.is_some() {
            self.add("tolerance", "must be left out: only numeric answers have one");
        }
    }

    fn matching(&mut self, question: &Question, right: &std::collections::BTreeMap<String, String>) {
        let (keys, values): (Vec<String>, Vec<String>) =
            right.iter().map(|(key, value)| (key.clone(), value.clone())).unzip();
        self.distinct("correctAnswer", &keys, 2..=ITEMS_MAX);
        self.distinct("correctAnswer", &values, 2..=ITEMS_MAX);
        let Some(pairs) = &question.pairs else { return self.add("pairs", "is missing") };
        if sorted(&pairs.left) != sorted(&keys) {
            self.add("pairs.left", "must be the left texts of correctAnswer, in any order");
        }
        if sorted(&pairs.right) != sorted(&values) {
            self.add("pairs.right", "must be the right texts of correctAnswer, in any order");
        }
    }

    /// Some texts, no two alike.
    fn distinct(&mut self, field: &str, texts: &[String], count: RangeInclusive<usize>) {
        if !count.contains(&texts.len()) {
            let many = match (count.start(), count.end()) {
                (first, last) if first == last => format!("exactly {first}"),
                (first, last) => format!("{first} to {last}"),
            };
            return self.add(field, format!("must hold {many} texts"));
        }
        let mut seen = BTreeSet::new();
        for (at, text) in texts.iter().enumerate() {
            self.text(format!("{field}[{at}]"), text, OPTION_MAX);
            if !seen.insert(text.trim()) {
                self.add(format!("{field}[{at}]"), "is there twice");
            }
        }
    }

    fn among(&mut self, options: &[String], text: &str, field: &str) {
        if !options.iter().any(|option| option == text) {
            self.add(field, "must be one of the options");
        }
    }

    /// An answer that somebody can type.
    fn typed(&mut self, field: &str, text: &str) {
        self.text(field, text, OPTION_MAX);
        if !text.trim().is_empty() && !fold(text).chars().any(|c| c != '!') {
            self.add(field, "must hold more than punctuation");
        }
    }
}

fn sorted(texts: &[String]) -> Vec<&String> {
    let mut texts: Vec<&String> = texts.iter().collect();
    texts.sort();
    texts
}

/// What the answer to a question of this type looks like.
fn shape(kind: QuestionType) -> &'static str {
    match kind {
        QuestionType::MultipleChoice => "must be the text of one option",
        QuestionType::TrueFalse => "must be True or False",
        QuestionType::MultipleSelect => "must be a list of options",
        QuestionType::ShortAnswer | QuestionType::Cloze => "must be a text",
        QuestionType::Numeric => "must be a number",
        QuestionType::Matching => "must be an object of left texts and their right ones",
        QuestionType::Ordering => "must be the list of texts in order",
    }
}

#[cfg(test)]
mod tests;
