//! Texts to make quizzes from, in eight languages: as many different ones as wanted, from a seed.
//!
//! Their sentences were written for these tests. Names and numbers in them are drawn by lot.

use rand::{Rng, RngExt, seq::IndexedRandom, seq::SliceRandom};

mod sentences;

pub use crate::deepseek::LANGUAGES;

/// Sentences of a section.
const SECTION: usize = 8;
/// Years that texts tell of.
const YEARS: std::ops::Range<u32> = 1500..2020;

/// A text of this many sentences, no two alike, in sections with headings.
///
/// # Panics
///
/// When the language is none of [`LANGUAGES`].
pub fn text(language: &str, sentences: usize, dice: &mut impl Rng) -> String {
    let at = LANGUAGES.iter().position(|tag| *tag == language).expect("a language of the corpus");
    let (forms, names) = (sentences::FORMS[at], sentences::NAMES[at]);
    let mut drawn: Vec<String> = Vec::with_capacity(sentences);
    let mut seen = std::collections::HashSet::new();
    while drawn.len() < sentences {
        let mut round = forms.to_vec();
        round.shuffle(dice);
        for form in round {
            let sentence = filled(form, names, dice);
            if drawn.len() < sentences && seen.insert(sentence.clone()) {
                drawn.push(sentence);
            }
        }
    }
    let gap = if language == "zh" { "" } else { " " };
    let sections = drawn.chunks(SECTION).enumerate().map(|(number, sentences)| {
        let name = names.choose(dice).copied().unwrap_or_default();
        format!("{}. {name}\n\n{}", number + 1, sentences.join(gap))
    });
    sections.collect::<Vec<_>>().join("\n\n") + "\n"
}

fn filled(form: &str, names: &[&str], dice: &mut impl Rng) -> String {
    let mut sentence = form.to_owned();
    while sentence.contains("{name}") {
        sentence = sentence.replacen("{name}", names.choose(dice).copied().unwrap_or_default(), 1);
    }
    sentence
        .replace("{year}", &dice.random_range(YEARS).to_string())
        .replace("{number}", &dice.random_range(2..1000).to_string())
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn texts_differ_by_seed_only() {
        for language in LANGUAGES {
            let written = |seed| text(language, 30, &mut StdRng::seed_from_u64(seed));
            assert_eq!(written(1), written(1));
            assert_ne!(written(1), written(2));
            assert!(!written(1).contains(['{', '}']), "{}", written(1));
        }
    }
}
