//! Candidate terms: runs of words with a meaning between function words.

use std::ops::Range;

use super::corpus::{Corpus, Sentence, Token};
use super::definition::Definition;
use super::han;
use super::language::Language;
use super::lexicon::Role;
use super::morphology::{closes_phrase, is_adjective, is_gerund, is_participle, is_plural};
use super::terms::Sort;

/// A run of words that may be a term.
#[derive(Debug, Clone)]
pub struct Phrase {
    /// Index of its sentence.
    pub sentence: usize,
    /// Its tokens.
    pub tokens: Range<usize>,
    /// What sort of term it would be.
    pub sort: Sort,
    /// The function word right before it.
    pub left: Option<usize>,
    /// Whether its sentence begins with it.
    pub initial: bool,
    /// Whether it stands where a noun phrase stands.
    pub framed: bool,
    /// Whether nothing suggests that it is a verb here.
    pub placed: bool,
    /// Whether it has the form of a term, so that once is enough.
    pub sound: bool,
    /// Whether the text defines it.
    pub defined: bool,
    /// What a number counts.
    pub unit: Option<String>,
}

impl Phrase {
    /// Bytes of the page's text.
    pub fn bytes(&self, corpus: &Corpus<'_>) -> Range<usize> {
        corpus.tokens[self.tokens.start].bytes.start..corpus.tokens[self.tokens.end - 1].bytes.end
    }
}

/// Every candidate of a text, in reading order and without overlaps.
pub fn find(corpus: &Corpus<'_>, definitions: &[Definition]) -> Vec<Phrase> {
    let han = (corpus.language == Language::Chinese).then(|| han::words(corpus));
    let mut definitions = definitions.iter().peekable();
    let mut phrases = Vec::new();
    for (index, sentence) in corpus.sentences.iter().enumerate() {
        let defined = definitions.next_if(|definition| definition.sentence == index);
        let reader = Reader { corpus, sentence, index };
        let mut found = match &han {
            Some(words) => han::phrases(corpus, index, words),
            None => reader.runs(),
        };
        found.extend(reader.numbers());
        if let Some(definition) = defined {
            let subject = definition.subject.clone();
            found.retain(|phrase| phrase.tokens.end <= subject.start || phrase.tokens.start >= subject.end);
            found.push(reader.subject(definition));
        }
        found
            .retain(|phrase| !corpus.document.pages[sentence.page].text[phrase.bytes(corpus)].contains('\n'));
        found.sort_by_key(|phrase| phrase.tokens.start);
        phrases.extend(found);
    }
    phrases
}

/// Reads the candidates of one sentence.
pub struct Reader<'a, 'd> {
    /// The text.
    pub corpus: &'a Corpus<'d>,
    /// The sentence.
    pub sentence: &'a Sentence,
    /// Its index.
    pub index: usize,
}

impl Reader<'_, '_> {
    /// A token's word, case folded.
    pub fn word(&self, token: &Token) -> &str {
        &self.corpus.words[token.word as usize]
    }

    /// Whether a token and the next one belong to one phrase.
    pub fn adjoining(&self, left: usize) -> bool {
        let tokens = &self.corpus.tokens;
        left + 1 < self.sentence.tokens.end
            && self.corpus.adjoining(self.sentence.page, &tokens[left], &tokens[left + 1])
    }

    /// Whether a token can be part of a term.
    pub fn carries(&self, position: usize) -> bool {
        let token = &self.corpus.tokens[position];
        let word = self.word(token);
        let language = self.corpus.language;
        let inside = position > self.sentence.tokens.start;
        // "Great Britain", "Factory Act": a capital lifts a common word.
        let lifted = inside
            && token.capital
            && language != Language::German
            && matches!(token.role, Some(Role::Filler | Role::Verb));
        if token.digit || (token.role.is_some() && !lifted) || word.contains(['\'', '’', '_', '.']) {
            return false;
        }
        if language == Language::German {
            return token.capital && (inside || (self.usage(token).0 > 0 && !self.sentence.orders));
        }
        let named = token.capital && inside;
        named
            || !(is_participle(language, word)
                || self.is_verb(token)
                || (is_gerund(language, word) && !self.after(position, Role::Determiner)))
    }

