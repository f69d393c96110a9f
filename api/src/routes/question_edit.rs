//! A question as its quiz's owner writes it.

use rand::{Rng, seq::SliceRandom};
use serde::Deserialize;
use shared::domain::{Answer, Bloom, Difficulty, Key, Pairs, Question, QuestionType};
use utoipa::ToSchema;

/// A question; what is not named stays as it is in a present one and has its default in a new one.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuestionEdit {
    /// Of a present question; absent for a new one.
    id: Option<String>,
    /// Its text; a cloze holds its gap as `_____`.
    #[schema(min_length = 1, max_length = 2000)]
    question: Option<String>,
    /// What kind it is; multiple choice for a new one that does not say.
    #[serde(rename = "type")]
    kind: Option<QuestionType>,
    /// Multiple choice: exactly four, no two alike. Multiple select: 2–20. Those of a new question are shuffled. Other
    /// types need none: true/false has `True` and `False`, ordering has the texts of `correctAnswer`, shuffled.
    #[schema(max_items = 20)]
    options: Option<Vec<String>>,
    /// The columns of a matching question; made from `correctAnswer` and shuffled when absent.
    pairs: Option<Pairs>,
    /// How hard it is.
    difficulty: Option<Difficulty>,
    /// Level of Bloom's taxonomy.
    bloom: Option<Bloom>,
    /// Points for a right answer, with at most two decimals; 1 for a new question that does not say.
    #[schema(minimum = 0.01, maximum = 100)]
    points: Option<f64>,
    /// One of the options (multiple choice, true/false), several (multiple select), all texts in order (ordering), a
    /// text (short answer, cloze), a number (numeric) or an object of left and right texts (matching).
    correct_answer: Option<Answer>,
    /// Other spellings that count as correct; for short answer and cloze.
    #[schema(max_items = 20)]
    accepted: Option<Vec<String>>,
    /// Absolute tolerance; for numeric.
    #[schema(minimum = 0)]
    tolerance: Option<f64>,
    /// Why the answer is right.
    #[schema(max_length = 5000)]
    explanation: Option<String>,
}

impl QuestionEdit {
    /// The present question that is meant.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// A new question.
    pub fn new_question(&self, id: String, rng: &mut impl Rng) -> Question {
        let blank = Question {
            id,
            question: String::new(),
            kind: self.kind.unwrap_or_default(),
            options: Vec::new(),
            pairs: None,
            difficulty: Difficulty::default(),
            bloom: None,
            points: 1.0,
            source: None,
            key: None,
        };
        self.changed(&blank, rng)
    }

    /// A present question with its changes. What belongs to another type than its new one falls away.
    pub fn changed(&self, old: &Question, rng: &mut impl Rng) -> Question {
        let kind = self.kind.unwrap_or(old.kind);
        let same_kind = kind == old.kind;
        let old_key = old.key.as_ref();
        let answer = self.correct_answer.clone().map(trimmed);
        let answer = answer.or_else(|| old_key.filter(|_| same_kind).map(|key| key.correct_answer.clone()));
        let old_options = || if same_kind { old.options.clone() } else { Vec::new() };
        let options = self.options.as_ref().map_or_else(old_options, |options| texts(options));
        let key = answer.map(|correct_answer| Key {
            correct_answer,
            accepted: match (&self.accepted, old_key) {
                (Some(accepted), _) => texts(accepted),
                (None, Some(key)) if same_kind => key.accepted.clone(),
                _ => Vec::new(),
            },
            tolerance: self.tolerance.or_else(|| old_key.filter(|_| same_kind).and_then(|key| key.tolerance)),
            explanation: match (&self.explanation, old_key) {
                (Some(text), _) => text.trim().to_owned(),
                (None, key) => key.map(|key| key.explanation.clone()).unwrap_or_default(),
            },
        });
        let mut question = Question {
            id: old.id.clone(),
            question: self
                .question
                .as_ref()
                .map_or_else(|| old.question.clone(), |text| text.trim().to_owned()),
            kind,
            options,
            pairs: self
                .pairs
                .as_ref()
                .map(|pairs| Pairs { left: texts(&pairs.left), right: texts(&pairs.right) }),
            difficulty: self.difficulty.unwrap_or(old.difficulty),
            bloom: self.bloom.or(old.bloom),
            points: self.points.map_or(old.points, |points| (points * 100.0).round() / 100.0),
            source: old.source.clone(),
            key,
        };
        self.complete(&mut question, old, rng);
        question
    }

    /// Fills in what follows from the key.
    fn complete(&self, question: &mut Question, old: &Question, rng: &mut impl Rng) {
        match (question.kind, question.key.as_ref().map(|key| &key.correct_answer)) {
            (QuestionType::TrueFalse, _) if self.options.is_none() => {
                question.options = texts(&["True".to_owned(), "False".to_owned()]);
            }
            (QuestionType::Ordering, Some(Answer::Texts(right))) if self.options.is_none() => {
                if !same_texts(&question.options, right) {
                    question.options = shuffled(right, rng);
                }
            }
            (QuestionType::Matching, Some(Answer::Pairs(right))) if self.pairs.is_none() => {
                let left: Vec<String> = right.keys().cloned().collect();
                let right: Vec<String> = right.values().cloned().collect();
                let fits = |pairs: &Pairs| same_texts(&pairs.left, &left) && same_texts(&pairs.right, &right);
                question.pairs = old.pairs.clone().filter(fits);
                if question.pairs.is_none() {
                    question.pairs = Some(Pairs { right: shuffled(&right, rng), left });
                }
            }
            (QuestionType::Matching, _) => {}
            _ => question.pairs = None,
        }
    }
}

/// Puts the options of a choice into an order of chance.
pub fn shuffle_choices(question: &mut Question, rng: &mut impl Rng) {
    if matches!(question.kind, QuestionType::MultipleChoice | QuestionType::MultipleSelect) {
        question.options.shuffle(rng);
    }
}

fn texts(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| text.trim().to_owned()).collect()
}

fn trimmed(answer: Answer) -> Answer {
    match answer {
        Answer::Number(number) => Answer::Number(number),
        Answer::Text(text) => Answer::Text(text.trim().to_owned()),
        Answer::Texts(list) => Answer::Texts(texts(&list)),
        Answer::Pairs(pairs) => Answer::Pairs(
            pairs
                .into_iter()
                .map(|(left, right)| (left.trim().to_owned(), right.trim().to_owned()))
                .collect(),
        ),
    }
}

fn same_texts(a: &[String], b: &[String]) -> bool {
    let sorted = |texts: &[String]| {
        let mut texts = texts.to_vec();
        texts.sort_unstable();
        texts
    };
    sorted(a) == sorted(b)
}

/// In an order that is not the answer's.
fn shuffled(answer: &[String], rng: &mut impl Rng) -> Vec<String> {
    let mut texts = answer.to_vec();
    texts.shuffle(rng);
    if texts == answer && texts.len() > 1 {
        texts.rotate_left(1);
    }
    texts
}
