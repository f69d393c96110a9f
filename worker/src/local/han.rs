//! Words of a text that writes none apart: runs of characters that recur in different company.

use std::collections::{HashMap, HashSet};

use super::corpus::{Corpus, WordId};
use super::language::is_han;
use super::lexicon::{Lexicon, Role};
use super::phrases::Phrase;
use super::terms::Sort;

/// Longest word looked for, in characters.
const LONGEST: usize = 5;

#[derive(Default)]
struct Company {
    count: usize,
    before: HashSet<Option<WordId>>,
    after: HashSet<Option<WordId>>,
}

/// The words of a Chinese text, told by how often and beside what their characters recur.
pub fn words(corpus: &Corpus<'_>) -> HashSet<Vec<WordId>> {
    let mut grams: HashMap<Vec<WordId>, Company> = HashMap::new();
    for run in runs(corpus) {
        let ids: Vec<WordId> = run.clone().map(|position| corpus.tokens[position].word).collect();
        for start in 0..ids.len() {
            for end in start + 2..=ids.len().min(start + LONGEST) {
                let company = grams.entry(ids[start..end].to_vec()).or_default();
                company.count += 1;
                // The edge of a run is company of its own kind each time.
                if company.before.len() < 3 {
                    company.before.insert(
                        before(corpus, &run, start).or_else(|| start.checked_sub(1).map(|at| ids[at])),
                    );
                    company.after.insert(ids.get(end).copied());
                }
            }
        }
    }
    let free = |set: &HashSet<Option<WordId>>| set.contains(&None) || set.len() > 1;
    let is_word = |gram: &Vec<WordId>, company: &Company| {
        let longer_explains = gram.len() < LONGEST && !(free(&company.before) && free(&company.after));
        company.count > 1 && !longer_explains
    };
    grams.iter().filter(|(gram, company)| is_word(gram, company)).map(|(gram, _)| gram.clone()).collect()
}

/// The verb or the like right before a run, which may be the first half of a word: 有 in 有机物.
fn before(corpus: &Corpus<'_>, run: &std::ops::Range<usize>, start: usize) -> Option<WordId> {
    let position = run.start.checked_sub(1).filter(|_| start == 0)?;
    let (left, right) = (&corpus.tokens[position], &corpus.tokens[run.start]);
    let beside = left.bytes.end == right.bytes.start;
    (beside && matches!(left.role, Some(Role::Auxiliary | Role::Verb))).then_some(left.word)
}

/// Runs of Chinese characters that are no function words.
fn runs(corpus: &Corpus<'_>) -> Vec<std::ops::Range<usize>> {
    let mut runs = Vec::new();
    for sentence in &corpus.sentences {
        let mut start = sentence.tokens.start;
        for position in sentence.tokens.clone() {
            let ends = !carries(corpus, position);
            let parted = position > sentence.tokens.start
                && !corpus.adjoining(sentence.page, &corpus.tokens[position - 1], &corpus.tokens[position]);
            if ends || parted {
                runs.push(start..position);
                start = if ends { position + 1 } else { position };
            }
        }
        runs.push(start..sentence.tokens.end.max(start));
    }
    runs.retain(|run| run.len() > 1);
    runs
}

fn carries(corpus: &Corpus<'_>, position: usize) -> bool {
    let token = &corpus.tokens[position];
    token.role.is_none() && corpus.words[token.word as usize].chars().all(is_han)
}

/// The words of one sentence, the longest first from left to right.
pub fn phrases(corpus: &Corpus<'_>, index: usize, words: &HashSet<Vec<WordId>>) -> Vec<Phrase> {
    let sentence = &corpus.sentences[index];
    let ids: Vec<WordId> = corpus.tokens_of(sentence).iter().map(|token| token.word).collect();
    let whole = |from: usize, to: usize| {
        (from..to).all(|at| carries(corpus, sentence.tokens.start + at))
            && corpus.tokens_of(sentence)[from..to]
                .windows(2)
                .all(|pair| corpus.adjoining(sentence.page, &pair[0], &pair[1]))
    };
    let lexicon = Lexicon::of(corpus.language);
    let general = |gram: &[WordId]| {
        let word: String = gram.iter().map(|id| corpus.words[*id as usize].as_str()).collect();
        lexicon.role(&word).is_some()
    };
    let mut found = Vec::new();
    let mut at = 0;
    while at < ids.len() {
        let length = (2..=LONGEST.min(ids.len() - at))
            .rev()
            .find(|length| words.contains(&ids[at..at + length]) && whole(at, at + length));
        let Some(length) = length else {
            at += 1;
            continue;
        };
        let start = sentence.tokens.start + at;
        if general(&ids[at..at + length]) {
            at += length;
            continue;
        }
        found.push(Phrase {
            sentence: index,
            tokens: start..start + length,
            sort: Sort::Noun,
            left: None,
            initial: at == 0,
            framed: true,
            placed: true,
            sound: true,
            defined: false,
            unit: None,
        });
        at += length;
    }
    found
}
