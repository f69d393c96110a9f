//! Which language a text is written in.

use unicode_segmentation::UnicodeSegmentation;

use super::lexicon::{Lexicon, Role};
use crate::document::Document;

/// A language the generator has word lists and question stems for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    English,
    /// Spanish.
    Spanish,
    /// French.
    French,
    /// German.
    German,
    /// Portuguese.
    Portuguese,
    /// Russian.
    Russian,
    /// Arabic.
    Arabic,
    /// Chinese.
    Chinese,
    /// Any other: no word lists, stems in English.
    Other,
}

/// Words looked at; more do not change the verdict.
const SAMPLE: usize = 4_000;

impl Language {
    const SPACED: [Self; 7] = [
        Self::English,
        Self::Spanish,
        Self::French,
        Self::German,
        Self::Portuguese,
        Self::Russian,
        Self::Arabic,
    ];

    /// The language most of the document is written in, told by its script and its function words.
    pub fn detect(document: &Document) -> Self {
        let stride = (document.words() / SAMPLE).max(1);
        let all = document.pages.iter().flat_map(|page| page.text.split_whitespace());
        let (best, hits, words) = Self::likeliest(all.step_by(stride).take(SAMPLE));
        // Running text has 35–50 % function words in its own language, related ones share under 20 %.
        if best == Self::Chinese || (hits > 0 && hits * 100 >= words * best.threshold()) {
            best
        } else {
            Self::Other
        }
    }

    /// The likeliest language of a few words, such as those of a question.
    pub fn of_words<'a>(pieces: impl Iterator<Item = &'a str> + Clone) -> Self {
        let script = |range: std::ops::RangeInclusive<char>| {
            pieces.clone().flat_map(str::chars).filter(|c| range.contains(c)).count()
        };
        let (best, hits, words) = Self::likeliest(pieces.clone().flat_map(|piece| piece.split(['\'', '’'])));
        match (hits, script('\u{400}'..='\u{4FF}'), script('\u{620}'..='\u{64A}')) {
            (1.., ..) => best,
            (0, cyrillic, _) if cyrillic > words => Self::Russian,
            (0, _, arabic) if arabic > words => Self::Arabic,
            _ => Self::Other,
        }
    }

    /// The language with most of its function words in a text, how many they are, and of how many words.
    fn likeliest<'a>(pieces: impl Iterator<Item = &'a str>) -> (Self, usize, usize) {
        let mut words = 0_usize;
        let mut han = 0_usize;
        let mut hits = [0_usize; Self::SPACED.len()];
        for piece in pieces {
            for word in piece.unicode_words().take(200) {
                words += 1;
                if word.chars().all(is_han) {
                    han += 1;
                    continue;
                }
                let word = word.to_lowercase();
                for (language, hits) in Self::SPACED.iter().zip(&mut hits) {
                    *hits += usize::from(Lexicon::of(*language).role(&word).is_some_and(is_function));
                }
            }
        }
        if han * 2 > words {
            return (Self::Chinese, han, words);
        }
        let best = Self::SPACED.into_iter().zip(hits).rev().max_by_key(|(_, hits)| *hits);
        let (language, hits) = best.unwrap_or((Self::Other, 0));
        (language, hits, words)
    }

    /// Whether a sentence is in the script of the language, as one that a translator left out is not.
    pub fn writes(self, text: &str) -> bool {
        let own = |c: &char| match self {
            Self::Russian => matches!(c, '\u{400}'..='\u{4FF}'),
            Self::Arabic => matches!(c, '\u{600}'..='\u{6FF}'),
            Self::Chinese => is_han(*c),
            _ => true,
        };
        let letters = text.chars().filter(|c| c.is_alphabetic());
        let (all, owned) =
            letters.fold((0_usize, 0_usize), |(all, owned), c| (all + 1, owned + usize::from(own(&c))));
        // A Chinese character stands for two or three letters.
        let least = if self == Self::Chinese { 3 } else { 2 };
        owned * least >= all
    }

    /// Whether a word is a common one in any of the languages.
    pub fn is_common(word: &str) -> bool {
        let word = word.to_lowercase();
        Self::SPACED.iter().any(|language| Lexicon::of(*language).role(&word).is_some())
    }

    const fn threshold(self) -> usize {
        match self {
            Self::Russian | Self::Arabic => 8,
            _ => 22,
        }
    }

    /// The language a tag such as `en`, `pt-BR` or `English` names.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let tag = tag.trim().to_lowercase();
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        Some(match primary {
            "en" | "eng" | "english" => Self::English,
            "es" | "spa" | "spanish" | "español" => Self::Spanish,
            "fr" | "fra" | "french" | "français" => Self::French,
            "de" | "deu" | "german" | "deutsch" => Self::German,
            "pt" | "por" | "portuguese" | "português" => Self::Portuguese,
            "ru" | "rus" | "russian" | "русский" => Self::Russian,
            "ar" | "ara" | "arabic" | "العربية" => Self::Arabic,
            "zh" | "zho" | "cmn" | "chinese" | "中文" => Self::Chinese,
            _ => return None,
        })
    }

    /// Whether a comma marks decimals.
    pub const fn decimal_comma(self) -> bool {
        matches!(self, Self::Spanish | Self::French | Self::German | Self::Portuguese | Self::Russian)
    }
}

fn is_function(role: Role) -> bool {
    !matches!(role, Role::Noise | Role::Verb | Role::Filler)
}

/// Whether a character is a Chinese one.
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}')
}

impl Language {
    /// Whether sentences begin with a capital letter.
    pub const fn has_case(self) -> bool {
        !matches!(self, Self::Arabic | Self::Chinese | Self::Other)
    }
}
