//! Questions about what one sentence lists: everything that belongs to it, or its order.

use std::ops::Range;

use rand::Rng;
use shared::domain::{Answer, Bloom, QuestionType};

use crate::local::corpus::{Corpus, Token};
use crate::local::distractors;
use crate::local::language::Language;
use crate::local::lexicon::Role;
use crate::local::morphology::{fold, is_participle, overlaps};
use crate::local::studio::{GAP, Proposal, Studio};
use crate::local::wording::fill;

/// Words by which a sentence says that its list has an order.
const ORDERED: &[&str] = &[
    "order",
    "sequence",
    "stages",
    "phases",
    "steps",
    "etapas",
    "fases",
    "orden",
    "pasos",
    "ordem",
    "étapes",
    "phases",
    "ordre",
    "reihenfolge",
    "phasen",
    "schritte",
    "stufen",
    "стадии",
    "этапы",
    "порядке",
    "фазы",
    "مراحل",
    "阶",
    "顺",
];

/// Things one sentence lists.
struct List {
    items: Vec<Range<usize>>,
}

/// Which of these does the sentence list?
pub fn select(
    studio: &Studio<'_>,
    sentence: usize,
    free: &impl Fn(&str) -> bool,
    rng: &mut impl Rng,
) -> Option<Proposal> {
    let list = read(&studio.corpus, sentence)?;
    // Where none is a term, they are rather parts of longer phrases than things of their own. A list of steps is
    // announced as one.
    let mentioned = studio.terms.mentioned(sentence);
    if !list.items.iter().any(|item| mentioned.iter().any(|mention| mention.bytes == *item)) {
        return None;
    }
    let items = texts(studio, sentence, &list)?;
    let key = folded(&items);
    if !free(&key) {
        return None;
    }
    let names =
        list.items.iter().all(|item| studio.slice(sentence, item.clone()).starts_with(char::is_uppercase));
    let others = distractors::unlisted(studio, sentence, &items, names, rng);
    if others.len() < 2 {
        return None;
    }
    let question = fill(studio.wording.select, &gapped(studio, sentence, &list));
    let mut draft =
        studio.draft(QuestionType::MultipleSelect, sentence, question, Answer::Texts(items.clone()));
    draft.options = items.into_iter().chain(others).collect();
    Some(Proposal { draft, keys: vec![key], sentences: vec![sentence] })
}

/// In which order does the sentence list these?
pub fn steps(studio: &Studio<'_>, sentence: usize, free: &impl Fn(&str) -> bool) -> Option<Proposal> {
    let corpus = &studio.corpus;
    let list = read(corpus, sentence)?;
    let first = list.items.first()?.start;
    let tokens = corpus.tokens_of(&corpus.sentences[sentence]).iter();
    let mut lead = tokens.take_while(|token| token.bytes.end <= first);
    if !lead.any(|token| ORDERED.contains(&corpus.words[token.word as usize].as_str())) {
        return None;
    }
    let items = texts(studio, sentence, &list)?;
    let key = folded(&items);
    if !free(&key) {
        return None;
    }
    let question = fill(studio.wording.order, &gapped(studio, sentence, &list));
    let mut draft = studio.draft(QuestionType::Ordering, sentence, question, Answer::Texts(items.clone()));
    draft.options = items;
    draft.bloom = Some(Bloom::Understand);
    Some(Proposal { draft, keys: vec![key], sentences: vec![sentence] })
}

/// The listed things as they stand, if none repeats or contains another.
fn texts(studio: &Studio<'_>, sentence: usize, list: &List) -> Option<Vec<String>> {
    let items: Vec<String> =
        list.items.iter().map(|bytes| studio.slice(sentence, bytes.clone()).to_owned()).collect();
    let apart =
        items.iter().enumerate().all(|(at, item)| items[..at].iter().all(|other| !overlaps(item, other)));
    let plain = items.iter().all(|item| !item.contains('\n'));
    let rest = fold(&gapped(studio, sentence, list));
    let hidden = items.iter().all(|item| !rest.contains(&fold(item)));
    (apart && plain && hidden).then_some(items)
}

fn folded(items: &[String]) -> String {
    items.iter().map(|item| fold(item)).collect::<Vec<_>>().join(", ")
}

fn gapped(studio: &Studio<'_>, sentence: usize, list: &List) -> String {
    let start = list.items.first().map_or(0, |item| item.start);
    let end = list.items.last().map_or(0, |item| item.end);
    studio.replaced(sentence, &(start..end), GAP)
}

/// The list "A, B and C" of a sentence, with three to six things of up to three words.
fn read(corpus: &Corpus<'_>, sentence: usize) -> Option<List> {
    let tokens = corpus.tokens_of(&corpus.sentences[sentence]);
    (2..tokens.len().saturating_sub(1)).find_map(|at| ends_at(corpus, sentence, tokens, at))
}

/// Reads the list whose last comma or conjunction stands at a token.
fn ends_at(corpus: &Corpus<'_>, sentence: usize, tokens: &[Token], at: usize) -> Option<List> {
    let page = corpus.sentences[sentence].page;
    let word = corpus.words[tokens[at].word as usize].as_str();
    if !matches!(
        word,
        "and" | "or" | "y" | "e" | "o" | "ou" | "et" | "und" | "oder" | "и" | "или" | "和" | "或"
    ) {
        return None;
    }
    let item = |token: &Token| {
        let word = &corpus.words[token.word as usize];
        token.role.is_none() && !token.digit && !is_participle(corpus.language, word)
    };
    let longest = if corpus.language == Language::Chinese { 8 } else { 3 };
    let run_left = |end: usize| {
        let mut start = end;
        while start > 0
            && item(&tokens[start - 1])
            && (start == end || corpus.adjoining(page, &tokens[start - 1], &tokens[start]))
        {
            start -= 1;
        }
        start
    };
    let mut last = at + 1;
    while last < tokens.len()
        && item(&tokens[last])
        && (last == at + 1 || corpus.adjoining(page, &tokens[last - 1], &tokens[last]))
    {
        last += 1;
    }
    // Past the list a verb or nothing may follow, no second conjunction.
    let after = tokens.get(last).filter(|token| corpus.adjoining(page, &tokens[last - 1], token));
    if last == at + 1 || after.is_some_and(|token| matches!(token.role, Some(Role::Conjunction) | None)) {
        return None;
    }
    let mut runs: Vec<Range<usize>> = std::iter::once(at + 1..last).collect();
    let mut end = at;
    loop {
        let start = run_left(end);
        if start == end || end - start > longest {
            return None;
        }
        runs.push(start..end);
        let comma = start > 0
            && matches!(corpus.gap(page, &tokens[start - 1], &tokens[start]).trim(), "," | "、" | "،");
        if !comma || !item(&tokens[start - 1]) {
            // What comes before the first thing must set it off; at the beginning only names are told apart.
            let named = start == 0 && tokens[at + 1].capital;
            let set_off = named
                || start > 0
                    && (tokens[start - 1].role.is_some()
                        || corpus.gap(page, &tokens[start - 1], &tokens[start]).contains(':'));
            if !set_off || comma {
                return None;
            }
            break;
        }
        end = start;
    }
    let fair = (3..=6).contains(&runs.len()) && runs.iter().all(|run| run.len() <= longest);
    let items = runs
        .into_iter()
        .rev()
        .map(|run| tokens[run.start].bytes.start..tokens[run.end - 1].bytes.end)
        .collect();
    fair.then_some(List { items })
}
