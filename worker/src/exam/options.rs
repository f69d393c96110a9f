//! The options of a question and their labels.

use std::ops::Range;

use super::text::{Text, is_wide};

/// Most options of a question.
const MOST: usize = 8;

/// The letters of each kind of label in order, each with those of other scripts that look like it.
const ALPHABETS: [&[&str]; 6] = [
    &["aа", "bв", "cс", "d", "eе", "f", "g", "h"],
    &["aа", "б", "bв", "г", "д", "eе", "ж", "з"],
    &["ا", "ب", "ج", "د", "ه", "و"],
    &["ا", "ب", "ت", "ث", "ج", "ح"],
    &["aα", "β", "γ", "δ", "ε"],
    &["1", "2", "3", "4", "5", "6", "7", "8"],
];

/// The last of [`ALPHABETS`], which numbers of questions are written in too.
const DIGITS: usize = ALPHABETS.len() - 1;

/// Marks before or after an option that say it is right.
const TICKS: [char; 4] = ['*', '✓', '✔', '☑'];

/// Boxes that stand for a label, empty and ticked.
const BOXES: [(&str, bool); 14] = [
    ("[ ]", false),
    ("[]", false),
    ("[x]", true),
    ("[*]", true),
    ("( )", false),
    ("()", false),
    ("(x)", true),
    ("(*)", true),
    ("☐", false),
    ("□", false),
    ("○", false),
    ("☑", true),
    ("☒", true),
    ("●", true),
];

/// What the options are labelled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Labels {
    /// The letters of one of [`ALPHABETS`].
    Letters(usize),
    /// Boxes to be ticked.
    Boxes,
}

/// An option as the paper has it.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    /// Where its label, or the tick before it, begins.
    pub(super) at: usize,
    /// What it says.
    pub(super) text: Range<usize>,
    /// Whether the paper ticks it.
    pub(super) is_ticked: bool,
}

/// The options of one question, in order.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    pub(super) labels: Labels,
    pub(super) choices: Vec<Choice>,
}

#[derive(Debug, Clone, Copy)]
struct Label {
    at: usize,
    end: usize,
    index: usize,
    /// What stands before and after the letter, and whether it is a capital.
    form: (char, char, bool),
    opens_line: bool,
    is_ticked: bool,
}

/// The place of a letter in an alphabet.
pub(super) fn index(alphabet: usize, letter: char) -> Option<usize> {
    ALPHABETS.get(alphabet)?.iter().position(|letters| letters.contains(letter))
}

/// The options between two places, if there are at least two.
pub(super) fn chain(text: &Text, within: Range<usize>) -> Option<Chain> {
    let letters = (0..DIGITS).map(|alphabet| (Labels::Letters(alphabet), lettered(text, &within, alphabet)));
    // Of chains of one length that of the more usual alphabet, which stands first.
    let longest =
        letters.rev().max_by_key(|(_, labels)| labels.len()).filter(|(_, labels)| labels.len() >= 2);
    let numbered = || {
        let labels = lettered(text, &within, DIGITS);
        (labels.len() >= 3).then_some((Labels::Letters(DIGITS), labels))
    };
    let boxed = || {
        let labels = boxes(text, &within);
        (labels.len() >= 2).then_some((Labels::Boxes, labels))
    };
    let (labels, found) = longest.or_else(numbered).or_else(boxed)?;
    let starts: Vec<usize> = found.iter().map(|label| with_ticks(text, label.at)).collect();
    let ends = starts.iter().skip(1).copied().chain([within.end]);
    let choices = found.iter().zip(&starts).zip(ends).map(|((label, at), end)| {
        let is_last = end == within.end;
        let start = text.skip(label.end, char::is_whitespace).min(end);
        let whole = start..if is_last { text.flow_end(start, end) } else { end };
        let inner = without_ticks(text, whole.clone());
        let is_before = (*at..label.at).any(|at| TICKS.contains(&text.raw(at)));
        let is_ticked = label.is_ticked || is_before || inner != trimmed(text, whole);
        Choice { at: *at, text: inner, is_ticked }
    });
    let mut choices: Vec<Choice> = choices.collect();
    if choices.iter().all(|choice| choice.is_ticked) {
        choices.iter_mut().for_each(|choice| choice.is_ticked = false);
    }
    Some(Chain { labels, choices })
}

