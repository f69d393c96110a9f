//! What a text is about: its terms, names and numbers, and where each is mentioned.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::corpus::{Corpus, WordId};
use super::definition::Definition;
use super::language::Language;
use super::lexicon::Role;
use super::morphology::fold;
use super::phrases::{self, Phrase};

/// What sort of thing a term is; options of one question are all of one sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sort {
    /// A common noun or noun phrase.
    Noun,
    /// A proper name.
    Name,
    /// An abbreviation in capitals.
    Acronym,
    /// A year.
    Year,
    /// Any other number.
    Number,
}

/// An index into [`Terms::all`].
pub type TermId = usize;

/// Something the text speaks of.
#[derive(Debug, Clone)]
pub struct Term {
    /// As it is written inside a sentence.
    pub surface: String,
    /// The same, folded.
    pub folded: String,
    /// What sort it is.
    pub sort: Sort,
    /// Words it has.
    pub words: usize,
    /// Times it is mentioned.
    pub count: usize,
    /// Function words seen right before it.
    pub left: Vec<WordId>,
    /// Whether it was seen after an article, and whether without one.
    pub articled: (bool, bool),
    /// What a number counts, or `%`.
    pub unit: Option<String>,
    /// Sentences that mention it, the first ones of many.
    pub sentences: Vec<usize>,
    /// Whether the text defines it.
    pub defined: bool,
    /// How much the text is about it.
    pub weight: f64,
}

/// One place where a term stands.
#[derive(Debug, Clone)]
pub struct Mention {
    /// Index of the sentence.
    pub sentence: usize,
    /// What is mentioned.
    pub term: TermId,
    /// Bytes of the page's text.
    pub bytes: Range<usize>,
    /// The function word right before it.
    pub left: Option<WordId>,
    /// Whether that word is an article or the like.
    pub articled: bool,
    /// Whether the sentence begins with it.
    pub initial: bool,
    /// Whether nothing suggests that the word is a verb here.
    pub placed: bool,
}

/// Sentences remembered for each term; more would not change what is excluded.
const REMEMBERED: usize = 48;
/// Terms considered as distractors of one sort and length.
const POOL: usize = 160;

/// The terms of a text with their mentions.
#[derive(Debug, Default)]
pub struct Terms {
    /// Every term.
    pub all: Vec<Term>,
    /// Every mention, in reading order.
    pub mentions: Vec<Mention>,
    of_sentence: Vec<Range<usize>>,
    pools: HashMap<(Sort, usize), Vec<TermId>>,
}

#[derive(Debug, Default)]
struct Tally {
    count: usize,
    /// Times it stands as a noun phrase: after an article or preposition, before no other noun.
    framed: usize,
    defined: bool,
    surface: Option<String>,
}

type Key = (Sort, Vec<WordId>, Option<String>);

impl Terms {
    /// Finds the terms of a text.
    pub fn find(corpus: &Corpus<'_>, definitions: &[Definition]) -> Self {
        let phrases: Vec<Phrase> = phrases::find(corpus, definitions);
        // Ordered, so that equal texts give equal quizzes.
        let mut tallies: BTreeMap<Key, Tally> = BTreeMap::new();
        for phrase in &phrases {
            let tally = tallies.entry(key(corpus, phrase)).or_default();
            tally.count += 1;
            tally.framed += usize::from(phrase.framed);
            tally.defined |= phrase.defined;
            if tally.surface.is_none() && !phrase.initial {
                tally.surface = Some(literal(corpus, phrase).to_owned());
            }
        }
        let mut terms = Self::default();
        let mut ids: HashMap<Key, TermId> = HashMap::new();
        for phrase in &phrases {
            let key = key(corpus, phrase);
            let Some(tally) = tallies.get(&key) else { continue };
            if !is_term(corpus, phrase, tally, &tallies) {
                continue;
            }
            let id = *ids.entry(key).or_insert_with(|| {
                terms.all.push(introduce(corpus, phrase, tally));
                terms.all.len() - 1
            });
            let term = &mut terms.all[id];
            let left = phrase.left.map(|token| corpus.tokens[token].word);
            term.left.extend(left.filter(|word| term.left.len() < 12 && !term.left.contains(word)));
            let article =
                phrase.left.is_some_and(|token| corpus.tokens[token].role == Some(Role::Determiner));
            term.articled.0 |= article;
            term.articled.1 |= !article;
            if term.sentences.last() != Some(&phrase.sentence) && term.sentences.len() < REMEMBERED {
                term.sentences.push(phrase.sentence);
            }
            let bytes = phrase.bytes(corpus);
            terms.mentions.push(Mention {
                sentence: phrase.sentence,
                term: id,
                bytes,
                left,
                articled: article,
                initial: phrase.initial,
                placed: phrase.placed,
            });
        }
        terms.arrange(corpus.sentences.len());
        terms
    }

