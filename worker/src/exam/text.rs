//! A document's pages as one row of characters, which keeps where each of them stands.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use crate::document::Document;

/// Stands between two pages, and ends a line and a paragraph.
const PAGE_BREAK: char = '\u{c}';

/// What Markdown and lists put before the first word of a line.
const MARKUP: [char; 7] = ['#', '*', '>', '|', '•', '-', '_'];

/// All pages in a row; positions count Unicode characters from the first page's first one.
pub(super) struct Text {
    raw: Vec<char>,
    /// The same characters without case, accents and width, and with European digits.
    low: Vec<char>,
    /// Where each page begins.
    pages: Vec<usize>,
}

/// A piece of one page.
pub(super) struct Quote {
    pub(super) page: usize,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) text: String,
}

impl Text {
    pub(super) fn of(document: &Document) -> Self {
        let (mut raw, mut pages) = (Vec::new(), Vec::new());
        for page in &document.pages {
            pages.push(raw.len());
            raw.extend(page.text.chars());
            raw.push(PAGE_BREAK);
        }
        let low = raw.iter().copied().map(plain).collect();
        Self { raw, low, pages }
    }

    pub(super) fn len(&self) -> usize {
        self.raw.len()
    }

    /// The character as it stands; U+0000 past the end.
    pub(super) fn raw(&self, at: usize) -> char {
        self.raw.get(at).copied().unwrap_or_default()
    }

    /// The character without case, accent and width; U+0000 past the end.
    pub(super) fn low(&self, at: usize) -> char {
        self.low.get(at).copied().unwrap_or_default()
    }

    fn before(&self, at: usize) -> Option<char> {
        at.checked_sub(1).map(|before| self.raw(before))
    }

    pub(super) fn is_line_end(&self, at: usize) -> bool {
        at >= self.len() || matches!(self.raw(at), '\n' | PAGE_BREAK)
    }

    /// Whether only space and markup stand before this place in its line.
    pub(super) fn is_line_start(&self, at: usize) -> bool {
        let mut at = at;
        while let Some(char) = self.before(at) {
            if matches!(char, '\n' | PAGE_BREAK) {
                return true;
            }
            if !char.is_whitespace() && !MARKUP.contains(&char) {
                return false;
            }
            at -= 1;
        }
        true
    }

    /// Whether a word, a number or a label may begin here.
    pub(super) fn is_token_start(&self, at: usize) -> bool {
        self.before(at).is_none_or(|char| {
            char.is_whitespace() || is_wide(char) || MARKUP.contains(&char) || "([（✓✔→√".contains(char)
        })
    }

    /// Past the space that follows in the same line.
    pub(super) fn skip_spaces(&self, at: usize) -> usize {
        self.skip(at, |char| char.is_whitespace() && !matches!(char, '\n' | PAGE_BREAK))
    }

    /// Past all characters that fit.
    pub(super) fn skip(&self, at: usize, fits: impl Fn(char) -> bool) -> usize {
        (at..self.len()).find(|at| !fits(self.raw(*at))).unwrap_or(self.len())
    }

    /// Where the line ends that this place is in.
    pub(super) fn line_end(&self, at: usize) -> usize {
        (at..self.len()).find(|at| self.is_line_end(*at)).unwrap_or(self.len())
    }

    /// Where a text that begins here ends at the latest: at a blank line, at the page's end, or at a line that does
    /// not look like its continuation.
    pub(super) fn flow_end(&self, from: usize, limit: usize) -> usize {
        /// A line this long, in characters, was broken because it was full.
        const FULL_LINE: usize = 60;
        let (mut start, mut end) = (from, self.line_end(from));
        while end < limit && self.raw(end) == '\n' {
            let next = self.skip_spaces(end + 1);
            let is_deeper = next > end + 3;
            let is_full = end - start >= FULL_LINE;
            let goes_on = is_full || is_deeper || self.raw(next).is_lowercase() || is_wide(self.raw(next));
            if self.is_line_end(next) || !goes_on || "#|".contains(self.raw(next)) {
                break;
            }
            (start, end) = (end + 1, self.line_end(next));
        }
        end.min(limit)
    }

