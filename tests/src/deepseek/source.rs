//! The sentences of a fenced document, and words in them.

/// Characters of the shortest word that questions are asked about.
const SHORTEST_WORD: usize = 4;
/// Words of a sentence that can prove something.
const FEWEST_WORDS: usize = 3;

/// A sentence of the document.
#[derive(Debug)]
pub struct Sentence<'a> {
    /// The page it is on, from 1.
    pub page: usize,
    /// The section it is in, from 1; 0 where the source has none.
    pub section: u64,
    /// Its text.
    pub text: &'a str,
    /// Its words, each once.
    pub words: Vec<&'a str>,
}

/// The different sentences of a fenced document, in order.
pub fn sentences(source: &str) -> Vec<Sentence<'_>> {
    let Some(code) = source.lines().next().and_then(|line| line.strip_prefix("<<<SOURCE ")) else {
        return Vec::new();
    };
    let (mut page, mut section) = (0, 0);
    let mut seen = std::collections::HashSet::new();
    let mut found = Vec::new();
    for line in source.lines() {
        if line.starts_with("<<<") && line.ends_with(code) {
            page += usize::from(line.starts_with("<<<PAGE "));
            section += u64::from(line.starts_with("<<<SECTION "));
            continue;
        }
        for text in line.split_inclusive(['.', '!', '?', '。']).map(str::trim) {
            let words = words(text);
            if words.len() >= FEWEST_WORDS && seen.insert(text) {
                found.push(Sentence { page, section, text, words });
            }
        }
    }
    found
}

/// The longer words of a text, each once; of scripts without spaces, any two characters.
pub fn words(text: &str) -> Vec<&str> {
    let runs = text.split(|char: char| !char.is_alphanumeric());
    distinct(runs.flat_map(|run| {
        if run.contains(unspaced) {
            return pairs(run).collect::<Vec<_>>();
        }
        Some(run).filter(|run| run.chars().count() >= SHORTEST_WORD).into_iter().collect()
    }))
}

/// Whether a character belongs to a script that puts no spaces between words.
fn unspaced(char: char) -> bool {
    char >= '\u{2e80}'
}

fn distinct<'a>(words: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = std::collections::HashSet::new();
    words.filter(|word| seen.insert(*word)).collect()
}

fn pairs(run: &str) -> impl Iterator<Item = &str> {
    let starts: Vec<_> = run.char_indices().map(|(at, _)| at).chain([run.len()]).collect();
    (0..starts.len() / 2).filter_map(move |pair| run.get(starts[pair * 2]..*starts.get(pair * 2 + 2)?))
}

/// Where `words` stands in `text` as whole words, whatever their case. Scripts without spaces have none but whole ones.
pub fn place(text: &str, words: &str) -> Option<usize> {
    let (text, words) = (text.to_lowercase(), words.to_lowercase());
    let spaced = |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() && !unspaced(char));
    let glued = |left: Option<char>, right: Option<char>| spaced(left) && spaced(right);
    if words.trim().is_empty() {
        return None;
    }
    text.match_indices(&words).map(|(at, _)| at).find(|&at| {
        let (before, after) = (&text[..at], &text[at + words.len()..]);
        !glued(before.chars().next_back(), words.chars().next())
            && !glued(words.chars().next_back(), after.chars().next())
    })
}

/// The first whole number of a text, in ASCII digits, that no sign or letter makes part of something else.
pub fn number(text: &str) -> Option<&str> {
    let digits = text.split(|char: char| !char.is_ascii_digit()).filter(|digits| !digits.is_empty());
    digits.into_iter().find(|digits| {
        let at = digits.as_ptr() as usize - text.as_ptr() as usize;
        let (before, after) = (&text[..at], &text[at + digits.len()..]);
        let apart = |char: Option<char>| char.is_none_or(|char| char.is_whitespace() || "()".contains(char));
        let ends = after.trim_start_matches(['.', ',', ';', ':', '%']);
        apart(before.chars().next_back()) && apart(ends.chars().next()) && digits.len() < 10
            // 12 000 is one number.
            && !neighbours_number(before, after)
    })
}

fn neighbours_number(before: &str, after: &str) -> bool {
    before.trim_end().ends_with(|char: char| char.is_ascii_digit())
        || after.trim_start().starts_with(|char: char| char.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_know_their_page_and_section() {
        let source = "<<<SOURCE ab\n<<<PAGE 1 ab\n<<<SECTION 1 ab\nCells divide every single day. No.\n<<<SECTION 2 ab\n<<<PAGE 2 ab\n細胞膜は物質。\n<<<END ab";
        let found: Vec<_> = sentences(source)
            .iter()
            .map(|sentence| (sentence.page, sentence.section, sentence.text))
            .collect();
        assert_eq!(found, [(1, 1, "Cells divide every single day."), (2, 2, "細胞膜は物質。")]);
    }

    #[test]
    fn words_stand_whole() {
        assert_eq!(place("A cat in a concatenation.", "Cat"), Some(2));
        assert_eq!(place("A concatenation.", "cat"), None);
        assert_eq!(place("細胞膜は物質", "胞膜"), Some(3));
    }

    #[test]
    fn numbers_are_whole() {
        let cases = [
            ("CO2 had 12 parts", Some("12")),
            ("1,234 or 5.", Some("5")),
            ("12 000 men", None),
            ("3.5 km", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(number(text), wanted, "{text}");
        }
    }
}
