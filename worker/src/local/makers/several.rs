//! Questions that draw on neighbouring sentences: events in order of time, terms and descriptions.

use std::collections::BTreeMap;
use std::ops::Range;

use shared::domain::{Answer, Bloom, QuestionType};

use crate::local::language::Language;
use crate::local::lexicon::{Lexicon, Role};
use crate::local::morphology::{fold, overlaps};
use crate::local::number::Number;
use crate::local::studio::{Proposal, Studio};
use crate::local::terms::Sort;

/// Characters a quote over several sentences may have.
const LONGEST: usize = 1_500;
/// Things put in order or paired in one question.
const MOST: usize = 4;
/// Fewest things worth ordering or pairing.
const FEWEST: usize = 3;

/// Events the text dates, to be put in order; begins at a sentence that dates one.
pub fn dated(studio: &Studio<'_>, sentence: usize) -> Option<Proposal> {
    event(studio, sentence)?;
    let mut events: Vec<(f64, String, usize)> = Vec::new();
    for at in reach(studio, sentence) {
        let Some((year, text)) = event(studio, at) else { continue };
        let apart = events.iter().all(|(other, said, _)| *other != year && !overlaps(said, &text));
        if apart && events.len() < MOST {
            events.push((year, text, at));
        }
    }
    if events.len() < FEWEST {
        return None;
    }
    let sentences: Vec<usize> = events.iter().map(|(_, _, at)| *at).collect();
    let over = sentence..sentences.last()? + 1;
    events.sort_by(|a, b| a.0.total_cmp(&b.0));
    let options: Vec<String> = events.into_iter().map(|(_, text, _)| text).collect();
    let question = studio.wording.dated.to_owned();
    let mut draft = studio.draft_over(QuestionType::Ordering, over, question, Answer::Texts(options.clone()));
    draft.options = options;
    draft.bloom = Some(Bloom::Understand);
    Some(Proposal { draft, keys: Vec::new(), sentences })
}

/// Terms to be paired with their descriptions; begins at a sentence that describes one.
pub fn matching(studio: &Studio<'_>, sentence: usize, free: &impl Fn(&str) -> bool) -> Option<Proposal> {
    studio.definition_of(sentence)?;
    let mut pairs: Vec<(String, String, usize)> = Vec::new();
    for definition in reach(studio, sentence).filter_map(|at| studio.definition_of(at)) {
        let Some(mention) = studio.subject_of(definition) else { continue };
        let term = studio.slice(definition.sentence, mention.bytes.clone()).to_owned();
        let clause = studio.slice(definition.sentence, definition.clause.clone());
        let clear = pairs.iter().all(|(other, said, _)| {
            !overlaps(other, &term)
                && !overlaps(said, clause)
                && !fold(said).contains(&fold(&term))
                && !fold(clause).contains(&fold(other))
        });
        if clear && pairs.len() < MOST && !clause.contains('\n') && free(&fold(&term)) {
            pairs.push((term, clause.to_owned(), definition.sentence));
        }
    }
    if pairs.len() < FEWEST || pairs.first()?.2 != sentence {
        return None;
    }
    let sentences: Vec<usize> = pairs.iter().map(|(_, _, at)| *at).collect();
    let keys = pairs.iter().map(|(term, _, _)| fold(term)).collect();
    let map: BTreeMap<String, String> = pairs.into_iter().map(|(term, clause, _)| (term, clause)).collect();
    let over = sentence..sentences.last()? + 1;
    let mut draft =
        studio.draft_over(QuestionType::Matching, over, studio.wording.pairs.to_owned(), Answer::Pairs(map));
    draft.bloom = Some(Bloom::Understand);
    Some(Proposal { draft, keys, sentences })
}

/// A sentence and those after it that one quote can hold.
fn reach(studio: &Studio<'_>, from: usize) -> Range<usize> {
    let sentences = &studio.corpus.sentences;
    let first = &sentences[from];
    let fits = |at: &usize| {
        sentences[*at].page == first.page && sentences[*at].chars.end - first.chars.start <= LONGEST
    };
    from..(from..sentences.len()).take_while(fits).last().map_or(from, |last| last + 1)
}

/// The year of a sentence of the form "In 1969, …" or "… in 1969", and what happened.
fn event(studio: &Studio<'_>, sentence: usize) -> Option<(f64, String)> {
    let place = &studio.corpus.sentences[sentence];
    let tokens = studio.corpus.tokens_of(place);
    let mut years = studio
        .terms
        .mentioned(sentence)
        .iter()
        .filter(|mention| studio.term(mention.term).sort == Sort::Year);
    let year = years.next()?;
    if !place.usable || years.next().is_some() || studio.corpus.language == Language::Chinese {
        return None;
    }
    let at = tokens.iter().position(|token| token.bytes == year.bytes)?;
    let preposition = tokens.get(at.checked_sub(1)?)?;
    if preposition.role != Some(Role::Preposition) {
        return None;
    }
    let bytes = if at == 1 {
        let next = tokens.get(at + 1)?;
        next.bytes.start..place.bytes.start + studio.corpus.text(place).trim_end_matches(['.', '!']).len()
    } else if at + 1 == tokens.len() {
        place.bytes.start..tokens[at - 2].bytes.end
    } else {
        return None;
    };
    let opening = tokens.iter().find(|token| token.bytes.start >= bytes.start)?;
    let refers = Lexicon::of(studio.corpus.language).refers_back(&studio.corpus.words[opening.word as usize]);
    let text = studio.slice(sentence, bytes);
    let fair = (3..=24).contains(&text.split_whitespace().count());
    let whole = text.matches('(').count() == text.matches(')').count() && !text.contains('\n');
    let value = Number::parse(studio.slice(sentence, year.bytes.clone()), false)?.value;
    (fair && whole && !refers).then(|| (value, text.to_owned()))
}