    /// How often the word has a capital inside sentences, and how often not.
    pub fn usage(&self, token: &Token) -> (u32, u32) {
        let usage = self.corpus.usage[token.word as usize];
        (usage.capital, usage.lower)
    }

    /// Whether common nouns do not open a sentence without an article.
    pub fn articles_nouns(&self) -> bool {
        matches!(self.corpus.language, Language::Spanish | Language::French | Language::Portuguese)
    }

    fn is_verb(&self, token: &Token) -> bool {
        self.corpus.language == Language::English && self.corpus.usage[token.word as usize].verb >= 2
    }

    fn after(&self, position: usize, role: Role) -> bool {
        position > self.sentence.tokens.start
            && self.adjoining(position - 1)
            && self.corpus.tokens[position - 1].role == Some(role)
    }

    /// Maximal runs, cut to what can be a noun phrase.
    fn runs(&self) -> Vec<Phrase> {
        let mut phrases = Vec::new();
        let mut position = self.sentence.tokens.start;
        while position < self.sentence.tokens.end {
            if !self.carries(position) {
                position += 1;
                continue;
            }
            let start = position;
            while self.adjoining(position) && (self.carries(position + 1) || self.joins(position + 1)) {
                position += 1;
            }
            position += 1;
            phrases.extend(self.phrase(start..position));
        }
        phrases
    }

    fn phrase(&self, mut run: Range<usize>) -> Option<Phrase> {
        let tokens = &self.corpus.tokens;
        let role_after = |end: usize| if self.adjoining(end - 1) { tokens[end].role } else { None };
        // What stands right before an article is a verb: "cells divide the sugar".
        let spaced = !matches!(self.corpus.language, Language::German | Language::Russian | Language::Arabic);
        if spaced
            && matches!(role_after(run.end), Some(Role::Determiner | Role::Pronoun))
            && !tokens[run.end - 1].capital
        {
            run.end -= 1;
        }
        if run.is_empty() {
            return None;
        }
        let joined = |token: &Token| matches!(token.role, Some(Role::Preposition | Role::Determiner));
        let capitals = tokens[run.clone()].iter().filter(|token| token.capital || joined(token)).count();
        let initial = run.start == self.sentence.tokens.start;
        // "physicist Marie Curie" names a person, "British government" does not.
        if capitals > 0
            && capitals < run.len()
            && self.corpus.language.has_case()
            && self.corpus.language != Language::German
        {
            let lower = tokens[run.clone()]
                .iter()
                .rposition(|token| !token.capital && !joined(token))
                .map_or(0, |at| at + 1);
            if lower == run.len() {
                return if initial && capitals == 1 { self.noun(run, true) } else { None };
            }
            run.start += lower;
        }
        let first = &tokens[run.start];
        if self.corpus.language == Language::German || !first.capital {
            return self.noun(run.clone(), run.start == self.sentence.tokens.start);
        }
        self.name(run)
    }

