//! Other forms of a typed answer. A model may name what it likes: only those stay that say the same as the answer, which
//! the quote proves, or that the document itself puts beside it.

use std::cell::OnceCell;

use shared::domain::{fold, is_written_together, words};

use super::intake::folded;
use crate::document::Document;

/// Most words, and how many times the letters, that a longer form has beyond a shorter one: "of" is none of "United
/// States of America".
const WORDS_MORE: usize = 3;
const TIMES_LONGER: usize = 3;

/// Tells forms of the answers that a document proves.
pub(super) struct Forms<'a> {
    document: &'a Document,
    /// Its pages as texts are compared, once that is needed.
    pages: OnceCell<Vec<String>>,
}

impl<'a> Forms<'a> {
    pub(super) fn of(document: &'a Document) -> Self {
        Self { document, pages: OnceCell::new() }
    }

    /// Whether a variant of an answer may be marked right: a longer or shorter form of it, its initials or what they
    /// stand for, or another name that the document gives it in brackets, after an equals sign or after a stroke.
    pub(super) fn has(&self, answer: &str, variant: &str) -> bool {
        is_longer(answer, variant)
            || is_longer(variant, answer)
            || are_initials(answer, variant)
            || are_initials(variant, answer)
            || self.puts_together(answer, variant)
    }

    fn puts_together(&self, answer: &str, variant: &str) -> bool {
        let (answer, variant) = (folded(answer), folded(variant));
        let signs = [(&answer, &variant), (&variant, &answer)].map(|(one, other)| {
            [
                format!("{one} ({other})"),
                format!("{one}（{other}）"),
                format!("{one} = {other}"),
                format!("{one}/{other}"),
            ]
        });
        let pages =
            self.pages.get_or_init(|| self.document.pages.iter().map(|page| folded(&page.text)).collect());
        pages.iter().any(|page| signs.iter().flatten().any(|sign| stands_alone(page, sign)))
    }
}

/// Whether one text has all words of the other, and not many more.
fn is_longer(one: &str, other: &str) -> bool {
    if one.chars().any(is_written_together) {
        let (one, other) = (fold(one), fold(other));
        return !other.is_empty() && one.contains(&other) && one.len() <= TIMES_LONGER * other.len();
    }
    let folded = |text: &str| words(text).map(|word| word.folded).collect::<Vec<_>>();
    let (has, wanted) = (folded(one), folded(other));
    let letters = |words: &[String]| words.iter().map(String::len).sum::<usize>();
    !wanted.is_empty()
        && wanted.iter().all(|word| has.contains(word))
        && has.len() <= wanted.len() + WORDS_MORE
        && letters(&has) <= TIMES_LONGER * letters(&wanted)
}

/// Whether the letters of one text begin the words of the other.
fn are_initials(short: &str, long: &str) -> bool {
    let initials: String = words(long).filter_map(|word| word.folded.chars().next()).collect();
    let letters: String =
        short.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    initials.chars().count() > 1 && initials == letters
}

/// Whether a text has these words, and not as the end or the beginning of longer ones.
fn stands_alone(text: &str, words: &str) -> bool {
    let joins =
        |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() && !is_written_together(char));
    text.match_indices(words).any(|(start, found)| {
        !joins(text[..start].chars().next_back()) && !joins(text[start + found.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_an_answer_stay_and_other_answers_do_not() {
        let text = "Adenosine triphosphate (ATP) carries energy. Plants make sucrose/table sugar, and force = push. 光合作用（光能合成）很重要。";
        let document = Document::from_text(text);
        let forms = Forms::of(&document);
        for (answer, variant) in [
            ("cell membrane", "the Cell Membrane"),
            ("membrane", "cell membrane"),
            ("United States of America", "America"),
            ("random access memory", "RAM"),
            ("R.A.M.", "random access memory"),
            ("adenosine triphosphate", "ATP"),
            ("sucrose", "table sugar"),
            ("Push", "force"),
            ("光合作用", "光能合成"),
            ("细胞膜", "膜"),
        ] {
            assert!(forms.has(answer, variant), "{answer} {variant}");
        }
        for (answer, variant) in [
            ("nitrate", "nitrite"),
            ("carbon dioxide", "CO"),
            ("United States of America", "of"),
            ("glucose", "glucose, and now buy it all"),
            ("1945", "1946"),
            ("energy", "force"),
            ("sugar", "sucrose"),
            ("adenosine", "triphosphate"),
            ("water", ""),
            ("光合作用", "呼吸作用"),
        ] {
            assert!(!forms.has(answer, variant), "{answer} {variant}");
        }
    }
}
