//! Cuts a page into sentences.

use std::ops::Range;

use super::language::Language;

/// Abbreviations that a sentence does not end with, in lower case and without their last dot.
const TITLES: &[&str] = &[
    "dr", "mr", "mrs", "ms", "prof", "st", "vs", "fig", "figs", "no", "nr", "vol", "ed", "eds", "approx",
    "e.g", "i.e", "cf", "al", "gen", "col", "capt", "lt", "sgt", "rev", "hon", "sr", "sra", "dra", "ud",
    "uds", "p", "pp", "pág", "art", "cap", "núm", "m", "mme", "mlle", "z.b", "bzw", "ca", "d.h", "u.a",
    "vgl", "abb", "hr", "fr", "т.е", "т.к", "др", "рис", "стр", "им", "св", "ул", "eq", "sec", "ch", "jan",
    "feb", "mar", "apr", "aug", "sept", "oct", "nov", "dec", "ex", "p.ej", "n",
];

/// Abbreviations that may end a sentence: they do where a capital letter follows.
const TAILS: &[&str] = &[
    "etc", "usw", "u.s", "u.k", "u.s.a", "a.m", "p.m", "b.c", "a.d", "inc", "ltd", "co", "jr", "г", "гг",
    "в", "вв", "т.д", "т.п",
];

/// A sentence's place in its page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Bytes of the page's text.
    pub bytes: Range<usize>,
    /// Unicode characters of the page's text.
    pub chars: Range<usize>,
    /// Paragraph within the page, from 0.
    pub paragraph: usize,
}

/// The full sentences of a page in order. Headings, captions and other lines that no full stop,
/// question mark or exclamation mark ends are left out.
pub fn sentences(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut counted = (0, 0);
    for (paragraph, block) in blocks(text).into_iter().enumerate() {
        for bytes in split_block(text, block) {
            let start = counted.1 + text[counted.0..bytes.start].chars().count();
            let end = start + text[bytes.clone()].chars().count();
            counted = (bytes.end, end);
            spans.push(Span { bytes, chars: start..end, paragraph });
        }
    }
    spans
}

/// Runs of lines that belong together: split at blank lines, list items and headings.
fn blocks(text: &str) -> Vec<Range<usize>> {
    let mut blocks: Vec<Range<usize>> = Vec::new();
    let mut open: Option<Range<usize>> = None;
    let mut widest = 0;
    let mut previous = "";
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let (start, end) = (at, at + line.len());
        at = end;
        let content = line.trim();
        let width = content.chars().count();
        if content.is_empty() {
            blocks.extend(open.take());
            widest = 0;
        } else {
            let item = marker(content);
            let heading = !ends_sentence(previous)
                && previous.chars().count() * 10 < widest.max(width) * 6
                && content.chars().next().is_some_and(char::is_uppercase);
            if item > 0 || heading {
                blocks.extend(open.take());
                widest = 0;
            }
            let indent = line.len() - line.trim_start().len();
            let from = open.take().map_or(start + indent + item, |block| block.start);
            open = Some(from..end);
            widest = widest.max(width);
        }
        previous = content;
    }
    blocks.extend(open);
    blocks
}

/// Bytes of the list marker a line begins with, such as `- `, `• `, `3. ` or `b) `.
fn marker(line: &str) -> usize {
    let Some((head, tail)) = line.split_once(char::is_whitespace) else { return 0 };
    let bullet = matches!(head, "-" | "*" | "•" | "◦" | "▪" | "–" | "—" | "·" | "‣" | "+" | "o");
    let numbered = head.strip_suffix(['.', ')']).is_some_and(|label| {
        let label = label.trim_start_matches('(');
        let digits =
            !label.is_empty() && label.split('.').all(|part| part.len() <= 2 && part.parse::<u8>().is_ok());
        digits || (label.len() == 1 && label.chars().all(|c| c.is_ascii_lowercase()))
    });
    if bullet || numbered { line.len() - tail.trim_start().len() } else { 0 }
}

fn ends_sentence(line: &str) -> bool {
    line.trim_end_matches(is_closing).ends_with(is_terminator)
}

