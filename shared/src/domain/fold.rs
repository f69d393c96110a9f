//! How typed answers are compared.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Folds away what a student should not lose points for: case, accents, punctuation at the edges,
/// runs of white space, a leading English article and a regular English plural of each word.
pub fn fold(text: &str) -> String {
    let plain: String = text.nfkd().filter(|c| !is_combining_mark(*c)).collect::<String>().to_lowercase();
    let words: Vec<&str> = plain
        .split_whitespace()
        .map(|word| word.trim_matches(|c: char| c.is_ascii_punctuation() && c != '-' && c != '+' && c != '%'))
        .filter(|word| !word.is_empty())
        .collect();
    let words = match words.as_slice() {
        ["the" | "a" | "an", rest @ ..] if !rest.is_empty() => rest,
        all => all,
    };
    words.iter().map(|word| singular(word)).collect::<Vec<_>>().join(" ")
}

fn singular(word: &str) -> String {
    if !word.is_ascii() || word.len() < 4 {
        return word.to_owned();
    }
    if let Some(stem) = word.strip_suffix("ies") {
        return format!("{stem}y");
    }
    for ending in ["sses", "shes", "ches", "xes", "zes"] {
        if word.ends_with(ending) {
            return word[..word.len() - 2].to_owned();
        }
    }
    match word.strip_suffix('s') {
        Some(stem) if !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn folds_case_space_accents_and_plurals() {
        for (a, b) in [
            ("Mitochondria ", "mitochondria"),
            ("  the   Cell walls", "cell wall"),
            ("Café", "cafe"),
            ("theories", "Theory"),
            ("glasses", "glass"),
            ("boxes.", "box"),
            ("Ångström", "angstrom"),
            ("ＡＴＰ", "atp"),
        ] {
            assert_eq!(fold(a), fold(b), "{a:?} and {b:?}");
        }
    }

    #[test]
    fn keeps_what_differs() {
        for (a, b) in [("glass", "glas"), ("bus", "bu"), ("-5", "5"), ("axis", "axi"), ("", "x")] {
            assert_ne!(fold(a), fold(b), "{a:?} and {b:?}");
        }
    }
}
