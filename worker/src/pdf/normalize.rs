//! From the lines of a page to its paragraphs, the same whatever program made the document.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;

use super::running;
use crate::document::{Document, Page};

/// Marks a place where a word may be parted; a part of the text only at the end of a line.
const SOFT_HYPHEN: char = '\u{ad}';

/// Words before which a hyphen stands for a missing second part, as in "pre- and post-war".
const CONJUNCTIONS: [&str; 10] = ["and", "or", "to", "und", "oder", "bis", "et", "ou", "y", "e"];

/// A paragraph shorter than this, in characters, does not go on in the next block.
const LONG_PARAGRAPH: usize = 40;

/// A page as an engine reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RawPage {
    /// From 1.
    pub(super) number: u32,
    /// In reading order.
    pub(super) blocks: Vec<Block>,
}

/// Lines that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) kind: Kind,
    pub(super) lines: Vec<String>,
}

/// What a block is to its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Running text, which a column's or a page's end may interrupt.
    Prose,
    /// Text of its own: a heading, an entry of a list, a row of a table.
    Item,
}

/// The document that `pages` hold. A page without text is left out.
pub(super) fn document(mut pages: Vec<RawPage>) -> Document {
    for block in pages.iter_mut().flat_map(|page| &mut page.blocks) {
        for line in &mut block.lines {
            *line = clean(line);
        }
        block.lines.retain(|line| !line.is_empty());
    }
    running::remove(&mut pages);
    let words = Words::of(&pages);
    let pages = pages.into_iter().filter_map(|page| {
        let text = words.page(&page.blocks);
        (!text.is_empty()).then_some(Page { number: Some(page.number), text })
    });
    Document::from_pages(pages.collect())
}

/// One line in NFKC with single spaces and nothing invisible but a soft hyphen at its end.
fn clean(line: &str) -> String {
    let visible: String = line.nfkc().filter(|char| char.is_whitespace() || !is_invisible(*char)).collect();
    let mut line = String::with_capacity(visible.len());
    for word in visible.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let parted = line.ends_with(SOFT_HYPHEN);
    line.retain(|char| char != SOFT_HYPHEN);
    if parted && !line.is_empty() {
        line.push(SOFT_HYPHEN);
    }
    line
}

/// Control characters, directions and marks that show nothing. The joiners stay: scripts need them.
fn is_invisible(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}')
}

/// The whole words of a document in lower case, which tell what a hyphen at a line's end is for.
struct Words(HashSet<String>);

impl Words {
    fn of(pages: &[RawPage]) -> Self {
        let mut words = HashSet::new();
        for block in pages.iter().flat_map(|page| &page.blocks) {
            let mut after_hyphen = false;
            for line in &block.lines {
                let before_hyphen = line.ends_with(is_hyphen);
                let whole = usize::from(after_hyphen)..line.split(' ').count() - usize::from(before_hyphen);
                words.extend(
                    line.split(' ')
                        .take(whole.end)
                        .skip(whole.start)
                        .map(bare)
                        .filter(|word| !word.is_empty()),
                );
                after_hyphen = before_hyphen;
            }
        }
        Self(words)
    }

    /// The paragraphs of `blocks`, parted by blank lines.
    fn page(&self, blocks: &[Block]) -> String {
        let mut paragraphs: Vec<(Kind, String)> = Vec::new();
        for block in blocks {
            let mut text = String::new();
            for line in &block.lines {
                self.append(&mut text, line);
            }
            match paragraphs.last_mut() {
                _ if text.is_empty() => {}
                Some((Kind::Prose, before)) if block.kind == Kind::Prose && goes_on(before, &text) => {
                    self.append(before, &text);
                }
                _ => paragraphs.push((block.kind, text)),
            }
        }
        let texts: Vec<&str> =
            paragraphs.iter().map(|(_, text)| text.trim_end_matches(SOFT_HYPHEN)).collect();
        texts.join("\n\n")
    }

    /// Appends `line` to the lines before it.
    fn append(&self, text: &mut String, line: &str) {
        let (Some(last), Some(first)) = (text.chars().last(), line.chars().next()) else {
            text.push_str(line);
            return;
        };
        if last == SOFT_HYPHEN {
            text.pop();
        } else if is_hyphen(last) {
            match self.hyphen(text, line) {
                Hyphen::Parts => drop(text.pop()),
                Hyphen::Belongs => {}
                Hyphen::Ends => text.push(' '),
            }
        } else if !(is_unspaced(last) && is_unspaced(first)) {
            text.push(' ');
        }
        text.push_str(line);
    }

    /// What the hyphen at the end of `text` is for, with `line` below it.
    fn hyphen(&self, text: &str, line: &str) -> Hyphen {
        let stem = text.trim_end_matches(is_hyphen).rsplit(' ').next().unwrap_or_default();
        let head = line.split(' ').next().unwrap_or_default();
        let (Some(before), Some(after)) = (stem.chars().last(), head.chars().next()) else {
            return Hyphen::Ends;
        };
        if !before.is_alphanumeric() || CONJUNCTIONS.contains(&head) {
            return Hyphen::Ends;
        }
        if !(before.is_alphabetic() && after.is_lowercase()) {
            return if after.is_alphanumeric() { Hyphen::Belongs } else { Hyphen::Ends };
        }
        let (stem, head) = (bare(stem), bare(head));
        let known = |word: String| self.0.contains(&word);
        let compound = match stem.rsplit_once('-') {
            _ if known(format!("{stem}{head}")) => false,
            _ if known(format!("{stem}-{head}")) => true,
            Some((_, tail)) => known(tail.to_owned()) && known(head),
            None => false,
        };
        if compound { Hyphen::Belongs } else { Hyphen::Parts }
    }
}

