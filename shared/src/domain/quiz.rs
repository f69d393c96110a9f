//! Quizzes, their questions and the keys that stay on the server.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Id, Timestamp};

/// How hard a quiz or a question is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Difficulty {
    /// Recall of what the text says.
    Easy,
    /// The default.
    #[default]
    Medium,
    /// Needs the reader to connect or apply.
    Hard,
}

impl Difficulty {
    /// Its name on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Easy => "easy",
            Self::Medium => "medium",
            Self::Hard => "hard",
        }
    }
}

/// The kinds of question the platform asks and marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuestionType {
    /// Exactly four distinct options, one correct.
    #[default]
    MultipleChoice,
    /// Several options, one or more correct.
    MultipleSelect,
    /// The options `True` and `False`.
    TrueFalse,
    /// A short typed answer.
    ShortAnswer,
    /// A sentence with a gap (`_____`), filled by typing.
    Cloze,
    /// A number, right within a tolerance.
    Numeric,
    /// Pairs to be matched.
    Matching,
    /// Options to be put in order.
    Ordering,
}

/// Bloom's taxonomy (revised), the level a question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are the taxonomy's own")]
pub enum Bloom {
    Remember,
    Understand,
    Apply,
    Analyze,
    Evaluate,
    Create,
}

/// The two columns of a matching question, the right one shuffled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pairs {
    /// Prompts, in order.
    pub left: Vec<String>,
    /// What they are matched with, in another order.
    pub right: Vec<String>,
}

/// Where in the source a question is proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Source {
    /// Page of the document, from 1; absent for plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// First character of the quote, counted in Unicode characters: within the page where
    /// there is one, else within the text.
    pub start: usize,
    /// One past the last character of the quote.
    pub end: usize,
    /// The source's own words. Only with answers or after submission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
}

/// A correct answer; its shape follows the question's type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Answer {
    /// Numeric questions.
    Number(f64),
    /// The option's or answer's text.
    Text(String),
    /// Several options (multiple select), or all of them in order (ordering).
    Texts(Vec<String>),
    /// Left prompt to right text (matching).
    Pairs(std::collections::BTreeMap<String, String>),
}

/// What a question is marked with. Leaves the server only after submission or to the owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Key {
    /// The correct answer.
    #[schema(required = false)]
    pub correct_answer: Answer,
    /// Other spellings that count as correct.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<String>,
    /// Absolute tolerance of a numeric answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<f64>,
    /// Why the answer is right.
    #[serde(default)]
    pub explanation: String,
}

/// A question. Without `key` it is what a student may see before submitting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// Opaque, unique inside its quiz.
    pub id: String,
    /// The question's text; a cloze holds its gap as `_____`.
    pub question: String,
    /// What kind it is.
    #[serde(rename = "type", default)]
    pub kind: QuestionType,
    /// Choices in the order to show them; empty where the type has none.
    #[serde(default)]
    pub options: Vec<String>,
    /// The columns of a matching question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairs: Option<Pairs>,
    /// How hard it is.
    #[serde(default)]
    pub difficulty: Difficulty,
    /// Level of Bloom's taxonomy, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bloom: Option<Bloom>,
    /// Points for a right answer.
    #[serde(default = "one_point")]
    pub points: f64,
    /// Where the source proves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The key, flattened into the question when it may be shown.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Key)]
    pub key: Option<Key>,
}

fn one_point() -> f64 {
    1.0
}

impl Question {
    /// The question as a student may see it before submitting: no key, no quote.
    pub fn without_answers(&self) -> Self {
        let source = self.source.clone().map(|source| Source { quote: None, ..source });
        Self { key: None, source, ..self.clone() }
    }
}

/// Where a quiz comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Generation {
    /// Who wrote the questions.
    pub provider: Provider,
    /// The model's name, for providers that have models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How they were made.
    pub method: Method,
    /// Version of the prompt files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_version: Option<String>,
}

/// Who wrote the questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// DeepSeek's API.
    Deepseek,
    /// Any endpoint that speaks the same protocol.
    OpenaiCompatible,
    /// The generator that needs no network and no key.
    Local,
}

impl Provider {
    /// The name on the wire and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deepseek => "deepseek",
            Self::OpenaiCompatible => "openai_compatible",
            Self::Local => "local",
        }
    }
}

/// How the questions were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Written by a model.
    Ai,
    /// Derived from the text by rules.
    Local,
    /// Found in the document as they stand.
    Extracted,
}

/// How a quiz is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Seconds from the start of an attempt; absent means no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_limit: Option<u32>,
    /// Attempts a student may make; absent means no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// Whether a result shows the correct answers.
    #[serde(default = "yes")]
    pub show_correct_answers: bool,
    /// Whether each attempt shuffles the questions.
    #[serde(default)]
    pub shuffle: bool,
}

fn yes() -> bool {
    true
}

impl Default for Settings {
    fn default() -> Self {
        Self { time_limit: None, max_attempts: None, show_correct_answers: true, shuffle: false }
    }
}

/// How much text a quiz was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceSize {
    /// Words, split at white space.
    pub words: u32,
    /// Unicode characters.
    pub characters: u32,
    /// Pages that were read, of a document that has pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<u32>,
}

/// Whether new attempts may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum QuizStatus {
    /// Open to attempts.
    #[default]
    Active,
    /// Still readable, closed to new attempts.
    Archived,
}

/// Which state of a quiz this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Edition {
    /// Raised by each edit.
    pub revision: i64,
    /// Whether an attempt was ever begun; the questions are then final.
    pub attempted: bool,
    /// Counts copies that were made in place of an edit, from 1.
    pub version: u32,
    /// What it is a copy of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<Id>,
}

impl Default for Edition {
    fn default() -> Self {
        Self { revision: 0, attempted: false, version: 1, previous: None }
    }
}

/// A quiz with its questions, keys included; what leaves the server goes through
/// [`Question::without_answers`] first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quiz {
    /// The quiz's id; for a generated one it comes from its job.
    pub id: Id,
    /// Who owns it; absent for the old backend's anonymous quizzes.
    pub created_by: Option<Id>,
    /// Shown name.
    pub title: String,
    /// Subject of the quiz.
    pub topic: String,
    /// Longer text about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How hard it was asked to be.
    pub difficulty: Difficulty,
    /// Open or archived.
    pub status: QuizStatus,
    /// Whether it was generated rather than typed in.
    pub is_ai_generated: bool,
    /// By what it was generated.
    pub generation: Generation,
    /// How it is taken.
    pub settings: Settings,
    /// Its questions, in order, with their keys.
    pub questions: Vec<Question>,
    /// Submitted attempts.
    pub total_attempts: u64,
    /// Mean percentage of submitted attempts, 0–100.
    pub average_score: f64,
    /// Which state of it this is.
    #[serde(default)]
    pub edition: Edition,
    /// The text it was made from, cut to a bounded length; the old backend reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_content: Option<String>,
    /// How much text it was made from; unknown for those of the old backend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_size: Option<SourceSize>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
