//! What every maker of questions works with, and the pieces they share.

use std::collections::HashSet;
use std::ops::Range;

use shared::domain::{Answer, Bloom, Difficulty, QuestionType};

use super::corpus::{Corpus, WordId};
use super::definition::{self, Definition};
use super::language::Language;
use super::morphology::{akin, fold, opens_with_vowel};
use super::terms::{Mention, Sort, Term, TermId, Terms, decapitalize};
use super::wording::{Wording, fill};
use crate::draft::Draft;

/// What stands in a question for the words to be found.
pub const GAP: &str = "_____";

/// A text that was read, and how to ask about it.
#[derive(Debug)]
pub struct Studio<'a> {
    /// The text.
    pub corpus: Corpus<'a>,
    /// What it speaks of.
    pub terms: Terms,
    /// What it defines, in reading order.
    pub definitions: Vec<Definition>,
    /// How to ask.
    pub wording: &'static Wording,
    /// How hard the questions shall be.
    pub difficulty: Difficulty,
    statements: HashSet<String>,
}

/// A draft with what it uses up.
#[derive(Debug)]
pub struct Proposal {
    /// The draft itself.
    pub draft: Draft,
    /// Folded terms that are its key; none for a statement that is true as it stands.
    pub keys: Vec<String>,
    /// Sentences it quotes.
    pub sentences: Vec<usize>,
}

impl<'a> Studio<'a> {
    /// Reads a text; `language` is the one to ask in, by default the text's own.
    pub fn open(corpus: Corpus<'a>, language: Option<Language>, difficulty: Difficulty) -> Self {
        let definitions = definition::find(&corpus);
        let terms = Terms::find(&corpus, &definitions);
        let wording = Wording::of(language.unwrap_or(corpus.language));
        let statements = corpus.sentences.iter().map(|sentence| fold(corpus.text(sentence))).collect();
        Self { corpus, terms, definitions, wording, difficulty, statements }
    }

    /// A term.
    pub fn term(&self, id: TermId) -> &Term {
        &self.terms.all[id]
    }