fn split_block(text: &str, block: Range<usize>) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    let mut start = block.start;
    let mut chars = text[block.clone()].char_indices().map(|(i, c)| (block.start + i, c)).peekable();
    while let Some((at, c)) = chars.next() {
        if !is_terminator(c) {
            continue;
        }
        let mut end = at + c.len_utf8();
        while let Some((next, _)) = chars.next_if(|(_, c)| is_closing(*c) || is_terminator(*c)) {
            end = next + text[next..].chars().next().map_or(0, char::len_utf8);
        }
        let rest = &text[end..block.end];
        if is_boundary(&text[start..at], c, rest) {
            push_trimmed(text, start..end, &mut sentences);
            start = end;
        }
    }
    sentences
}

fn push_trimmed(text: &str, range: Range<usize>, into: &mut Vec<Range<usize>>) {
    let raw = &text[range.clone()];
    let start = range.start + (raw.len() - raw.trim_start().len());
    if start < range.end {
        into.push(start..range.end);
    }
}

/// Whether the terminator between `before` and `rest` ends a sentence.
fn is_boundary(before: &str, terminator: char, rest: &str) -> bool {
    if matches!(terminator, '。' | '！' | '？' | '।') {
        return true;
    }
    let next = rest.trim_start();
    let Some(first) = next.chars().next() else { return true };
    if next.len() == rest.len() {
        return false;
    }
    // A closed quotation may go on: "Why?" she asked.
    if first.is_lowercase() {
        return false;
    }
    if terminator != '.' {
        return true;
    }
    let word = before.rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '[' | '"' | '“' | '«')).next();
    let word = word.unwrap_or_default().to_lowercase();
    if TITLES.contains(&word.as_str()) {
        return false;
    }
    let mut letters = word.chars();
    let is_initial = matches!((letters.next(), letters.next()), (Some(c), None) if c.is_alphabetic())
        && before.ends_with(char::is_uppercase);
    if is_initial || (word.contains('.') && TAILS.contains(&word.as_str())) {
        // "J. Watson" and "U.S. Army" go on, "vitamin C. The body" does not.
        let next_word = next.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        return !next[next_word.len()..].starts_with('.') && Language::is_common(next_word);
    }
    if TAILS.contains(&word.as_str()) {
        return true;
    }
    // Ordinals: "am 3. Oktober".
    !(matches!(word.len(), 1 | 2)
        && word.bytes().all(|b| b.is_ascii_digit())
        && before.len() > word.len() + 1
        && is_german_month(next))
}

fn is_german_month(next: &str) -> bool {
    ["Jan", "Feb", "März", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez", "Jahrhundert"]
        .iter()
        .any(|month| next.starts_with(month))
}

const fn is_terminator(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…' | '。' | '！' | '？' | '؟' | '।')
}

const fn is_closing(c: char) -> bool {
    matches!(c, '"' | '\'' | ')' | ']' | '”' | '’' | '»' | '“' | '」' | '』' | '）')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        sentences(text).into_iter().map(|span| &text[span.bytes]).collect()
    }

    #[test]
    fn keeps_abbreviations_decimals_and_initials_together() {
        let text = "Dr. J. Watson measured 3.14 metres, i.e. Half a span. Water boils at 100 °C. The U.S. Army knew.";
        assert_eq!(
            split(text),
            [
                "Dr. J. Watson measured 3.14 metres, i.e. Half a span.",
                "Water boils at 100 °C.",
                "The U.S. Army knew."
            ]
        );
    }

    #[test]
    fn leaves_out_headings_and_markers() {
        let text = "The Cell\n\nA cell is small.\n\n1. Wash the leaf.\n- Dry the leaf well.\n\nChapter Two\nThe nucleus holds the genes, which are made of a long molecule.";
        assert_eq!(
            split(text),
            [
                "A cell is small.",
                "Wash the leaf.",
                "Dry the leaf well.",
                "The nucleus holds the genes, which are made of a long molecule."
            ]
        );
    }

    #[test]
    fn splits_other_scripts() {
        assert_eq!(split("水在零度结冰。植物需要光！"), ["水在零度结冰。", "植物需要光！"]);
        assert_eq!(
            split("Am 3. Oktober 1990 war es so weit. Alle feierten."),
            ["Am 3. Oktober 1990 war es so weit.", "Alle feierten."]
        );
        assert_eq!(split("ما هذا؟ هذا كتاب."), ["ما هذا؟", "هذا كتاب."]);
    }

    #[test]
    fn offsets_count_characters() {
        let text = "Čaj é bom. 水很好。 Das Öl brennt.";
        let chars: Vec<char> = text.chars().collect();
        for span in sentences(text) {
            assert_eq!(chars[span.chars].iter().collect::<String>(), text[span.bytes]);
        }
    }
}
