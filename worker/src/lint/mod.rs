//! Finds item-writing flaws: faults of form by which a question can be answered without knowing, or cannot be
//! answered though one knows.
//!
//! The flaws are those of the published taxonomies that a rule can tell: T. M. Haladyna, S. M. Downing, M. C.
//! Rodriguez, "A review of multiple-choice item-writing guidelines for classroom assessment", Applied Measurement in
//! Education 15 (2002) 309–333; M. Tarrant and others, "The frequency of item writing flaws in multiple-choice
//! questions used in high stakes nursing assessments", Nurse Education Today 26 (2006) 662–671; S. Moore and others,
//! "An automatic question usability evaluation toolkit" (SAQUET), AIED 2024. ADR 14 says which were left out and why.

mod options;
mod stem;
#[cfg(test)]
mod tests;
mod words;

use shared::domain::{Answer, QuestionType};

use crate::{draft::Draft, local::language::Language};
use words::{Plain, Vocabulary, unquoted};

/// A fault for which a question is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Flaw {
    /// The right option is much longer than every other.
    LongestOption,
    /// An option is "all of the above", "none of the above" or the like.
    AllOrNone,
    /// An option names other options by their letters ("A and C").
    ComplexOption,
    /// An option begins with its own letter or number, which shuffling makes wrong.
    LabelledOption,
    /// Options say the same, one includes another, or ranges share values.
    OverlappingOptions,
    /// Everything is to be selected, so that the question asks nothing.
    NothingToLeaveOut,
    /// Only wrong options, or a false statement, say "always" or "never".
    AbsoluteTerm,
    /// The right option alone, a true statement, or several options say "usually" or the like.
    VagueTerm,
    /// A word of the question stands in the right option and in no other.
    Clang,
    /// The right option is made up of what the others have in common.
    Convergence,
    /// The word before the gap fits some options only, by its sound or its number.
    GrammaticalClue,
    /// The question asks for what is not so, and does not set the negation off.
    UnmarkedNegation,
    /// A statement to judge is negated twice, or negated and false.
    DoubleNegation,
    /// The question says too little to be answered before the options are read.
    UnfocusedStem,
    /// The question or an option is longer than anybody wants to read.
    TooLong,
    /// The question sends the reader back to the text ("according to the passage").
    SourceReference,
    /// The question contains its answer; for pairs, one side the other; for an order, the numbers to sort by.
    AnswerInStem,
    /// A cloze has no gap or several, or its gap has no sentence around it.
    GapCount,
}

/// The flaws of a question.
pub(crate) fn flaws(draft: &Draft) -> Vec<Flaw> {
    let item = Item::read(draft);
    let rules = options::RULES.iter().chain(&stem::RULES);
    rules.filter(|(_, found)| found(&item)).map(|(flaw, _)| *flaw).collect()
}

/// A flaw and whether a question has it.
type Rule = (Flaw, fn(&Item<'_>) -> bool);

/// A question in the form the rules read.
struct Item<'a> {
    draft: &'a Draft,
    language: Language,
    vocabulary: &'static Vocabulary,
    /// The question, quoted text included.
    stem: Plain,
    /// What the question says itself, as it is written.
    asked: String,
    options: Vec<Plain>,
    /// Which options are right.
    keys: Vec<usize>,
}

impl<'a> Item<'a> {
    fn read(draft: &'a Draft) -> Self {
        let language = Language::of_words(
            std::iter::once(draft.question.as_str())
                .chain(draft.options.iter().map(String::as_str))
                .chain([draft.explanation.as_str()]),
        );
        let is_key = |option: &String| match &draft.answer {
            Answer::Text(key) => option == key,
            Answer::Texts(keys) => keys.contains(option),
            Answer::Number(_) | Answer::Pairs(_) => false,
        };
        Self {
            draft,
            language,
            vocabulary: Vocabulary::of(language),
            stem: Plain::of(&draft.question),
            asked: unquoted(&draft.question),
            options: draft.options.iter().map(|option| Plain::of(option)).collect(),
            keys: (0..draft.options.len()).filter(|at| is_key(&draft.options[*at])).collect(),
        }
    }

    /// The right option of a question that has just one.
    fn key(&self) -> Option<usize> {
        match (self.draft.kind, self.keys.as_slice()) {
            (QuestionType::MultipleChoice, [key]) => Some(*key),
            _ => None,
        }
    }

    /// The options but one.
    fn others(&self, key: usize) -> impl Iterator<Item = &Plain> {
        self.options.iter().enumerate().filter(move |(at, _)| *at != key).map(|(_, option)| option)
    }

    fn is_choice(&self) -> bool {
        matches!(self.draft.kind, QuestionType::MultipleChoice | QuestionType::MultipleSelect)
    }
}
