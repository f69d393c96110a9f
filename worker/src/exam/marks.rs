//! Where questions begin: their numbers, told from those of other lists.

use std::ops::Range;

use super::{item, text::Text, words};

/// How a question's number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// After a word, as in `Question 1` or `第1题`.
    Word,
    /// In brackets, as in `(1)`.
    Brackets(char),
    /// Before a sign, as in `1.`.
    Before(char),
}

/// The number of a question.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    /// Where it begins.
    pub(super) at: usize,
    /// Where what it numbers begins.
    pub(super) end: usize,
    pub(super) number: u32,
    style: Style,
    pub(super) opens_line: bool,
}

/// Numbers a paper may leave out, as where a page is missing.
const GAP_MAX: u32 = 3;

/// The numbers of the questions within `within`, a row for each part of the paper that counts anew.
///
/// A number opens a line, or goes on after a question that is complete: texts from a PDF often have several on a line.
pub(super) fn rows(text: &Text, within: Range<usize>) -> Vec<Vec<Mark>> {
    let mut rows: Vec<Vec<Mark>> = Vec::new();
    for mark in within.clone().filter_map(|at| mark(text, at)) {
        let Some(last) = rows.last().and_then(|row| row.last()).copied() else {
            if mark.opens_line {
                rows.push(vec![mark]);
            }
            continue;
        };
        if mark.at < last.end {
            continue;
        }
        let is_next = mark.number == last.number + 1;
        let is_complete = || item::is_complete(text, last.end..mark.at);
        let continues = if mark.style == last.style {
            let skips = (2..=GAP_MAX + 1).contains(&mark.number.saturating_sub(last.number));
            (is_next && (mark.opens_line || is_complete())) || (skips && mark.opens_line && is_complete())
        } else {
            is_next && mark.opens_line && is_complete()
        };
        if continues {
            rows.last_mut().into_iter().for_each(|row| row.push(mark));
        } else if mark.opens_line {
            let goes_on = resumed(text, &rows, &mark);
            if goes_on || mark.number == 1 {
                without_inner(text, &mut rows, mark.at);
            }
            match rows.last_mut() {
                Some(row) if goes_on => row.push(mark),
                _ if mark.number == 1 => rows.push(vec![mark]),
                _ => {}
            }
        }
    }
    without_inner(text, &mut rows, within.end);
    rows
}

/// Takes away the last row if it is a list within a question.
fn without_inner(text: &Text, rows: &mut Vec<Vec<Mark>>, end: usize) {
    if let [.., outer, inner] = rows.as_slice()
        && is_within(text, outer, inner, end)
    {
        rows.pop();
    }
}

/// Whether the last row was a list within a question, and the row before goes on here.
fn resumed(text: &Text, rows: &[Vec<Mark>], mark: &Mark) -> bool {
    let [.., outer, inner] = rows else { return false };
    outer.last().is_some_and(|last| last.style == mark.style && last.number + 1 == mark.number)
        && is_within(text, outer, inner, mark.at)
}

/// Whether `inner` is a list within the last question of `outer`: written in another way, and without a question that
/// is complete but for its last entry, after which that question's own options stand.
fn is_within(text: &Text, outer: &[Mark], inner: &[Mark], end: usize) -> bool {
    let (Some(last), Some(first)) = (outer.last(), inner.first()) else { return false };
    last.style != first.style
        && !item::is_complete(text, last.end..first.at)
        && inner.windows(2).all(|pair| match pair {
            [one, next] => !item::is_complete(text, one.end..next.at),
            _ => true,
        })
        && inner.last().is_some_and(|last| last.at < end)
}

/// The number that stands here, if it is written as questions have it.
pub(super) fn mark(text: &Text, at: usize) -> Option<Mark> {
    let first = text.low(at);
    if first.is_whitespace() || !text.is_token_start(at) {
        return None;
    }
    let (number, end, style) =
        worded(text, at).or_else(|| bracketed(text, at)).or_else(|| plain(text, at))?;
    let end = after_worth(text, end);
    Some(Mark { at, end, number, style, opens_line: text.is_line_start(at) })
}

fn worded(text: &Text, at: usize) -> Option<(u32, usize, Style)> {
    const SIGNS: [char; 6] = ['.', ':', ')', '-', '–', '、'];
    let sign = |at: usize| {
        let at = text.skip(at, |char| char == '*');
        let next = text.skip_spaces(at);
        if SIGNS.contains(&text.low(next)) { next + 1 } else { at }
    };
    if text.raw(at) == '第' {
        let (number, end) = text.number(text.skip_spaces(at + 1))?;
        let end = text.skip_spaces(end);
        return "题題问".contains(text.raw(end)).then(|| (number, sign(end + 1), Style::Word));
    }
    let word = words::question(text, at)?;
    let gap =
        text.skip(text.skip_spaces(word), |char| matches!(char, '.' | '#' | '№' | '°' | 'n' | 'º' | ' '));
    let (number, end) = text.number(gap)?;
    (!text.raw(end).is_alphanumeric()).then(|| (number, sign(past_total(text, end)), Style::Word))
}

fn bracketed(text: &Text, at: usize) -> Option<(u32, usize, Style)> {
    let open = text.low(at);
    let close = match open {
        '(' => ')',
        '[' => ']',
        _ => return None,
    };
    let (number, end) = text.number(at + 1)?;
    (text.low(end) == close).then_some((number, end + 1, Style::Brackets(open)))
}

fn plain(text: &Text, at: usize) -> Option<(u32, usize, Style)> {
    let (number, end) = text.number(at)?;
    let sign = text.low(end);
    let next = text.raw(end + 1);
    let fits = match sign {
        '.' | ':' | ')' => !next.is_numeric() && next != sign,
        '-' | '–' => next.is_whitespace() || next.is_alphabetic(),
        '、' => true,
        _ => false,
    };
    let end = if sign == '.' && next == '-' { end + 2 } else { end + 1 };
    fits.then_some((number, text.skip(end, |char| char == '*'), Style::Before(sign)))
}

/// Past how many questions there are, as in `1 of 20`.
fn past_total(text: &Text, end: usize) -> usize {
    let word = text.skip_spaces(end);
    let number = words::of(text, word).and_then(|end| text.number(text.skip_spaces(end)));
    number.map_or(end, |(_, end)| end)
}

/// Past a remark of what the question is worth, as in `(2 points)`.
fn after_worth(text: &Text, end: usize) -> usize {
    const LONGEST: usize = 24;
    let open = text.skip_spaces(end);
    if !matches!(text.low(open), '(' | '[') {
        return end;
    }
    let close = (open..open + LONGEST).find(|at| matches!(text.low(*at), ')' | ']'));
    match close {
        Some(close) if words::is_worth(&text.slice(open..close)) => {
            let end = text.skip(close + 1, |char| char == '*');
            text.skip(end, |char| char == ':')
        }
        _ => end,
    }
}
