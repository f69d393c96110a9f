//! Words that carry no subject matter, by language and by the part they play in a sentence.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::language::Language;

/// What a common word does in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Opens a noun phrase: articles, possessives, quantifiers.
    Determiner,
    /// Opens the complement of a phrase.
    Preposition,
    /// Forms of "to be", auxiliaries and modals.
    Auxiliary,
    /// Pronouns and relative words.
    Pronoun,
    /// Conjunctions and connecting adverbs.
    Conjunction,
    /// Frequent full verbs.
    Verb,
    /// Adverbs, number words and adjectives too general to be asked for.
    Filler,
    /// Nouns too general to be asked for.
    Noise,
}

/// The common words of a language.
#[derive(Debug, Default)]
pub struct Lexicon {
    roles: HashMap<&'static str, Role>,
    referring: HashSet<&'static str>,
    ordering: HashSet<&'static str>,
    addressing: HashSet<&'static str>,
}

impl Lexicon {
    /// The lexicon of a language; empty for one that has none.
    pub fn of(language: Language) -> &'static Self {
        static LEXICA: LazyLock<Vec<(Language, Lexicon)>> = LazyLock::new(|| {
            [
                (Language::English, include_str!("words/en.txt")),
                (Language::Spanish, include_str!("words/es.txt")),
                (Language::French, include_str!("words/fr.txt")),
                (Language::German, include_str!("words/de.txt")),
                (Language::Portuguese, include_str!("words/pt.txt")),
                (Language::Russian, include_str!("words/ru.txt")),
                (Language::Arabic, include_str!("words/ar.txt")),
                (Language::Chinese, include_str!("words/zh.txt")),
                (Language::Other, ""),
            ]
            .map(|(language, list)| (language, Lexicon::parse(list)))
            .into()
        });
        static EMPTY: LazyLock<Lexicon> = LazyLock::new(Lexicon::default);
        LEXICA.iter().find(|(of, _)| *of == language).map_or(&*EMPTY, |(_, lexicon)| lexicon)
    }

    fn parse(list: &'static str) -> Self {
        let mut lexicon = Self::default();
        for (label, words) in list.lines().filter_map(|line| line.split_once(':')) {
            let role = match label {
                "det" => Role::Determiner,
                "prep" => Role::Preposition,
                "aux" => Role::Auxiliary,
                "pron" => Role::Pronoun,
                "conj" => Role::Conjunction,
                "verb" => Role::Verb,
                "noise" => Role::Noise,
                "order" => {
                    lexicon.ordering.extend(words.split_whitespace());
                    continue;
                }
                "meta" => {
                    lexicon.addressing.extend(words.split_whitespace());
                    continue;
                }
                "ref" => {
                    lexicon.referring.extend(words.split_whitespace());
                    continue;
                }
                _ => Role::Filler,
            };
            for word in words.split_whitespace() {
                lexicon.roles.entry(word).or_insert(role);
            }
        }
        lexicon
    }

    /// The role of a word, given in lower case; `None` for a word with a meaning of its own.
    pub fn role(&self, word: &str) -> Option<Role> {
        self.roles.get(word).copied()
    }

    /// Whether a sentence that begins with this word tells the reader what to do.
    pub fn gives_order(&self, word: &str) -> bool {
        self.ordering.contains(word)
    }

    /// Whether a sentence with this word speaks of itself, its writer or its reader rather than of its subject.
    pub fn addresses(&self, word: &str) -> bool {
        self.addressing.contains(word)
    }

    /// Whether a sentence that begins with this word leans on the sentence before it.
    pub fn refers_back(&self, word: &str) -> bool {
        self.referring.contains(word)
    }
}
