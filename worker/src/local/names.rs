//! Candidate terms that are proper names.

use std::ops::Range;

use super::language::Language;
use super::phrases::{Phrase, Reader};
use super::terms::Sort;

impl Reader<'_, '_> {
    /// Whether a word joins two parts of a name: "Antonie van Leeuwenhoek", "Congress of Vienna".
    pub fn joins(&self, position: usize) -> bool {
        let tokens = &self.corpus.tokens;
        let particle = matches!(
            self.word(&tokens[position]),
            "of" | "van"
                | "von"
                | "der"
                | "de"
                | "da"
                | "di"
                | "del"
                | "la"
                | "du"
                | "bin"
                | "ibn"
                | "do"
                | "dos"
        );
        let capital = |at: usize| tokens[at].capital && (tokens[at].role.is_none() || self.carries(at));
        let before = position - 1;
        let named = capital(before) || (before > self.sentence.tokens.start && self.joins(before));
        particle
            && self.corpus.language.has_case()
            && self.corpus.language != Language::German
            && !tokens[position].capital
            && named
            && self.adjoining(position)
            && (capital(position + 1) || self.joins_on(position + 1))
    }

    /// Whether a second particle leads to a capital: "Juana de la Cruz".
    fn joins_on(&self, position: usize) -> bool {
        let tokens = &self.corpus.tokens;
        matches!(self.word(&tokens[position]), "la" | "der" | "den" | "los" | "las")
            && self.adjoining(position)
            && tokens[position + 1].capital
    }

    /// The proper name or abbreviation a run of capitalized words is.
    pub fn name(&self, run: Range<usize>) -> Option<Phrase> {
        let tokens = &self.corpus.tokens;
        let initial = run.start == self.sentence.tokens.start;
        let page = &self.corpus.document.pages[self.sentence.page].text;
        let first = &tokens[run.start];
        let surface = &page[first.bytes.clone()];
        let letters = surface.chars().count();
        let acronym = run.len() == 1
            && (2..=6).contains(&letters)
            && surface.chars().filter(|c| c.is_uppercase()).count() >= 2;
        if !acronym && initial && run.len() == 1 {
            let (capital, lower) = self.usage(first);
            if capital <= lower && !(self.articles_nouns() && lower == 0) {
                return self.noun(run, true);
            }
        }
        let hidden =
            tokens[run.clone()].iter().any(|token| token.bytes.len() < 2) || !tokens[run.end - 1].capital;
        let (_, lower) = self.usage(first);
        // A word that is mostly written small is no name where it is once written large.
        if run.len() > 5
            || letters < 2
            || hidden
            || (run.len() == 1 && !acronym && lower > 2)
            || (run.len() == 1 && !acronym && is_adjective_name(surface))
        {
            return None;
        }
        let left = self.left(run.start);
        let sort = if acronym { Sort::Acronym } else { Sort::Name };
        Some(Phrase {
            sentence: self.index,
            tokens: run,
            sort,
            left,
            initial,
            framed: true,
            placed: true,
            sound: true,
            defined: false,
            unit: None,
        })
    }
}

/// Whether a capitalized word names a people or language rather than a thing.
fn is_adjective_name(surface: &str) -> bool {
    ["ish", "ese", "ian", "ean", "ans"].iter().any(|ending| surface.ends_with(ending)) && surface.len() > 5
}