    fn arrange(&mut self, sentences: usize) {
        let mut next = 0;
        for sentence in 0..sentences {
            let first = next;
            while self.mentions.get(next).is_some_and(|mention| mention.sentence == sentence) {
                next += 1;
            }
            self.of_sentence.push(first..next);
        }
        for (id, term) in self.all.iter().enumerate() {
            self.pools.entry((term.sort, term.words.min(3))).or_default().push(id);
        }
        for pool in self.pools.values_mut() {
            pool.sort_by(|a, b| self.all[*b].weight.total_cmp(&self.all[*a].weight));
            pool.truncate(POOL);
        }
    }

    /// The mentions of one sentence.
    pub fn mentioned(&self, sentence: usize) -> &[Mention] {
        &self.mentions[self.of_sentence[sentence].clone()]
    }

    /// The weightiest terms of a sort, those with as many words first.
    pub fn pool(&self, sort: Sort, words: usize) -> impl Iterator<Item = TermId> {
        let words = words.clamp(1, 3);
        let order = match words {
            1 => [1, 2, 3],
            2 => [2, 1, 3],
            _ => [3, 2, 1],
        };
        order.into_iter().filter_map(move |words| self.pools.get(&(sort, words))).flatten().copied()
    }
}

fn key(corpus: &Corpus<'_>, phrase: &Phrase) -> Key {
    let words = corpus.tokens[phrase.tokens.clone()].iter().map(|token| token.word).collect();
    (phrase.sort, words, phrase.unit.clone())
}

fn literal<'a>(corpus: &Corpus<'a>, phrase: &Phrase) -> &'a str {
    &corpus.document.pages[corpus.sentences[phrase.sentence].page].text[phrase.bytes(corpus)]
}

fn introduce(corpus: &Corpus<'_>, phrase: &Phrase, tally: &Tally) -> Term {
    let surface = tally.surface.clone().unwrap_or_else(|| match phrase.sort {
        Sort::Noun if corpus.language != Language::German => decapitalize(literal(corpus, phrase)),
        _ => literal(corpus, phrase).to_owned(),
    });
    let words = if corpus.language == Language::Chinese {
        phrase.tokens.len().div_ceil(2)
    } else {
        phrase.tokens.len()
    };
    let sort = match phrase.sort {
        Sort::Noun => 1.0,
        Sort::Name | Sort::Acronym => 1.15,
        Sort::Year => 0.8,
        Sort::Number => 0.7,
    };
    let length = if words > 1 { 1.3 } else { 1.0 };
    let defined = if tally.defined { 1.5 } else { 1.0 };
    // Beyond a dozen mentions a term is the topic, not the point of a sentence.
    let weight = (1.0 + (tally.count.min(12) as f64).ln_1p()) * sort * length * defined;
    Term {
        folded: fold(&surface),
        surface,
        sort: phrase.sort,
        words,
        count: tally.count,
        left: Vec::new(),
        articled: (false, false),
        unit: phrase.unit.clone(),
        sentences: Vec::new(),
        defined: tally.defined,
        weight,
    }
}

/// A text with its first letter in lower case.
pub fn decapitalize(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// A text with its first letter in upper case.
pub fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Whether what was seen of a phrase makes it a term.
fn is_term(corpus: &Corpus<'_>, phrase: &Phrase, tally: &Tally, all: &BTreeMap<Key, Tally>) -> bool {
    if phrase.sort != Sort::Noun || tally.defined {
        return true;
    }
    let head = corpus.tokens[phrase.tokens.end - 1].word;
    let attested = || all.get(&(Sort::Noun, vec![head], None)).is_some_and(|tally| tally.framed > 0);
    match corpus.language {
        Language::Chinese => true,
        Language::German => tally.framed > 0 || tally.count > 1,
        Language::Arabic | Language::Russian | Language::Other => {
            tally.framed > 0 && tally.count > 1 || phrase.sound
        }
        _ if phrase.tokens.len() == 1 => tally.framed > 0 && (phrase.sound || tally.count > 1),
        _ => {
            tally.framed > 0
                && (tally.count > 1 || phrase.sound || (corpus.language == Language::English && attested()))
        }
    }
}
