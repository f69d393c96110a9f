//! A document read once: its sentences, their words, and what each word is known to do.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::language::{Language, is_han};
use super::lexicon::{Lexicon, Role};
use super::segment;
use crate::document::Document;

/// An index into [`Corpus::words`].
pub type WordId = u32;

/// A word where it stands.
#[derive(Debug, Clone)]
pub struct Token {
    /// Bytes of the page's text.
    pub bytes: Range<usize>,
    /// The word, case folded.
    pub word: WordId,
    /// The part it plays, when it is a common word.
    pub role: Option<Role>,
    /// Begins with a capital letter.
    pub capital: bool,
    /// Begins with a digit.
    pub digit: bool,
}

/// A sentence where it stands.
#[derive(Debug, Clone)]
pub struct Sentence {
    /// Index of its page.
    pub page: usize,
    /// Bytes of the page's text.
    pub bytes: Range<usize>,
    /// Unicode characters of the page's text.
    pub chars: Range<usize>,
    /// Its words, as a range of [`Corpus::tokens`].
    pub tokens: Range<usize>,
    /// Whether it opens a paragraph.
    pub opens: bool,
    /// Whether it can be asked about: whole, of a fair length, and understood on its own.
    pub usable: bool,
    /// Whether it tells the reader what to do, which is neither true nor false.
    pub orders: bool,
    /// Its words with a meaning, sorted and distinct.
    pub content: Vec<WordId>,
}

/// How a word is written over the whole document, away from the beginnings of sentences.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// Times in lower case.
    pub lower: u32,
    /// Times with a capital.
    pub capital: u32,
    /// Times after a word only verbs follow.
    pub verb: u32,
}

/// A document with its sentences and words.
#[derive(Debug)]
pub struct Corpus<'a> {
    /// What was read.
    pub document: &'a Document,
    /// What it is written in.
    pub language: Language,
    /// Every sentence in reading order.
    pub sentences: Vec<Sentence>,
    /// Every word of every sentence.
    pub tokens: Vec<Token>,
    /// The distinct words, case folded.
    pub words: Vec<String>,
    /// How each distinct word is written.
    pub usage: Vec<Usage>,
}

impl<'a> Corpus<'a> {
    /// Reads a document.
    pub fn read(document: &'a Document) -> Self {
        let language = Language::detect(document);
        let mut corpus = Self {
            document,
            language,
            sentences: Vec::new(),
            tokens: Vec::new(),
            words: Vec::new(),
            usage: Vec::new(),
        };
        let mut ids = HashMap::new();
        for (page, text) in document.pages.iter().map(|page| page.text.as_str()).enumerate() {
            let mut paragraph = None;
            for span in segment::sentences(text) {
                let first = corpus.tokens.len();
                corpus.tokenize(text, span.bytes.clone(), &mut ids);
                let opens = paragraph.replace(span.paragraph) != Some(span.paragraph);
                corpus.sentences.push(Sentence {
                    page,
                    bytes: span.bytes,
                    chars: span.chars,
                    tokens: first..corpus.tokens.len(),
                    opens,
                    usable: false,
                    orders: false,
                    content: Vec::new(),
                });
            }
        }
        corpus.learn();
        corpus.judge();
        corpus
    }

