//! Words of a text that writes none apart.
//!
//! They are told by the dictionary of the Unicode project (`icu_segmenter`), which knows where words end but not what
//! they do in a sentence; so only those count as terms that the text repeats.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed, options::WordBreakInvariantOptions};

use super::corpus::{Corpus, WordId};
use super::language::is_han;
use super::lexicon::Lexicon;
use super::phrases::Phrase;
use super::terms::Sort;

/// Longest term looked for, in characters.
const LONGEST: usize = 8;

static SEGMENTER: LazyLock<WordSegmenterBorrowed<'static>> =
    LazyLock::new(|| WordSegmenter::new_dictionary(WordBreakInvariantOptions::default()));

/// The words of each sentence, as ranges of tokens, and how often each is used.
#[derive(Debug)]
pub struct Words {
    of_sentence: Vec<Vec<Range<usize>>>,
    counts: HashMap<Vec<WordId>, usize>,
    pairs: HashMap<Vec<WordId>, usize>,
}

/// Reads the words of a Chinese text.
pub fn words(corpus: &Corpus<'_>) -> Words {
    let mut words = Words {
        of_sentence: (0..corpus.sentences.len()).map(|index| split(corpus, index)).collect(),
        counts: HashMap::new(),
        pairs: HashMap::new(),
    };
    for ranges in &words.of_sentence {
        for range in ranges {
            *words.counts.entry(ids(corpus, range)).or_default() += 1;
        }
        for pair in ranges.windows(2).filter(|pair| joined(corpus, &pair[0], &pair[1])) {
            *words.pairs.entry(ids(corpus, &(pair[0].start..pair[1].end))).or_default() += 1;
        }
    }
    words
}

fn ids(corpus: &Corpus<'_>, range: &Range<usize>) -> Vec<WordId> {
    corpus.tokens[range.clone()].iter().map(|token| token.word).collect()
}

/// Whether nothing stands between two words.
fn joined(corpus: &Corpus<'_>, left: &Range<usize>, right: &Range<usize>) -> bool {
    left.end == right.start && corpus.tokens[left.end - 1].bytes.end == corpus.tokens[right.start].bytes.start
}

/// The words of two and more characters of a sentence that have a meaning of their own.
fn split(corpus: &Corpus<'_>, index: usize) -> Vec<Range<usize>> {
    let sentence = &corpus.sentences[index];
    let text = corpus.text(sentence);
    let lexicon = Lexicon::of(corpus.language);
    let ends: Vec<usize> = SEGMENTER.segment_str(text).collect();
    let mut words = Vec::new();
    for pair in ends.windows(2) {
        let word = &text[pair[0]..pair[1]];
        if word.chars().count() < 2 || !word.chars().all(is_han) || lexicon.role(word).is_some() {
            continue;
        }
        let bytes = sentence.bytes.start + pair[0]..sentence.bytes.start + pair[1];
        let token = |at: usize| {
            let tokens = corpus.tokens_of(sentence);
            sentence.tokens.start + tokens.partition_point(|token| token.bytes.start < at)
        };
        words.push(token(bytes.start)..token(bytes.end));
    }
    words
}

/// The terms of one sentence: words that recur, two together where they keep recurring side by side.
pub fn phrases(corpus: &Corpus<'_>, index: usize, words: &Words) -> Vec<Phrase> {
    let ranges = &words.of_sentence[index];
    let count = |range: &Range<usize>| words.counts.get(&ids(corpus, range)).copied().unwrap_or_default();
    let mut found = Vec::new();
    let mut at = 0;
    while at < ranges.len() {
        let range = &ranges[at];
        let pair = ranges.get(at + 1).filter(|next| joined(corpus, range, next)).map(|next| {
            let both = range.start..next.end;
            let together = words.pairs.get(&ids(corpus, &both)).copied().unwrap_or_default();
            let rarer = count(range).min(count(next));
            (both, together > 1 && together * 2 >= rarer)
        });
        at += 1;
        let run = match pair {
            Some((both, true)) if both.len() <= LONGEST => {
                at += 1;
                both
            }
            _ if count(range) > 1 => range.clone(),
            _ => continue,
        };
        found.push(Phrase {
            sentence: index,
            initial: run.start == corpus.sentences[index].tokens.start,
            tokens: run,
            sort: Sort::Noun,
            left: None,
            framed: true,
            placed: true,
            sound: true,
            defined: false,
            unit: None,
        });
    }
    found
}
