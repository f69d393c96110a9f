//! The words by which flaws are known, and texts in the form in which they are looked for.

use std::collections::HashMap;
use std::sync::LazyLock;

use shared::domain::{is_written_together, words};

use crate::local::language::Language;

/// A list of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum List {
    /// "All of the above" and its like.
    AllOrNone,
    /// Words that open a question.
    Asking,
    /// Words that open a clause whose negation is not that of the question.
    Clause,
    /// Negations.
    Negation,
    /// "Except".
    Except,
    /// Words that admit no exception.
    Absolute,
    /// Words that leave open how often or how sure.
    Vague,
    /// Words that send the reader back to the source.
    Source,
    /// All that a question says which is about nothing.
    Unfocused,
    /// Words that join two things.
    And,
}

impl List {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "all_or_none" => Self::AllOrNone,
            "asking" => Self::Asking,
            "clause" => Self::Clause,
            "negation" => Self::Negation,
            "except" => Self::Except,
            "absolute" => Self::Absolute,
            "vague" => Self::Vague,
            "source" => Self::Source,
            "unfocused" => Self::Unfocused,
            "and" => Self::And,
            _ => return None,
        })
    }
}

/// The lists of one language.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    lists: HashMap<List, Vec<String>>,
}

impl Vocabulary {
    /// The lists of a language; empty for one that has none.
    pub(super) fn of(language: Language) -> &'static Self {
        static ALL: LazyLock<HashMap<Language, Vocabulary>> = LazyLock::new(|| {
            [
                (Language::English, include_str!("words/en.txt")),
                (Language::Spanish, include_str!("words/es.txt")),
                (Language::French, include_str!("words/fr.txt")),
                (Language::German, include_str!("words/de.txt")),
                (Language::Portuguese, include_str!("words/pt.txt")),
                (Language::Russian, include_str!("words/ru.txt")),
                (Language::Arabic, include_str!("words/ar.txt")),
                (Language::Chinese, include_str!("words/zh.txt")),
            ]
            .map(|(language, text)| (language, Vocabulary::parse(text)))
            .into()
        });
        static EMPTY: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::default);
        ALL.get(&language).unwrap_or(&EMPTY)
    }

    /// A line a list: its name, a colon, and phrases parted by bars, or for [`List::Unfocused`] words parted by spaces.
    fn parse(text: &str) -> Self {
        let list = |line: &str| {
            let (name, phrases) = line.split_once(':')?;
            let list = List::named(name)?;
            let parts: Vec<String> = match list {
                List::Unfocused => phrases.split_whitespace().map(folded).collect(),
                _ => phrases.split('|').map(folded).collect(),
            };
            Some((list, parts))
        };
        Self { lists: text.lines().filter_map(list).collect() }
    }

    /// The phrases of a list.
    pub(super) fn list(&self, list: List) -> &[String] {
        self.lists.get(&list).map_or(&[], Vec::as_slice)
    }
}

fn folded(text: &str) -> String {
    words(text).map(|word| word.folded).collect::<Vec<_>>().join(" ")
}

/// A text without case, accents and punctuation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plain {
    /// Words, each between two spaces.
    text: String,
}

impl Plain {
    pub(super) fn of(text: &str) -> Self {
        Self { text: format!(" {} ", folded(text)) }
    }

    /// The words.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.text.split_whitespace()
    }

    /// Words; two characters of scripts without spaces count as one.
    pub(super) fn length(&self) -> usize {
        let together = self.text.chars().filter(|c| is_written_together(*c)).count();
        let apart = self.words().filter(|word| !word.contains(is_written_together)).count();
        apart + together.div_ceil(2)
    }

    /// Where a phrase stands, in bytes.
    pub(super) fn find(&self, phrase: &str) -> Option<usize> {
        if phrase.is_empty() {
            return None;
        }
        if phrase.contains(is_written_together) {
            return self.text.find(phrase);
        }
        self.text
            .match_indices(phrase)
            .map(|(at, _)| at)
            .find(|at| self.text[..*at].ends_with(' ') && self.text[at + phrase.len()..].starts_with(' '))
    }

    /// How often phrases of a list stand in it, none within another.
    pub(super) fn count(&self, phrases: &[String]) -> usize {
        phrases
            .iter()
            .map(|phrase| {
                let spaced = !phrase.contains(is_written_together);
                let free = |at: usize| {
                    !spaced
                        || (self.text[..at].ends_with(' ') && self.text[at + phrase.len()..].starts_with(' '))
                };
                self.text.match_indices(phrase.as_str()).filter(|(at, _)| free(*at)).count()
            })
            .sum()
    }

    /// Whether a phrase of a list stands in it.
    pub(super) fn has(&self, phrases: &[String]) -> bool {
        phrases.iter().any(|phrase| self.find(phrase).is_some())
    }

    /// Whether another text stands in it word for word.
    pub(super) fn holds(&self, other: &Self) -> bool {
        self.find(other.text.trim()).is_some()
    }

    /// The text between two bytes, or from one to the end.
    pub(super) fn slice(&self, bytes: std::ops::Range<usize>) -> Self {
        Self { text: format!(" {} ", self.text.get(bytes).unwrap_or_default().trim()) }
    }

    /// Bytes.
    pub(super) fn end(&self) -> usize {
        self.text.len()
    }

    /// The text itself.
    pub(super) fn as_str(&self) -> &str {
        self.text.trim()
    }
}

/// A text without what stands between quotation marks.
pub(super) fn unquoted(text: &str) -> String {
    let mut depth = 0_usize;
    let mut straight = false;
    text.chars()
        .filter(|c| {
            match c {
                '“' if depth > 0 => depth -= 1,
                '“' | '«' | '„' | '「' | '『' => depth += 1,
                '”' | '»' | '」' | '』' => depth = depth.saturating_sub(1),
                '"' => straight = !straight,
                _ => return depth == 0 && !straight,
            }
            false
        })
        .collect()
}

/// A text without what is set off: words in capitals, between `**` or `__`, or in `<b>`, `<u>`, `<em>`, `<strong>`.
pub(super) fn unmarked(text: &str) -> String {
    let mut plain = text.to_owned();
    for (open, close) in
        [("**", "**"), ("<b>", "</b>"), ("<u>", "</u>"), ("<em>", "</em>"), ("<strong>", "</strong>")]
    {
        while let Some(start) = plain.find(open) {
            let Some(length) = plain[start + open.len()..].find(close) else { break };
            plain.replace_range(start..start + open.len() + length + close.len(), " ");
        }
    }
    let shouted = |word: &str| {
        let mut letters = word.chars().filter(|c| c.is_alphabetic()).peekable();
        letters.peek().is_some()
            && word.chars().filter(|c| c.is_alphabetic()).count() > 1
            && letters.all(char::is_uppercase)
    };
    plain.split_whitespace().filter(|word| !shouted(word)).collect::<Vec<_>>().join(" ")
}
