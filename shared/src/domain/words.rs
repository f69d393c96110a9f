//! Text as search engines see it: words, without regard to case and accents. MongoDB's text index (version 3) parts
//! and folds words by these rules; the SQLite store is given words parted and folded here, so that both find the same.

use std::ops::Range;

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        Dash, Diacritic, Hyphen, PatternSyntax, QuotationMark, Script, SentenceTerminal, TerminalPunctuation,
        WhiteSpace,
    },
};
use unicode_normalization::UnicodeNormalization;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its bytes in the text.
    pub at: Range<usize>,
    /// Its letters without case and accents; never empty.
    pub folded: String,
}

/// The words of a text, in order.
pub fn words(text: &str) -> impl Iterator<Item = Word> + '_ {
    let mut chars = text.char_indices().peekable();
    std::iter::from_fn(move || {
        loop {
            let (start, first) = chars.find(|(_, c)| !parts_words(*c))?;
            let mut end = start + first.len_utf8();
            let mut folded: String = fold_letter(first).into_iter().collect();
            while let Some((at, c)) = chars.next_if(|(_, c)| !parts_words(*c)) {
                end = at + c.len_utf8();
                folded.extend(fold_letter(c));
            }
            if !folded.is_empty() {
                return Some(Word { at: start..end, folded });
            }
        }
    })
}

/// Text without regard to case, letter by letter, so that the letters keep their places.
pub fn fold_case(text: &str) -> String {
    text.chars().map(one_case).collect()
}

/// A letter in one case; where another case has more letters, the letter itself.
pub fn one_case(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    // Its upper case is that of another letter.
    if c == 'ı' {
        return c;
    }
    let upper = only(c.to_uppercase()).unwrap_or(c);
    only(upper.to_lowercase()).unwrap_or(upper)
}

/// Whether a letter is of a script whose words are written together, or with particles attached: such words are
/// looked for within others.
pub fn is_written_together(c: char) -> bool {
    if c.is_ascii() {
        return false;
    }
    let scripts = [
        Script::Han,
        Script::Hiragana,
        Script::Katakana,
        Script::Bopomofo,
        Script::Hangul,
        Script::Thai,
        Script::Lao,
        Script::Khmer,
        Script::Myanmar,
    ];
    scripts.contains(&CodePointMapData::<Script>::new().get(c))
}

const BYTE_ORDER_MARK: char = '\u{feff}';

fn parts_words(c: char) -> bool {
    if c.is_ascii_alphanumeric() {
        return false;
    }
    // MongoDB takes no other control character for a boundary than those that are white space.
    c == '\0'
        || CodePointSetData::new::<PatternSyntax>().contains(c)
        || CodePointSetData::new::<WhiteSpace>().contains(c)
        || CodePointSetData::new::<Dash>().contains(c)
        || CodePointSetData::new::<Hyphen>().contains(c)
        || CodePointSetData::new::<QuotationMark>().contains(c)
        || CodePointSetData::new::<TerminalPunctuation>().contains(c)
        || CodePointSetData::new::<SentenceTerminal>().contains(c)
}

/// A letter in one case and without accents; none where it is an accent itself.
fn fold_letter(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(c.to_ascii_lowercase());
    }
    let is_accent = |c: &char| CodePointSetData::new::<Diacritic>().contains(*c);
    if is_accent(&c) || c == BYTE_ORDER_MARK {
        return None;
    }
    let lower = one_case(c);
    let plain = only([lower].into_iter().nfd().filter(|c| !is_accent(c)).nfc());
    // Without its dot İ is a capital.
    Some(plain.map_or(lower, one_case))
}

/// The only letter, where there is just one.
fn only(mut letters: impl Iterator<Item = char>) -> Option<char> {
    let letter = letters.next()?;
    letters.next().is_none().then_some(letter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded(text: &str) -> Vec<String> {
        words(text).map(|word| word.folded).collect()
    }

    #[test]
    fn words_are_parted_and_folded() {
        for (text, wanted) in [
            ("", vec![]),
            ("  …  —!", vec![]),
            ("Hello, World", vec!["hello", "world"]),
            ("l'été d’Émile", vec!["l", "ete", "d", "emile"]),
            ("state-of-the-art", vec!["state", "of", "the", "art"]),
            ("snake_case x2 3.14", vec!["snake_case", "x2", "3", "14"]),
            ("e\u{301}te\u{301}", vec!["ete"]),
            ("ΟΔΟΣ οδός", vec!["οδοσ", "οδοσ"]),
            ("Straße STRASSE", vec!["straße", "strasse"]),
            ("Ёлка ёлка", vec!["елка", "елка"]),
            ("光合作用。植物", vec!["光合作用", "植物"]),
            ("C++ #tag @you", vec!["c", "tag", "you"]),
            ("µm μm", vec!["μm", "μm"]),
            ("\u{feff}kız KIZ İ", vec!["kız", "kiz", "i"]),
        ] {
            assert_eq!(folded(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn scripts_without_spaces_are_known() {
        assert!("光あアก한".chars().all(is_written_together));
        assert!(!"aé1яא".chars().any(is_written_together));
    }

    proptest! {
        #[test]
        fn a_word_is_a_word_again(text in "\\PC{0,60}") {
            for word in words(&text) {
                let there = &text[word.at.clone()];
                prop_assert_eq!(folded(there), vec![word.folded.clone()]);
                prop_assert_eq!(folded(&word.folded), vec![word.folded]);
            }
        }

        #[test]
        fn folded_case_keeps_the_places(text in "\\PC{0,60}") {
            let once = fold_case(&text);
            prop_assert_eq!(once.chars().count(), text.chars().count());
            prop_assert_eq!(fold_case(&once), once);
        }
    }
}
