//! A question as a generator proposes it, before it is proven, shuffled and given an id.

use serde::{Deserialize, Serialize};
use shared::domain::{Answer, Bloom, Difficulty, QuestionType};

/// A proposed question. Whoever makes it owes the proof: `quote` stands byte for byte in the text of
/// page `page` of the document at the Unicode character offsets `start..end`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// What kind it is.
    pub kind: QuestionType,
    /// The question; a cloze holds its gap as `_____`.
    pub question: String,
    /// Choices (multiple choice: four; multiple select: three or more; ordering: in the right order);
    /// empty for the other types, true/false included.
    pub options: Vec<String>,
    /// The correct answer; for true/false the text `True` or `False`, for ordering the options in
    /// order, for matching a map from left to right.
    pub answer: Answer,
    /// Other spellings that count as correct.
    pub accepted: Vec<String>,
    /// Absolute tolerance of a numeric answer.
    pub tolerance: Option<f64>,
    /// Why the answer is right.
    pub explanation: String,
    /// How hard it is.
    pub difficulty: Difficulty,
    /// Level of Bloom's taxonomy.
    pub bloom: Option<Bloom>,
    /// The source's own words that prove the answer.
    pub quote: String,
    /// Index into the document's pages.
    pub page: usize,
    /// First Unicode character of the quote within the page's text.
    pub start: usize,
    /// One past its last character.
    pub end: usize,
}