    /// The source text of a sentence.
    pub fn text(&self, sentence: &Sentence) -> &'a str {
        &self.document.pages[sentence.page].text[sentence.bytes.clone()]
    }

    /// The source text between two tokens of a page.
    pub fn gap(&self, page: usize, left: &Token, right: &Token) -> &'a str {
        &self.document.pages[page].text[left.bytes.end..right.bytes.start]
    }

    /// The tokens of a sentence.
    pub fn tokens_of(&self, sentence: &Sentence) -> &[Token] {
        &self.tokens[sentence.tokens.clone()]
    }

    /// Whether two neighbouring tokens belong to one phrase.
    pub fn adjoining(&self, page: usize, left: &Token, right: &Token) -> bool {
        match self.gap(page, left, right) {
            " " | "\n" => true,
            "" => self.language == Language::Chinese,
            _ => false,
        }
    }

    fn tokenize(&mut self, text: &str, range: Range<usize>, ids: &mut HashMap<String, WordId>) {
        let lexicon = Lexicon::of(self.language);
        let mut pieces: Vec<Range<usize>> = Vec::new();
        for (at, word) in text[range.clone()].unicode_word_indices() {
            let start = range.start + at;
            let end = start + word.len();
            let elided = (self.language == Language::French).then(|| word.find(['\'', '’'])).flatten();
            match pieces.last_mut() {
                Some(last) if matches!(&text[last.end..start], "-" | "\u{2010}" | "\u{2011}") => {
                    last.end = end
                }
                _ => match elided {
                    Some(cut) => {
                        pieces.push(start..start + cut);
                        let mark = text[start + cut..].chars().next().map_or(0, char::len_utf8);
                        pieces.push(start + cut + mark..end);
                    }
                    None => pieces.push(start..end),
                },
            }
        }
        for bytes in pieces {
            let surface = &text[bytes.clone()];
            let folded = surface.to_lowercase();
            let word = match ids.get(&folded) {
                Some(id) => *id,
                None => {
                    let id = self.words.len() as WordId;
                    ids.insert(folded.clone(), id);
                    self.words.push(folded);
                    self.usage.push(Usage::default());
                    id
                }
            };
            let role = lexicon.role(&self.words[word as usize]).or_else(|| self.noun_role(lexicon, surface));
            let mut chars = surface.chars();
            let first = chars.next();
            self.tokens.push(Token {
                bytes,
                word,
                role,
                capital: first.is_some_and(char::is_uppercase),
                digit: first.is_some_and(char::is_numeric),
            });
        }
    }

    /// German lists its general nouns with their capital.
    fn noun_role(&self, lexicon: &Lexicon, surface: &str) -> Option<Role> {
        (self.language == Language::German).then(|| lexicon.role(surface)).flatten()
    }

    /// Gathers how words are written and which ones act as verbs.
    fn learn(&mut self) {
        for sentence in &self.sentences {
            for position in sentence.tokens.clone().skip(1) {
                let token = &self.tokens[position];
                let before = &self.tokens[position - 1];
                let usage = &mut self.usage[token.word as usize];
                if token.capital {
                    usage.capital += 1;
                } else {
                    usage.lower += 1;
                    let drives = matches!(
                        self.words[before.word as usize].as_str(),
                        "to" | "can"
                            | "could"
                            | "may"
                            | "might"
                            | "must"
                            | "should"
                            | "will"
                            | "would"
                            | "it"
                            | "they"
                            | "he"
                            | "she"
                            | "we"
                            | "you"
                            | "which"
                            | "that"
                            | "who"
                            | "cannot"
                            | "and"
                    );
                    // "and" and "to" also join nouns, so they count less than the others.
                    let weak = matches!(self.words[before.word as usize].as_str(), "and" | "to" | "that");
                    usage.verb += if drives && !weak { 2 } else { u32::from(drives) };
                }
            }
        }
    }

    fn judge(&mut self) {
        let lexicon = Lexicon::of(self.language);
        let mut seen: HashSet<Vec<WordId>> = HashSet::new();
        for index in 0..self.sentences.len() {
            let sentence = &self.sentences[index];
            let tokens = self.tokens_of(sentence);
            let mut content: Vec<WordId> =
                tokens.iter().filter(|token| token.role.is_none()).map(|token| token.word).collect();
            content.sort_unstable();
            content.dedup();
            let orders = self.gives_order(lexicon, tokens);
            let usable = is_whole(self.text(sentence), self.language)
                && !self.is_foreign(tokens)
                && self.fits(tokens)
                && tokens.first().is_some_and(|token| !lexicon.refers_back(&self.words[token.word as usize]))
                && tokens
                    .first()
                    .is_some_and(|token| token.capital || token.digit || !self.language.has_case())
                && content.len() >= 2
                && seen.insert(tokens.iter().map(|token| token.word).collect());
            let sentence = &mut self.sentences[index];
            sentence.content = content;
            sentence.usable = usable;
            sentence.orders = orders;
        }
    }

    /// Whether a sentence is one that the translator left in English.
    fn is_foreign(&self, tokens: &[Token]) -> bool {
        if self.language == Language::English {
            return false;
        }
        let common = |language| {
            let lexicon = Lexicon::of(language);
            let is_common = |token: &&Token| lexicon.role(&self.words[token.word as usize]).is_some();
            tokens.iter().filter(is_common).count()
        };
        let english = common(Language::English);
        english > 2 && english > common(self.language)
    }

    fn gives_order(&self, lexicon: &Lexicon, tokens: &[Token]) -> bool {
        let word = |at: usize| tokens.get(at).map(|token: &Token| self.words[token.word as usize].as_str());
        let Some(first) = word(0) else { return false };
        match self.language {
            Language::German => word(1) == Some("sie") && tokens[1].capital,
            Language::French => lexicon.gives_order(first) || (first.len() > 4 && first.ends_with("ez")),
            Language::Russian => {
                lexicon.gives_order(first)
                    || (first.chars().count() > 5 && (first.ends_with("йте") || first.ends_with("ите")))
            }
            _ => lexicon.gives_order(first),
        }
    }

    fn fits(&self, tokens: &[Token]) -> bool {
        match self.language {
            Language::Chinese => (8..=90).contains(&tokens.len()),
            // Arabic and Russian say with five words what takes eight in English.
            Language::Arabic | Language::Russian => (5..=36).contains(&tokens.len()),
            _ => (6..=40).contains(&tokens.len()),
        }
    }
}

/// Whether a sentence is prose: a statement, with balanced brackets and quotes, and mostly letters.
fn is_whole(text: &str, language: Language) -> bool {
    let last = text.trim_end_matches(['"', '”', '’', '»', ')', ']', '」', '』', '）']).chars().next_back();
    if !matches!(last, Some('.' | '!' | '。' | '！' | '।')) || text.contains("__") || text.contains("://")
    {
        return false;
    }
    if text.contains(['@', '|', '=', '\\', '{', '}', '<', '>', '#', '`', '~', '\t', '\u{FFFD}', '□', '•'])
        || text.starts_with('[')
        || text.contains("..")
    {
        return false;
    }
    let (mut depth, mut letters, mut visible, mut straight) = (0_i32, 0_usize, 0_usize, 0_usize);
    for c in text.chars() {
        match c {
            '(' | '[' | '“' | '«' | '「' | '（' | '„' => depth += 1,
            ')' | ']' | '»' | '」' | '）' => depth -= 1,
            '”' if language != Language::German => depth -= 1,
            '"' => straight += 1,
            _ => {}
        }
        letters += usize::from(c.is_alphabetic());
        visible += usize::from(!c.is_whitespace());
        if depth < 0 {
            return false;
        }
    }
    let balanced = depth == 0 || (language == Language::German && text.contains('„'));
    balanced
        && language.writes(text)
        && straight.is_multiple_of(2)
        && letters * 10 >= visible * 7
        && (language == Language::Chinese || !text.chars().any(is_han))
}