    /// The common noun phrase a run is, if it can be one.
    pub fn noun(&self, run: Range<usize>, initial: bool) -> Option<Phrase> {
        let tokens = &self.corpus.tokens;
        let language = self.corpus.language;
        let words: Vec<&str> = tokens[run.clone()].iter().map(|token| self.word(token)).collect();
        let head = *words.last()?;
        let left = self.left(run.start);
        let role_before = left.and_then(|token| tokens[token].role);
        let role_after = if self.adjoining(run.end - 1) { tokens[run.end].role } else { None };
        let follows = self.adjoining(run.end - 1) && role_after.is_none();
        let mut opened = matches!(role_before, Some(Role::Determiner | Role::Preposition | Role::Filler));
        opened |= initial && matches!(role_after, Some(Role::Auxiliary | Role::Verb));
        opened |=
            matches!(role_before, Some(Role::Verb | Role::Conjunction)) && closes_phrase(language, head);
        let closed = !matches!(role_after, Some(Role::Conjunction | Role::Determiner | Role::Noise))
            && (!follows || self.verb_follows(run.end));
        let framed = opened && closed && (language != Language::Arabic || head.starts_with("ال"));
        let ends = !self.adjoining(run.end - 1);
        let placed = framed
            || language != Language::English
            || match role_before {
                // "Review any change" gives an order.
                None => left.is_none() && !(initial && role_after == Some(Role::Determiner)),
                Some(Role::Verb | Role::Determiner) => true,
                Some(Role::Conjunction) => ends,
                Some(_) => false,
            };
        let bare = words.iter().any(|word| word.chars().count() < 3);
        if bare
            || words.len() > 3
            || (is_adjective(language, head)
                && language != Language::French
                && !(words.len() > 1 && matches!(language, Language::Spanish | Language::Portuguese)))
        {
            return None;
        }
        // Without articles only an adjective before its noun is surely one phrase.
        if language == Language::Russian
            && !(words.len() == 1 || (words.len() == 2 && is_adjective(language, words[0])))
        {
            return None;
        }
        let english = language == Language::English;
        // "plants need light": a plural before another noun is a subject before its verb.
        if english && words[..words.len() - 1].iter().any(|word| is_plural(word)) {
            return None;
        }
        let sound = match language {
            Language::Arabic => words.iter().all(|word| word.starts_with("ال") && word.chars().count() > 4),
            Language::Russian => {
                role_before == Some(Role::Preposition)
                    && closed
                    && words.iter().all(|word| word.chars().count() > 4)
            }
            Language::Other => false,
            _ if words.len() == 1 => {
                role_before == Some(Role::Determiner)
                    || closes_phrase(language, head)
                    || matches!(role_after, Some(Role::Auxiliary))
            }
            _ => closes_phrase(language, head),
        };
        Some(Phrase {
            sentence: self.index,
            tokens: run,
            sort: Sort::Noun,
            left,
            initial,
            framed,
            placed,
            sound,
            defined: false,
            unit: None,
        })
    }

    /// Whether what follows a run, though it has a meaning, is no noun it belongs to.
    fn verb_follows(&self, end: usize) -> bool {
        let token = &self.corpus.tokens[end];
        let word = self.word(token);
        self.corpus.language == Language::German
            || is_participle(self.corpus.language, word)
            || self.is_verb(token)
            || is_gerund(self.corpus.language, word)
    }

    /// The token right before a phrase, if nothing but space parts them.
    pub fn left(&self, start: usize) -> Option<usize> {
        if start == self.sentence.tokens.start {
            return None;
        }
        let elided = self.corpus.language == Language::French
            && matches!(
                self.corpus.gap(
                    self.sentence.page,
                    &self.corpus.tokens[start - 1],
                    &self.corpus.tokens[start]
                ),
                "'" | "’"
            );
        (elided || self.adjoining(start - 1)).then(|| start - 1)
    }

    fn subject(&self, definition: &Definition) -> Phrase {
        let run = definition.subject.clone();
        let tokens = &self.corpus.tokens;
        let initial = run.start == self.sentence.tokens.start;
        let named = match self.corpus.language {
            Language::German | Language::Arabic | Language::Chinese | Language::Other => false,
            _ => {
                let rest = run.start + usize::from(initial);
                let (capital, lower) = self.usage(&tokens[run.start]);
                let small = |token: &Token| !token.capital && token.role != Some(Role::Preposition);
                if rest < run.end {
                    !tokens[rest..run.end].iter().any(small)
                } else {
                    capital > lower || (initial && lower == 0 && self.articles_nouns())
                }
            }
        };
        let surface = &self.corpus.document.pages[self.sentence.page].text[tokens[run.start].bytes.clone()];
        let acronym = run.len() == 1 && surface.chars().filter(|c| c.is_uppercase()).count() > 1;
        let sort = if acronym {
            Sort::Acronym
        } else if named {
            Sort::Name
        } else {
            Sort::Noun
        };
        let left = self.left(run.start);
        Phrase {
            sentence: self.index,
            tokens: run,
            sort,
            left,
            initial,
            framed: true,
            placed: true,
            sound: true,
            defined: true,
            unit: None,
        }
    }
}