/// What a hyphen at the end of a line is for.
enum Hyphen {
    /// It parts a word that has none.
    Parts,
    /// It belongs to a word that has one: "well-known".
    Belongs,
    /// It ends a word: "pre- and post-war", or is a dash.
    Ends,
}

fn is_hyphen(char: char) -> bool {
    matches!(char, '-' | '\u{2010}')
}

/// The word in lower case without the marks around it.
fn bare(word: &str) -> String {
    word.trim_matches(|char: char| !char.is_alphanumeric()).replace('\u{2010}', "-").to_lowercase()
}

/// Whether the paragraph `before` was interrupted, as at the end of a column, and `after` takes it up.
fn goes_on(before: &str, after: &str) -> bool {
    before.chars().count() >= LONG_PARAGRAPH
        && before.ends_with(|last: char| {
            last.is_alphanumeric() || matches!(last, ',' | '-' | '\u{2010}' | SOFT_HYPHEN)
        })
        && after.starts_with(char::is_lowercase)
}

/// Whether the script of `char` puts no spaces between words: Han, kana, Thai and the marks among them.
fn is_unspaced(char: char) -> bool {
    matches!(char,
        '\u{0e00}'..='\u{0e7f}' | '\u{2e80}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(kind: Kind, lines: &[&str]) -> Block {
        Block { kind, lines: lines.iter().map(|line| (*line).to_owned()).collect() }
    }

    /// The normalized text of one page.
    fn text(blocks: Vec<Block>) -> String {
        let document = document(vec![RawPage { number: 1, blocks }]);
        document.pages.into_iter().map(|page| page.text).collect()
    }

    fn prose(lines: &[&str]) -> String {
        text(vec![block(Kind::Prose, lines)])
    }

    #[test]
    fn compatibility_forms_and_ligatures_are_expanded() {
        assert_eq!(
            prose(&["e\u{301}tude of e\u{fb03}cient \u{fb01}les \u{ff21}\u{a0}x"]),
            "étude of efficient files A x"
        );
    }

    #[test]
    fn nothing_invisible_stays() {
        assert_eq!(prose(&["a\u{0}b\u{7}c\u{200b}d\u{202b}e\u{feff}\u{ad}f\tg  h"]), "abcdef g h");
        assert_eq!(prose(&["نمی\u{200c}خواهم"]), "نمی\u{200c}خواهم");
    }

    #[test]
    fn lines_are_joined_with_one_space_and_paragraphs_parted() {
        let blocks = vec![
            block(Kind::Item, &["The Cell"]),
            block(Kind::Prose, &["Cells are small. ", "They live."]),
            block(Kind::Prose, &["  ", "So do we."]),
        ];
        assert_eq!(text(blocks), "The Cell\n\nCells are small. They live.\n\nSo do we.");
    }

    #[test]
    fn hyphens_that_part_a_word_go() {
        assert_eq!(
            prose(&["photo-", "synthesis and bio\u{2010}", "logy, mem\u{ad}", "brane"]),
            "photosynthesis and biology, membrane"
        );
    }

    #[test]
    fn hyphens_that_belong_to_a_word_stay() {
        for (lines, joined) in [
            (["the well-", "known fact is well-known"], "the well-known fact is well-known"),
            (["a state-of-the-", "art lab: the art"], "a state-of-the-art lab: the art"),
            (["by Jean-", "Paul in"], "by Jean-Paul in"),
            (["COVID-", "19 and"], "COVID-19 and"),
            (["pre-", "and post-war"], "pre- and post-war"),
            (["pages 10-", "12 show"], "pages 10-12 show"),
            (["a dash -", "like this"], "a dash - like this"),
        ] {
            assert_eq!(prose(&lines), joined);
        }
    }

    #[test]
    fn lines_without_spaces_between_words_get_none() {
        assert_eq!(prose(&["細胞は生命の", "基本単位である。", "DNA"]), "細胞は生命の基本単位である。 DNA");
    }

    #[test]
    fn a_paragraph_goes_on_in_the_next_column() {
        let column = |kind, start| {
            text(vec![
                block(Kind::Prose, &["Plants turn the energy of sunlight into chem-"]),
                block(kind, &[start]),
            ])
        };
        assert_eq!(
            column(Kind::Prose, "ical energy."),
            "Plants turn the energy of sunlight into chemical energy."
        );
        assert!(column(Kind::Item, "a list").contains("\n\na list"));
        assert!(column(Kind::Prose, "Next.").contains("\n\nNext."));
    }

    #[test]
    fn a_page_without_text_is_left_out() {
        let page = |number, line: &str| RawPage { number, blocks: vec![block(Kind::Prose, &[line])] };
        let document = document(vec![page(1, "one"), page(2, " "), page(3, "three")]);
        assert_eq!(document.pages.iter().map(|page| page.number).collect::<Vec<_>>(), [Some(1), Some(3)]);
    }
}