    /// The text of a page between two bytes.
    pub fn slice(&self, sentence: usize, bytes: Range<usize>) -> &'a str {
        &self.corpus.document.pages[self.corpus.sentences[sentence].page].text[bytes]
    }

    /// A sentence in one line.
    pub fn line(&self, sentence: usize) -> String {
        one_line(self.corpus.text(&self.corpus.sentences[sentence]))
    }

    /// A sentence in one line with some of its bytes replaced.
    pub fn replaced(&self, sentence: usize, bytes: &Range<usize>, with: &str) -> String {
        let whole = &self.corpus.sentences[sentence].bytes;
        let mut before = one_line(self.slice(sentence, whole.start..bytes.start));
        let after = one_line(self.slice(sentence, bytes.end..whole.end));
        // The article would give away the sound the answer begins with.
        let article = before.rsplit([' ', '(', '“', '"']).next().unwrap_or_default();
        if with == GAP
            && self.corpus.language == Language::English
            && matches!(article, "a" | "an" | "A" | "An")
        {
            let neutral = if article.starts_with('A') { "A(n)" } else { "a(n)" };
            before.replace_range(before.len() - article.len().., neutral);
        }
        let raw_before = self.slice(sentence, whole.start..bytes.start);
        let raw_after = self.slice(sentence, bytes.end..whole.end);
        let space = |has: bool| if has { " " } else { "" };
        let left = space(raw_before.ends_with(char::is_whitespace));
        let right = space(raw_after.starts_with(char::is_whitespace));
        format!("{before}{left}{with}{right}{after}")
    }

    /// Whether the text itself makes this statement.
    pub fn states(&self, statement: &str) -> bool {
        self.statements.contains(&fold(statement))
    }

    /// What a sentence defines.
    pub fn definition_of(&self, sentence: usize) -> Option<&Definition> {
        let at = self.definitions.binary_search_by_key(&sentence, |definition| definition.sentence).ok()?;
        Some(&self.definitions[at])
    }

    /// Definitions around a sentence, no more than a question can choose from.
    pub fn definitions_near(&self, sentence: usize) -> &[Definition] {
        const SIDE: usize = 30;
        let at = self.definitions.partition_point(|definition| definition.sentence < sentence);
        &self.definitions[at.saturating_sub(SIDE)..(at + SIDE).min(self.definitions.len())]
    }

    /// The mention a definition is about.
    pub fn subject_of(&self, definition: &Definition) -> Option<&Mention> {
        let start = self.corpus.tokens[definition.subject.start].bytes.start;
        self.terms.mentioned(definition.sentence).iter().find(|mention| mention.bytes.start == start)
    }

    /// The describing clause in one line.
    pub fn clause(&self, definition: &Definition) -> String {
        one_line(self.slice(definition.sentence, definition.clause.clone()))
    }

    /// A defined term with its article, as it stands inside a sentence.
    pub fn named(&self, definition: &Definition, surface: &str) -> String {
        let from = self.corpus.sentences[definition.sentence].bytes.start;
        let to = self.corpus.tokens[definition.subject.start].bytes.start;
        decapitalize(&one_line(self.slice(definition.sentence, from..to)))
            + self.space_before(definition)
            + surface
    }

    fn space_before(&self, definition: &Definition) -> &'static str {
        let from = self.corpus.sentences[definition.sentence].bytes.start;
        let to = self.corpus.tokens[definition.subject.start].bytes.start;
        if self.slice(definition.sentence, from..to).ends_with(char::is_whitespace) { " " } else { "" }
    }

    /// The mentions of a sentence worth asking for, the best first.
    pub fn keys(&self, sentence: usize) -> Vec<&Mention> {
        let mentions = self.terms.mentioned(sentence).iter();
        let mut keys: Vec<&Mention> = mentions.filter(|mention| self.is_key(mention)).collect();
        keys.sort_by(|a, b| self.worth(b).total_cmp(&self.worth(a)));
        keys
    }

    fn worth(&self, mention: &Mention) -> f64 {
        let term = self.term(mention.term);
        let rare = 1.0 / (1.0 + term.count as f64).ln_1p();
        match self.difficulty {
            Difficulty::Hard => term.weight * (1.0 + rare),
            Difficulty::Medium | Difficulty::Easy => term.weight,
        }
    }

    /// Whether the sentence around a mention neither repeats the term nor spells it out.
    pub fn is_key(&self, mention: &Mention) -> bool {
        let sentence = &self.corpus.sentences[mention.sentence];
        let page = &self.corpus.document.pages[sentence.page].text;
        let after = page[mention.bytes.end..sentence.bytes.end].trim_start();
        let before = page[sentence.bytes.start..mention.bytes.start].trim_end();
        if after.starts_with(['(', '（', '/', '™', '®']) || before.ends_with(['(', '（', '/']) {
            return false;
        }
        let key = fold(&page[mention.bytes.clone()]);
        let rest = fold(&self.replaced(mention.sentence, &mention.bytes, GAP));
        let inside: Vec<WordId> = self.words_within(mention.sentence, &mention.bytes);
        mention.placed
            && !key.is_empty()
            && !rest.contains(&key)
            && !self.echoed(mention.sentence, &mention.bytes, &inside)
    }

    fn words_within(&self, sentence: usize, bytes: &Range<usize>) -> Vec<WordId> {
        let tokens = self.corpus.tokens_of(&self.corpus.sentences[sentence]).iter();
        tokens
            .filter(|token| {
                bytes.start <= token.bytes.start && token.bytes.end <= bytes.end && token.role.is_none()
            })
            .map(|token| token.word)
            .collect()
    }

    fn echoed(&self, sentence: usize, bytes: &Range<usize>, words: &[WordId]) -> bool {
        // Chinese words are several tokens; the comparison of the texts has caught them.
        if self.corpus.language == Language::Chinese {
            return false;
        }
        let tokens = self.corpus.tokens_of(&self.corpus.sentences[sentence]).iter();
        let mut outside =
            tokens.filter(|token| token.bytes.end <= bytes.start || bytes.end <= token.bytes.start);
        outside.any(|token| {
            let other = &self.corpus.words[token.word as usize];
            words.iter().any(|word| akin(&self.corpus.words[*word as usize], other))
        })
    }

    /// Whether two terms can take the same place after the same word.
    pub fn agrees(&self, mention: &Mention, key: &str, other: &Term) -> bool {
        let Some(left) = mention.left else { return true };
        let before = self.corpus.words[left as usize].as_str();
        let vowel = opens_with_vowel(key) == opens_with_vowel(&other.surface);
        match self.corpus.language {
            Language::French => {
                let article =
                    matches!(before, "l" | "d" | "le" | "la" | "de" | "du" | "ce" | "cet" | "n" | "qu");
                (!article || vowel) && self.shares_gender(left, other)
            }
            Language::Spanish | Language::Portuguese | Language::German => self.shares_gender(left, other),
            _ => true,
        }
    }

    /// Whether a German noun was seen with an article that only one thing takes.
    pub fn is_single(&self, term: &Term) -> bool {
        const SINGLE: [&str; 14] = [
            "der", "das", "ein", "eine", "einen", "einem", "einer", "dem", "des", "im", "am", "zum", "zur",
            "vom",
        ];
        term.left.iter().any(|word| SINGLE.contains(&self.corpus.words[*word as usize].as_str()))
    }

    /// Articles show gender; a noun fits one it was seen with.
    fn shares_gender(&self, left: WordId, other: &Term) -> bool {
        let before = self.corpus.words[left as usize].as_str();
        let genders: &[&[&str]] = match self.corpus.language {
            Language::Spanish => &[
                &["el", "un", "del", "al", "este", "ese"],
                &["la", "una", "esta", "esa"],
                &["los", "unos", "estos"],
                &["las", "unas", "estas"],
            ],
            Language::Portuguese => &[
                &["o", "um", "do", "ao", "no", "pelo", "este", "num"],
                &["a", "uma", "da", "à", "na", "pela", "esta", "numa"],
                &["os", "dos", "aos", "nos", "pelos"],
                &["as", "das", "às", "nas", "pelas"],
            ],
            Language::French => {
                &[&["le", "un", "du", "au", "ce"], &["la", "une", "cette"], &["les", "des", "aux", "ces"]]
            }
            _ => &[
                &["der", "einer"],
                &["die", "eine"],
                &["das", "ein"],
                &["dem", "einem", "im", "am", "zum", "vom", "beim"],
                &["den", "einen"],
                &["des", "eines"],
            ],
        };
        let Some(gender) = genders.iter().find(|gender| gender.contains(&before)) else { return true };
        other.sort != Sort::Noun
            || other.left.iter().any(|word| gender.contains(&self.corpus.words[*word as usize].as_str()))
    }

    /// A draft about one sentence; its quote is the sentence itself.
    pub fn draft(&self, kind: QuestionType, sentence: usize, question: String, answer: Answer) -> Draft {
        self.draft_over(kind, sentence..sentence + 1, question, answer)
    }

    /// A draft about neighbouring sentences of one page; its quote reaches over all of them.
    pub fn draft_over(
        &self,
        kind: QuestionType,
        sentences: Range<usize>,
        question: String,
        answer: Answer,
    ) -> Draft {
        let first = &self.corpus.sentences[sentences.start];
        let last = &self.corpus.sentences[sentences.end - 1];
        let quote = self.slice(sentences.start, first.bytes.start..last.bytes.end);
        Draft {
            kind,
            question,
            options: Vec::new(),
            answer,
            accepted: Vec::new(),
            tolerance: None,
            explanation: fill(self.wording.says, &one_line(quote)),
            difficulty: self.difficulty,
            bloom: Some(Bloom::Remember),
            quote: quote.to_owned(),
            page: first.page,
            start: first.chars.start,
            end: last.chars.end,
        }
    }
}

/// A text with its line breaks and runs of spaces made single spaces.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
