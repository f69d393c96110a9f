//! Makes quiz questions from a text with no model and no network, each proven by the text itself.

mod corpus;
mod definition;
mod distractors;
mod figures;
mod han;
pub(crate) mod language;
pub(crate) mod lexicon;
mod makers;
pub(crate) mod morphology;
mod names;
mod number;
mod phrases;
mod plan;
mod segment;
mod studio;
mod terms;
#[cfg(test)]
mod tests;
mod wording;

pub(crate) use number::Number;
use rand::Rng;
use shared::domain::{Difficulty, QuestionType};

use crate::document::Document;
use crate::draft::Draft;

/// What is asked of the generator.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// Questions wanted.
    pub count: usize,
    /// Kinds wanted; none means multiple choice.
    pub types: Vec<QuestionType>,
    /// How hard they shall be.
    pub difficulty: Difficulty,
    /// Language to ask in, by default the text's own. What is quoted stays as the text has it.
    pub language: Option<String>,
}

/// Makes up to `request.count` questions, in the order of the text; fewer where the text cannot
/// prove as many. A quote is one full sentence; that of a matching question or of dated events
/// reaches over all the neighbouring sentences the answer draws on. The same text, request and
/// state of `rng` give the same questions.
pub fn generate(document: &Document, request: &Request, rng: &mut impl Rng) -> Vec<Draft> {
    let default = [QuestionType::default()];
    let kinds = if request.types.is_empty() { &default[..] } else { &request.types };
    let asked_in = request.language.as_deref().and_then(language::Language::from_tag);
    let studio = studio::Studio::open(corpus::Corpus::read(document), asked_in, request.difficulty);
    plan::Plan::new(&studio, request.count, rng).fill(kinds, rng)
}