    /// Where the paragraph ends that this place is in.
    pub(super) fn paragraph_end(&self, from: usize, limit: usize) -> usize {
        let ends = (from..limit).filter(|at| self.is_line_end(*at));
        ends.into_iter()
            .find(|end| self.raw(*end) != '\n' || self.is_line_end(self.skip_spaces(end + 1)))
            .unwrap_or(limit.max(from))
    }

    /// The end of `phrase` if it stands here, in any case and spacing, as whole words.
    pub(super) fn phrase(&self, at: usize, phrase: &str) -> Option<usize> {
        let mut end = at;
        for char in phrase.chars() {
            if char == ' ' {
                let next = self.skip_spaces(end);
                if next == end {
                    return None;
                }
                end = next;
            } else if self.low(end) == plain(char) {
                end += 1;
            } else {
                return None;
            }
        }
        let joins = |char: char| char.is_alphabetic() && !is_wide(char);
        (!(joins(self.raw(end)) && joins(self.raw(end - 1)))).then_some(end)
    }

    /// A whole number of at most three digits, and its end.
    pub(super) fn number(&self, at: usize) -> Option<(u32, usize)> {
        let digits = (at..self.len()).map_while(|at| self.low(at).to_digit(10)).take(4).count();
        let number = (at..at + digits)
            .filter_map(|at| self.low(at).to_digit(10))
            .fold(0, |sum, digit| sum * 10 + digit);
        ((1..=3).contains(&digits) && number > 0).then_some((number, at + digits))
    }

    /// The characters as they stand.
    pub(super) fn slice(&self, range: Range<usize>) -> String {
        self.raw.get(range).unwrap_or_default().iter().collect()
    }

    /// The text on one line, without markup.
    pub(super) fn tidy(&self, range: Range<usize>) -> String {
        let mut text = String::new();
        let mut gap = false;
        for char in self.slice(range).replace("**", "").chars() {
            if char.is_whitespace() {
                gap = true;
                continue;
            }
            let parts = gap && text.chars().last().is_some_and(|last| !(is_wide(last) && is_wide(char)));
            if parts {
                text.push(' ');
            }
            gap = false;
            text.push(char);
        }
        text.trim_matches(|char: char| char.is_whitespace() || "*|#".contains(char)).to_owned()
    }

    pub(super) fn page(&self, at: usize) -> usize {
        self.pages.partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// Whether a page ends in there.
    pub(super) fn spans_pages(&self, range: &Range<usize>) -> bool {
        range.start < range.end && self.page(range.start) != self.page(range.end - 1)
    }

    /// What of `range` stands on the page that holds `anchor`, without space around.
    pub(super) fn quote(&self, range: Range<usize>, anchor: usize) -> Quote {
        let page = self.page(anchor);
        let first = self.pages.get(page).copied().unwrap_or_default();
        let last = self.pages.get(page + 1).map_or(self.len(), |next| *next).saturating_sub(1);
        let (mut start, mut end) = (range.start.max(first), range.end.min(last));
        while start < end && self.raw(start).is_whitespace() {
            start += 1;
        }
        while start < end && self.raw(end - 1).is_whitespace() {
            end -= 1;
        }
        Quote { page, start: start - first, end: end - first, text: self.slice(start..end) }
    }
}

/// A character without case, accent and width; digits become European.
pub(super) fn plain(char: char) -> char {
    if char.is_ascii() {
        return char.to_ascii_lowercase();
    }
    let digit = |zero: char| char::from_digit(u32::from(char) - u32::from(zero), 10).unwrap_or(char);
    match char {
        '٠'..='٩' => digit('٠'),
        '۰'..='۹' => digit('۰'),
        _ => {
            let base = std::iter::once(char).nfkd().next().unwrap_or(char);
            base.to_lowercase().next().unwrap_or(base)
        }
    }
}

/// Whether this belongs to a script without spaces between words, marks included.
pub(super) fn is_wide(char: char) -> bool {
    matches!(char,
        '\u{2e80}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff1f}')
}
