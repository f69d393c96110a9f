//! Candidate terms that are numbers, with what they count.

use super::language::Language;
use super::lexicon::Role;
use super::number::Number;
use super::phrases::{Phrase, Reader};
use super::terms::Sort;

impl Reader<'_, '_> {
    /// Numbers that stand alone, with what they count.
    pub fn numbers(&self) -> Vec<Phrase> {
        self.sentence.tokens.clone().filter_map(|position| self.number(position)).collect()
    }

    fn number(&self, position: usize) -> Option<Phrase> {
        let tokens = &self.corpus.tokens;
        let token = tokens[position].clone();
        let text = &self.corpus.document.pages[self.sentence.page].text;
        let number = Number::parse(&text[token.bytes.clone()], self.corpus.language.decimal_comma())?;
        let chinese = self.corpus.language == Language::Chinese;
        let before = text[..token.bytes.start].chars().next_back();
        let after = text[token.bytes.end..].chars().next();
        let free_before = before.is_none_or(|c| {
            c.is_whitespace() || matches!(c, '(' | '$' | '€' | '£') || (chinese && !c.is_ascii())
        });
        let free_after = after.is_none_or(|c| {
            c.is_whitespace()
                || matches!(c, ')' | ',' | '.' | ';' | ':' | '%' | '°')
                || (chinese && !c.is_ascii())
        });
        if !free_before || !free_after {
            return None;
        }
        let previous = (position > self.sentence.tokens.start).then(|| &tokens[position - 1]);
        let next = self.adjoining(position).then(|| &tokens[position + 1]);
        let digits_beside = previous.is_some_and(|left| left.digit && self.adjoining(position - 1))
            || next.is_some_and(|right| right.digit);
        if digits_beside {
            return None;
        }
        let counted = next
            .filter(|right| right.role.is_none() || matches!(right.role, Some(Role::Noise | Role::Filler)));
        let is_year =
            number.is_year() && counted.is_none_or(|_| chinese) && after != Some('%') && after != Some('°');
        let label =
            previous.is_some_and(|left| left.capital && left.role.is_none() && self.adjoining(position - 1));
        if label && !is_year {
            return None;
        }
        let tail = text[token.bytes.end..].trim_start();
        let unit = if tail.starts_with(['%', '°']) {
            tail.chars().next().map(String::from)
        } else if is_year {
            None
        } else {
            counted.map(|right| self.word(right).to_owned())
        };
        let sort = if is_year { Sort::Year } else { Sort::Number };
        let left = self.left(position);
        let initial = position == self.sentence.tokens.start;
        Some(Phrase {
            sentence: self.index,
            tokens: position..position + 1,
            sort,
            left,
            initial,
            framed: true,
            placed: true,
            sound: true,
            defined: false,
            unit,
        })
    }
}
