//! Other forms of a typed answer. A model may name what it likes: only those stay that say the same as the answer, which
//! the quote proves, or that the document itself puts beside it.

use shared::domain::{fold, is_written_together, words};

use super::intake::folded;
use crate::document::Document;

/// Whether a variant of an answer may be marked right: a longer or shorter form of it, its initials or what they stand
/// for, or another name that the document gives it in brackets, after an equals sign or after a stroke.
pub(super) fn is_form(document: &Document, answer: &str, variant: &str) -> bool {
    is_longer(answer, variant)
        || is_longer(variant, answer)
        || are_initials(answer, variant)
        || are_initials(variant, answer)
        || stand_together(document, answer, variant)
}

/// Whether one text has all words of the other.
fn is_longer(one: &str, other: &str) -> bool {
    if one.chars().any(is_written_together) {
        let wanted = fold(other);
        return !wanted.is_empty() && fold(one).contains(&wanted);
    }
    let has: Vec<String> = words(one).map(|word| word.folded).collect();
    let mut wanted = words(other).peekable();
    wanted.peek().is_some() && wanted.all(|word| has.contains(&word.folded))
}

/// Whether the letters of one text begin the words of the other.
fn are_initials(short: &str, long: &str) -> bool {
    let initials: String = words(long).filter_map(|word| word.folded.chars().next()).collect();
    let letters: String =
        short.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    initials.chars().count() > 1 && initials == letters
}

fn stand_together(document: &Document, answer: &str, variant: &str) -> bool {
    let (answer, variant) = (folded(answer), folded(variant));
    let pairs = [(&answer, &variant), (&variant, &answer)];
    let signs: Vec<String> = pairs
        .iter()
        .flat_map(|(one, other)| {
            [
                format!("{one} ({other})"),
                format!("{one}（{other}）"),
                format!("{one} = {other}"),
                format!("{one}/{other}"),
            ]
        })
        .collect();
    document.pages.iter().any(|page| {
        let text = folded(&page.text);
        signs.iter().any(|sign| stands_alone(&text, sign))
    })
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
        for (answer, variant) in [
            ("cell membrane", "the Cell Membrane"),
            ("membrane", "cell membrane"),
            ("random access memory", "RAM"),
            ("R.A.M.", "random access memory"),
            ("adenosine triphosphate", "ATP"),
            ("sucrose", "table sugar"),
            ("Push", "force"),
            ("光合作用", "光能合成"),
            ("细胞膜", "膜"),
        ] {
            assert!(is_form(&document, answer, variant), "{answer} {variant}");
        }
        for (answer, variant) in [
            ("nitrate", "nitrite"),
            ("carbon dioxide", "CO"),
            ("1945", "1946"),
            ("energy", "force"),
            ("sugar", "sucrose"),
            ("adenosine", "triphosphate"),
            ("water", ""),
            ("光合作用", "呼吸作用"),
        ] {
            assert!(!is_form(&document, answer, variant), "{answer} {variant}");
        }
    }
}