/// The longest row of labels in the order of their alphabet, all of one form. A row whose labels open lines goes
/// before one that finds some within lines.
fn lettered(text: &Text, within: &Range<usize>, alphabet: usize) -> Vec<Label> {
    let all: Vec<Label> = within
        .clone()
        .filter(|at| text.is_token_start(*at))
        .filter_map(|at| label(text, at, alphabet))
        .filter(|label| label.end <= within.end)
        .collect();
    let mut forms: Vec<(char, char, bool)> = Vec::new();
    for label in all.iter().filter(|label| label.index == 0) {
        if !forms.contains(&label.form) {
            forms.push(label.form);
        }
    }
    let rows = forms.iter().flat_map(|form| {
        let alike: Vec<Label> = all.iter().filter(|label| label.form == *form).copied().collect();
        let opening: Vec<Label> = alike.iter().filter(|label| label.opens_line).copied().collect();
        [row(&alike), row(&opening)]
    });
    rows.max_by_key(Vec::len).unwrap_or_default()
}

/// Labels one after the other in the order of the alphabet, the first as late as it can be.
fn row(labels: &[Label]) -> Vec<Label> {
    let Some(first) = labels.iter().position(|label| label.index == 0) else { return Vec::new() };
    let second =
        labels.iter().skip(first).position(|label| label.index == 1).map_or(labels.len(), |at| first + at);
    let first = labels.iter().take(second).rposition(|label| label.index == 0).unwrap_or(first);
    let mut row: Vec<Label> = Vec::new();
    for label in labels.iter().skip(first) {
        if label.index == row.len() {
            row.push(*label);
        }
    }
    row
}

fn label(text: &Text, at: usize, alphabet: usize) -> Option<Label> {
    /// Arabic lengthens the last letter so, as in هـ.
    const TATWEEL: char = 'ـ';
    let open = text.low(at);
    let letter = if matches!(open, '(' | '[') { at + 1 } else { at };
    if letter == at && at > 0 && matches!(text.low(at - 1), '(' | '[') {
        return None;
    }
    let index = index(alphabet, text.low(letter))?;
    let after = text.skip(letter + 1, |char| char == TATWEEL);
    let opens_line = text.is_line_start(at);
    let is_arabic = ('\u{600}'..='\u{6ff}').contains(&text.raw(letter));
    let close_at = if is_arabic { text.skip_spaces(after) } else { after };
    let close = text.low(close_at);
    let end = close_at + 1;
    let next = text.raw(end);
    let parted = next.is_whitespace() || is_wide(next) || text.is_line_end(end);
    let fits = match (open, close) {
        ('(', ')') | ('[', ']') => true,
        ('(' | '[', _) => false,
        (_, ')' | '、') => true,
        (_, '.') if alphabet == DIGITS => false,
        (_, '.') => {
            let starts_word = next.is_alphabetic() && text.low(end + 1) != '.';
            parted || (starts_word && (opens_line || text.raw(letter).is_uppercase()))
        }
        (_, ':') => parted && opens_line,
        (_, '-' | '–') => is_arabic || (opens_line && parted),
        _ => false,
    };
    let open = if letter > at { open } else { ' ' };
    let form = (open, close, text.raw(letter).is_uppercase());
    fits.then_some(Label { at, end, index, form, opens_line, is_ticked: false })
}

fn boxes(text: &Text, within: &Range<usize>) -> Vec<Label> {
    let opening = within.clone().filter(|at| text.is_token_start(*at) && text.is_line_start(*at));
    let found = opening.filter_map(|at| {
        let (shape, is_ticked) =
            BOXES.iter().find(|(shape, _)| shape.chars().zip(at..).all(|(char, at)| text.low(at) == char))?;
        let end = at + shape.chars().count();
        Some(Label { at, end, index: 0, form: (' ', ' ', false), opens_line: true, is_ticked: *is_ticked })
    });
    found.take(MOST).collect()
}

/// Where a label begins with the ticks and the list's sign before it. Ticks apart from it belong to it only at the
/// start of a line, elsewhere to the option before.
fn with_ticks(text: &Text, at: usize) -> usize {
    let is_tick = |at: &usize| TICKS.contains(&text.raw(*at));
    let line = (0..at).rev().take_while(|at| !text.is_line_end(*at)).last().unwrap_or(at);
    let opens =
        (line..at).all(|at| text.raw(at).is_whitespace() || is_tick(&at) || "-•>".contains(text.raw(at)));
    if opens {
        return text.skip(line, char::is_whitespace).min(at);
    }
    (line..at).rev().take_while(is_tick).last().unwrap_or(at)
}

fn trimmed(text: &Text, range: Range<usize>) -> Range<usize> {
    shrunk(text, range, char::is_whitespace)
}

fn without_ticks(text: &Text, range: Range<usize>) -> Range<usize> {
    shrunk(text, range, |char| char.is_whitespace() || TICKS.contains(&char))
}

fn shrunk(text: &Text, range: Range<usize>, drops: impl Fn(char) -> bool) -> Range<usize> {
    let end = range.clone().rev().find(|at| !drops(text.raw(*at))).map_or(range.start, |last| last + 1);
    let start = (range.start..end).find(|at| !drops(text.raw(*at))).unwrap_or(end);
    start..end
}
